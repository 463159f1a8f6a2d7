//! The whole program in a terminal of 200×50 beside its peers: vim with a three-way diff, vim on one text, and scm-diff-editor.
//!
//! `cargo bench --bench terminal --profile ci` prints tables in Markdown: first useful frame, key to finished paint, bytes, idle, memory,
//! typing in a long note, the list over 50,000 notes, and what `--version` costs. `-- quick` keeps to small sizes, `-- conflict`, `-- note`,
//! `-- list` and `-- small` to one part; `DIPTYCH=PATH` measures another binary. A peer that is not on PATH is left out and said so.
//! Programs take turns, figures are medians; on a busy machine only ratios within one run mean much. It reports, it never fails.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, missing_docs, unreachable_pub)]

mod meter;
mod notes;
mod programs;
mod rounds;
mod texts;

use std::process::{Command, Stdio};

use meter::Paint;
use programs::ALL;
use rounds::{Case, Taken};

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

type PaintsOf = fn(&Taken) -> &[Paint];

fn conflicts(quick: bool) {
    let sizes: &[(&str, usize, usize)] = &[("1 kB", 1_000, 5), ("20 kB", 20_000, 9), ("1 MB", 1_000_000, 7)];
    let large: &[(&str, usize, usize)] = &[("10 MB", 10_000_000, 5), ("50 MB", 50_000_000, 1)];
    let (keys, mut hopeless, mut cases) = (if quick { 30 } else { 60 }, [false; ALL.len()], Vec::new());
    for (name, bytes, rounds) in sizes {
        cases.push(rounds::conflict(name, &texts::conflict(*bytes), if quick { 3 } else { *rounds }, keys, &mut hopeless));
    }
    if !quick {
        cases.push(rounds::conflict("one line of 1 MB", &texts::one_line(), 5, keys, &mut [false; ALL.len()]));
        for (name, bytes, rounds) in large {
            cases.push(rounds::conflict(name, &texts::conflict(*bytes), *rounds, keys, &mut hopeless));
        }
    }
    table("first useful frame of a conflict, ms (processor ms)", &cases, |t, _| {
        (!t.first.is_empty()).then(|| format!("{:.0} ({:.0})", median(&t.first), median(&t.cpu)))
    });
    let keys: [(&str, PaintsOf); 4] =
        [("next clash", |t| &t.next), ("half a page", |t| &t.scroll), ("a line down", |t| &t.down), ("a letter typed", |t| &t.typing)];
    for (what, of) in keys {
        table(&format!("{what}: key to finished paint, median / p99 ms"), &cases, |t, _| (!of(t).is_empty()).then(|| notes::shown(of(t))));
    }
    for (what, of) in &keys[1..3] {
        table(&format!("{what}: bytes to the terminal, median"), &cases, |t, _| {
            (!of(t).is_empty()).then(|| format!("{:.0}", median(&of(t).iter().map(|p| p.bytes as f64).collect::<Vec<_>>())))
        });
    }
    table("idle for 3 s: bytes, % of a processor", &cases, |t, _| t.idle.map(|(bytes, cpu)| format!("{bytes}, {cpu:.2}")));
    table("memory at its peak, MB (per input byte)", &cases, |t, case| {
        (t.peak > 0.0).then(|| format!("{:.0} ({:.1})", t.peak / 1e6, t.peak / case.bytes as f64))
    });
}

fn table(title: &str, cases: &[Case], cell: impl Fn(&Taken, &Case) -> Option<String>) {
    let head: Vec<&str> = cases.iter().map(|c| c.name).collect();
    println!("\n| {title} | {} |\n| --- |{}", head.join(" | "), " --- |".repeat(cases.len()));
    for (n, program) in ALL.iter().enumerate().filter(|(_, p)| p.argv().is_some()) {
        let cells = cases.iter().map(|case| match &case.taken[n] {
            Some(taken) if taken.gave_up => "gave up".to_owned(),
            Some(taken) => cell(taken, case).unwrap_or_else(|| "–".to_owned()),
            None => "–".to_owned(),
        });
        println!("| {} | {} |", program.name, cells.collect::<Vec<_>>().join(" | "));
    }
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
