//! Texts long enough to be compared in windows, with lines that stand in many places, merged as git merges them.

use std::process::Command;

use diptych::domain::diff::{self, Algorithm};

use super::merge_file::{Dice, folder, has_git, ours, run, same};

/// What a text is made of.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Paragraphs of lines that stand once, blank lines between.
    Prose,
    /// Lines of so many, the first ones often.
    Stock(usize),
    /// Blocks that all open and close alike.
    Code,
    /// Items of a word each.
    List,
}

impl Dice {
    fn words(&mut self, n: usize) -> String {
        let words: Vec<String> = (0..n).map(|_| format!("w{}", self.below(4_000))).collect();
        words.join(" ")
    }

    fn text(&mut self, kind: Kind, lines: usize) -> Vec<String> {
        let mut out = Vec::with_capacity(lines + 10);
        while out.len() < lines {
            match kind {
                Kind::Prose => {
                    (0..=self.below(6)).for_each(|_| out.push(self.words(7)));
                    out.push(String::new());
                }
                Kind::Stock(n) => {
                    let at = self.below(n).min(self.below(n));
                    out.push(if self.below(5) == 0 { String::new() } else { format!("line {at} of a stock") });
                }
                Kind::Code => {
                    out.push(format!("fn {}() {{", self.words(1)));
                    for _ in 0..self.below(8) {
                        match self.below(4) {
                            0 => out.extend(["    if x {", "        return;", "    }"].map(str::to_owned)),
                            1 => out.push(String::new()),
                            _ => out.push(format!("    {}", self.words(3))),
                        }
                    }
                    out.extend(["}", ""].map(str::to_owned));
                }
                Kind::List => out.push(format!("- {}", self.words(1))),
            }
        }
        out
    }

    /// Rewords, adds, repeats, cuts, blanks and moves lines.
    fn changed(&mut self, base: &[String], edits: usize) -> Vec<String> {
        let mut out = base.to_vec();
        for _ in 0..edits {
            let at = self.below(out.len());
            let end = (at + 1 + self.below(8)).min(out.len());
            match self.below(20) {
                0..7 => out[at] = self.words(4),
                7..10 => out.insert(at, self.words(4)),
                10..12 => out.insert(at, base[self.below(base.len())].clone()),
                12..14 => drop(out.remove(at)),
                14 if out.len() > 20 => drop(out.drain(at..end)),
                15 | 16 => out.insert(at, String::new()),
                17 | 18 => {
                    let copied = out[at..end].to_vec();
                    let to = self.below(out.len());
                    out.splice(to..to, copied);
                }
                _ if out.len() > 20 => {
                    let moved: Vec<String> = out.drain(at..end).collect();
                    let to = self.below(out.len());
                    out.splice(to..to, moved);
                }
                _ => {}
            }
        }
        out
    }
}

const KINDS: [Kind; 6] = [Kind::Prose, Kind::Stock(30), Kind::Code, Kind::Stock(300), Kind::List, Kind::Stock(2_000)];

/// A triple of a kind: base, mine, theirs. One line in `share` is edited.
fn triple(seed: u64, kind: Kind, lines: usize, share: usize) -> [String; 3] {
    let mut dice = Dice(seed);
    let base = dice.text(kind, lines);
    let (mine, theirs) = (dice.changed(&base, (lines / share).max(1)), dice.changed(&base, (lines / share).max(1)));
    [base, mine, theirs].map(|t| t.join("\n") + "\n")
}

/// Some rounds by default; `DIPTYCH_LONG_ROUNDS` asks for more.
#[test]
fn long_texts_with_lines_in_many_places_merge_as_with_git() {
    if !has_git() {
        return;
    }
    let rounds: usize = std::env::var("DIPTYCH_LONG_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(36);
    for round in 0..rounds {
        let (kind, lines, share) = (KINDS[round % 6], [700, 1_500, 4_000][round / 6 % 3], [500, 200, 100, 50][round % 4]);
        let [b, m, t] = triple(round as u64, kind, lines, share);
        same(&[("m", m.as_bytes()), ("b", b.as_bytes()), ("t", t.as_bytes())], &["-p", "m", "b", "t"]);
    }
}

/// Where git's search gives up looking for a shortest difference (hundreds of edits in one text), the windows still find one. The merges
/// may differ then, and ours says no more than what changed.
#[test]
fn where_git_gives_up_the_shortest_difference_stands() {
    if !has_git() {
        return;
    }
    let [b, m, t] = triple(SHORTER, Kind::List, 6_000, 10);
    let dir = folder(&[("m", m.as_bytes()), ("b", b.as_bytes()), ("t", t.as_bytes())]);
    let args = ["-p", "m", "b", "t"];
    assert!(ours(dir.path(), &args).stdout != run("git", dir.path(), &args).stdout, "as with git: pin another case");
    let mut shorter = false;
    for (name, side) in [("m", &m), ("t", &t)] {
        let by = |algorithm| lines_changed(b.as_bytes(), side.as_bytes(), algorithm);
        let out = Command::new("git").args(["diff", "--no-index", "--numstat", "b", name]).current_dir(dir.path()).output().unwrap();
        let gits: usize = String::from_utf8(out.stdout).unwrap().split_whitespace().filter_map(|n| n.parse::<usize>().ok()).sum();
        assert_eq!(by(Algorithm::Myers), by(Algorithm::Minimal));
        shorter |= by(Algorithm::Myers) < gits;
    }
    assert!(shorter, "git's difference is as short");
}

/// Above eight megabytes windows settle for one of several shortest differences, as the whole would cost three times the time and half as
/// much memory again. What they settle for is never longer than what git finds, and the merge says as much.
#[test]
fn the_largest_texts_are_compared_no_longer_than_by_git() {
    if !has_git() {
        return;
    }
    let [b, m, t] = triple(1, Kind::Prose, 160_000, 10);
    assert!(b.len() + m.len() > 8 * 1024 * 1024, "{} bytes are not large", b.len() + m.len());
    let dir = folder(&[("m", m.as_bytes()), ("b", b.as_bytes()), ("t", t.as_bytes())]);
    for (name, side) in [("m", &m), ("t", &t)] {
        let out = Command::new("git").args(["diff", "--no-index", "--numstat", "b", name]).current_dir(dir.path()).output().unwrap();
        let gits: usize = String::from_utf8(out.stdout).unwrap().split_whitespace().filter_map(|n| n.parse::<usize>().ok()).sum();
        let ours = lines_changed(b.as_bytes(), side.as_bytes(), Algorithm::Myers);
        assert!(ours <= gits, "{ours} lines to git's {gits}");
    }
}

/// A change near a last line without its line feed once kept the search for the next agreement in one place.
#[test]
fn a_change_near_a_last_line_without_end_is_found() {
    let old: String = (0..1_200).map(|i| format!("line {i} of a text\n")).collect();
    let bare = |t: &str| t.trim_end().to_owned();
    for last in 0..6 {
        let new = old.replace(&format!("line {} of", 1_199 - last), "other words of");
        for (a, b) in [(bare(&old), bare(&new)), (old.clone(), bare(&new)), (bare(&old), new.clone()), (bare(&old), old.clone())] {
            let edits = diff::lines(a.as_bytes(), b.as_bytes());
            let (from, to) = (edits.first().unwrap(), edits.last().unwrap());
            assert!(a[..from.old.start] == b[..from.new.start] && a[to.old.end..] == b[to.new.end..]);
            assert!(edits.iter().map(|e| e.old.len() + e.new.len()).sum::<usize>() < 120, "{edits:?}");
        }
    }
}

fn lines_changed(old: &[u8], new: &[u8], algorithm: Algorithm) -> usize {
    let lines = |t: &[u8]| t.split_inclusive(|b| *b == b'\n').count();
    diff::lines_by(old, new, algorithm).iter().map(|e| lines(&old[e.old.clone()]) + lines(&new[e.new.clone()])).sum()
}

/// A seed whose texts git compares with more lines than it takes.
const SHORTER: u64 = 5;
