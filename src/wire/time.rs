//! Times on the wire: RFC 3339 in UTC with microseconds; HTTP-dates, good to the second, in headers.

use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::note::Time;

/// A moment as it travels: `2026-11-24T02:43:00.123456Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-24T02:43:00.123456Z")]
pub struct Stamp(pub Time);

/// Writes a time as RFC 3339 with microseconds; a time outside the years 1 to 9999 is written as the nearest one inside.
#[must_use]
pub fn rfc3339(time: Time) -> String {
    let clamped = jiff::Timestamp::from_microsecond(time.0);
    format!("{:.6}", clamped.unwrap_or(if time.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX }))
}

/// Reads RFC 3339; fractions beyond the microsecond are cut off.
#[must_use]
pub fn from_rfc3339(text: &str) -> Option<Time> {
    let at: jiff::Timestamp = text.trim().parse().ok()?;
    Some(Time(at.as_microsecond()))
}

/// Reads any of the three HTTP-date forms as the last microsecond of its second.
#[must_use]
pub fn from_http_date(text: &str) -> Option<Time> {
    let at = httpdate::parse_http_date(text.trim()).ok()?;
    let seconds = i64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
    Some(Time(seconds.checked_mul(1_000_000)?.checked_add(999_999)?))
}

/// Writes a time as an HTTP-date, its fraction cut off; a time before 1970 as 1970.
#[must_use]
pub fn http_date(time: Time) -> String {
    let seconds = u64::try_from(time.0.div_euclid(1_000_000)).unwrap_or(0).min(253_402_300_799);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The day of a time in UTC: `2026-11-24`.
#[must_use]
pub fn day(time: Time) -> String {
    rfc3339(time).chars().take(10).collect()
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        from_rfc3339(&text).map(Stamp).ok_or_else(|| serde::de::Error::custom("must be a time as in RFC 3339"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_as_they_went() {
        let t = Time(1_795_488_180_123_456);
        assert_eq!(from_rfc3339(&rfc3339(t)), Some(t));
        assert_eq!(from_rfc3339("2026-11-24T03:43:00.1+01:00"), from_rfc3339("2026-11-24T02:43:00.100000Z"));
        assert_eq!(from_http_date(&http_date(t)), Some(Time(1_795_488_180_999_999)));
        assert_eq!(from_rfc3339("yesterday"), None);
    }
}
