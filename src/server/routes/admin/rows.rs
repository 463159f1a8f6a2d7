//! The rows behind a figure: entries of the log, or saves; newest first, a page at a time.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};

use super::html::{action, encoded, esc, head, outcome, page};
use super::session::{Asked, sign_in, signed_in};
use crate::domain::audit::{Entry, FieldRecord, figures};
use crate::domain::note::{FieldValue, Note, Seq, Time, Value};
use crate::server::app::App;
use crate::server::door::Grant;
use crate::server::error::{Failure, Reply};
use crate::server::routes::audit::first_day;
use crate::server::routes::notes::query;
use crate::server::store::AuditQuery;
use crate::wire::time::{day, from_rfc3339, rfc3339};

/// Entries shown at once.
const ENTRIES: usize = 100;
/// Saves shown at once.
const SAVES: usize = 500;

/// The entries a figure counts.
struct Found {
    shown: Vec<Entry>,
    count: usize,
    /// The place after which there are more.
    next: Option<Seq>,
}

pub(super) async fn conflicts(State(app): State<App>, headers: HeaderMap, asked: Result<Query<Asked>, QueryRejection>) -> Reply {
    let Some(grant) = signed_in(&app, &headers).await else { return Ok(sign_in(StatusCode::OK, false)) };
    let asked = query(asked)?;
    let found = matching(&app, &grant, &asked).await?;
    let mut out = head(&grant.user, "Entries of the log", asked.days());
    out.push_str(&format!("<main><p>{} · {}</p>", told(&asked), back(&asked)));
    let word = if asked.after.is_some() { "further " } else { "" };
    let count = if found.count == 1 { format!("1 {word}entry") } else { format!("{} {word}entries", found.count) };
    out.push_str(&format!("<p id=\"count\"><strong>{count}</strong></p>"));
    found.shown.iter().for_each(|e| out.push_str(&entry(e)));
    out.push_str(&older("rows", &asked, found.next.map(|seq| seq.to_string())));
    Ok(page(StatusCode::OK, "Entries", &(out + "</main>")))
}

pub(super) async fn saves(State(app): State<App>, headers: HeaderMap, asked: Result<Query<Asked>, QueryRejection>) -> Reply {
    let Some(grant) = signed_in(&app, &headers).await else { return Ok(sign_in(StatusCode::OK, false)) };
    let asked = query(asked)?;
    let (start, end) = span(&app, &asked);
    let after = asked.after.as_ref().and_then(|a| a.split_once('.'));
    let after = after.and_then(|(at, id)| Some((Time(at.parse().ok()?), id.parse().ok()?)));
    let mut found = app.store.saves(grant.space, start..end, after, SAVES + 1).await?;
    let last = if found.len() > SAVES { found.get(SAVES - 1) } else { None };
    let next = last.map(|n| format!("{}.{}", n.updated_at.0, n.id));
    found.truncate(SAVES);
    let row = |n: &Note| {
        let gone = if n.content.deleted { " <span class=\"soft\">(deleted)</span>" } else { "" };
        format!(
            "<tr><td class=\"when\">{}</td><td>{}{gone}</td><td data-is=\"version\" class=\"n\">{}</td><td data-is=\"by\">{}</td><td data-is=\"on\">{}</td></tr>",
            rfc3339(n.updated_at).get(..19).unwrap_or_default().replace('T', " "),
            esc(&n.content.title),
            n.version,
            esc(&n.updated_by),
            esc(&n.updated_from)
        )
    };
    let mut out = head(&grant.user, "Saves", asked.days());
    out.push_str(&format!("<main><p>{} · {}</p>", told(&asked), back(&asked)));
    let rows: String = found.iter().map(row).collect();
    out.push_str(&format!(
        "<section><table class=\"stack\"><thead><tr><th>when, UTC</th><th>note</th><th class=\"n\">version</th><th>by</th><th>on</th></tr></thead><tbody>{rows}</tbody></table></section>"
    ));
    out.push_str(&older("saves", &asked, next));
    Ok(page(StatusCode::OK, "Saves", &(out + "</main>")))
}

/// The span of time asked for: one day, or so many up to now.
fn span(app: &App, asked: &Asked) -> (Time, Time) {
    let since = first_day((app.config.clock)(), asked.days());
    let one = asked.day.as_ref().and_then(|d| from_rfc3339(&format!("{d}T00:00:00Z")));
    one.map_or((since, Time(i64::MAX)), |start| (start, start.plus_ms(86_400_000)))
}

/// What was asked for, in words.
fn told(asked: &Asked) -> String {
    let days = match (&asked.day, asked.days()) {
        (Some(day), _) => format!("On {}", esc(day)),
        (None, 1) => "Today".to_owned(),
        (None, days) => format!("In {days} days"),
    };
    let mut out = vec![days];
    let mut say = |what: &str, value: Option<&str>| out.extend(value.map(|v| format!("{what}<strong>{}</strong>", esc(v))));
    say("", asked.action.as_deref().map(action));
    say("settled: ", asked.outcome.as_deref().map(outcome));
    say("field ", asked.field.as_deref());
    say("from ", asked.origin.as_deref());
    say("record ", asked.entity.as_deref());
    out.join(", ")
}

fn back(asked: &Asked) -> String {
    format!("<a href=\"/admin?days={}\">back to the figures</a>", asked.days())
}

fn older(route: &str, asked: &Asked, next: Option<String>) -> String {
    let Some(next) = next else { return String::new() };
    let mut to = format!("/admin/{route}?days={}&amp;after={next}", asked.days());
    for (name, value) in [
        ("day", &asked.day),
        ("action", &asked.action),
        ("origin", &asked.origin),
        ("field", &asked.field),
        ("outcome", &asked.outcome),
        ("entity", &asked.entity),
    ] {
        to.extend(value.iter().map(|v| format!("&amp;{name}={}", encoded(v))));
    }
    format!("<p><a href=\"{to}\">older ones</a></p>")
}

/// The entries a figure counts: all are counted, the newest are kept.
async fn matching(app: &App, grant: &Grant, asked: &Asked) -> Result<Found, Failure> {
    let (since, until) = span(app, asked);
    let action = match (&asked.action, &asked.outcome) {
        (Some(action), _) => action.clone(),
        (None, Some(_)) => "settled".to_owned(),
        (None, None) => "conflict".to_owned(),
    };
    let mut query = AuditQuery {
        since: Some(since),
        until: Some(until),
        action: Some(action),
        origin: asked.origin.clone(),
        entity: asked.entity.clone(),
        after: asked.after.as_ref().and_then(|a| a.parse().ok()),
        limit: 250,
        ..AuditQuery::default()
    };
    let mut found = Found { shown: Vec::new(), count: 0, next: None };
    let mut last_shown = None;
    loop {
        let rows = app.store.audit(grant.space, query.clone()).await?;
        let (full, last) = (rows.len() == query.limit, rows.last().map(|(seq, _)| *seq));
        for (seq, e) in rows.into_iter().filter(|(_, e)| fits(e, asked)) {
            found.count += 1;
            if found.shown.len() < ENTRIES {
                found.shown.push(e);
                last_shown = Some(seq);
            } else {
                found.next = last_shown;
            }
        }
        match last {
            Some(seq) if full => query.after = Some(seq),
            _ => return Ok(found),
        }
    }
}

fn fits(e: &Entry, asked: &Asked) -> bool {
    asked.day.as_ref().is_none_or(|d| *d == day(e.at))
        && asked.outcome.as_ref().is_none_or(|o| e.outcome.as_ref() == Some(o))
        && asked.field.as_ref().is_none_or(|f| figures::collisions(e).any(|(n, _)| format!("{}.{n}", e.entity) == *f))
}

fn value(v: &FieldValue) -> String {
    match v {
        FieldValue::Absent => "<span class=\"soft\">absent</span>".to_owned(),
        FieldValue::Is(Value::Text(t)) if t.is_empty() => "<span class=\"soft\">empty</span>".to_owned(),
        FieldValue::Is(Value::Text(t)) => format!("<pre>{}</pre>", esc(t)),
        FieldValue::Is(Value::List(l)) if l.is_empty() => "<span class=\"soft\">none</span>".to_owned(),
        FieldValue::Is(Value::List(l)) => esc(&l.join(", ")),
        FieldValue::Is(Value::Int(i)) => i.to_string(),
        FieldValue::Is(Value::Float(f)) => f.to_string(),
        FieldValue::Is(Value::Bool(b)) => if *b { "yes" } else { "no" }.to_owned(),
    }
}

fn field(name: &str, r: &FieldRecord) -> String {
    let kept = if r.kept == r.mine {
        "mine".to_owned()
    } else if r.kept == r.theirs {
        "theirs".to_owned()
    } else {
        value(&r.kept)
    };
    format!(
        "<tr><th>{}</th><td data-is=\"base\">{}</td><td class=\"mine\" data-is=\"mine\">{}</td><td class=\"theirs\" data-is=\"theirs\">{}</td><td data-is=\"kept\" class=\"keep\">{kept}</td></tr>",
        esc(name),
        value(&r.base),
        value(&r.mine),
        value(&r.theirs)
    )
}

fn entry(e: &Entry) -> String {
    let fields: String = e.fields.iter().map(|(name, r)| field(name, r)).collect();
    let fields = if fields.is_empty() {
        let how = e.settled.as_ref().map_or(String::new(), |s| {
            let [mine, theirs, both, edited] = s.hunks;
            format!(" <span class=\"soft\">hunks: {mine} mine, {theirs} theirs, {both} both, {edited} edited; {} s</span>", s.seconds)
        });
        e.outcome.as_ref().map_or(String::new(), |o| format!("<p>{}{how}</p>", esc(outcome(o))))
    } else {
        format!(
            "<table class=\"stack sides\"><thead><tr><th></th><th>base</th><th>mine</th><th>theirs</th><th>kept</th></tr></thead><tbody>{fields}</tbody></table>"
        )
    };
    let versions = match (e.base_version, e.server_version) {
        (Some(base), Some(there)) => format!(", made on version {base}, met version {there}"),
        _ => String::new(),
    };
    format!(
        "<section><h2>{} <span class=\"soft\">· {} UTC</span></h2><p class=\"soft\">{} <code>{}</code> · by {} on {}{}{versions}</p>{fields}</section>",
        esc(action(&e.action)),
        rfc3339(e.at).get(..19).unwrap_or_default().replace('T', " "),
        esc(&e.entity),
        esc(&e.entity_id),
        esc(&e.user_id),
        esc(&e.client_origin),
        if e.server_origin.is_empty() { String::new() } else { format!(", theirs from {}", esc(&e.server_origin)) }
    )
}
