//! The dashboard page: figures, a plot, advice, and the rows behind each figure. Plain HTML, works without scripts.
//!
//! It signs in with a token, kept in a cookie that scripts cannot read and other sites cannot send.

mod figures;
mod html;
mod rows;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use crate::server::app::App;
use crate::server::auth::{Grant, grant_of};
use html::page;

const STYLE: &str = include_str!("../../../../assets/admin/style.css");
const COOKIE: &str = "diptych_admin";

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/admin", get(figures::show))
        .route("/admin/rows", get(rows::conflicts))
        .route("/admin/saves", get(rows::saves))
        .route("/admin/style.css", get(style))
        .route("/admin/login", post(login))
        .route("/admin/logout", post(logout))
}

/// What a page is asked to show.
#[derive(Clone, Default, Deserialize)]
struct Asked {
    days: Option<u32>,
    day: Option<String>,
    action: Option<String>,
    origin: Option<String>,
    field: Option<String>,
    outcome: Option<String>,
    entity: Option<String>,
    /// The place of the last row shown before.
    after: Option<i64>,
}

impl Asked {
    fn days(&self) -> u32 {
        self.days.unwrap_or(30).clamp(1, 366)
    }
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], STYLE).into_response()
}

async fn signed_in(app: &App, headers: &HeaderMap) -> Option<Grant> {
    if let Some(open) = &app.open {
        return Some(open.clone());
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
    let token = cookies.filter_map(|c| c.trim().split_once('=')).find(|(name, _)| *name == COOKIE)?.1;
    grant_of(app, token).await.ok()
}

fn sign_in(status: StatusCode, wrong: bool) -> Response {
    let told = if wrong { "<p class=\"wrong\" role=\"alert\">This token is not known here, or was revoked.</p>" } else { "" };
    let body = format!(
        "<header><h1>diptych</h1></header><main><section><h2>Sign in to see the conflicts of your space</h2>{told}\
         <form method=\"post\" action=\"/admin/login\">\
         <p><label for=\"token\">Token</label><br><input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" autofocus required></p>\
         <p><button>Sign in</button></p></form><p class=\"soft\">Made on the server: <code>diptych token add NAME</code></p></section></main>"
    );
    page(status, "Sign in", &body)
}

async fn login(State(app): State<App>, body: Bytes) -> Response {
    let text = String::from_utf8_lossy(&body).into_owned();
    let token = text.split('&').filter_map(|p| p.split_once('=')).find(|(n, _)| *n == "token").map_or("", |(_, v)| v.trim_matches('+'));
    let fits = !token.is_empty() && token.len() <= 200 && token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if !fits || grant_of(&app, token).await.is_err() {
        return sign_in(StatusCode::FORBIDDEN, true);
    }
    let secure = if app.config.tls.is_some() { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={token}; Path=/admin; HttpOnly; SameSite=Strict; Max-Age=86400{secure}");
    leave("/admin", &cookie)
}

async fn logout() -> Response {
    leave("/admin", &format!("{COOKIE}=; Path=/admin; HttpOnly; SameSite=Strict; Max-Age=0"))
}

fn leave(to: &'static str, cookie: &str) -> Response {
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
