//! What the terminal sends, read: keys and pastes come out the same however the bytes are cut, and no bytes at all are too strange.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, NativePtySystem, PtySize, PtySystem};
use proptest::collection::vec;
use proptest::prelude::*;

use diptych::tui::intake::Intake;
use diptych::tui::message::Event;

use crate::property::tried;
use crate::pty::{Home, Term};

fn all(intake: &mut Intake) -> Vec<String> {
    std::iter::from_fn(|| intake.pop()).map(|event| told(&event)).collect()
}

fn told(event: &Event) -> String {
    match event {
        Event::Key(key) => key.to_string(),
        Event::Paste(text) => format!("paste {text:?}"),
        Event::Mouse(mouse, _) => format!("{:?} {} {}", mouse.kind, mouse.x, mouse.y),
        other => format!("{other:?}"),
    }
}

fn read(bytes: &[u8]) -> Vec<String> {
    let mut intake = Intake::default();
    intake.take(bytes, false);
    all(&mut intake)
}

#[test]
fn keys_and_the_mouse_are_what_they_were() {
    assert_eq!(read(b"aA\x01\x1b[A\x1bOB\x1b[5~\x1b[15~"), ["a", "A", "Ctrl-A", "↑", "↓", "Pageup", "F5"]);
    assert_eq!(read(b"\x1bx\r\t\x7f\x1b[Z\x1b[1;5C\x1b[1;2D"), ["Alt-X", "Enter", "Tab", "Backspace", "Backtab", "Ctrl-→", "Shift-←"]);
    assert_eq!(read("漢é".as_bytes()), ["漢", "é"]);
    assert_eq!(read(b"\x1b"), ["Esc"]);
    assert_eq!(read(b"\x1b[<0;5;7M\x1b[<0;5;7m\x1b[<64;1;1M"), ["Down 4 6", "Up 4 6", "ScrollUp 0 0"]);
    // Answers to questions nobody waits for any more.
    assert_eq!(read(b"\x1b]11;rgb:1111/1111/1111\x1b\\a\x1b[?62;22cb"), ["a", "b"]);
}

#[test]
fn a_paste_is_one_event_and_its_marks_are_never_keys() {
    assert_eq!(read(b"a\x1b[200~one\r\ntwo\x1b[A\x1b[201~b"), ["a", "paste \"one\\r\\ntwo\\u{1b}[A\"", "b"]);
    let mut intake = Intake::default();
    intake.take(b"\x1b[200~no end", false);
    assert!(all(&mut intake).is_empty() && intake.is_pasting());
    intake.end_paste();
    assert_eq!(all(&mut intake), ["paste \"no end\""]);
    intake.take(b"x\x1b[201~y", false);
    assert_eq!(all(&mut intake), ["x", "y"]);
}

/// Pieces of which no beginning is a key of its own: those that begin with Esc have more behind it.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known: [&[u8]; 9] =
        [b"\x1b[A", b"\x1b[15~", b"\x1b[200~some\rtext\x1b[201~", b"\x1b[<0;12;3M", b"\x1b[1;5C", b"q", b"\r", b"\x01", "漢".as_bytes()];
    vec(prop::sample::select(known.to_vec()), 1..12).prop_map(|all| all.concat())
}

proptest! {
    #![proptest_config(tried(200))]

    #[test]
    fn however_the_bytes_are_cut_the_events_are_the_same(bytes in pieces(), cuts in vec(any::<prop::sample::Index>(), 0..6)) {
        let whole = read(&bytes);
        let mut cuts: Vec<usize> = cuts.iter().map(|c| c.index(bytes.len())).filter(|at| bytes[..*at].last() != Some(&0x1b)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut intake = Intake::default();
        cuts.windows(2).for_each(|cut| intake.take(&bytes[cut[0]..cut[1]], false));
        prop_assert_eq!(all(&mut intake), whole);
    }

    #[test]
    fn no_bytes_are_too_strange(chunks in vec(vec(prop_oneof![any::<u8>(), prop::sample::select(b"\x1b[]OP<>?;:0129~uRcynM\x07 q".to_vec())], 0..24), 1..8)) {
        let mut intake = Intake::default();
        chunks.iter().for_each(|chunk| intake.take(chunk, chunk.len() % 2 == 0));
        intake.end_paste();
        let _ = all(&mut intake);
    }
}

#[test]
fn a_terminal_that_goes_without_a_word_ends_the_program_and_loses_nothing() {
    let home = Home::new();
    let pair = NativePtySystem::default().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
    // In a session of its own the program is not told that the terminal goes. Without a sign for the end of input the writer sends none when
    // it is dropped: it would be a key.
    let mut command = CommandBuilder::new("sh");
    let program = env!("CARGO_BIN_EXE_diptych");
    command.args(["-c", &format!("setsid -w sh -c 'stty eof undef; {program}; echo $? >ended'; true")]);
    home.env().iter().for_each(|(k, v)| command.env(k, v));
    command.env("TERM", "xterm-256color");
    command.env("DIPTYCH_THEME", "dark");
    command.cwd(home.dir.path());
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let (mut reader, mut writer) = (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
    let mut screen = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
    let mut until = |text: &str| {
        let mut buffer = vec![0; 65_536];
        while !screen.screen().contents().contains(text) {
            let n = reader.read(&mut buffer).unwrap();
            assert!(n > 0, "it ended without {text:?}");
            screen.process(&buffer[..n]);
        }
    };
    until("write the first note");
    writer.write_all(b"n").unwrap();
    until("Esc back");
    writer.write_all(b"Half a thought").unwrap();
    until("Half a thought");
    drop((reader, writer, pair.master));
    let start = Instant::now();
    while !home.path("ended").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "it goes on without its terminal");
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.wait();
    Term::start(&home, &[], 80, 24).wait("Half a thought");
}
