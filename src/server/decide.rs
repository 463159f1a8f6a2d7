//! One decision per record, pure: present state, base, request and policies to accept, refuse or nothing to do.
//!
//! The stores call it inside their transaction, the client's simulation calls it as its server. It reads no clock: what a policy
//! decides depends on the values alone.

use std::collections::BTreeMap;

use crate::domain::audit::FieldRecord;
use crate::domain::note::{Content, FieldName, Note, Patch};
use crate::domain::policy::{Outcome, Policies, Policy, reconcile};

/// What becomes of a save.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The note already says what was asked: a success without a new version.
    Unchanged,
    /// It applies.
    Accept(Box<Accepted>),
    /// It is refused as a whole.
    Refuse(Box<Refused>),
    /// It sets fields that only the server sets; why, by field.
    Owned(BTreeMap<String, String>),
    /// What it asks for, or what would come of it, breaks a limit; why, by field.
    Invalid(BTreeMap<String, String>),
}

/// An accepted save.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// What the note says now; may equal the present content, where every change of mine was overruled.
    pub content: Content,
    /// The fields a policy combined.
    pub merged: Vec<FieldName>,
    /// The fields in which one side lost.
    pub overruled: Vec<FieldName>,
    /// The audit entry to write, if a policy had to decide.
    pub conflict: Option<Conflict>,
}

/// A refused save.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The fields nobody may decide but a person.
    pub conflicts: Vec<FieldName>,
    /// The audit entry to write.
    pub conflict: Conflict,
}

/// What is recorded of a conflict.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// `conflict_409`, `conflict_lww`, …
    pub action: &'static str,
    /// By field, what was at stake. Of a refused save also the fields that would have applied, so that its text is kept whole.
    pub fields: BTreeMap<String, FieldRecord>,
}

/// Decides a save of `patch`, made on top of `base`, against the `present` note.
///
/// `base` may be the present note itself. Limits are those of [`Content::check`].
#[must_use]
pub fn save(present: &Note, base: &Note, patch: &Patch, policies: &Policies) -> Decision {
    if let Some(owned) = owned_fields(&present.content, patch, policies) {
        return Decision::Owned(owned);
    }
    let mine = base.content.patched(patch);
    if let Err(bad) = mine.check() {
        return Decision::Invalid(bad);
    }
    if base.version == present.version {
        return if mine.changed_fields(&present.content).is_empty() && mine.tags == present.content.tags {
            Decision::Unchanged
        } else {
            let quiet = Accepted { content: mine, merged: Vec::new(), overruled: Vec::new(), conflict: None };
            Decision::Accept(Box::new(quiet))
        };
    }
    reconciled(&present.content, &base.content, &mine, policies)
}

/// Decides the creation of a note whose id may be taken: `None` if it is free.
#[must_use]
pub fn create(present: Option<&Note>, content: &Content, policies: &Policies) -> Decision {
    let everything = Content::default().patch_to(content);
    if let Some(owned) = owned_fields(present.map_or(&Content::default(), |p| &p.content), &everything, policies) {
        return Decision::Owned(owned);
    }
    if let Err(bad) = content.check() {
        return Decision::Invalid(bad);
    }
    let Some(present) = present else {
        let new = Accepted { content: content.clone(), merged: Vec::new(), overruled: Vec::new(), conflict: None };
        return Decision::Accept(Box::new(new));
    };
    let differing = content.changed_fields(&present.content);
    if differing.is_empty() {
        return Decision::Unchanged;
    }
    let nothing = Content::default();
    let fields = differing.iter().map(|n| (n.to_string(), record(n, &nothing, content, &present.content, &present.content))).collect();
    Decision::Refuse(Box::new(Refused { conflicts: differing, conflict: Conflict { action: "conflict_409", fields } }))
}

fn owned_fields(present: &Content, patch: &Patch, policies: &Policies) -> Option<BTreeMap<String, String>> {
    let named = [
        (patch.title.is_some(), FieldName::Title),
        (patch.body.is_some(), FieldName::Body),
        (patch.tags.is_some(), FieldName::Tags),
        (patch.deleted.is_some(), FieldName::Deleted),
    ];
    let named = named.into_iter().filter_map(|(there, name)| there.then_some(name));
    let mut named = named.chain(patch.fields.keys().cloned().map(FieldName::Field));
    if !named.any(|name| policies.of(&name) == Policy::ServerOwned) {
        return None; // most saves; without a copy of the note
    }
    let asked = present.patched(patch);
    let owned: BTreeMap<String, String> = present
        .changed_fields(&asked)
        .into_iter()
        .filter(|name| policies.of(name) == Policy::ServerOwned)
        .map(|name| (name.to_string(), "belongs to the server".to_owned()))
        .collect();
    if owned.is_empty() { None } else { Some(owned) }
}

fn record(name: &FieldName, base: &Content, mine: &Content, theirs: &Content, kept: &Content) -> FieldRecord {
    FieldRecord { base: base.field(name), mine: mine.field(name), theirs: theirs.field(name), kept: kept.field(name) }
}

fn all_fields(a: &Content, b: &Content, c: &Content) -> Vec<FieldName> {
    let mut names = vec![FieldName::Title, FieldName::Body, FieldName::Tags, FieldName::Deleted];
    let further: std::collections::BTreeSet<&String> = a.fields.keys().chain(b.fields.keys()).chain(c.fields.keys()).collect();
    names.extend(further.into_iter().map(|n| FieldName::Field(n.clone())));
    names
}

fn reconciled(theirs: &Content, base: &Content, mine: &Content, policies: &Policies) -> Decision {
    let mut kept = theirs.clone();
    let (mut merged, mut overruled, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for name in all_fields(base, mine, theirs) {
        let value = match reconcile(policies.of(&name), &base.field(&name), &mine.field(&name), &theirs.field(&name)) {
            Outcome::Agreed(v) => v,
            Outcome::Combined(v) => {
                merged.push(name.clone());
                v
            }
            Outcome::Overruled(v) => {
                overruled.push(name.clone());
                v
            }
            Outcome::Refused => {
                refused.push(name);
                continue;
            }
        };
        kept.set(&name, value);
    }
    let edited = |from: &Content, to: &Content| from.changed_fields(to).iter().any(|n| *n != FieldName::Deleted);
    let deletes = |to: &Content| to.deleted && !base.deleted;
    let collides = (deletes(mine) && !theirs.deleted && edited(base, theirs)) || (deletes(theirs) && !mine.deleted && edited(base, mine));
    if collides && !refused.contains(&FieldName::Deleted) {
        refused.push(FieldName::Deleted);
    }
    if !refused.is_empty() {
        return refuse(theirs, base, mine, refused);
    }
    if kept == *theirs && merged.is_empty() && overruled.is_empty() {
        return Decision::Unchanged;
    }
    if let Err(bad) = kept.check() {
        return Decision::Invalid(bad);
    }
    let decided: Vec<&FieldName> = overruled.iter().chain(&merged).collect();
    let action = decided.iter().find_map(|n| policies.of(n).action());
    let fields = decided.iter().map(|n| (n.to_string(), record(n, base, mine, theirs, &kept))).collect();
    let conflict = action.map(|action| Conflict { action, fields });
    Decision::Accept(Box::new(Accepted { content: kept, merged, overruled, conflict }))
}

fn refuse(theirs: &Content, base: &Content, mine: &Content, mut conflicts: Vec<FieldName>) -> Decision {
    conflicts.sort();
    let mut at_stake = base.changed_fields(mine);
    at_stake.extend(conflicts.iter().cloned());
    let fields = at_stake.iter().map(|n| (n.to_string(), record(n, base, mine, theirs, theirs))).collect();
    Decision::Refuse(Box::new(Refused { conflicts, conflict: Conflict { action: "conflict_409", fields } }))
}
