//! The whole program in a terminal of 200×50 beside its peers: vim with a three-way diff, vim on one text, and scm-diff-editor.
//!
//! `cargo bench --bench terminal --profile ci` prints tables in Markdown: first useful frame, key to finished paint, bytes, idle, memory,
//! typing in a long note, the list over 50,000 notes, and what `--version` costs. `-- quick` keeps to small sizes, `-- conflict`, `-- note`,
//! `-- list` and `-- small` to one part; `DIPTYCH=PATH` measures another binary. A peer that is not on PATH is left out and said so.
//! Each table is printed as soon as it is measured. Programs take turns, figures are medians; on a busy machine only ratios within one run
//! mean much. A program that works for seconds on one key is given up, and its cell says so. It reports, it never fails.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, missing_docs, unreachable_pub)]

mod meter;
mod notes;
mod programs;
mod rounds;
mod texts;

use std::process::{Command, Stdio};

use programs::ALL;
use rounds::{Case, Keys, Taken};

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let quick = wanted.iter().any(|w| w == "quick");
    let parts: Vec<&String> = wanted.iter().filter(|w| *w != "quick").collect();
    let asked = |part: &str| parts.is_empty() || parts.iter().any(|p| *p == part);
    println!("Measured: {}", programs::diptych());
    for program in ALL.iter().filter(|p| p.argv().is_none()) {
        println!("{} is not installed, so it is not compared.", program.name);
    }
    if asked("small") {
        small();
    }
    if asked("conflict") {
        conflicts(quick);
    }
    if asked("note") {
        notes::typing(if quick { 1 } else { 3 }, 40);
    }
    if asked("list") {
        notes::list(if quick { 2 } else { 5 }, if quick { 2_000 } else { 50_000 });
    }
}

/// Name, bytes a side, starts, keys of each kind.
const SIZES: [(&str, usize, usize, usize); 5] = [
    ("1 kB", 1_000, 3, 20),
    ("20 kB", 20_000, 5, 40),
    ("1 MB", 1_000_000, 5, 40),
    ("10 MB", 10_000_000, 2, 20),
    ("50 MB", 50_000_000, 1, 12),
];

fn conflicts(quick: bool) {
    let mut hopeless = [false; ALL.len()];
    for (name, bytes, rounds, keys) in SIZES.into_iter().take(if quick { 3 } else { SIZES.len() }) {
        if bytes > 10_000_000 {
            // It takes minutes there.
            ALL.iter().zip(&mut hopeless).for_each(|(program, hopeless)| *hopeless |= program.is_vim_diff());
        }
        let rounds = if quick { 3 } else { rounds };
        table(&rounds::conflict(name, &texts::conflict(bytes), rounds, keys, &mut hopeless));
    }
    if !quick {
        table(&rounds::conflict("one line of 1 MB", &texts::one_line(), 2, 12, &mut [false; ALL.len()]));
    }
}

/// A figure of a program: its name, and what stands in the cell.
type Row = (&'static str, fn(&Taken, &Case) -> Option<String>);

const ROWS: [Row; 11] = [
    ("first useful frame, ms (processor ms)", |t, _| {
        (!t.first.is_empty()).then(|| format!("{:.0} ({:.0})", median(&t.first), median(&t.cpu)))
    }),
    ("next difference: key to finished paint, median / p99 ms", |t, _| times(&t.next)),
    ("half a page: the same", |t, _| times(&t.scroll)),
    ("a line up or down: the same", |t, _| times(&t.down)),
    ("a letter typed: the same", |t, _| times(&t.typing)),
    ("another size of the terminal: the same", |t, _| times(&t.resize)),
    ("next difference: bytes to the terminal, median", |t, _| bytes(&t.next)),
    ("half a page: the same", |t, _| bytes(&t.scroll)),
    ("a line up or down: the same", |t, _| bytes(&t.down)),
    ("idle for 1 s: bytes, % of a processor", |t, _| t.idle.map(|(bytes, cpu)| format!("{bytes}, {cpu:.2}"))),
    ("memory at its peak, MB (per input byte)", |t, case| {
        (t.peak > 0.0).then(|| format!("{:.0} ({:.2})", t.peak / 1e6, t.peak / case.bytes as f64))
    }),
];

fn table(case: &Case) {
    let there = || ALL.iter().zip(&case.taken).filter_map(|(program, taken)| Some((program, taken.as_ref()?)));
    let names: Vec<&str> = there().map(|(program, _)| program.name).collect();
    println!("\n| a conflict of {} | {} |\n| --- |{}", case.name, names.join(" | "), " --- |".repeat(names.len()));
    for (what, cell) in ROWS {
        let cells = there().map(|(_, taken)| {
            if taken.gave_up && taken.first.is_empty() {
                "gave up".to_owned()
            } else {
                cell(taken, case).unwrap_or_else(|| "–".to_owned())
            }
        });
        println!("| {what} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
}

fn times(keys: &Keys) -> Option<String> {
    match (keys.endless, keys.paints.is_empty()) {
        (true, _) => Some("more than 5 s, given up".to_owned()),
        (false, true) => None,
        (false, false) => Some(notes::shown(&keys.paints)),
    }
}

fn bytes(keys: &Keys) -> Option<String> {
    let bytes: Vec<f64> = keys.paints.iter().map(|p| p.bytes as f64).collect();
    (!bytes.is_empty()).then(|| format!("{:.0}", median(&bytes)))
}

/// What `--version` costs, and how large the program is.
fn small() {
    let diptych = programs::diptych();
    let cpu = || -> Option<f64> {
        // The time command of the shell tells user and system time of children in milliseconds.
        let script = format!("for i in 1 2 3 4 5 6 7 8 9 10; do {diptych:?} --version >/dev/null; done; times");
        let out = Command::new("bash").args(["-c", &script]).stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8(out.stdout).ok()?;
        let children = text.lines().nth(1)?.to_owned();
        let seconds = |t: &str| {
            t.trim_end_matches('s').split_once('m').and_then(|(m, s)| Some(m.parse::<f64>().ok()? * 60.0 + s.parse::<f64>().ok()?))
        };
        Some(children.split(' ').filter_map(seconds).sum::<f64>() * 100.0)
    };
    let runs: Vec<f64> = (0..5).filter_map(|_| cpu()).collect();
    let size = std::fs::metadata(&diptych).map_or(0, |m| m.len());
    println!("\n| small things | |\n| --- | --- |");
    println!("| `--version`, processor ms | {:.2} |", median(&runs));
    println!("| the binary, MB | {:.1} |", size as f64 / 1e6);
}

/// The middle of some figures; 0 of none.
pub fn median(of: &[f64]) -> f64 {
    percentile(of, 50)
}

/// The 99th percentile of some figures; 0 of none.
pub fn p99(of: &[f64]) -> f64 {
    percentile(of, 99)
}

fn percentile(of: &[f64], per_cent: usize) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() * per_cent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}
