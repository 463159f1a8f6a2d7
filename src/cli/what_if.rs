//! What `diptych audit --what-if` prints: what was decided beside what other policies would have, in all, by field, and every loss.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Context, Failure, output};
use crate::domain::audit::replay::{Fate, Field, Replayed, Side};
use crate::domain::note::{FieldValue, Value};
use crate::wire::time::rfc3339;
use crate::wire::value::from_field;

/// Whether a fate is of some kind.
type Is = fn(Fate) -> bool;

/// What can become of a conflict, as people read it and as JSON names it.
const ENDS: [(&str, &str, Is); 4] = [
    ("a person is asked", "asked", |f| f == Fate::Asked),
    ("refused: only the server sets it", "forbidden", |f| f == Fate::Forbidden),
    ("both sides go in", "combined", |f| f == Fate::Combined),
    ("one side is lost", "lost", |f| f.lost().is_some()),
];

/// Losses that are listed one by one.
const LISTED: usize = 100;

/// Prints the conflicts; `whole` says that they are the whole log.
///
/// # Errors
/// If it cannot be written.
pub(super) fn print(ctx: &Context, all: &[Replayed], whole: bool) -> Result<(), Failure> {
    if ctx.config.json {
        return output::json(&as_json(all));
    }
    let part = if whole { "in the log" } else { "among the newest entries the server gives; --store reads the whole log" };
    output::line(&format!("{} conflicts of notes {part}", all.len()))?;
    if all.is_empty() {
        return Ok(());
    }
    output::line(&format!("\n{:<34}{:>9}{:>14}", "", "in fact", "it would be"))?;
    for (name, _, is) in ENDS {
        let (was, then) = (all.iter().filter(|r| r.was(is)).count(), all.iter().filter(|r| r.then(is)).count());
        output::line(&format!("{name:<34}{was:>9}{then:>14}"))?;
    }
    output::line("")?;
    for (name, fields) in by_field(all) {
        let side = |of: fn(&Field) -> Fate| {
            let counts = ENDS.iter().map(|(_, word, is)| (*word, fields.iter().filter(|f| is(of(f))).count()));
            let told: Vec<_> = counts.filter(|(_, n)| *n > 0).map(|(word, n)| format!("{n} {word}")).collect();
            if told.is_empty() { "nothing to decide".to_owned() } else { told.join(", ") }
        };
        output::line(&output::shown(&format!("{name}: {}, would be {}", side(|f| f.was), side(|f| f.then))))?;
    }
    losses(all)
}

fn losses(all: &[Replayed]) -> Result<(), Failure> {
    let lost = || all.iter().flat_map(|r| r.fields.iter().filter_map(move |f| Some((r, f, f.then.lost()?, f.lost.as_ref()?))));
    let count = lost().count();
    if count == 0 {
        return output::line("\nNothing would be lost from a note.");
    }
    output::line("\nWould be lost from its note (the log keeps it):")?;
    for (r, f, side, value) in lost().take(LISTED) {
        let whose = match side {
            Side::Mine => format!("mine, from {}", r.mine),
            Side::Theirs => format!("theirs, from {}", r.theirs),
        };
        output::line(&output::shown(&format!("  {}  {}  {}: {whose}: {}", rfc3339(r.at), r.entity_id, f.name, short(value))))?;
    }
    if count > LISTED { output::line(&format!("  … and {} more; --json has them all", count - LISTED)) } else { Ok(()) }
}

fn by_field(all: &[Replayed]) -> BTreeMap<&str, Vec<&Field>> {
    let mut out: BTreeMap<&str, Vec<&Field>> = BTreeMap::new();
    all.iter().flat_map(|r| &r.fields).for_each(|f| out.entry(&f.name).or_default().push(f));
    out
}

fn word(fate: Fate) -> Option<&'static str> {
    ENDS.iter().find(|(.., is)| is(fate)).map(|(_, word, _)| *word)
}

fn as_json(all: &[Replayed]) -> serde_json::Value {
    type Counts = serde_json::Map<String, serde_json::Value>;
    let each = |count: &dyn Fn(Is) -> usize| ENDS.iter().map(|(_, word, is)| ((*word).to_owned(), json!(count(*is)))).collect::<Counts>();
    let counts = |fields: &[&Field], of: fn(&Field) -> Fate| each(&|is| fields.iter().filter(|f| is(of(f))).count());
    let fields = by_field(all).into_iter();
    let fields = fields.map(|(n, f)| (n.to_owned(), json!({"was": counts(&f, |f| f.was), "then": counts(&f, |f| f.then)})));
    let entry = |r: &Replayed| {
        let field = |f: &Field| {
            let whose = f.then.lost().map(|side| if side == Side::Mine { "mine" } else { "theirs" });
            let value = f.lost.as_ref().map(from_field);
            json!({"field": f.name, "was": word(f.was), "then": word(f.then), "lost_side": whose, "lost": value})
        };
        let fields: Vec<_> = r.fields.iter().map(field).collect();
        json!({"id": r.id, "at": rfc3339(r.at), "entity_id": r.entity_id, "action": r.action,
               "client_origin": r.mine, "server_origin": r.theirs, "fields": fields})
    };
    json!({
        "conflicts": all.len(),
        "was": each(&|is| all.iter().filter(|r| r.was(is)).count()),
        "then": each(&|is| all.iter().filter(|r| r.then(is)).count()),
        "fields": fields.collect::<Counts>(),
        "entries": all.iter().map(entry).collect::<Vec<_>>(),
    })
}

fn short(value: &FieldValue) -> String {
    let text = match value {
        FieldValue::Absent => "nothing".to_owned(),
        FieldValue::Is(Value::Text(t)) => format!("{:?}", t.chars().take(60).collect::<String>()),
        FieldValue::Is(Value::List(l)) => l.join(", "),
        FieldValue::Is(Value::Int(i)) => i.to_string(),
        FieldValue::Is(Value::Float(f)) => f.to_string(),
        FieldValue::Is(Value::Bool(b)) => b.to_string(),
    };
    text.chars().take(80).collect()
}
