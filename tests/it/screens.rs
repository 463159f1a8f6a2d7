//! Stories on the screens: keys and news in, screens and commands out.

use diptych::client::handle::{Command, Connection, EntryState, Holder, News, OutboxRow, Parked, State, VersionRow};
use diptych::domain::audit::{Advice, Entry, FieldRecord, Figures};
use diptych::domain::note::{Content, FieldName, FieldValue, Value};
use diptych::tui::dashboard::Dashboard;
use diptych::tui::editor::Editor;
use diptych::tui::history::History;
use diptych::tui::message::{Effect, Event, Mouse, MouseKind};
use diptych::tui::outbox::Outbox;
use insta::assert_snapshot;

use crate::stage::{Play, START, at, detail, id, note, row, rows};

fn editor(body: &str, columns: u16, rows: u16) -> Play {
    let mut play = Play::on(Box::new(Editor::open(id(1))), columns, rows);
    play.news(News::Opened(Box::new(detail(&note(1, 3, "Trip to Lisbon", body)))));
    play
}

#[test]
fn the_list_says_what_there_is() {
    let mut play = Play::new(80, 24);
    assert!(matches!(diptych_commands(&mut play).as_slice(), [Command::List]));
    play.news(rows());
    play.news(News::ConnectionIs(Connection::Online));
    assert_snapshot!(play.screen(), @r#"
     diptych · 4 notes                                        newest first · laptop
        Trip to Lisbon                   #travel #2026 ! needs you  desktop      5m
     *  Groceries                                #home ✓ synced     desktop      1h
        漢字 and 👨‍👩‍👧‍👦 family                             ↑ saved here desktop      5h
        A title with an ␛[31mescape‹202E›     #a #b #c … typed      desktop      3d


















    Enter open  n new note  / search  ? help  c conflicts    ! 1 needs you  ● online
    "#);
    let mut play = Play::new(40, 12);
    play.news(rows());
    assert_snapshot!(play.screen(), @r"
     diptych · 4 notes
        Trip to Lisbon #travel #2026 !   5m
     *  Groceries              #home ✓   1h
        漢字 and 👨‍👩‍👧‍👦 family           ↑   5h
        A title with an ␛[31… #a #b… …   3d






    Enter open  n new note  / search    ! 1
    ");
    let mut play = Play::new(120, 40);
    play.news(rows());
    assert_snapshot!(play.screen().lines().take(8).collect::<Vec<_>>().join("\n"), @r"
    diptych · 4 notes                                                                                newest first · laptop
       Trip to Lisbon           #travel #2026 ! needs you  desktop      5m │ Trip to Lisbon: the first words
    *  Groceries                        #home ✓ synced     desktop      1h │
       漢字 and 👨‍👩‍👧‍👦 family                     ↑ saved here desktop      5h │
       A title with an ␛[31mescape…  #a #b #c … typed      desktop      3d │
                                                                           │
                                                                           │
                                                                           │
    ");
}

fn diptych_commands(play: &mut Play) -> Vec<Command> {
    crate::stage::commands(std::mem::take(&mut play.stage.started))
}

#[test]
fn an_empty_list_says_what_to_do() {
    let mut play = Play::new(60, 12);
    play.news(News::Rows(std::sync::Arc::new(Vec::new())));
    assert_snapshot!(play.screen(), @r"
     diptych · 0 notes                    newest first · laptop

      No notes yet. n writes the first one; ? shows everything
      else there is.







    Enter open  n new note  / search  ? help  c conflicts
    ");
}

#[test]
fn search_is_fuzzy_over_titles_and_then_over_texts() {
    let mut play = Play::new(80, 12);
    play.news(rows());
    play.keys("/");
    play.types("grc");
    let asked = play.wait(200);
    assert!(asked.contains(&Command::Search("grc".to_owned())), "{asked:?}");
    play.news(News::Found("grc".to_owned(), vec![(id(1), "…pay the grc fee…".to_owned())]));
    assert_snapshot!(play.screen(), @r#"
     diptych · 2 of 4 notes                                   newest first · laptop
     Search: grc
     *  Groceries                                #home ✓ synced     desktop      1h
        Trip to Lisbon  …pay the grc fe… #travel #2026 ! needs you  desktop      5m







    Enter open  Tab to the list  Esc all notes again                 ! 1 needs you
    "#);
    // What was found for another search is not shown.
    play.news(News::Found("old".to_owned(), vec![(id(3), "x".to_owned())]));
    assert!(!play.screen().contains("family"));
    play.keys("esc");
    assert!(play.screen().contains("4 notes"));
}

#[test]
fn a_deletion_asks_and_can_be_undone() {
    let mut play = Play::new(80, 14);
    play.news(rows());
    play.keys("down space space d");
    assert_snapshot!(play.screen(), @r#"
     diptych · 4 notes · 2 selected                           newest first · laptop
        Trip to Lisbon                   #travel #2026 ! needs you  desktop      5m
    ▪*  Groceries                                #home ✓ synced     desktop      1h
    ▪   漢字 and 👨‍👩‍👧‍👦 family                             ↑ saved here desktop      5h
        A ti┌─ Delete 2 notes? ────────────────────────────────────────────┐     3d
            │ y  delete (u brings it back)                                 │
            │ n  keep                                                      │
            └──────────────────────────────────────────────────────────────┘





    Space select  t change tags  d delete  * bookmark                ! 1 needs you
    "#);
    let told = play.keys("y");
    assert_eq!(told.len(), 2);
    assert!(told.contains(&Command::Delete(id(2))) && told.contains(&Command::Delete(id(3))), "{told:?}");
    assert!(play.screen().contains("2 deleted. u brings them back."));
    let back = play.keys("u");
    assert!(back.contains(&Command::Undelete(id(2))) && back.contains(&Command::Undelete(id(3))), "{back:?}");
}

#[test]
fn the_preview_shows_the_note_whole_from_the_first_row_on() {
    let mut play = Play::new(80, 30);
    assert!(play.news(rows()).is_empty(), "no room for a preview");
    play.stage.event(Event::Resize(120, 30));
    assert_eq!(play.wait(200), [Command::Open(id(1))]);
    let whole = format!("{}the end", "a line\n".repeat(20));
    play.news(News::Opened(Box::new(detail(&note(1, 3, "Trip to Lisbon", &whole)))));
    assert!(play.screen().contains("the end"), "{}", play.screen());
    // Of a refused save what this device has, as in the editor.
    let refused = Parked {
        mine: Content { body: "what I wrote".into(), ..Default::default() },
        theirs: note(1, 4, "Trip to Lisbon", "theirs"),
        ..parked()
    };
    play.news(News::Opened(Box::new(crate::stage::detail_parked(&refused))));
    assert!(play.screen().contains("what I wrote"), "{}", play.screen());
    // Changed elsewhere, it is looked at again.
    play.news(News::RowIs(Box::new(row(1, "Trip to Lisbon", &[], State::Synced, 0))));
    assert_eq!(play.wait(200), [Command::Open(id(1))]);
}

#[test]
fn deleted_notes_have_a_list_of_their_own() {
    let mut play = Play::new(80, 12);
    let News::Rows(all) = rows() else { panic!("rows") };
    let mut gone = all.to_vec();
    gone[1].deleted = true;
    gone[2].deleted = true;
    (gone[2].title, gone[2].excerpt, gone[2].state) =
        (String::new(), "# First words\nof a note no server ever had".to_owned(), State::Typed);
    // A deletion that was refused needs the person: it stays where it is seen.
    gone[0].deleted = true;
    play.news(News::Rows(gone.into()));
    play.keys("D");
    assert_snapshot!(play.screen(), @r#"
     diptych · 2 deleted notes                                newest first · laptop
     *  Groceries                                #home ✓ synced     desktop      1h
        First words                                    … typed      desktop      5h








    u bring back  Esc all notes again  Enter open  Space select      ! 1 needs you
    "#);
    play.keys("d");
    assert!(play.screen().contains("It is deleted. u brings it back."), "{}", play.screen());
    assert_eq!(play.keys("down u"), [Command::Undelete(id(3))]);
    let back = play.keys("esc");
    assert!(back.is_empty() && play.screen().contains("Trip to Lisbon"), "{}", play.screen());
    play.keys("u");
    assert!(play.screen().contains("D shows all deleted notes"), "{}", play.screen());
}

#[test]
fn tags_are_changed_on_several_notes() {
    let mut play = Play::new(80, 14);
    play.news(rows());
    play.keys("down t");
    play.keys("ctrl-u");
    play.types("+urgent -home");
    let asked = play.keys("enter");
    assert_eq!(asked, [Command::Open(id(2))]);
    let mut n = note(2, 1, "Groceries", "milk");
    n.content.tags = vec!["home".to_owned()];
    let saved = play.news(News::Opened(Box::new(detail(&n))));
    let [Command::Save { content, .. }] = saved.as_slice() else { panic!("{saved:?}") };
    assert_eq!(content.tags, ["urgent"]);
}

#[test]
fn the_editor_wraps_and_marks_and_says_its_state() {
    let body = "# Lisbon\n\n- [ ] book the *flight* for Tuesday, and tell everybody who is coming along when it leaves\n- [x] hotel\n> quoted\n\u{1b}[2J 漢字\n";
    let play = editor(body, 80, 24);
    assert_snapshot!(play.screen(), @r"
     Trip to Lisbon                                     v3 desktop 09:55 · ✓ synced
     # Lisbon

     - [ ] book the *flight* for Tuesday, and tell everybody who is coming along
           when it leaves
     - [x] hotel
     > quoted
     ␛[2J 漢字















    Ctrl-S save  Esc back  F1 help  F2 title, tags, fields  Ctrl-F find
    ");
    let play = editor(body, 40, 12);
    assert_snapshot!(play.screen(), @r"
     Trip to Lisbon                ✓ synced
    # Lisbon

    - [ ] book the *flight* for Tuesday,
          and tell everybody who is coming
          along when it leaves
    - [x] hotel
    > quoted
    ␛[2J 漢字


    Ctrl-S save  Esc back  F1 help
    ");
}

#[test]
fn what_is_typed_before_the_note_is_there_is_typed_into_it() {
    let mut play = Play::new(80, 24);
    play.news(rows());
    assert_eq!(play.keys("down enter"), [Command::Open(id(2))]);
    assert_eq!(play.keys("right"), []);
    assert_eq!(play.types("X"), []);
    play.news(News::Opened(Box::new(detail(&note(2, 1, "Groceries", "milk")))));
    assert!(play.screen().contains("mXilk"), "{}", play.screen());
}

#[test]
fn typed_text_reaches_the_journal_at_a_pause_and_on_leaving() {
    let mut play = editor("one", 80, 24);
    assert_eq!(play.types("ab"), []);
    assert!(play.screen().contains("… typed"));
    let told = play.wait(400);
    let [Command::Type { content, revision, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((content.body.as_str(), *revision), ("abone", 2));
    // Nothing new: nothing told.
    assert_eq!(play.wait(400), []);
    play.types("c");
    let told = play.keys("ctrl-q");
    let [Command::Type { content, .. }, Command::Stop] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(content.body, "abcone");
    // However often it is told to end, it waits for the client, which has the text now.
    for again in [Event::Terminate, Event::Terminate] {
        assert!(play.stage.event(again).is_empty());
    }
    assert_eq!(play.keys("ctrl-q"), []);
    let ended = play.stage.event(Event::News(Box::new(News::Stopped)));
    assert!(matches!(ended.as_slice(), [Effect::Quit(0)]));
}

#[test]
fn typing_on_and_on_is_journalled_all_the_same() {
    let mut play = editor("", 80, 24);
    let mut told = Vec::new();
    for _ in 0..30 {
        told.extend(play.types("x"));
        told.extend(play.wait(100));
    }
    assert!(!told.is_empty());
}

#[test]
fn a_save_is_named_saved_only_when_it_is() {
    let mut play = editor("one\r\ntwo", 80, 24);
    play.types("x");
    let told = play.keys("ctrl-s");
    let [Command::Save { content, revision, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(content.body, "xone\r\ntwo");
    let revision = *revision;
    assert!(play.screen().contains("… typed"));
    play.news(News::SavedHere(id(1), revision));
    assert!(play.screen().contains("↑ saved here"));
    // What is typed meanwhile is not synced by the answer to what was saved before.
    play.types("y");
    play.news(News::Synced(Box::new(note(1, 4, "Trip to Lisbon", "xone\r\ntwo")), Some(revision)));
    assert!(play.screen().contains("… typed"), "{}", play.screen());
    assert!(play.screen().contains("v4"));
    let told = play.keys("ctrl-s");
    let [Command::Save { revision, .. }] = told.as_slice() else { panic!("{told:?}") };
    let revision = *revision;
    play.news(News::SavedHere(id(1), revision));
    play.news(News::Synced(Box::new(note(1, 5, "Trip to Lisbon", "xyone\r\ntwo")), Some(revision)));
    assert!(play.screen().contains("✓ synced"), "{}", play.screen());
    assert!(play.keys("ctrl-s").is_empty());
}

#[test]
fn a_note_changed_elsewhere_updates_only_while_untouched() {
    let mut play = editor("one", 80, 24);
    play.news(News::Moved { note: Box::new(note(1, 4, "Trip to Lisbon", "one two")), drafted: false });
    assert!(play.screen().contains("one two"));
    play.types("x");
    play.news(News::Moved { note: Box::new(note(1, 5, "Trip to Lisbon", "other")), drafted: true });
    assert!(play.screen().contains("xone two") || play.screen().contains("one two"));
    assert_snapshot!(play.screen().lines().take(4).collect::<Vec<_>>().join("\n"), @r"
    Trip to Lisbon                                      v4 desktop 09:55 · … typed
    ada saved version 5 on desktop. Alt-M merges now; saving merges too.
    xone two
    ");
    let told = play.keys("alt-m");
    assert!(matches!(told.as_slice(), [Command::Type { .. }, Command::Rebase(_)]), "{told:?}");
}

fn parked() -> Parked {
    let theirs = note(1, 4, "Trip to Lisbon", "theirs");
    Parked {
        id: id(1),
        base: Some(note(1, 3, "Trip to Lisbon", "base")),
        mine: diptych::domain::note::Content { body: "mine".to_owned(), ..theirs.content.clone() },
        theirs,
        conflicts: vec![FieldName::Body],
        mine_at: at(-2),
        parked_at: at(-1),
        journal: Vec::new(),
        conflict_id: None,
        again: false,
    }
}

#[test]
fn a_refused_save_speaks_up_without_taking_the_keys() {
    let mut play = editor("base", 80, 24);
    play.types("x");
    play.news(News::NeedsYou(Box::new(parked())));
    play.types("y");
    assert_snapshot!(play.screen().lines().take(4).collect::<Vec<_>>().join("\n"), @r"
    Trip to Lisbon                                  v3 desktop 09:55 · ! needs you
    Two versions of this note. Ctrl-G settles it; typing goes on.
    xybase
    ");
    let told = play.keys("ctrl-g");
    assert!(told.contains(&Command::Open(id(1))), "{told:?}");
    let mut opened = detail(&note(1, 4, "Trip to Lisbon", "theirs"));
    opened.parked = Some(parked());
    play.news(News::Opened(Box::new(opened)));
    assert!(play.screen().contains("Two versions of this note"), "{}", play.screen());
    assert!(!play.stage.screen().contains("needs you"), "that it waits is no news on its own screen");
    play.keys("esc");
    assert!(play.stage.screen().contains("! 1 needs you"), "{}", play.stage.screen());
}

#[test]
fn a_numbered_list_within_a_list_has_its_own_numbers() {
    let mut play = editor("1. one", 60, 14);
    play.keys("end enter tab");
    play.types("in");
    play.keys("enter");
    play.types("in too");
    play.keys("enter backtab");
    play.types("two");
    let told = play.keys("ctrl-s");
    let [Command::Save { content, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(content.body, "1. one\n   1. in\n   2. in too\n2. two");
}

#[test]
fn lists_go_on_and_boxes_are_ticked() {
    let mut play = editor("- [ ] one", 60, 14);
    play.keys("end enter");
    play.types("two");
    play.keys("ctrl-t enter enter");
    play.types("3. x");
    play.keys("enter");
    let told = play.keys("ctrl-s");
    let [Command::Save { content, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(content.body, "- [ ] one\n- [x] two\n3. x\n4. ");
}

#[test]
fn finding_counts_the_places() {
    let mut play = editor("one and one\none", 60, 14);
    play.keys("ctrl-f");
    play.types("one");
    assert!(play.screen().contains("1 of 3"), "{}", play.screen());
    play.keys("enter enter");
    assert!(play.screen().contains("3 of 3"), "{}", play.screen());
    play.types("s");
    assert!(play.screen().contains("none"), "{}", play.screen());
}

#[test]
fn find_and_replace() {
    let mut play = editor("Tuesday and tuesday\nTUESDAY", 60, 14);
    play.keys("ctrl-r");
    play.types("tuesday");
    play.keys("tab");
    play.types("Thursday");
    assert_snapshot!(play.screen(), @r"
     Trip to Lisbon                 v3 desktop 09:55 · ✓ synced
    Tuesday and tuesday
    TUESDAY








     Find: tuesday                                       1 of 3
     With: Thursday
    Enter next  Alt-A replace all  Tab the other line
    ");
    play.keys("alt-a esc");
    let told = play.keys("ctrl-s");
    let [Command::Save { content, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(content.body, "Thursday and Thursday\nThursday");
    play.keys("ctrl-z");
    assert!(play.screen().contains("Tuesday and tuesday"));
}

#[test]
fn selection_is_cut_and_pasted() {
    let mut play = editor("one two three", 60, 14);
    play.keys("ctrl-right shift-right");
    play.stage.keys("ctrl-shift-right");
    let effects = play.stage.keys("ctrl-x");
    assert!(matches!(effects.as_slice(), [Effect::Copy(text)] if text == " two"), "{effects:?}");
    play.keys("end ctrl-v");
    assert!(play.screen().contains("one three two"), "{}", play.screen());
}

#[test]
fn the_mouse_places_the_cursor_and_selects_words() {
    let mut play = editor("one two three", 80, 14);
    let mouse = |kind, x, y| Event::Mouse(Mouse { kind, x, y, shift: false, clicks: 1 }, None);
    play.stage.event(mouse(MouseKind::Down, 6, 1));
    assert_eq!(play.cursor(), Some((6, 1)));
    play.stage.event(mouse(MouseKind::Down, 6, 1));
    let effects = play.stage.keys("ctrl-c");
    assert!(matches!(effects.as_slice(), [Effect::Copy(text)] if text == "two"), "{effects:?}");
    // The hints at the foot can be pressed.
    play.wait(5_000);
    let foot = play.screen().lines().last().unwrap().find("Esc").unwrap();
    let effects = play.stage.event(mouse(MouseKind::Down, u16::try_from(foot).unwrap(), 13));
    assert!(effects.iter().any(|e| matches!(e, Effect::Client(Command::Stop))), "{effects:?}");
}

#[test]
fn the_form_changes_title_tags_and_fields() {
    let mut play = Play::on(Box::new(Editor::open(id(1))), 60, 14);
    let mut n = note(1, 1, "Old", "body");
    n.content.fields.insert("price_cents".to_owned(), Value::Int(5));
    play.news(News::Opened(Box::new(detail(&n))));
    play.keys("f2");
    play.types("er");
    play.keys("tab");
    play.types("a, #b, a");
    play.keys("tab backspace");
    play.types("70");
    assert_snapshot!(play.screen(), @r"
     Title, tags, fields

               Title  Older
      Tags, by comma  a, #b, a
         price_cents› 70                                 number








    Ctrl-S take over  Esc leave as it was  Tab next field
    ");
    play.keys("enter");
    let told = play.keys("ctrl-s");
    let [Command::Save { content, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(content.title, "Older");
    assert_eq!(content.tags, ["a", "b"]);
    assert_eq!(content.fields["price_cents"], Value::Int(70));
    assert_eq!(content.body, "body");
}

#[test]
fn a_version_is_compared_and_restored() {
    let mut play = Play::on(Box::new(History::new(id(1), "Trip", false)), 80, 14);
    let versions = (1..=3).rev().map(|v| VersionRow { version: v, at: at(-v), by: "ada".to_owned(), from: "desktop".to_owned() }).collect();
    play.news(News::History(id(1), versions));
    assert_snapshot!(play.screen().lines().take(4).collect::<Vec<_>>().join("\n"), @r"
    History · Trip
     v3     09:57       ada on desktop
     v2     09:58       ada on desktop
     v1     09:59       ada on desktop
    ");
    let told = play.keys("down =");
    assert!(told.contains(&Command::VersionAt(id(1), 1)) && told.contains(&Command::VersionAt(id(1), 2)), "{told:?}");
    play.news(News::VersionIs(Box::new(note(1, 1, "Trip", "a\nb\nc\n"))));
    play.news(News::VersionIs(Box::new(note(1, 2, "Trip!", "a\nB\nc\n"))));
    assert_snapshot!(play.screen(), @r"
     v2 · Trip!                                     changes · ada on desktop, 09:55
     title
     - Trip
     + Trip!
     body
       a
     - b
     + B
       c




    = changes or whole text  r restore as a new version  Esc back
    ");
    let told = play.keys("r");
    assert!(matches!(told.as_slice(), [Command::Save { content, .. }] if content.body == "a\nB\nc\n"), "{told:?}");
}

#[test]
fn the_outbox_says_what_is_stuck_and_why() {
    let mut play = Play::on(Box::new(Outbox::default()), 80, 12);
    let entry = |n: i64, state, error: Option<&str>| OutboxRow {
        entry: n,
        id: id(1),
        title: "Trip to Lisbon".to_owned(),
        what: "save".to_owned(),
        state,
        attempts: 2,
        due: Some(at(1)),
        last_error: error.map(str::to_owned),
    };
    play.news(News::Outbox(vec![entry(1, EntryState::Waiting, Some("The server does not answer.")), entry(2, EntryState::Paused, None)]));
    assert_snapshot!(play.screen(), @r"
     Outbox · 2 on their way
     … waiting  save      Trip to Lisbon                          tried 2×  in 60 s
     ‖ paused   save      Trip to Lisbon                                 tried 2×






     The server does not answer.

    r try now  p pause or go on  x take out  Enter open  Esc back
    ");
    assert_eq!(play.keys("r"), [Command::RetryNow(1), Command::Outbox]);
    assert_eq!(play.keys("down p"), [Command::Pause(2, false), Command::Outbox]);
    play.keys("x");
    assert_eq!(play.keys("y"), [Command::DropEntry(2), Command::Outbox]);
    // Thousands of saves go out: it asks anew once, and once more for all that came until the answer.
    let sent = || News::SavedHere(id(1), 1);
    let asked: Vec<Command> = (0..1000).flat_map(|_| play.news(sent())).collect();
    assert_eq!(asked, [Command::Outbox]);
    assert_eq!(play.news(News::Outbox(vec![entry(1, EntryState::Waiting, None)])), [Command::Outbox]);
    assert_eq!(play.news(News::Outbox(Vec::new())), []);
    assert_eq!(play.news(sent()), [Command::Outbox]);
}

fn entry(action: &str) -> Entry {
    let text = |t: &str| FieldValue::Is(Value::Text(t.to_owned()));
    Entry {
        id: "e1".to_owned(),
        at: at(-60),
        entity: "note".to_owned(),
        entity_id: id(1).to_string(),
        action: action.to_owned(),
        user_id: "ada".to_owned(),
        server_ts: None,
        client_ts: None,
        server_version: Some(4),
        base_version: Some(3),
        client_origin: "laptop".to_owned(),
        server_origin: "desktop".to_owned(),
        fields: [(
            "title".to_owned(),
            FieldRecord { base: text("Trip"), mine: text("Trip to Lisbon"), theirs: text("Journey"), kept: text("Journey") },
        )]
        .into(),
        outcome: None,
        settled: None,
    }
}

#[test]
fn each_figure_opens_its_entries_and_the_loser_comes_back() {
    let mut play =
        Play::on(Box::new(Dashboard::new(Some(std::sync::Arc::new(vec![row(1, "Trip to Lisbon", &[], State::Synced, 5)])))), 80, 20);
    let figures = Figures {
        days: 30,
        conflicts: 1,
        saves: 12,
        per_day: vec![("2026-11-23".to_owned(), 0), ("2026-11-24".to_owned(), 1)],
        by_action: [("conflict_lww".to_owned(), 1)].into(),
        by_field: [("note.title".to_owned(), 1)].into(),
        by_origin: [("laptop".to_owned(), 1)].into(),
        advice: vec![Advice {
            field: "note.title".to_owned(),
            now: "lww".to_owned(),
            policy: "manual".to_owned(),
            reason: "Half of the losers came back.".to_owned(),
        }],
        ..Figures::default()
    };
    play.news(News::Figures(Box::new(figures), vec![entry("conflict_lww")]));
    assert_snapshot!(play.screen(), @r"
     Dashboard                                                              30 days
     up to 1 a day ·█

          1  Conflicts in 30 days, among 12 saves
     How they were decided
          1  last write won
     Which field
          1  note.title
     From where
          1  laptop
     By day
          1  2026-11-24
     Advice
      note.title: lww → manual. Half of the losers came back.





    Enter the rows behind a figure  d 7, 30 or 90 days  Esc back
    ");
    for n in 0..12 {
        let shown = play.screen().lines().nth(3 + n).and_then(|l| l.split_whitespace().next().map(str::to_owned)).unwrap_or_default();
        if let Ok(count) = shown.parse::<usize>() {
            play.keys("enter");
            let words = if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
            assert!(play.screen().contains(&words), "{}", play.screen());
            play.keys("esc");
        }
        play.keys("down");
    }
    play.keys("home enter");
    assert!(
        play.screen().lines().nth(1).is_some_and(|l| l.contains("Trip to Lisbon  ") && l.contains("last write won · title")),
        "{}",
        play.screen()
    );
    play.keys("enter");
    assert_snapshot!(play.screen(), @r"
     What was at stake                                                        09:00
     Trip to Lisbon
     last write won
     mine: ada on laptop, on top of version 3
     theirs: desktop, version 4

     title
     base: Trip
     mine: Trip to Lisbon
     theirs: Journey
     kept (theirs): Journey








    b bring the loser back  Esc back
    ");
    let told = play.keys("b");
    assert_eq!(told, [Command::Open(id(1))]);
    play.news(News::Opened(Box::new(detail(&note(1, 4, "Journey", "body")))));
    assert!(play.screen().contains("Trip to Lisbon") && play.screen().contains("… typed"), "{}", play.screen());
}

#[test]
fn help_and_commands_come_from_the_key_table() {
    let mut play = Play::new(60, 16);
    play.news(rows());
    play.keys("?");
    assert_snapshot!(play.screen(), @r#"
     Help: list                                   Enter does it
     Enter                open
     n                    new note
     /                    search
     #                    by tag
     d Delete             delete
     u                    undo deletion
     D                    deleted notes
     Space                select
     t                    change tags
     *                    bookmark
     L                    lock or unlock
     s                    sort otherwise
     p                    preview on or off

    Esc back  Enter open                         ! 1 needs you
    "#);
    play.keys("esc :");
    play.types("outb");
    assert_snapshot!(play.screen(), @r#"
     diptych · 4 notes                    newest first · laptop
      ┌─ commands ───────────────────────────────────────────┐m
     *│ outb                                                 │h
      │ outbox               outbox                        o │h
      │                                                      │d
      │                                                      │
      │                                                      │
      │                                                      │
      │                                                      │
      │                                                      │
      │                                                      │
      │                                                      │
      │                                                      │
      └──────────────────────────────────────────────────────┘

    Enter open  n new note  / search  ? help     ! 1 needs you
    "#);
    let told = play.keys("enter");
    assert_eq!(told, [Command::Outbox]);
}

#[test]
fn a_small_terminal_says_what_it_needs_and_keeps_working() {
    let mut play = editor("one", 30, 8);
    assert_snapshot!(play.screen(), @r"
    Too small: 40×12 needed, 30×8
    here.
    ");
    play.types("x");
    play.stage.event(Event::Resize(80, 24));
    assert!(play.screen().contains("xone"));
}

#[test]
fn the_coach_has_a_line_of_its_own() {
    let mut play = Play::new(60, 12);
    play.news(rows());
    play.stage.event(Event::Coach("Mobile has saved this note. Press Ctrl-S to meet a real 409.".to_owned()));
    assert_snapshot!(play.screen().lines().rev().take(3).collect::<Vec<_>>().join("\n"), @r#"
    Enter open  n new note  / search  ? help     ! 1 needs you
     409.
     Mobile has saved this note. Press Ctrl-S to meet a real
    "#);
}

#[test]
fn notices_go_away_and_stay_in_the_log() {
    let mut play = Play::new(60, 12);
    play.news(rows());
    play.news(News::Failed(None, "The server does not answer. Notes are saved here.".to_owned()));
    assert!(play.screen().contains("does not answer"));
    play.wait(10_000);
    assert!(!play.screen().contains("does not answer"));
    play.keys(":");
    play.types("notices");
    play.keys("enter");
    assert!(play.screen().contains("does not answer"));
}

#[test]
fn a_lock_held_elsewhere_is_named() {
    let mut play = editor("one", 80, 12);
    let holder = Holder { user: "bob".to_owned(), client: "phone".to_owned(), expires_at: at(5), me: false };
    play.news(News::LockIs(id(1), Some(holder.clone())));
    assert!(play.screen().contains("locked by bob on phone"));
    // An event names only the device.
    play.news(News::LockIs(id(1), Some(Holder { user: String::new(), ..holder.clone() })));
    assert!(play.screen().contains("locked on phone"));
    // The list shows it while it holds.
    let mut list = Play::new(80, 12);
    list.news(rows());
    let row = |list: &Play| list.screen().lines().find(|l| l.contains("Trip to Lisbon")).unwrap().to_owned();
    assert!(!row(&list).contains("L Trip"));
    list.news(News::LockIs(id(1), Some(holder)));
    assert!(row(&list).contains("L Trip"), "{}", row(&list));
    list.news(News::LockIs(id(1), None));
    assert!(!row(&list).contains("L Trip"));
}

#[test]
fn a_new_note_is_named_by_its_first_line_and_an_empty_one_leaves_nothing() {
    let mut play = Play::new(80, 12);
    play.news(rows());
    play.keys("n");
    assert_eq!(play.keys("esc"), []);
    play.keys("n");
    play.types("\n# Plans for May\nx");
    let told = play.keys("ctrl-s");
    let [Command::Save { content, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(content.title, "Plans for May");
}

#[test]
fn rows_that_come_one_by_one_keep_the_cursor_on_its_note() {
    let mut play = Play::new(80, 12);
    play.news(rows());
    play.keys("down");
    play.news(News::RowIs(Box::new(row(9, "Newest", &[], State::Synced, 0))));
    let told = play.keys("L");
    assert_eq!(told, [Command::Lock(id(2))]);
    play.news(News::RowGone(id(1)));
    assert!(!play.screen().contains("Lisbon"));
    assert_eq!(play.keys("L"), [Command::Lock(id(2))]);
    assert_eq!(START % 60_000_000, 0);
}

#[test]
fn a_mass_deletion_elsewhere_asks_only_when_asked_for() {
    let mut play = editor("one", 80, 12);
    play.news(News::DeletionsHeld(30, 40));
    // Nothing that is being typed answers a question nobody has read.
    assert_eq!(play.types("yes"), []);
    assert!(play.screen().contains("yesone") && play.screen().contains("30 of 40 notes"), "{}", play.screen());
    play.keys("ctrl-p");
    play.types("allow-deletions");
    play.keys("enter");
    assert!(play.screen().contains("Delete so many notes?"));
    assert_eq!(play.keys("y"), [Command::AllowDeletions]);
}

#[test]
fn the_inbox_counts_clashes_and_opens_them() {
    let mut play = Play::new(80, 12);
    play.news(rows());
    let asked = play.keys("c");
    assert!(asked.contains(&Command::List));
    let asked = play.news(rows());
    assert!(asked.contains(&Command::Open(id(1))), "{asked:?}");
    let mut opened = detail(&note(1, 4, "Trip to Lisbon", "theirs"));
    opened.parked = Some(parked());
    play.news(News::Opened(Box::new(opened.clone())));
    assert_snapshot!(play.screen().lines().take(4).collect::<Vec<_>>().join("\n"), @r"
    Conflicts · 1 needs you
    ! Trip to Lisbon
      1 clash · theirs: ada on desktop, 09:55 · mine 09:58
    ");
    assert_eq!(play.keys("enter"), [Command::Open(id(1))]);
    play.news(News::Opened(Box::new(opened)));
    assert!(play.screen().contains("Two versions of this note"), "{}", play.screen());
    let told = play.keys("m");
    assert!(told.iter().any(|c| matches!(c, Command::Settle { outcome, .. } if outcome == "mine")), "{told:?}");
}
