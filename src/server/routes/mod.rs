//! Thin handlers by noun: read the request, ask the store, answer.

mod admin;
mod answer;
mod audit;
mod bookmarks;
mod events;
mod health;
mod locks;
mod notes;
mod page;
mod policies;
mod save;

use axum::Router;
use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use crate::wire::error::ErrorJson;

/// What any call under `/api` may answer.
#[derive(utoipa::IntoResponses)]
#[allow(dead_code)] // described, never made
enum Usual {
    #[response(status = 400, description = "The request cannot be read")]
    Bad(#[to_schema] ErrorJson),
    #[response(status = 401, description = "No valid token", headers(("WWW-Authenticate" = String)))]
    Unauthorised(#[to_schema] ErrorJson),
    #[response(status = 404, description = "There is no such record in this space")]
    Missing(#[to_schema] ErrorJson),
    #[response(status = 408, description = "The request took too long")]
    Slow(#[to_schema] ErrorJson),
    #[response(status = 413, description = "The body is too large")]
    TooLarge(#[to_schema] ErrorJson),
    #[response(status = 415, description = "The body is not declared as JSON")]
    NotJson(#[to_schema] ErrorJson),
    #[response(status = 422, description = "A value is not allowed")]
    Invalid(#[to_schema] ErrorJson),
    #[response(status = 429, description = "This token asks too often", headers(("Retry-After" = String)))]
    TooOften(#[to_schema] ErrorJson),
    #[response(status = 503, description = "The database cannot be reached")]
    Unavailable(#[to_schema] ErrorJson),
}

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        document.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "diptych", description = "Notes with versions; a save that finds the note moved on is refused or reconciled, and logged"),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Document;

/// Everything under `/api`, with its description.
pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(notes::list, save::create))
        .routes(routes!(notes::read, save::save, save::delete))
        .routes(routes!(notes::versions))
        .routes(routes!(notes::version))
        .routes(routes!(locks::take, locks::release))
        .routes(routes!(bookmarks::read, bookmarks::write, bookmarks::remove))
        .routes(routes!(audit::list))
        .routes(routes!(audit::settled))
        .routes(routes!(audit::stats))
        .routes(routes!(policies::read))
        .routes(routes!(events::stream))
}

/// Everything beside `/api`.
pub(super) fn outside() -> Router<App> {
    health::routes().merge(admin::routes())
}

/// Parameters that may be left out are optional, not nullable: the one thing the generator cannot be told.
pub(super) fn tidy_document(mut document: Value) -> Value {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for operation in paths.into_iter().flat_map(|p| p.values_mut()).filter_map(Value::as_object_mut).flat_map(|p| p.values_mut()) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            if parameter["in"] != "path" {
                parameter["required"] = Value::Bool(false);
            }
            if let Some(kinds) = parameter["schema"]["type"].as_array() {
                let kind = kinds.iter().find(|k| *k != "null").cloned().unwrap_or_default();
                parameter["schema"]["type"] = kind;
            }
        }
    }
    document
}
