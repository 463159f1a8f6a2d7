//! Who looks at the page, and at what.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use super::html::page;
use crate::server::app::App;
use crate::server::auth::grant_of;
use crate::server::door::Grant;

/// The cookie with the token.
pub(super) const COOKIE: &str = "diptych_admin";

/// What a page is asked to show.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Asked {
    pub(super) days: Option<u32>,
    pub(super) day: Option<String>,
    pub(super) action: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) field: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) entity: Option<String>,
    /// The place of the last row shown before: of an entry its number, of a save its time and note.
    pub(super) after: Option<String>,
}

impl Asked {
    pub(super) fn days(&self) -> u32 {
        self.days.unwrap_or(30).clamp(1, 366)
    }
}

pub(super) async fn signed_in(app: &App, headers: &HeaderMap) -> Option<Grant> {
    if let Some(open) = &app.open {
        return Some(open.clone());
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
    let token = cookies.filter_map(|c| c.trim().split_once('=')).find(|(name, _)| *name == COOKIE)?.1;
    grant_of(app, token).await.ok()
}

pub(super) fn sign_in(status: StatusCode, wrong: bool) -> Response {
    let told = if wrong { "<p class=\"wrong\" role=\"alert\">This token is not known here, or was revoked.</p>" } else { "" };
    let body = format!(
        "<header><h1>diptych</h1></header><main><section><h2>Sign in to see the conflicts of your space</h2>{told}\
         <form method=\"post\" action=\"/admin/login\">\
         <p><label for=\"token\">Token</label><br><input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" autofocus required></p>\
         <p><button>Sign in</button></p></form><p class=\"soft\">Made on the server: <code>diptych token add NAME</code></p></section></main>"
    );
    page(status, "Sign in", &body)
}
