//! The list of what was merged without asking, drawn over the page.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::sign;
use crate::tui::merge::{Merge, Unasked};
use crate::tui::message::Hit;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;
use crate::tui::view;

/// Draws the list into an area: where, who, and what it did; on a narrow screen the last on a line of its own.
pub(super) fn draw(m: &Merge, list: &Unasked, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>, drawn: &mut Drawn) {
    let title = format!("{} merged without asking", m.settle.counts().auto);
    view::rule(buf, area, area.y, &title, ctx.theme);
    for (y, n) in (area.y + 1..area.bottom()).zip(list.rows.shown()) {
        let Some(unit) = list.units.get(n).copied() else { break };
        let (entry, row) = (m.unasked_entry(unit), Rect { y, height: 1, ..area });
        let (mark, role) = sign(m, unit);
        view::put(buf, area.x + 1, y, 1, mark, ctx.theme.get(role));
        let (at, who) = if area.width < 60 { (10, 0) } else { (12, 24) };
        let mut x = area.x + 3;
        let columns =
            [(entry.at.as_str(), at, Role::Dim), (entry.who.as_str(), who, Role::Text), (entry.what.as_str(), u16::MAX, Role::Text)];
        for (text, width, role) in columns.into_iter().filter(|(_, width, _)| *width > 0) {
            let room = area.right().saturating_sub(x);
            view::put_cut(buf, x, y, width.saturating_sub(1).min(room), text, ctx.theme.get(role));
            x = x.saturating_add(width).min(area.right());
        }
        if n == list.rows.at {
            view::paint(buf, row, ctx.theme.get(Role::Cursor));
        }
        drawn.hit(row, Hit::Row(n));
    }
}
