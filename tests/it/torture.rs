//! Random keys, sizes, pastes, mouse and news on every screen: no panic, the cursor on the screen, nothing raw drawn.

use std::sync::Arc;

use diptych::client::handle::{Connection, EntryState, Holder, News, OutboxRow, Parked, State, VersionRow};
use diptych::domain::audit::Figures;
use diptych::domain::note::{Content, FieldName, Value};
use diptych::tui::message::{Code, Event, Key, Mouse, MouseKind};
use proptest::prelude::*;

use crate::property::tried;
use crate::stage::{Play, at, detail, id, note, row, rows};

const TEXTS: [&str; 8] = [
    "",
    "# A\n\n- [ ] one\n- two\n\n> q\n```\ncode\n```\n",
    "one\r\ntwo\r\n\r\nthree",
    "漢字かな 👨‍👩‍👧‍👦 🇯🇵 e\u{301} ﾃﾞｰﾀ नमस्ते\n",
    "\u{1b}[31m\u{202e}\u{200b}\0\t\r\u{9b}x\n\r\n",
    "a very long line of many words that is wrapped several times over whatever the width of the terminal may be, and on\n",
    "unbreakableunbreakableunbreakableunbreakableunbreakableunbreakableunbreakable\n",
    "**bold** *em* `code` [a](b) http://x.y _u_ [ \\* ](",
];

fn keys() -> impl Strategy<Value = Key> {
    let special = prop::sample::select(vec![
        Code::Enter,
        Code::Esc,
        Code::Backspace,
        Code::Delete,
        Code::Tab,
        Code::BackTab,
        Code::Left,
        Code::Right,
        Code::Up,
        Code::Down,
        Code::Home,
        Code::End,
        Code::PageUp,
        Code::PageDown,
        Code::F(1),
        Code::F(2),
        Code::F(3),
    ]);
    let typed = prop::sample::select("abcdefghjklmnopqrstuvwxyzACDEGHLMRTW?/:#*=.-[]> 01漢é".chars().collect::<Vec<_>>());
    let code = prop_oneof![3 => special, 5 => typed.prop_map(Code::Char)];
    (code, prop::bool::weighted(0.15), prop::bool::weighted(0.08), prop::bool::weighted(0.1)).prop_map(|(code, ctrl, alt, shift)| {
        let shift = shift && !matches!(code, Code::Char(_) | Code::BackTab);
        Key { code, ctrl, alt, shift }
    })
}

fn news() -> impl Strategy<Value = News> {
    let text = || prop::sample::select(TEXTS.to_vec());
    let state = prop::sample::select(vec![State::Synced, State::SavedHere, State::Typed, State::NeedsYou]);
    prop_oneof![
        Just(rows()),
        Just(News::Rows(Arc::new(Vec::new()))),
        (1u128..12, text(), state).prop_map(|(n, t, s)| News::RowIs(Box::new(row(n, t, &["x"], s, 1)))),
        (1u128..6).prop_map(|n| News::RowGone(id(n))),
        (1u128..4, 1i64..5, text()).prop_map(|(n, v, t)| News::Opened(Box::new(detail(&note(n, v, "T", t))))),
        (1u128..4, 1i64..5, text()).prop_map(|(n, v, t)| News::Moved { note: Box::new(note(n, v, "T", t)), drafted: true }),
        (1u128..4, 1i64..5, text(), any::<Option<u8>>())
            .prop_map(|(n, v, t, r)| News::Synced(Box::new(note(n, v, "T", t)), r.map(u64::from))),
        (1u128..4, text(), text()).prop_map(|(n, a, b)| News::NeedsYou(Box::new(parked(n, a, b)))),
        (1u128..4, text(), text()).prop_map(|(n, a, b)| {
            let mut d = detail(&note(n, 3, "T", b));
            d.parked = Some(parked(n, a, b));
            News::Opened(Box::new(d))
        }),
        (1u128..4).prop_map(|n| News::History(id(n), vec![VersionRow { version: 2, at: at(0), by: "a".into(), from: "b".into() }; 3])),
        (1u128..4, text()).prop_map(|(n, t)| News::VersionIs(Box::new(note(n, 2, "T", t)))),
        Just(News::Outbox(vec![OutboxRow {
            entry: 1,
            id: id(1),
            title: "\u{1b}x".into(),
            what: "save".into(),
            state: EntryState::Waiting,
            attempts: 1,
            due: None,
            last_error: None
        }])),
        Just(News::Figures(
            Box::new(Figures {
                conflicts: 2,
                per_day: vec![("d".into(), 2); 100],
                by_field: [("note.body".into(), 2)].into(),
                ..Figures::default()
            }),
            Vec::new()
        )),
        Just(News::LockIs(id(1), Some(Holder { user: "u\u{202e}".into(), client: "c".into(), expires_at: at(1), me: false }))),
        Just(News::ConnectionIs(Connection::Offline { why: "no".into(), next: None })),
        Just(News::DeletionsHeld(3, 4)),
        text().prop_map(|t| News::Notice(t.to_owned())),
        text().prop_map(|t| News::Failed(Some(id(1)), t.to_owned())),
    ]
}

fn parked(n: u128, mine: &str, theirs: &str) -> Parked {
    let theirs = note(n, 3, "T\u{1b}", theirs);
    let mut content = Content { body: mine.to_owned(), ..theirs.content.clone() };
    content.fields.insert("price".to_owned(), Value::Int(3));
    Parked {
        id: id(n),
        base: Some(note(n, 2, "T", TEXTS[1])),
        mine: content,
        theirs,
        conflicts: vec![FieldName::Body, FieldName::Field("price".to_owned())],
        mine_at: at(-2),
        parked_at: at(-1),
        journal: Vec::new(),
        conflict_id: None,
        again: false,
    }
}

fn events() -> impl Strategy<Value = Event> {
    let kind = prop::sample::select(vec![MouseKind::Down, MouseKind::Drag, MouseKind::Up, MouseKind::ScrollUp, MouseKind::ScrollDown]);
    let done = (any::<bool>(), prop::sample::select(vec!["note", "hunk", "result"]), prop::sample::select(TEXTS.to_vec()));
    prop_oneof![
        30 => keys().prop_map(Event::Key),
        4 => (kind, 0u16..130, 0u16..45, any::<bool>()).prop_map(|(kind, x, y, shift)| Event::Mouse(Mouse { kind, x, y, shift, clicks: 1 }, None)),
        2 => prop::sample::select(TEXTS.to_vec()).prop_map(|t| Event::Paste(t.to_owned())),
        2 => (1u16..130, 1u16..45).prop_map(|(w, h)| Event::Resize(w, h)),
        8 => news().prop_map(|n| Event::News(Box::new(n))),
        1 => Just(Event::Tick),
        1 => prop::sample::select(TEXTS.to_vec()).prop_map(|t| Event::Coach(t.to_owned())),
        1 => done.prop_map(|(ok, tag, t)| Event::EditorDone { tag, text: if ok { Ok(t.to_owned()) } else { Err("no".to_owned()) } }),
    ]
}

/// How many screens a story may begin on.
const FIRST: usize = 12;

/// Goes to a screen and lets the client tell it what it asks for.
fn begin(play: &mut Play, first: usize) {
    let opened = |n| News::Opened(Box::new(detail(&note(n, 3, "T", TEXTS[1]))));
    let conflict = |play: &mut Play| {
        let mut d = detail(&note(1, 3, "T", TEXTS[2]));
        d.parked = Some(parked(1, TEXTS[5], TEXTS[3]));
        play.keys("ctrl-g");
        play.news(News::Opened(Box::new(d)));
    };
    match first {
        1 => drop(play.keys("down enter")),
        2 => drop(play.keys("c")),
        3 => conflict(play),
        4 => {
            conflict(play);
            play.keys("enter");
        }
        5 => {
            play.keys("down H");
            play.news(News::History(id(2), vec![VersionRow { version: 2, at: at(0), by: "a".into(), from: "b".into() }; 3]));
        }
        6 => drop(play.keys("o")),
        7 => drop(play.keys("A")),
        8 => drop(play.keys(": ?")),
        9 => {
            play.keys("down enter");
            play.news(opened(2));
            play.keys("f2");
        }
        10 => {
            play.keys("down enter");
            play.news(opened(2));
            play.keys("ctrl-r");
        }
        11 => drop(play.keys("/ a")),
        _ => {}
    }
}

/// Says now and then how many keys there were, when many were asked for.
fn count(script: &[Event]) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static STORIES: AtomicUsize = AtomicUsize::new(0);
    static KEYS: AtomicUsize = AtomicUsize::new(0);
    let keys = KEYS.fetch_add(script.iter().filter(|e| matches!(e, Event::Key(_))).count(), Ordering::Relaxed);
    if STORIES.fetch_add(1, Ordering::Relaxed) % 1000 == 999 {
        println!("{keys} keys");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 3000, ..tried(150) })]

    #[test]
    fn no_key_breaks_a_screen(first in 0..FIRST, script in prop::collection::vec(events(), 1..120)) {
        let mut play = Play::new(80, 24);
        play.news(rows());
        begin(&mut play, first);
        count(&script);
        for event in script {
            play.clock.set(play.clock.get() + 50_000);
            play.stage.event(event);
            let cursor = play.cursor();
            let size = play.stage.terminal.backend().buffer().area;
            prop_assert!(cursor.is_none_or(|(x, y)| x < size.width && y < size.height), "cursor at {cursor:?} of {size:?}");
            for cell in play.stage.terminal.backend().buffer().content() {
                prop_assert!(!cell.symbol().chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)), "{:?}", cell.symbol());
            }
        }
    }
}
