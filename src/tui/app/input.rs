//! Keys and the mouse: what they mean here, before anyone is told.

use super::App;
use crate::tui::keys::Mode;
use crate::tui::message::{Effect, Event, Hit, Key, Mouse, MouseKind, Press};

/// Milliseconds within which a second press at one place is a double click.
const DOUBLE_MS: i64 = 400;

impl App {
    pub(super) fn pressed_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        let top = self.stack.last();
        let mode = top.map_or(Mode::Global, |s| s.mode());
        let text = top.is_some_and(|s| s.typing()) && key.typed().is_some();
        let keys = &self.setup.keys;
        let pair = self.begun.take().and_then(|first| keys.action(mode, Press { first, then: Some(key) }));
        match pair.or_else(|| keys.action(mode, key)).filter(|_| !text) {
            Some(action) if pair.is_some() || !keys.begins(mode, key) => self.act(action, out),
            _ if !text && keys.begins(mode, key) => self.begun = Some(key),
            _ => self.tell_top(&Event::Key(key), out),
        }
    }

    pub(super) fn notices_seen(&mut self) {
        let now = self.now();
        // A notice that has just come is not taken away by the key that was already on its way.
        if self.notices.current(now).is_some_and(|n| now.ms_since(n.at) > 1_000) {
            self.notices.hide();
        }
    }

    pub(super) fn mouse(&mut self, mut mouse: Mouse, out: &mut Vec<Effect>) {
        let now = self.now();
        if mouse.kind == MouseKind::Down {
            self.notices_seen();
            if let Some((at, last)) = self.pressed
                && now.ms_since(at) <= DOUBLE_MS
                && (last.x, last.y) == (mouse.x, mouse.y)
            {
                mouse.clicks = last.clicks % 3 + 1;
            }
            self.pressed = Some((now, mouse));
        }
        let hit = self.drawn.at(mouse.x, mouse.y);
        let event = Event::Mouse(mouse, hit);
        match hit {
            _ if self.overlay.is_some() => self.tell_overlay(&event, out),
            Some(Hit::Do(action)) if mouse.kind == MouseKind::Down => self.act(action, out),
            _ => self.tell_top(&event, out),
        }
    }
}
