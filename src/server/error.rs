//! Failures on their way out: a status, a stable code, one plain sentence, details. The one place that maps them.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::store::{LockRow, StoreError};
use crate::domain::note::Time;
use crate::wire::error::{ErrorJson, HeldJson};
use crate::wire::side::HolderJson;
use crate::wire::time::Stamp;

/// A request that is not granted.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    body: Box<ErrorJson>,
    header: Option<(HeaderName, HeaderValue)>,
}

/// What a handler gives.
pub(crate) type Reply = Result<Response, Failure>;

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let body = ErrorJson { error: code.to_owned(), message: message.into(), ..ErrorJson::default() };
        Self { status, body: Box::new(body), header: None }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    pub(crate) fn unauthorised() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A valid token is needed: Authorization: Bearer <token>.")
            .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such record.")
    }

    pub(crate) fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn invalid(fields: BTreeMap<String, String>) -> Self {
        let mut out = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The request holds a value that is not allowed.");
        out.body.fields = Some(fields);
        out
    }

    pub(crate) fn invalid_one(field: &str, why: impl Into<String>) -> Self {
        Self::invalid([(field.to_owned(), why.into())].into())
    }

    pub(crate) fn owned(fields: BTreeMap<String, String>) -> Self {
        let what = "The request sets what only the server sets.";
        let mut out = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "server_owned_field", what);
        out.body.fields = Some(fields);
        out
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let what = format!("The request is larger than {limit} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", what)
    }

    pub(crate) fn locked(status: StatusCode, lock: &LockRow) -> Self {
        let mut out = Self::new(status, "locked", format!("The note is locked by {} on {}.", lock.user, lock.origin));
        out.body.lock = Some(HeldJson {
            holder: HolderJson { user: lock.user.clone(), client: lock.origin.clone() },
            acquired_at: Stamp(Time(lock.acquired)),
            expires_at: Stamp(Time(lock.expires)),
        });
        out
    }

    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server failed; its log says why.")
    }
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Self {
        tracing::error!(error = %e, "store");
        match e {
            StoreError::Database(_) => Failure::internal(),
            StoreError::Again(_) | StoreError::Unavailable(_) => {
                Failure::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The database cannot be reached; try again later.")
                    .with(header::RETRY_AFTER, HeaderValue::from_static("2"))
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut out = json(self.status, &self.body);
        if let Some((name, value)) = self.header {
            out.headers_mut().insert(name, value);
        }
        out
    }
}

/// A reply with a JSON body.
pub(crate) fn json<T: serde::Serialize>(status: StatusCode, body: &T) -> Response {
    json_of(status, body, 256)
}

/// A reply with a JSON body of about so many bytes.
pub(crate) fn json_of<T: serde::Serialize>(status: StatusCode, body: &T, about: usize) -> Response {
    let mut bytes = Vec::with_capacity(about);
    match serde_json::to_writer(&mut bytes, body) {
        Ok(()) => (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response(),
        Err(e) => {
            tracing::error!(error = %e, "a reply could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
