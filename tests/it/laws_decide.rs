//! The laws of a save's decision, against the table of the protocol: every content over small values as base, mine and theirs, every policy.

use std::collections::BTreeMap;

use diptych::domain::note::{Content, FieldName, FieldValue, Note, NoteId, Patch, Time, Uuid, Value};
use diptych::domain::policy::{NAMES, Outcome, Policies, Policy, reconcile};
use diptych::server::decide::{self, Conflict, Decision};

fn note(version: i64, content: &Content) -> Note {
    Note {
        id: NoteId(Uuid::from_u128(1)),
        version,
        content: content.clone(),
        created_at: Time(1),
        updated_at: Time(version),
        updated_by: "ada".into(),
        updated_from: "desk".into(),
    }
}

fn table(set: &[(&str, Policy)]) -> Option<Policies> {
    let mut out = Policies::default();
    set.iter().try_for_each(|(field, policy)| out.set(field, *policy)).ok()?;
    Some(out)
}

/// What the table says of each field, and of the save as a whole.
struct Expected {
    refused: Vec<FieldName>,
    merged: Vec<FieldName>,
    overruled: Vec<FieldName>,
    kept: Content,
}

fn names(all: [&Content; 3]) -> Vec<FieldName> {
    let further = all.iter().flat_map(|c| c.fields.keys()).cloned().collect::<std::collections::BTreeSet<_>>();
    let mut out = vec![FieldName::Title, FieldName::Body, FieldName::Tags, FieldName::Deleted];
    out.extend(further.into_iter().map(FieldName::Field));
    out
}

fn expected(base: &Content, mine: &Content, theirs: &Content, policies: &Policies) -> Expected {
    let mut out = Expected { refused: Vec::new(), merged: Vec::new(), overruled: Vec::new(), kept: theirs.clone() };
    for name in names([base, mine, theirs]) {
        match reconcile(policies.of(&name), &base.field(&name), &mine.field(&name), &theirs.field(&name)) {
            Outcome::Agreed(v) => assert!(out.kept.set(&name, v)),
            Outcome::Combined(v) => {
                assert!(out.kept.set(&name, v));
                out.merged.push(name);
            }
            Outcome::Overruled(v) => {
                assert!(out.kept.set(&name, v));
                out.overruled.push(name);
            }
            Outcome::Refused => out.refused.push(name),
        }
    }
    let edits = |to: &Content| base.changed_fields(to).iter().any(|n| *n != FieldName::Deleted);
    let deletes = |to: &Content| to.deleted && !base.deleted;
    if (deletes(mine) && !deletes(theirs) && edits(theirs)) || (deletes(theirs) && !deletes(mine) && edits(mine)) {
        out.refused.push(FieldName::Deleted);
    }
    out
}

/// Holds every field's record to what was at stake.
fn logged(conflict: &Conflict, base: &Content, mine: &Content, theirs: &Content, kept: &Content, told: &dyn Fn() -> String) {
    for (name, record) in &conflict.fields {
        let field: FieldName = name.parse().unwrap();
        let sides = (base.field(&field), mine.field(&field), theirs.field(&field), kept.field(&field));
        assert_eq!(sides, (record.base.clone(), record.mine.clone(), record.theirs.clone(), record.kept.clone()), "{name}: {}", told());
    }
}

fn one(base: &Content, mine: &Content, theirs: &Content, policies: &Policies) -> &'static str {
    let told = || format!("base {base:?}\nmine {mine:?}\ntheirs {theirs:?}\n{policies:?}");
    let decision = decide::save(&note(2, theirs), &note(1, base), &base.patch_to(mine), policies);
    assert_eq!(decision, decide::save(&note(2, theirs), &note(1, base), &base.patch_to(mine), policies), "the same again: {}", told());
    let owned = |n: &FieldName| policies.of(n) == Policy::ServerOwned && base.patch_to(mine) != Patch::default();
    let asks_owned = theirs.changed_fields(&theirs.patched(&base.patch_to(mine))).iter().any(owned);
    let want = expected(base, mine, theirs, policies);
    match decision {
        Decision::Owned(why) => {
            assert!(asks_owned && !why.is_empty(), "{}", told());
            "owned"
        }
        Decision::Refuse(r) => {
            assert!(!want.refused.is_empty() && !asks_owned, "{}", told());
            let mut refused = want.refused.clone();
            refused.sort();
            assert_eq!(r.conflicts, refused, "{}", told());
            assert_eq!(r.conflict.action, "conflict_409");
            for name in r.conflicts.iter().chain(&base.changed_fields(mine)) {
                assert!(r.conflict.fields.contains_key(&name.to_string()), "all of the refused save is kept: {name} {}", told());
            }
            logged(&r.conflict, base, mine, theirs, theirs, &told);
            "refused"
        }
        Decision::Accept(a) => {
            assert!(want.refused.is_empty() && !asks_owned, "one field refused is all refused: {}", told());
            assert_eq!((&a.content, &a.merged, &a.overruled), (&want.kept, &want.merged, &want.overruled), "{}", told());
            let decided: Vec<String> = want.merged.iter().chain(&want.overruled).map(ToString::to_string).collect();
            assert_eq!(a.conflict.is_some(), !decided.is_empty(), "logged exactly when a policy decided: {}", told());
            if let Some(c) = &a.conflict {
                assert!(decided.iter().all(|n| c.fields.contains_key(n)) && c.fields.len() == decided.len(), "{}", told());
                let actions: Vec<_> = want.merged.iter().chain(&want.overruled).filter_map(|n| policies.of(n).action()).collect();
                assert!(actions.contains(&c.action), "{}: {}", c.action, told());
                logged(c, base, mine, theirs, &a.content, &told);
            }
            "accepted"
        }
        Decision::Unchanged => {
            assert!(want.refused.is_empty() && want.merged.is_empty() && want.overruled.is_empty(), "nothing unlogged: {}", told());
            assert_eq!(want.kept, *theirs, "nothing lost: {}", told());
            "unchanged"
        }
        Decision::Invalid(why) => panic!("{why:?}: {}", told()),
    }
}

fn every(contents: &[Content], tables: &[Policies]) -> BTreeMap<&'static str, usize> {
    let mut seen = BTreeMap::new();
    for policies in tables {
        for base in contents {
            for mine in contents {
                for theirs in contents {
                    *seen.entry(one(base, mine, theirs, policies)).or_default() += 1;
                }
            }
        }
    }
    seen
}

#[test]
fn every_text_and_deletion_is_decided_by_the_table() {
    let mut contents = Vec::new();
    for title in ["a", "b", "c"] {
        for body in ["x", "y", "z"] {
            for deleted in [false, true] {
                contents.push(Content { title: title.into(), body: body.into(), deleted, ..Content::default() });
            }
        }
    }
    let pairs = NAMES.iter().flat_map(|(t, _)| NAMES.iter().map(|(b, _)| [("title", *t), ("body", *b)]));
    let tables: Vec<Policies> = pairs.filter_map(|pair| table(&pair)).collect();
    assert_eq!(tables.len(), 25, "title and body take five policies each");
    let seen = every(&contents, &tables);
    assert!(["accepted", "refused", "unchanged", "owned"].iter().all(|k| seen.get(k).is_some_and(|n| *n > 1000)), "{seen:?}");
}

#[test]
fn every_set_and_number_is_decided_by_the_table() {
    let mut contents = Vec::new();
    for tags in [&[][..], &["p"], &["q"], &["p", "q"]] {
        for number in [None, Some(1), Some(5)] {
            let fields = number.map(|n| ("n".to_owned(), Value::Int(n))).into_iter().collect();
            contents.push(Content { tags: tags.iter().map(|t| (*t).to_owned()).collect(), fields, ..Content::default() });
        }
    }
    let pairs = NAMES.iter().flat_map(|(t, _)| NAMES.iter().map(|(n, _)| [("tags", *t), ("fields.n", *n)]));
    let tables: Vec<Policies> = pairs.filter_map(|pair| table(&pair)).collect();
    assert_eq!(tables.len(), 6 * 8);
    let seen = every(&contents, &tables);
    assert!(["accepted", "refused", "unchanged", "owned"].iter().all(|k| seen.get(k).is_some_and(|n| *n > 1000)), "{seen:?}");
}

#[test]
fn on_the_present_version_what_is_asked_applies() {
    let policies = table(&[("title", Policy::Manual), ("fields.o", Policy::ServerOwned), ("fields.s", Policy::Sum)]).unwrap();
    let field = |name: &str, n: i64| Content { fields: [(name.to_owned(), Value::Int(n))].into(), ..Content::default() };
    for (present, mine) in [(field("s", 1), field("s", 5)), (Content::default(), field("x", 1)), (field("x", 1), Content::default())] {
        match decide::save(&note(7, &present), &note(7, &present), &present.patch_to(&mine), &policies) {
            Decision::Accept(a) => assert_eq!((a.content, a.conflict), (mine, None)),
            other => panic!("{other:?}"),
        }
    }
    let same = decide::save(&note(7, &field("s", 5)), &note(7, &field("s", 5)), &Patch::default(), &policies);
    assert_eq!(same, Decision::Unchanged);
    let own = Patch { fields: [("o".to_owned(), Some(Value::Int(1)))].into(), ..Patch::default() };
    assert!(matches!(decide::save(&note(7, &field("s", 5)), &note(7, &field("s", 5)), &own, &policies), Decision::Owned(_)));
    // its present value is no change of it
    assert_eq!(decide::save(&note(7, &field("o", 1)), &note(7, &field("o", 1)), &own, &policies), Decision::Unchanged);
}

#[test]
fn what_would_break_a_limit_is_refused_by_name() {
    let policies = Policies::default();
    let tags = |from: usize| Content { tags: (from..from + 120).map(|n| n.to_string()).collect(), ..Content::default() };
    let none = Content::default();
    // each side within the limit, both together beyond it
    match decide::save(&note(2, &tags(0)), &note(1, &none), &none.patch_to(&tags(120)), &policies) {
        Decision::Invalid(why) => assert!(why.contains_key("tags"), "{why:?}"),
        other => panic!("{other:?}"),
    }
    let long = Patch { title: Some("x".repeat(5000)), ..Patch::default() };
    assert!(
        matches!(decide::save(&note(1, &none), &note(1, &none), &long, &policies), Decision::Invalid(why) if why.contains_key("title"))
    );
}

#[test]
fn a_creation_meets_what_is_there() {
    let policies = table(&[("fields.o", Policy::ServerOwned)]).unwrap();
    let content = |title: &str| Content { title: title.into(), ..Content::default() };
    assert!(matches!(decide::create(None, &content("a"), &policies), Decision::Accept(a) if a.conflict.is_none()));
    assert_eq!(decide::create(Some(&note(1, &content("a"))), &content("a"), &policies), Decision::Unchanged);
    match decide::create(Some(&note(3, &content("a"))), &content("b"), &policies) {
        Decision::Refuse(r) => {
            let record = &r.conflict.fields["title"];
            let text = |t: &str| FieldValue::Is(Value::Text(t.to_owned()));
            assert_eq!((&record.mine, &record.theirs, &record.kept), (&text("b"), &text("a"), &text("a")));
            assert_eq!(r.conflicts, [FieldName::Title]);
        }
        other => panic!("{other:?}"),
    }
    let owned = Content { fields: [("o".to_owned(), Value::Int(1))].into(), ..Content::default() };
    assert!(matches!(decide::create(None, &owned, &policies), Decision::Owned(_)));
}
