//! What decides when both sides changed one field: base, mine, theirs and a policy to an outcome.
//!
//! One field at a time and no more: whether a whole save is accepted is decided above, from all its fields together. A policy that
//! cannot apply to the values it meets (a sum of texts, a number beyond its range) refuses, as `manual` does: it never guesses.

use std::collections::BTreeMap;
use std::fmt;

use super::note::{FieldName, FieldValue, Value, dedup, same_set};

/// What decides when both sides changed one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// Mine, because it arrived last.
    LastWriteWins,
    /// Theirs.
    ServerWins,
    /// Mine.
    ClientWins,
    /// Nobody: a person settles it.
    Manual,
    /// Both lists as sets: added by either stays, removed by one and untouched by the other goes; an addition wins over a removal.
    Union,
    /// The larger number.
    Max,
    /// Both changes added to base.
    Sum,
    /// Clients cannot set the field.
    ServerOwned,
}

/// Every policy with the name it has in files, replies and audit entries.
pub const NAMES: [(Policy, &str); 8] = [
    (Policy::LastWriteWins, "last-write-wins"),
    (Policy::ServerWins, "server-wins"),
    (Policy::ClientWins, "client-wins"),
    (Policy::Manual, "manual"),
    (Policy::Union, "union"),
    (Policy::Max, "max"),
    (Policy::Sum, "sum"),
    (Policy::ServerOwned, "server-owned"),
];

impl Policy {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(p, _)| *p == self).map_or("manual", |(_, n)| n)
    }

    /// What the audit log calls a conflict this policy decided; `None` for what cannot come to a conflict.
    #[must_use]
    pub fn action(self) -> Option<&'static str> {
        Some(match self {
            Policy::LastWriteWins => "conflict_lww",
            Policy::ServerWins => "conflict_server_wins",
            Policy::ClientWins => "conflict_client_wins",
            Policy::Manual => "conflict_409",
            Policy::Union | Policy::Max | Policy::Sum => "conflict_merged",
            Policy::ServerOwned => return None,
        })
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Policy {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let known = || NAMES.map(|(_, n)| n).join(", ");
        NAMES.iter().find(|(_, n)| *n == s).map(|(p, _)| *p).ok_or_else(|| format!("no policy is called {s:?}; known are {}", known()))
    }
}

/// Which policy each field of a note has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policies {
    title: Policy,
    body: Policy,
    tags: Policy,
    any_field: Policy,
    fields: BTreeMap<String, Policy>,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            title: Policy::LastWriteWins,
            body: Policy::Manual,
            tags: Policy::Union,
            any_field: Policy::Manual,
            fields: [("price_cents".to_owned(), Policy::Manual)].into(),
        }
    }
}

impl Policies {
    /// The policy of one field. A deletion is always settled by a person.
    #[must_use]
    pub fn of(&self, field: &FieldName) -> Policy {
        match field {
            FieldName::Title => self.title,
            FieldName::Body => self.body,
            FieldName::Tags => self.tags,
            FieldName::Deleted => Policy::Manual,
            FieldName::Field(name) => self.fields.get(name).copied().unwrap_or(self.any_field),
        }
    }

    /// Gives a field (`title`, `tags`, `fields.price_cents`, `fields.*`) a policy.
    ///
    /// # Errors
    /// A plain sentence, where the field does not exist or cannot have that policy.
    pub fn set(&mut self, field: &str, policy: Policy) -> Result<(), String> {
        if field == "fields.*" {
            self.any_field = policy;
            return Ok(());
        }
        if OWNED.contains(&field) {
            let why = format!("{field} belongs to the server and cannot have another policy than server-owned");
            return if policy == Policy::ServerOwned { Ok(()) } else { Err(why) };
        }
        let name: FieldName = field.parse()?;
        let fits = match (&name, policy) {
            (FieldName::Deleted, p) => p == Policy::Manual,
            (FieldName::Title | FieldName::Body, Policy::Union | Policy::Max | Policy::Sum) => false,
            (FieldName::Tags, Policy::Max | Policy::Sum) => false,
            _ => true,
        };
        if !fits {
            return Err(format!("{field} cannot have the policy {policy}"));
        }
        match name {
            FieldName::Title => self.title = policy,
            FieldName::Body => self.body = policy,
            FieldName::Tags => self.tags = policy,
            FieldName::Deleted => {}
            FieldName::Field(n) => {
                self.fields.insert(n, policy);
            }
        }
        Ok(())
    }

    /// Every field that has a policy, with it, in the order people read them; the server's own last.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Policy)> {
        let named =
            [("title", self.title), ("body", self.body), ("tags", self.tags), ("deleted", Policy::Manual), ("fields.*", self.any_field)];
        let mut out: Vec<_> = named.into_iter().map(|(n, p)| (n.to_owned(), p)).collect();
        out.extend(self.fields.iter().map(|(n, p)| (format!("fields.{n}"), *p)));
        out.extend(OWNED.iter().map(|n| ((*n).to_owned(), Policy::ServerOwned)));
        out
    }
}

/// The members of a note that only the server sets.
pub const OWNED: [&str; 5] = ["version", "created_at", "updated_at", "updated_by", "updated_from"];

/// What becomes of one field.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// No policy was asked: at most one side changed it, or both to the same value.
    Agreed(FieldValue),
    /// Both sides went in together.
    Combined(FieldValue),
    /// One side lost.
    Overruled(FieldValue),
    /// Nobody may decide but a person.
    Refused,
}

/// Decides one field from its three values.
///
/// Values are compared as what they mean: lists as sets where the policy is `union`. Under `sum` two equal changes are two changes.
#[must_use]
pub fn reconcile(policy: Policy, base: &FieldValue, mine: &FieldValue, theirs: &FieldValue) -> Outcome {
    let same = |a: &FieldValue, b: &FieldValue| a == b || (policy == Policy::Union && as_sets_equal(a, b));
    if same(mine, base) {
        return Outcome::Agreed(theirs.clone());
    }
    if same(theirs, base) {
        return Outcome::Agreed(mine.clone());
    }
    if same(mine, theirs) && policy != Policy::Sum {
        return Outcome::Agreed(theirs.clone());
    }
    match policy {
        Policy::LastWriteWins | Policy::ClientWins => Outcome::Overruled(mine.clone()),
        Policy::ServerWins | Policy::ServerOwned => Outcome::Overruled(theirs.clone()),
        Policy::Manual => Outcome::Refused,
        Policy::Union => union(base, mine, theirs).map_or(Outcome::Refused, Outcome::Combined),
        Policy::Max => max(mine, theirs).map_or(Outcome::Refused, Outcome::Combined),
        Policy::Sum => sum(base, mine, theirs).map_or(Outcome::Refused, Outcome::Combined),
    }
}

fn as_sets_equal(a: &FieldValue, b: &FieldValue) -> bool {
    match (a, b) {
        (FieldValue::Is(Value::List(a)), FieldValue::Is(Value::List(b))) => same_set(a, b),
        _ => false,
    }
}

/// Theirs keeps its order, what mine added follows in mine's order. An element one side added again after a removal stays.
fn union(base: &FieldValue, mine: &FieldValue, theirs: &FieldValue) -> Option<FieldValue> {
    let list = |v: &FieldValue| match v {
        FieldValue::Is(Value::List(l)) => Some(l.clone()),
        FieldValue::Absent => Some(Vec::new()),
        FieldValue::Is(_) => None,
    };
    let (base, mine, theirs) = (list(base)?, list(mine)?, list(theirs)?);
    let keep = |t: &String| match (base.contains(t), mine.contains(t), theirs.contains(t)) {
        (false, m, t) => m || t,
        (true, m, t) => m && t,
    };
    let all = theirs.iter().chain(&mine).filter(|t| keep(t)).cloned().collect();
    Some(FieldValue::Is(Value::List(dedup(all))))
}

fn number(value: &FieldValue) -> Option<Value> {
    match value {
        FieldValue::Is(v @ (Value::Int(_) | Value::Float(_))) => Some(v.clone()),
        _ => None,
    }
}

#[allow(clippy::cast_precision_loss)] // a mixed sum is a float by nature
fn float(value: &Value) -> f64 {
    match value {
        Value::Int(i) => *i as f64,
        Value::Float(f) => *f,
        _ => f64::NAN,
    }
}

fn max(mine: &FieldValue, theirs: &FieldValue) -> Option<FieldValue> {
    let (m, t) = (number(mine)?, number(theirs)?);
    let mine_larger = match (&m, &t) {
        (Value::Int(m), Value::Int(t)) => m > t,
        // Of two that are equal the whole number, whichever side it is on.
        _ if float(&m) == float(&t) => matches!(m, Value::Int(_)),
        _ => float(&m) > float(&t),
    };
    Some(FieldValue::Is(if mine_larger { m } else { t }))
}

fn sum(base: &FieldValue, mine: &FieldValue, theirs: &FieldValue) -> Option<FieldValue> {
    let base = if *base == FieldValue::Absent { Value::Int(0) } else { number(base)? };
    let out = match (&base, number(mine)?, number(theirs)?) {
        (Value::Int(b), Value::Int(m), Value::Int(t)) => Value::Int(i64::try_from(i128::from(m) + i128::from(t) - i128::from(*b)).ok()?),
        (b, m, t) => Value::Float(float(&m) + float(&t) - float(b)),
    };
    match out {
        Value::Float(f) if !f.is_finite() => None,
        v => Some(FieldValue::Is(v)),
    }
}
