//! Whether the server lives, whether it can serve, and its figures.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::server::app::App;
use crate::server::error::Failure;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready)).route("/metrics", get(metrics))
}

async fn ready(State(app): State<App>) -> Response {
    if *app.stopping.borrow() {
        return Failure::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "The server is stopping.").into_response();
    }
    match app.store.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(e) => {
            tracing::warn!(error = %e, "not ready");
            Failure::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The database cannot be reached.").into_response()
        }
    }
}

async fn metrics(State(app): State<App>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.metrics.text(app.store.queued())).into_response()
}
