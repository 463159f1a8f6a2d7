//! The audit log, its figures, and telling how a conflict was settled.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use super::Usual;
use super::answer::{Shape, perform};
use super::notes::query;
use crate::domain::audit::{Entry, Figures, figures};
use crate::domain::note::{Seq, Time};
use crate::server::app::App;
use crate::server::auth::Caller;
use crate::server::error::{Failure, Reply, json};
use crate::server::request::Incoming;
use crate::server::store::{AuditQuery, Job, Space, StoreError};
use crate::wire::Data;
use crate::wire::audit::{EntriesJson, EntryJson, HunksJson, SettledJson, StatsJson};
use crate::wire::time::{day, from_rfc3339};

/// Entries a query gives where it names no limit.
const ENTRIES: u32 = 100;
/// Entries a query gives at most.
const ENTRIES_MAX: u32 = 1000;
/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// Days figures may cover.
const DAYS_MAX: u32 = 3660;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AskedEntries {
    /// Not before this time.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Before this time.
    #[param(format = DateTime)]
    until: Option<String>,
    /// `note` or `bookmark`.
    entity: Option<String>,
    /// The note.
    #[param(format = Uuid)]
    entity_id: Option<String>,
    /// `conflict_409`, `settled`, …; `conflict` is all conflicts.
    action: Option<String>,
    /// The origin of the request.
    origin: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The next page: the `after` of the page before.
    after: Option<String>,
}

impl AskedEntries {
    fn checked(self) -> Result<AuditQuery, Failure> {
        let time = |name: &str, text: Option<String>| match text.map(|t| from_rfc3339(&t)) {
            None => Ok(None),
            Some(Some(time)) => Ok(Some(time)),
            Some(None) => Err(Failure::invalid_one(name, "must be a time as in RFC 3339")),
        };
        let id = self.entity_id.map(|t| t.parse::<Uuid>()).transpose();
        let after = self.after.map(|t| t.parse::<Seq>()).transpose();
        let limit = self.limit.unwrap_or(ENTRIES);
        if limit == 0 || limit > ENTRIES_MAX {
            return Err(Failure::invalid_one("limit", format!("must be 1 to {ENTRIES_MAX}")));
        }
        let clean = |t: Option<String>| t.map(|t| t.replace('\0', ""));
        Ok(AuditQuery {
            since: time("since", self.since)?,
            until: time("until", self.until)?,
            entity: clean(self.entity),
            entity_id: id.map_err(|_| Failure::invalid_one("entity_id", "must be a UUID"))?,
            action: clean(self.action),
            origin: clean(self.origin),
            after: after.map_err(|_| Failure::invalid_one("after", "must be the after of the page before"))?,
            limit: limit as usize,
        })
    }
}

/// Audit entries, newest first.
#[utoipa::path(get, path = "/api/audit", operation_id = "listAudit", params(AskedEntries), responses((status = 200, body = EntriesJson), Usual))]
pub(super) async fn list(State(app): State<App>, Caller(who): Caller, asked: Result<Query<AskedEntries>, QueryRejection>) -> Reply {
    let mut asked = query(asked)?.checked()?;
    let limit = asked.limit;
    asked.limit += 1;
    let mut found = app.store.audit(who.space, asked).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let after = if more { found.last().map(|(seq, _)| seq.to_string()) } else { None };
    let data = found.into_iter().map(|(_, e)| EntryJson::from(e)).collect();
    Ok(json(StatusCode::OK, &EntriesJson { data, more, after }))
}

/// Tells how a person settled a refused save.
#[utoipa::path(
    post,
    path = "/api/audit/settled", operation_id = "tellSettled",
    params(
        ("X-Client" = String, Header, description = "The origin", pattern = r"^[A-Za-z0-9._-]{1,64}$"),
        ("Idempotency-Key" = uuid::Uuid, Header, description = "Makes a retry harmless")
    ),
    request_body = SettledJson,
    responses((status = 201, body = Data<EntryJson>), Usual)
)]
pub(super) async fn settled(State(app): State<App>, incoming: Incoming) -> Reply {
    let asked: SettledJson = incoming.json()?;
    let HunksJson { mine, theirs, both, edited } = asked.hunks;
    let job = Job::Settle {
        conflict: asked.conflict_id,
        outcome: asked.outcome.name(),
        hunks: [mine, theirs, both, edited],
        seconds: asked.seconds,
    };
    perform(&app, incoming, job, Shape { ok: StatusCode::CREATED, conflict: StatusCode::CONFLICT }).await
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AskedStats {
    /// How many days back, today included.
    #[param(minimum = 1, maximum = 3660)]
    days: Option<u32>,
}

/// Figures of the audit log, and the policies they speak for.
#[utoipa::path(get, path = "/api/audit/stats", operation_id = "auditStats", params(AskedStats), responses((status = 200, body = Data<StatsJson>), Usual))]
pub(super) async fn stats(State(app): State<App>, Caller(who): Caller, asked: Result<Query<AskedStats>, QueryRejection>) -> Reply {
    let days = query(asked)?.days.unwrap_or(30);
    if days == 0 || days > DAYS_MAX {
        return Err(Failure::invalid_one("days", format!("must be 1 to {DAYS_MAX}")));
    }
    let figures = figures_of(&app, who.space, days).await?;
    Ok(json(StatusCode::OK, &Data { data: StatsJson::from(figures) }))
}

/// The start of the day, UTC, that lies `days - 1` days before now.
pub(super) fn first_day(now: Time, days: u32) -> Time {
    Time((now.0.div_euclid(DAY) - i64::from(days) + 1) * DAY)
}

/// The figures of a space.
pub(super) async fn figures_of(app: &App, space: Space, days: u32) -> Result<Figures, StoreError> {
    let now = (app.config.clock)();
    let since = first_day(now, days);
    let mut saves_per_day = vec![0; days as usize];
    for (day, count) in app.store.saves_per_day(space, since).await? {
        let nth = usize::try_from(day - since.0.div_euclid(DAY)).ok();
        if let Some(saves) = nth.and_then(|n| saves_per_day.get_mut(n)) {
            *saves += count;
        }
    }
    let all_days: Vec<String> = (0..days).map(|n| day(since.plus_ms(i64::from(n) * 86_400_000))).collect();
    let mut counting = figures::Counting::new(all_days);
    let mut asked = AuditQuery { since: Some(since), limit: ENTRIES_MAX as usize, ..AuditQuery::default() };
    loop {
        let found = app.store.audit(space, asked.clone()).await?;
        found.iter().for_each(|(_, e): &(Seq, Entry)| counting.add(e, &day(e.at)));
        match found.last() {
            Some((seq, _)) if found.len() == asked.limit => asked.after = Some(*seq),
            _ => break,
        }
    }
    let figures = counting.finish(saves_per_day.iter().sum(), &app.policies);
    Ok(Figures { saves_per_day, ..figures })
}
