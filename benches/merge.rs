//! The merge beside its peers: `cargo bench --bench merge` prints the tables (`-- --all` adds 50 MB and 200,000 lines; `-- nasty`, `-- whole`
//! and `-- process` print one table each).
//!
//! In process: two texts of notes and one base, against `similar::TextMerge`, `imara-diff` (its two differences alone, without a merge)
//! and `diffy`. Whole processes: `diptych merge-file` and GNU `diff3 -m` (where it is installed) against `git merge-file`, in alternating
//! rounds; instructions by `valgrind` where it is installed. Inputs come from fixed seeds. A ratio is taken within one run only; a single time says nothing.

#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark prints, and ends at once when something is missing"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use diptych::domain::diff::Algorithm;
use diptych::domain::merge;
use diptych::domain::merge::marked::{Marking, Style, merge_file};

type Texts = [String; 3];

fn main() {
    let asked = |name: &str| std::env::args().any(|a| a == name);
    let all = asked("--all");
    let every = !["process", "whole", "nasty"].into_iter().any(asked);
    if every || asked("process") {
        in_process();
    }
    if every || asked("whole") {
        whole(all);
    }
    if every || asked("nasty") {
        nasty(all);
    }
}

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }

    fn line(&mut self, mark: &str) -> String {
        if self.below(8) == 0 {
            return mark.to_owned();
        }
        let words = 5 + self.below(5);
        (0..words).map(|_| WORDS[self.below(WORDS.len())].to_owned() + &self.below(400).to_string()).collect::<Vec<_>>().join(" ") + mark
    }
}

const WORDS: [&str; 16] =
    ["river", "note", "anna", "went", "list", "to", "garden", "the", "plan", "mill", "owl", "call", "and", "bread", "road", "barn"];

/// Lines of notes, and two sides that each changed this share of them.
fn prose(bytes: usize, share: f64) -> Texts {
    let mut dice = Dice(bytes as u64);
    let (mut base, mut size) = (Vec::new(), 0);
    while size < bytes {
        let line = dice.line("");
        size += line.len() + 1;
        base.push(line);
    }
    let edits = ((base.len() as f64 * share) as usize).max(1);
    let mut side = |mark: &str| {
        let mut out: Vec<Vec<String>> = base.iter().map(|l| vec![l.clone()]).collect();
        for _ in 0..edits {
            let at = dice.below(base.len());
            match dice.below(10) {
                0..6 => out[at] = vec![dice.line(mark)],
                6..8 => {
                    let new = dice.line(mark);
                    out[at].push(new);
                }
                _ => out[at].clear(),
            }
        }
        text(out.into_iter().flatten())
    };
    let (mine, theirs) = (side(" m"), side(" t"));
    [text(base.into_iter()), mine, theirs]
}

fn text(lines: impl Iterator<Item = String>) -> String {
    lines.fold(String::new(), |mut all, l| {
        all.push_str(&l);
        all.push('\n');
        all
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The median time of a call, over at least `rounds` calls.
fn time<T>(rounds: usize, mut call: impl FnMut() -> T) -> Duration {
    median(
        (0..rounds)
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(call());
                start.elapsed()
            })
            .collect(),
    )
}

fn in_process() {
    println!("In process, median; hunks and written merge each\n");
    println!(
        "| input | hunks | written | similar TextMerge | imara-diff, differences only | diffy |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    );
    for (name, bytes, share, rounds) in
        [("20 kB, 1 %", 20_000, 0.01, 501), ("1 MB, 1 %", 1_000_000, 0.01, 21), ("10 MB, 1 %", 10_000_000, 0.01, 5)]
    {
        let [b, m, t] = prose(bytes, share);
        let marking = Marking { style: Style::Merge, favour: None, size: 0, labels: [b"m", b"b", b"t"] };
        let hunks = time(rounds, || merge::merge(b.as_bytes(), m.as_bytes(), t.as_bytes()));
        let written = time(rounds, || merge_file(b.as_bytes(), m.as_bytes(), t.as_bytes(), Algorithm::Myers, &marking).to_vec());
        let similar = time(rounds.min(11), || similar::TextMerge::from_lines(&b, &m, &t).regions().len());
        let imara = time(rounds.min(21), || {
            [&m, &t].map(|side| {
                let input = imara_diff::InternedInput::new(b.as_str(), side.as_str());
                imara_diff::Diff::compute(imara_diff::Algorithm::Histogram, &input).hunks().count()
            })
        });
        let diffy = time(rounds.min(5), || diffy::merge(&b, &m, &t).is_ok());
        println!("| {name} | {hunks:?} | {written:?} | {similar:?} | {imara:?} | {diffy:?} |");
    }
}

/// Three files in a folder, and the command lines of both programs for them.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new([b, m, t]: &Texts) -> Case {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        for (name, text) in [("b", b), ("m", m), ("t", t)] {
            std::fs::write(folder.path().join(name), text).expect("room for temporary files");
        }
        Case { folder }
    }

    fn command(&self, program: &[&str], refine: bool) -> Command {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).args(["merge-file", "-p"]).args(refine.then_some("--refine")).args(["m", "b", "t"]);
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn output(&self, program: &str) -> Vec<u8> {
        self.command(&[program], false).stdout(Stdio::piped()).output().map(|o| o.stdout).unwrap_or_default()
    }

    /// User and system time of children so far, in clock ticks.
    fn ticks() -> u64 {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(13).take(2).filter_map(|n| n.parse::<u64>().ok()).sum()
    }

    /// The command line of GNU diff3 that merges the same.
    fn diff3(&self) -> Command {
        let mut command = Command::new("diff3");
        command.args(["-m", "m", "b", "t"]).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// CPU time of so many runs of each, in alternating rounds, in ticks: git, ours, ours with `--refine`, diff3 (0 without it).
    fn cpu(&self, rounds: usize) -> [u64; 4] {
        let mut sums = [0; 4];
        for _ in 0..rounds {
            let each = [self.command(&["git"], false), self.command(&[OURS], false), self.command(&[OURS], true), self.diff3()];
            for (sum, mut command) in sums.iter_mut().zip(each) {
                let before = Case::ticks();
                let _ = command.status();
                *sum += Case::ticks() - before;
            }
        }
        sums
    }

    /// Instructions, if valgrind is there.
    fn instructions(&self, program: &str) -> Option<u64> {
        let mut command = self.command(&["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program], false);
        let out = command.stderr(Stdio::piped()).output().ok()?;
        let text = String::from_utf8_lossy(&out.stderr).into_owned();
        text.lines().find_map(|l| l.split("Collected :").nth(1)?.trim().parse().ok())
    }

    /// Peak memory in kB, if `time` is there.
    fn memory(&self, program: &str) -> Option<f64> {
        let out = self.command(&["/usr/bin/time", "-f", "%M", program], false).stderr(Stdio::piped()).output().ok()?;
        String::from_utf8_lossy(&out.stderr).lines().last()?.parse().ok()
    }

    fn bytes(&self) -> f64 {
        ["b", "m", "t"].iter().filter_map(|n| std::fs::metadata(self.folder.path().join(n)).ok()).map(|m| m.len() as f64).sum()
    }
}

const OURS: &str = env!("CARGO_BIN_EXE_diptych");

fn ratio(a: u64, b: u64) -> String {
    if b == 0 { "-".to_owned() } else { format!("{:.3}", a as f64 / b as f64) }
}

fn row(name: &str, case: &Case, rounds: usize, valgrind: bool) {
    let [git, ours, refined, diff3] = case.cpu(rounds);
    let same = case.output("git") == case.output(OURS);
    let count = if valgrind { case.instructions("git").zip(case.instructions(OURS)) } else { None };
    let instructions = count
        .map_or("-".to_owned(), |(git, ours)| format!("{:.1} M / {:.1} M = {}", ours as f64 / 1e6, git as f64 / 1e6, ratio(ours, git)));
    let memory = case.memory(OURS).map_or("-".to_owned(), |kb| format!("{:.2}", kb * 1024.0 / case.bytes()));
    println!(
        "| {name} | {} | {} | {} | {instructions} | {memory} | {} |",
        ratio(ours, git),
        ratio(refined, ours),
        if diff3 == 0 { "not installed".to_owned() } else { ratio(diff3, git) },
        if same { "same" } else { "differ" }
    );
}

const HEAD: &str = "| input | CPU to git's | with --refine, to without | diff3 -m, CPU to git's | instructions | peak memory per byte | bytes |\n| --- | ---: | ---: | ---: | ---: | ---: | --- |";

fn whole(all: bool) {
    println!("\nWhole processes, against git merge-file\n\n{HEAD}");
    let mut sizes = vec![("1 MB", 1_000_000, 40), ("10 MB", 10_000_000, 9)];
    if all {
        sizes.push(("50 MB", 50_000_000, 3));
    }
    for (name, bytes, rounds) in sizes {
        for (density, share) in [("1 %", 0.01), ("10 %", 0.1)] {
            row(&format!("{name}, {density}"), &Case::new(&prose(bytes, share)), rounds, bytes == 1_000_000);
        }
    }
}

/// Inputs on which a merge could take for ever.
fn nasty(all: bool) {
    println!("\nNasty inputs, against git merge-file\n\n{HEAD}");
    for lines in if all { vec![20_000, 200_000] } else { vec![20_000] } {
        for (name, texts) in nasty_texts(lines) {
            let rounds = (400_000 / lines).clamp(2, 20);
            row(&format!("{name}, {lines} lines"), &Case::new(&texts), rounds, false);
        }
    }
}

fn nasty_texts(lines: usize) -> Vec<(&'static str, Texts)> {
    let mut dice = Dice(9);
    let mut side = |symbols: usize| text((0..lines).map(|_| format!("symbol {}", dice.below(symbols))));
    let two = [side(2), side(2), side(2)];
    let hundred = [side(100), side(100), side(100)];
    let numbered = |mark: &str, step: usize| text((0..lines).map(|i| format!("line {}{mark}", i * step % lines)));
    let rotated = |by: usize| text((0..lines).map(|i| format!("line {}", (i + by) % lines)));
    let periodic = |skip: usize| text((0..lines).filter(|i| i % 997 != skip).map(|i| format!("beat {}", i % 7)));
    let blank = |skip: usize| {
        text((0..lines).filter(|i| i % 501 != skip).map(|i| if i % 10 == 0 { format!("rule {}", i % 3) } else { String::new() }))
    };
    let giant = |word: &str| format!("{}{word}{}\n", "one line ".repeat(lines * 3), "goes on ".repeat(lines * 3));
    vec![
        ("two symbols", two),
        ("100 symbols", hundred),
        ("periodic", [periodic(0), periodic(300), periodic(600)]),
        ("blanks", [blank(0), blank(100), blank(250)]),
        ("moved", [rotated(0), rotated(lines / 3), rotated(lines / 2)]),
        ("shuffled", [numbered("", 1), numbered("", 7), numbered("", 11)]),
        ("all changed", [numbered("", 1), numbered(" m", 1), numbered(" t", 1)]),
        ("nothing in common", [numbered(" x", 1), numbered(" y", 3), numbered(" z", 7)]),
        ("one line", [giant("a"), giant("b"), giant("c")]),
    ]
}
