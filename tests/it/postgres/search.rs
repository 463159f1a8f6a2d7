//! Searches while the index follows behind the saves.

use diptych::domain::policy::Policies;
use serde_json::json;

use super::runtime;
use crate::contract::server::Server;

#[test]
fn a_search_finds_the_same_before_and_after_the_index_knows_it() {
    let Some(address) = super::database() else { return };
    runtime().block_on(async {
        let s = Server::start(diptych::server::open(&address).await.unwrap(), Policies::default()).await;
        let words = ["Straße ΣΑΣ", "äpfel İT", "ab\"c", "x_y%z", "日本語テキスト", "meeting"];
        for n in 0..40_usize {
            let body = format!("{} and {}", words[n % 6], words[n / 6 % 6]);
            s.note(json!({"title": format!("note {n}"), "body": body, "tags": [if n % 2 == 0 { "even" } else { "odd" }]})).await;
        }
        let queries = [
            "stra%C3%9Fe",
            "%C3%84PFEL",
            "ab%22c",
            "y%25z",
            "%E6%9C%AC%E8%AA%9E",
            "meeting&tag=odd",
            "note%203",
            "nowhere",
            "e",
            "xyz",
            "%CF%83%CE%B1%CF%82",
            "i%CC%87t",
        ];
        let ask = async || {
            let mut out = Vec::new();
            for q in queries {
                let (mut after, mut found) = (String::new(), Vec::new());
                loop {
                    let page = s.get(&format!("/api/notes?q={q}&limit=4{after}")).await.is(200).body;
                    found.extend(page["data"].as_array().unwrap().iter().map(|n| (n["title"].to_string(), n["version"].clone())));
                    if page["more"] == false {
                        break;
                    }
                    after = format!("&after={}", page["after"]);
                }
                out.push(found);
            }
            out
        };
        let known = async || {
            let done = "SELECT NOT EXISTS (SELECT 1 FROM spaces s LEFT JOIN indexed i ON i.space = s.id WHERE s.seq > coalesce(i.seq, 0))";
            let all = async {
                while super::ask(&address, done) != "t" {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(crate::world::PATIENCE, all).await.expect("the index follows");
        };
        let first = ask().await;
        let with = |word: usize| (0..40_usize).filter(|n| n % 6 == word || n / 6 % 6 == word).count();
        assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>()[..5], [with(0), with(1), with(2), with(3), with(4)]);
        assert_eq!((first[7].len(), first[9].len(), first[10].len(), first[11].len()), (0, 0, with(0), with(1)));
        known().await;
        assert_eq!(ask().await, first);
        assert_eq!(super::ask(&address, "SELECT count(*) FROM search"), "40");
        // changed, deleted, and new ones
        let list = s.get("/api/notes?limit=40").await.body["data"].as_array().unwrap().clone();
        for (n, note) in list.iter().enumerate().filter(|(n, _)| n % 3 == 0) {
            let path = format!("/api/notes/{}", note["id"].as_str().unwrap());
            match n % 2 {
                0 => s.put(&path, "desk", json!({"base_version": 1, "body": "nowhere xyz"})).await.is(200),
                _ => s.delete(&format!("{path}?base_version=1"), "desk").await.is(200),
            };
        }
        let second = ask().await;
        assert_eq!((second[7].len(), second[9].len()), (7, 7));
        known().await;
        assert_eq!(ask().await, second);
        assert_eq!(super::ask(&address, "SELECT count(*) FROM search"), "33");
    });
}
