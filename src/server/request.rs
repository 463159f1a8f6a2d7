//! Requests on their way in: the body read within its limit, JSON checked member by member, preconditions, idempotency keys.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::app::App;
use super::auth::Caller;
use super::error::Failure;
use super::store::{Base, Who};
use crate::domain::note::{NoteId, Time};
use crate::wire;

/// A write as it came in: who, with which key, and its body.
pub(crate) struct Incoming {
    pub(crate) who: Who,
    pub(crate) key: Option<(Uuid, [u8; 32])>,
    pub(crate) headers: HeaderMap,
    bytes: Bytes,
}

impl FromRequest<App> for Incoming {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let Caller(who) = Caller::from_request_parts(&mut parts, app).await?;
        let bytes = collect(body, app.config.body_limit).await?;
        let key = key(&parts.headers, &parts.method, &parts.uri, &bytes)?;
        Ok(Self { who, key, headers: parts.headers, bytes })
    }
}

/// Reads a body within its limit. What goes beyond is thrown away, up to four times the limit, so that the client hears why: one that
/// is cut off while it still sends mostly sees a broken connection.
async fn collect(body: axum::body::Body, limit: usize) -> Result<Bytes, Failure> {
    let mut stream = body.into_data_stream();
    let (mut kept, mut length) = (Vec::new(), 0usize);
    let mut only = Bytes::new(); // most bodies come as one piece
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Failure::bad("incomplete", "The request ended before its body was complete."))?;
        length = length.saturating_add(chunk.len());
        if length <= limit {
            if length == chunk.len() {
                only = chunk;
                continue;
            }
            kept.extend_from_slice(&std::mem::take(&mut only));
            kept.extend_from_slice(&chunk);
        } else if length > limit.saturating_mul(4) {
            break;
        } else {
            (kept, only) = (Vec::new(), Bytes::new());
        }
    }
    if length > limit {
        return Err(Failure::too_large(limit));
    }
    Ok(if kept.is_empty() { only } else { kept.into() })
}

/// The value of a header that may be there once: of two it is not for us to choose one.
pub(crate) fn once<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a HeaderValue>, Failure> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(Failure::bad("repeated_header", format!("The header {name} is there more than once."))),
    }
}

/// The idempotency key, with a hash of all that makes the request what it is.
fn key(headers: &HeaderMap, method: &Method, uri: &axum::http::Uri, body: &[u8]) -> Result<Option<(Uuid, [u8; 32])>, Failure> {
    let Some(value) = once(headers, wire::IDEMPOTENCY_KEY)? else { return Ok(None) };
    let key = value.to_str().ok().and_then(|v| v.trim().parse::<Uuid>().ok());
    let key = key.ok_or_else(|| Failure::invalid_one("Idempotency-Key", "must be a UUID"))?;
    let mut hash = Sha256::new();
    for part in [method.as_str().as_bytes(), uri.path().as_bytes(), uri.query().unwrap_or("").as_bytes()] {
        hash.update(part);
        hash.update([0]);
    }
    for name in [header::IF_MATCH, header::IF_UNMODIFIED_SINCE] {
        hash.update(headers.get(name).map_or(&b""[..], |v| v.as_bytes()));
        hash.update([0]);
    }
    hash.update(body);
    Ok(Some((key, hash.finalize().into())))
}

impl Incoming {
    /// What is needed of it once it is read; its bytes are let go.
    pub(crate) fn read(self) -> (Who, Option<(Uuid, [u8; 32])>) {
        (self.who, self.key)
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let what = "The body must be JSON, with Content-Type: application/json.";
            return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", what));
        }
        parse(&self.bytes)
    }

    /// The body as JSON, or the default where there is none.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Failure> {
        if self.bytes.is_empty() { Ok(T::default()) } else { self.json() }
    }

    /// The base a save names: in its body, by `If-Match`, by `If-Unmodified-Since`.
    pub(crate) fn bases(&self, base_version: Option<i64>) -> Result<Bases, Failure> {
        let mut out = Bases::default();
        if let Some(v) = base_version {
            out.all.push(Base::Version(v));
        }
        if let Some(base) = if_match(&self.headers)? {
            out.all.push(base);
            out.if_match = true;
        }
        if let Some(time) = unmodified_since(&self.headers)? {
            out.all.push(Base::NotAfter(time));
            out.time = Some(time);
        }
        if out.all.is_empty() {
            let what = "Name the version this change started from: base_version, If-Match or If-Unmodified-Since.";
            return Err(Failure::new(StatusCode::PRECONDITION_REQUIRED, "precondition_required", what));
        }
        Ok(out)
    }

    /// The lock token the request carries.
    pub(crate) fn lock_token(&self) -> Result<Option<Uuid>, Failure> {
        let Some(value) = once(&self.headers, wire::X_LOCK_TOKEN)? else { return Ok(None) };
        let token = value.to_str().ok().and_then(|v| v.trim().parse().ok());
        token.map(Some).ok_or_else(|| Failure::invalid_one("X-Lock-Token", "must be the token of a lock"))
    }
}

/// The ways in which a save names its base.
#[derive(Debug, Default)]
pub(crate) struct Bases {
    pub(crate) all: Vec<Base>,
    /// One of them was `If-Match`: a conflict is then 412.
    pub(crate) if_match: bool,
    /// The time of `If-Unmodified-Since`.
    pub(crate) time: Option<Time>,
}

fn if_match(headers: &HeaderMap) -> Result<Option<Base>, Failure> {
    let Some(value) = once(headers, header::IF_MATCH.as_str())? else { return Ok(None) };
    let text = value.to_str().unwrap_or("").trim();
    if text == "*" {
        return Ok(Some(Base::Any));
    }
    let tag = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).and_then(|t| t.parse().ok());
    tag.map(|v| Some(Base::Version(v)))
        .ok_or_else(|| Failure::bad("malformed_precondition", "If-Match must be one ETag of this note, such as \"7\"."))
}

/// The time of `If-Unmodified-Since`, in RFC 3339 or as an HTTP-date.
pub(crate) fn unmodified_since(headers: &HeaderMap) -> Result<Option<Time>, Failure> {
    let Some(value) = once(headers, header::IF_UNMODIFIED_SINCE.as_str())? else { return Ok(None) };
    let text = value.to_str().unwrap_or("");
    let time = wire::time::from_rfc3339(text).or_else(|| wire::time::from_http_date(text));
    time.map(Some)
        .ok_or_else(|| Failure::bad("malformed_precondition", "If-Unmodified-Since must be a time as in RFC 3339 or an HTTP-date."))
}

/// An id in a path; what is no id names nothing.
pub(crate) fn note_id(text: &str) -> Result<NoteId, Failure> {
    text.parse().map_err(|_| Failure::not_found())
}

/// Reads JSON: 400 where it is none, 422 with the members that are wrong.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let object = bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    match serde_json::from_slice::<T>(bytes) {
        Ok(value) if object => Ok(value),
        Err(e) if !e.is_data() => Err(Failure::bad("malformed_json", format!("The body is not JSON: {e}."))),
        Ok(_) => Err(Failure::invalid_one("body", "must be a JSON object")),
        Err(e) if !object => Err(Failure::invalid_one("body", format!("must be a JSON object ({e})"))),
        Err(e) => {
            let members: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(bytes).unwrap_or_default();
            let wrong = |(name, value): (String, serde_json::Value)| {
                let alone = serde_json::Map::from_iter([(name.clone(), value)]);
                let e = serde_json::from_value::<T>(alone.into()).err()?;
                let missing = e.to_string().starts_with("missing field");
                if missing { None } else { Some((name, e.to_string())) }
            };
            let fields: BTreeMap<String, String> = members.into_iter().filter_map(wrong).collect();
            Err(if fields.is_empty() { Failure::invalid_one("body", e.to_string()) } else { Failure::invalid(fields) })
        }
    }
}
