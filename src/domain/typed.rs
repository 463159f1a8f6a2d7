//! The value of a field as a person types it.
//!
//! A line of text has no kind; the value that was there before says what is meant. Text stays text even where it looks like a number.

use super::note::{FieldValue, Value, dedup};

/// Reads what was typed as a value of the kind the field had; a new field's kind is what the text looks like.
#[must_use]
pub fn read(was: &FieldValue, typed: &str) -> Value {
    let text = || Value::Text(typed.to_owned());
    let int = || typed.trim().parse().ok().map(Value::Int);
    let float = || typed.trim().parse().ok().filter(|f: &f64| f.is_finite()).map(Value::Float);
    let yes_no = || match typed.trim() {
        "yes" | "true" => Some(Value::Bool(true)),
        "no" | "false" => Some(Value::Bool(false)),
        _ => None,
    };
    match was {
        FieldValue::Is(Value::Text(_)) => text(),
        FieldValue::Is(Value::List(_)) => {
            let items = typed.split(',').map(|t| t.trim().trim_start_matches('#').to_owned()).filter(|t| !t.is_empty());
            Value::List(dedup(items.collect()))
        }
        FieldValue::Is(Value::Float(_)) => float().unwrap_or_else(text),
        _ => int().or_else(float).or_else(yes_no).unwrap_or_else(text),
    }
}
