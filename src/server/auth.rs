//! Who is asking: bearer tokens, kept as SHA-256, looked up by it and compared in constant time.
//!
//! A token is 32 random bytes, so a slow hash would buy nothing. Tokens found are remembered for a second; a revoked one works no longer
//! than that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use base64::Engine as _;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::app::App;
use super::error::Failure;
use super::store::{Space, StoreError, TokenRow, Who};
use crate::domain::note::Time;
use crate::wire;

/// How long a token found is believed, in milliseconds.
const BELIEVED_MS: i64 = 1000;
/// Tokens remembered at most; beyond that all are looked up afresh.
const REMEMBERED: usize = 10_000;

/// Makes a token from 32 random bytes: the text for its owner, and the hash to keep.
#[must_use]
pub fn token_of(random: [u8; 32]) -> (String, [u8; 32]) {
    let token = format!("dpt_{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random));
    let hash = hash_of(&token);
    (token, hash)
}

/// The hash under which a token is kept.
#[must_use]
pub fn hash_of(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// What a token allows.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) space: Space,
    pub(crate) user: Arc<str>,
}

struct Believed {
    grant: Grant,
    until: Time,
    tokens: f64,
    filled: Time,
}

/// Tokens found lately, each with what is left of its share of requests.
#[derive(Default)]
pub(crate) struct Door {
    believed: Mutex<HashMap<[u8; 32], Believed>>,
}

impl Door {
    /// The grant of a token, or why there is none.
    async fn grant(&self, app: &App, hash: [u8; 32], now: Time) -> Result<Grant, Failure> {
        if let Some(found) = self.known(app, &hash, now) {
            return found;
        }
        let row = app.store.token(hash).await?;
        let valid = row.filter(|r| bool::from(r.hash.ct_eq(&hash)) && r.revoked.is_none());
        let mut believed = self.believed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(row) = valid else {
            believed.remove(&hash);
            return Err(Failure::unauthorised());
        };
        let grant = Grant { space: row.space, user: row.user.into() };
        if believed.len() >= REMEMBERED {
            believed.clear();
        }
        let until = now.plus_ms(BELIEVED_MS);
        let burst = f64::from(app.config.rate.unwrap_or(0)) * 2.0 - 1.0;
        let entry = believed.entry(hash).or_insert_with(|| Believed { grant: grant.clone(), until, tokens: burst, filled: now });
        entry.until = until;
        Ok(grant)
    }

    fn known(&self, app: &App, hash: &[u8; 32], now: Time) -> Option<Result<Grant, Failure>> {
        let mut believed = self.believed.lock().unwrap_or_else(PoisonError::into_inner);
        let found = believed.get_mut(hash)?;
        if let Some(rate) = app.config.rate.map(f64::from) {
            #[allow(clippy::cast_precision_loss)] // milliseconds between two requests
            let since = now.ms_since(found.filled).max(0) as f64;
            if since > 0.0 {
                found.tokens = (found.tokens + since * rate / 1000.0).min(rate * 2.0);
                found.filled = now;
            }
            if found.tokens < 1.0 {
                let slow = Failure::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "This token asks too often; wait a little.");
                return Some(Err(slow.with(header::RETRY_AFTER, HeaderValue::from_static("1"))));
            }
            found.tokens -= 1.0;
        }
        if now >= found.until { None } else { Some(Ok(found.grant.clone())) }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") { Some(token.trim()) } else { None }
}

/// The grant of a token given as text.
pub(crate) async fn grant_of(app: &App, token: &str) -> Result<Grant, Failure> {
    app.door.grant(app, hash_of(token), (app.config.clock)()).await
}

async fn who(app: &App, headers: &HeaderMap) -> Result<Who, Failure> {
    let grant = match (&app.open, bearer(headers)) {
        (Some(open), _) => open.clone(),
        (None, Some(token)) => grant_of(app, token).await?,
        (None, None) => return Err(Failure::unauthorised()),
    };
    let origin = match headers.get(wire::X_CLIENT) {
        None => "unknown".to_owned(),
        Some(value) => match value.to_str().ok().filter(|v| wire::is_origin(v)) {
            Some(origin) => origin.to_owned(),
            None => return Err(Failure::invalid_one("X-Client", "must be 1 to 64 characters of A-Z, a-z, 0-9, '.', '_', '-'")),
        },
    };
    Ok(Who { space: grant.space, user: grant.user, origin })
}

/// The caller of a request, known.
pub(crate) struct Caller(pub(crate) Who);

impl FromRequestParts<App> for Caller {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        who(app, &parts.headers).await.map(Caller)
    }
}

/// The grant of a server that asks for no token: a space `home` and a user `local`.
pub(crate) async fn open_grant(app: &super::store::DynStore, now: Time) -> Result<Grant, StoreError> {
    let nobody = [0; 32]; // no token has this hash
    let row: TokenRow = match app.token(nobody).await? {
        Some(row) => row,
        None => app.add_token("home".to_owned(), "local".to_owned(), "no-auth".to_owned(), nobody, now).await?,
    };
    Ok(Grant { space: row.space, user: row.user.into() })
}
