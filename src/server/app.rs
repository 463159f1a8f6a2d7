//! What every handler can reach, and how a server is configured.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;
use tokio::sync::watch;
use uuid::Uuid;

use super::door::{Door, Grant};
use super::metrics::Metrics;
use super::store::{Fresh, Job, Store, Who, Write};
use crate::domain::note::Time;
use crate::domain::policy::Policies;

/// A certificate chain and its key, found fit to serve with.
#[derive(Clone)]
pub struct Tls(pub(super) RustlsConfig);

impl Tls {
    /// Reads both as PEM; of the chain, the server's own certificate comes first.
    ///
    /// # Errors
    /// If either holds none, or they do not belong together.
    pub async fn from_pem(cert: Vec<u8>, key: Vec<u8>) -> io::Result<Tls> {
        RustlsConfig::from_pem(cert, key).await.map(Tls)
    }
}

/// How a server behaves. Clock and ids come from outside.
#[derive(Clone)]
pub struct Config {
    /// Tells the time.
    pub clock: Arc<dyn Fn() -> Time + Send + Sync>,
    /// Makes ids no one can guess and no one made before (UUID v7 or v4).
    pub ids: Arc<dyn Fn() -> Uuid + Send + Sync>,
    /// What decides when both sides changed one field.
    pub policies: Policies,
    /// How long an idle lock holds.
    pub lock_timeout: Duration,
    /// Notes one request of a search reads through at most.
    pub search_look: usize,
    /// Bytes a request's body may have.
    pub body_limit: usize,
    /// Requests a second that one token may make, twice that at once; `None` is without limit.
    pub rate: Option<u32>,
    /// How long one request may take until its answer begins.
    pub request_timeout: Duration,
    /// How long a connection may take to send a request's head.
    pub header_timeout: Duration,
    /// How long requests under way may take to end once the server stops.
    pub drain: Duration,
    /// Asks for no token; refused unless the server listens on loopback only.
    pub no_auth: bool,
    /// Serves TLS.
    pub tls: Option<Tls>,
}

impl Config {
    /// The defaults, with a clock and a source of ids.
    #[must_use]
    pub fn new(clock: Arc<dyn Fn() -> Time + Send + Sync>, ids: Arc<dyn Fn() -> Uuid + Send + Sync>) -> Self {
        Self {
            clock,
            ids,
            policies: Policies::default(),
            lock_timeout: Duration::from_secs(300),
            search_look: 10_000,
            body_limit: 16 * 1024 * 1024,
            rate: None,
            request_timeout: Duration::from_secs(30),
            header_timeout: Duration::from_secs(15),
            drain: Duration::from_secs(10),
            no_auth: false,
            tls: None,
        }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("policies", &self.policies).field("no_auth", &self.no_auth).finish_non_exhaustive()
    }
}

/// What every handler can reach.
pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) config: Config,
    pub(crate) policies: Arc<Policies>,
    pub(crate) door: Door,
    pub(crate) metrics: Metrics,
    /// The grant of everyone, where no token is asked for.
    pub(crate) open: Option<Grant>,
    /// Becomes true when the server stops: ends the event streams.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Shared by all handlers.
pub(crate) type App = Arc<Inner>;

impl Inner {
    /// A write of `job`, decided as of now.
    pub(crate) fn write(&self, who: Who, job: Job, key: Option<(Uuid, [u8; 32])>) -> Write {
        Write {
            who,
            job,
            key,
            now: (self.config.clock)(),
            fresh: Fresh::from(Arc::clone(&self.config.ids)),
            policies: Arc::clone(&self.policies),
            lock_ms: i64::try_from(self.config.lock_timeout.as_millis()).unwrap_or(i64::MAX),
        }
    }
}
