//! Measures proposals against people: `cargo run --release --example conflicts -- FOLDER`.
//!
//! The folder holds one folder per conflict with `base`, `mine`, `theirs` and `resolved`, what a person made of it. Told are, for each
//! class, how often it speaks and how often it says what the person wrote, and what a file costs in choices and in typing with and without.

#![allow(clippy::print_stdout, reason = "it prints a report")]

use std::collections::BTreeMap;
use std::path::Path;

use diptych::domain::merge::{self, Hunk, Kind};
use diptych::domain::refine::Class;
use diptych::domain::{diff, endings, refine};

/// How a person settled a clash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Mine,
    Theirs,
    MineTheirs,
    TheirsMine,
    Base,
    Neither,
    /// Lines of the three, chosen and ordered.
    Lines,
    Typed,
}

#[derive(Default)]
struct Report {
    files: usize,
    clashes: usize,
    unplaced: usize,
    answers: BTreeMap<Answer, usize>,
    /// By class: spoke, equal, equal but for white space.
    classes: BTreeMap<Class, [usize; 3]>,
    /// Without and with proposals: choices made, clashes typed, files with typing, files with nothing but `Enter`.
    cost: [[usize; 4]; 2],
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: conflicts FOLDER")?;
    let mut cases: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?.into_iter().map(|e| e.path()).collect();
    cases.sort();
    let mut report = Report::default();
    for case in cases.iter().filter(|c| c.join("resolved").exists()) {
        measure(case, &mut report)?;
    }
    print(&report);
    Ok(())
}

fn measure(case: &Path, report: &mut Report) -> std::io::Result<()> {
    let read = |name: &str| std::fs::read(case.join(name));
    let (base, mine, theirs, resolved) = (read("base")?, read("mine")?, read("theirs")?, read("resolved")?);
    let l = endings::level(&base, &mine, &theirs);
    let hunks = merge::merge(&l.base, &l.mine, &l.theirs);
    let proposals = refine::propose(&l.base, &l.mine, &l.theirs, &hunks);
    let written = people(&l.mine, &l.theirs, &hunks, &resolved);
    report.files += 1;
    let (mut typed, mut asked) = ([false; 2], [false; 2]);
    for (i, h) in hunks.iter().enumerate().filter(|(_, h)| h.kind == Kind::Clash) {
        report.clashes += 1;
        let Some(text) = &written[i] else {
            report.unplaced += 1;
            continue;
        };
        let answer = answer(&l.base[h.base.clone()], &l.mine[h.mine.clone()], &l.theirs[h.theirs.clone()], text);
        *report.answers.entry(answer).or_default() += 1;
        let proposed = proposals.iter().find(|p| p.hunk == i);
        let right = proposed.is_some_and(|p| {
            let said: Vec<u8> = p.pieces.iter().flat_map(|p| p.text.clone()).collect();
            let count = report.classes.entry(p.class).or_default();
            count[0] += 1;
            count[1] += usize::from(said == *text);
            let bare = |t: &[u8]| -> Vec<u8> { t.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect() };
            count[2] += usize::from(bare(&said) == bare(text));
            said == *text
        });
        for with in [0, 1] {
            let accepted = with == 1 && right;
            let hard = answer >= Answer::Lines && !accepted;
            report.cost[with][0] += usize::from(!hard && !accepted);
            report.cost[with][1] += usize::from(hard);
            typed[with] |= hard;
            asked[with] |= !accepted;
        }
    }
    for with in [0, 1] {
        report.cost[with][2] += usize::from(typed[with]);
        report.cost[with][3] += usize::from(!asked[with]);
    }
    Ok(())
}

/// What the person wrote for each clash, where it can be told from what stands around it.
fn people(mine: &[u8], theirs: &[u8], hunks: &[Hunk], resolved: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut skeleton = Vec::new();
    let mut places = Vec::new();
    for (i, h) in hunks.iter().enumerate() {
        let start = skeleton.len();
        match h.kind {
            Kind::Clash => skeleton.extend_from_slice(format!("\0clash {i}\0\n").as_bytes()),
            Kind::Theirs => skeleton.extend_from_slice(&theirs[h.theirs.clone()]),
            _ => skeleton.extend_from_slice(&mine[h.mine.clone()]),
        }
        places.push((h.kind == Kind::Clash).then_some(start..skeleton.len()));
    }
    let edits = diff::lines(&skeleton, resolved);
    let found = |place: &std::ops::Range<usize>| edits.iter().find(|e| e.old == *place).map(|e| resolved[e.new.clone()].to_vec());
    places.iter().map(|p| p.as_ref().and_then(found)).collect()
}

fn answer(base: &[u8], mine: &[u8], theirs: &[u8], text: &[u8]) -> Answer {
    let lines = |t: &[u8]| -> Vec<Vec<u8>> { t.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect() };
    let known: Vec<Vec<u8>> = [base, mine, theirs].iter().flat_map(|t| lines(t)).collect();
    match text {
        t if t == mine => Answer::Mine,
        t if t == theirs => Answer::Theirs,
        t if t == [mine, theirs].concat() => Answer::MineTheirs,
        t if t == [theirs, mine].concat() => Answer::TheirsMine,
        t if t == base => Answer::Base,
        [] => Answer::Neither,
        t if lines(t).iter().all(|l| known.contains(l)) => Answer::Lines,
        _ => Answer::Typed,
    }
}

fn print(report: &Report) {
    println!("{} files, {} clashes; in {} the person also changed what stands around\n", report.files, report.clashes, report.unplaced);
    println!("| the person took | clashes |\n| --- | ---: |");
    for (answer, n) in &report.answers {
        println!("| {answer:?} | {n} |");
    }
    println!("\n| class | speaks | as the person wrote | but for white space |\n| --- | ---: | ---: | ---: |");
    for (class, [spoke, equal, near]) in &report.classes {
        println!("| {} | {spoke} | {equal} | {near} |", class.name());
    }
    println!(
        "\n| proposals | choices | clashes typed | files with typing | files with nothing to do |\n| --- | ---: | ---: | ---: | ---: |"
    );
    for (name, [choices, typed, files, free]) in ["without", "with"].iter().zip(report.cost) {
        println!("| {name} | {choices} | {typed} | {files} | {free} |");
    }
}
