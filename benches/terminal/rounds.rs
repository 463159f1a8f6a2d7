//! Rounds of starts and keys: every program opens every text in turn, so that what the machine does meanwhile hits all alike.

use std::path::Path;
use std::time::Duration;

use crate::meter::{Meter, Paint};
use crate::programs::{ALL, Program, home};

/// How long a program may take to show a conflict.
const PATIENCE: Duration = Duration::from_secs(90);
/// A program slower than this, in milliseconds, is started once, not in every round.
const SLOW_MS: f64 = 4_000.0;

/// What was measured of one program over one text.
#[derive(Default)]
pub struct Taken {
    /// Milliseconds to the first useful frame, one a round.
    pub first: Vec<f64>,
    /// Milliseconds of processor until then.
    pub cpu: Vec<f64>,
    /// To the next difference.
    pub next: Vec<Paint>,
    /// Half a page.
    pub scroll: Vec<Paint>,
    /// A line down.
    pub down: Vec<Paint>,
    /// A letter.
    pub typing: Vec<Paint>,
    /// Bytes and per cent of a processor while nothing happens.
    pub idle: Option<(usize, f64)>,
    /// The most memory held, in bytes.
    pub peak: f64,
    /// It did not show the text in time, or ended.
    pub gave_up: bool,
}

/// A text three programs open, and what they took.
pub struct Case {
    /// Its size in words.
    pub name: &'static str,
    /// Bytes of the three sides together.
    pub bytes: usize,
    /// What was measured, in the order of [`ALL`]; none where the program is not installed.
    pub taken: [Option<Taken>; ALL.len()],
}

/// Opens a conflict in every program, `rounds` times; keys are measured in the last start of each.
pub fn conflict(name: &'static str, texts: &[String; 3], rounds: usize, keys: usize, hopeless: &mut [bool; ALL.len()]) -> Case {
    let mut taken = ALL.map(|p| p.argv().map(|_| Taken::default()));
    for round in 0..rounds {
        for (n, program) in ALL.iter().enumerate() {
            let Some(so_far) = taken[n].as_mut() else { continue };
            so_far.gave_up |= hopeless[n];
            let slow = so_far.first.last().is_some_and(|ms| *ms > SLOW_MS);
            if so_far.gave_up || slow {
                continue;
            }
            eprint!("\r{name}, round {} of {rounds}: {:<20}", round + 1, program.name);
            let dir = tempfile::tempdir().unwrap();
            for (file, text) in ["base.md", "mine.md", "theirs.md"].iter().zip(texts) {
                std::fs::write(dir.path().join(file), text).unwrap();
            }
            // The editors that merge into a file want it to be there.
            std::fs::copy(dir.path().join("base.md"), dir.path().join("out.md")).unwrap();
            one(program, dir.path(), so_far, round + 1 == rounds, keys);
            hopeless[n] = so_far.gave_up;
        }
    }
    eprint!("\r{:60}\r", "");
    Case { name, bytes: texts.iter().map(String::len).sum(), taken }
}

fn one(program: &Program, dir: &Path, taken: &mut Taken, last: bool, keys: usize) {
    let Some(argv) = program.argv() else { return };
    let mut meter = Meter::start(&argv, &home(dir), dir);
    let Some(first) = meter.shows(program.ready, PATIENCE) else {
        taken.gave_up = true;
        if std::env::var_os("TERMINAL_SHOW").is_some() {
            eprintln!("{}:\n{}", program.name, meter.text());
        }
        return;
    };
    taken.first.push(first);
    taken.cpu.push(meter.cpu_ms());
    if !last && first < SLOW_MS {
        return;
    }
    meter.settle(Duration::from_millis(400));
    // A program that is slow to start is slow at every key too.
    let keys = if first > SLOW_MS { keys / 4 } else { keys };
    for key in program.before.chars() {
        meter.press(&key.to_string());
    }
    taken.next = press(&mut meter, program.next, keys);
    taken.scroll = press(&mut meter, program.scroll, keys);
    taken.down = press(&mut meter, &[program.down], keys);
    taken.idle = Some(meter.idle(Duration::from_secs(3)));
    taken.peak = meter.peak();
    if let Some(begin) = program.type_by {
        meter.press(begin);
        taken.typing = press(&mut meter, &["a", "b", "c", "d", "e", " "], keys);
    }
}

/// Presses keys in turn; those that painted nothing are left out, and a key that does nothing here (all fits the screen) is not pressed on and on.
pub fn press(meter: &mut Meter, keys: &[&str], times: usize) -> Vec<Paint> {
    let (mut paints, mut silent) = (Vec::new(), 0);
    for n in 0..times {
        match meter.press(keys[n % keys.len()]) {
            Some(paint) => paints.push(paint),
            None => silent += 1,
        }
        if paints.is_empty() && silent == 2 * keys.len() {
            break;
        }
    }
    paints
}
