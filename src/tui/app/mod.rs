//! The app: the stack of screens, what lies over them, notices, and what happens on every screen alike.
//!
//! It turns keys into actions, hands events to the screen on top and the client's news to all of them, and does the effects that need
//! no outside. It never waits and never touches the terminal.

mod input;
mod news;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::help::Help;
use super::input::Input;
use super::keys::{Action, Keymap, Mode};
use super::message::{Answer, Ask, Effect, Event, Key, Mouse};
use super::notices::{Log, Notices};
use super::overlay::{Outcome, Overlay, Palette};
use super::screen::{Ctx, Drawn, Local, Screen, Settings};
use super::theme::Theme;
use super::view;
use crate::client::handle::{Command, Connection, Token};
use crate::domain::note::{NoteId, Time};

/// What the app is made with; the clock and the maker of ids come from outside.
pub struct Setup {
    /// Gives the time.
    pub now: Box<dyn Fn() -> Time>,
    /// Gives a moment in the person's time zone.
    pub local: Box<dyn Fn(Time) -> Local>,
    /// Makes ids for new notes.
    pub new_id: Box<dyn Fn() -> NoteId>,
    /// Colours and marks.
    pub theme: Theme,
    /// Which key does what.
    pub keys: Keymap,
    /// What the person has set.
    pub settings: Settings,
    /// Told at the start, such as what was wrong in the settings.
    pub notices: Vec<String>,
}

/// The smallest terminal every screen works in: columns, rows.
pub const SMALLEST: (u16, u16) = (40, 12);
/// Bytes every terminal that has a clipboard takes by OSC 52; some refuse more.
const OSC_52_SURE: usize = 74_000;
/// Milliseconds the client has to put everything on disk when the program ends.
const ENDING_MS: i64 = 5_000;

/// The whole state of the screens.
pub struct App {
    pub(super) setup: Setup,
    pub(super) stack: Vec<Box<dyn Screen>>,
    pub(super) overlay: Option<Overlay>,
    pub(super) notices: Notices,
    pub(super) connection: Connection,
    pub(super) coach: String,
    pub(super) parked: Vec<NoteId>,
    register: String,
    /// The first of two keys that do something one after the other.
    pub(super) begun: Option<Key>,
    drawn: Drawn,
    size: (u16, u16),
    pressed: Option<(Time, Mouse)>,
    has_client: bool,
    /// When the program ends even if the client has not answered, once it is ending, and with which status.
    ending: Option<(Time, u8)>,
    /// The note whose conflict is to be shown as soon as the client has opened it.
    going: Option<NoteId>,
    /// Notes settled here whose server has not said yes yet.
    settled: Vec<NoteId>,
    /// A mass deletion the client stopped at: how many of how many notes.
    held: Option<(usize, usize)>,
}

impl App {
    /// An app with one screen. `has_client`: there is a client that must put everything on disk before the program ends.
    #[must_use]
    pub fn new(setup: Setup, first: Box<dyn Screen>, has_client: bool) -> Self {
        let mut notices = Notices::default();
        for text in &setup.notices {
            notices.tell((setup.now)(), true, text.clone());
        }
        Self {
            setup,
            stack: vec![first],
            overlay: None,
            notices,
            connection: Connection::Unknown,
            coach: String::new(),
            parked: Vec::new(),
            register: String::new(),
            begun: None,
            drawn: Drawn::default(),
            size: (80, 24),
            pressed: None,
            has_client,
            ending: None,
            going: None,
            settled: Vec::new(),
            held: None,
        }
    }

    /// Now, by the clock handed in.
    #[must_use]
    pub fn now(&self) -> Time {
        (self.setup.now)()
    }

    pub(super) fn ctx<'a>(setup: &'a Setup, connection: &'a Connection, register: &'a str) -> Ctx<'a> {
        Ctx {
            now: (setup.now)(),
            local: &*setup.local,
            new_id: &*setup.new_id,
            theme: &setup.theme,
            keys: &setup.keys,
            settings: &setup.settings,
            connection,
            register,
        }
    }

    /// Takes one event in; returns what the loop must do.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let mut out = Vec::new();
        match event {
            Event::Key(key) => {
                self.notices_seen();
                let always = self.setup.keys.action(Mode::Global, key).filter(|a| matches!(a, Action::Quit | Action::Redraw));
                if let Some(action) = always.filter(|_| self.overlay.is_some() && key.ctrl) {
                    self.overlay = self.overlay.take().filter(|_| action != Action::Quit);
                    self.act(action, &mut out);
                } else if self.overlay.is_some() {
                    self.tell_overlay(&event, &mut out);
                } else {
                    self.pressed_key(key, &mut out);
                }
            }
            Event::Mouse(mouse, _) => self.mouse(mouse, &mut out),
            Event::Paste(_) if self.overlay.is_some() => self.tell_overlay(&event, &mut out),
            Event::Action(action) => self.act(action, &mut out),
            Event::News(ref news) => self.news(news, &event, &mut out),
            Event::Coach(line) => self.coach = line,
            Event::Resize(columns, rows) => {
                self.size = (columns, rows);
                self.tell_all(&event, &mut out);
            }
            Event::Terminate => self.end(143, &mut out),
            Event::Tick => {
                if self.ending.is_some_and(|(at, _)| self.now() >= at) {
                    out.push(Effect::Quit(self.ending.map_or(0, |(_, status)| status)));
                }
                self.tell_all(&event, &mut out);
            }
            Event::Merged(..) => self.merged(&event, &mut out),
            Event::EditorDone { .. } | Event::Written { .. } | Event::Take { .. } => self.tell_all(&event, &mut out),
            _ => self.tell_top(&event, &mut out),
        }
        out
    }

    /// What is to be done before the first event.
    pub fn start(&mut self) -> Vec<Effect> {
        let mut out = Vec::new();
        self.tell_top(&Event::Shown, &mut out);
        out
    }

    pub(super) fn tell_top(&mut self, event: &Event, out: &mut Vec<Effect>) {
        let ctx = Self::ctx(&self.setup, &self.connection, &self.register);
        let effects = self.stack.last_mut().map(|s| s.update(event, &ctx)).unwrap_or_default();
        self.carry(effects, out);
    }

    fn tell_all(&mut self, event: &Event, out: &mut Vec<Effect>) {
        let ctx = Self::ctx(&self.setup, &self.connection, &self.register);
        let effects: Vec<Effect> = self.stack.iter_mut().flat_map(|s| s.update(event, &ctx)).collect();
        self.carry(effects, out);
    }

    /// Tells every screen of a merge. One that waits for it below others gives way where it stands.
    fn merged(&mut self, event: &Event, out: &mut Vec<Effect>) {
        for at in (0..self.stack.len()).rev() {
            let (covered, ctx) = (at + 1 < self.stack.len(), Self::ctx(&self.setup, &self.connection, &self.register));
            let Some(screen) = self.stack.get_mut(at) else { continue };
            for effect in screen.update(event, &ctx) {
                match effect {
                    Effect::Replace(screen) if covered => self.stack[at] = screen,
                    Effect::Back if covered => drop(self.stack.remove(at)),
                    other => self.carry(vec![other], out),
                }
            }
        }
    }

    pub(super) fn tell_overlay(&mut self, event: &Event, out: &mut Vec<Effect>) {
        let Some(overlay) = &mut self.overlay else { return };
        match overlay.update(event) {
            Outcome::Open => {}
            Outcome::Left => self.overlay = None,
            Outcome::Chosen(action) => {
                self.overlay = None;
                self.act(action, out);
            }
            Outcome::Answered("allow-deletions", answer) => {
                self.overlay = None;
                if answer == Answer::Choice(0) {
                    self.held = None;
                    out.push(Effect::Client(Command::AllowDeletions));
                }
            }
            Outcome::Answered("token", answer) => {
                self.overlay = None;
                if let Answer::Text(token) = answer
                    && !token.trim().is_empty()
                {
                    out.push(Effect::Client(Command::UseToken(Token(token.trim().to_owned()))));
                }
            }
            Outcome::Answered(id, answer) => {
                self.overlay = None;
                self.tell_top(&Event::Answer { id, answer }, out);
            }
        }
    }

    /// Does what is the same on every screen; the rest goes to the screen on top.
    pub(super) fn act(&mut self, action: Action, out: &mut Vec<Effect>) {
        let mode = self.mode();
        match action {
            Action::Commands => self.overlay = Some(Overlay::Commands(Palette::new(&self.setup.keys, mode))),
            Action::Help if mode == Mode::Help => self.leave(out),
            Action::Help => self.push(Box::new(Help::new(&self.setup.keys, mode)), out),
            Action::Notices => self.push(Box::new(Log::new(&self.notices)), out),
            Action::Redraw => out.push(Effect::Redraw),
            Action::Suspend => out.push(Effect::Suspend),
            Action::Quit => self.end(0, out),
            Action::Theme => {
                self.setup.theme = self.setup.theme.next();
                self.notices.tell(self.now(), false, format!("Theme: {}", self.setup.theme.name));
            }
            Action::AllowDeletions => match self.held {
                None => self.notices.tell(self.now(), false, "No deletion waits to be allowed.".to_owned()),
                Some((some, all)) => {
                    let mut ask =
                        Ask::choice("allow-deletions", "Delete so many notes?", &[('y', "delete them here too"), ('n', "keep them")]);
                    ask.lines = vec![format!("{some} of {all} notes were deleted elsewhere. Nothing was deleted here yet.")];
                    self.overlay = Some(Overlay::Ask { ask: Box::new(ask), input: Input::default() });
                }
            },
            Action::SyncNow if self.connection == Connection::Unauthorised => self.ask_token(),
            Action::Conflict => match self.parked.first().copied() {
                None => self.notices.tell(self.now(), false, "No note needs you.".to_owned()),
                Some(id) => {
                    // The note on screen first, if it is one of them.
                    let id = self.stack.last().and_then(|s| s.note()).filter(|n| self.parked.contains(n)).unwrap_or(id);
                    self.going = Some(id);
                    out.push(Effect::Client(Command::Open(id)));
                }
            },
            _ => self.tell_top(&Event::Action(action), out),
        }
    }

    fn push(&mut self, screen: Box<dyn Screen>, out: &mut Vec<Effect>) {
        self.stack.push(screen);
        self.tell_top(&Event::Shown, out);
    }

    fn leave(&mut self, out: &mut Vec<Effect>) {
        let ctx = Self::ctx(&self.setup, &self.connection, &self.register);
        let effects = self.stack.last_mut().map(|s| s.update(&Event::Leave, &ctx)).unwrap_or_default();
        self.carry(effects.into_iter().filter(|e| !matches!(e, Effect::Back)).collect(), out);
        if self.stack.len() > 1 {
            self.stack.pop();
            self.tell_top(&Event::Shown, out);
        } else {
            self.end(0, out);
        }
    }

    /// Ends the program: everything typed goes to the client first, which stops when all is on disk. Told again, it goes on waiting for that:
    /// a terminal that goes is told by a signal, by the reading and by a frame, and a key may be pressed twice.
    fn end(&mut self, status: u8, out: &mut Vec<Effect>) {
        if self.ending.is_some() {
            return;
        }
        if !self.has_client {
            self.tell_all(&Event::Leave, out);
            out.push(Effect::Quit(status));
            return;
        }
        self.ending = Some((self.now().plus_ms(ENDING_MS), status));
        self.tell_all(&Event::Leave, out);
        out.push(Effect::Client(Command::Stop));
    }

    /// Does the effects that need no outside and passes the others on.
    fn carry(&mut self, effects: Vec<Effect>, out: &mut Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Push(screen) => self.push(screen, out),
                Effect::Replace(screen) => {
                    self.stack.pop();
                    self.push(screen, out);
                }
                Effect::Back => self.leave(out),
                Effect::Say(text) => self.notices.tell(self.now(), false, text),
                Effect::Warn(text) => self.notices.tell(self.now(), true, text),
                Effect::Ask(ask) => {
                    let mut input = Input::new(&ask.text);
                    if ask.over {
                        input.select_all();
                    }
                    self.overlay = Some(Overlay::Ask { ask, input });
                }
                Effect::Tell(event) => self.tell_all(&event, out),
                Effect::Do(action) => self.act(action, out),
                Effect::Copy(text) => {
                    self.register.clone_from(&text);
                    let far = if text.len() > OSC_52_SURE { " The terminal may refuse so much; Paste has it here." } else { "" };
                    self.notices.tell(self.now(), false, format!("Copied {} characters.{far}", text.chars().count()));
                    out.push(Effect::Copy(text));
                }
                Effect::Quit(status) => self.end(status, out),
                Effect::Client(command) => {
                    if let Command::Settle { id, .. } = &command {
                        self.settled.push(*id);
                    }
                    out.push(Effect::Client(command));
                }
                other => out.push(other),
            }
        }
    }

    /// Prepares for a draw of this size: screens scroll and wrap.
    pub fn fit(&mut self, size: (u16, u16)) {
        self.size = size;
        self.notices.fade(self.now());
        let area = view::app::screen_area(self, Rect::new(0, 0, size.0, size.1));
        let ctx = Self::ctx(&self.setup, &self.connection, &self.register);
        if let Some(screen) = self.stack.last_mut() {
            screen.fit(area, &ctx);
        }
        if let Some(Overlay::Commands(palette)) = &mut self.overlay {
            palette.rows.fit(view::overlay::palette_rows(area));
        }
    }

    /// Draws everything; what comes back must be given to [`App::drew`].
    pub fn draw(&self, buf: &mut Buffer) -> Drawn {
        let ctx = Self::ctx(&self.setup, &self.connection, &self.register);
        view::app::draw(self, buf, &ctx)
    }

    /// Keeps what was drawn where, for the mouse.
    pub fn drew(&mut self, drawn: Drawn) {
        self.drawn = drawn;
    }

    /// The cell of the cursor as last drawn, if there is one.
    #[must_use]
    pub fn cursor(&self) -> Option<(u16, u16)> {
        self.drawn.cursor
    }

    /// The part of the key table in force.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.stack.last().map_or(Mode::Global, |s| s.mode())
    }

    /// The title of the terminal.
    #[must_use]
    pub fn title(&self) -> String {
        let screen = self.stack.last().map(|s| s.title()).unwrap_or_default();
        let title = if screen.is_empty() { "diptych".to_owned() } else { format!("{screen} · diptych") };
        crate::domain::text::truncate(&title, 120)
    }

    /// When [`Event::Tick`] is wanted next.
    #[must_use]
    pub fn wake(&self) -> Option<Time> {
        let screens = self.stack.iter().filter_map(|s| s.wake());
        screens.chain(self.notices.ends(self.now())).chain(self.ending.map(|(at, _)| at)).min()
    }
}
