//! HTML by hand: the frame of a page, text made harmless, words for what the log holds.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::text::shown;

const PAGE: &str = include_str!("../../../../assets/admin/page.html");
/// Nothing but this server's own style sheet, and forms that come back here.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Text made harmless for HTML: what could be obeyed or hidden is replaced by its stand-in, as on the screen.
pub(super) fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            out.push('\n');
        }
        for c in shown(line).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
    }
    out
}

/// Text made fit for a query.
pub(super) fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A whole page.
pub(super) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = PAGE.replacen("{{title}}", &esc(title), 1).replacen("{{body}}", body, 1);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, html).into_response()
}

/// The head of a page: its title, the spans of time, who is signed in.
pub(super) fn head(user: &str, title: &str, days: u32) -> String {
    let span = |d: u32| {
        let current = if d == days { " aria-current=\"page\"" } else { "" };
        let name = if d == 1 { "today".to_owned() } else { format!("{d} days") };
        format!("<a href=\"/admin?days={d}\"{current}>{name}</a>")
    };
    let spans: String = [1, 7, 30, 90, 365].map(span).concat();
    format!(
        "<header><h1>{title}</h1><nav aria-label=\"Span of time\">{spans}</nav>\
         <form method=\"post\" action=\"/admin/logout\"><span class=\"soft\">{}</span> <button>Sign out</button></form></header>",
        esc(user)
    )
}

/// What an action of the log means, in words.
pub(super) fn action(name: &str) -> &str {
    match name {
        "conflict" => "every conflict",
        "conflict_409" => "refused, for a person to settle",
        "conflict_lww" => "the last write won",
        "conflict_server_wins" => "the server's side won",
        "conflict_client_wins" => "the client's side won",
        "conflict_merged" => "both combined",
        "lock_refused" => "a lock was refused",
        "settled" => "settled by a person",
        other => other,
    }
}

/// How a refused save was settled, in words.
pub(super) fn outcome(name: &str) -> &str {
    match name {
        "mine" => "kept mine",
        "theirs" => "took theirs",
        "merged" => "merged by hand",
        other => other,
    }
}
