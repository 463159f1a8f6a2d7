//! The tokens found lately, each believed for a second and with its share of requests: so that not every request asks the store.
//!
//! A revoked token works no longer than that second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderValue, StatusCode, header};
use subtle::ConstantTimeEq;

use super::error::Failure;
use super::store::{DynStore, Space, StoreError, TokenRow};
use crate::domain::note::Time;

/// How long a token found is believed, in milliseconds.
const BELIEVED_MS: i64 = 1000;
/// Tokens remembered at most; beyond that all are looked up afresh.
const REMEMBERED: usize = 10_000;

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
    /// The grant of a token, or why there is none. `rate` is how many requests a second it may make.
    pub(crate) async fn grant(&self, store: &DynStore, hash: [u8; 32], rate: Option<u32>, now: Time) -> Result<Grant, Failure> {
        if let Some(found) = self.known(rate, &hash, now) {
            return found;
        }
        let row = store.token(hash).await?;
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
        let burst = f64::from(rate.unwrap_or(0)) * 2.0 - 1.0;
        let entry = believed.entry(hash).or_insert_with(|| Believed { grant: grant.clone(), until, tokens: burst, filled: now });
        entry.until = until;
        Ok(grant)
    }

    fn known(&self, rate: Option<u32>, hash: &[u8; 32], now: Time) -> Option<Result<Grant, Failure>> {
        let mut believed = self.believed.lock().unwrap_or_else(PoisonError::into_inner);
        let found = believed.get_mut(hash)?;
        if let Some(rate) = rate.map(f64::from) {
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

/// The grant of a server that asks for no token: a space `home` and a user `local`.
pub(crate) async fn open_grant(store: &DynStore, now: Time) -> Result<Grant, StoreError> {
    let nobody = [0; 32]; // no token has this hash
    let row: TokenRow = match store.token(nobody).await? {
        Some(row) => row,
        None => store.add_token("home".to_owned(), "local".to_owned(), "no-auth".to_owned(), nobody, now).await?,
    };
    Ok(Grant { space: row.space, user: row.user.into() })
}
