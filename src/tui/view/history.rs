//! The versions of a note, and one of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{head, nothing, paint, put_cut};
use crate::tui::history::{History, OneVersion, named};
use crate::tui::message::Hit;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;

/// Draws the list of versions.
#[must_use]
pub fn draw(history: &History, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    head(buf, area, &format!("History · {}", history.title), "", ctx.theme);
    let Some(versions) = &history.versions else {
        nothing(buf, area, "Asking for the versions…", ctx.theme);
        return drawn;
    };
    if versions.is_empty() {
        let say = "The server has no version of this note yet: save it first.";
        nothing(buf, area, say, ctx.theme);
        return drawn;
    }
    for (y, n) in (area.y + 1..area.bottom()).zip(history.rows.shown()) {
        let Some(v) = versions.get(n) else { break };
        let mark = if history.marked == Some(v.version) { "▪" } else { " " };
        let line = if v.version < 0 {
            format!("{mark} copy   {:<10}  kept here: {}", ctx.clock(v.at), v.by)
        } else {
            format!("{mark} v{:<5} {:<10}  {} on {}", v.version, ctx.clock(v.at), v.by, v.from)
        };
        put_cut(buf, area.x, y, area.width, &line, ctx.theme.get(Role::Text));
        let row = Rect { y, height: 1, ..area };
        if n == history.rows.at {
            paint(buf, row, ctx.theme.get(Role::Cursor));
        }
        drawn.hit(row, Hit::Row(n));
    }
    drawn
}

/// Draws one version.
#[must_use]
pub fn draw_version(version: &OneVersion, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let n = &version.note;
    let what = if version.changes && version.before.is_some() { "changes" } else { "whole text" };
    head(
        buf,
        area,
        &format!("{} · {}", if n.version < 0 { named(n.version) } else { format!("v{}", n.version) }, n.content.title),
        &format!("{what} · {} on {}, {}", n.updated_by, n.updated_from, ctx.clock(n.updated_at)),
        ctx.theme,
    );
    super::reader::draw(&version.reader, Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 1 }, buf, ctx);
    Drawn::default()
}
