//! Many at once.

use serde_json::json;

use super::Server;
use super::server::send;

pub async fn one_save_wins_each_version(s: Server) {
    let path = s.note(json!({"title": "t", "body": "0"})).await;
    for base in 1..=5 {
        let saves = (0..16)
            .map(|n| send(s.ask("PUT", &path, &format!("d{n}")).json(&json!({"base_version": base, "body": format!("{base}.{n}")}))));
        let got = futures_util::future::join_all(saves).await;
        let won: Vec<_> = got.iter().filter(|g| g.status == 200).collect();
        assert_eq!((won.len(), got.iter().filter(|g| g.status == 409).count()), (1, 15));
        assert!(got.iter().all(|g| g.status == 200 || g.body["server_version"] == won[0].body["data"]));
    }
    assert_eq!(s.get("/api/audit/stats").await.body["data"]["conflicts"], 75);
    assert_eq!(s.get(&format!("{path}/versions")).await.body["data"].as_array().unwrap().len(), 6);
}

pub async fn one_key_at_once_is_one_save(s: Server) {
    let key = "6f1c0000-0000-4000-8000-00000000000a";
    let makes = (0..12).map(|_| send(s.ask("POST", "/api/notes", "lap").header("Idempotency-Key", key).json(&json!({"title": "once"}))));
    let got = futures_util::future::join_all(makes).await;
    assert!(got.iter().all(|g| g.status == 201 && g.body == got[0].body));
    assert_eq!(s.get("/api/notes").await.body["data"].as_array().unwrap().len(), 1);
}
