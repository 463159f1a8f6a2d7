//! `diptych merge` from outside: a real `git mergetool` in a terminal, plain questions, JSON both ways, and files whose bytes must stay.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::pty::{Home, Term};

fn git(home: &Home, dir: &Path, args: &[&str]) -> Output {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", "-c", "core.autocrlf=false"]);
    git.args(args).current_dir(dir).envs(home.env()).env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap()
}

fn write(home: &Home, name: &str, bytes: &[u8]) -> String {
    let path = home.path(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Runs the program with something on its standard input.
fn fed(home: &Home, args: &[&str], input: &str) -> Output {
    let mut child = home.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Files of a conflict: name, base, mine, theirs.
type Case = (&'static str, &'static [u8], &'static [u8], &'static [u8]);

const CASES: [Case; 3] = [
    ("a.md", b"one\r\ntwo\r\n", b"one\r\nmine\r\n", b"one\r\ntheirs\r\n"),
    ("b.md", b"end", b"mine end", b"theirs end"),
    ("c.txt", b"caf\xe9 base\n", b"caf\xe9 mine\n", b"caf\xe9 theirs\n"),
];

/// A repository in the middle of a merge of these files.
fn conflict(home: &Home, cases: &[Case]) -> std::path::PathBuf {
    let dir = home.path("repo");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::create_dir_all(home.path("home")).unwrap();
    let put = |side: usize| {
        for (name, base, mine, theirs) in cases {
            std::fs::write(dir.join(name), [base, mine, theirs][side]).unwrap();
        }
        git(home, &dir, &["add", "-A"]);
        git(home, &dir, &["commit", "-qm", "side"]);
    };
    git(home, &dir, &["init", "-q", "-b", "main"]);
    put(0);
    git(home, &dir, &["checkout", "-qb", "other"]);
    put(2);
    git(home, &dir, &["checkout", "-q", "main"]);
    put(1);
    git(home, &dir, &["merge", "other"]);
    // The settings are those the program itself prints.
    let setup = home.command(&["merge", "--setup", "git"]).output().unwrap();
    let config = dir.join(".git/config");
    std::fs::write(&config, [std::fs::read(&config).unwrap(), setup.stdout].concat()).unwrap();
    dir
}

/// The paths to look programs up in, this program's first.
fn on_path() -> String {
    let own = Path::new(env!("CARGO_BIN_EXE_diptych")).parent().unwrap().display().to_string();
    format!("{own}:{}", std::env::var("PATH").unwrap())
}

#[test]
fn a_mergetool_run_settles_several_files() {
    let home = Home::new();
    let dir = conflict(&home, &CASES);
    let unmerged = || String::from_utf8(git(&home, &dir, &["diff", "--name-only", "--diff-filter=U"]).stdout).unwrap();
    assert_eq!(unmerged(), "a.md\nb.md\nc.txt\n");
    let repo = dir.to_str().unwrap();
    let path = on_path();
    let mut term = Term::run(&home, "git", &["-C", repo, "mergetool", "--no-prompt"], &[("PATH", &path)], 80, 24);
    for (n, (name, ..)) in CASES.iter().enumerate() {
        term.wait_for(&format!("{name} open"), |s| {
            s.contains(&format!("settle · {name}")) || s.contains(name) && s.contains("0 of 1 settled")
        });
        term.send(["m", "t", "b"][n]);
        term.wait("1 of 1 settled");
        term.send("w");
        if n < 2 {
            term.wait("save it so");
            term.send("y");
        }
    }
    assert_eq!(term.exit(), 0, "{}", term.text());
    assert_eq!(unmerged(), "");
    let read = |name: &str| std::fs::read(dir.join(name)).unwrap();
    assert_eq!(read("a.md"), b"one\r\nmine\r\n");
    assert_eq!(read("b.md"), b"theirs end");
    assert_eq!(read("c.txt"), b"caf\xe9 mine\ncaf\xe9 theirs\n");
}

#[test]
fn a_mergetool_run_refuses_a_binary_file_and_leaves_it_alone() {
    let home = Home::new();
    let (base, mine, theirs): (&[u8], &[u8], &[u8]) = (b"\x00base\n", b"\x00mine\n", b"\x00theirs\n");
    let dir = conflict(&home, &[("a.bin", base, mine, theirs)]);
    let repo = dir.to_str().unwrap();
    let mut term = Term::run(&home, "git", &["-C", repo, "mergetool", "--no-prompt"], &[("PATH", &on_path())], 80, 24);
    term.wait("binary");
    assert_ne!(term.exit(), 0);
    let unmerged = git(&home, &dir, &["diff", "--name-only", "--diff-filter=U"]).stdout;
    assert_eq!(String::from_utf8(unmerged).unwrap(), "a.bin\n");
    assert_eq!(std::fs::read(dir.join("a.bin")).unwrap(), mine);
}

#[test]
fn leaving_keeps_the_conflict_and_the_choices() {
    let home = Home::new();
    let (b, m, t) = (write(&home, "b", b"a\n\nb\n\n"), write(&home, "m", b"A\n\nB\n\n"), write(&home, "t", b"x\n\ny\n\n"));
    let out = home.path("out");
    let args = ["merge", &b, &m, &t, "-o", out.to_str().unwrap()];
    let mut term = Term::start(&home, &args, 80, 24);
    term.wait("0 of 2 settled");
    term.send("m");
    term.wait("1 of 2 settled");
    term.send("q");
    assert_eq!(term.exit(), 1);
    assert!(term.is_restored());
    assert!(!out.exists());
    let mut term = Term::start(&home, &args, 80, 24);
    term.wait("1 of 2 settled");
    term.send("W");
    assert_eq!(term.exit(), 1);
    assert_eq!(std::fs::read_to_string(&out).unwrap().lines().next(), Some("A"));
    assert!(std::fs::read_to_string(&out).unwrap().contains("<<<<<<< "));
}

#[test]
fn choices_for_files_outlive_the_program_and_go_when_the_result_is_written() {
    let home = Home::new();
    let (b, m, t) = (write(&home, "b", b"a\n\nb\n\n"), write(&home, "m", b"A\n\nB\n\n"), write(&home, "t", b"x\n\ny\n\n"));
    let out = home.path("out");
    let args = ["merge", &b, &m, &t, "-o", out.to_str().unwrap()];
    let kept = |name: std::ffi::OsString| name.to_string_lossy().ends_with(".journal");
    let journals =
        || std::fs::read_dir(home.path("state/diptych/merges")).map_or(0, |d| d.flatten().filter(|e| kept(e.file_name())).count());
    let mut term = Term::start(&home, &args, 80, 24);
    term.wait("0 of 2 settled");
    term.send("t");
    term.wait_for("the choice is on disk", |_| journals() == 1);
    term.signal("-KILL");
    term.exit();
    let mut term = Term::start(&home, &args, 80, 24);
    term.wait("1 of 2 settled");
    term.send("n");
    term.send("t");
    term.wait("2 of 2 settled");
    term.send("w");
    term.wait("save it so");
    term.send("y");
    assert_eq!(term.exit(), 0);
    assert_eq!(std::fs::read(&out).unwrap(), b"x\n\ny\n\n");
    assert_eq!(journals(), 0);
}

#[test]
fn the_settings_for_others_can_be_read_by_them() {
    let home = Home::new();
    let printed = |tool: &str| String::from_utf8(home.command(&["merge", "--setup", tool]).output().unwrap().stdout).unwrap();
    let jj: toml::Table = printed("jj").parse().unwrap();
    assert_eq!(jj["ui"]["merge-editor"].as_str(), Some("diptych"));
    let args: Vec<&str> = jj["merge-tools"]["diptych"]["merge-args"].as_array().unwrap().iter().filter_map(|a| a.as_str()).collect();
    assert_eq!(args, ["merge", "$base", "$left", "$right", "-o", "$output"]);
    let hg = printed("hg");
    assert!(hg.lines().all(|l| l.is_empty() || l.starts_with(['#', '[']) || l.contains(" = ")), "{hg}");
}

#[test]
fn plain_questions_on_standard_input() {
    let home = Home::new();
    let (b, m, t) = (
        write(&home, "b", b"on Monday, room four\n\nx\n"),
        write(&home, "m", b"on Friday, room four\n\nmine\n"),
        write(&home, "t", b"on Monday, room six\n\ntheirs\n"),
    );
    let out = write(&home, "out", b"old");
    let args = ["merge", &b, &m, &t, "-o", &out, "--plain"];
    let left = fed(&home, &args, "p\n");
    assert_eq!(left.status.code(), Some(1), "the end of the input leaves");
    assert_eq!(std::fs::read(&out).unwrap(), b"old");
    // The first answer is kept; only the second question is asked again.
    assert!(String::from_utf8_lossy(&left.stdout).contains("1 mine: “Monday” → “Friday”"), "{left:?}");
    let done = fed(&home, &args, "e\ntyped\n.\ny\n");
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert_eq!(std::fs::read(&out).unwrap(), b"on Friday, room six\n\ntyped\n");
    assert!(String::from_utf8_lossy(&done.stdout).contains("dropped: mine changed"));
}

#[test]
fn json_out_and_decisions_in() {
    let home = Home::new();
    let (b, m, t) = (write(&home, "b", b"a\n"), write(&home, "m", b"mine\n"), write(&home, "t", b"theirs\n"));
    let told = home.command(&["--json", "merge", &b, &m, &t]).output().unwrap();
    assert_eq!(told.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((&told["open"], &told["hunks"][0]["kind"]), (&1.into(), &"clash".into()));
    let out = home.path("out");
    let args = ["merge", &b, &m, &t, "-o", out.to_str().unwrap(), "--decide", "-"];
    let decisions = format!("{{\"hunks\": [{{\"hunk\": {}, \"choice\": \"both-theirs-first\"}}]}}", told["hunks"][0]["hunk"]);
    assert_eq!(fed(&home, &args, &decisions).status.code(), Some(0));
    assert_eq!(std::fs::read(&out).unwrap(), b"theirs\nmine\n");
    assert_eq!(fed(&home, &args, "{}").status.code(), Some(1), "what is left open is said");
    let nowhere = fed(&home, &args, "{\"hunks\": [{\"hunk\": 99, \"choice\": \"mine\"}]}");
    assert!(nowhere.status.code() == Some(2) && String::from_utf8_lossy(&nowhere.stderr).contains("no hunk 99"), "{nowhere:?}");
    assert_eq!(fed(&home, &args, "nonsense").status.code(), Some(2));
}

#[test]
fn files_that_are_no_text_or_not_there() {
    let home = Home::new();
    let (m, t) = (write(&home, "m", b"mine\n"), write(&home, "t", b"mine\n"));
    let binary = write(&home, "bin", b"a\0b");
    let missing = home.path("none").to_str().unwrap().to_owned();
    let run = |args: &[&str]| home.command(args).output().unwrap();
    let refused = run(&["merge", &m, &binary, &t, "-o", &m]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is binary"), "{refused:?}");
    assert_eq!(run(&["merge", &m, &missing, &t, "-o", &m]).status.code(), Some(4));
    assert_eq!(run(&["merge", &m, &m, &t]).status.code(), Some(2), "no place for the result");
    let same = run(&["merge", &missing, &m, &t, "--markers"]);
    assert_eq!((same.status.code(), same.stdout), (Some(0), b"mine\n".to_vec()), "a missing base is an empty one");
    for tool in ["git", "jj", "hg"] {
        let setup = run(&["merge", "--setup", tool]);
        assert!(setup.status.success() && String::from_utf8_lossy(&setup.stdout).contains("diptych"));
    }
}

#[cfg(unix)]
#[test]
fn the_result_keeps_mode_and_link() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let (b, m, t) = (write(&home, "b", b"a\n"), write(&home, "m", b"mine\n"), write(&home, "t", b"a\n"));
    let real = write(&home, "real", b"old\n");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("real", home.path("link")).unwrap();
    let link = home.path("link").to_str().unwrap().to_owned();
    assert!(home.command(&["merge", &b, &m, &t, "-o", &link, "--markers"]).output().unwrap().status.success());
    assert!(std::fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
    assert_eq!(std::fs::read(&real).unwrap(), b"mine\n");
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
}
