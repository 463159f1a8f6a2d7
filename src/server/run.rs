//! The server as a whole: router, the layer around every request, listening, and an orderly stop.

use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum_server::accept::NoDelayAcceptor;
use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::app::{App, Config, Inner, Tls};
use super::door::{self, Door};
use super::error::Failure;
use super::metrics::Metrics;
use super::routes;
use super::store::Store;

/// The OpenAPI 3.1 document of all routes under `/api`, as JSON.
#[must_use]
pub fn openapi() -> serde_json::Value {
    let (_, document) = routes::api().split_for_parts();
    routes::tidy_document(serde_json::to_value(&document).unwrap_or_default())
}

fn router(app: &App) -> Router {
    let (api, document) = routes::api().split_for_parts();
    let document = routes::tidy_document(serde_json::to_value(&document).unwrap_or_default()).to_string();
    let described = move || {
        let document = document.clone();
        async move { ([("content-type", "application/json")], document) }
    };
    Router::new()
        .merge(api)
        .merge(routes::outside())
        .route("/api/openapi.json", axum::routing::get(described))
        .fallback(|| async { Failure::not_found() })
        .method_not_allowed_fallback(|| async {
            Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address does not know that method.")
        })
        .layer(from_fn_with_state(Arc::clone(app), around))
        .with_state(Arc::clone(app))
}

/// A method for figures and log: one that a client made up has no name of its own there, else it could fill both.
fn method_name(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"];
    known.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

/// Around every request: its time is limited, a panic becomes a 500, and it is counted.
async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = (app.config.clock)();
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned()).unwrap_or_default();
    let method = method_name(request.method());
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = match tokio::time::timeout(app.config.request_timeout, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!(method, route, "a handler panicked");
            Failure::internal().into_response()
        }
        Err(_) => {
            let what = "The request took too long.";
            Failure::new(StatusCode::REQUEST_TIMEOUT, "timeout", what).into_response()
        }
    };
    #[allow(clippy::cast_precision_loss)] // microseconds of one request
    let seconds = (app.config.clock)().0.saturating_sub(begun.0).max(0) as f64 / 1e6;
    let status = response.status().as_u16();
    app.metrics.request(method, &route, status, seconds);
    tracing::debug!(method, route, status, seconds, "answered");
    response
}

/// Serves until `shutdown` ends; then takes no more requests, ends event streams, and gives those under way `config.drain` to end.
///
/// # Errors
/// If the listener cannot be used, or `no_auth` is asked for on an address that is not loopback.
pub async fn serve(
    listener: TcpListener,
    store: Arc<dyn Store>,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let other = |e: &dyn std::fmt::Display| io::Error::other(e.to_string());
    if config.no_auth && !listener.local_addr()?.ip().is_loopback() {
        let what = "without tokens a server may listen on loopback only";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let open = match config.no_auth {
        true => Some(door::open_grant(&*store, (config.clock)()).await.map_err(|e| other(&e))?),
        false => None,
    };
    let (stop, stopping) = watch::channel(false);
    let (header_timeout, drain, tls) = (config.header_timeout, config.drain, config.tls.clone());
    let policies = Arc::new(config.policies.clone());
    let app: App = Arc::new(Inner { store, policies, door: Door::default(), metrics: Metrics::new(), open, stopping, config });
    let service = router(&app).into_make_service();
    let listener = listener.into_std()?;
    let handle = axum_server::Handle::new();
    let stopper = handle.clone();
    let stopped = tokio::spawn(async move {
        shutdown.await;
        let _ = stop.send(true); // the streams may all have ended
        stopper.graceful_shutdown(Some(drain));
    });
    let served = match tls {
        None => {
            let mut server = axum_server::from_tcp(listener)?.handle(handle).acceptor(NoDelayAcceptor::new());
            server.http_builder().http1().header_read_timeout(header_timeout);
            server.first_request_timeout(header_timeout).serve(service).await
        }
        Some(Tls(config)) => {
            let mut server = axum_server::from_tcp_rustls(listener, config)?.handle(handle).map(|a| a.acceptor(NoDelayAcceptor::new()));
            server.http_builder().http1().header_read_timeout(header_timeout);
            server.first_request_timeout(header_timeout).serve(service).await
        }
    };
    stopped.abort();
    served
}
