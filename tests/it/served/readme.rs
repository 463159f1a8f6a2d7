//! The README's samples for `curl`, run as they stand there.

use std::process::Command;

use super::program::Program;
use crate::pty::Home;

/// The samples for `curl` of the README's part on the server, in order.
fn samples() -> Vec<String> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let part = readme.split("## The server, by hand").nth(1).unwrap().split("\n## ").next().unwrap();
    let samples = part.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    samples.filter(|sample| sample.contains("curl")).collect()
}

fn run(server: &Program, sample: &str, id: &str) -> String {
    let script = sample.replace("localhost:7878", server.url.trim_start_matches("http://"));
    let out = Command::new("sh").args(["-c", &script]).env("TOKEN", &server.token).env("ID", id).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

fn member(json: &str, name: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json).unwrap()["data"][name].as_str().unwrap().to_owned()
}

#[test]
fn the_samples_do_what_the_text_says() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: curl is not installed");
        return;
    }
    let samples = samples();
    let [create, save, last_write] = &samples[..] else { panic!("the samples are {samples:?}") };
    let home = Home::new();
    let server = Program::start(&home, None, &[]);
    let id = member(&run(&server, create, ""), "id");
    assert!(run(&server, save, &id).contains("three litres"));
    let late = run(&server, &save.replace("three", "four"), &id);
    assert!(late.contains("\"error\":\"version_conflict\"") && late.contains("\"base\":{"), "{late}");
    let server = Program::start(&home, Some(&server.token), &["--policy", "notes.body=last-write-wins"]);
    let id = member(&run(&server, create, ""), "id");
    let told = run(&server, last_write, &id);
    assert!(!told.contains("\"error\""), "{told}");
    let log = told.rsplit("{\"data\":[").next().unwrap();
    let entries = format!("[{}", log.split("],\"more\"").next().unwrap());
    let of_note = entries.matches(&format!("\"entity_id\":\"{id}\"")).count();
    assert_eq!((of_note, entries.matches("conflict_lww").count()), (1, 1), "{entries}");
    assert!(entries.contains("written on the phone") && entries.contains("written on the desktop"), "{entries}");
}
