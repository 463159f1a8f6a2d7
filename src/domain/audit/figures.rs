//! From audit entries to figures, and from figures to advice: pure counting.
//!
//! The advice follows what such logs teach: a few conflicts a month need no machinery; many need versions and a person; collisions of
//! sets that hardly ever overlap merge by themselves; one title that two people edit at once again and again wants a lock.

use std::collections::{BTreeMap, BTreeSet};

use super::{Advice, Entry, FieldRecord, Figures};
use crate::domain::note::{FieldValue, Value};
use crate::domain::policy::Policies;

/// Conflicts in thirty days up to which nothing more than last-write-wins is called for.
const FEW: u64 = 15;
/// Conflicts in thirty days from which a person should decide.
const MANY: u64 = 1500;
/// Refusals of one record in one field from which a lock is called for.
const AGAIN: u64 = 5;

#[derive(Default)]
struct OfField {
    count: u64,
    sets: u64,
    disjoint: u64,
    by_record: BTreeMap<String, u64>,
}

/// Counts entry by entry.
#[derive(Default)]
pub struct Counting {
    figures: Figures,
    fields: BTreeMap<(String, String), OfField>,
}

impl Counting {
    /// Figures of these days (`2026-11-24`), oldest first.
    #[must_use]
    pub fn new(days: Vec<String>) -> Self {
        let figures = Figures {
            days: u32::try_from(days.len()).unwrap_or(u32::MAX),
            per_day: days.into_iter().map(|d| (d, 0)).collect(),
            ..Figures::default()
        };
        Self { figures, fields: BTreeMap::new() }
    }

    /// Counts an entry of that day.
    pub fn add(&mut self, entry: &Entry, day: &str) {
        let f = &mut self.figures;
        *f.by_action.entry(entry.action.clone()).or_default() += 1;
        if entry.action == "settled" {
            *f.settled.entry(entry.outcome.clone().unwrap_or_default()).or_default() += 1;
        }
        if !entry.action.starts_with("conflict_") {
            return;
        }
        f.conflicts += 1;
        if let Some((_, n)) = f.per_day.iter_mut().find(|(d, _)| d == day) {
            *n += 1;
        }
        *f.by_entity.entry(entry.entity.clone()).or_default() += 1;
        *f.by_origin.entry(entry.client_origin.clone()).or_default() += 1;
        for (name, record) in collisions(entry) {
            *f.by_field.entry(format!("{}.{name}", entry.entity)).or_default() += 1;
            let of = self.fields.entry((entry.entity.clone(), name.clone())).or_default();
            of.count += 1;
            *of.by_record.entry(entry.entity_id.clone()).or_default() += 1;
            if let Some(disjoint) = disjoint_sets(record) {
                of.sets += 1;
                of.disjoint += u64::from(disjoint);
            }
        }
    }

    /// The figures, with advice for every field that collided.
    #[must_use]
    pub fn finish(self, saves: u64, policies: &Policies) -> Figures {
        let days = self.figures.days.max(1);
        // A deletion has one policy only.
        let free = self.fields.iter().filter(|((_, name), _)| name != "deleted");
        let advice = free.map(|((entity, name), of)| advise(entity, name, of, days, policies)).collect();
        Figures { saves, advice, ..self.figures }
    }
}

/// The fields of a conflict that both sides had changed.
pub fn collisions(entry: &Entry) -> impl Iterator<Item = (&String, &FieldRecord)> {
    entry.fields.iter().filter(|(name, r)| collided(entry, name, r))
}

/// Whether both sides changed this field: a refused save also keeps what only mine had changed. A deletion on one side collides with
/// whatever the other did, for else it would not be in the log.
#[must_use]
pub fn collided(entry: &Entry, name: &str, r: &FieldRecord) -> bool {
    let deletion = name == "deleted" && r.base == FieldValue::Is(Value::Bool(false)) && r.mine != r.theirs;
    entry.entity != "note" || (r.mine != r.base && r.theirs != r.base && r.mine != r.theirs) || deletion || entry.base_version.is_none()
}

/// Of two changed sets, whether no element was added by one and removed by the other, nor by both.
fn disjoint_sets(r: &FieldRecord) -> Option<bool> {
    let set = |v: &FieldValue| match v {
        FieldValue::Is(Value::List(l)) => Some(l.iter().cloned().collect::<BTreeSet<_>>()),
        _ => None,
    };
    let (base, mine, theirs) = (set(&r.base)?, set(&r.mine)?, set(&r.theirs)?);
    let changed = |side: &BTreeSet<String>| base.symmetric_difference(side).cloned().collect::<BTreeSet<_>>();
    Some(changed(&mine).is_disjoint(&changed(&theirs)))
}

fn advise(entity: &str, name: &str, of: &OfField, days: u32, policies: &Policies) -> Advice {
    let now = match name.parse() {
        Ok(field) if entity == "note" => policies.of(&field).to_string(),
        _ => "last-write-wins".to_owned(),
    };
    let monthly = of.count * 30 / u64::from(days);
    let most = of.by_record.values().copied().max().unwrap_or(0);
    let field = format!("{entity}.{name}");
    let count = of.count;
    let (collisions, are) = if count == 1 { ("collision", "is") } else { ("collisions", "are") };
    let say = |policy: &str, reason: String| Advice { field: field.clone(), now: now.clone(), policy: policy.to_owned(), reason };
    if of.sets > 0 && of.disjoint * 10 >= of.sets * 9 {
        let reason = format!("{} of {} collisions were of sets that did not overlap: they merge by themselves.", of.disjoint, of.sets);
        return say("union", reason);
    }
    if most >= AGAIN && most * 2 >= count && name != "marked" {
        return say("lock", format!("{most} of {count} {collisions} in {days} days were on one record: its editors should take turns."));
    }
    if monthly >= MANY {
        return say("manual", format!("{count} {collisions} in {days} days {are} too many to lose one side of: version, 409 and merge."));
    }
    if monthly <= FEW {
        return say(
            "last-write-wins",
            format!("{count} {collisions} in {days} days {are} few: last-write-wins is fine, the log keeps the rest."),
        );
    }
    let reason = format!("{count} {collisions} in {days} days {are} neither few nor many: the policy in force will do.");
    say(&now.clone(), reason)
}

#[cfg(test)]
mod tests {
    use super::super::made::{self, list, text};
    use super::*;

    /// A refused save of one field.
    fn entry(record: &str, field: &str, [base, mine, theirs]: [FieldValue; 3]) -> Entry {
        made::entry(record, "conflict_409", &[(field, [base, mine, theirs.clone(), theirs])])
    }

    /// The figures of these entries over thirty days.
    fn figures(entries: &[Entry]) -> Figures {
        let mut counting = Counting::new((1..=30).map(|d| format!("2026-11-{d:02}")).collect());
        entries.iter().for_each(|e| counting.add(e, "2026-11-24"));
        counting.finish(1000, &Policies::default())
    }

    #[test]
    fn the_advice_follows_the_figures() {
        let bodies = |n: usize, records: usize| -> Vec<Entry> {
            (0..n).map(|i| entry(&format!("n{}", i % records), "body", [text("a"), text("b"), text("c")])).collect()
        };
        let sets = |overlap: bool| -> Vec<Entry> {
            let theirs = if overlap { list(&["x"]) } else { list(&["y"]) };
            (0..40).map(|i| entry(&format!("n{i}"), "tags", [list(&[]), list(&["x"]), theirs.clone()])).collect()
        };
        for (entries, policy, reason) in [
            (bodies(5, 5), "last-write-wins", "5 collisions in 30 days are few"),
            (bodies(15_000, 5000), "manual", "15000 collisions"),
            (bodies(200, 200), "manual", "neither few nor many: the policy in force"),
            (bodies(40, 2), "lock", "20 of 40 collisions in 30 days were on one record"),
            (sets(false), "union", "40 of 40 collisions were of sets that did not overlap"),
        ] {
            let found = figures(&entries);
            let advice = &found.advice[0];
            assert_eq!(advice.policy, policy, "{advice:?}");
            assert!(advice.reason.contains(reason), "{advice:?}");
            assert_eq!(found.conflicts, entries.len() as u64);
        }
        assert_ne!(figures(&sets(true)).advice.first().map(|a| a.policy.as_str()), Some("union"));
    }

    #[test]
    fn a_deletion_is_counted_and_has_no_advice() {
        let truth = |b| FieldValue::Is(Value::Bool(b));
        let found = figures(&[
            entry("n", "deleted", [truth(false), truth(true), truth(false)]),
            entry("n", "deleted", [truth(false), truth(false), truth(true)]),
            entry("n", "deleted", [truth(true), truth(false), truth(true)]), // undeleted by one side: no collision of its own
        ]);
        assert_eq!((found.conflicts, found.by_field.get("note.deleted"), found.advice.len()), (3, Some(&2), 0));
    }
}
