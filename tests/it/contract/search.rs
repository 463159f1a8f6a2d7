//! Searches over HTTP.

use serde_json::{Value, json};

use super::Server;

/// What a search finds, by title, page after page; and how many pages it took.
async fn found(s: &Server, query: &str) -> (Vec<String>, usize) {
    let (mut after, mut titles, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let page = s.get(&format!("/api/notes?{query}{after}")).await.is(200).body;
        titles.extend(page["data"].as_array().unwrap().iter().map(|n| n["title"].as_str().unwrap().to_owned()));
        pages += 1;
        if page["more"] == false {
            assert_eq!(page["after"], Value::Null);
            return (titles, pages);
        }
        after = format!("&after={}", page["after"]);
    }
}

pub async fn search_finds_and_pages(s: Server) {
    for n in 0..5 {
        let tags = if n % 2 == 0 { json!(["even", "all"]) } else { json!(["all"]) };
        s.note(json!({"title": format!("Note {n}"), "body": if n == 3 { "ein ÄPFEL 100%" } else { "text" }, "tags": tags})).await;
    }
    let titles = |body: &serde_json::Value| {
        body["data"].as_array().unwrap().iter().map(|n| n["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&s.get("/api/notes?q=%C3%A4pfel").await.is(200).body), ["Note 3"]);
    assert_eq!(titles(&s.get("/api/notes?q=0%25").await.is(200).body), ["Note 3"], "a percent sign is a percent sign");
    assert_eq!(titles(&s.get("/api/notes?tag=even").await.is(200).body), ["Note 4", "Note 2", "Note 0"]);
    let page = s.get("/api/notes?tag=all&limit=2").await.is(200).body;
    assert_eq!((titles(&page), &page["more"]), (vec!["Note 4".to_owned(), "Note 3".to_owned()], &json!(true)));
    let next = s.get(&format!("/api/notes?tag=all&limit=4&after={}", page["after"])).await.is(200).body;
    assert_eq!((titles(&next).len(), &next["more"], &next["after"]), (3, &json!(false), &json!(null)));
}

/// A text and a tag together; text in title or body, in any case; and nothing of what is deleted.
pub async fn a_search_is_by_text_and_tag(s: Server) {
    for (title, body, tags) in [("Straße", "x", json!(["a"])), ("y", "STRASSE straße", json!(["b"])), ("z", "nothing", json!(["a", "b"]))]
    {
        s.note(json!({"title": title, "body": body, "tags": tags})).await;
    }
    let gone = s.note(json!({"title": "straße", "tags": ["a"]})).await;
    s.delete(&format!("{gone}?base_version=1"), "desk").await.is(200);
    let count = async |query: &str| s.get(&format!("/api/notes?{query}")).await.is(200).body["data"].as_array().unwrap().len();
    assert_eq!((count("q=STRA%C3%9FE").await, count("q=stra%C3%9Fe&tag=a").await, count("tag=a").await), (2, 1, 2));
    assert_eq!((count("q=_").await, count("q=%25").await, count("tag=A").await, count("q=").await), (0, 0, 0, 3));
    s.get("/api/notes?since=0&q=x").await.fails(422, "invalid");
    s.get(&format!("/api/notes?q={}", "x".repeat(1001))).await.fails(422, "invalid");
}

/// Case means the same for every store and every script: that of Unicode, whatever a database was set up with.
pub async fn case_is_that_of_unicode(s: Server) {
    let texts = [
        "Straße",
        "STRASSE",
        "İstanbul",
        "ISTANBUL",
        "ΟΔΥΣΣΕΥΣ",
        "Οδυσσεύς",
        "ΣΑΣ ΣΑ",
        "École",
        "E\u{301}COLE",
        "ПРИВЕТ, Мир",
        "привет",
        "Ǆungla",
        "10 \u{212a}elvin",
        "ﬃ Ligatur",
        "ŞIŞLI",
        "日本語",
        "Äpfel, ÄPFEL",
    ];
    for text in texts {
        s.note(json!({"title": text, "body": format!("x {text} y")})).await;
    }
    let queries = [
        "straße",
        "STRASSE",
        "ß",
        "i̇stanbul",
        "İ",
        "istanbul",
        "I",
        "ΣΕΥΣ",
        "ς",
        "σ",
        "σας",
        "ΣΑΣ",
        "é",
        "École",
        "e\u{301}cole",
        "мир",
        "ПРИВЕТ",
        "в",
        "ǆungla",
        "ǅ",
        "k",
        "kelvin",
        "\u{212a}",
        "ﬃ",
        "şişli",
        "ŞIŞ",
        "本",
        "äPFEL",
        "Ä",
        "ö",
    ];
    for q in queries {
        let needle = q.to_lowercase();
        let mut expected: Vec<&str> = texts
            .into_iter()
            .filter(|t| t.to_lowercase().contains(&needle) || format!("x {t} y").to_lowercase().contains(&needle))
            .collect();
        expected.reverse();
        let encoded: String = q.bytes().map(|b| format!("%{b:02X}")).collect();
        assert_eq!(found(&s, &format!("q={encoded}&limit=3")).await.0, expected, "{q:?}");
    }
}

/// No request reads through more than so many notes: a page may be short, or empty, and says where the next begins.
pub async fn a_search_looks_at_so_many_notes(s: Server) {
    let s = Server::start_as(std::sync::Arc::clone(&s.store), |c| c.search_look = 10).await;
    for n in 0..45 {
        let tags = if n == 3 { json!(["rare"]) } else { json!([]) };
        s.note(json!({"title": format!("n{n}"), "body": if n % 20 == 3 { "é! qz" } else { "é" }, "tags": tags})).await;
    }
    let (titles, pages) = found(&s, "q=qz").await;
    assert_eq!((titles, pages), (vec!["n43".to_owned(), "n23".to_owned(), "n3".to_owned()], 5));
    assert_eq!(found(&s, "tag=rare").await, (vec!["n3".to_owned()], 5));
    assert_eq!(found(&s, "q=").await.0.len(), 45);
    assert_eq!(found(&s, "q=%C3%A9&limit=7").await.0.len(), 45);
    let first = s.get("/api/notes?q=!+&limit=5").await.is(200).body;
    assert_eq!((first["data"].as_array().unwrap().len(), &first["more"]), (1, &json!(true)));
}
