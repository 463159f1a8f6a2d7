//! The dashboard page.

use axum::Router;

use crate::server::app::App;

pub(super) fn routes() -> Router<App> {
    Router::new()
}
