//! A conflict as JSON for scripts, and their decisions back.
//!
//! Text that is not UTF-8 is told with replacement characters and `"lossy": true`; a decision that names a side still takes its bytes.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::merge::Kind;
use crate::domain::note::FieldValue;
use crate::domain::settle::{Choice, Row, RowChoice, Settle, Side, Status};
use crate::domain::typed;

/// All that a script needs to decide.
#[must_use]
pub fn told(settle: &Settle) -> Value {
    let c = settle.counts();
    let hunks: Vec<Value> = (0..settle.hunks().len()).filter(|h| settle.hunks()[*h].kind != Kind::Equal).map(|h| hunk(settle, h)).collect();
    let rows: Vec<Value> = settle.rows().iter().enumerate().map(|(n, r)| row(n, r)).collect();
    json!({
        "version": 1,
        "clashes": c.clashes, "settled": c.settled, "open": c.open, "proposals": c.proposals,
        "rows": rows, "hunks": hunks,
        "verdict": settle.verdict().iter().map(|l| json!({"hunk": l.hunk, "side": l.side.name(), "says": l.say()})).collect::<Vec<_>>(),
    })
}

fn row(n: usize, r: &Row) -> Value {
    json!({"row": n, "name": r.name.to_string(), "base": r.base, "mine": r.mine, "theirs": r.theirs, "result": r.shown(), "open": r.choice.is_none()})
}

fn hunk(settle: &Settle, h: usize) -> Value {
    let kind = match settle.hunks()[h].kind {
        Kind::Equal => "equal",
        Kind::Mine => "mine",
        Kind::Theirs => "theirs",
        Kind::Same => "same",
        Kind::Clash => "clash",
    };
    let status = match settle.status(h) {
        Status::Equal => "equal",
        Status::Auto => "auto",
        Status::Chosen => "chosen",
        Status::Proposed => "proposed",
        Status::Open => "open",
    };
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    let sides = [Side::Base, Side::Mine, Side::Theirs].map(|s| settle.side(h, s));
    let pieces: Vec<Value> = settle
        .atoms(h)
        .iter()
        .map(|a| {
            let both = a.is_of(Side::Mine) && a.is_of(Side::Theirs);
            let (whose, new) = if a.is_of(Side::Mine) {
                ("mine", &settle.text(Side::Mine)[a.mine.clone()])
            } else {
                ("theirs", &settle.text(Side::Theirs)[a.theirs.clone()])
            };
            json!({"of": if both { "both" } else { whose }, "old": text(&settle.text(Side::Base)[a.base.clone()]), "new": text(new)})
        })
        .collect();
    let mut out = json!({
        "hunk": h, "kind": kind, "status": status,
        "base": text(sides[0]), "mine": text(sides[1]), "theirs": text(sides[2]),
        "pieces": pieces,
        "choice": settle.choice(h).map(Choice::name),
    });
    if sides.iter().any(|s| std::str::from_utf8(s).is_err()) {
        out["lossy"] = json!(true);
    }
    if let Some(p) = settle.proposal(h) {
        let proposed: Vec<u8> = p.pieces.iter().flat_map(|p| &p.text).copied().collect();
        out["proposal"] = json!({"class": p.class.name(), "why": p.reason, "text": text(&proposed)});
    }
    out
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decisions {
    #[serde(default)]
    hunks: Vec<HunkDecision>,
    #[serde(default)]
    rows: Vec<RowDecision>,
    /// One choice for everything that is still open after the others: `mine`, `theirs` or `proposal`.
    #[serde(default)]
    rest: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HunkDecision {
    hunk: usize,
    choice: String,
    #[serde(default)]
    pieces: Vec<u32>,
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowDecision {
    row: usize,
    choice: String,
    #[serde(default)]
    value: Option<Value>,
}

/// A value as a person would type it.
fn line(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(line).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Carries out decisions.
///
/// # Errors
/// One sentence of what cannot be read or does not fit; what came before it is done.
pub fn decide(settle: &mut Settle, decisions: &str) -> Result<(), String> {
    let all: Decisions = serde_json::from_str(decisions).map_err(|e| format!("The decisions cannot be read: {e}."))?;
    for d in &all.rows {
        let choice = match d.choice.as_str() {
            "mine" => RowChoice::Mine,
            "theirs" => RowChoice::Theirs,
            "base" => RowChoice::Base,
            "proposal" => RowChoice::Proposal,
            "typed" => {
                let row = settle.rows().get(d.row).filter(|r| r.is_typeable()).ok_or_else(|| format!("Row {} takes no value.", d.row))?;
                let value = d.value.as_ref().ok_or_else(|| format!("Row {} is typed but has no value.", d.row))?;
                RowChoice::Typed(FieldValue::Is(typed::read(&row.kind_of_value(), &line(value))))
            }
            other => return Err(format!("A row cannot be {other:?}.")),
        };
        if settle.rows().get(d.row).is_none_or(|r| r.choice.as_ref() != Some(&choice)) && !settle.choose_row(d.row, choice) {
            return Err(format!("Row {} cannot take {:?}.", d.row, d.choice));
        }
    }
    for d in &all.hunks {
        let choice = match d.choice.as_str() {
            "mine" => Choice::Mine,
            "theirs" => Choice::Theirs,
            "both" => Choice::MineThenTheirs,
            "both-theirs-first" => Choice::TheirsThenMine,
            "base" => Choice::Base,
            "neither" => Choice::Neither,
            "proposal" => Choice::Proposal,
            "pieces" => Choice::Atoms(d.pieces.iter().copied().collect()),
            "typed" => {
                Choice::Typed(Arc::new(d.text.clone().ok_or_else(|| format!("Hunk {} is typed but has no text.", d.hunk))?.into_bytes()))
            }
            other => return Err(format!("A hunk cannot be {other:?}.")),
        };
        let before = settle.hunks().get(d.hunk).and_then(|_| settle.choice(d.hunk).cloned());
        if !settle.choose(d.hunk, choice) && before.is_none() {
            return Err(match settle.hunks().get(d.hunk) {
                None => format!("There is no hunk {}: they are counted from 0 to {}.", d.hunk, settle.hunks().len().saturating_sub(1)),
                Some(hunk) if hunk.kind == Kind::Equal => format!("Hunk {} is the same everywhere: there is nothing to decide.", d.hunk),
                Some(_) => format!("Hunk {} cannot take {:?}.", d.hunk, d.choice),
            });
        }
    }
    match all.rest.as_deref() {
        None => {}
        Some("mine") => drop(settle.choose_open(Side::Mine)),
        Some("theirs") => drop(settle.choose_open(Side::Theirs)),
        Some("proposal") => drop(settle.accept_all()),
        Some(other) => return Err(format!("The rest cannot be {other:?}: mine, theirs or proposal.")),
    }
    Ok(())
}
