//! The policies in force.

use axum::extract::State;
use axum::http::StatusCode;

use super::Usual;
use crate::domain::policy::Policy;
use crate::server::app::App;
use crate::server::auth::Caller;
use crate::server::error::{Reply, json};
use crate::wire::Data;
use crate::wire::side::PoliciesJson;

/// The policy of every field.
#[utoipa::path(get, path = "/api/policies", operation_id = "readPolicies", responses((status = 200, body = Data<PoliciesJson>), Usual))]
pub(super) async fn read(State(app): State<App>, _: Caller) -> Reply {
    let notes = app.policies.all().into_iter().map(|(n, p)| (n, p.to_string())).collect();
    let bookmarks = Policy::LastWriteWins.to_string();
    Ok(json(StatusCode::OK, &Data { data: PoliciesJson { notes, bookmarks } }))
}
