//! The dashboard page: figures, a plot, advice, and the rows behind each figure. Plain HTML, works without scripts.
//!
//! It signs in with a token, kept in a cookie that scripts cannot read and other sites cannot send.

mod figures;
mod html;
mod rows;
mod session;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::server::app::App;
use crate::server::auth::grant_of;
use session::{COOKIE, sign_in};

const STYLE: &str = include_str!("../../../../assets/admin/style.css");

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/admin", get(figures::show))
        .route("/admin/rows", get(rows::conflicts))
        .route("/admin/saves", get(rows::saves))
        .route("/admin/style.css", get(style))
        .route("/admin/login", post(login))
        .route("/admin/logout", post(logout))
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], STYLE).into_response()
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
