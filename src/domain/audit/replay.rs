//! The log under another policy table: what would have been decided, what would have been lost, beside what was. Pure.
//!
//! Only what is in the log can be replayed: a save that met no conflict then meets none here, and later saves are taken as they came.
//! What was lost in fact is read from the values that were kept; an entry that both combined and overruled may show a `max` as a loss.

use super::figures::collided;
use super::{Entry, FieldRecord};
use crate::domain::note::{FieldName, FieldValue, Time};
use crate::domain::policy::{Outcome, Policies, Policy, reconcile};

/// One side of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The request's.
    Mine,
    /// What stood there.
    Theirs,
}

/// What became of one field, or would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Nothing: no policy was asked, or the save was refused for another field's sake.
    Nothing,
    /// A person was asked; the whole save was refused.
    Asked,
    /// Clients cannot set the field; the whole save was refused.
    Forbidden,
    /// Both sides went in together.
    Combined,
    /// Mine was lost from the note.
    LostMine,
    /// Theirs was lost from the note.
    LostTheirs,
}

impl Fate {
    /// The side that was lost.
    #[must_use]
    pub fn lost(self) -> Option<Side> {
        match self {
            Fate::LostMine => Some(Side::Mine),
            Fate::LostTheirs => Some(Side::Theirs),
            _ => None,
        }
    }
}

/// One field of one conflict.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub was: Fate,
    /// What would have.
    pub then: Fate,
    /// The value that would have been lost.
    pub lost: Option<FieldValue>,
}

/// What became of one conflict, and what would have.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// The entry.
    pub id: String,
    /// When.
    pub at: Time,
    /// The note.
    pub entity_id: String,
    /// What was done with it.
    pub action: String,
    /// The origin of the request.
    pub mine: String,
    /// The origin of what stood there.
    pub theirs: String,
    /// Fields that both sides had changed, by name.
    pub fields: Vec<Field>,
}

impl Replayed {
    /// Whether that became of any field.
    #[must_use]
    pub fn was(&self, fate: fn(Fate) -> bool) -> bool {
        self.fields.iter().any(|f| fate(f.was))
    }

    /// Whether that would have become of any field.
    #[must_use]
    pub fn then(&self, fate: fn(Fate) -> bool) -> bool {
        self.fields.iter().any(|f| fate(f.then))
    }
}

/// Decides every conflict of notes again under `policies`. Bookmarks have no table: their last write wins.
pub fn replay<'a>(entries: impl IntoIterator<Item = &'a Entry>, policies: &Policies) -> Vec<Replayed> {
    entries.into_iter().filter(|e| e.entity == "note" && e.action.starts_with("conflict_")).map(|e| one(e, policies)).collect()
}

fn one(entry: &Entry, policies: &Policies) -> Replayed {
    let fields = entry.fields.iter().filter_map(|(name, record)| {
        let field: FieldName = name.parse().ok()?;
        let then = then(entry, &field, record, policies);
        Some(Field { name: name.clone(), was: was(entry, name, record), then, lost: None })
    });
    let mut fields: Vec<Field> = fields.collect();
    if fields.iter().any(|f| matches!(f.then, Fate::Asked | Fate::Forbidden)) {
        // One record, one decision: what another policy would have done with the rest was not done.
        fields.iter_mut().filter(|f| !matches!(f.then, Fate::Asked | Fate::Forbidden)).for_each(|f| f.then = Fate::Nothing);
    }
    for field in &mut fields {
        let record = entry.fields.get(&field.name);
        field.lost = field.then.lost().zip(record).map(|(side, r)| if side == Side::Mine { r.mine.clone() } else { r.theirs.clone() });
    }
    fields.retain(|f| (f.was, f.then) != (Fate::Nothing, Fate::Nothing));
    Replayed {
        id: entry.id.clone(),
        at: entry.at,
        entity_id: entry.entity_id.clone(),
        action: entry.action.clone(),
        mine: entry.client_origin.clone(),
        theirs: entry.server_origin.clone(),
        fields,
    }
}

fn then(entry: &Entry, field: &FieldName, record: &FieldRecord, policies: &Policies) -> Fate {
    let FieldRecord { base, mine, theirs, .. } = record;
    // Two notes made under one id, or a deletion against an edit, always need a person.
    if entry.base_version.is_none() || *field == FieldName::Deleted {
        return if collided(entry, &field.to_string(), record) { Fate::Asked } else { Fate::Nothing };
    }
    let policy = policies.of(field);
    if policy == Policy::ServerOwned && mine != base && mine != theirs {
        return Fate::Forbidden;
    }
    match reconcile(policy, base, mine, theirs) {
        Outcome::Agreed(_) => Fate::Nothing,
        Outcome::Combined(_) => Fate::Combined,
        Outcome::Overruled(kept) if kept == *mine => Fate::LostTheirs,
        Outcome::Overruled(_) => Fate::LostMine,
        Outcome::Refused => Fate::Asked,
    }
}

fn was(entry: &Entry, name: &str, record: &FieldRecord) -> Fate {
    let FieldRecord { base, mine, theirs, kept } = record;
    if entry.action == "conflict_409" {
        return if collided(entry, name, record) { Fate::Asked } else { Fate::Nothing };
    }
    let combined =
        |v: &FieldValue| matches!(reconcile(Policy::Union, base, mine, theirs), Outcome::Combined(u) | Outcome::Agreed(u) if u == *v);
    if entry.action == "conflict_merged" || combined(kept) || (kept != mine && kept != theirs) {
        return Fate::Combined;
    }
    if kept == mine { Fate::LostTheirs } else { Fate::LostMine }
}

#[cfg(test)]
mod tests {
    use super::super::made::{self, list, text};
    use super::*;
    use crate::domain::note::Value;

    fn number(n: i64) -> FieldValue {
        FieldValue::Is(Value::Int(n))
    }

    fn entry(action: &str, fields: &[(&str, [FieldValue; 4])]) -> Entry {
        made::entry("n", action, fields)
    }

    /// What was and what would be of the first entry's fields, by name, under these policies.
    fn fates(entry: &Entry, set: &[(&str, Policy)]) -> Vec<(String, Fate, Fate)> {
        let mut policies = Policies::default();
        set.iter().for_each(|(f, p)| policies.set(f, *p).unwrap());
        replay([entry], &policies).remove(0).fields.into_iter().map(|f| (f.name, f.was, f.then)).collect()
    }

    #[test]
    fn each_policy_is_right_about_what_it_would_have_done() {
        let body = entry("conflict_409", &[("body", [text("a"), text("b"), text("c"), text("c")])]);
        let n = entry("conflict_lww", &[("fields.n", [number(1), number(5), number(3), number(5)])]);
        let tags = entry("conflict_merged", &[("tags", [list(&[]), list(&["a"]), list(&["b"]), list(&["b", "a"])])]);
        use Policy::{ClientWins, LastWriteWins, Manual, Max, ServerOwned, ServerWins, Sum, Union};
        for (entry, field, was, policy, then) in [
            (&body, "body", Fate::Asked, Manual, Fate::Asked),
            (&body, "body", Fate::Asked, LastWriteWins, Fate::LostTheirs),
            (&body, "body", Fate::Asked, ClientWins, Fate::LostTheirs),
            (&body, "body", Fate::Asked, ServerWins, Fate::LostMine),
            (&body, "body", Fate::Asked, ServerOwned, Fate::Forbidden),
            (&n, "fields.n", Fate::LostTheirs, Max, Fate::Combined),
            (&n, "fields.n", Fate::LostTheirs, Sum, Fate::Combined),
            (&n, "fields.n", Fate::LostTheirs, Union, Fate::Asked),
            (&n, "fields.n", Fate::LostTheirs, ServerWins, Fate::LostMine),
            (&tags, "tags", Fate::Combined, Union, Fate::Combined),
            (&tags, "tags", Fate::Combined, LastWriteWins, Fate::LostTheirs),
            (&tags, "tags", Fate::Combined, Manual, Fate::Asked),
        ] {
            assert_eq!(fates(entry, &[(field, policy)]), [(field.to_owned(), was, then)], "{policy}");
        }
    }

    #[test]
    fn one_field_refused_is_all_refused() {
        let both = entry(
            "conflict_lww",
            &[
                ("title", [text("a"), text("b"), text("c"), text("b")]),
                ("tags", [list(&[]), list(&["x"]), list(&["y"]), list(&["x", "y"])]),
            ],
        );
        let of = |set: &[(&str, Policy)]| fates(&both, set).into_iter().map(|(n, _, then)| (n, then)).collect::<Vec<_>>();
        assert_eq!(of(&[]), [("tags".to_owned(), Fate::Combined), ("title".to_owned(), Fate::LostTheirs)]);
        assert_eq!(of(&[("title", Policy::Manual)]), [("tags".to_owned(), Fate::Nothing), ("title".to_owned(), Fate::Asked)]);
    }

    #[test]
    fn what_only_one_side_changed_is_nobodys_loss() {
        let alone = entry("conflict_409", &[("title", [text("a"), text("b"), text("a"), text("a")])]);
        assert_eq!(fates(&alone, &[("title", Policy::LastWriteWins)]), []);
        let lost = entry("conflict_409", &[("body", [text("a"), text("b"), text("c"), text("c")])]);
        let mut loose = Policies::default();
        loose.set("body", Policy::ServerWins).unwrap();
        assert_eq!(replay([&lost], &loose)[0].fields[0].lost, Some(text("b")));
    }

    #[test]
    fn a_deletion_against_an_edit_always_asks() {
        let truth = |b| FieldValue::Is(Value::Bool(b));
        let delete = entry("conflict_409", &[("deleted", [truth(false), truth(true), truth(false), truth(false)])]);
        assert_eq!(fates(&delete, &[("body", Policy::LastWriteWins)]), [("deleted".to_owned(), Fate::Asked, Fate::Asked)]);
        let twice = Entry { base_version: None, ..entry("conflict_409", &[("title", [text(""), text("a"), text("b"), text("b")])]) };
        assert_eq!(fates(&twice, &[]), [("title".to_owned(), Fate::Asked, Fate::Asked)]);
        let other = Entry { entity: "bookmark".into(), ..delete };
        assert_eq!(replay([&other], &Policies::default()), []);
    }
}
