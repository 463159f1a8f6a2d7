//! The questions of the merge screen line by line, on any reader and writer: for screen readers, slow lines and scripts.
//!
//! The same conflict value, the same choices, the same verdict; only the drawing is missing. Everything from outside is printed with
//! visible signs in place of what a terminal could obey.

use std::io::{self, BufRead, Write};

use crate::domain::merge::Kind;
use crate::domain::note::FieldValue;
use crate::domain::settle::{Choice, Place, RowChoice, Settle, Side, Status};
use crate::domain::{text, typed};

/// How a round of questions ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All is settled, and the person said to save.
    Settled,
    /// The person left; what was chosen is in the conflict.
    Left,
}

/// What the two sides are called.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Mine.
    pub mine: &'a str,
    /// Theirs.
    pub theirs: &'a str,
}

const HELP: &str = "\
  m mine     t theirs     b both, mine first     B both, theirs first     0 base     x neither
  p accept the proposal   1 3 4 these pieces     e type the text, end with a line of one dot
  . the last choice again u undo     s skip      i why     a accept all proposals     q leave     ? this
";

/// Lines of one side shown before the rest is only counted.
const SHOWN: usize = 40;

/// Asks about everything open, in order, until all is settled or the person leaves. `kept` is called after each change, to keep the
/// journal. The end of the input leaves.
///
/// # Errors
/// What reading or writing reports.
pub fn ask(
    settle: &mut Settle,
    names: Names<'_>,
    input: &mut impl BufRead,
    out: &mut impl Write,
    mut kept: impl FnMut(&Settle),
) -> io::Result<Ended> {
    told_unasked(settle, out)?;
    let mut skipped = 0;
    loop {
        let open: Vec<Place> = open_places(settle);
        if open.is_empty() {
            match end(settle, input, out)? {
                None => {}
                Some(ended) => return Ok(ended),
            }
            settle.undo();
            kept(settle);
            continue;
        }
        let place = open[skipped % open.len()];
        show(settle, place, names, out)?;
        let Some(answer) = prompt(input, out, "> ")? else { return Ok(Ended::Left) };
        match answer.trim() {
            "q" => return Ok(Ended::Left),
            "s" => skipped += 1,
            "?" => out.write_all(HELP.as_bytes())?,
            "i" => why(settle, place, out)?,
            "u" => {
                if settle.undo().is_none() {
                    writeln!(out, "Nothing to undo.")?;
                }
                kept(settle);
            }
            "a" => {
                writeln!(out, "{} taken.", settle.accept_all())?;
                kept(settle);
            }
            other => {
                let typed = if other == "e" { Some(read_text(input, out)?) } else { None };
                if chosen(settle, place, other, typed.as_deref()) {
                    if settle.deletes() {
                        // What a deleted note says need not be asked.
                        settle.choose_deleted();
                    }
                    kept(settle);
                } else {
                    writeln!(out, "That does not fit here; ? lists what does.")?;
                }
            }
        }
    }
}

/// Everything open: rows first.
fn open_places(settle: &Settle) -> Vec<Place> {
    let rows = settle.rows().iter().enumerate().filter(|(_, r)| r.choice.is_none()).map(|(n, _)| Place::Row(n));
    rows.chain(settle.open_hunks().map(Place::Hunk)).collect()
}

fn told_unasked(settle: &Settle, out: &mut impl Write) -> io::Result<()> {
    for row in settle.rows().iter().filter(|r| r.is_auto()) {
        writeln!(out, "not asked: {} {}", row.name, text::shown(&row.shown().unwrap_or_default()))?;
    }
    let auto = (0..settle.hunks().len()).filter(|h| settle.status(*h) == Status::Auto).count();
    if auto > 0 {
        let stretches = if auto == 1 { "stretch" } else { "stretches" };
        writeln!(out, "not asked: {auto} {stretches} of the text that one side alone changed, or both alike")?;
    }
    Ok(())
}

/// The verdict and the last question. Nothing: take the last step back and go on.
fn end(settle: &Settle, input: &mut impl BufRead, out: &mut impl Write) -> io::Result<Option<Ended>> {
    let lost = settle.verdict();
    for l in &lost {
        writeln!(out, "{}", text::shown(&l.say()))?;
    }
    let question = if lost.is_empty() {
        "All is settled, nothing is dropped. Save? [y, u undo, q leave] "
    } else {
        "Save it so? [y, u undo, q leave] "
    };
    loop {
        match prompt(input, out, question)?.as_deref().map(str::trim) {
            Some("y" | "w" | "") => return Ok(Some(Ended::Settled)),
            Some("u") => return Ok(None),
            Some("q" | "n") | None => return Ok(Some(Ended::Left)),
            Some(_) => {}
        }
    }
}

fn prompt(input: &mut impl BufRead, out: &mut impl Write, question: &str) -> io::Result<Option<String>> {
    out.write_all(question.as_bytes())?;
    out.flush()?;
    let mut line = Vec::new();
    if input.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned()))
}

fn read_text(input: &mut impl BufRead, out: &mut impl Write) -> io::Result<Vec<u8>> {
    writeln!(out, "Type the text; a line of one dot ends it.")?;
    out.flush()?;
    let mut all = Vec::new();
    loop {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line)? == 0 || matches!(&line[..], b".\n" | b".\r\n" | b".") {
            return Ok(all);
        }
        all.extend_from_slice(&line);
    }
}

/// Puts an answer in a place; false if it makes no sense there.
fn chosen(settle: &mut Settle, place: Place, answer: &str, text: Option<&[u8]>) -> bool {
    match place {
        Place::Row(row) => {
            let choice = match answer {
                "m" => RowChoice::Mine,
                "t" => RowChoice::Theirs,
                "0" => RowChoice::Base,
                "p" => RowChoice::Proposal,
                "e" if settle.rows()[row].is_typeable() => {
                    let text = String::from_utf8_lossy(text.unwrap_or_default());
                    RowChoice::Typed(FieldValue::Is(typed::read(&settle.rows()[row].kind_of_value(), text.trim_end_matches(['\n', '\r']))))
                }
                _ => return false,
            };
            settle.choose_row(row, choice)
        }
        Place::Hunk(hunk) => {
            let choice = match answer {
                "m" => Choice::Mine,
                "t" => Choice::Theirs,
                "b" => Choice::MineThenTheirs,
                "B" => Choice::TheirsThenMine,
                "0" => Choice::Base,
                "x" => Choice::Neither,
                "p" => Choice::Proposal,
                "." => return settle.same_as_last(hunk),
                "e" => return text.is_some_and(|t| settle.type_text(hunk, t)),
                pieces => {
                    let numbers: Option<Vec<u32>> = pieces.split_whitespace().map(|n| n.parse::<u32>().ok()?.checked_sub(1)).collect();
                    match numbers {
                        Some(on) if !on.is_empty() => Choice::Atoms(on.into_iter().collect()),
                        _ => return false,
                    }
                }
            };
            settle.choose(hunk, choice)
        }
    }
}

fn show(settle: &Settle, place: Place, names: Names<'_>, out: &mut impl Write) -> io::Result<()> {
    let c = settle.counts();
    match place {
        Place::Row(n) => {
            let row = &settle.rows()[n];
            writeln!(out, "\n{} of {} settled · {}", c.settled, c.clashes, row.name)?;
            for (name, value) in [("base", &row.base), (names.mine, &row.mine), (names.theirs, &row.theirs)] {
                writeln!(out, "  {}: {}", text::shown(name), text::shown(value))?;
            }
            if row.proposal.is_some() {
                writeln!(out, "  proposed: {}", text::shown(&row.shown().unwrap_or_default()))?;
            }
        }
        Place::Hunk(h) => {
            let line = settle.text(Side::Mine)[..settle.hunks()[h].mine.start].iter().filter(|b| **b == b'\n').count() + 1;
            writeln!(out, "\n{} of {} settled · clash at line {line} of mine", c.settled, c.clashes)?;
            side(out, "base", settle.side(h, Side::Base))?;
            side(out, names.mine, settle.side(h, Side::Mine))?;
            side(out, names.theirs, settle.side(h, Side::Theirs))?;
            if let Some(p) = settle.proposal(h) {
                side(out, &format!("proposed ({})", p.class.name()), &settle.hunk_bytes(h))?;
            }
            pieces(settle, h, out)?;
        }
    }
    writeln!(out, "m mine, t theirs, b both, p proposal, numbers pick pieces, ? more")
}

fn side(out: &mut impl Write, name: &str, bytes: &[u8]) -> io::Result<()> {
    writeln!(out, "  {}:{}", text::shown(name), if bytes.is_empty() { " (nothing)" } else { "" })?;
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().count();
    for line in text.lines().take(SHOWN) {
        writeln!(out, "    {}", text::shown(line))?;
    }
    if lines > SHOWN { writeln!(out, "    … {} more lines", lines - SHOWN) } else { Ok(()) }
}

fn pieces(settle: &Settle, hunk: usize, out: &mut impl Write) -> io::Result<()> {
    let atoms = settle.atoms(hunk);
    if atoms.len() < 2 || atoms.len() > SHOWN {
        return Ok(());
    }
    writeln!(out, "  pieces:")?;
    for (n, a) in atoms.iter().enumerate() {
        let (whose, new) = if a.is_of(Side::Mine) {
            ("mine", &settle.text(Side::Mine)[a.mine.clone()])
        } else {
            ("theirs", &settle.text(Side::Theirs)[a.theirs.clone()])
        };
        let whose = if a.is_of(Side::Mine) && a.is_of(Side::Theirs) { "both" } else { whose };
        let quote = |b: &[u8]| text::shown(String::from_utf8_lossy(b).trim_end_matches('\n')).into_owned();
        let (old, new) = (quote(&settle.text(Side::Base)[a.base.clone()]), quote(new));
        let what = match (old.trim(), new.trim()) {
            ("", put) if !put.is_empty() => format!("added “{put}”"),
            (gone, "") if !gone.is_empty() => format!("removed “{gone}”"),
            _ => format!("“{old}” → “{new}”"),
        };
        writeln!(out, "    {} {whose}: {what}", n + 1)?;
    }
    Ok(())
}

fn why(settle: &Settle, place: Place, out: &mut impl Write) -> io::Result<()> {
    let say = match place {
        Place::Row(n) => settle.rows()[n].proposal.as_ref().map(|(_, why)| why.clone()),
        Place::Hunk(h) => settle.proposal(h).map(|p| format!("{}: {}", p.class.name(), p.reason)),
    };
    let asks = matches!(place, Place::Hunk(h) if settle.hunks()[h].kind == Kind::Clash);
    let none = if asks { "Both changed the same words, or put something at one spot: only you can tell." } else { "Both changed it." };
    writeln!(out, "{}", say.as_deref().unwrap_or(none))
}
