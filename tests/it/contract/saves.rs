//! Notes and saves.

use serde_json::json;

use super::Server;
use super::server::send;

pub async fn notes_are_created_read_and_listed(s: Server) {
    let id = "0193a1c2-0000-7000-8000-000000000001";
    let asked = json!({"id": id, "title": "Trip", "body": "One\r\nTwo", "tags": ["b", "a", "b"], "fields": {"price_cents": 120000, "f": 1.5, "ok": true, "who": ["x"]}});
    let made = s.post("/api/notes", "desk", asked.clone()).await.is(201);
    let note = &made.body["data"];
    assert_eq!((&note["id"], &note["version"], &note["body"]), (&json!(id), &json!(1), &json!("One\r\nTwo")));
    assert_eq!((&note["tags"], &note["fields"]["f"], &note["deleted"]), (&json!(["b", "a"]), &json!(1.5), &json!(false)));
    assert_eq!((&note["updated_by"], &note["updated_from"]), (&json!("ada"), &json!("desk")));
    assert_eq!(note["created_at"].as_str().unwrap().len(), "2026-11-24T02:43:00.123456Z".len());
    assert_eq!((made.header("etag"), made.header("location")), ("\"1\"", &*format!("/api/notes/{id}")));
    // the same id again: equal content is a success, other content a conflict without a base
    s.post("/api/notes", "lap", asked).await.is(201);
    let other = s.post("/api/notes", "lap", json!({"id": id, "title": "Other"})).await.fails(409, "version_conflict");
    assert_eq!((&other.body["base"], &other.body["server_version"]), (&json!(null), note));
    let path = format!("/api/notes/{id}");
    let read = s.get(&path).await.is(200);
    assert_eq!(&read.body["data"], note);
    assert!(read.header("last-modified").ends_with(" GMT"), "{}", read.header("last-modified"));
    for tags in ["\"1\"", "W/\"1\"", "\"9\", \"1\"", "*"] {
        let again = send(s.ask("GET", &path, "desk").header("If-None-Match", tags)).await.is(304);
        assert_eq!((again.header("etag"), &again.body), ("\"1\"", &json!(null)));
    }
    send(s.ask("GET", &path, "desk").header("If-None-Match", "\"2\"")).await.is(200);
    let second = s.note(json!({"title": "Second"})).await;
    s.put(&path, "lap", json!({"base_version": 1, "title": "Trip to Lisbon", "fields": {"f": null, "n": 7}})).await.is(200);
    let list = s.get("/api/notes?since=0").await.is(200).body;
    let titles: Vec<_> = list["data"].as_array().unwrap().iter().map(|n| n["title"].as_str().unwrap()).collect();
    assert_eq!((titles, &list["more"]), (vec!["Second", "Trip to Lisbon"], &json!(false)));
    assert_eq!(list["data"][1]["fields"], json!({"price_cents": 120000, "ok": true, "who": ["x"], "n": 7}));
    assert_eq!(list["data"][1]["body"], "One\r\nTwo", "what a PUT leaves out stays");
    let first = s.get("/api/notes?since=0&limit=1").await.is(200).body;
    assert_eq!((first["data"].as_array().unwrap().len(), &first["more"]), (1, &json!(true)));
    let rest = s.get(&format!("/api/notes?since={}", first["seq"])).await.is(200).body;
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["seq"]), (1, &list["seq"]));
    let none = s.get(&format!("/api/notes?since={}", list["seq"])).await.is(200).body;
    assert_eq!((&none["data"], &none["seq"]), (&json!([]), &list["seq"]));
    s.delete(&format!("{second}?base_version=1"), "desk").await.is(200);
    let list = s.get(&format!("/api/notes?since={}", list["seq"])).await.is(200).body;
    assert_eq!((&list["data"][0]["deleted"], &list["data"][0]["version"]), (&json!(true), &json!(2)));
    let versions = s.get(&format!("{path}/versions")).await.is(200).body;
    let rows: Vec<_> = versions["data"].as_array().unwrap().iter().map(|v| (v["version"].clone(), v["updated_from"].clone())).collect();
    assert_eq!(rows, [(json!(2), json!("lap")), (json!(1), json!("desk"))]);
    assert_eq!(&s.get(&format!("{path}/versions/1")).await.is(200).body["data"], note);
    s.get(&format!("{path}/versions/3")).await.fails(404, "not_found");
    s.get("/api/notes/0193a1c2-0000-7000-8000-00000000ffff").await.fails(404, "not_found");
}

pub async fn a_bad_request_is_told_what_is_wrong(s: Server) {
    let path = s.note(json!({"title": "T", "body": "B"})).await;
    let raw = |body: &str| s.ask("PUT", &path, "desk").header("Content-Type", "application/json").body(body.to_owned());
    send(raw("{\"base_version\": 1,")).await.fails(400, "malformed_json");
    send(raw("[1]")).await.fails(422, "invalid");
    send(s.ask("PUT", &path, "desk").body("{}")).await.fails(415, "unsupported_media_type");
    let wrong = s.put(&path, "desk", json!({"base_version": 1, "title": 7, "boddy": "x"})).await.fails(422, "invalid");
    assert_eq!(wrong.body["fields"].as_object().unwrap().keys().collect::<Vec<_>>(), ["boddy", "title"]);
    for (field, body) in [
        ("title", json!({"base_version": 1, "title": "a\nb"})),
        ("title", json!({"base_version": 1, "title": "a".repeat(1001)})),
        ("body", json!({"base_version": 1, "body": "a\u{0}b"})),
        ("tags", json!({"base_version": 1, "tags": [" x"]})),
        ("fields", json!({"base_version": 1, "fields": {"n": {"deep": 1}}})),
        ("fields", json!({"base_version": 1, "fields": {"n": 9223372036854775808u64}})),
        ("fields.a b", json!({"base_version": 1, "fields": {"a b": 1}})),
    ] {
        let told = s.put(&path, "desk", body).await.fails(422, "invalid");
        assert!(told.body["fields"][field].is_string(), "{field}: {}", told.body);
    }
    for (name, value) in [("version", json!(5)), ("updated_by", json!("eve")), ("created_at", json!("2020-01-01T00:00:00Z"))] {
        let told = s.put(&path, "desk", json!({"base_version": 1, name: value})).await.fails(422, "server_owned_field");
        assert!(told.body["fields"][name].is_string(), "{}", told.body);
    }
    let present = s.get(&path).await.body["data"].clone();
    let mut whole = present.clone();
    whole["base_version"] = json!(1);
    whole["title"] = json!("T2");
    s.put(&path, "desk", whole).await.is(200); // its own server-owned values, as they are
    let big = "x".repeat(16 * 1024 * 1024);
    send(raw(&format!("{{\"base_version\":2,\"body\":\"{big}\"}}"))).await.fails(413, "too_large");
    send(s.ask("PATCH", &path, "desk")).await.fails(405, "method_not_allowed");
    s.get("/api/nothing").await.fails(404, "not_found");
    s.get("/api/notes/not-an-id").await.fails(404, "not_found");
    s.get("/api/notes?since=x").await.fails(422, "invalid");
    s.get("/api/notes?since=0&limit=0").await.fails(422, "invalid");
    send(s.ask("PUT", &path, "no spaces").json(&json!({"base_version": 2}))).await.fails(422, "invalid");
    send(s.ask("PUT", &path, "desk").header("Idempotency-Key", "x").json(&json!({"base_version": 2}))).await.fails(422, "invalid");
    assert_eq!(s.get(&path).await.body["data"]["version"], 2, "nothing was half applied");
}

pub async fn a_save_names_its_base_in_three_ways(s: Server) {
    let path = s.note(json!({"title": "T", "body": "one"})).await;
    s.put(&path, "desk", json!({"body": "x"})).await.fails(428, "precondition_required");
    s.delete(&path, "desk").await.fails(428, "precondition_required");
    s.put(&path, "desk", json!({"base_version": 9, "body": "x"})).await.fails(422, "unknown_base");
    let first = s.get(&path).await.body["data"].clone();
    let by = |name: &str, value: &str, body: &str| s.ask("PUT", &path, "lap").header(name, value).json(&json!({"body": body}));
    send(by("If-Match", "\"1\"", "two")).await.is(200);
    for (name, value) in [
        ("If-Match", "\"1\""),
        ("If-Unmodified-Since", "2020-01-01T00:00:00Z"),
        ("X-Client", "other"),
        ("Authorization", "Bearer other"),
        ("Idempotency-Key", "6f1c0000-0000-4000-8000-000000000011"),
        ("X-Lock-Token", "6f1c0000-0000-4000-8000-000000000012"),
    ] {
        let told = by("If-Match", "\"2\"", "x").header(name, value).header(name, value);
        send(told).await.fails(400, "repeated_header");
    }
    let stale = send(by("If-Match", "\"1\"", "mine")).await.fails(412, "version_conflict");
    assert_eq!(
        (&stale.body["server_version"]["body"], &stale.body["base"], &stale.body["conflicts"]),
        (&json!("two"), &first, &json!(["body"]))
    );
    send(by("If-Match", "*", "three")).await.is(200);
    send(by("If-Match", "seven", "x")).await.fails(400, "malformed_precondition");
    let second = s.get(&format!("{path}/versions/2")).await.body["data"].clone();
    let at = |n: &serde_json::Value| n["updated_at"].as_str().unwrap().to_owned();
    let refused = send(by("If-Unmodified-Since", &at(&second), "mine")).await.fails(409, "version_conflict");
    assert_eq!(refused.body["base"], second);
    s.pass(2);
    let third = s.get(&path).await.body["data"].clone();
    send(by("If-Unmodified-Since", &at(&third), "four")).await.is(200);
    send(by("If-Unmodified-Since", "2020-01-01T00:00:00Z", "x")).await.fails(422, "unknown_base");
    send(by("If-Unmodified-Since", "yesterday", "x")).await.fails(400, "malformed_precondition");
    // an HTTP-date is good to the second: the last version of that second
    let date = s.get(&format!("{path}/versions/3")).await;
    assert_eq!(date.header("last-modified"), "", "validators belong to the present note");
    let refused = send(by("If-Unmodified-Since", "Tue, 24 Nov 2026 02:00:00 GMT", "mine")).await.fails(409, "version_conflict");
    assert_eq!(refused.body["base"]["version"], 3);
    // a base named by number and time is that version, or none
    let timed = |at: &str| json!({"base_version": 3, "base_updated_at": at, "body": "x"});
    s.put(&path, "lap", timed(&at(&second))).await.fails(422, "unknown_base");
    s.put(&path, "lap", timed(&at(&third))).await.fails(409, "version_conflict");
    s.put(&path, "lap", json!({"base_version": 4, "base_updated_at": at(&third), "body": "x"})).await.fails(422, "unknown_base");
    let made = json!({"title": "t", "base_updated_at": at(&third)});
    send(s.ask("POST", "/api/notes", "lap").json(&made)).await.fails(422, "invalid");
    let both = s.ask("PUT", &path, "lap").header("If-Match", "\"4\"").json(&json!({"base_version": 3, "body": "x"}));
    send(both).await.fails(400, "preconditions_disagree");
    let both = s.ask("PUT", &path, "lap").header("If-Match", "\"4\"").json(&json!({"base_version": 4, "body": "five"}));
    assert_eq!(send(both).await.is(200).header("etag"), "\"5\"");
}

pub async fn each_policy_decides_as_it_says(s: Server) {
    let s = s
        .with_policies(&[
            ("body", "client-wins"),
            ("fields.a", "server-wins"),
            ("fields.m", "max"),
            ("fields.s", "sum"),
            ("fields.o", "server-owned"),
        ])
        .await;
    let policies = s.get("/api/policies").await.is(200).body["data"]["notes"].clone();
    assert_eq!((&policies["title"], &policies["tags"], &policies["fields.s"]), (&json!("last-write-wins"), &json!("union"), &json!("sum")));
    assert_eq!((&policies["deleted"], &policies["updated_at"]), (&json!("manual"), &json!("server-owned")));
    let path = s.note(json!({"title": "t", "body": "b", "tags": ["keep", "gone"], "fields": {"a": 1, "m": 1, "s": 10, "q": 1}})).await;
    let theirs =
        json!({"base_version": 1, "title": "t2", "body": "b2", "tags": ["keep", "gone", "desk"], "fields": {"a": 2, "m": 9, "s": 15}});
    s.put(&path, "desk", theirs).await.is(200);
    let mine =
        json!({"base_version": 1, "title": "t3", "body": "b3", "tags": ["keep", "lap"], "fields": {"a": 3, "m": 5, "s": 13, "q": 2}});
    let saved = s.put(&path, "lap", mine).await.is(200).body;
    let n = &saved["data"];
    assert_eq!((&n["title"], &n["body"], &n["version"]), (&json!("t3"), &json!("b3"), &json!(3)));
    assert_eq!(n["tags"], json!(["keep", "desk", "lap"]));
    assert_eq!(n["fields"], json!({"a": 2, "m": 9, "s": 18, "q": 2}));
    assert_eq!(saved["merged"], json!(["tags", "fields.m", "fields.s"]));
    assert_eq!(saved["overruled"], json!(["title", "body", "fields.a"]));
    s.put(&path, "lap", json!({"base_version": 3, "fields": {"o": 1}})).await.fails(422, "server_owned_field");
    // one field refused: nothing of the save is applied
    s.put(&path, "desk", json!({"base_version": 3, "fields": {"q": 5}})).await.is(200);
    let refused = s.put(&path, "lap", json!({"base_version": 3, "title": "t9", "fields": {"q": 6}})).await.fails(409, "version_conflict");
    assert_eq!((&refused.body["conflicts"], &refused.body["server_version"]["title"]), (&json!(["fields.q"]), &json!("t3")));
    assert_eq!(refused.body["message"], "This note was changed on desk since you read it.");
    // what equals the present version is a success; under sum two equal changes are two
    let same = s.put(&path, "lap", json!({"base_version": 3, "fields": {"q": 5}})).await.is(200);
    assert_eq!((&same.body["data"]["version"], same.header("etag")), (&json!(4), "\"4\""));
    let sum = s.put(&path, "lap", json!({"base_version": 1, "title": "t3", "fields": {"s": 18}})).await.is(200).body;
    assert_eq!(sum["data"]["fields"]["s"], 26);
    s.put(&path, "desk", json!({"base_version": 5, "fields": {"s": i64::MAX}})).await.is(200);
    s.put(&path, "lap", json!({"base_version": 5, "fields": {"s": i64::MAX}})).await.fails(409, "version_conflict");
}

pub async fn a_deletion_collides_with_an_edit(s: Server) {
    let path = s.note(json!({"title": "t", "body": "b"})).await;
    s.put(&path, "desk", json!({"base_version": 1, "title": "t2"})).await.is(200);
    let refused = s.delete(&format!("{path}?base_version=1"), "lap").await.fails(409, "version_conflict");
    assert_eq!(refused.body["conflicts"], json!(["deleted"]));
    let gone = s.delete(&format!("{path}?base_version=2"), "lap").await.is(200).body;
    assert_eq!((&gone["data"]["deleted"], &gone["data"]["version"], &gone["data"]["body"]), (&json!(true), &json!(3), &json!("b")));
    let refused = s.put(&path, "desk", json!({"base_version": 2, "body": "b2"})).await.fails(409, "version_conflict");
    assert_eq!((&refused.body["conflicts"], &refused.body["server_version"]["deleted"]), (&json!(["deleted"]), &json!(true)));
    let entry = &s.conflicts().await[0];
    assert_eq!(entry["meta"]["fields"]["body"]["mine"], "b2", "the refused text is kept");
    assert_eq!(s.get(&path).await.is(200).body["data"]["deleted"], true);
    assert_eq!(s.get("/api/notes").await.body["data"], json!([]), "a search is among live notes");
    let back = s.put(&path, "desk", json!({"base_version": 3, "deleted": false})).await.is(200).body;
    assert_eq!((&back["data"]["deleted"], &back["data"]["version"]), (&json!(false), &json!(4)));
    assert_eq!(s.delete(&format!("{path}?base_version=4"), "lap").await.is(200).body["data"]["version"], 5);
    assert_eq!(s.delete(&format!("{path}?base_version=4"), "desk").await.is(200).body["data"]["version"], 5, "both deleted it");
}

pub async fn a_retry_gets_the_first_answer_again(s: Server) {
    let path = s.note(json!({"title": "t", "body": "b"})).await;
    let key = "6f1c0000-0000-4000-8000-000000000001";
    let save = |body: &str| s.ask("PUT", &path, "lap").header("Idempotency-Key", key).json(&json!({"base_version": 1, "body": body}));
    let first = send(save("b2")).await.is(200);
    assert_eq!(first.header("idempotency-replayed"), "");
    s.put(&path, "desk", json!({"base_version": 2, "body": "b3"})).await.is(200);
    let again = send(save("b2")).await.is(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
    send(save("other")).await.fails(422, "idempotency_key_reused");
    assert_eq!(s.get(&path).await.body["data"]["version"], 3);
    // a refusal too is given again, and logged once
    let key = "6f1c0000-0000-4000-8000-000000000002";
    let save = || s.ask("PUT", &path, "lap").header("Idempotency-Key", key).json(&json!({"base_version": 1, "body": "mine"}));
    let refused = send(save()).await.fails(409, "version_conflict");
    let again = send(save()).await.fails(409, "version_conflict");
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &refused.body));
    assert_eq!(s.conflicts().await.len(), 1);
    let make = || {
        s.ask("POST", "/api/notes", "lap").header("Idempotency-Key", "6f1c0000-0000-4000-8000-000000000003").json(&json!({"title": "new"}))
    };
    let made = send(make()).await.is(201);
    let again = send(make()).await.is(201);
    assert_eq!(again.body, made.body, "no second note");
    assert_eq!(again.header("location"), made.header("location"), "where it is, is where the first one was made");
    assert_eq!(made.header("location"), format!("/api/notes/{}", made.body["data"]["id"].as_str().unwrap()));
}

pub async fn a_store_set_back_is_noticed(s: Server) {
    let empty = s.get("/api/notes?since=0").await.is(200).body;
    assert_eq!((&empty["store"], &empty["seq"]), (&json!(null), &json!(0)));
    s.note(json!({"title": "a"})).await;
    let list = s.get("/api/notes?since=0").await.is(200).body;
    let (store, seq) = (list["store"].as_str().unwrap().to_owned(), list["seq"].as_i64().unwrap());
    let ask = async |store: &str, seq: i64| s.get(&format!("/api/notes?since={seq}&store={store}")).await.is(200).body;
    let next = ask(&store, seq).await;
    assert_eq!((&next["data"], &next["store"], &next["reset"]), (&json!([]), &json!(store), &json!(null)));
    s.note(json!({"title": "b"})).await;
    assert_eq!(ask(&store, seq).await["data"].as_array().unwrap().len(), 1);
    // a place further on than this store ever was, and one of another store: all of it again, and said so
    for (store, seq) in [(&*store, 99), ("6f1c0000-0000-4000-8000-000000000001", seq)] {
        let reset = ask(store, seq).await;
        assert_eq!((reset["data"].as_array().unwrap().len(), &reset["reset"]), (2, &json!(true)));
        assert_eq!((&reset["store"], &reset["seq"]), (&list["store"], &json!(2)));
    }
    s.get("/api/notes?since=1&store=x").await.fails(422, "invalid");
    s.get(&format!("/api/notes?store={store}")).await.fails(422, "invalid");
}
