//! The commands that need no server, run as a shell runs them: what they print, where, and with which status.

use crate::pty::{Home, Term};

fn run(home: &Home, args: &[&str]) -> (i32, String, String) {
    let out = home.command(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
}

#[test]
fn the_version_is_one_line() {
    let home = Home::new();
    for flag in ["--version", "-V"] {
        assert_eq!(run(&home, &[flag]), (0, format!("diptych {}\n", env!("CARGO_PKG_VERSION")), String::new()));
    }
}

#[test]
fn usage_errors_have_status_2_and_go_to_standard_error() {
    let home = Home::new();
    for args in [&["--no-such-flag"][..], &["no-such-command"], &["completions"], &["completions", "tcsh"], &["--mouse", "perhaps", "man"]]
    {
        let (status, out, err) = run(&home, args);
        assert_eq!((status, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains("error:"), "{args:?}: {err}");
    }
}

#[test]
fn settings_that_make_no_sense_are_told_with_their_place() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("config/diptych")).unwrap();
    std::fs::write(home.path("config/diptych/config.toml"), "theme = \"dark\"\nmose = true\n").unwrap();
    let (status, out, err) = run(&home, &["man"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("config.toml") && err.contains("line 2") && err.contains("mose"), "{err}");
}

#[test]
fn completions_and_the_manual_know_every_command() {
    let home = Home::new();
    let names: Vec<String> = diptych::cli::tree().get_subcommands().filter(|c| !c.is_hide_set()).map(|c| c.get_name().to_owned()).collect();
    assert!(names.len() > 2);
    for shell in ["bash", "zsh", "fish"] {
        let (status, out, _) = run(&home, &["completions", shell]);
        assert_eq!(status, 0);
        assert!(names.iter().all(|n| out.contains(n.as_str())), "{shell}");
    }
    let (status, page, _) = run(&home, &["man"]);
    assert_eq!(status, 0);
    assert!(page.contains(".TH diptych"));
    for name in &names {
        assert!(page.contains(&format!(".SS diptych {}\n", name.replace('-', "\\-"))), "{name} is not in the manual");
    }
}

#[test]
fn a_settings_file_is_written_on_request_and_never_over_another() {
    let home = Home::new();
    let (status, out, _) = run(&home, &["config", "--init"]);
    let path = home.path("config/diptych/config.toml");
    assert_eq!((status, out.trim()), (0, path.to_str().unwrap()));
    // It is understood as it stands, and every line in it that sets something is understood too.
    assert_eq!(run(&home, &["config"]).0, 0);
    let text = std::fs::read_to_string(&path).unwrap();
    let all: String = text.lines().map(|l| l.strip_prefix("#: ").unwrap_or(l).to_owned() + "\n").collect();
    std::fs::write(&path, all.replace("token_file", "#token_file").replace("token_command", "#token_command")).unwrap();
    let (status, out, err) = run(&home, &["config"]);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("notes.example.org"), "{out}");
    let (status, _, err) = run(&home, &["config", "--init"]);
    assert_eq!(status, 2, "{err}");
}

#[test]
fn a_reader_that_leaves_ends_a_command_quietly() {
    let home = Home::new();
    let mut child = home.command(&["man"]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert!(out.status.code().is_some_and(|s| s == 0), "{:?}", out.status);
    assert_eq!(String::from_utf8(out.stderr).unwrap(), "");
}

#[test]
fn doctor_names_what_it_looked_at() {
    let home = Home::new();
    let (status, out, err) = run(&home, &["doctor"]);
    assert_eq!(status, 0, "{out}{err}");
    for word in ["settings", "data", "log", "server", "terminal", "editor"] {
        assert!(out.contains(word), "no {word} in\n{out}");
    }
    let (status, out, _) = run(&home, &["doctor", "--server", "http://127.0.0.1:9", "--json"]);
    assert_eq!(status, 3, "{out}");
    let checks: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(checks["data"].as_array().unwrap().iter().any(|c| c["what"] == "server" && c["state"] == "trouble"), "{checks}");
}

#[test]
fn doctor_says_what_is_wrong_and_what_to_do() {
    let home = Home::new();
    let (status, out, _) = run(&home, &["doctor", "--editor", "no-such-editor -w"]);
    assert!(status == 4 && out.contains("!!  editor    no-such-editor is not found; set VISUAL"), "{out}");
    std::fs::write(home.path("a-file"), b"").unwrap();
    let out = home.command(&["doctor"]).env("XDG_STATE_HOME", home.path("a-file")).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.code() == Some(4) && text.contains("!!  log"), "{text}");
    let mut small = Term::start(&home, &["doctor"], 60, 11);
    small.wait("too small: 40×12 is the least");
    assert_eq!(small.exit(), 4);
    let mut dumb = Term::run(&home, env!("CARGO_BIN_EXE_diptych"), &["doctor"], &[("TERM", "dumb")], 100, 30);
    dumb.wait("TERM does not name a terminal");
    assert_eq!(dumb.exit(), 4);
    let mut well = Term::start(&home, &["doctor"], 100, 30);
    well.wait("ok  terminal  xterm-256color, 100×30.");
    assert_eq!(well.exit(), 0);
}

#[test]
fn a_note_from_a_script_is_listed_and_shown_as_it_was() {
    use std::io::Write;
    let home = Home::new();
    let mut child = home.command(&["new", "--title", "Thought", "--tag", "x"]);
    let mut child = child.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"A thought.\r\nNo end").unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    let id = String::from_utf8(out.stdout).unwrap().trim().to_owned();
    let (status, text, err) = run(&home, &["list"]);
    assert_eq!((status, text.trim()), (0, format!("{id}  synced      Thought").as_str()), "{err}");
    assert_eq!(run(&home, &["show", &id]).1, "A thought.\r\nNo end");
    let note: serde_json::Value = serde_json::from_str(&run(&home, &["show", &id, "--json"]).1).unwrap();
    assert_eq!(note["data"]["tags"][0], "x");
    assert_eq!(run(&home, &["show", "00000000-0000-7000-8000-000000000000"]).0, 2);
}

#[test]
fn a_token_is_revoked_by_its_name_or_its_number() {
    let home = Home::new();
    let token = |args: &[&str]| run(&home, &[&["token"], args].concat());
    for name in ["laptop", "phone", "phone"] {
        assert_eq!(token(&["add", name]).0, 0);
    }
    assert_eq!(token(&["revoke", "laptop"]), (0, String::new(), String::new()));
    let (status, _, err) = token(&["revoke", "phone"]);
    assert!(status == 2 && err.contains("2 live tokens are named phone"), "{err}");
    assert_eq!(token(&["revoke", "2"]).0, 0);
    assert_eq!(token(&["revoke", "phone"]).0, 0, "one is left of that name");
    let (status, _, err) = token(&["revoke", "laptop"]);
    assert!(status == 2 && err.contains("There is no live token laptop."), "{err}");
    assert_eq!(token(&["list"]).1.matches("revoked").count(), 3);
}
