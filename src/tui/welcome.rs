//! What a person sees the first time: what this is, where notes lie, and the three keys to begin with.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Mode};
use super::message::{Effect, Event, MouseKind};
use super::screen::{Ctx, Drawn, Screen};
use super::theme::Role;
use super::view;

/// The first-run screen.
#[derive(Debug)]
pub struct Welcome;

const WORDS: &str = "Notes are kept on this device and sent to your server.

When a note was changed in two places, nothing is overwritten: both versions are kept, and you settle them side by side.

Four words say how safe a note is:
  … typed        kept in a journal as you type
  ↑ saved here   on this disk, on its way
  ✓ synced       accepted by the server
  ! needs you    two versions wait for you";

impl Screen for Welcome {
    fn mode(&self) -> Mode {
        Mode::Welcome
    }

    fn title(&self) -> String {
        "welcome".to_owned()
    }

    fn update(&mut self, event: &Event, _ctx: &Ctx<'_>) -> Vec<Effect> {
        match event {
            Event::Action(Action::New) => vec![Effect::Back, Effect::Do(Action::New)],
            Event::Action(Action::Back | Action::Open) => vec![Effect::Back],
            Event::Mouse(mouse, _) if mouse.kind == MouseKind::Down => vec![Effect::Back],
            _ => Vec::new(),
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::head(buf, area, "Welcome to diptych", "", ctx.theme);
        let width = area.width.saturating_sub(4).min(70);
        let inside = Rect { x: area.x + 2, y: area.y + 2, width, height: area.height.saturating_sub(2) };
        view::paragraph(buf, inside, WORDS, ctx.theme.get(Role::Text));
        Drawn::default()
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::Back, Action::New, Action::Help]
    }
}
