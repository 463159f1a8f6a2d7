//! Times of the screens in process: a key (update, wrap, draw into a 200×50 buffer) in long notes, and the list over 50,000 notes.
//!
//! `cargo bench --bench screen` prints the table; medians and the slowest of so many rounds, in microseconds. It reports, it never fails.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use diptych::client::handle::{Detail, News, Row, State};
use diptych::domain::note::{Content, Note, NoteId, Time, Uuid};
use diptych::tui::app::{App, Setup};
use diptych::tui::editor::Editor;
use diptych::tui::keys::{Keymap, Overrides};
use diptych::tui::list::List;
use diptych::tui::message::Event;
use diptych::tui::screen::{Local, Screen, Settings};
use diptych::tui::stage::Stage;
use diptych::tui::theme::Theme;

fn setup() -> Setup {
    Setup {
        now: Box::new(|| Time(0)),
        local: Box::new(|_| Local::default()),
        new_id: Box::new(|| NoteId(Uuid::nil())),
        theme: Theme::built_in("dark", true).unwrap(),
        keys: Keymap::load("default", &Overrides::new()).0,
        settings: Settings::default(),
        notices: Vec::new(),
    }
}

fn stage(screen: Box<dyn Screen>) -> Stage {
    Stage::new(App::new(setup(), screen, true), 200, 50)
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    println!("{what:<58} {:>9} {:>9}", times[times.len() / 2].as_micros(), times[times.len() - 1].as_micros());
}

fn timed(rounds: usize, mut work: impl FnMut()) -> Vec<Duration> {
    let one = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..rounds).map(one).collect()
}

fn editor(name: &str, body: &str) {
    let id = NoteId(Uuid::nil());
    let content = Content { title: "t".to_owned(), body: body.to_owned(), ..Content::default() };
    let note = Note { id, version: 1, content, created_at: Time(0), updated_at: Time(0), updated_by: "a".into(), updated_from: "b".into() };
    let detail = Detail { id, synced: Some(note), draft: None, draft_base: None, parked: None, state: State::Synced, lock: None };
    let mut stage = stage(Box::new(Editor::open(id)));
    report(
        &format!("{name}: open and draw"),
        timed(1, || drop(stage.event(Event::News(Box::new(News::Opened(Box::new(detail.clone()))))))),
    );
    for (place, go) in [("start", "ctrl-home"), ("middle", "ctrl-home alt-g"), ("end", "ctrl-end")] {
        stage.keys(go);
        if place == "middle" {
            let half = body.lines().count() / 2;
            stage.keys("ctrl-u");
            stage.type_text(&format!("{half}\n"));
        }
        report(&format!("{name}: type at {place}"), timed(60, || drop(stage.keys("x"))));
    }
    report(&format!("{name}: backspace"), timed(60, || drop(stage.keys("backspace"))));
    report(&format!("{name}: page up"), timed(60, || drop(stage.keys("pageup"))));
    report(&format!("{name}: undo"), timed(60, || drop(stage.keys("ctrl-z"))));
}

fn main() {
    println!("{:<58} {:>9} {:>9}", "microseconds", "median", "slowest");
    let prose = "The quick brown fox jumps over the lazy dog and goes on for a while, 漢字 and é included. ".repeat(7) + "\n";
    editor("1 MB of prose", &prose.repeat(1_000_000 / prose.len()));
    editor("1 MB of short lines", &"a short line of some words, no more\n".repeat(28_000));
    editor("1 MB in one line, ASCII", &"word and word again ".repeat(50_000));
    editor("1 MB in one line, mixed", &"wörd and 漢字 again ".repeat(45_000));
    let row = |i: u128| Row {
        id: NoteId(Uuid::from_u128(i)),
        title: format!("Note {i} about {} and {}", ["travel", "food", "work", "music"][(i % 4) as usize], i * 7919 % 1000),
        tags: vec![format!("t{}", i % 50)],
        excerpt: "the first words of the note".to_owned(),
        state: State::Synced,
        updated_at: Time((i as i64 * 7_919_000_003) % 1_000_000_000_000),
        origin: "desktop".to_owned(),
        version: 1,
        bookmarked: false,
        lock: None,
        deleted: false,
    };
    let rows: Arc<Vec<Row>> = Arc::new((0..50_000).map(row).collect());
    let mut list = stage(Box::new(List::new()));
    report("50,000 notes: open the list and draw", timed(5, || drop(list.event(Event::News(Box::new(News::Rows(rows.clone())))))));
    report("50,000 notes: a row down", timed(60, || drop(list.keys("j"))));
    report("50,000 notes: one row changes", timed(20, || drop(list.event(Event::News(Box::new(News::RowIs(Box::new(row(777)))))))));
    list.keys("/");
    for letter in ["m", "u", "s", "7"] {
        report(&format!("50,000 notes: search, letter {letter:?}"), timed(1, || drop(list.keys(letter))));
    }
}
