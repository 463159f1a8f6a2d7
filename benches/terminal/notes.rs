//! The notes program itself: typing in a note of 1 MB beside vim, and the list over 50,000 notes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::meter::{Meter, Paint};
use crate::programs::{diptych, home};
use crate::rounds::press;
use crate::{median, p99, texts};

const PATIENCE: Duration = Duration::from_secs(60);

/// Prints how long a letter takes in a long note.
pub fn typing(rounds: usize, keys: usize) {
    println!("\n| typing in a note: median / p99 ms | at its start | in its middle | at its end |\n| --- | --- | --- | --- |");
    let one_line = format!("It begins with zqmine{}", " and goes on with words".repeat(45_000));
    for (name, text) in [("1 MB of prose", texts::prose(1_000_000)), ("one line of 1 MB", one_line)] {
        for ours in [true, false] {
            let mut places: [Vec<Paint>; 3] = Default::default();
            for _ in 0..rounds {
                let dir = tempfile::tempdir().unwrap();
                std::fs::write(dir.path().join("note.md"), &text).unwrap();
                let Some(mut meter) = open(ours, dir.path()) else { continue };
                for (n, place) in places.iter_mut().enumerate() {
                    go(&mut meter, ours, n);
                    place.extend(press(&mut meter, &["a", "b", "c", " "], keys).paints);
                }
            }
            let who = if ours { "diptych" } else { "vim" };
            println!("| {who}, {name} | {} | {} | {} |", shown(&places[0]), shown(&places[1]), shown(&places[2]));
        }
    }
}

fn open(ours: bool, dir: &Path) -> Option<Meter> {
    if !ours {
        let argv = ["vim", "-u", "NONE", "-N", "-n", "-c", "set wrap linebreak", "note.md"].map(ToOwned::to_owned);
        let mut meter = Meter::start(&argv, &home(dir), dir);
        meter.shows("zqmine", PATIENCE)?;
        meter.settle(Duration::from_millis(300));
        return Some(meter);
    }
    let notes = dir.join("notes");
    std::fs::create_dir(&notes).ok()?;
    std::fs::rename(dir.join("note.md"), notes.join("note.md")).ok()?;
    run(dir, &["import", "notes"])?;
    let mut meter = Meter::start(&[diptych()], &home(dir), dir);
    meter.shows("synced", PATIENCE)?;
    meter.settle(Duration::from_millis(500));
    meter.send("\r");
    meter.shows("zqmine", PATIENCE)?;
    meter.settle(Duration::from_millis(500));
    Some(meter)
}

/// To the start, the middle or the end of the text, ready to type.
fn go(meter: &mut Meter, ours: bool, place: usize) {
    let keys: &[&str] = match (ours, place) {
        (true, 0) => &["\x1b[1;5H"],
        (true, 1) => &["\x1bg", "800\r"],
        (true, _) => &["\x1b[1;5F"],
        (false, 0) => &["\x1b", "gg0", "i"],
        (false, 1) => &["\x1b", "800G", "i"],
        (false, _) => &["\x1b", "G$", "a"],
    };
    for key in keys {
        meter.press(key);
        meter.settle(Duration::from_millis(150));
    }
}

/// Prints how long the list of so many notes takes to open and a letter of its search to show.
pub fn list(rounds: usize, notes: usize) {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("notes");
    std::fs::create_dir(&folder).unwrap();
    for n in 0..notes {
        let about = ["travel", "food", "work", "music"][n % 4];
        let text =
            format!("---\ntitle: Note {n} about {about} and {}\ntags: [t{}]\n---\nSome words of note {n}.\n", n * 7919 % 1000, n % 50);
        std::fs::write(folder.join(format!("{n}.md")), text).unwrap();
    }
    eprint!("importing {notes} notes…");
    let imported = run(dir.path(), &["import", "notes"]);
    eprint!("\r{:60}\r", "");
    if imported.is_none() {
        println!("\nThe list was not measured: the notes could not be imported.");
        return;
    }
    let (mut opened, mut cpu, mut first, mut more, mut moves, mut peak) = (vec![], vec![], vec![], vec![], vec![], 0.0);
    for _ in 0..rounds {
        let mut meter = Meter::start(&[diptych()], &home(dir.path()), dir.path());
        opened.extend(meter.shows("about", PATIENCE));
        cpu.push(meter.cpu_ms());
        meter.settle(Duration::from_secs(2));
        moves.extend(press(&mut meter, &["j"], 20).paints);
        meter.send("/");
        meter.settle(Duration::from_millis(300));
        first.extend(press(&mut meter, &["m"], 1).paints);
        more.extend(press(&mut meter, &["u", "s", "7"], 3).paints);
        peak = meter.peak();
    }
    println!("\n| the list of {notes} notes | median ms | slowest ms |\n| --- | --- | --- |");
    println!("| first frame with notes | {:.0} (processor {:.0}) | {:.0} |", median(&opened), median(&cpu), p99(&opened));
    for (what, paints) in [("a row down", &moves), ("the first letter of a search", &first), ("another letter", &more)] {
        let times: Vec<f64> = paints.iter().map(|p| p.ms).collect();
        println!("| {what} | {:.1} | {:.1} |", median(&times), p99(&times));
    }
    println!("| memory at its peak, server included | {:.0} MB | |", peak / 1e6);
}

fn run(dir: &Path, args: &[&str]) -> Option<()> {
    let mut command = Command::new(diptych());
    command.args(args).envs(home(dir)).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().ok()?.success().then_some(())
}

/// Median and 99th percentile of some paints.
pub fn shown(paints: &[Paint]) -> String {
    let times: Vec<f64> = paints.iter().map(|p| p.ms).collect();
    if times.is_empty() { "–".to_owned() } else { format!("{:.2} / {:.1}", median(&times), p99(&times)) }
}
