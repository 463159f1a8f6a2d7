//! Carries text typed on top of one content over to another.
//!
//! Needed where a save was accepted together with something of the other side (tags united, a sum added up) while the person
//! typed on. What only one side changed is taken from that side; where both did, lists and numbers are combined as the server's policy
//! combines them, and anything else stays as the person typed it last.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::note::{Content, FieldName, FieldValue, Value};

/// How the server combines numbers, by field; learned from `GET /api/policies`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The policy of each field that has one, by its name in the policy table (`sum`, `max` …).
    pub policies: BTreeMap<FieldName, String>,
}

impl Rules {
    fn is(&self, field: &FieldName, policy: &str) -> bool {
        self.policies.get(field).is_some_and(|p| p == policy)
    }
}

/// Whether the text itself was changed by both, differently: then nobody but a person may say which it is.
#[must_use]
pub fn clashes(from: &Content, typed: &Content, to: &Content) -> bool {
    (from.body != typed.body && from.body != to.body && typed.body != to.body) || (from.deleted != to.deleted && from.body != typed.body)
}

/// What was typed on `from`, on `to` instead.
#[must_use]
pub fn rebase(from: &Content, typed: &Content, to: &Content, rules: &Rules) -> Content {
    let mut out = to.clone();
    for name in from.changed_fields(typed) {
        let (base, mine, theirs) = (from.field(&name), typed.field(&name), to.field(&name));
        let moved = base != theirs && !(name == FieldName::Tags && crate::domain::note::same_set(&from.tags, &to.tags));
        let value = if moved { both(rules, &name, &base, mine, &theirs) } else { mine };
        out.set(&name, value);
    }
    out
}

fn both(rules: &Rules, name: &FieldName, base: &FieldValue, mine: FieldValue, theirs: &FieldValue) -> FieldValue {
    use FieldValue::Is;
    use Value::{Int, List};
    match (base, &mine, theirs) {
        (Is(List(b)), Is(List(m)), Is(List(t))) => Is(List(unite(b, m, t))),
        (Is(Int(b)), Is(Int(m)), Is(Int(t))) if rules.is(name, "sum") => {
            m.checked_sub(*b).and_then(|d| t.checked_add(d)).map_or(mine, |n| Is(Int(n)))
        }
        (FieldValue::Absent, Is(Int(m)), Is(Int(t))) if rules.is(name, "sum") => t.checked_add(*m).map_or(mine, |n| Is(Int(n))),
        (_, Is(Int(m)), Is(Int(t))) if rules.is(name, "max") => Is(Int(*m.max(t))),
        _ => mine,
    }
}

/// A three-way merge of sets: theirs, with what mine added and without what mine removed.
fn unite(base: &[String], mine: &[String], theirs: &[String]) -> Vec<String> {
    let had: BTreeSet<&String> = base.iter().collect();
    let have: BTreeSet<&String> = mine.iter().collect();
    let kept = theirs.iter().filter(|t| !had.contains(t) || have.contains(t));
    let added = mine.iter().filter(|t| !had.contains(t));
    crate::domain::note::dedup(kept.chain(added).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(tags: &[&str], n: i64, title: &str) -> Content {
        Content {
            title: title.into(),
            tags: tags.iter().map(ToString::to_string).collect(),
            fields: [("n".to_owned(), Value::Int(n))].into(),
            ..Content::default()
        }
    }

    #[test]
    fn each_side_keeps_what_it_alone_changed_and_numbers_add_up() {
        let rules = Rules { policies: [(FieldName::Field("n".into()), "sum".to_owned())].into() };
        let sent = content(&["a", "b"], 12, "one");
        let typed = content(&["a", "d"], 13, "two");
        let there = content(&["a", "b", "c"], 15, "one");
        assert_eq!(rebase(&sent, &typed, &there, &rules), content(&["a", "c", "d"], 16, "two"));
        assert_eq!(rebase(&sent, &sent, &there, &rules), there);
        assert_eq!(rebase(&sent, &typed, &sent, &rules), typed);
    }
}
