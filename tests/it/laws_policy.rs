//! The laws of one field's decision: every base, mine and theirs over small values of every kind, under every policy.

use std::collections::BTreeSet;

use diptych::domain::note::{FieldValue, Value};
use diptych::domain::policy::{NAMES, Outcome, Policy, reconcile};

fn values() -> Vec<FieldValue> {
    let list = |l: &[&str]| Value::List(l.iter().map(|t| (*t).to_owned()).collect());
    let ints = [0, 1, 2, -3, i64::MAX, i64::MIN, i64::MAX - 1].map(Value::Int);
    let floats = [0.5, 1.0, -2.25, f64::MAX].map(Value::Float);
    let others = [Value::Bool(true), Value::Bool(false), Value::Text(String::new()), Value::Text("a".into()), Value::Text("b".into())];
    let lists = [list(&[]), list(&["p"]), list(&["q"]), list(&["p", "q"]), list(&["q", "p"]), list(&["r"]), list(&["p", "r"])];
    let all = ints.into_iter().chain(floats).chain(others).chain(lists);
    std::iter::once(FieldValue::Absent).chain(all.map(FieldValue::Is)).collect()
}

/// What a value is as a set: a list's elements, nothing for no value.
fn set(value: &FieldValue) -> Option<BTreeSet<&str>> {
    match value {
        FieldValue::Absent => Some(BTreeSet::new()),
        FieldValue::Is(Value::List(l)) => Some(l.iter().map(String::as_str).collect()),
        FieldValue::Is(_) => None,
    }
}

/// Whether two values mean the same under a policy.
fn same(policy: Policy, a: &FieldValue, b: &FieldValue) -> bool {
    let lists = matches!((a, b), (FieldValue::Is(Value::List(_)), FieldValue::Is(Value::List(_))));
    a == b || (policy == Policy::Union && lists && set(a) == set(b))
}

fn int(value: &FieldValue) -> Option<i128> {
    if let FieldValue::Is(Value::Int(i)) = value { Some(i128::from(*i)) } else { None }
}

fn number(value: &FieldValue) -> Option<f64> {
    #[allow(clippy::cast_precision_loss, reason = "the law is about the order of numbers this size")]
    match value {
        FieldValue::Is(Value::Int(i)) => Some(*i as f64),
        FieldValue::Is(Value::Float(f)) => Some(*f),
        _ => None,
    }
}

/// Calls `law` with every policy and every three values.
fn every(law: impl Fn(Policy, &FieldValue, &FieldValue, &FieldValue, Outcome)) {
    let values = values();
    for (policy, _) in NAMES {
        for base in &values {
            for mine in &values {
                for theirs in &values {
                    law(policy, base, mine, theirs, reconcile(policy, base, mine, theirs));
                }
            }
        }
    }
}

#[test]
fn a_field_one_side_changed_is_that_sides() {
    every(|policy, base, mine, theirs, out| {
        let told = || format!("{policy}: {base:?} {mine:?} {theirs:?}: {out:?}");
        if same(policy, mine, base) {
            assert_eq!(out, Outcome::Agreed(theirs.clone()), "{}", told());
        } else if same(policy, theirs, base) {
            assert_eq!(out, Outcome::Agreed(mine.clone()), "{}", told());
        } else if same(policy, mine, theirs) && policy != Policy::Sum {
            assert!(matches!(&out, Outcome::Agreed(v) if same(policy, v, mine)), "{}", told());
        } else {
            assert!(!matches!(out, Outcome::Agreed(_)), "a policy must be asked, and the log with it: {}", told());
        }
    });
}

#[test]
fn each_policy_decides_what_its_name_says() {
    every(|policy, base, mine, theirs, out| {
        if matches!(out, Outcome::Agreed(_)) {
            return;
        }
        let told = || format!("{policy}: {base:?} {mine:?} {theirs:?}: {out:?}");
        match policy {
            Policy::LastWriteWins | Policy::ClientWins => assert_eq!(out, Outcome::Overruled(mine.clone()), "{}", told()),
            Policy::ServerWins | Policy::ServerOwned => assert_eq!(out, Outcome::Overruled(theirs.clone()), "{}", told()),
            Policy::Manual => assert_eq!(out, Outcome::Refused, "{}", told()),
            Policy::Union => match (set(base), set(mine), set(theirs)) {
                (Some(b), Some(m), Some(t)) => {
                    let Outcome::Combined(kept) = &out else { panic!("{}", told()) };
                    let FieldValue::Is(Value::List(list)) = kept else { panic!("{}", told()) };
                    let of = |x: &str| if b.contains(x) { m.contains(x) && t.contains(x) } else { m.contains(x) || t.contains(x) };
                    let wanted: BTreeSet<&str> = ["p", "q", "r"].into_iter().filter(|x| of(x)).collect();
                    assert_eq!(set(kept).unwrap(), wanted, "added by either stays, removed by one goes: {}", told());
                    assert_eq!(list.len(), wanted.len(), "none twice: {}", told());
                }
                _ => assert_eq!(out, Outcome::Refused, "{}", told()),
            },
            Policy::Max => match (number(mine), number(theirs)) {
                (Some(m), Some(t)) => {
                    assert!(matches!(&out, Outcome::Combined(v) if number(v) == Some(m.max(t))), "{}", told());
                    if let (Some(m), Some(t)) = (int(mine), int(theirs)) {
                        assert!(matches!(&out, Outcome::Combined(v) if int(v) == Some(m.max(t))), "exact: {}", told());
                    }
                }
                _ => assert_eq!(out, Outcome::Refused, "{}", told()),
            },
            Policy::Sum => {
                let start = if *base == FieldValue::Absent { Some(0) } else { int(base) };
                match (start, int(mine), int(theirs)) {
                    (Some(b), Some(m), Some(t)) => {
                        let exact = i64::try_from(m + t - b).ok();
                        let wanted = exact.map_or(Outcome::Refused, |i| Outcome::Combined(FieldValue::Is(Value::Int(i))));
                        assert_eq!(out, wanted, "exact, and an overflow is refused: {}", told());
                    }
                    _ => {
                        let numbers =
                            (number(base).is_some() || *base == FieldValue::Absent) && number(mine).is_some() && number(theirs).is_some();
                        let finite = matches!(&out, Outcome::Combined(v) if number(v).is_some_and(f64::is_finite));
                        assert!(if numbers { finite || out == Outcome::Refused } else { out == Outcome::Refused }, "{}", told());
                    }
                }
            }
        }
    });
}

#[test]
fn the_sides_are_alike_to_policies_that_name_none() {
    every(|policy, base, mine, theirs, out| {
        let mirrored = reconcile(policy, base, theirs, mine);
        let alike = match policy {
            Policy::LastWriteWins | Policy::ClientWins | Policy::ServerWins | Policy::ServerOwned => return,
            Policy::Union => match (&out, &mirrored) {
                (Outcome::Combined(a), Outcome::Combined(b)) | (Outcome::Agreed(a), Outcome::Agreed(b)) => a == b || set(a) == set(b),
                (a, b) => a == b,
            },
            Policy::Manual | Policy::Max | Policy::Sum => out == mirrored,
        };
        assert!(alike, "{policy}: {base:?} {mine:?} {theirs:?}: {out:?} but mirrored {mirrored:?}");
    });
}

/// An addition wins: what one side added is there, whatever the other removed.
#[test]
fn an_addition_wins_over_a_removal() {
    let tags = ["a", "b", "c", "d"];
    let subset = |bits: usize| {
        let some = tags.iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0).map(|(_, t)| (*t).to_owned());
        FieldValue::Is(Value::List(some.collect()))
    };
    for base in 0..16 {
        for mine in 0..16 {
            for theirs in 0..16 {
                let kept = match reconcile(Policy::Union, &subset(base), &subset(mine), &subset(theirs)) {
                    Outcome::Agreed(v) | Outcome::Combined(v) => v,
                    other => panic!("{other:?}"),
                };
                let wanted = (base & mine & theirs) | (!base & (mine | theirs));
                assert_eq!(set(&kept), set(&subset(wanted)), "{base:04b} {mine:04b} {theirs:04b}");
            }
        }
    }
}

#[test]
fn names_are_read_back_and_nothing_else_is() {
    for (policy, name) in NAMES {
        assert_eq!((policy.name(), name.parse()), (name, Ok(policy)));
    }
    for bad in ["", "lww", "Manual", "manual ", "union,max"] {
        assert!(bad.parse::<Policy>().unwrap_err().contains("server-owned"), "{bad:?}: the reason names those known");
    }
}
