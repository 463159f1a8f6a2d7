//! A store that was set back to an older copy, and went on.

use std::path::Path;

use diptych::domain::policy::Policies;
use serde_json::{Value, json};

use crate::contract::server::Server;

async fn over(file: &Path, token: Option<&str>) -> Server {
    let store = diptych::server::open(&format!("sqlite:{}", file.display())).await.unwrap();
    let mut server = Server::start(store, Policies::default()).await;
    token.iter().for_each(|t| server.ada = (*t).to_owned());
    server
}

async fn since(s: &Server, place: &Value) -> Value {
    s.get(&format!("/api/notes?since={}&store={}", place["seq"], place["store"].as_str().unwrap())).await.is(200).body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_in_lost_changes_is_known_however_many_came_since() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("notes.db"), folder.path().join("copy.db"));
    let s = over(&file, None).await;
    let token = s.ada.clone();
    s.note(json!({"title": "a"})).await;
    let early = s.get("/api/notes?since=0").await.is(200).body;
    rusqlite::Connection::open(&file).unwrap().execute("VACUUM INTO ?", [copy.to_str().unwrap()]).unwrap();
    s.note(json!({"title": "lost"})).await;
    let late = since(&s, &early).await;
    // a restart of the same store is no setting back, before its first change and after it
    let again = over(&file, Some(&token)).await;
    assert_eq!(since(&again, &late).await["reset"], json!(null));
    again.note(json!({"title": "c"})).await;
    let next = since(&again, &late).await;
    assert_eq!((next["data"].as_array().unwrap().len(), &next["reset"]), (1, &json!(null)));
    assert_ne!(next["store"], late["store"]);
    assert_eq!(since(&again, &next).await["data"], json!([]));
    // the older copy takes its place, and goes on beyond where it was
    let restored = over(&copy, Some(&token)).await;
    for place in [&late, &next] {
        assert_eq!(since(&restored, place).await["reset"], true);
    }
    for title in ["d", "e", "f", "g"] {
        restored.note(json!({"title": title})).await;
    }
    for place in [&late, &next] {
        let told = since(&restored, place).await;
        assert_eq!((told["data"].as_array().unwrap().len(), &told["reset"]), (5, &json!(true)));
    }
    let kept = since(&restored, &early).await;
    assert_eq!((kept["data"].as_array().unwrap().len(), &kept["reset"]), (4, &json!(null)), "what was seen before the copy still holds");
}
