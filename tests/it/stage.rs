//! Screens in memory: a clock that tests turn, and a client played by the test.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use diptych::client::handle::{Command, Detail, News, Parked, Row, State};
use diptych::domain::note::{Content, Note, NoteId, Time, Uuid};
use diptych::tui::app::{App, Setup};
use diptych::tui::keys::{Keymap, Overrides};
use diptych::tui::list::List;
use diptych::tui::message::{Effect, Event};
use diptych::tui::screen::{Local, Screen, Settings};
use diptych::tui::stage::Stage;
use diptych::tui::theme::Theme;

/// 2026-11-24 10:00 UTC.
pub const START: i64 = 1_795_514_400_000_000;

pub struct Play {
    pub stage: Stage,
    pub clock: Rc<Cell<i64>>,
}

pub fn id(n: u128) -> NoteId {
    NoteId(Uuid::from_u128(n))
}

pub fn at(minutes: i64) -> Time {
    Time(START + minutes * 60_000_000)
}

/// Local time in the tests is UTC, on the day the clock starts.
fn local(t: Time) -> Local {
    let minutes = t.0.div_euclid(60_000_000);
    let day = u8::try_from(24 + (t.0 - START + 36_000_000_000).div_euclid(86_400_000_000).clamp(-23, 6)).unwrap();
    let (hour, minute) = (minutes.rem_euclid(1440) / 60, minutes.rem_euclid(60));
    Local { year: 2026, month: 11, day, hour: u8::try_from(hour).unwrap(), minute: u8::try_from(minute).unwrap() }
}

pub fn setup(clock: &Rc<Cell<i64>>) -> Setup {
    let (keys, wrong) = Keymap::load("default", &Overrides::new());
    assert!(wrong.is_empty());
    let (clock, ids) = (clock.clone(), Cell::new(1000u128));
    Setup {
        now: Box::new(move || Time(clock.get())),
        local: Box::new(local),
        new_id: Box::new(move || {
            ids.set(ids.get() + 1);
            id(ids.get())
        }),
        theme: Theme::built_in("dark", true).unwrap(),
        keys,
        settings: Settings { device: "laptop".to_owned(), ..Settings::default() },
        notices: Vec::new(),
    }
}

impl Play {
    pub fn new(columns: u16, rows: u16) -> Play {
        Play::on(Box::new(List::new()), columns, rows)
    }

    pub fn on(screen: Box<dyn Screen>, columns: u16, rows: u16) -> Play {
        let clock = Rc::new(Cell::new(START));
        let stage = Stage::new(App::new(setup(&clock), screen, true), columns, rows);
        Play { stage, clock }
    }

    pub fn keys(&mut self, names: &str) -> Vec<Command> {
        commands(self.stage.keys(names))
    }

    pub fn types(&mut self, text: &str) -> Vec<Command> {
        commands(self.stage.type_text(text))
    }

    pub fn news(&mut self, news: News) -> Vec<Command> {
        commands(self.stage.event(Event::News(Box::new(news))))
    }

    /// Lets time pass; what waits for it happens.
    pub fn wait(&mut self, ms: i64) -> Vec<Command> {
        self.clock.set(self.clock.get() + ms * 1000);
        commands(self.stage.event(Event::Tick))
    }

    pub fn screen(&self) -> String {
        self.stage.screen()
    }

    pub fn cursor(&self) -> Option<(u16, u16)> {
        self.stage.app.cursor()
    }
}

pub fn commands(effects: Vec<Effect>) -> Vec<Command> {
    effects.into_iter().filter_map(|e| if let Effect::Client(c) = e { Some(c) } else { None }).collect()
}

pub fn note(n: u128, version: i64, title: &str, body: &str) -> Note {
    Note {
        id: id(n),
        version,
        content: Content { title: title.to_owned(), body: body.to_owned(), ..Content::default() },
        created_at: at(-600),
        updated_at: at(-5),
        updated_by: "ada".to_owned(),
        updated_from: "desktop".to_owned(),
    }
}

pub fn detail(note: &Note) -> Detail {
    Detail { id: note.id, synced: Some(note.clone()), draft: None, draft_base: None, parked: None, state: State::Synced, lock: None }
}

pub fn detail_parked(parked: &Parked) -> Detail {
    Detail { parked: Some(parked.clone()), state: State::NeedsYou, ..detail(&parked.theirs) }
}

pub fn row(n: u128, title: &str, tags: &[&str], state: State, minutes_ago: i64) -> Row {
    Row {
        id: id(n),
        title: title.to_owned(),
        tags: tags.iter().map(|t| (*t).to_owned()).collect(),
        excerpt: format!("{title}: the first words"),
        state,
        updated_at: at(-minutes_ago),
        origin: "desktop".to_owned(),
        version: 1,
        bookmarked: n == 2,
        lock: None,
        deleted: false,
    }
}

pub fn rows() -> News {
    News::Rows(Arc::new(vec![
        row(1, "Trip to Lisbon", &["travel", "2026"], State::NeedsYou, 5),
        row(2, "Groceries", &["home"], State::Synced, 70),
        row(3, "漢字 and 👨‍👩‍👧‍👦 family", &[], State::SavedHere, 300),
        row(4, "A title with an \u{1b}[31mescape\u{202e}", &["a", "b", "c"], State::Typed, 60 * 24 * 3),
    ]))
}
