//! Help: the key table of the screen it was asked on, printed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Keymap, Mode};
use super::message::{Effect, Event};
use super::rows::Rows;
use super::screen::{Ctx, Drawn, Screen};
use super::view;

/// The help screen.
#[derive(Debug)]
pub struct Help {
    /// What it helps with.
    pub of: Mode,
    /// Keys, words, name.
    pub lines: Vec<(String, String, Action)>,
    /// Which line the person is on.
    pub rows: Rows,
}

impl Help {
    /// Help for a mode.
    #[must_use]
    pub fn new(keys: &Keymap, of: Mode) -> Self {
        let names = |b: &super::keys::Binding| b.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let lines: Vec<_> = keys.lines(of).into_iter().map(|b| (names(b), b.help.clone(), b.action)).collect();
        let rows = Rows { len: lines.len(), ..Rows::default() };
        Self { of, lines, rows }
    }
}

impl Screen for Help {
    fn mode(&self) -> Mode {
        Mode::Help
    }

    fn title(&self) -> String {
        format!("help: {}", self.of.name())
    }

    fn update(&mut self, event: &Event, _ctx: &Ctx<'_>) -> Vec<Effect> {
        match event {
            Event::Action(Action::Back) => return vec![Effect::Back],
            Event::Action(Action::Open) => {
                let chosen = self.lines.get(self.rows.at).map(|(_, _, action)| *action);
                return std::iter::once(Effect::Back).chain(chosen.map(Effect::Do)).collect();
            }
            Event::Action(action) => {
                self.rows.go(*action);
            }
            Event::Mouse(mouse, hit) => {
                self.rows.mouse(*mouse, *hit);
            }
            _ => {}
        }
        Vec::new()
    }

    fn fit(&mut self, area: Rect, _ctx: &Ctx<'_>) {
        self.rows.fit(usize::from(area.height.saturating_sub(2)));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::help::draw(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::Back, Action::Open]
    }
}
