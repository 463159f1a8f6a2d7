//! The demo as a person lives through it: the real binary in a terminal, settled by keys in each of the ways; and told without a screen.

use std::fs;

use crate::pty::{Home, Term};

/// Edits the trip's fourth line, saves, and waits for the refusal.
pub fn collide(home: &Home, args: &[&str], columns: u16, rows: u16) -> Term {
    let args: Vec<&str> = [&["demo"], args].concat();
    let term = Term::start(home, &args, columns, rows);
    term.wait("Trip to Lisbon");
    term.wait_for("all notes", |t| t.contains("5 notes") && t.matches("synced").count() >= 5);
    term.send("g\r");
    // On a wide screen the list shows the text too.
    term.wait_for("the editor", |t| t.contains("Esc back") && t.contains("The meeting with Ines"));
    // Line 4, "Tuesday" to "Thursday".
    term.send("\x1b[B\x1b[B\x1b[B\x1b[H");
    for _ in 0.."The meeting with Ines is on ".len() {
        term.send("\x1b[C");
    }
    for _ in 0.."Tuesday".len() {
        term.send("\x1b[3~");
    }
    term.send("Thursday");
    term.wait("is on Thursday at noon in room four");
    term.send("\x13");
    term.wait("409:");
    term.send("\x07");
    term.wait("settle hunk by hunk");
    term
}

/// Saves what is settled, through the verdict if it asks.
fn save(term: &Term) {
    term.send("w");
    let text = term.wait_for("verdict or end", |t| t.contains("does not hold all") || t.contains("server has exactly"));
    if text.contains("does not hold all") {
        term.send("y");
    }
    term.wait("server has exactly");
}

fn leave(mut term: Term, home: &Home) {
    term.send("\x11");
    assert_eq!(term.exit(), 0);
    assert!(term.is_restored());
    assert_eq!(left_behind(home), Vec::<String>::new());
}

/// What the demo left in the person's folders, the log aside.
fn left_behind(home: &Home) -> Vec<String> {
    let names = |dir: &str| fs::read_dir(home.path(dir)).into_iter().flatten().flatten().map(|e| e.path().display().to_string());
    names("tmp").chain(names("data")).chain(names("config")).collect()
}

fn settled(keys: &[&str], columns: u16, rows: u16, holds: &[&str], lacks: &[&str]) {
    let home = Home::new();
    let term = collide(&home, &[], columns, rows);
    for key in keys {
        term.send(key);
        if *key == "\r" && !term.text().contains("result") {
            term.wait("result");
        }
    }
    if keys.first() == Some(&"\r") {
        save(&term);
    } else {
        term.wait_for("the question answered", |t| t.contains("does not hold all") || t.contains("server has exactly"));
        if term.text().contains("does not hold all") {
            term.send("y");
        }
        term.wait("server has exactly");
    }
    // The editor shows what the server accepted as version 3; theirs as it stands needs no new version.
    let version = if keys == ["t"] { "v2 " } else { "v3 " };
    let text = term.wait_for(version, |t| t.contains(version) && t.contains("✓ synced"));
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in holds {
        assert!(flat.contains(word), "no {word:?} in\n{text}");
    }
    for word in lacks {
        assert!(!flat.contains(word), "{word:?} in\n{text}");
    }
    leave(term, &home);
}

#[test]
fn mine_is_kept_on_one_key() {
    settled(&["m"], 80, 24, &["on Thursday at noon in room four"], &["room seven"]);
}

#[test]
fn theirs_is_kept_on_one_key() {
    settled(&["t"], 200, 50, &["on Tuesday at noon in room seven", "a rain coat"], &["Thursday at noon"]);
}

#[test]
fn a_proposal_is_taken_with_enter() {
    settled(&["\r", "\r"], 80, 24, &["on Thursday at noon in room seven", "a rain coat"], &[]);
}

#[test]
fn both_are_kept_one_after_the_other() {
    settled(&["\r", "b"], 200, 50, &["on Thursday at noon in room four. The meeting with Ines is on Tuesday at noon in room seven."], &[]);
}

#[test]
fn hunk_by_hunk_theirs_and_undone_and_mine() {
    settled(&["\r", "t", "u", "m"], 80, 24, &["on Thursday at noon in room four", "a rain coat"], &["room seven"]);
}

#[test]
fn a_second_409_asks_only_what_is_new() {
    let home = Home::new();
    let term = collide(&home, &["--again"], 80, 24);
    term.send("\r");
    term.wait("result");
    term.send("\r");
    term.send("w");
    let text = term.wait_for("verdict or the second 409", |t| t.contains("does not hold all") || t.contains("Mobile again"));
    if text.contains("does not hold all") {
        term.send("y");
    }
    term.wait("Mobile again");
    leave(term, &home);
}

/// Opens the note at a place of the list, types into it, saves, and goes back.
fn saved_at(term: &Term, keys: &str, holds: &str) {
    term.send(keys);
    term.wait_for("the editor", |t| t.contains("Esc back") && t.contains(holds));
    term.send("Hm ");
    term.wait("Hm ");
    term.send("\x13");
    term.wait_for("the save", |t| t.contains("v2 laptop") && t.contains("✓ synced"));
    term.send("\x1b");
    term.wait("Enter open");
}

/// A scene, played after something was saved that it does not speak of.
fn played(scene: &str, first: (&str, &str), keys: &[&str], ends: &str) {
    let home = Home::new();
    let term = Term::start(&home, &["demo", scene], 80, 24);
    term.wait_for("all notes", |t| t.contains("5 notes") && t.matches("synced").count() >= 5);
    saved_at(&term, first.0, first.1);
    for key in keys {
        term.send(key);
        if *key == "\r" {
            term.wait("The network is gone");
        }
    }
    term.wait(ends);
    leave(term, &home);
}

#[test]
fn the_offline_scene_waits_for_its_own_note() {
    played("offline", ("gj\r", "oak top"), &["gj", "\r", "Hm ", "\x13"], "Both pushed.");
}

#[test]
fn the_mark_of_the_lww_scene_may_follow_a_save() {
    played("lww", ("g\r", "Ines"), &["g", "*"], "Mobile's mark came first");
}

#[test]
fn the_scenes_are_told_without_a_screen() {
    let home = Home::new();
    let started: Vec<_> = ["conflict", "offline", "fields", "lock", "lww"]
        .map(|scene| (scene, home.command(&["demo", scene, "--plain"]).stdout(std::process::Stdio::piped()).spawn().unwrap()))
        .into();
    for (scene, child) in started {
        let out = child.wait_with_output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        assert!(out.status.success(), "{scene}:\n{text}");
        assert!(text.contains("  > PUT /api/") && text.contains("  < 200 OK"), "{scene}:\n{text}");
        let due = match scene {
            "conflict" => "409 Conflict",
            "offline" => "overruled: [\"body\"]",
            "fields" => "422 Unprocessable",
            "lock" => "423 Locked",
            _ => "conflict_lww",
        };
        assert!(text.contains(due), "{scene} without {due}:\n{text}");
    }
    assert_eq!(left_behind(&home), Vec::<String>::new());
}

#[test]
fn without_a_terminal_the_demo_says_what_to_do() {
    let home = Home::new();
    let out = home.command(&["demo", "lock"]).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8(out.stderr).unwrap().contains("diptych demo lock --plain"));
}
