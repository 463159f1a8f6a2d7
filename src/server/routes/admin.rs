//! The dashboard page: figures, a plot, advice, and the rows behind each figure. Plain HTML, works without scripts.
//!
//! It signs in with a token, kept in a cookie that scripts cannot read and other sites cannot send.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::audit::{figures_of, first_day};
use super::notes::query;
use crate::domain::audit::{Entry, Figures, figures};
use crate::domain::note::{FieldValue, Seq, Value};
use crate::server::app::App;
use crate::server::auth::{Grant, grant_of};
use crate::server::error::{Failure, Reply};
use crate::server::store::AuditQuery;
use crate::wire::time::{day, rfc3339};

const PAGE: &str = include_str!("../../../assets/admin/page.html");
const COOKIE: &str = "diptych_admin";
/// Rows shown at once.
const ROWS: usize = 500;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/admin", get(dashboard))
        .route("/admin/rows", get(rows))
        .route("/admin/login", post(login))
        .route("/admin/logout", post(logout))
}

#[derive(Deserialize)]
struct Asked {
    days: Option<u32>,
    day: Option<String>,
    action: Option<String>,
    origin: Option<String>,
    field: Option<String>,
    outcome: Option<String>,
    entity: Option<String>,
}

/// Text made harmless for HTML.
fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Text made fit for a query.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = PAGE.replacen("{{title}}", &esc(title), 1).replacen("{{body}}", body, 1);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, html).into_response()
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
    let told = if wrong { "<p role=\"alert\"><strong>This token is not known here.</strong></p>" } else { "" };
    let body = format!(
        "<header><h1>diptych</h1></header><section><h2>Sign in</h2>{told}<form method=\"post\" action=\"/admin/login\">\
         <p><label for=\"token\">Token</label><br><input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" required></p>\
         <p><button>Sign in</button></p></form><p class=\"soft\">Made on the server with: diptych token add NAME</p></section>"
    );
    page(status, "sign in", &body)
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

async fn dashboard(State(app): State<App>, headers: HeaderMap, asked: Result<Query<Asked>, QueryRejection>) -> Reply {
    let Some(grant) = signed_in(&app, &headers).await else { return Ok(sign_in(StatusCode::OK, false)) };
    let days = query(asked)?.days.unwrap_or(30).clamp(1, 366);
    let f = figures_of(&app, grant.space, days).await?;
    let mut out = head(&grant.user, "Conflicts", days);
    let link = |text: String, query: &str| format!("<a href=\"/admin/rows?days={days}{query}\">{text}</a>");
    let share = (f.conflicts * 1000).checked_div(f.saves).unwrap_or(0);
    out.push_str(&format!(
        "<section><div class=\"grid\"><div><div class=\"big\">{}</div>conflicts in {days} days</div><div><div class=\"big\">{}</div>saves</div>\
         <div><div class=\"big\">{}.{}</div>conflicts in 100 saves</div></div></section>",
        link(f.conflicts.to_string(), "&amp;action=conflict"),
        f.saves,
        share / 10,
        share % 10
    ));
    out.push_str(&plot(&f, days));
    out.push_str("<div class=\"grid\">");
    for (title, counts, key) in [
        ("By policy", &f.by_action, "action"),
        ("By field", &f.by_field, "field"),
        ("By origin", &f.by_origin, "origin"),
        ("By record", &f.by_entity, "entity"),
        ("How refused saves were settled", &f.settled, "outcome"),
    ] {
        out.push_str(&table(title, counts, key, days));
    }
    out.push_str("</div>");
    out.push_str(&advice(&f));
    Ok(page(StatusCode::OK, "conflicts", &out))
}

fn head(user: &str, title: &str, days: u32) -> String {
    let range = |d: u32| {
        let current = if d == days { " aria-current=\"page\"" } else { "" };
        format!("<a href=\"/admin?days={d}\"{current}>{d} days</a>")
    };
    let ranges: String = [1, 7, 30, 90, 365].map(range).concat();
    format!(
        "<header><h1>{title}</h1><nav>{ranges}</nav><form method=\"post\" action=\"/admin/logout\"><span class=\"soft\">{}</span> <button>Sign out</button></form></header>",
        esc(user)
    )
}

/// One bar a day, each a link to its rows.
fn plot(f: &Figures, days: u32) -> String {
    let most = f.per_day.iter().map(|(_, n)| *n).max().unwrap_or(0).max(1);
    let wide = 640.0 / f64::from(u32::try_from(f.per_day.len()).unwrap_or(1).max(1));
    let mut bars = String::new();
    for (i, (day, n)) in (0u32..).zip(&f.per_day) {
        #[allow(clippy::cast_precision_loss)] // a height in a picture
        let high = *n as f64 / most as f64 * 140.0;
        let (x, y, w) = (30.0 + f64::from(i) * wide, 150.0 - high, (wide * 0.8).max(0.5));
        bars.push_str(&format!(
            "<a href=\"/admin/rows?days={days}&amp;action=conflict&amp;day={day}\"><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{high:.1}\"><title>{day}: {n}</title></rect></a>"
        ));
    }
    let (first, last) = (f.per_day.first().map_or("", |d| &d.0), f.per_day.last().map_or("", |d| &d.0));
    format!(
        "<section><h2>Conflicts per day</h2><svg viewBox=\"0 0 680 172\" role=\"img\" aria-label=\"Conflicts per day, at most {most}\">\
         <line x1=\"30\" y1=\"150\" x2=\"672\" y2=\"150\"/><text x=\"24\" y=\"16\" text-anchor=\"end\">{most}</text><text x=\"24\" y=\"153\" text-anchor=\"end\">0</text>\
         {bars}<text x=\"30\" y=\"167\">{first}</text><text x=\"670\" y=\"167\" text-anchor=\"end\">{last}</text></svg></section>"
    )
}

fn table(title: &str, counts: &BTreeMap<String, u64>, key: &str, days: u32) -> String {
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(a.1));
    let row = |(name, n): &(&String, &u64)| {
        format!(
            "<tr><td>{}</td><td class=\"n\"><a href=\"/admin/rows?days={days}&amp;{key}={}\">{n}</a></td></tr>",
            esc(name),
            encoded(name)
        )
    };
    let rows: String = sorted.iter().map(row).collect();
    let rows = if rows.is_empty() { "<tr><td class=\"soft\">none</td></tr>".to_owned() } else { rows };
    format!("<section><h2>{title}</h2><table>{rows}</table></section>")
}

fn advice(f: &Figures) -> String {
    if f.advice.is_empty() {
        return "<section><h2>Advice</h2><p class=\"soft\">Nothing collided: no field asks for another policy.</p></section>".to_owned();
    }
    let row = |a: &crate::domain::audit::Advice| {
        format!("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", esc(&a.field), esc(&a.now), esc(&a.policy), esc(&a.reason))
    };
    let rows: String = f.advice.iter().map(row).collect();
    format!(
        "<section><h2>Advice</h2><div class=\"scroll\"><table><tr><th>field</th><th>now</th><th>the figures speak for</th><th>why</th></tr>{rows}</table></div></section>"
    )
}

async fn rows(State(app): State<App>, headers: HeaderMap, asked: Result<Query<Asked>, QueryRejection>) -> Reply {
    let Some(grant) = signed_in(&app, &headers).await else { return Ok(sign_in(StatusCode::OK, false)) };
    let asked = query(asked)?;
    let days = asked.days.unwrap_or(30).clamp(1, 366);
    let found = matching(&app, &grant, &asked, days).await?;
    let mut out = head(&grant.user, "Rows", days);
    let shown = found.len().min(ROWS);
    out.push_str(&format!(
        "<p>{} entries{}</p>",
        found.len(),
        if shown < found.len() { format!(", the newest {shown} shown") } else { String::new() }
    ));
    found.iter().take(ROWS).for_each(|e| out.push_str(&entry(e)));
    Ok(page(StatusCode::OK, "rows", &out))
}

/// The entries a figure counts, newest first.
async fn matching(app: &App, grant: &Grant, asked: &Asked, days: u32) -> Result<Vec<Entry>, Failure> {
    let since = first_day((app.config.clock)(), days);
    let action = match (&asked.action, &asked.outcome) {
        (Some(action), _) => Some(action.clone()),
        (None, Some(_)) => Some("settled".to_owned()),
        (None, None) => Some("conflict".to_owned()),
    };
    let (origin, entity) = (asked.origin.clone(), asked.entity.clone());
    let mut query = AuditQuery { since: Some(since), action, origin, entity, limit: 1000, ..AuditQuery::default() };
    let mut out = Vec::new();
    loop {
        let found = app.store.audit(grant.space, query.clone()).await?;
        let (full, last) = (found.len() == query.limit, found.last().map(|(seq, _)| *seq));
        out.extend(found.into_iter().map(|(_, e): (Seq, Entry)| e).filter(|e| {
            asked.day.as_ref().is_none_or(|d| *d == day(e.at))
                && asked.outcome.as_ref().is_none_or(|o| e.outcome.as_ref() == Some(o))
                && asked.field.as_ref().is_none_or(|f| figures::collisions(e).any(|(n, _)| format!("{}.{n}", e.entity) == *f))
        }));
        match last {
            Some(seq) if full => query.after = Some(seq),
            _ => return Ok(out),
        }
    }
}

fn value(v: &FieldValue) -> String {
    match v {
        FieldValue::Absent => "<span class=\"soft\">absent</span>".to_owned(),
        FieldValue::Is(Value::Text(t)) => format!("<pre>{}</pre>", esc(t)),
        FieldValue::Is(Value::List(l)) => esc(&l.join(", ")),
        FieldValue::Is(Value::Int(i)) => i.to_string(),
        FieldValue::Is(Value::Float(f)) => f.to_string(),
        FieldValue::Is(Value::Bool(b)) => b.to_string(),
    }
}

fn entry(e: &Entry) -> String {
    let field = |(name, r): (&String, &crate::domain::audit::FieldRecord)| {
        let cells = [&r.base, &r.mine, &r.theirs, &r.kept].map(|v| format!("<td>{}</td>", value(v))).concat();
        format!("<tr><th>{}</th>{cells}</tr>", esc(name))
    };
    let fields: String = e.fields.iter().map(field).collect();
    let fields = if fields.is_empty() {
        e.outcome.as_ref().map_or(String::new(), |o| format!("<p>settled as {}</p>", esc(o)))
    } else {
        format!(
            "<div class=\"scroll\"><table><tr><th></th><th>base</th><th>mine</th><th>theirs</th><th>kept</th></tr>{fields}</table></div>"
        )
    };
    format!(
        "<section><h2>{} · {}</h2><p class=\"soft\">{} {} · by {} on {}{}</p>{fields}</section>",
        esc(&e.action),
        rfc3339(e.at),
        esc(&e.entity),
        esc(&e.entity_id),
        esc(&e.user_id),
        esc(&e.client_origin),
        if e.server_origin.is_empty() { String::new() } else { format!(" · there from {}", esc(&e.server_origin)) }
    )
}
