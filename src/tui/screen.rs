//! What a screen is: state, a plain `update`, and a `draw` from a shared reference that says what it drew where.
//!
//! Screens never reach into each other: they hear events and answer with effects. A screen that opens another makes it and asks for it
//! to be pushed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Keymap, Mode};
use super::message::{Effect, Event, Hit};
use super::theme::Theme;
use crate::client::handle::Connection;
use crate::domain::note::{NoteId, Time};

/// A moment in the person's own time zone, for drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// The year.
    pub year: i16,
    /// The month, from 1.
    pub month: u8,
    /// The day, from 1.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
}

/// What the person has set about screens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The name of this device, the origin of what is saved here.
    pub device: String,
    /// Classes of proposals that are taken without asking, by name (see `domain::refine::Class::name`).
    pub accept: Vec<String>,
    /// Whether the program has never run here before: a screen explains itself.
    pub first_run: bool,
    /// Whether the mouse is used.
    pub mouse: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { device: "this device".to_owned(), accept: vec!["same".to_owned()], first_run: false, mouse: true }
    }
}

/// What every screen may know, besides its own state.
pub struct Ctx<'a> {
    /// Now.
    pub now: Time,
    /// Gives a moment in the person's time zone.
    pub local: &'a dyn Fn(Time) -> Local,
    /// Makes ids for new notes.
    pub new_id: &'a dyn Fn() -> NoteId,
    /// Colours and marks.
    pub theme: &'a Theme,
    /// Which key does what.
    pub keys: &'a Keymap,
    /// What the person has set.
    pub settings: &'a Settings,
    /// Whether the server can be reached.
    pub connection: &'a Connection,
    /// What was copied or cut last in this program.
    pub register: &'a str,
}

impl Ctx<'_> {
    /// A moment as people say it: `10:02` today, `Nov 3` this year, `2024-11-03` before.
    #[must_use]
    pub fn clock(&self, at: Time) -> String {
        let (t, now) = ((self.local)(at), (self.local)(self.now));
        if (t.year, t.month, t.day) == (now.year, now.month, now.day) {
            format!("{:02}:{:02}", t.hour, t.minute)
        } else if t.year == now.year {
            const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
            format!("{} {}", MONTHS[usize::from(t.month.clamp(1, 12)) - 1], t.day)
        } else {
            format!("{:04}-{:02}-{:02}", t.year, t.month, t.day)
        }
    }

    /// How long ago, in few characters: `now`, `5m`, `3h`, `2d`, `7w`, `3y`.
    #[must_use]
    pub fn age(&self, at: Time) -> String {
        let s = self.now.ms_since(at).max(0) / 1000;
        match s {
            0..60 => "now".to_owned(),
            60..3600 => format!("{}m", s / 60),
            3600..86_400 => format!("{}h", s / 3600),
            86_400..1_209_600 => format!("{}d", s / 86_400),
            1_209_600..63_072_000 => format!("{}w", s / 604_800),
            _ => format!("{}y", s / 31_536_000),
        }
    }
}

/// What a view drew: where the mouse finds what, and where the cursor is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Places and what they are; of several at one place the last counts.
    pub hits: Vec<(Rect, Hit)>,
    /// The cell of the cursor, if there is one.
    pub cursor: Option<(u16, u16)>,
}

impl Drawn {
    /// What lies at a cell.
    #[must_use]
    pub fn at(&self, x: u16, y: u16) -> Option<Hit> {
        self.hits.iter().rev().find(|(area, _)| area.contains((x, y).into())).map(|(_, hit)| *hit)
    }

    /// Remembers what was drawn at a place.
    pub fn hit(&mut self, area: Rect, hit: Hit) {
        self.hits.push((area, hit));
    }
}

/// A screen on the stack.
pub trait Screen: std::fmt::Debug {
    /// Which part of the key table applies now.
    fn mode(&self) -> Mode;

    /// What stands in the title of the terminal.
    fn title(&self) -> String;

    /// Takes one event in. Actions come as [`Event::Action`]; keys that mean none as [`Event::Key`].
    fn update(&mut self, event: &Event, ctx: &Ctx<'_>) -> Vec<Effect>;

    /// Draws into `area`, which is at least 40 by 10 cells.
    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn;

    /// Called before every draw with the area it will have: the place to scroll the cursor into view and to wrap lines.
    fn fit(&mut self, _area: Rect, _ctx: &Ctx<'_>) {}

    /// Whether keys that type a character are text now, and not actions.
    fn typing(&self) -> bool {
        false
    }

    /// What the bottom line offers, most useful first; as many as fit are shown with their keys.
    fn hints(&self) -> Vec<Action> {
        Vec::new()
    }

    /// What an action does here, where that is not what the key table says of it.
    fn words(&self, _action: Action) -> Option<&str> {
        None
    }

    /// The note it shows, if it shows one.
    fn note(&self) -> Option<NoteId> {
        None
    }

    /// When the screen wants [`Event::Tick`], if it waits for a time.
    fn wake(&self) -> Option<Time> {
        None
    }
}
