//! A conflict that is being merged, drawn: what is going on, and the way out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::keys::{Action, Mode};
use crate::tui::merge::Opening;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;
use crate::tui::view;

/// Draws it.
#[must_use]
pub fn draw(o: &Opening, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    view::head(buf, area, &format!("settle · {}", o.name()), "merging", ctx.theme);
    let seconds = if o.seconds > 0 { format!(" ({} s)", o.seconds) } else { String::new() };
    let key = ctx.keys.key_name(Mode::Merge, Action::Later);
    let lines = [
        (format!("Merging base, mine and theirs: {} of text{seconds}.", size(o.size)), Role::Text),
        (format!("{key} leaves; both sides and all choices are kept."), Role::Dim),
    ];
    let mut y = area.y + 2;
    for (line, role) in lines {
        let left = Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: area.bottom().saturating_sub(y) };
        y += view::paragraph(buf, left, &line, ctx.theme.get(role));
    }
    Drawn::default()
}

/// A number of bytes as people say it.
fn size(bytes: usize) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..1_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
