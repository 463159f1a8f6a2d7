//! The question drawn: who, where and when, how much asks, and the four answers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::domain::note::FieldName;
use crate::domain::text;
use crate::tui::keys::{Action, Mode};
use crate::tui::merge::{Question, kept_as_new};
use crate::tui::message::Hit;
use crate::tui::screen::{Ctx, Drawn, Screen};
use crate::tui::theme::Role;
use crate::tui::view;

/// Draws the question.
#[must_use]
pub fn draw(q: &Question, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let (p, mut drawn) = (&q.parked, Drawn::default());
    let fits = text::width(&p.theirs.content.title) + 28 <= usize::from(area.width);
    view::head(buf, area, if fits { "Two versions of this note" } else { "Two versions" }, &p.theirs.content.title, ctx.theme);
    let (x, width) = (area.x + 2, area.width.saturating_sub(4));
    let mut y = area.y + 2;
    let line = |buf: &mut Buffer, y: &mut u16, words: &str, role: Role| {
        let rows = text::wrap(words, usize::from(width.max(1)));
        for row in rows {
            if *y < area.bottom() {
                view::put(buf, x, *y, width, &words[row], ctx.theme.get(role));
                *y += 1;
            }
        }
    };
    let from = format!("{} on {}", p.theirs.updated_by, p.theirs.updated_from);
    line(buf, &mut y, &format!("mine    {}, {}", ctx.settings.device, ctx.clock(p.mine_at)), Role::Mine);
    line(buf, &mut y, &format!("theirs  {from}, {}", ctx.clock(p.theirs.updated_at)), Role::Theirs);
    let roomy = area.height >= 16;
    y += u16::from(roomy);
    line(buf, &mut y, &what(q), Role::Text);
    y += u16::from(roomy);
    let answers = [
        (Action::HunkByHunk, "settle hunk by hunk"),
        (Action::KeepMine, "keep mine"),
        (Action::KeepTheirs, "keep theirs"),
        (Action::KeepAsNew, kept_as_new(p)),
        (Action::Later, "later: both are kept"),
    ];
    for (action, words) in answers {
        if y >= area.bottom() {
            break;
        }
        let key = format!("{:<7}", ctx.keys.key_name(Mode::Question, action));
        let (words, style) = (q.words(action).unwrap_or(words), ctx.theme.get(Role::Text));
        view::put_all(buf, x, y, width, &[(&key, ctx.theme.get(Role::Key)), (words, style)]);
        drawn.hit(Rect::new(x, y, width, 1), Hit::Do(action));
        y += 1;
    }
    if roomy {
        previews(q, Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area }, buf, ctx);
    }
    drawn
}

/// What collided, in one sentence.
fn what(q: &Question) -> String {
    if q.parked.again && !q.theirs_deleted && !q.mine_deleted {
        let new = match q.counts.map(|c| c.open) {
            None => "Merging to see what is new …".to_owned(),
            Some(0) => "Nothing new asks: Enter shows the result.".to_owned(),
            Some(1) => "1 new place asks.".to_owned(),
            Some(n) => format!("{n} new places ask."),
        };
        return format!("Theirs moved on after you settled. What you settled is mine now, and is not asked again. {new}");
    }
    let kept = q.kept.as_deref().unwrap_or("kept");
    if q.theirs_deleted {
        return format!("They deleted this note; you: {kept}.");
    }
    if q.mine_deleted {
        return format!("You deleted this note; they: {kept}.");
    }
    let fields: Vec<String> =
        q.parked.conflicts.iter().map(|f| if *f == FieldName::Body { "text".to_owned() } else { f.to_string() }).collect();
    let both = format!("Both changed: {}.", if fields.is_empty() { "the same places".to_owned() } else { fields.join(", ") });
    match q.counts {
        Some(c) if c.open > 0 => {
            let ask = if c.open == 1 { "1 place asks".to_owned() } else { format!("{} places ask", c.open) };
            let proposed = if c.proposals > 0 { format!(", {} with a proposal", c.proposals) } else { String::new() };
            let auto = if c.auto > 0 { format!("; {} merged without asking", c.auto) } else { String::new() };
            format!("{both} {ask}{proposed}{auto}.")
        }
        Some(_) => format!("{both} Nothing is left to ask: Enter shows the result."),
        None => format!("{both} Merging to see how much asks …"),
    }
}

/// The first lines of both, where there is room.
fn previews(q: &Question, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    if area.height < 4 {
        return;
    }
    let half = area.width / 2;
    let sides = [(area.x, &q.parked.mine.body, "mine", Role::Mine), (area.x + half, &q.parked.theirs.content.body, "theirs", Role::Theirs)];
    for (x, body, name, role) in sides {
        let inner = view::frame(buf, Rect { x, width: half, ..area }, name, ctx.theme.get(role).add_modifier(Modifier::DIM));
        let mut y = inner.y;
        for (line, _) in text::lines(body).take(usize::from(inner.height)) {
            for row in text::wrap_from(line, usize::from(inner.width.max(1)), 0) {
                if y >= inner.bottom() {
                    break;
                }
                view::put(buf, inner.x, y, inner.width, &line[row], ctx.theme.get(Role::Text));
                y += 1;
            }
        }
    }
}
