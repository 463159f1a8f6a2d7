//! The frame around every screen: the screen itself, the coach's line, and the bottom line with hints or a notice.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{clear, paint, put, put_all, put_right};
use crate::client::handle::Connection;
use crate::domain::text;
use crate::tui::app::{App, SMALLEST};
use crate::tui::keys::{Action, Mode};
use crate::tui::message::Hit;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;

/// The part of the terminal that belongs to the screen on top.
#[must_use]
pub fn screen_area(app: &App, area: Rect) -> Rect {
    Rect { height: area.height.saturating_sub(bottom_height(app, area) + coach_height(app, area)), ..area }
}

/// A row; as many as a notice takes, within a third of the screen, while one is there.
fn bottom_height(app: &App, area: Rect) -> u16 {
    let Some(notice) = app.notices.shown() else { return 1 };
    let rows: usize = text::lines(&notice.text).map(|(line, _)| text::wrap(line, usize::from(area.width)).len()).sum();
    u16::try_from(rows).unwrap_or(u16::MAX).clamp(1, (area.height / 3).max(1))
}

/// Rows of a terminal that has room for the coach and a long notice.
const ROOMY: u16 = 20;

fn coach_height(app: &App, area: Rect) -> u16 {
    // Where there is little room, the coach is silent while a long notice is read.
    if app.coach.is_empty() || area.height < ROOMY && bottom_height(app, area) > 1 {
        return 0;
    }
    let rows = text::wrap(&app.coach, usize::from(area.width.saturating_sub(2))).len();
    u16::try_from(rows).unwrap_or(1).min(area.height / 3)
}

/// Draws everything.
#[must_use]
pub fn draw(app: &App, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let area = buf.area;
    clear(buf, area, ctx.theme.get(Role::Text));
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return too_small(area, buf, ctx);
    }
    let inside = screen_area(app, area);
    let Some(screen) = app.stack.last() else { return Drawn::default() };
    let mut drawn = screen.draw(inside, buf, ctx);
    if let Some(overlay) = &app.overlay {
        drawn.cursor = super::overlay::draw(overlay, inside, buf, ctx, &mut drawn);
    }
    let below = bottom_height(app, area);
    let coach = Rect { y: inside.bottom(), height: area.bottom() - below - inside.bottom(), ..area };
    if coach.height > 0 {
        paint(buf, coach, ctx.theme.get(Role::Coach));
        let text = Rect { x: coach.x + 1, width: coach.width.saturating_sub(2), ..coach };
        super::paragraph(buf, text, &app.coach, ctx.theme.get(Role::Coach));
    }
    bottom(app, Rect { y: area.bottom() - below, height: below, ..area }, buf, ctx, &mut drawn);
    crate::tui::ink::settle(buf);
    drawn
}

/// The program goes on working at any size; it only says that it cannot be read.
fn too_small(area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let say = format!("Too small: {}×{} needed, {}×{} here.", SMALLEST.0, SMALLEST.1, area.width, area.height);
    super::paragraph(buf, area, &say, ctx.theme.get(Role::Warn));
    Drawn::default()
}

fn bottom(app: &App, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>, drawn: &mut Drawn) {
    let (sign, role) = match &app.connection {
        Connection::Unknown => ("", Role::Dim),
        Connection::Online => ("● online", Role::Good),
        Connection::Offline { .. } => ("○ offline", Role::Warn),
        Connection::Unauthorised => ("✗ token refused", Role::Bad),
    };
    let mut right = put_right(buf, area.right(), area.y, area.width / 2, sign, ctx.theme.get(role));
    // The note being settled is no news on its own screen.
    let settling = app.stack.last().filter(|s| matches!(s.mode(), Mode::Merge | Mode::Unasked | Mode::Question)).and_then(|s| s.note());
    let waiting = app.parked.iter().filter(|id| Some(**id) != settling).count();
    if waiting > 0 {
        let need = match waiting {
            n if area.width < 60 => format!("! {n} "),
            1 => "! 1 needs you  ".to_owned(),
            n => format!("! {n} need you  "),
        };
        let at = put_right(buf, right, area.y, area.width / 2, &need, ctx.theme.get(Role::Bad));
        drawn.hit(Rect { x: at, width: right - at, ..area }, Hit::Do(Action::Conflict));
        right = at;
    }
    let room = right.saturating_sub(area.x + 1);
    match app.notices.shown() {
        Some(notice) => {
            let role = if notice.warning { Role::Bad } else { Role::Accent };
            // It is what should be read now: where there is no room beside the signs, it takes theirs.
            let whole = area.height > 1 || text::width(&notice.text) > usize::from(room);
            if whole {
                clear(buf, area, ctx.theme.get(Role::Text));
            }
            super::paragraph(buf, Rect { width: if whole { area.width } else { room }, ..area }, &notice.text, ctx.theme.get(role));
        }
        None => hints(app, Rect { width: room, ..area }, buf, ctx, drawn),
    }
}

fn hints(app: &App, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>, drawn: &mut Drawn) {
    let Some(screen) = app.stack.last() else { return };
    let mode = screen.mode();
    let (key_style, dim) = (ctx.theme.get(Role::Key), ctx.theme.get(Role::Dim));
    let mut x = area.x;
    // After the first of two keys: what the second may be.
    let offered: Vec<(Action, String, &str)> = match app.begun {
        Some(first) => ctx.keys.after(mode, first).map(|(b, press)| (b.action, press.to_string(), b.short.as_str())).collect(),
        None => {
            let words = |action, short| screen.words(action).unwrap_or(short);
            let line = |action| ctx.keys.line(mode, action).map(|b| (action, ctx.keys.key_name(mode, action), words(action, &b.short)));
            screen.hints().into_iter().filter_map(line).collect()
        }
    };
    for (action, key, words) in offered {
        let cells = u16::try_from(text::width(&key) + text::width(words) + 1).unwrap_or(u16::MAX);
        if x.saturating_add(cells) > area.right() {
            break;
        }
        put_all(buf, x, area.y, cells, &[(&key, key_style), (" ", dim), (words, dim)]);
        drawn.hit(Rect::new(x, area.y, cells, 1), Hit::Do(action));
        x += cells;
        x += put(buf, x, area.y, area.right().saturating_sub(x), "  ", dim);
    }
}
