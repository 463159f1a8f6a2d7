//! The commands of whoever keeps a server: the log under other policies, moving a store, policies that make no sense.

use diptych::domain::policy::Policies;
use diptych::server;
use serde_json::{Value, json};

use crate::contract::server::Server;
use crate::pty::Home;

fn run(home: &Home, args: &[&str]) -> (i32, String, String) {
    let out = home.command(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A new store of each kind, each by its address.
fn stores(home: &Home) -> Vec<String> {
    let file = format!("sqlite:{}", home.path("keeper.db").display());
    std::iter::once(file).chain(crate::postgres::database()).collect()
}

/// Four conflicts: a refused body, an overruled title, united tags, a deletion against an edit. Gives their space.
fn four_conflicts(address: &str) -> String {
    runtime().block_on(async {
        let s = Server::start(server::open(address).await.unwrap(), Policies::default()).await;
        let path = s.note(json!({"title": "t", "body": "milk", "tags": ["a"]})).await;
        s.put(&path, "desk", json!({"base_version": 1, "title": "t2", "body": "milk, eggs", "tags": ["a", "b"]})).await.is(200);
        s.put(&path, "lap", json!({"base_version": 1, "body": "milk, \u{1b}[31mbread"})).await.is(409);
        s.put(&path, "lap", json!({"base_version": 1, "title": "t3"})).await.is(200);
        s.put(&path, "phone", json!({"base_version": 1, "tags": ["a", "c"]})).await.is(200);
        s.delete(&format!("{path}?base_version=1"), "phone").await.is(409);
        s.store.tokens().await.unwrap().into_iter().find(|t| t.user == "ada").unwrap().space_name
    })
}

#[test]
fn the_log_under_other_policies_says_what_would_be_lost() {
    let home = Home::new();
    stores(&home).iter().for_each(|address| what_would_be_lost(&home, address));
}

fn what_would_be_lost(home: &Home, address: &str) {
    let space = four_conflicts(address);
    let file = home.path("loose.toml");
    std::fs::write(&file, "[notes]\nbody = \"last-write-wins\"\ntags = \"server-wins\"\ntitle = \"manual\"\n").unwrap();
    let what_if = |more: &[&str]| {
        let base = ["audit", "--store", address, "--space", &space, "--what-if", file.to_str().unwrap()];
        run(home, &[&base[..], more].concat())
    };
    let (status, out, err) = what_if(&[]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    for line in [
        "4 conflicts of notes in the log",
        "a person is asked                         2             2",
        "both sides go in                          1             0",
        "one side is lost                          1             2",
        "body: 1 asked, would be 1 lost",
        "deleted: 1 asked, would be 1 asked",
        "tags: 1 combined, would be 1 lost",
        "title: 1 lost, would be 1 asked",
        "body: theirs, from desk: \"milk, eggs\"",
        "tags: mine, from phone: a, c",
    ] {
        assert!(out.contains(line), "{line:?} is not in\n{out}");
    }
    let (_, out, _) = what_if(&["--json"]);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["conflicts"], 4);
    assert_eq!(told["was"], json!({"asked": 2, "forbidden": 0, "combined": 1, "lost": 1}));
    assert_eq!(told["then"], json!({"asked": 2, "forbidden": 0, "combined": 0, "lost": 2}));
    assert_eq!(told["fields"]["body"]["then"]["lost"], 1);
    let body = &told["entries"][0];
    assert_eq!((&body["action"], &body["client_origin"]), (&json!("conflict_409"), &json!("lap")));
    assert_eq!(body["fields"], json!([{"field": "body", "was": "asked", "then": "lost", "lost_side": "theirs", "lost": "milk, eggs"}]));
    // under the policies in force, what was is what would be
    std::fs::write(&file, "[notes]\n").unwrap();
    let told: Value = serde_json::from_str(&what_if(&["--json"]).1).unwrap();
    assert_eq!(told["was"], told["then"]);
    let told: Value = serde_json::from_str(&what_if(&["--json", "--policy", "notes.body=server-wins"]).1).unwrap();
    assert_eq!(told["entries"][0]["fields"][0]["lost"], "milk, \u{1b}[31mbread");
    // it changed nothing
    let (_, log, _) = run(home, &["audit", "--store", address, "--space", &space]);
    assert_eq!(log.lines().count(), 4, "{log}");
    let (status, _, err) = run(home, &["audit", "--store", address, "--space", "elsewhere"]);
    assert_eq!(status, 2, "{err}");
}

#[test]
fn policies_that_make_no_sense_are_refused_at_start() {
    let home = Home::new();
    let file = home.path("bad.toml");
    std::fs::write(&file, "[notes]\ntitle = \"manual\"\nbody = \"union\"\n").unwrap();
    let path = file.to_str().unwrap();
    for (args, why) in [
        (&["serve", "--policies", path][..], "line 3: body cannot have the policy union"),
        (&["serve", "--policies", "/nowhere.toml"], "/nowhere.toml"),
        (&["serve", "--policy", "notes.title=best"], "no policy is called \"best\""),
        (&["serve", "--policy", "title"], "must read like notes.title=manual"),
        (&["serve", "--policy", "notes.updated_at=manual"], "belongs to the server"),
        (&["audit", "--what-if", path], "line 3"),
    ] {
        let (status, out, err) = run(&home, args);
        assert!(status != 0 && out.is_empty() && err.contains(why), "{args:?}: {status} {err}");
    }
    let (status, out, _) = run(&home, &["serve", "--print-policies"]);
    assert_eq!(status, 0);
    assert_eq!(server::policies::parse(&out).unwrap(), Policies::default());
}

#[test]
fn a_store_is_copied_by_command_and_only_to_an_empty_one() {
    let home = Home::new();
    let from = format!("sqlite:{}", home.path("keeper.db").display());
    four_conflicts(&from);
    let to = format!("sqlite:{}", home.path("copy.db").display());
    let (status, out, err) = run(&home, &["migrate", &from, &to]);
    assert_eq!((status, err.as_str()), (0, "Everything was copied and compared.\n"), "{out}");
    assert!(out.contains("        1  notes\n") && out.contains("        4  versions\n") && out.contains("        4  audit\n"), "{out}");
    let (status, out, err) = run(&home, &["migrate", &from, &to]);
    assert!(status == 4 && out.is_empty() && err.contains("not empty"), "{status} {err}");
    let (status, _, err) = run(&home, &["migrate", "notes.db", &to]);
    assert!(status == 2 && err.contains("notes.db"), "{status} {err}");
    if let Some(address) = crate::postgres::database() {
        let (status, out, err) = run(&home, &["migrate", &from, &address, "--json"]);
        assert_eq!(status, 0, "{err}");
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["rows"]["versions"], 4);
    }
}
