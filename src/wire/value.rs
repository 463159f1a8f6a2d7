//! The value of a further field as JSON: a number, a text, true or false, or a list of texts.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::note::{FieldValue, Value};

/// A [`Value`] as it travels. Whole numbers beyond 64 bits are refused, never rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueJson(pub Value);

/// The schema of a [`ValueJson`] or null; never made, only described.
#[derive(Debug)]
pub enum MaybeValue {}

fn kinds() -> utoipa::openapi::schema::AnyOfBuilder {
    use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
    let plain = |t: Type| ObjectBuilder::new().schema_type(t);
    let long = plain(Type::Integer).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
    let text = |max| plain(Type::String).max_length(Some(max)).pattern(Some(r"^[^\x00]*$"));
    AnyOfBuilder::new()
        .description(Some("A number, a text, true or false, or a list of texts"))
        .item(long.minimum(Some(i64::MIN)).maximum(Some(i64::MAX)))
        .item(plain(Type::Number).minimum(Some(-1.0e15)).maximum(Some(1.0e15)))
        .item(plain(Type::Boolean))
        .item(text(1000))
        .item(ArrayBuilder::new().items(text(100)).max_items(Some(100)))
}

impl utoipa::PartialSchema for ValueJson {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        kinds().into()
    }
}

impl utoipa::ToSchema for ValueJson {
    fn name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }
}

impl utoipa::PartialSchema for MaybeValue {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        kinds().item(ObjectBuilder::new().schema_type(Type::Null)).into()
    }
}

impl utoipa::ToSchema for MaybeValue {
    fn name() -> std::borrow::Cow<'static, str> {
        "ValueOrNull".into()
    }
}

impl Serialize for ValueJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_value(&self.0, serializer)
    }
}

/// Writes a value without copying it.
///
/// # Errors
/// Those of the serializer.
pub fn serialize_value<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Value::Int(i) => serializer.serialize_i64(*i),
        Value::Float(f) => serializer.serialize_f64(*f),
        Value::Bool(b) => serializer.serialize_bool(*b),
        Value::Text(t) => serializer.serialize_str(t),
        Value::List(l) => {
            let mut seq = serializer.serialize_seq(Some(l.len()))?;
            for text in l {
                seq.serialize_element(text)?;
            }
            seq.end()
        }
    }
}

struct Reads;

impl<'de> Visitor<'de> for Reads {
    type Value = ValueJson;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text, true or false, or a list of texts")
    }
    fn visit_i64<E: Error>(self, v: i64) -> Result<ValueJson, E> {
        Ok(ValueJson(Value::Int(v)))
    }
    fn visit_u64<E: Error>(self, v: u64) -> Result<ValueJson, E> {
        i64::try_from(v).map(|v| ValueJson(Value::Int(v))).map_err(|_| E::custom("a whole number must fit into 64 bits"))
    }
    fn visit_f64<E: Error>(self, v: f64) -> Result<ValueJson, E> {
        Ok(ValueJson(Value::Float(v)))
    }
    fn visit_bool<E: Error>(self, v: bool) -> Result<ValueJson, E> {
        Ok(ValueJson(Value::Bool(v)))
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<ValueJson, E> {
        Ok(ValueJson(Value::Text(v.to_owned())))
    }
    fn visit_string<E: Error>(self, v: String) -> Result<ValueJson, E> {
        Ok(ValueJson(Value::Text(v)))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ValueJson, A::Error> {
        let mut list = Vec::new();
        while let Some(text) = seq.next_element::<String>()? {
            list.push(text);
        }
        Ok(ValueJson(Value::List(list)))
    }
}

impl<'de> Deserialize<'de> for ValueJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reads)
    }
}

/// A field's value, where `null` means that the field is absent.
#[must_use]
pub fn from_field(value: &FieldValue) -> Option<ValueJson> {
    match value {
        FieldValue::Absent => None,
        FieldValue::Is(v) => Some(ValueJson(v.clone())),
    }
}

/// The way back from [`from_field`].
#[must_use]
pub fn to_field(value: Option<ValueJson>) -> FieldValue {
    value.map_or(FieldValue::Absent, |v| FieldValue::Is(v.0))
}

#[cfg(test)]
mod tests {
    use super::ValueJson;
    use crate::domain::note::Value;

    #[test]
    fn a_number_comes_back_to_the_last_bit() {
        // The golden ratio's bits walk through all magnitudes.
        let bits = (0..20_000u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let odd = [3.333_333_333_333_334e42, 0.1 + 0.2, f64::MIN_POSITIVE, f64::MAX, -0.0];
        for number in bits.map(f64::from_bits).filter(|f| f.is_finite()).chain(odd) {
            let text = serde_json::to_string(&ValueJson(Value::Float(number))).unwrap_or_default();
            let back = serde_json::from_str::<ValueJson>(&text).ok().map(|v| v.0);
            assert!(matches!(back, Some(Value::Float(f)) if f.to_bits() == number.to_bits()), "{text} came back as {back:?}");
        }
    }
}
