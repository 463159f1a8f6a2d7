//! Living in the program: what a day of notes meets besides conflicts.

use diptych::client::handle::News;
use diptych::tui::message::Effect;
use insta::assert_snapshot;

use crate::pty::{Home, Term, runnable};
use crate::stage::{Play, at, detail, note, rows};

fn editing(body: &str, columns: u16, rows_: u16) -> Play {
    let mut play = Play::new(columns, rows_);
    play.news(rows());
    play.keys("down enter");
    play.news(News::Opened(Box::new(detail(&note(2, 3, "Trip", body)))));
    play
}

#[test]
fn an_item_goes_on_under_its_words() {
    let mut play =
        editing("- [ ] buy bread and butter and everything for the week\n1. one two three four five six seven eight nine ten\n", 40, 12);
    assert_snapshot!(play.screen(), @r"
     Trip                          ✓ synced
    - [ ] buy bread and butter and
          everything for the week
    1. one two three four five six seven
       eight nine ten






    Ctrl-S save  Esc back  F1 help      ! 1
    ");
    // Up and down keep to the column that is seen, and the mouse finds what is drawn there.
    play.keys("down end");
    let on = play.cursor().unwrap();
    play.keys("home");
    let start = play.cursor().unwrap();
    assert!(start.0 < on.0 && start.1 == on.1);
    play.keys("down up");
    assert_eq!(play.cursor().unwrap(), start);
    play.types("X");
    assert!(play.screen().contains("      X"), "{}", play.screen());
}

#[test]
fn whoever_saved_it_elsewhere_just_now_is_said_to_be_at_work() {
    let mut play = editing("text\n", 120, 12);
    assert!(!play.screen().contains("at work"), "{}", play.screen());
    let mut fresh = note(2, 4, "Trip", "their text\n");
    fresh.updated_at = at(-1);
    play.news(News::Moved { note: Box::new(fresh), drafted: false });
    assert!(play.screen().contains("ada at work on desktop"), "{}", play.screen());
    play.wait(10 * 60_000);
    assert!(!play.screen().contains("at work"), "{}", play.screen());
}

#[test]
fn ctrl_q_leaves_from_under_a_question_too() {
    let mut play = Play::new(80, 24);
    play.news(rows());
    play.keys("d");
    assert!(play.screen().contains("Delete"));
    let effects = play.stage.keys("ctrl-q");
    assert!(effects.iter().any(|e| matches!(e, Effect::Client(diptych::client::handle::Command::Stop))), "{effects:?}");
    assert!(!play.screen().contains("brings it back"), "{}", play.screen());
}

#[test]
fn what_is_copied_reaches_the_terminal_and_the_system() {
    let home = Home::new();
    let (programs, kept) = (home.path("programs"), home.path("clipboard"));
    std::fs::create_dir_all(&programs).unwrap();
    let tool = programs.join("wl-copy");
    let script = home.path("script");
    std::fs::write(&script, format!("#!/bin/sh\ncat > {0}.part && mv {0}.part {0}\n", kept.display())).unwrap();
    runnable(&script, &tool);
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let env = [("PATH", path.as_str()), ("WAYLAND_DISPLAY", "wayland-0")];
    let mut term = Term::run(&home, env!("CARGO_BIN_EXE_diptych"), &[], &env, 80, 24);
    term.wait("Welcome");
    term.send("n");
    term.wait("typed");
    term.send("for the clipboard: é");
    term.wait("clipboard: é");
    term.send("\x01\x03");
    term.wait("Copied 20 characters.");
    term.wait_for("the system's clipboard", |_| std::fs::read_to_string(&kept).is_ok_and(|t| t == "for the clipboard: é"));
    term.wait_for("the terminal's clipboard", |_| term.copied().iter().any(|c| c == b"Zm9yIHRoZSBjbGlwYm9hcmQ6IMOp"));
    term.send("\x11");
    assert_eq!(term.exit(), 0);
    assert!(term.is_restored());
}
