//! The ways in and out of the program, in a real terminal: leaving, signals, kill -9 in the middle of settling, and coming back.

use std::process::Stdio;

use diptych::client::disk::Disk;
use diptych::domain::note::{NoteId, Time};

use crate::pty::{Home, Term};
use crate::world::Patience;

/// Plain `diptych` in folders of its own: its own server, its own notes.
fn notes(home: &Home) -> Term {
    Term::start(home, &[], 80, 24)
}

/// Whether a choice of the note's conflict is on the disk.
fn chosen(home: &Home, id: &str) -> bool {
    let (disk, _) = Disk::open(&home.path("data/diptych/device.db"), Time(0)).unwrap();
    disk.load(NoteId(id.parse().unwrap())).unwrap().parked.is_some_and(|p| !p.journal.is_empty())
}

/// Gets past what is shown the first time, and types a note.
fn write(term: &Term, text: &str) {
    term.send("n");
    term.wait("Esc back");
    term.send(text);
    term.wait(text);
}

#[test]
fn the_first_start_is_a_working_notes_program_and_remembers() {
    let home = Home::new();
    let mut term = notes(&home);
    term.wait("write the first note");
    write(&term, "Buy four tickets");
    term.send("\x13");
    term.wait("synced");
    term.send("\x11");
    assert_eq!(term.exit(), 0);
    assert!(term.is_restored());
    let again = notes(&home);
    again.wait("Buy four tickets");
    again.wait("synced");
}

#[test]
fn what_the_terminal_says_of_its_colours_too_late_is_not_typed() {
    let home = Home::new();
    let mut term = Term::start_unanswered(&home, &[], 80, 24);
    term.wait("write the first note");
    write(&term, "one");
    term.send("\x1b]10;rgb:eeee/eeee/eeee\x1b\\\x1b]11;rgb:1111/1111/1111\x1b\\two");
    term.wait("onetwo");
    term.send("\x13");
    term.wait("synced");
    term.send("\x11");
    assert_eq!(term.exit(), 0);
}

#[test]
fn a_signal_ends_it_with_the_terminal_restored_and_the_text_kept() {
    for signal in ["-TERM", "-HUP"] {
        let home = Home::new();
        let mut term = notes(&home);
        term.wait("write the first note");
        write(&term, "Half a thought");
        term.signal(signal);
        assert_ne!(term.exit(), 0);
        assert!(term.is_restored(), "{signal}");
        let again = notes(&home);
        again.wait("typed");
    }
}

#[test]
fn any_keys_at_all_leave_the_terminal_as_it_was() {
    let home = Home::new();
    let mut term = notes(&home);
    term.wait("write the first note");
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..40 {
        let keys: String = (0..50)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                match seed >> 33 & 15 {
                    0 => '\x1b',
                    1 => '\r',
                    // Any other control than those that suspend and quit.
                    2 | 3 => char::from(u8::try_from(seed >> 40 & 15).unwrap()),
                    _ => char::from(u8::try_from(32 + (seed >> 40) % 95).unwrap()),
                }
            })
            .filter(|key| *key != 'q')
            .collect();
        term.send(&keys);
    }
    term.signal("-TERM");
    term.exit();
    assert!(term.is_restored());
    assert!(!term.text().contains("panicked"), "{}", term.text());
}

#[test]
fn a_second_program_on_the_same_notes_says_so() {
    let home = Home::new();
    let first = notes(&home);
    first.wait("write the first note");
    let mut second = notes(&home);
    assert_eq!(second.exit(), 4);
    let text = second.text();
    assert!(text.contains("Another diptych has them open"), "{text}");
    assert!(second.is_restored());
}

#[test]
fn without_a_terminal_it_points_to_the_commands() {
    let home = Home::new();
    let out = home.command(&[]).stdout(Stdio::piped()).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8(out.stderr).unwrap().contains("need a terminal"));
}

#[test]
fn too_small_a_terminal_says_what_it_needs_and_goes_on() {
    let home = Home::new();
    let mut term = Term::start(&home, &[], 30, 8);
    term.wait("40");
    term.resize(80, 24);
    term.wait("write the first note");
    term.send("\x11");
    assert_eq!(term.exit(), 0);
}

#[test]
fn a_store_that_is_not_ours_is_left_alone_and_said() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("data/diptych")).unwrap();
    let file = home.path("data/diptych/server.db");
    std::fs::write(&file, "not a database, but somebody's text\n".repeat(200)).unwrap();
    let before = std::fs::read(&file).unwrap();
    let mut term = notes(&home);
    assert_eq!(term.exit(), 4);
    assert!(term.text().contains("server.db"), "{}", term.text());
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

/// A note that the program's own server has newer than this device: saved by its own server's HTTP, as another device would.
fn other_device(home: &Home, method: &str, path: &str, body: &serde_json::Value) -> serde_json::Value {
    let running: serde_json::Value = serde_json::from_slice(&std::fs::read(home.path("data/diptych/server.json")).unwrap()).unwrap();
    let url = format!("{}{path}", running["url"].as_str().unwrap());
    let auth = format!("Authorization: Bearer {}", running["token"].as_str().unwrap());
    let body = body.to_string();
    let args = ["-sS", "-X", method, &url, "-H", &auth, "-H", "X-Client: phone", "-H", "Content-Type: application/json", "-d", &body];
    let out = std::process::Command::new("curl").args(args).output().unwrap();
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {out:?}"))
}

#[test]
fn killed_in_the_middle_of_settling_it_comes_back_with_the_choices() {
    let home = Home::new();
    let mut term = notes(&home);
    term.wait("write the first note");
    term.wait("online");
    let lines = "one\n\ntwo\n\nthree\n\nfour\n\nfive\n";
    let made = other_device(&home, "POST", "/api/notes", &serde_json::json!({"title": "Counting", "body": lines}));
    let id = made["data"]["id"].as_str().unwrap().to_owned();
    term.send("\r");
    term.wait("Counting");
    term.send("\r");
    term.wait_for("the editor", |t| t.contains("Esc back") && t.contains("three"));
    // Typed and saved here in one go while the phone saves; what comes first is for the server to say, and both see version 1.
    term.send("X\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B\x1b[HY");
    term.wait("Yfour");
    other_device(
        &home,
        "PUT",
        &format!("/api/notes/{id}"),
        &serde_json::json!({"base_version": 1, "body": lines.replace("one", "Uno").replace("four", "Vier")}),
    );
    term.send("\x13");
    term.wait("needs you");
    term.send("\x07");
    term.wait("settle hunk by hunk");
    term.send("\r");
    term.wait("0 of 2 settled");
    term.send("m");
    term.wait("1 of 2 settled");
    // The choice is on disk within a tenth of a second on a machine with nothing else to do; a person's next key comes later than that.
    let patience = Patience::new();
    while !chosen(&home, &id) {
        assert!(patience.lasts(), "the choice is not kept");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    term.signal("-KILL");
    term.exit();
    let mut again = notes(&home);
    again.wait("needs you");
    again.send("\x07");
    again.wait_for("the question or the screen", |t| t.contains("hunk by hunk") || t.contains("1 of 2 settled"));
    if !again.text().contains("1 of 2 settled") {
        again.send("\r");
    }
    again.wait("1 of 2 settled");
    again.send("nt");
    again.wait("2 of 2 settled");
    again.send("w");
    again.wait("does not hold all");
    again.send("y");
    again.wait("synced");
    again.send("\x11");
    assert_eq!(again.exit(), 0);
}

const FAILING: &str = "DIPTYCH_TEST_FAILING";

/// Not a test of its own: what the child process of the next one runs. Without its environment it does nothing.
#[test]
fn child_whose_task_fails_while_it_has_the_terminal() {
    if std::env::var(FAILING).is_err() {
        return;
    }
    let mut guard = diptych::tui::terminal::Guard::enter(true).unwrap();
    guard.copy("the screen is taken").unwrap();
    let task = std::thread::spawn(|| panic!("the roof fell in"));
    assert!(task.join().is_err());
    // Held until the parent has looked: it is the panic that gives the terminal back, not the end of the program.
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    drop(guard);
}

#[test]
fn a_panic_in_any_task_gives_the_terminal_back_and_says_what_it_was() {
    let home = Home::new();
    let program = std::env::current_exe().unwrap();
    let child = ["--exact", "ways_out::child_whose_task_fails_while_it_has_the_terminal", "--nocapture", "--test-threads=1"];
    let mut term = Term::run(&home, program.to_str().unwrap(), &child, &[(FAILING, "1")], 80, 24);
    term.wait("the roof fell in");
    assert!(term.is_restored());
    term.send("\r\n");
    assert_eq!(term.exit(), 0);
    assert!(term.is_restored());
}
