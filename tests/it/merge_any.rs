//! Any keys, sizes and texts on the merge screen: no panic, the cursor on the screen, and what is saved is what the conflict's own value says.
//!
//! The oracle is a second conflict of the same texts that is given only the journal: so the journal is tried as well.

use diptych::client::handle::{Command, Parked};
use diptych::domain::note::{Content, Value};
use diptych::domain::settle::Settle;
use diptych::tui::message::{Effect, Event, Mouse, MouseKind};
use proptest::prelude::*;

use crate::merge_screen::{files_screen, parked};
use crate::property::tried;
use crate::stage::Play;

const KEYS: [&str; 58] = [
    "n",
    "p",
    "]",
    "[",
    "m",
    "t",
    "b",
    "B",
    "0",
    "x",
    "space",
    "space",
    "enter",
    "enter",
    "e",
    "r",
    "u",
    "ctrl-r",
    "a",
    ".",
    "y",
    "M",
    "T",
    "v",
    "=",
    "z",
    "/",
    "i",
    "w",
    "w",
    "j",
    "k",
    "pageup",
    "pagedown",
    "g",
    "G",
    "tab",
    "backtab",
    "f",
    "esc",
    "left",
    "down",
    "up",
    "home",
    "end",
    "backspace",
    "h",
    "U",
    "N",
    "W",
    "E",
    "?",
    ":",
    "delete",
    "l",
    "right",
    "ctrl-s",
    "F1",
];

/// What a step does: a key, the mouse, another size, something pasted.
#[derive(Clone, Debug)]
enum Step {
    Key(usize),
    Mouse(u8, u16, u16),
    Size(u16, u16),
    Paste(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        16 => (0..KEYS.len()).prop_map(Step::Key),
        3 => (0u8..5, 0u16..130, 0u16..45).prop_map(|(k, x, y)| Step::Mouse(k, x, y)),
        1 => (20u16..220, 5u16..60).prop_map(|(w, h)| Step::Size(w, h)),
        1 => prop_oneof![Just("pasted 漢字\n"), Just("\u{1b}[2J"), Just("")].prop_map(Step::Paste),
    ]
}

fn words() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    let word = prop_oneof![
        Just("a "),
        Just("word "),
        Just("漢字かな"),
        Just("👩‍👩‍👧‍👦"),
        Just("\n"),
        Just("\n\n"),
        Just("\r\n"),
        Just("\t"),
        Just("\u{1b}[2J"),
        Just("\u{202e}"),
        Just("e\u{301}"),
        Just("- x\n"),
        Just("`c` "),
        Just("# h\n"),
        Just("[l](u) "),
        Just("<<<<<<< \n"),
        Just("| a | b |\n")
    ];
    prop::collection::vec(prop::collection::vec(word, 0..40), 3)
}

fn press(p: &mut Play, step: &Step) -> Vec<Effect> {
    match step {
        Step::Key(n) => p.stage.keys(KEYS[*n]),
        Step::Size(w, h) => p.stage.event(Event::Resize(*w, *h)),
        Step::Paste(text) => p.stage.event(Event::Paste((*text).to_owned())),
        Step::Mouse(kind, x, y) => {
            use MouseKind::{Down, Drag, ScrollDown, ScrollUp, Up};
            let kind = [Down, Drag, Up, ScrollUp, ScrollDown][usize::from(*kind)];
            p.stage.event(Event::Mouse(Mouse { kind, x: *x, y: *y, shift: false, clicks: 1 }, None))
        }
    }
}

/// What was saved, and the last journal before it.
type Saved = Option<(Vec<u8>, Vec<u8>)>;

/// Presses everything and tells the screen what the loop would.
fn played(p: &mut Play, steps: &[Step]) -> Result<Saved, TestCaseError> {
    let mut journal = Vec::new();
    for step in steps {
        let mut effects = press(p, step);
        while let Some(effect) = effects.pop() {
            match effect {
                Effect::Write { tag: "merge-result", bytes, .. } => return Ok(Some((bytes, journal))),
                Effect::Write { tag, bytes, .. } => {
                    if tag == "merge-journal" {
                        journal = bytes;
                    }
                    effects.extend(p.stage.event(Event::Written { tag, result: Ok(()) }));
                }
                Effect::RunEditor { tag, text, .. } => {
                    effects.extend(p.stage.event(Event::EditorDone { tag, text: Ok(text + "edited\n") }))
                }
                _ => {}
            }
        }
        if let Some((x, y)) = p.cursor() {
            let area = p.stage.terminal.backend().buffer().area;
            prop_assert!(x < area.width && y < area.height, "the cursor is on the screen");
        }
    }
    Ok(None)
}

proptest! {
    #![proptest_config(tried(24))]

    #[test]
    fn any_keys_sizes_and_texts_on_files(words in words(), steps in prop::collection::vec(step(), 1..80), size in (20u16..220, 5u16..60)) {
        let texts = [0, 1, 2].map(|i| words[i].concat().into_bytes());
        let mut p = Play::on(files_screen(texts.clone(), &[]), size.0, size.1);
        let steps: Vec<Step> = steps.into_iter().chain(finish()).collect();
        let saved = played(&mut p, &steps)?;
        if let Some((bytes, journal)) = saved {
            let [b, m, t] = texts;
            let mut oracle = Settle::open(b, m, t, &[]);
            oracle.restore(&journal);
            prop_assert_eq!(oracle.result(), Some(bytes));
        }
    }

    #[test]
    fn any_keys_sizes_and_texts_on_a_note(words in words(), steps in prop::collection::vec(step(), 1..60), fields in prop::collection::vec(0i64..3, 3)) {
        let mut both = parked();
        let content = |n: usize, c: &Content| {
            let mut c = Content { body: words[n].concat(), ..c.clone() };
            c.fields.insert("price".to_owned(), Value::Int(fields[n]));
            c.deleted = n > 0 && fields[n] == 2;
            c
        };
        let base = both.base.as_mut().unwrap();
        base.content = content(0, &base.content);
        both.mine = content(1, &both.mine);
        both.theirs.content = content(2, &both.theirs.content);
        let mut p = Play::on(diptych::tui::merge::open(Box::new(both.clone()), &[]), 80, 24);
        let (mut journal, mut saved) = (Vec::new(), None);
        p.stage.keys("enter");
        'play: for step in steps.into_iter().chain(finish()) {
            for effect in press(&mut p, &step) {
                match effect {
                    Effect::Client(Command::Journal { journal: kept, .. }) => journal = kept,
                    Effect::Client(Command::Settle { content, .. }) if saved.is_none() => saved = Some((*content, journal.clone())),
                    // Left (the only screen there is), or kept as a new note.
                    Effect::Client(Command::Stop | Command::Save { .. } | Command::KeepAsNew { .. }) => break 'play,
                    _ => {}
                }
            }
        }
        if let Some((content, journal)) = saved {
            prop_assert_eq!(settle_again(&both, &journal), Some(content));
        }
    }
}

/// Keys that bring most cases to an end that saves.
fn finish() -> impl Iterator<Item = Step> {
    let key = |name| KEYS.iter().position(|k| *k == name).map(Step::Key);
    ["esc", "esc", "T", "y", "w", "y"].into_iter().filter_map(key)
}

fn settle_again(p: &Parked, journal: &[u8]) -> Option<Content> {
    let base = p.base.as_ref().map(|n| &n.content);
    let mut oracle = Settle::open_note(base, &p.mine, &p.theirs.content, &p.conflicts, &[]);
    oracle.restore(journal);
    if oracle.deletes() {
        oracle.choose_deleted();
    }
    oracle.content(base, &p.mine, &p.theirs.content)
}
