//! Rounds of starts and keys: every program opens every text in turn, so that what the machine does meanwhile hits all alike.

use std::path::Path;
use std::time::Duration;

use crate::meter::{Meter, Paint, Pressed, SIZE};
use crate::programs::{ALL, Program, home};

/// How long a program may take to show a conflict.
const PATIENCE: Duration = Duration::from_secs(90);
/// Milliseconds of presses of one kind after which no further are made: a slow program is known by then.
const ENOUGH_MS: f64 = 4_000.0;
/// How long nobody does anything.
const IDLE: Duration = Duration::from_secs(1);
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
    pub next: Keys,
    /// Half a page.
    pub scroll: Keys,
    /// A line up or down.
    pub down: Keys,
    /// A letter.
    pub typing: Keys,
    /// Another size of the terminal.
    pub resize: Keys,
    /// Bytes and per cent of a processor while nothing happens.
    pub idle: Option<(usize, f64)>,
    /// The most memory held, in bytes.
    pub peak: f64,
    /// It did not show the text in time, or ended.
    pub gave_up: bool,
}

/// What came of keys of one kind.
#[derive(Default)]
pub struct Keys {
    /// Each that painted.
    pub paints: Vec<Paint>,
    /// A key was still at work after seconds, and the program was given up.
    pub endless: bool,
}

/// a text the programs open, and what they took.
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
    for key in program.before.chars() {
        meter.press(&key.to_string());
    }
    taken.next = press(&mut meter, program.next, keys);
    // What is slower still is not tried: its keys would be taken for those after it.
    if !taken.next.endless {
        taken.scroll = press(&mut meter, program.scroll, keys);
        taken.down = press(&mut meter, program.line, keys);
        taken.resize = resize(&mut meter, keys / 3);
        taken.idle = Some(meter.idle(IDLE));
    }
    taken.peak = meter.peak();
    if taken.next.endless || taken.scroll.endless || taken.down.endless || taken.resize.endless {
        return;
    }
    if let Some(begin) = program.type_by {
        meter.press(begin);
        taken.typing = press(&mut meter, &["a", "b", "c", "d", "e", " "], keys);
    }
}

/// Presses keys in turn. A key that does nothing here (all fits the screen) is not pressed on and on, nor one that is slow.
pub fn press(meter: &mut Meter, keys: &[&str], times: usize) -> Keys {
    let mut n = 0;
    taken(meter, times, 2 * keys.len(), |meter| {
        n += 1;
        meter.press(keys[(n - 1) % keys.len()])
    })
}

/// Makes the terminal narrower and wide again.
fn resize(meter: &mut Meter, times: usize) -> Keys {
    let mut narrow = false;
    taken(meter, times / 2 * 2, 2, |meter| {
        narrow = !narrow;
        meter.resize(if narrow { SIZE.0 - 30 } else { SIZE.0 }, SIZE.1)
    })
}

fn taken(meter: &mut Meter, times: usize, patience: usize, mut act: impl FnMut(&mut Meter) -> Pressed) -> Keys {
    let (mut out, mut silent) = (Keys::default(), 0);
    for _ in 0..times {
        match act(meter) {
            Pressed::Painted(paint) => out.paints.push(paint),
            Pressed::Silent => silent += 1,
            Pressed::Endless => out.endless = true,
        }
        let spent: f64 = out.paints.iter().map(|p| p.ms).sum();
        if out.endless || spent > ENOUGH_MS || out.paints.is_empty() && silent == patience {
            break;
        }
    }
    out
}
