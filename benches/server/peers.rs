//! Peers: small servers that do the same save another way. This program is started again to be one of them: `… peer KIND PORT FILE`.
//!
//! `naive` is what one writes first: a connection behind a mutex, look, compare, write, a transaction for each save. `hello` answers and
//! does nothing. Beside them stand `etcd` and a Gin, GORM and SQLite handler where they are installed.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use rusqlite::{Connection, TransactionBehavior, params};
use serde::Deserialize;
use serde_json::json;

/// Notes that are there before anyone saves.
const NOTES: i64 = 1000;

#[derive(Deserialize)]
struct Save {
    base_version: i64,
    body: String,
}

fn open(file: &str) -> Connection {
    let mut conn = Connection::open(file).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE notes (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, updated INTEGER NOT NULL);
         CREATE TABLE audit (id INTEGER PRIMARY KEY, note INTEGER NOT NULL, old INTEGER NOT NULL, new INTEGER NOT NULL, at INTEGER NOT NULL);",
    )
    .unwrap();
    let tx = conn.transaction().unwrap();
    for id in 1..=NOTES {
        tx.execute("INSERT INTO notes VALUES (?, 1, ?, 0)", params![id, super::load::text(2000, 0)]).unwrap();
    }
    tx.commit().unwrap();
    conn
}

fn save(conn: &mut Connection, id: i64, asked: &Save) -> rusqlite::Result<Response> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = tx.query_row("SELECT version, body FROM notes WHERE id = ?", [id], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?)));
    let Ok((version, body)) = found else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    if version != asked.base_version {
        return Ok((StatusCode::CONFLICT, Json(json!({"version": version, "body": body}))).into_response());
    }
    let now = jiff::Timestamp::now().as_microsecond();
    tx.execute("UPDATE notes SET version = ?, body = ?, updated = ? WHERE id = ?", params![version + 1, asked.body, now, id])?;
    tx.execute("INSERT INTO audit (note, old, new, at) VALUES (?, ?, ?, ?)", params![id, version, version + 1, now])?;
    tx.commit()?;
    Ok(Json(json!({"version": version + 1})).into_response())
}

async fn naive(State(conn): State<Arc<Mutex<Connection>>>, Path(id): Path<i64>, Json(asked): Json<Save>) -> Response {
    let work = move || save(&mut conn.lock().unwrap_or_else(PoisonError::into_inner), id, &asked);
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(response)) => response,
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Is the peer of that kind until it is killed.
pub fn be(kind: &str, port: u16, file: &str) {
    let router = match kind {
        "hello" => Router::new().route("/", get(|| async { "hello" })),
        _ => Router::new().route("/notes/{id}", put(naive)).with_state(Arc::new(Mutex::new(open(file)))),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        axum::serve(listener.tap_io(|s| s.set_nodelay(true).unwrap()), router).await.unwrap();
    });
}
