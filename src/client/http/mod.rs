//! The way to the server: sends one request, reads a bounded reply, and sorts it into few kinds.
//!
//! Nothing is retried here and no redirect is followed (a token must not travel on, and a PUT must not become a GET): when to try again
//! is the outbox's to say. What comes back is checked before it means anything.

mod calls;
mod send;
pub mod sse;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::wire;
use crate::wire::error::ErrorJson;

pub use calls::{LiveEvent, Page};

/// Bytes a reply may have: one note at its limits, escaped as JSON at its worst, still fits.
const MAX_REPLY: usize = 96 * 1024 * 1024;
/// Notes asked for at a time; fewer, once a page of so many was too large.
pub const PAGE: usize = 500;

/// An exchange that did not give what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There was no exchange: no network, no server, TLS.
    #[error("{0}")]
    Unreachable(String),
    /// There was one, and it broke off: what was asked for may have been done.
    #[error("{0}")]
    BrokeOff(String),
    /// The token was refused.
    #[error("{0}")]
    Unauthorised(String),
    /// The server does not know it.
    #[error("The server does not know it.")]
    Missing,
    /// Refused for good: status and why.
    #[error("{1}")]
    Refused(u16, String),
    /// Not now: why, and after how many milliseconds, where the server says.
    #[error("{0}")]
    Later(String, Option<i64>),
    /// The reply is larger than one is read.
    #[error("The server's reply is larger than any reply should be.")]
    TooLarge,
    /// The answer made no sense: what.
    #[error("{0}")]
    Nonsense(String),
}

/// Where the server is and how to speak to it.
#[derive(Clone)]
pub struct Access {
    /// Its address, without `/api`.
    pub server: String,
    /// The token.
    pub token: String,
    /// This device's name.
    pub origin: String,
    /// A certificate authority of one's own, as PEM.
    pub ca: Option<Vec<u8>>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("server", &self.server).field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// A client of one server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    server: Arc<str>,
    page: Arc<AtomicUsize>,
}

impl Http {
    /// Prepares to speak to a server; nothing is sent yet.
    ///
    /// # Errors
    /// The address, the token, the name or the certificate cannot be used; why, in a plain sentence.
    pub fn new(access: &Access) -> Result<Http, String> {
        let url = reqwest::Url::parse(&access.server).map_err(|e| format!("The server's address is not a URL: {e}."))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err("The server's address must begin with http:// or https:// and name a host.".to_owned());
        }
        let mut headers = HeaderMap::new();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", access.token.trim()))
            .map_err(|_| "The token holds characters that a token cannot have.".to_owned())?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        let origin = HeaderValue::from_str(&access.origin).ok().filter(|_| wire::is_origin(&access.origin));
        let origin = origin.ok_or("The device's name is 1 to 64 of the characters A-Z a-z 0-9 . _ -")?;
        headers.insert(wire::X_CLIENT, origin);
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(45))
            .user_agent(concat!("diptych/", env!("CARGO_PKG_VERSION")));
        if is_here(&url) {
            // What a machine says to itself is no business of the proxy that its other traffic goes through.
            builder = builder.no_proxy();
        }
        if url.scheme() == "http" {
            // No certificates are needed, and reading the system's takes longer than all else at start.
            builder = builder.tls_certs_only([]);
        }
        if let Some(pem) = &access.ca {
            let certs = reqwest::Certificate::from_pem_bundle(pem).map_err(|e| format!("The file of the CA makes no sense: {e}."))?;
            if certs.is_empty() {
                return Err("The file of the CA holds no certificate in PEM form.".to_owned());
            }
            builder = builder.tls_certs_merge(certs);
        }
        let client = builder.build().map_err(|e| format!("TLS cannot be set up: {e}."))?;
        Ok(Http { client, server: access.server.trim_end_matches('/').into(), page: Arc::new(AtomicUsize::new(PAGE)) })
    }

    /// Whether a diptych server answers there, whatever the token.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn healthy(&self) -> Result<(), Fault> {
        let request = self.request(Method::GET, "/healthz").timeout(Duration::from_secs(10));
        let response = request.send().await.map_err(|e| unreachable(&e))?;
        if response.status().is_success() { Ok(()) } else { Err(fault(response).await) }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.server))
    }

    /// Sends and reads a JSON reply.
    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Fault> {
        let response = request.timeout(Duration::from_secs(120)).send().await.map_err(|e| unreachable(&e))?;
        if !response.status().is_success() {
            return Err(fault(response).await);
        }
        parse(&body(response).await?)
    }
}

/// Whether an address is this machine's own.
fn is_here(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes).map_err(|e| Fault::Nonsense(format!("The server's reply is not what the protocol says ({e}).")))
}

/// Reads a reply whole, up to [`MAX_REPLY`].
async fn body(mut response: Response) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| unreachable(&e))? {
        if out.len() + chunk.len() > MAX_REPLY {
            return Err(Fault::TooLarge);
        }
        out.extend_from_slice(&chunk);
    }
    Ok(out)
}

/// Sorts a reply that is no success.
async fn fault(response: Response) -> Fault {
    let status = response.status();
    let after = retry_after(response.headers());
    if status.is_redirection() {
        return Fault::Refused(status.as_u16(), "The server sends elsewhere, and that is not followed. Check the address.".to_owned());
    }
    let bytes = match body(response).await {
        Ok(bytes) => bytes,
        Err(fault) => return fault,
    };
    sort(status, &bytes, after)
}

fn sort(status: StatusCode, bytes: &[u8], after: Option<i64>) -> Fault {
    let said: ErrorJson = serde_json::from_slice(bytes).unwrap_or_default();
    let mut why = if said.message.is_empty() { format!("The server answered {status}.") } else { clipped(&said.message) };
    for (field, reason) in said.fields.iter().flatten().take(5) {
        why.push_str(&clipped(&format!(" {field}: {reason}.")));
    }
    match status.as_u16() {
        401 => Fault::Unauthorised(why),
        404 if said.error == "not_found" => Fault::Missing,
        404 => Fault::Refused(404, "There is no diptych server at this address.".to_owned()),
        423 => Fault::Later(why, Some(after.unwrap_or(15_000))),
        408 | 425 | 429 | 500..=599 => Fault::Later(why, after),
        other => Fault::Refused(other, why),
    }
}

fn clipped(text: &str) -> String {
    crate::client::record::head(text, 300).to_owned()
}

/// `Retry-After` in milliseconds; only the form in seconds is used, as the other needs a clock that both agree on.
fn retry_after(headers: &HeaderMap) -> Option<i64> {
    let seconds: i64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(seconds.clamp(0, 24 * 3600) * 1000)
}

/// Whether an error, or one that it wraps without owning up to it, is about a certificate.
fn about_certificate(e: &(dyn std::error::Error + 'static)) -> bool {
    match e.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => about_certificate(inner),
        None => matches!(e.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))),
    }
}

fn unreachable(e: &reqwest::Error) -> Fault {
    let mut cause: &(dyn std::error::Error + 'static) = e;
    let mut untrusted = false;
    while let Some(next) = cause.source() {
        cause = next;
        untrusted |= about_certificate(cause);
    }
    let why = clipped(&cause.to_string());
    if untrusted {
        let todo = "Name the authority that signed it in ca_file, or mend the certificate.";
        Fault::Unreachable(format!("The server's certificate is not trusted ({why}), so nothing was sent. {todo}"))
    } else if e.is_connect() {
        Fault::Unreachable(format!("The server could not be reached ({why})."))
    } else if e.is_timeout() {
        Fault::BrokeOff("The server did not answer in time.".to_owned())
    } else {
        Fault::BrokeOff(format!("The exchange with the server broke off ({why})."))
    }
}
