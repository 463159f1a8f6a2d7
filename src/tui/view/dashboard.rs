//! The dashboard, the entries behind a figure, and one entry.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{head, paint, put, put_all, put_cut, put_right};
use crate::tui::dashboard::entries::{Entries, OneEntry};
use crate::tui::dashboard::{Dashboard, action_short};
use crate::tui::message::Hit;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;

/// Lines above the figures: head and sparkline.
pub const ABOVE: u16 = 3;

/// Draws the dashboard.
#[must_use]
pub fn draw(board: &Dashboard, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    head(buf, area, "Dashboard", &format!("{} days", board.days), ctx.theme);
    let Some(figures) = &board.figures else {
        put(buf, area.x + 2, area.y + 2, area.width - 2, "Asking for the figures…", ctx.theme.get(Role::Dim));
        return drawn;
    };
    let per_day: Vec<u64> = figures.per_day.iter().map(|(_, n)| *n).collect();
    sparkline(&per_day, Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: 1 }, buf, ctx);
    for (y, n) in (area.y + ABOVE..area.bottom()).zip(board.rows.shown()) {
        let Some(line) = board.lines.get(n) else { break };
        let heading = line.pick.is_none();
        let count = line.count.map_or(String::new(), |c| format!("{c:>7}"));
        let row = Rect { y, height: 1, ..area };
        if heading {
            put_cut(buf, area.x + 1, y, area.width - 1, &line.label, ctx.theme.get(Role::Heading));
        } else {
            put_all(
                buf,
                area.x,
                y,
                area.width,
                &[(&count, ctx.theme.get(Role::Accent)), ("  ", ctx.theme.get(Role::Text)), (&line.label, ctx.theme.get(Role::Text))],
            );
        }
        if n == board.rows.at {
            paint(buf, row, ctx.theme.get(Role::Cursor));
        }
        drawn.hit(row, Hit::Row(n));
    }
    drawn
}

/// Conflicts per day as bars, the newest at the right; the highest bar's figure stands before them.
fn sparkline(per_day: &[u64], area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let most = per_day.iter().copied().max().unwrap_or(0);
    let used = put(buf, area.x, area.y, area.width, &format!("up to {most} a day "), ctx.theme.get(Role::Dim));
    let room = usize::from(area.width - used);
    for (x, n) in (area.x + used..).zip(&per_day[per_day.len().saturating_sub(room)..]) {
        let level = if *n == 0 { None } else { usize::try_from((n * 8).div_ceil(most.max(1))).ok() };
        put(buf, x, area.y, 1, level.map_or("·", |l| BARS[l.clamp(1, 8) - 1]), ctx.theme.get(Role::Accent));
    }
}

/// Cells for the time of an entry.
const CLOCK: u16 = 7;

/// Draws the entries.
#[must_use]
pub fn draw_entries(list: &Entries, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    head(buf, area, &list.title, &crate::tui::rows::counted(list.entries.len(), "entry", "entries"), ctx.theme);
    if list.entries.is_empty() {
        put(buf, area.x + 2, area.y + 2, area.width - 2, "No entry is known here.", ctx.theme.get(Role::Dim));
    }
    for (y, n) in (area.y + 1..area.bottom()).zip(list.rows.shown()) {
        let Some(e) = list.entries.get(n) else { break };
        let fields: Vec<&str> = e.fields.keys().map(String::as_str).collect();
        let row = Rect { y, height: 1, ..area };
        let at = put_right(
            buf,
            area.right().saturating_sub(1),
            y,
            area.width / 3,
            &format!("{} ↔ {}", e.client_origin, e.server_origin),
            ctx.theme.get(Role::Dim),
        );
        let left = put(buf, area.x + 1, y, CLOCK, &ctx.clock(e.at), ctx.theme.get(Role::Dim)).max(CLOCK) + area.x + 2;
        let title = (area.width / 3).clamp(12, 30);
        put_cut(buf, left, y, title.min(at.saturating_sub(left + 1)), &list.about(e), ctx.theme.get(Role::Text));
        put_all(
            buf,
            left + title + 1,
            y,
            at.saturating_sub(left + title + 2),
            &[
                (action_short(&e.action), ctx.theme.get(Role::Dim)),
                (" · ", ctx.theme.get(Role::Dim)),
                (&fields.join(", "), ctx.theme.get(Role::Accent)),
            ],
        );
        if n == list.rows.at {
            paint(buf, row, ctx.theme.get(Role::Cursor));
        }
        drawn.hit(row, Hit::Row(n));
    }
    drawn
}

/// Draws one entry.
#[must_use]
pub fn draw_entry(entry: &OneEntry, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    head(buf, area, "What was at stake", &ctx.clock(entry.entry.at), ctx.theme);
    super::reader::draw(&entry.reader, Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 1 }, buf, ctx);
    Drawn::default()
}
