//! Who is asking: bearer tokens, kept as SHA-256, looked up by it and compared in constant time.
//!
//! A token is 32 random bytes, so a slow hash would buy nothing.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::app::App;
use super::door::Grant;
use super::error::Failure;
use super::request::once;
use super::store::Who;
use crate::wire;

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

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Failure> {
    let said = once(headers, header::AUTHORIZATION.as_str())?.and_then(|v| v.to_str().ok()?.split_once(' '));
    Ok(said.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim()))
}

/// The grant of a token given as text.
pub(crate) async fn grant_of(app: &App, token: &str) -> Result<Grant, Failure> {
    app.door.grant(&*app.store, hash_of(token), app.config.rate, (app.config.clock)()).await
}

async fn who(app: &App, headers: &HeaderMap) -> Result<Who, Failure> {
    let grant = match (&app.open, bearer(headers)?) {
        (Some(open), _) => open.clone(),
        (None, Some(token)) => grant_of(app, token).await?,
        (None, None) => return Err(Failure::unauthorised()),
    };
    let origin = match once(headers, wire::X_CLIENT)? {
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
