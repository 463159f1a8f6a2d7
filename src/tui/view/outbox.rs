//! The outbox: a line for each entry, and the trouble of the one under the cursor below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{head, nothing, paint, paragraph, put_all, put_right};
use crate::client::handle::{Connection, EntryState};
use crate::tui::message::Hit;
use crate::tui::outbox::Outbox;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;

/// Draws the screen.
#[must_use]
pub fn draw(outbox: &Outbox, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    let n = outbox.entries.as_ref().map_or(0, Vec::len);
    head(buf, area, &format!("Outbox · {n} on their way"), "", ctx.theme);
    let foot = Rect { x: area.x + 1, y: area.bottom().saturating_sub(2), width: area.width - 2, height: 2 };
    let entries = match &outbox.entries {
        None => {
            nothing(buf, area, "Reading…", ctx.theme);
            return drawn;
        }
        Some(entries) if entries.is_empty() => {
            nothing(buf, area, "Nothing is on its way: every save was answered.", ctx.theme);
            &entries[..]
        }
        Some(entries) => &entries[..],
    };
    for (y, n) in (area.y + 1..foot.y).zip(outbox.rows.shown()) {
        let Some(e) = entries.get(n) else { break };
        let (sign, word, role) = match e.state {
            EntryState::Waiting => ("…", "waiting", Role::Dim),
            EntryState::Sending => ("↑", "sending", Role::Accent),
            EntryState::Paused => ("‖", "paused", Role::Warn),
            EntryState::Refused => ("✗", "refused", Role::Bad),
        };
        let due = e.due.filter(|_| e.state == EntryState::Waiting).map_or(String::new(), |due| {
            let s = due.ms_since(ctx.now).max(0) / 1000;
            if s == 0 { "now".to_owned() } else { format!("in {s} s") }
        });
        let tried = if e.attempts > 0 { format!("tried {}×  {due}", e.attempts) } else { due };
        let at = put_right(buf, area.right().saturating_sub(1), y, area.width / 3, &tried, ctx.theme.get(Role::Dim));
        let state = format!(" {sign} {word:<8} ");
        let what = format!("{:<9} ", e.what);
        put_all(
            buf,
            area.x,
            y,
            at.saturating_sub(area.x + 1),
            &[(&state, ctx.theme.get(role)), (&what, ctx.theme.get(Role::Dim)), (&e.title, ctx.theme.get(Role::Text))],
        );
        let row = Rect { y, height: 1, ..area };
        if n == outbox.rows.at {
            paint(buf, row, ctx.theme.get(Role::Cursor));
        }
        drawn.hit(row, Hit::Row(n));
    }
    let trouble = entries.get(outbox.rows.at).and_then(|e| e.last_error.clone());
    let trouble = trouble.or_else(|| match ctx.connection {
        Connection::Offline { why, .. } => Some(why.clone()),
        Connection::Unauthorised => Some("The server refused the token. R asks for a new one.".to_owned()),
        _ => None,
    });
    if let Some(say) = trouble {
        paragraph(buf, foot, &say, ctx.theme.get(Role::Warn));
    }
    drawn
}
