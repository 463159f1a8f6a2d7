//! The commands for scripts, run as a shell runs them: saving on a named version, a conflict, settling, deleting.

use std::io::Write;
use std::process::Stdio;

use crate::pty::Home;

fn run(home: &Home, args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = home.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that reads nothing may have closed its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let out = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
}

#[test]
fn a_save_on_an_old_version_is_parked_and_overwrites_nothing() {
    let home = Home::new();
    let (status, id, err) = run(&home, &["new", "--title", "T"], "one\r\ntwo");
    assert_eq!(status, 0, "{err}");
    let id = id.trim().to_owned();
    assert_eq!(run(&home, &["save", &id, "--base", "1"], "first").0, 0);
    let (status, _, err) = run(&home, &["save", &id, "--base", "1"], "second");
    assert_eq!(status, 1, "{err}");
    assert!(err.contains("conflicts settle"), "{err}");
    // A further save does not hide a side.
    assert_eq!(run(&home, &["save", &id], "third").0, 1);
    let (_, told, _) = run(&home, &["conflicts", "--json"], "");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let (status, log, err) = run(&home, &["audit", "--json"], "");
    let log: serde_json::Value = serde_json::from_str(&log).unwrap_or_else(|e| panic!("{status} {log} {err}: {e}"));
    assert_eq!((log["data"].as_array().unwrap().len(), &log["data"][0]["action"]), (1, &"conflict_409".into()));
    assert_eq!((&told["data"][0]["base_version"], &told["data"][0]["server_version"]), (&1.into(), &2.into()));
    assert_eq!(run(&home, &["conflicts", "settle", &id, "--mine"], "").0, 0);
    assert_eq!(run(&home, &["show", &id], "").1, "second");
    assert_eq!(run(&home, &["show", &id, "--version", "1"], "").1, "one\r\ntwo");
    let log = run(&home, &["log", &id], "").1;
    assert_eq!((log.lines().count(), log.lines().filter(|l| l.starts_with("copy 1")).count()), (4, 1), "{log}");
    assert_eq!(run(&home, &["show", &id, "--copy", "1"], "").1, "second");
    assert_eq!(run(&home, &["sync"], "").0, 0);
    assert_eq!(run(&home, &["delete", &id], "").0, 0);
    assert_eq!(run(&home, &["list"], "").1, "");
}

#[test]
fn a_conflict_is_told_and_decided_as_json_and_asked_line_by_line() {
    let home = Home::new();
    let collide = |price: [&str; 3]| {
        let field = |n: usize| format!("price_cents={}", price[n]);
        let id = run(&home, &["new", "--title", "T", "--field", &field(0)], "one\n").1.trim().to_owned();
        assert_eq!(run(&home, &["save", &id, "--base", "1", "--field", &field(1), "-"], "theirs\n").0, 0);
        assert_eq!(run(&home, &["save", &id, "--base", "1", "--field", &field(2), "-"], "mine\n").0, 1);
        id
    };
    let price = |id: &str| {
        let told: serde_json::Value = serde_json::from_str(&run(&home, &["show", id, "--json"], "").1).unwrap();
        (told["data"]["fields"]["price_cents"].clone(), told["data"]["body"].clone())
    };
    let id = collide(["1", "2", "3"]);
    let (status, told, err) = run(&home, &["conflicts", "show", &id], "");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap_or_else(|e| panic!("{status} {told} {err}: {e}"));
    assert_eq!((status, &told["open"]), (1, &2.into()), "{told}");
    assert_eq!((&told["rows"][0]["mine"], &told["rows"][0]["theirs"]), (&"3".into(), &"2".into()));
    let decide = ["conflicts", "settle", &id, "--decide", "-"];
    let (status, _, err) = run(&home, &decide, "{\"rows\": [{\"row\": 0, \"choice\": \"mine\"}]}");
    assert_eq!(status, 1, "what is left open is not settled: {err}");
    let hunk = &told["hunks"][0]["hunk"];
    let all = format!(
        "{{\"rows\": [{{\"row\": 0, \"choice\": \"typed\", \"value\": 9}}], \"hunks\": [{{\"hunk\": {hunk}, \"choice\": \"both\"}}]}}"
    );
    assert_eq!(run(&home, &decide, &all).0, 0);
    assert_eq!(price(&id), (9.into(), "mine\ntheirs\n".into()));

    let id = collide(["4", "5", "6"]);
    let plain = ["conflicts", "settle", &id, "--plain"];
    assert_eq!(run(&home, &plain, "e\n7\n.\n").0, 1, "the end of the input leaves");
    // The first answer is kept; only the text is asked again.
    let (status, out, err) = run(&home, &plain, "t\ny\n");
    assert_eq!(status, 0, "{out}{err}");
    assert_eq!(price(&id), (7.into(), "theirs\n".into()));
}

#[test]
fn a_base_that_never_was_is_a_usage_error_and_saves_nothing() {
    let home = Home::new();
    let id = run(&home, &["new", "--title", "T"], "one").1.trim().to_owned();
    assert_eq!(run(&home, &["save", &id, "--base", "9"], "x").0, 2);
    assert_eq!(run(&home, &["show", &id], "").1, "one");
}

#[test]
fn an_exported_folder_imports_to_the_same_notes() {
    let (home, other) = (Home::new(), Home::new());
    let (dir, again) = (home.path("out"), other.path("out"));
    let texts = [("A \"plan\": ü 🙂", "---\r\nnot: front matter\r\n---\r\nno newline"), ("A \"plan\": ü 🙂", "second\n"), ("../x", "")];
    for (title, body) in texts {
        assert_eq!(run(&home, &["new", "--title", title, "--tag", "two words", "--field", "price_cents=7"], body).0, 0);
    }
    let (status, _, err) = run(&home, &["export", dir.to_str().unwrap()], "");
    assert_eq!(status, 0, "{err}");
    let read = |dir: &std::path::Path| -> Vec<(std::ffi::OsString, Vec<u8>)> {
        let entry = |e: std::fs::DirEntry| (e.file_name(), std::fs::read(e.path()).unwrap());
        let mut all: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| entry(e.unwrap())).collect();
        all.sort();
        all
    };
    assert_eq!(read(&dir).len(), 3);
    assert_eq!(run(&home, &["import", dir.to_str().unwrap()], "").1, "0 new, 0 saved, 3 unchanged\n");
    assert_eq!(run(&other, &["import", "--dry-run", dir.to_str().unwrap()], "").1, "Would be: 3 new, 0 saved, 0 unchanged\n");
    assert_eq!(run(&other, &["list"], "").1, "");
    assert_eq!(run(&other, &["import", dir.to_str().unwrap()], "").1, "3 new, 0 saved, 0 unchanged\n");
    assert_eq!(run(&other, &["export", again.to_str().unwrap()], "").0, 0);
    assert_eq!(read(&dir), read(&again));

    // A file edited outside is a save on the version it was written from; one that the note has left behind is parked.
    let (name, bytes) = read(&dir).into_iter().find(|(_, b)| b.ends_with(b"second\n")).unwrap();
    std::fs::write(dir.join(&name), [&bytes[..], b"outside\n"].concat()).unwrap();
    assert_eq!(run(&home, &["import", dir.to_str().unwrap()], "").1, "0 new, 1 saved, 2 unchanged\n");
    std::fs::write(dir.join(&name), [&bytes[..], b"late\n"].concat()).unwrap();
    let (status, _, err) = run(&home, &["import", dir.to_str().unwrap()], "");
    assert!(status == 1 && err.contains("changed elsewhere"), "{status} {err}");
}

/// The proxy that a machine's other traffic goes through, and there is none.
#[test]
fn a_server_on_this_machine_is_spoken_to_directly_whatever_proxy_is_set() {
    let home = Home::new();
    let mut command = home.command(&["new", "--title", "T"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"] {
        command.env(name, "http://127.0.0.1:9");
    }
    command.env_remove("no_proxy").env_remove("NO_PROXY");
    assert_eq!(command.status().unwrap().code(), Some(0));
    let rows: serde_json::Value = serde_json::from_str(&run(&home, &["list", "--json"], "").1).unwrap();
    assert_eq!(rows["data"][0]["state"], "synced", "{rows}");
}
