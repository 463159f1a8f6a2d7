//! Key to painted frame on the merge screen, in memory at 200×50: what the program does between a key and the bytes for the terminal.
//!
//! `cargo bench --bench merge_screen --profile ci` prints a table for generated conflicts of several sizes, each with 1 % of the lines edited on each
//! side. Figures are medians and 99th percentiles of wall time; only ratios between the rows mean much on a busy machine.
#![allow(clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::time::{Duration, Instant};

use diptych::domain::note::{NoteId, Time, Uuid};
use diptych::domain::settle::{Labels, Settle};
use diptych::tui::app::{App, Setup};
use diptych::tui::keys::{Keymap, Overrides};
use diptych::tui::merge::{self, Files, Job, Opened};
use diptych::tui::message::Event;
use diptych::tui::screen::{Local, Settings};
use diptych::tui::stage::Stage;
use diptych::tui::theme::Theme;

/// Prose-like lines of about 50 bytes; `side` rewrites one line in a hundred, and one line in a thousand is rewritten by both.
fn text(bytes: usize, side: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes + 64);
    let mut n: u64 = 0;
    while out.len() < bytes {
        let mix = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let line = format!("Line {n} speaks of {} things and a {} in town today.\n", mix % 97, mix % 13);
        let edited = side > 0 && (n % 100 == side * 37 % 100 || n % 1000 == 500);
        let line = if edited { line.replace("today", if side == 1 { "tonight" } else { "tomorrow" }) } else { line };
        out.extend_from_slice(line.as_bytes());
        n += 1;
    }
    out
}

fn setup() -> Setup {
    let (keys, _) = Keymap::load("default", &Overrides::new());
    let theme = Theme::built_in("dark", true).unwrap_or_else(|why| panic!("{why}"));
    Setup {
        now: Box::new(|| Time(0)),
        local: Box::new(|_| Local::default()),
        new_id: Box::new(|| NoteId(Uuid::nil())),
        theme,
        keys,
        settings: Settings::default(),
        notices: Vec::new(),
    }
}

fn stage(texts: &[Vec<u8>; 3]) -> (Stage, Duration) {
    let [b, m, t] = texts.clone();
    let start = Instant::now();
    let job = Job::new(move |stop| Ok(Opened::new(Settle::open_unless([b, m, t], &[], stop)?, &[])));
    let files = Files { result: "r".into(), name: "r".to_owned(), labels: Labels::default(), journal: None };
    let stage = Stage::new(App::new(setup(), merge::files(files, job, 0), false), 200, 50);
    (stage, start.elapsed())
}

/// Median and 99th percentile of doing something so many times.
fn measure(times: usize, mut what: impl FnMut(usize)) -> String {
    let mut all: Vec<Duration> = (0..times)
        .map(|n| {
            let start = Instant::now();
            what(n);
            start.elapsed()
        })
        .collect();
    all.sort();
    let ms = |d: Duration| format!("{:.2}", d.as_secs_f64() * 1e3);
    format!("{} / {}", ms(all[times / 2]), ms(all[times * 99 / 100]))
}

fn main() {
    println!("{:<15}{:>12}{:>17}{:>17}{:>17}{:>17}{:>17}", "ms", "first frame", "next clash", "scroll", "page", "choose, undo", "resize");
    let one_line = |word: &str| format!("{}{word}{}", "a few words and ".repeat(32_000), " more of it".repeat(45_000)).into_bytes();
    let cases = [
        ("20 kB", [0, 1, 2].map(|s| text(20_000, s))),
        ("1 MB", [0, 1, 2].map(|s| text(1_000_000, s))),
        ("10 MB", [0, 1, 2].map(|s| text(10_000_000, s))),
        ("50 MB", [0, 1, 2].map(|s| text(50_000_000, s))),
        ("one 1 MB line", ["old", "mine", "theirs"].map(one_line)),
    ];
    for (name, texts) in &cases {
        let (mut stage, first) = stage(texts);
        let next = measure(100, |_| drop(stage.keys("n")));
        let scroll = measure(100, |_| drop(stage.keys("j")));
        let page = measure(100, |_| drop(stage.keys("pagedown")));
        let choose = measure(20, |n| drop(stage.keys(if n % 2 == 0 { "m" } else { "u" })));
        let resize = measure(20, |n| drop(stage.event(Event::Resize(if n % 2 == 0 { 160 } else { 200 }, 50))));
        let first = format!("{:.1}", first.as_secs_f64() * 1e3);
        println!("{name:<15}{first:>12}{next:>17}{scroll:>17}{page:>17}{choose:>17}{resize:>17}");
    }
}
