//! The audit log and its figures.

use diptych::domain::note::Time;
use serde_json::json;

use super::Server;
use super::server::send;

pub async fn every_conflict_is_logged_with_all_at_stake(s: Server) {
    let path = s.note(json!({"title": "t", "body": "base", "tags": ["a"]})).await;
    s.put(&path, "desk", json!({"base_version": 1, "body": "theirs", "title": "t2"})).await.is(200);
    let refused = s.put(&path, "lap", json!({"base_version": 1, "body": "mine", "tags": ["a", "b"]})).await.is(409).body;
    let log = s.conflicts().await;
    assert_eq!((log.len(), &log[0]["id"], &log[0]["action"]), (1, &refused["conflict_id"], &json!("conflict_409")));
    let (e, meta) = (&log[0], &log[0]["meta"]);
    assert_eq!((&e["entity"], &e["entity_id"], &e["user_id"]), (&json!("note"), &refused["server_version"]["id"], &json!("ada")));
    assert_eq!(meta["fields"]["body"], json!({"base": "base", "mine": "mine", "theirs": "theirs", "kept": "theirs"}));
    assert_eq!(meta["fields"]["tags"]["mine"], json!(["a", "b"]), "all of the refused save is kept");
    assert_eq!((&meta["server_version"], &meta["base_version"]), (&json!(2), &json!(1)));
    assert_eq!((&meta["client_origin"], &meta["server_origin"]), (&json!("lap"), &json!("desk")));
    assert_eq!(meta["server_ts"], refused["server_version"]["updated_at"]);
    let title = s.put(&path, "lap", json!({"base_version": 1, "title": "t3"})).await.is(200).body;
    assert_eq!((&title["overruled"], &title["data"]["body"]), (&json!(["title"]), &json!("theirs")));
    let log = s.conflicts().await;
    assert_eq!((log.len(), &log[0]["action"]), (2, &json!("conflict_lww")));
    assert_eq!(log[0]["meta"]["fields"], json!({"title": {"base": "t", "mine": "t3", "theirs": "t2", "kept": "t3"}}));
    // settling is told, and found by what it settled
    let told = json!({"conflict_id": refused["conflict_id"], "outcome": "merged", "hunks": {"mine": 2, "theirs": 1, "both": 0, "edited": 1}, "seconds": 41});
    let settled = s.post("/api/audit/settled", "lap", told).await.is(201).body["data"].clone();
    assert_eq!(
        (&settled["action"], &settled["meta"]["conflict_id"], &settled["meta"]["seconds"]),
        (&json!("settled"), &refused["conflict_id"], &json!(41))
    );
    s.post("/api/audit/settled", "lap", json!({"conflict_id": settled["id"], "outcome": "mine"})).await.fails(404, "not_found");
    s.post("/api/audit/settled", "lap", json!({"conflict_id": refused["conflict_id"], "outcome": "won"})).await.fails(422, "invalid");
    let count = async |query: &str| s.get(&format!("/api/audit{query}")).await.is(200).body["data"].as_array().unwrap().len();
    assert_eq!(count("").await, 3);
    assert_eq!((count("?action=settled").await, count("?action=conflict_409").await, count("?origin=lap").await), (1, 1, 3));
    assert_eq!((count("?entity=bookmark").await, count("?until=2020-01-01T00:00:00Z").await), (0, 0));
    assert_eq!(count(&format!("?entity=note&entity_id={}&since=2026-11-24T00:00:00Z", path.trim_start_matches("/api/notes/"))).await, 3);
    let page = s.get("/api/audit?limit=2").await.body;
    assert_eq!(page["more"], true);
    let rest = s.get(&format!("/api/audit?limit=2&after={}", page["after"].as_str().unwrap())).await.body;
    assert_eq!(
        (rest["data"].as_array().unwrap().len(), &rest["more"], &rest["data"][0]["id"]),
        (1, &json!(false), &refused["conflict_id"])
    );
    s.get("/api/audit?since=yesterday").await.fails(422, "invalid");
}

/// The lesson's own exercise: `body` by last-write-wins, `If-Unmodified-Since`, two devices offline, both reconnect: the last push shows,
/// and the log has one entry.
pub async fn the_lesson_leaves_one_entry(s: Server) {
    let s = s.with_policies(&[("body", "last-write-wins")]).await;
    let path = s.note(json!({"title": "Shopping", "body": "milk"})).await;
    let read = s.get(&path).await.body["data"]["updated_at"].as_str().unwrap().to_owned();
    s.pass(60); // both devices are offline and edit
    let push = |from: &str, body: &str| s.ask("PUT", &path, from).header("If-Unmodified-Since", &read).json(&json!({"body": body}));
    send(push("phone", "milk, bread")).await.is(200);
    s.pass(5);
    let last = send(push("desktop", "milk, eggs")).await.is(200).body;
    assert_eq!((&last["data"]["body"], &last["overruled"]), (&json!("milk, eggs"), &json!(["body"])));
    assert_eq!(s.get(&path).await.body["data"]["body"], "milk, eggs");
    let log = s.get("/api/audit").await.body["data"].as_array().unwrap().clone();
    assert_eq!(log.len(), 1);
    let meta = &log[0]["meta"];
    assert_eq!((&log[0]["action"], &meta["client_ts"], &meta["client_origin"]), (&json!("conflict_lww"), &json!(read), &json!("desktop")));
    assert_eq!(meta["fields"]["body"], json!({"base": "milk", "mine": "milk, eggs", "theirs": "milk, bread", "kept": "milk, eggs"}));
}

/// Saves of one microsecond stand on one page or the next, none on both and none on neither.
pub async fn pages_of_saves_are_whole(s: Server) {
    let all = 505;
    let still = Server::start_as(std::sync::Arc::clone(&s.store), |c| c.clock = std::sync::Arc::new(|| Time(1_795_485_600_000_000))).await;
    futures_util::future::join_all((0..all).map(|n| still.note(json!({"title": format!("<{n}>")})))).await;
    let mut titles = std::collections::BTreeSet::new();
    let mut next = Some("/admin/saves?days=1".to_owned());
    while let Some(path) = next {
        let request = still.http.get(format!("{}{path}", still.url)).header("Cookie", format!("diptych_admin={}", still.ada));
        let page = send(request).await.is(200).body.as_str().unwrap().to_owned();
        for row in page.split("&lt;").skip(1) {
            assert!(titles.insert(row.split("&gt;").next().unwrap().to_owned()), "{row}");
        }
        let older = page.split("<a href=\"").find(|l| l.contains("older ones"));
        next = older.map(|l| l.split('"').next().unwrap().replace("&amp;", "&"));
    }
    assert_eq!(titles.len(), all);
}

pub async fn figures_equal_the_rows(s: Server) {
    for n in 0..4 {
        let path = s.note(json!({"title": "t", "body": "b", "fields": {"l": ["a"]}})).await;
        s.put(&path, "desk", json!({"base_version": 1, "body": "b2", "title": "t2"})).await.is(200);
        if n > 0 {
            s.put(&path, "lap", json!({"base_version": 1, "title": "t3"})).await.is(200);
        }
        let refused = s.put(&path, "lap", json!({"base_version": 1, "body": "b3"})).await.is(409).body;
        s.post("/api/audit/settled", "lap", json!({"conflict_id": refused["conflict_id"], "outcome": "mine"})).await.is(201);
    }
    let stats = s.get("/api/audit/stats?days=7").await.is(200).body["data"].clone();
    assert_eq!((stats["conflicts"].as_u64().unwrap() as usize, &stats["saves"]), (s.conflicts().await.len(), &json!(11)));
    assert_eq!(stats["by_action"], json!({"conflict_409": 4, "conflict_lww": 3, "settled": 4}));
    assert_eq!(stats["by_field"], json!({"note.body": 4, "note.title": 3}));
    assert_eq!((&stats["by_origin"], &stats["by_entity"]), (&json!({"lap": 7}), &json!({"note": 7})));
    assert_eq!(stats["settled"], json!({"mine": 4}));
    let days = stats["per_day"].as_array().unwrap();
    assert_eq!((days.len(), &days[6]), (7, &json!({"day": "2026-11-24", "conflicts": 7, "saves": 11})));
    let advice = stats["advice"].as_array().unwrap();
    assert!(
        advice.iter().any(|a| a["field"] == "note.title" && a["now"] == "last-write-wins" && a["reason"].as_str().unwrap().contains('3')),
        "{advice:?}"
    );
    s.get("/api/audit/stats?days=0").await.fails(422, "invalid");
}
