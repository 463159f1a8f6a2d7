//! The bar at the right edge: where in the whole the page is, and where open clashes lie.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::settle::{Place, Side, Status};
use crate::tui::merge::mouse::Part;
use crate::tui::merge::{At, Merge, place};
use crate::tui::message::Hit;
use crate::tui::screen::Drawn;
use crate::tui::theme::{Role, Theme};

/// Draws the bar. Costs as much as it is high, whatever the size of the texts.
pub(super) fn draw(m: &Merge, buf: &mut Buffer, theme: &Theme, drawn: &mut Drawn) {
    let page = m.frame.page;
    let (x, height) = (m.frame.area.right().saturating_sub(1), usize::from(page.height));
    let hunks = m.settle.hunks();
    if height == 0 || hunks.is_empty() {
        return;
    }
    if shows_all(m) {
        return beside_rows(m, buf, theme);
    }
    let size = m.settle.text(Side::Mine).len().max(1);
    let seen = |first: bool| {
        let row = if first { m.page.rows.first() } else { m.page.rows.last() };
        row.and_then(|r| match place(&m.settle, r.at.unit) {
            Place::Hunk(h) => hunks.get(h).map(|k| k.mine.start + if first { r.at.line.min(k.mine.len()) } else { 0 }),
            Place::Row(_) => Some(0),
        })
    };
    let (from, to) = (seen(true).unwrap_or(0), seen(false).unwrap_or(size));
    let mut marked = None;
    for row in 0..height {
        let y = page.y + u16::try_from(row).unwrap_or(0);
        let (Some(start), Some(end)) = (m.bar.get(row).copied(), m.bar.get(row + 1).copied()) else { break };
        let open = m.settle.next_open(start.checked_sub(1)).filter(|h| *h < end.max(start + 1));
        // One clash that fills many rows is marked where it begins.
        let again = open.is_some() && open == marked;
        marked = open;
        let byte = size / height * row + size % height * row / height;
        let shown = byte + size / height >= from && byte <= to;
        let (symbol, role) = match (open, shown) {
            (Some(_), true) if again => ("┃", Role::Clash),
            (Some(_), false) if again => ("│", Role::Clash),
            (Some(_), _) => ("!", Role::Clash),
            (None, true) => ("┃", Role::Accent),
            (None, false) => ("│", Role::Border),
        };
        buf[(x, y)].set_symbol(symbol).set_style(theme.get(role));
        drawn.hit(Rect::new(x, y, 1, 1), Hit::Part(Part::Overview(row * 1000 / height).code()));
    }
}

/// Whether the page shows everything there is.
fn shows_all(m: &Merge) -> bool {
    m.page.ends && m.page.rows.first().is_some_and(|r| r.at == At::default())
}

/// Where all fits there is nothing to look over: an open clash is marked beside its own rows.
fn beside_rows(m: &Merge, buf: &mut Buffer, theme: &Theme) {
    let (page, x) = (m.frame.page, m.frame.area.right().saturating_sub(1));
    let mut marked = None;
    for (y, row) in (page.top()..page.bottom()).zip(&m.page.rows) {
        let open = match place(&m.settle, row.at.unit) {
            Place::Row(r) => m.settle.rows()[r].choice.is_none(),
            Place::Hunk(h) => hunks_open(m, h),
        };
        if open {
            let symbol = if marked == Some(row.at.unit) { "│" } else { "!" };
            buf[(x, y)].set_symbol(symbol).set_style(theme.get(Role::Clash));
            marked = Some(row.at.unit);
        }
    }
}

fn hunks_open(m: &Merge, hunk: usize) -> bool {
    hunk < m.settle.hunks().len() && matches!(m.settle.status(hunk), Status::Open | Status::Proposed)
}
