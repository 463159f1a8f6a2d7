//! The editor: a head line with state, version and origin, banners, the text, the find bar.

use std::ops::Range;

use ratatui::buffer::Buffer as Cells;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{head, input, paint, put, put_cut, put_glyph, put_right};
use crate::client::handle::{Holder, State};
use crate::domain::buffer::{Case, Pos};
use crate::domain::text;
use crate::tui::editor::Editor;
use crate::tui::keys::{Action, Mode};
use crate::tui::markdown;
use crate::tui::message::Hit;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;

/// Milliseconds after a save elsewhere for which that device counts as at work.
const AT_WORK_MS: i64 = 5 * 60 * 1000;

/// The sign and word of a state, and its role: the same on every screen.
#[must_use]
pub const fn state_mark(state: State) -> (&'static str, &'static str, Role) {
    match state {
        State::Synced => ("✓", "synced", Role::Good),
        State::SavedHere => ("↑", "saved here", Role::Warn),
        State::Typed => ("…", "typed", Role::Warn),
        State::NeedsYou => ("!", "needs you", Role::Bad),
    }
}

/// The part of a screen that holds the text.
#[must_use]
pub fn text_area(editor: &Editor, area: Rect) -> Rect {
    let above = 1 + u16::from(editor.parked || editor.newer.is_some());
    let below = editor.find.as_ref().map_or(0, |f| 1 + u16::from(f.with.is_some()));
    let margin = u16::from(area.width > 60);
    Rect { x: area.x + margin, y: area.y + above, width: area.width - 2 * margin, height: area.height.saturating_sub(above + below).max(1) }
}

/// Draws the screen.
#[must_use]
pub fn draw(editor: &Editor, area: Rect, buf: &mut Cells, ctx: &Ctx<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    let title = editor.shown_title();
    let title = if title.is_empty() { "New note" } else { &title };
    head(buf, area, title, &facts(editor, area.width, ctx), ctx.theme);
    banner(editor, Rect { y: area.y + 1, height: 1, ..area }, buf, ctx, &mut drawn);
    let inside = text_area(editor, area);
    if editor.loaded {
        drawn.cursor = draw_text(editor, inside, buf, ctx);
    } else {
        put(buf, inside.x, inside.y, inside.width, "Opening…", ctx.theme.get(Role::Dim));
    }
    if let Some(find) = &editor.find {
        let y = inside.bottom();
        let dim = ctx.theme.get(Role::Dim);
        let row = |y, label: &str, buf: &mut Cells| {
            let used = put(buf, area.x, y, area.width, label, dim);
            Rect { x: area.x + used, y, width: area.width - used, height: 1 }
        };
        let at = row(y, " Find: ", buf);
        let right = put_right(buf, at.right().saturating_sub(1), at.y, at.width / 2, &find.count, ctx.theme.get(Role::Dim));
        let at = Rect { width: right.saturating_sub(at.x + 1), ..at };
        let cursor = input(buf, at, &find.needle, ctx.theme, !find.in_with);
        drawn.cursor = Some(cursor);
        if let Some(with) = &find.with {
            let at = row(y + 1, " With: ", buf);
            let cursor = input(buf, at, with, ctx.theme, find.in_with);
            if find.in_with {
                drawn.cursor = Some(cursor);
            }
        }
    }
    drawn
}

/// What the head line says at its right: the state always, the rest by its weight as far as half the line holds it.
fn facts(editor: &Editor, width: u16, ctx: &Ctx<'_>) -> String {
    let (sign, word, _) = state_mark(editor.state());
    let at = editor.buffer.cursor();
    let held = |lock: &Holder| match (lock.me, lock.user.as_str()) {
        (true, _) => "locked by you".to_owned(),
        // An event names the device only.
        (false, "") => format!("locked on {}", lock.client),
        (false, user) => format!("locked by {user} on {}", lock.client),
    };
    // In the order they stand, each with its weight: the lightest goes first.
    let facts = [
        (1, (width >= 100).then(|| format!("line {} of {}", at.line + 1, editor.buffer.lines().len()))),
        (3, editor.lock.as_ref().map(held).or_else(|| at_work_elsewhere(editor, ctx))),
        (2, editor.base.as_ref().map(|base| format!("v{} {} {}", base.version, base.updated_from, ctx.clock(base.updated_at)))),
        (4, Some(format!("{sign} {word}"))),
    ];
    let said = |least: i32| {
        let kept = facts.iter().filter(|(weight, _)| *weight >= least).filter_map(|(_, fact)| fact.as_deref());
        kept.collect::<Vec<_>>().join(" · ")
    };
    let fits = |text: &String| text::width(text) <= usize::from(width / 2);
    (1..4).map(said).find(fits).unwrap_or_else(|| said(4))
}

/// Who else is probably at work on the note. Nobody tells the server what is open, only what is locked and saved: so it is whoever saved it
/// on another device within the last few minutes.
fn at_work_elsewhere(editor: &Editor, ctx: &Ctx<'_>) -> Option<String> {
    if editor.parked {
        // The banner says more.
        return None;
    }
    let last = editor.newer.as_deref().or(editor.base.as_ref())?;
    let fresh = (0..AT_WORK_MS).contains(&ctx.now.ms_since(last.updated_at));
    (fresh && last.updated_from != ctx.settings.device).then(|| format!("{} at work on {}", last.updated_by, last.updated_from))
}

fn banner(editor: &Editor, row: Rect, buf: &mut Cells, ctx: &Ctx<'_>, drawn: &mut Drawn) {
    let (say, action) = if editor.parked {
        let key = ctx.keys.key_name(Mode::Editor, Action::Conflict);
        let (two, rest) = if row.width < 60 { ("Two versions", " it.") } else { ("Two versions of this note", " it; typing goes on.") };
        (format!(" {two}. {key} settles{rest}"), Action::Conflict)
    } else if let Some(newer) = &editor.newer {
        let key = ctx.keys.key_name(Mode::Editor, Action::MergeNow);
        (
            format!(
                " {} saved version {} on {}. {key} merges now; saving merges too.",
                newer.updated_by, newer.version, newer.updated_from
            ),
            Action::MergeNow,
        )
    } else {
        return;
    };
    let style = ctx.theme.get(Role::Banner);
    paint(buf, row, style);
    put_cut(buf, row.x, row.y, row.width, &say, style);
    drawn.hit(row, Hit::Do(action));
}

/// What decides the look of one line's glyphs.
struct Look<'a> {
    styled: Vec<(Range<usize>, Role)>,
    selected: Range<usize>,
    matches: Vec<Range<usize>>,
    ctx: &'a Ctx<'a>,
}

impl Look<'_> {
    fn of(&self, glyph: &text::Glyph<'_>) -> Style {
        let at = glyph.at.start;
        let theme = self.ctx.theme;
        let role = self.styled.iter().find(|(r, _)| r.contains(&at)).map_or(Role::Text, |(_, role)| *role);
        let mut style = theme.get(role);
        if glyph.stand_in {
            style = style.patch(theme.get(Role::StandIn));
        }
        if self.matches.iter().any(|m| m.contains(&at)) {
            style = style.patch(theme.get(Role::Match));
        }
        if self.selected.contains(&at) { style.patch(theme.get(Role::Selected)) } else { style }
    }
}

fn draw_text(editor: &Editor, area: Rect, buf: &mut Cells, ctx: &Ctx<'_>) -> Option<(u16, u16)> {
    let buffer = &editor.buffer;
    let (selection, cursor) = (buffer.selection().range(), buffer.cursor());
    let (mut line, mut first) = editor.view.top;
    let mut fence = markdown::fenced(buffer, line);
    let mut y = area.y;
    let mut at = None;
    while y < area.bottom() && line < buffer.lines().len() {
        let Some(rows) = editor.view.wrap.kept(buffer, line) else { break };
        let text = buffer.line(line);
        let (styled, next_fence) = markdown::style(text, fence);
        let shown =
            rows.get(first).map_or(0, |r| r.start)..rows.get(first + usize::from(area.bottom() - y)).map_or(text.len(), |r| r.start);
        let look = Look { styled, selected: on_line(&selection, line, text.len()), matches: matches_in(editor, text, shown), ctx };
        for (i, row) in rows.iter().enumerate().skip(first) {
            if y >= area.bottom() {
                break;
            }
            let indent = u16::try_from(editor.view.wrap.indent(buffer, (line, i))).unwrap_or(0).min(area.width - 1);
            let place = Rect { x: area.x + indent, y, width: area.width - indent, height: 1 };
            draw_row(text, row.clone(), place, &look, buf);
            // The selected line end shows as one more cell.
            if i + 1 == rows.len() && selection.start <= Pos::new(line, text.len()) && selection.end > Pos::new(line, text.len()) {
                let end = text::column(text, row.clone(), row.end);
                let x = place.x + u16::try_from(end).unwrap_or(u16::MAX).min(place.width - 1);
                paint(buf, Rect::new(x, y, 1, 1), ctx.theme.get(Role::Selected));
            }
            let last = i + 1 == rows.len();
            if cursor.line == line && cursor.byte >= row.start && (cursor.byte < row.end || last) {
                let column = text::column(text, row.clone(), cursor.byte);
                at = Some((place.x + u16::try_from(column).unwrap_or(u16::MAX).min(place.width.saturating_sub(1)), y));
            }
            y += 1;
        }
        (line, first, fence) = (line + 1, 0, next_fence);
    }
    at
}

fn draw_row(text: &str, row: Range<usize>, area: Rect, look: &Look<'_>, buf: &mut Cells) {
    let mut x = area.x;
    for glyph in text::glyphs_in(text, row) {
        let cells = u16::try_from(glyph.cells).unwrap_or(u16::MAX);
        if x.saturating_add(cells) > area.right() {
            break;
        }
        put_glyph(buf, x, area.y, &glyph, look.of(&glyph));
        x += cells;
    }
}

fn on_line(selection: &Range<Pos>, line: usize, len: usize) -> Range<usize> {
    if selection.start.line > line || selection.end.line < line {
        return 0..0;
    }
    let from = if selection.start.line == line { selection.start.byte } else { 0 };
    let to = if selection.end.line == line { selection.end.byte } else { len };
    from..to
}

/// The matches of the find bar in the part of a line that is shown.
fn matches_in(editor: &Editor, line: &str, shown: Range<usize>) -> Vec<Range<usize>> {
    let Some(find) = &editor.find else { return Vec::new() };
    let needle = find.needle.text();
    // A match may begin a little before what is shown.
    let from = line.floor_char_boundary(shown.start.saturating_sub(needle.len()));
    let to = line.ceil_char_boundary((shown.end + needle.len()).min(line.len()));
    let part = &line[from..to];
    crate::domain::buffer::hits(part, needle, Case::smart(needle)).map(|h| h.start + from..h.end + from).collect()
}
