//! The merge screen by story (keys in, screens and commands out) and by property (any keys, sizes and texts).

use diptych::client::handle::{Command, News, Parked};
use diptych::domain::note::{Content, FieldName, Value};
use diptych::domain::refine::Class;
use diptych::domain::settle::{Labels, Settle};
use diptych::tui::merge::{self, Files, Job, Opened};
use diptych::tui::message::{Effect, Event, Mouse, MouseKind};
use diptych::tui::screen::Screen;
use insta::assert_snapshot;

use crate::stage::{Play, at, id, note};

const BASE: &str = "# Meeting\n\nThe meeting is on Monday at noon in room four, with the whole team.\n\n- bring the plan\n- bring cake\n\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n\n会議は月曜日の正午に四号室で行われます。\n\nThe end.\n";

pub fn mine() -> String {
    BASE.replace("on Monday", "on Thursday")
        .replace("cake\n", "cake\n- bring tea\n")
        .replace("月曜日", "木曜日")
        .replace("The end", "The very end")
        .replace("two", "two and a bit")
}

pub fn theirs() -> String {
    BASE.replace("room four", "room seven")
        .replace("cake\n", "cake\n- bring coffee\n")
        .replace("四号室", "七号室")
        .replace("The end", "The bitter end")
}

pub fn parked() -> Parked {
    let base = note(1, 3, "Meeting", BASE);
    let mine = Content { body: mine(), ..base.content.clone() };
    let mut theirs_note = note(1, 4, "Meeting", &theirs());
    theirs_note.updated_at = at(5);
    Parked {
        id: id(1),
        base: Some(base),
        mine,
        theirs: theirs_note,
        conflicts: vec![FieldName::Body],
        mine_at: at(2),
        parked_at: at(6),
        journal: Vec::new(),
        conflict_id: None,
        again: false,
    }
}

pub fn play(parked: Parked, columns: u16, rows: u16) -> Play {
    Play::on(merge::open(Box::new(parked), &["same".to_owned()]), columns, rows)
}

pub fn journal(commands: &[Command]) -> Option<Vec<u8>> {
    commands.iter().rev().find_map(|c| if let Command::Journal { journal, .. } = c { Some(journal.clone()) } else { None })
}

pub fn settled(commands: &[Command]) -> Option<(Content, String, [u32; 4])> {
    commands.iter().find_map(|c| match c {
        Command::Settle { content, outcome, hunks, .. } => Some(((**content).clone(), outcome.clone(), *hunks)),
        _ => None,
    })
}

#[test]
fn the_question_comes_first() {
    let mut p = play(parked(), 80, 24);
    assert_snapshot!(p.screen(), @r#"
     Two versions of this note                                              Meeting

      mine    laptop, 10:02
      theirs  ada on desktop, 10:05

      Both changed: text. 4 places ask, 2 with a proposal; 1 merged without
      asking.

      Enter  settle hunk by hunk
      m      keep mine
      t      keep theirs
      n      theirs here, mine as a new note
      Esc    later: both are kept

    ┌─ mine ───────────────────────────────┐┌─ theirs ─────────────────────────────┐
    │# Meeting                             ││# Meeting                             │
    │                                      ││                                      │
    │The meeting is on Thursday at noon in ││The meeting is on Monday at noon in   │
    │room four, with the whole team.       ││room seven, with the whole team.      │
    │                                      ││                                      │
    │- bring the plan                      ││- bring the plan                      │
    │- bring cake                          ││- bring cake                          │
    └──────────────────────────────────────┘└──────────────────────────────────────┘
    Enter hunk by hunk  m keep mine  t keep theirs  n new note  Esc later
    "#);
    let done = settled(&p.keys("m")).unwrap();
    assert_eq!((done.0.body, done.1.as_str()), (mine(), "mine"));
    let mut p = play(parked(), 80, 24);
    assert_eq!(settled(&p.keys("t")).unwrap().0.body, theirs());
    let mut p = play(parked(), 80, 24);
    assert!(matches!(p.keys("n").as_slice(), [Command::KeepAsNew { .. }, ..]));
}

#[test]
fn a_page_that_shrinks_keeps_the_place_in_sight() {
    let meeting = "The meeting is on Tuesday at noon in room four.";
    let mut parked = parked();
    let text = |first: &str, end: &str| format!("a1\n\n{first}\n\nz\n{end}");
    parked.base.as_mut().unwrap().content.body = text(meeting, "");
    parked.mine.body = text(&meeting.replace("Tues", "Thurs"), "mine end\n");
    parked.theirs.content.body = text(&meeting.replace("noon", "two"), "theirs end\n");
    let mut p = play(parked, 40, 12);
    p.keys("enter v v v enter");
    let at = |p: &Play| p.screen().lines().filter(|l| l.starts_with('▌')).collect::<Vec<_>>().join("\n");
    assert!(at(&p).contains("mine end"), "{}", p.screen());
    // What an editor brings back is shown in a field that takes rows away.
    let marked = "<<<<<<< mine\nmine end\n=======\ntheirs end\n>>>>>>> theirs\n".to_owned();
    p.stage.event(Event::EditorDone { tag: "merge-hunk", text: Ok(marked) });
    assert!(p.screen().contains("editing"), "{}", p.screen());
    p.keys("d");
    assert!(at(&p).contains("mine end"), "{}", p.screen());
}

#[test]
fn a_conflict_is_settled_hunk_by_hunk() {
    let mut p = play(parked(), 80, 24);
    p.keys("enter");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting                                   0 of 4 settled, 2 proposals
    ─── mine · laptop, 10:02 ───────────────┬ theirs · ada on desktop, 10:05 ───────
       # Meeting                            │# Meeting                             ┃
                                            │                                      !
    ▌? The meeting is on Thursday at noon in│The meeting is on Monday at noon in   ┃
    ▌  room four, with the whole team.      │room seven, with the whole team.      ┃
                                            │                                      ┃
       - bring the plan                     │- bring the plan                      ┃
       - bring cake                         │- bring cake                          ┃
     ! - bring tea                          │- bring coffee                        ┃
                                            │                                      !
       one                                  │one                                   ┃
     · two and a bit                        │two                                   ┃
       three                                │three                                 ┃
       four                                 │four                                  ┃
       ┄┄ 3 lines the same ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄!
       eight                                │eight                                 │
                                            │                                      │
     ? 会議は木曜日の正午に四号室で行われま │会議は月曜日の正午に七号室で行われま  │
       す。                                 │す。                                  !
    ── result · disjoint words proposed ? Enter accepts · 4 left ───────────────────
    ▌  The meeting is on Thursday at noon in room seven, with the whole team.

    n next  Enter accept  m mine  t theirs  b both  e edit  ? help  Space piece
    "#);
    let kept = journal(&p.keys("enter")).expect("each choice goes to the journal");
    p.keys("space");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting                                    2 of 4 settled, 1 proposal
    ─── mine · laptop, 10:02 ───────────────┬ theirs · ada on desktop, 10:05 ───────
       # Meeting                            │# Meeting                             ┃
                                            │                                      ┃
     ✓ The meeting is on Thursday at noon in│The meeting is on Monday at noon in   ┃
       room four, with the whole team.      │room seven, with the whole team.      ┃
                                            │                                      ┃
       - bring the plan                     │- bring the plan                      ┃
       - bring cake                         │- bring cake                          ┃
    ▌✓ - bring tea                          │- bring coffee                        ┃
                                            │                                      ┃
       one                                  │one                                   ┃
     · two and a bit                        │two                                   ┃
       three                                │three                                 ┃
       four                                 │four                                  ┃
       ┄┄ 3 lines the same ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄!
       eight                                │eight                                 │
                                            │                                      │
     ? 会議は木曜日の正午に四号室で行われま │会議は月曜日の正午に七号室で行われま  │
       す。                                 │す。                                  !
    ── result · mine ✓ · 2 left ────────────────────────────────────────────────────
    ▌  - bring tea

    n next  m mine  t theirs  b both  e edit  ? help  Space piece  u undo  v lens
    "#);
    p.keys("tab space");
    p.keys("n enter n t");
    assert!(p.screen().contains("4 of 4 settled"), "{}", p.screen());
    let commands = p.keys("w");
    assert_eq!(settled(&commands), None, "the verdict asks first");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting                                                4 of 4 settled
    ─── mine · laptop, 10:02 ───────────────┬ theirs · ada on desktop, 10:05 ───────
     ✓ The meeting is on Thursday at noon in│The meeting is on Monday at noon in   ┃
       room four, with the whole team.      │room seven, with the whole team.      ┃
                                            │                                      ┃
       - bring the plan                     │- bring the plan                      ┃
       - bring cake                         │- bring cake                          ┃
     ✓ - bring tea                          │- bring coffee                        ┃
            ┌─ The result does not hold all of both sides ─────────────────┐       ┃
       one  │ dropped: mine added “very”                                   │       ┃
     · two a│                                                              │       ┃
       three│ y  save it so                                                │       ┃
       four │ n  back                                                      │       ┃
       ┄┄ 3 └──────────────────────────────────────────────────────────────┘┄┄┄┄┄┄┄┃
       eight                                │eight                                 ┃
                                            │                                      ┃
     ✓ 会議は木曜日の正午に四号室で行われま │会議は月曜日の正午に七号室で行われま  ┃
       す。                                 │す。                                  ┃
                                            │                                      ┃
    ▌✓ The very end.                        │The bitter end.                       ┃
    ── result · theirs ✓ · all settled: w saves ────────────────────────────────────
    ▌  The bitter end.

    w save  m mine  t theirs  b both  e edit  ? help  Space piece  u undo  v lens
    "#);
    let (content, outcome, hunks) = settled(&p.keys("y")).unwrap();
    assert_eq!((outcome.as_str(), hunks), ("merged", [0, 1, 1, 2]));
    assert!(content.body.contains("on Thursday at noon in room seven"));
    assert!(content.body.contains("- bring tea\n- bring coffee\n"));
    assert!(content.body.contains("木曜日の正午に七号室"));
    assert!(content.body.ends_with("The bitter end.\n"));
    // After a crash the same screen comes back.
    let again = play(Parked { journal: kept, ..parked() }, 80, 24);
    assert!(again.screen().contains("1 of 4 settled"), "{}", again.screen());
}

#[test]
fn three_columns_on_a_wide_screen() {
    let mut p = play(parked(), 120, 40);
    p.keys("enter");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting                                                                           0 of 4 settled, 2 proposals
    ─── mine · laptop, 10:02 ────────────────┬ result ──────────────────────────────┬ theirs · ada on desktop, 10:05 ───────
       # Meeting                             │# Meeting                             │# Meeting
                                             │                                      │
    ▌? The meeting is on Thursday at noon in │The meeting is on Thursday at noon in │The meeting is on Monday at noon in   !
    ▌  room four, with the whole team.       │room seven, with the whole team.      │room seven, with the whole team.      │
                                             │                                      │
       - bring the plan                      │- bring the plan                      │- bring the plan
       - bring cake                          │- bring cake                          │- bring cake
     ! - bring tea                           │‹ open: choose ›                      │- bring coffee                        !
                                             │                                      │
       one                                   │one                                   │one
     · two and a bit                         │two and a bit                         │two
       three                                 │three                                 │three
       four                                  │four                                  │four
       ┄┄ 3 lines the same ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
       eight                                 │eight                                 │eight
                                             │                                      │
     ? 会議は木曜日の正午に四号室で行われま  │会議は木曜日の正午に七号室で行われま  │会議は月曜日の正午に七号室で行われま  !
       す。                                  │す。                                  │す。                                  │
                                             │                                      │
     ! The very end.                         │‹ open: choose ›                      │The bitter end.                       !
















    ── disjoint words proposed ? Enter accepts · 4 left ────────────────────────────────────────────────────────────────────
    n next  Enter accept  m mine  t theirs  b both  e edit  ? help  Space piece  u undo  v lens  i why  U unasked  q later
    "#);
}

#[test]
fn all_of_it_on_a_small_screen() {
    let mut p = play(parked(), 40, 12);
    assert_snapshot!(p.screen(), @r#"
     Two versions of this note      Meeting

      mine    laptop, 10:02
      theirs  ada on desktop, 10:05
      Both changed: text. 4 places ask, 2
      with a proposal; 1 merged without
      asking.
      Enter  settle hunk by hunk
      m      keep mine
      t      keep theirs
      n      theirs here, mine as a new n…
    Enter hunk by hunk  m keep mine
    "#);
    p.keys("enter enter");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting    1 of 4, 1 proposal
    ─── mine, 10:02 ───── theirs, 10:05 ────
       - bring the plan                    │
       - bring cake                        │
    ▌! mine                                ┃
    ▌  - bring tea                         !
    ▌  theirs                              │
    ▌  - bring coffee                      │
                                           !
       one                                 │
    ── open, choose · 3 left ───────────────
    n next  m mine  t theirs  b both
    "#);
    p.keys("v f f");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting    1 of 4, 1 proposal
    ─── mine, 10:02 ───── theirs, 10:05 ────
                                           │
       - bring the plan                    │
       - bring cake                        ┃
    ▌! theirs: open, choose                !
    ▌  - bring coffee                      ┃
                                           │
       one                                 !
     · theirs: only mine changed           │
    ── open, choose · 3 left ───────────────
    Shown: theirs
    "#);
    p.keys("enter e");
    p.types("typed ");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting        3 of 4 settled
    ─── mine, 10:02 ───── theirs, 10:05 ────
       eight                               │
                                           │
    ▌✓ result: typed ✓                     │
    ▌  typed 会議は木曜日の正午に七号室で行┃
    ▌  われます。                          ┃
                                           !
    ── editing the result · Esc ends ─── ⋯ ─
    ▎  typed 会議は木曜日の正午に七号室で行
    ▎  われます。
    Shown: theirs
    "#);
    assert!(p.cursor().is_some());
    p.keys("esc");
    assert!(p.screen().contains("3 of 4"), "{}", p.screen());
}

#[test]
fn what_is_open_cannot_be_saved_and_what_is_typed_is_one_step() {
    let mut p = play(parked(), 80, 24);
    p.keys("enter w");
    assert!(p.screen().contains("4 places are still open"), "{}", p.screen());
    p.keys("p e ctrl-home");
    let kept = journal(&p.types("So: ")).unwrap();
    p.keys("backspace esc");
    assert!(p.screen().contains("typed ✓"), "{}", p.screen());
    assert!(String::from_utf8_lossy(&kept).contains("So: "));
    p.keys("u");
    assert!(p.screen().contains("0 of 4 settled"), "{}", p.screen());
    p.keys("ctrl-r");
    assert!(p.screen().contains("1 of 4 settled"), "{}", p.screen());
}

#[test]
fn all_that_is_open_at_once_asks_and_is_one_step() {
    let mut p = play(parked(), 80, 24);
    p.keys("enter M");
    assert!(p.screen().contains("Mine for all 4 that are open?"), "{}", p.screen());
    p.keys("y");
    assert!(p.screen().contains("4 of 4 settled"));
    p.keys("u a");
    assert!(p.screen().contains("2 of 4 settled"), "{}", p.screen());
    p.keys("n m n .");
    assert!(p.screen().contains("4 of 4 settled"), "{}", p.screen());
}

#[test]
fn a_second_refusal_asks_only_what_is_new() {
    let mut p = play(parked(), 80, 24);
    p.keys("enter enter n b n t");
    let mut newer = parked();
    newer.theirs.version = 5;
    newer.theirs.content.body = theirs().replace("two", "two and a half");
    p.news(News::NeedsYou(Box::new(newer)));
    let screen = p.screen();
    assert!(screen.contains("Theirs moved on: 3 choices kept; 1 place is new."), "{screen}");
    assert!(screen.contains("two and a half"), "{screen}");
}

#[test]
fn theirs_moved_on_after_it_was_settled() {
    use diptych::client::handle::State;
    let mut p = Play::new(80, 24);
    let before = parked();
    let open = |p: &mut Play, parked: &Parked| {
        p.news(News::NeedsYou(Box::new(parked.clone())));
        p.keys("ctrl-g");
        p.news(News::Opened(Box::new(crate::stage::detail_parked(parked))));
    };
    open(&mut p, &before);
    let (settled, ..) = settled(&p.keys("m")).unwrap();
    // What was settled is mine now, the former theirs the base; only what moved since asks.
    let mut newer = Parked { base: Some(before.theirs.clone()), mine: settled, again: true, ..before.clone() };
    newer.theirs.version += 1;
    newer.theirs.content.body = newer.theirs.content.body.replace("bitter", "bittersweet");
    p.wait(60_000);
    p.news(News::RowIs(Box::new(crate::stage::row(1, "Meeting", &[], State::NeedsYou, 0))));
    p.news(News::NeedsYou(Box::new(newer.clone())));
    assert!(p.screen().contains("Theirs moved on after you settled \"Meeting\""), "{}", p.screen());
    p.keys("ctrl-g");
    p.news(News::Opened(Box::new(crate::stage::detail_parked(&newer))));
    assert_snapshot!(p.screen(), @r#"
     Two versions of this note                                              Meeting

      mine    laptop, 10:02
      theirs  ada on desktop, 10:05

      Theirs moved on after you settled. What you settled is mine now, and is not
      asked again. 1 new place asks.

      Enter  settle hunk by hunk
      m      keep mine
      t      keep theirs
      n      theirs here, mine as a new note
      Esc    later: both are kept

    ┌─ mine ───────────────────────────────┐┌─ theirs ─────────────────────────────┐
    │# Meeting                             ││# Meeting                             │
    │                                      ││                                      │
    │The meeting is on Thursday at noon in ││The meeting is on Monday at noon in   │
    │room four, with the whole team.       ││room seven, with the whole team.      │
    │                                      ││                                      │
    │- bring the plan                      ││- bring the plan                      │
    │- bring cake                          ││- bring cake                          │
    └──────────────────────────────────────┘└──────────────────────────────────────┘
    Theirs moved on after you settled "Meeting": Ctrl-G shows what is new.
    "#);
    p.keys("enter");
    assert!(p.screen().contains("0 of 1 settled"), "{}", p.screen());
}

#[test]
fn links_are_styled_and_what_is_found_can_be_anywhere() {
    let link = |word: &str| format!("see [the {word} page](https://example.org) and `code`\n").into_bytes();
    let mut p = files(&link("old"), &link("new"), &link("old"));
    p.stage.keys("]");
    let theme = diptych::tui::theme::Theme::built_in("dark", true).unwrap();
    let style = theme.get(diptych::tui::theme::Role::Link);
    let buffer = p.stage.terminal.backend().buffer();
    assert!(buffer.content().iter().any(|c| c.symbol() == "h" && Some(c.fg) == style.fg), "{}", p.screen());
    p.stage.keys("/");
    p.stage.type_text("nowhere at all\n");
    assert!(p.screen().contains("nowhere at all is nowhere"), "{}", p.screen());
}

#[test]
fn what_was_not_asked_is_listed_and_undone_one_by_one() {
    let mut p = play(parked(), 80, 24);
    p.keys("enter U");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting                                   0 of 4 settled, 2 proposals
    ── 1 merged without asking ─────────────────────────────────────────────────────
     · line 10     only mine changed       added “and a bit” in “two and a bit”




















    Enter go there  x undo or redo it  Esc back
    "#);
    let kept = journal(&p.keys("x")).expect("it is a choice like any other");
    assert!(p.screen().contains("0 merged without asking") && p.screen().contains("base ✓"), "{}", p.screen());
    p.keys("x");
    assert!(p.screen().contains("1 merged without asking"), "{}", p.screen());
    p.keys("enter");
    assert!(p.screen().lines().any(|l| l.starts_with("▌· two and a bit")), "{}", p.screen());
    p.keys("U x esc");
    assert!(p.screen().lines().any(|l| l.starts_with("▌✓ two and a bit")), "{}", p.screen());
    let again = play(Parked { journal: kept, ..parked() }, 40, 12);
    assert!(again.screen().contains("0 of 4"), "{}", again.screen());
}

#[test]
fn choices_that_cannot_be_kept_are_tried_again_and_not_left_by_chance() {
    let full = || Event::Written { tag: "merge-journal", result: Err("The disk is full.".to_owned()) };
    let mut p = files(b"a\n", b"b\n", b"c\n");
    let first = writes(p.stage.keys("m"));
    assert!(writes(p.stage.event(full())).is_empty());
    assert!(p.screen().contains("only in memory") && p.screen().contains("1 of 1 settled"), "{}", p.screen());
    let again = {
        p.clock.set(p.clock.get() + 2_000_000);
        writes(p.stage.event(Event::Tick))
    };
    assert_eq!(again, first, "the same is tried again after a while");
    p.stage.event(full());
    p.stage.keys("q");
    assert!(p.screen().contains("The choices could not be kept"), "{}", p.screen());
    assert_eq!(writes(p.stage.keys("r")), first);
    let quit = p.stage.event(Event::Written { tag: "merge-journal", result: Ok(()) });
    assert!(matches!(quit[..], [Effect::Client(Command::Stop)]), "{quit:?}");
    // The result is written: the journal has done its work.
    let mut p = files(b"a\n", b"b\n", b"c\n");
    p.stage.keys("m");
    p.stage.keys("w y");
    assert!(p.stage.event(Event::Written { tag: "merge-result", result: Ok(()) }).is_empty(), "a journal is still being written");
    let ended = p.stage.event(Event::Written { tag: "merge-journal", result: Ok(()) });
    assert!(matches!(ended.first(), Some(Effect::Remove(path)) if path.ends_with("journal")), "{ended:?}");
}

#[test]
fn choices_of_a_note_that_find_no_room_are_tried_again_and_not_left_by_chance() {
    let full = |p: &mut Play| p.news(News::Failed(Some(parked().id), "The disk is full. Free some space.".to_owned()));
    let kept = |commands: &[Command]| {
        commands.iter().find_map(|c| if let Command::Journal { journal, .. } = c { Some(journal.clone()) } else { None })
    };
    let mut p = play(parked(), 80, 24);
    p.keys("enter");
    let first = kept(&p.keys("m")).unwrap();
    full(&mut p);
    assert!(p.screen().contains("The disk is full"), "{}", p.screen());
    assert_eq!(kept(&p.wait(2_500)), Some(first.clone()), "the same is tried again after a while");
    p.news(News::ChoicesKept(parked().id));
    assert!(p.screen().contains("There is room again: your choices are kept."), "{}", p.screen());
    assert_eq!(kept(&p.wait(2_500)), None, "and no more once they are kept");
    full(&mut p);
    p.keys("q");
    assert!(p.screen().contains("The choices could not be kept"), "{}", p.screen());
    assert_eq!(kept(&p.keys("r")), Some(first));
    full(&mut p);
    let commands = p.keys("w");
    assert!(
        settled(&commands).is_none() && kept(&commands).is_some() && p.screen().contains("make room on the disk first"),
        "{}",
        p.screen()
    );
    p.news(News::ChoicesKept(parked().id));
    p.keys("q");
    assert!(!p.screen().contains("could not be kept"), "{}", p.screen());
}

#[test]
fn a_long_notice_is_read_whole_at_any_size_and_the_screen_gives_it_room() {
    let say = "The choices are only in memory: make room on the disk first, then save again.";
    for (columns, rows) in [(40, 12), (60, 24)] {
        let mut p = play(parked(), columns, rows);
        p.keys("enter");
        p.stage.event(Event::Coach("Choose a side for each place; then save, and the note is one again on every device.".to_owned()));
        p.news(News::Failed(None, say.to_owned()));
        let screen = p.screen();
        let words: Vec<&str> = screen.split_whitespace().collect();
        assert!(words.join(" ").contains(say), "{screen}");
        assert!(screen.contains("result ·") || screen.contains("left"), "the pane still stands above it:\n{screen}");
        p.wait(20_000);
        assert!(!p.screen().contains("make room"), "{}", p.screen());
    }
}

#[test]
fn fields_and_a_deletion_are_rows() {
    let mut both = parked();
    both.mine.fields.insert("price_cents".to_owned(), Value::Int(115_000));
    both.theirs.content.fields.insert("price_cents".to_owned(), Value::Int(120_000));
    both.mine.tags = vec!["work".to_owned()];
    both.conflicts.push(FieldName::Field("price_cents".to_owned()));
    let mut p = play(both, 80, 24);
    p.keys("enter");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting                                   0 of 5 settled, 2 proposals
    ─── mine · laptop, 10:02 ───────────────┬ theirs · ada on desktop, 10:05 ───────
     · tags: mine, not asked                                                       ┃
       #work                                │                                      !
    ▌! fields.price_cents: choose · base (none)                                    ┃
    ▌  115000                               │120000                                ┃
       # Meeting                            │# Meeting                             ┃
                                            │                                      ┃
     ? The meeting is on Thursday at noon in│The meeting is on Monday at noon in   ┃
       room four, with the whole team.      │room seven, with the whole team.      ┃
                                            │                                      !
       - bring the plan                     │- bring the plan                      ┃
       - bring cake                         │- bring cake                          ┃
     ! - bring tea                          │- bring coffee                        │
                                            │                                      │
       one                                  │one                                   !
     · two and a bit                        │two                                   │
       three                                │three                                 │
       four                                 │four                                  │
       ┄┄ 3 lines the same ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄!
    ── result · fields.price_cents: choose · 5 left ────────────────────────────────
    ▌  ‹ open: choose ›

    n next  m mine  t theirs  0 base  e edit  ? help  u undo  v lens  i why
    "#);
    p.keys("t");
    assert!(p.screen().contains("1 of 5 settled"), "{}", p.screen());

    let mut gone = parked();
    gone.theirs.content = Content { deleted: true, ..gone.base.clone().unwrap().content };
    gone.conflicts = vec![FieldName::Deleted];
    let mut p = play(gone.clone(), 80, 24);
    assert_snapshot!(p.screen(), @r#"
     Two versions of this note                                              Meeting

      mine    laptop, 10:02
      theirs  ada on desktop, 10:05

      They deleted this note; you: kept, 9 words changed.

      Enter  settle hunk by hunk
      m      keep mine
      t      delete the note
      n      deleted here, mine as a new note
      Esc    later: both are kept

    ┌─ mine ───────────────────────────────┐┌─ theirs ─────────────────────────────┐
    │# Meeting                             ││# Meeting                             │
    │                                      ││                                      │
    │The meeting is on Thursday at noon in ││The meeting is on Monday at noon in   │
    │room four, with the whole team.       ││room four, with the whole team.       │
    │                                      ││                                      │
    │- bring the plan                      ││- bring the plan                      │
    │- bring cake                          ││- bring cake                          │
    │- bring tea                           ││                                      │
    └──────────────────────────────────────┘└──────────────────────────────────────┘
    Enter hunk by hunk  m keep mine  t delete the note  n new note  Esc later
    "#);
    assert!(settled(&p.keys("t")).unwrap().0.deleted);
    let mut p = play(gone.clone(), 80, 24);
    assert!(!settled(&p.keys("m")).unwrap().0.deleted);
    let mut p = play(gone.clone(), 80, 24);
    p.keys("enter t");
    assert!(settled(&p.keys("w")).unwrap().0.deleted);
    let mut p = play(gone, 80, 24);
    p.keys("enter");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting                                                0 of 1 settled
    ─── mine · laptop, 10:02 ───────────────┬ theirs · ada on desktop, 10:05 ───────
    ▌! note: choose · base kept                                                    ┃
    ▌  kept, 9 words changed                │deleted                               ┃
       # Meeting                            │# Meeting                             ┃
                                            │                                      ┃
     · The meeting is on Thursday at noon in│The meeting is on Monday at noon in   ┃
       room four, with the whole team.      │room four, with the whole team.       ┃
                                            │                                      ┃
       - bring the plan                     │- bring the plan                      ┃
       - bring cake                         │- bring cake                          ┃
     · - bring tea                          │                                      ┃
                                            │                                      ┃
       one                                  │one                                   │
     · two and a bit                        │two                                   │
       three                                │three                                 │
       four                                 │four                                  │
       ┄┄ 3 lines the same ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄│
       eight                                │eight                                 │
                                            │                                      │
    ── result · note: m keeps it, t deletes it, N makes a new note · 1 left ────────
    ▌  ‹ open: choose ›

    n next  m mine  t theirs  N new note  ? help  u undo  v lens  i why  U unasked
    "#);
    p.keys("N");
    assert!(p.screen().contains("deleted here, mine as a new note"), "{}", p.screen());
    assert!(matches!(p.keys("y").as_slice(), [Command::KeepAsNew { .. }, ..]));

    // The other way round: theirs is what becomes a new note, the deletion stands.
    let mut ours = parked();
    ours.mine = Content { deleted: true, ..ours.base.clone().unwrap().content };
    ours.conflicts = vec![FieldName::Deleted];
    for keys in ["n", "enter N y"] {
        let mut p = play(ours.clone(), 80, 24);
        assert!(p.screen().contains("You deleted this note; they: kept, 6 words changed."), "{}", p.screen());
        assert!(p.screen().contains("m delete the note  t keep theirs"), "{}", p.screen());
        let commands = p.keys(keys);
        let [Command::Save { content, .. }, Command::Settle { content: here, .. }, ..] = &commands[..] else { panic!("{commands:?}") };
        assert_eq!((content.body.as_str(), content.deleted, here.deleted), (theirs().as_str(), false, true));
    }
    for (key, deleted) in [("t", false), ("m", true)] {
        let mut p = play(ours.clone(), 80, 24);
        assert_eq!(settled(&p.keys(key)).unwrap().0.deleted, deleted);
        let mut p = play(ours.clone(), 80, 24);
        p.keys("enter");
        p.keys(key);
        assert_eq!(settled(&p.keys("w y")).unwrap().0.deleted, deleted, "{}", p.screen());
    }
}

#[test]
fn a_value_can_be_typed_into_a_row() {
    let mut both = parked();
    both.mine.fields.insert("price_cents".to_owned(), Value::Int(115_000));
    both.theirs.content.fields.insert("price_cents".to_owned(), Value::Int(120_000));
    both.conflicts = vec![FieldName::Field("price_cents".to_owned())];
    let mut p = play(both, 80, 24);
    p.keys("enter e");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting                                   0 of 5 settled, 2 proposals
    ─── mine · laptop, 10:02 ───────────────┬ theirs · ada on desktop, 10:05 ───────
    ▌! fields.price_cents: choose · base (none)                                    ┃
    ▌  115000                               │120000                                !
       # Meeting                            │# Meeting                             ┃
                                            │                                      ┃
     ? The meeting is on Thursday at noon in│The meeting is on Monday at noon in   ┃
       room four, with the whole team.      │room seven, with the whole team.      ┃
            ┌─ A value for fields.price_cents ─────────────────────────────┐       ┃
       - bri│ base: (none)                                                 │       ┃
       - bri│ mine: 115000                                                 │       !
     ! - bri│ theirs: 120000                                               │       ┃
            │                                                              │       ┃
       one  │ 115000                                                       │       │
     · two a└──────────────────────────────────────────────────────────────┘       │
       three                                │three                                 !
       four                                 │four                                  │
       ┄┄ 3 lines the same ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄│
       eight                                │eight                                 │
                                            │                                      !
    ── result · fields.price_cents: choose · 5 left ────────────────────────────────
    ▌  ‹ open: choose ›

    n next  m mine  t theirs  0 base  e edit  ? help  u undo  v lens  i why
    "#);
    p.keys("ctrl-u");
    let kept = journal(&p.types("117500\n")).expect("it is kept like any choice");
    assert!(p.screen().contains("fields.price_cents: typed 117500 ✓"), "{}", p.screen());
    assert!(!kept.is_empty());
    p.keys("M y w");
    let (content, ..) = settled(&p.keys("y")).unwrap();
    assert_eq!(content.fields["price_cents"], Value::Int(117_500));
}

#[test]
fn endings_changed_both_ways_ask() {
    let mut p = files(b"a\nb\nc\n", b"a\r\nb\r\nc\r\n", b"a\r\nb\nc\n");
    assert!(p.screen().contains("line endings: choose"), "{}", p.screen());
    p.stage.keys("m");
    p.stage.keys("T y w");
    let written = writes(p.stage.keys("y"));
    assert_eq!(written.last().map(|w| w.1.as_slice()), Some(&b"a\r\nb\r\nc\r\n"[..]), "{}", p.screen());
}

#[test]
fn the_mouse_says_where_and_then_what() {
    let mut p = play(parked(), 80, 24);
    p.keys("enter");
    let find = |p: &Play, what: &str| {
        let screen = p.screen();
        let (y, line) = screen.lines().enumerate().find(|(_, l)| l.contains(what)).unwrap();
        let x = diptych::domain::text::width(&line[..line.find(what).unwrap()]);
        (u16::try_from(x).unwrap(), u16::try_from(y).unwrap())
    };
    let press = |p: &mut Play, (x, y): (u16, u16)| {
        p.stage.event(Event::Mouse(Mouse { kind: MouseKind::Down, x, y, shift: false, clicks: 1 }, None));
    };
    let at = find(&p, "- bring coffee");
    press(&mut p, at);
    assert!(p.screen().contains("0 of 4"), "the first press only looks");
    press(&mut p, at);
    assert!(p.screen().contains("1 of 4 settled"), "{}", p.screen());
    p.stage.event(Event::Mouse(Mouse { kind: MouseKind::ScrollDown, x: 5, y: 5, shift: false, clicks: 1 }, None));
    p.keys("G");
    let at = find(&p, "bitter");
    press(&mut p, at);
    press(&mut p, at);
    assert!(p.screen().contains("2 of 4 settled"), "a press on a piece toggles it: {}", p.screen());
    assert!(p.screen().contains("theirs ✓"), "{}", p.screen());
    let undo = find(&p, "u undo");
    press(&mut p, undo);
    assert!(p.screen().contains("1 of 4 settled"), "a press on the bottom line does what it says: {}", p.screen());
    press(&mut p, (79, 2));
    assert!(p.screen().contains("# Meeting"), "a press on the overview goes there: {}", p.screen());
    let divider = find(&p, "│");
    press(&mut p, divider);
    p.stage.event(Event::Mouse(Mouse { kind: MouseKind::Drag, x: 20, y: divider.1, shift: false, clicks: 1 }, None));
    assert!(find(&p, "│").0 < divider.0, "the divider follows");
}

#[test]
fn the_wheel_scrolls_and_nothing_else() {
    let text = |word: &str| (0..60).map(|n| format!("line {n} {}\n", if n % 2 == 0 { word } else { "same" })).collect::<String>();
    let mut p = files(text("base").as_bytes(), text("mine").as_bytes(), text("theirs").as_bytes());
    let top = |p: &Play| {
        let screen = p.screen();
        let line = screen.lines().nth(2).unwrap().split("line ").nth(1).unwrap().to_owned();
        line.split(' ').next().unwrap().parse::<usize>().unwrap()
    };
    let wheel = |p: &mut Play, kind| {
        assert!(p.stage.event(Event::Mouse(Mouse { kind, x: 5, y: 5, shift: false, clicks: 1 }, None)).is_empty());
    };
    let start = top(&p);
    wheel(&mut p, MouseKind::ScrollDown);
    wheel(&mut p, MouseKind::ScrollDown);
    assert_eq!(top(&p), start + 6, "{}", p.screen());
    wheel(&mut p, MouseKind::ScrollUp);
    assert_eq!(top(&p), start + 3, "{}", p.screen());
    assert!(p.screen().contains("0 of 30 settled"), "{}", p.screen());
}

#[test]
fn code_between_fences_is_styled_as_code_wherever_the_fence_is() {
    let text = |word: &str| format!("# A\n\n```\n{}- {word} code\n```\n\n- {word} item\n", "- more\n".repeat(40));
    let p = files(text("base").as_bytes(), text("mine").as_bytes(), text("base").as_bytes());
    let theme = diptych::tui::theme::Theme::built_in("dark", true).unwrap();
    let look = |what: &str| {
        let screen = p.screen();
        let (y, line) = screen.lines().enumerate().find(|(_, l)| l.contains(what)).unwrap();
        let x = diptych::domain::text::width(&line[..line.find(what).unwrap()]);
        p.stage.terminal.backend().buffer()[(u16::try_from(x).unwrap(), u16::try_from(y).unwrap())].fg
    };
    let is = |role| theme.get(role).fg.unwrap();
    use diptych::tui::theme::Role;
    assert_eq!(look("- mine code"), is(Role::Code), "{}", p.screen());
    assert_eq!(look("- mine item"), is(Role::Bullet), "{}", p.screen());
}

#[test]
fn a_wide_screen_has_room_for_all_three() {
    let mut p = play(parked(), 200, 50);
    p.keys("enter");
    let screen = p.screen();
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(lines.len(), 50);
    assert!(lines.iter().all(|l| diptych::domain::text::width(l) <= 200));
    assert_snapshot!(lines[..8].join("\n"), @r"
     settle · Meeting                                                                                                                                                           0 of 4 settled, 2 proposals
    ─── mine · laptop, 10:02 ──────────────────────────────────────────┬ result ────────────────────────────────────────────────────────┬ theirs · ada on desktop, 10:05 ───────────────────────────────────
       # Meeting                                                       │# Meeting                                                       │# Meeting
                                                                       │                                                                │
    ▌? The meeting is on Thursday at noon in room four, with the whole │The meeting is on Thursday at noon in room seven, with the whole│The meeting is on Monday at noon in room seven, with the whole    !
    ▌  team.                                                           │team.                                                           │team.                                                             │
                                                                       │                                                                │
       - bring the plan                                                │- bring the plan                                                │- bring the plan
    ");
    assert!(lines[48].starts_with("── disjoint words proposed ? Enter accepts · 4 left ──"), "{screen}");
    assert!(lines[49].starts_with("n next  Enter accept  m mine  t theirs") && lines[49].contains("q later"), "{screen}");
}

#[test]
fn a_hunk_too_long_for_words_says_that_its_pieces_are_lines() {
    let text = |word: &str| format!("start\n{}end\n", format!("{word} words\n").repeat(20_000));
    let mut p = files(text("base").as_bytes(), text("mine").as_bytes(), text("theirs").as_bytes());
    p.stage.keys("i");
    assert!(p.screen().contains("pieces are whole lines"), "{}", p.screen());
}

#[test]
fn what_others_wrote_is_drawn_never_obeyed() {
    let mut evil = parked();
    evil.theirs.content.body = "a\u{1b}]0;title\u{7}\u{202e}b\u{9b}31m\tc\u{200b}\n".to_owned();
    evil.mine.body = "a\n\u{0}\n".to_owned();
    let mut p = play(evil, 80, 24);
    p.keys("enter");
    let screen = p.screen();
    assert!(screen.contains('␛') && screen.contains("‹202E›") && screen.contains('␀'), "{screen}");
    assert!(!screen.chars().any(|c| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c)), "{screen:?}");
}

#[test]
fn why_and_search_and_change_from_base() {
    let mut p = play(parked(), 80, 24);
    p.keys("enter i");
    assert_snapshot!(p.screen(), @r#"
     settle · Meeting                                   0 of 4 settled, 2 proposals
    ─── mine · laptop, 10:02 ───────────────┬ theirs · ada on desktop, 10:05 ───────
       # Meeting                            │# Meeting                             ┃
                                            │                                      !
    ▌? The meeting is on Thursday at noon in│The meeting is on Monday at noon in   ┃
    ▌  room four, with the whole team.      │room seven, with the whole team.      ┃
            ┌─ disjoint words proposed ────────────────────────────────────┐       ┃
       - bri│ The sides changed different words, with unchanged ones       │       ┃
       - bri│ between.                                                     │       ┃
     ! - bri│ mine · laptop, 10:02                                         │       ┃
            │ theirs · ada on desktop, 10:05                               │       !
       one  │ base · version 3                                             │       ┃
     · two a│ 1 merged without asking: U lists what.                       │       ┃
       three│                                                              │       ┃
       four │ Esc  close                                                   │       ┃
       ┄┄ 3 └──────────────────────────────────────────────────────────────┘┄┄┄┄┄┄┄!
       eight                                │eight                                 │
                                            │                                      │
     ? 会議は木曜日の正午に四号室で行われま │会議は月曜日の正午に七号室で行われま  │
       す。                                 │す。                                  !
    ── result · disjoint words proposed ? Enter accepts · 4 left ───────────────────
    ▌  The meeting is on Thursday at noon in room seven, with the whole team.

    n next  Enter accept  m mine  t theirs  b both  e edit  ? help  Space piece
    "#);
    p.keys("esc =");
    assert!(p.screen().contains("MondayThursday"), "{}", p.screen());
    p.keys("= /");
    p.types("seven\n");
    p.keys("/ enter");
    assert!(p.screen().contains("seven"), "{}", p.screen());
    // Capitals matter where one was typed.
    for (needle, is_there) in [("MEETING", false), ("meeting", true), ("Meeting", true), ("mEETING", false), ("会議", true)] {
        p.keys("/");
        p.types(&format!("{needle}\n"));
        assert_eq!(p.screen().contains(&format!("{needle} is nowhere.")), !is_there, "{needle}: {}", p.screen());
    }
}

pub fn files(base: &[u8], mine: &[u8], theirs: &[u8]) -> Play {
    Play::on(files_screen([base, mine, theirs].map(<[u8]>::to_vec), &[Class::Same]), 80, 24)
}

pub fn files_screen(texts: [Vec<u8>; 3], accept: &'static [Class]) -> Box<dyn Screen> {
    let files = Files { result: "out.md".into(), name: "out.md".to_owned(), labels: Labels::default(), journal: None };
    let size = texts.iter().map(Vec::len).sum();
    let job = Job::new(move |stop| {
        let settle = Settle::open_unless(texts, accept, stop)?;
        Ok(Opened { journal: Some("journal".into()), ..Opened::new(settle, &[]) })
    });
    merge::files(files, job, size)
}

pub fn writes(effects: Vec<Effect>) -> Vec<(&'static str, Vec<u8>)> {
    effects.into_iter().filter_map(|e| if let Effect::Write { tag, bytes, .. } = e { Some((tag, bytes)) } else { None }).collect()
}

#[test]
fn files_keep_their_bytes_and_markers_leave_what_is_open() {
    let mut p = files(b"caf\xe9\r\nx\r\n", b"caf\xe9\r\nmine \xe9\r\n", b"caf\xe9\r\ntheirs\r\n");
    let marked = writes(p.stage.keys("W"));
    assert_eq!(marked[0].1, b"caf\xe9\r\n<<<<<<< mine\r\nmine \xe9\r\n||||||| base\r\nx\r\n=======\r\ntheirs\r\n>>>>>>> theirs\r\n");
    assert_eq!(writes(p.stage.keys("m"))[0].0, "merge-journal");
    p.stage.keys("w");
    let written = writes(p.stage.keys("y"));
    assert_eq!(written, [("merge-result", b"caf\xe9\r\nmine \xe9\r\n".to_vec())]);
    let ended = p.stage.event(Event::Written { tag: "merge-result", result: Err("The disk is full.".to_owned()) });
    assert!(!ended.iter().any(|e| matches!(e, Effect::Quit(_))));
    let ended = p.stage.event(Event::Written { tag: "merge-result", result: Ok(()) });
    drop(ended);
}

#[test]
fn a_piece_far_down_a_long_paragraph_is_shown() {
    let long = |first: &str, last: &str| format!("{first} {} {last}\n", "words and more words ".repeat(120)).into_bytes();
    let mut p = files(&long("one", "four"), &long("mine", "four"), &long("one", "theirs"));
    assert!(!p.screen().contains("theirs │") && p.screen().contains("⋯ more"), "{}", p.screen());
    p.stage.keys("tab");
    assert!(p.screen().lines().any(|l| l.starts_with('▌') && l.contains(" theirs")), "{}", p.screen());
}

#[test]
fn a_later_choice_is_never_kept_under_an_earlier_one() {
    let mut p = files(b"a\n", b"b\n", b"c\n");
    let first = writes(p.stage.keys("m"));
    assert_eq!(first.len(), 1);
    assert!(writes(p.stage.keys("t q")).is_empty(), "one journal is written at a time");
    let second = writes(p.stage.event(Event::Written { tag: "merge-journal", result: Ok(()) }));
    assert!(second.len() == 1 && second[0].1 != first[0].1);
    let effects = p.stage.event(Event::Written { tag: "merge-journal", result: Ok(()) });
    assert!(writes(effects).is_empty());
}

#[test]
fn a_large_merge_is_waited_for_and_can_be_left() {
    let mut p = play(parked(), 80, 24);
    p.stage.held = Some(Vec::new());
    let mut newer = parked();
    newer.theirs.version = 5;
    newer.theirs.content.body = theirs().replace("two", "two and a half");
    p.keys("enter");
    p.keys("m");
    p.news(News::NeedsYou(Box::new(newer.clone())));
    assert!(p.screen().contains("Theirs moved on: merging"), "{}", p.screen());
    p.keys("n t w");
    assert!(p.screen().contains("A newer version is being merged in"), "{}", p.screen());
    let job = p.stage.held.take().unwrap().pop().unwrap();
    let (ticket, result) = job.run().expect("it is still wanted");
    p.stage.event(Event::Merged(ticket, result));
    assert!(p.screen().contains("Theirs moved on: 2 choices kept; 1 place is new."), "{}", p.screen());

    // A screen that comes back from its journal merges first; leaving calls that off.
    let back = Parked { journal: vec![1], ..parked() };
    let clock = std::rc::Rc::new(std::cell::Cell::new(crate::stage::START));
    let app = diptych::tui::app::App::new(crate::stage::setup(&clock), merge::open(Box::new(back), &[]), false);
    let mut stage = diptych::tui::stage::Stage::holding(app, 80, 24);
    assert!(stage.screen().contains("Merging base, mine and theirs"), "{}", stage.screen());
    let job = stage.held.as_mut().unwrap().pop().unwrap();
    stage.keys("esc");
    drop(stage);
    assert!(job.run().is_none(), "nobody waits for it");
}

#[test]
fn markers_left_by_an_editor_are_asked_about() {
    let mut p = files(b"a\n", b"b\n", b"c\n");
    let effects = p.stage.keys("E");
    let Some(Effect::RunEditor { tag, text, .. }) = effects.into_iter().find(|e| matches!(e, Effect::RunEditor { .. })) else {
        panic!("no editor")
    };
    assert!(text.contains("<<<<<<< mine"));
    p.stage.event(Event::EditorDone { tag, text: Ok(text) });
    assert!(p.screen().contains("Conflict markers are left"), "{}", p.screen());
    p.stage.keys("d");
    assert!(p.screen().contains("0 of 1 settled"), "{}", p.screen());
    p.stage.event(Event::EditorDone { tag, text: Ok("done\n".to_owned()) });
    assert!(p.screen().contains("1 of 1 settled"), "{}", p.screen());
}
