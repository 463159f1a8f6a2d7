//! The server inside this process: over one SQLite file, on loopback, on a free port, with a token made for this run.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::Failure;
use super::edge::{Edge, random};
use crate::domain::policy::Policies;
use crate::server;
use crate::server::sqlite::SqliteStore;
use crate::server::store::{Store, StoreError};

/// What its tokens are called in the store.
const NAME: &str = "embedded";

/// What a server inside this process serves.
#[derive(Clone)]
pub struct Serving {
    /// The file of its store.
    pub path: PathBuf,
    /// What decides when both sides changed one field.
    pub policies: Policies,
    /// How long an idle lock holds.
    pub lock_timeout: Duration,
    /// The user its token belongs to.
    pub user: &'static str,
}

/// A running server; it stops when told, or when this is dropped.
pub struct Embedded {
    /// Where it listens, as a client is told it.
    pub url: String,
    /// The token for it.
    pub token: String,
    /// The same as an address.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

impl Embedded {
    /// Starts a server on a free port of the loopback, with a new token; the tokens of earlier runs end.
    ///
    /// # Errors
    /// If the file is not a store of ours, or no port is to be had.
    pub async fn start(edge: &Edge, serving: Serving) -> Result<Self, Failure> {
        Self::start_at(edge, serving, None).await
    }

    /// The same on a given address, with the token it had there before: a server that comes back after an outage.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_at(edge: &Edge, serving: Serving, before: Option<(SocketAddr, String)>) -> Result<Self, Failure> {
        let path = serving.path.clone();
        let lost = |e: StoreError| {
            let what = format!("The notes in {} cannot be opened.", path.display());
            Failure::data(what, e, "The file is left as it is. Put a copy you have in its place, or use another --data-dir.")
        };
        let port = |e| Failure::data("The server inside this program cannot listen.", e, "Close other programs and try again.");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&serving.path).map_err(lost)?);
        let (address, token) = match before {
            Some(before) => before,
            None => ((std::net::Ipv4Addr::LOCALHOST, 0).into(), renewed(edge, &*store, serving.user).await?),
        };
        let listener = TcpListener::bind(address).await.map_err(port)?;
        let address = listener.local_addr().map_err(port)?;
        let mut config = server::Config::new(edge.now.clone(), edge.ids.clone());
        config.policies = serving.policies;
        config.lock_timeout = serving.lock_timeout;
        config.drain = Duration::from_secs(2);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let done = server::serve(listener, store, config, async { drop(stopped.await) }).await;
            if let Err(e) = done {
                tracing::error!(error = %e, "the embedded server ended");
            }
        });
        Ok(Self { url: format!("http://{address}"), token, address, stop: Some(stop), task })
    }

    /// Stops it; what is under way ends first.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        let _ = (&mut self.task).await;
    }
}

/// A new token; those of earlier runs, which nobody has any more, are revoked.
async fn renewed(edge: &Edge, store: &dyn Store, user: &str) -> Result<String, Failure> {
    let lost = |e: StoreError| Failure::data("The server inside this program cannot keep its token.", e, "Free some space and try again.");
    let now = (edge.now)();
    for old in store.tokens().await.map_err(lost)?.iter().filter(|t| t.name == NAME && t.revoked.is_none()) {
        store.revoke_token(old.id, now).await.map_err(lost)?;
    }
    let (token, hash) = server::auth::token_of(random()?);
    store.add_token("main".to_owned(), user.to_owned(), NAME.to_owned(), hash, now).await.map_err(lost)?;
    Ok(token)
}
