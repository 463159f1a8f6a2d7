//! Trouble with disks, files and certificates, met by the real program: a clear word, the right status, and nothing lost.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use diptych::client::disk::{Disk, DiskError};
use diptych::client::message::{Env, Input};
use diptych::client::rebase::Rules;
use diptych::client::sync::step;
use diptych::client::unseen::Unseen;
use diptych::domain::note::{Content, NoteId, Time};
use uuid::Uuid;

use crate::pty::{Home, Term, runnable};

fn told(mut command: Command, input: &str) -> (i32, String, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that reads nothing may have closed its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let out = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
}

fn run(home: &Home, args: &[&str], input: &str) -> (i32, String, String) {
    told(home.command(args), input)
}

/// A command in the surroundings of another.
fn surrounded_as(mut command: Command, inner: &Command, home: &Home) -> Command {
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(home.dir.path());
    command
}

/// The program under a shell's `ulimit -f`: no file may grow beyond so many KiB, as on a disk that is full.
fn cramped(home: &Home, kib: u64, args: &[&str]) -> Command {
    let inner = home.command(args);
    let mut command = Command::new("bash");
    command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"")).arg(inner.get_program()).args(inner.get_args());
    surrounded_as(command, &inner, home)
}

/// A server nobody answers at: the notes are then this device's alone.
const NOWHERE: [&str; 4] = ["--server", "http://127.0.0.1:9", "--token", "dpt_x"];

fn at<'a>(args: &[&'a str]) -> Vec<&'a str> {
    args.iter().copied().chain(NOWHERE).collect()
}

#[test]
fn a_full_disk_is_said_and_what_was_saved_before_stays() {
    let home = Home::new();
    let (status, id, err) = run(&home, &at(&["new", "--title", "before"]), "kept");
    assert_eq!(status, 0, "{err}");
    let size = std::fs::read_dir(home.path("data/diptych")).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).max().unwrap();
    let long = "no room for this\n".repeat(40_000);
    let (status, out, err) = told(cramped(&home, size / 1024 + 64, &at(&["new", "--title", "after"])), &long);
    assert_eq!((status, out.as_str()), (4, ""), "{err}");
    assert!(err.contains("not saved") && err.contains("Free some space"), "{err}");
    let (status, text, _) = run(&home, &at(&["show", id.trim()]), "");
    assert_eq!((status, text.as_str()), (0, "kept"));
    assert_eq!(run(&home, &at(&["list"]), "").1.lines().count(), 1, "half a note is no note");
    // With room again it goes on.
    assert_eq!(run(&home, &at(&["new", "--title", "after"]), &long).0, 0);
}

#[test]
fn without_a_server_a_history_of_copies_does_not_pass_for_all_there_is() {
    let home = Home::new();
    let (_, id, _) = run(&home, &at(&["new", "--title", "t"]), "kept");
    let rows: serde_json::Value = serde_json::from_str(&run(&home, &at(&["outbox", "--json"]), "").1).unwrap();
    assert_eq!(run(&home, &at(&["outbox", "drop", &rows["data"][0]["entry"].to_string()]), "").0, 0);
    let (status, out, err) = run(&home, &at(&["log", id.trim()]), "");
    assert!(status == 0 && out.starts_with("copy 1"), "{status} {out}{err}");
    assert!(err.contains("the server has the versions") && err.contains("could not be reached"), "{err}");
}

#[test]
fn typed_text_that_a_full_disk_does_not_take_stays_in_the_window_and_is_saved_later() {
    let home = Home::new();
    run(&home, &at(&["new", "--title", "before"]), "kept");
    let size = std::fs::read_dir(home.path("data/diptych")).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).max().unwrap();
    // A limit that a second shell lifts while the program runs, as someone who frees space does.
    let script = format!("trap '' XFSZ; ulimit -S -f {}; exec \"$0\" \"$@\"", size / 1024 + 24);
    let args: Vec<&str> = ["-c", &script, env!("CARGO_BIN_EXE_diptych")].into_iter().chain(NOWHERE).collect();
    let term = Term::run(&home, "bash", &args, &[], 100, 30);
    let text = term.wait_for("the list", |t| t.contains("before") || t.contains("Enter go on"));
    if text.contains("Enter go on") {
        term.send("\r");
    }
    term.wait("before");
    term.send("\r");
    term.wait("Esc back");
    term.send(&format!("\x1b[200~{}\x1b[201~", "more than fits here ".repeat(4_000)));
    term.wait("more than fits");
    term.send("\x13");
    term.wait_for("the word", |t| t.contains("not saved on this device"));
    let id = term.id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &id, &format!("--fsize={}:", 1_u64 << 40)]).status().unwrap().success());
    term.send("\x13");
    term.wait_for("saved", |t| t.contains("saved here"));
}

/// As someone who is not root, for whom permissions mean something.
fn as_nobody(home: &Home, args: &[&str]) -> Command {
    let inner = home.command(args);
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let program = home.path("diptych");
    runnable(inner.get_program().as_ref(), &program);
    std::fs::set_permissions(home.dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = if root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
        command
    } else {
        Command::new(&program)
    };
    command.args(inner.get_args());
    surrounded_as(command, &inner, home)
}

fn open_to_all(dir: &Path, mode: u32) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            open_to_all(&path, mode);
        } else {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode & 0o666)).unwrap();
        }
    }
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_or_file_that_may_not_be_written_is_said_and_left_as_it_is() {
    let home = Home::new();
    assert_eq!(run(&home, &at(&["new", "--title", "before"]), "kept").0, 0);
    let data = home.path("data");
    let files = || {
        let mut all: Vec<_> = std::fs::read_dir(data.join("diptych")).unwrap().map(|e| e.unwrap().path()).collect();
        all.sort();
        all.into_iter().filter(|p| p.extension().is_some_and(|e| e == "db")).map(|p| std::fs::read(p).unwrap()).collect::<Vec<_>>()
    };
    let before = files();
    for (folder, file) in [(0o555, 0o444), (0o777, 0o444)] {
        open_to_all(&data, 0o777);
        open_to_all(&data.join("diptych"), folder);
        for entry in std::fs::read_dir(data.join("diptych")).unwrap() {
            std::fs::set_permissions(entry.unwrap().path(), std::fs::Permissions::from_mode(file)).unwrap();
        }
        let (status, out, err) = told(as_nobody(&home, &at(&["new", "--title", "after"])), "lost?");
        assert_eq!((status, out.as_str()), (4, ""), "{folder:o}: {err}");
        assert!(err.contains("cannot be opened") && err.contains("may not be written"), "{folder:o}: {err}");
        assert_eq!(files(), before);
    }
    open_to_all(&data, 0o755);
    assert_eq!(run(&home, &at(&["list"]), "").1.lines().count(), 1);
}

fn content(n: u32) -> Content {
    Content { title: format!("note {n}"), body: format!("text of {n}, and more of it\n").repeat(300), ..Content::default() }
}

#[test]
fn of_a_file_damaged_in_the_middle_all_that_can_be_read_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let rules = Rules::default();
    let ids: Vec<NoteId> = (1..=40).map(|n| NoteId(Uuid::from_u128(n))).collect();
    let (mut disk, _) = Disk::open(&path, Time(0)).unwrap();
    for (n, id) in (1..).zip(&ids) {
        let env = Env { now: Time(1), key: Uuid::from_u128(9), no: i64::from(n), jitter: 0, rules: &rules, unseen: &Unseen::default() };
        disk.change(|d| d.turn(*id, false, |r| step(r, Input::Save(content(n), 1, None), &env)).map(drop)).unwrap();
        disk.change(|d| d.copy(*id, &content(n), "discarded", Time(2))).unwrap();
    }
    drop(disk);
    // A page of one note's text is scribbled over, as a failing disk does it. The search and the copies hold the text too, on pages of
    // their own: the one that reading the note meets is looked for.
    let whole = std::fs::read(&path).unwrap();
    let needle = b"text of 20, and more of it";
    let full = |page: &[u8]| page.windows(needle.len()).filter(|w| w == needle).count() > 50;
    let pages: Vec<usize> = (0..whole.len() / 4096).map(|n| n * 4096).filter(|at| full(&whole[*at..at + 4096])).collect();
    let mut bytes = Vec::new();
    let met = pages.into_iter().any(|page| {
        bytes.clone_from(&whole);
        bytes[page..page + 4096].fill(0x5a);
        std::fs::write(&path, &bytes).unwrap();
        // It opens, as nothing that opening reads is damaged; the damage is found when it is met, and said.
        let (disk, notices) = Disk::open(&path, Time(3_000_000)).unwrap();
        assert!(notices.is_empty(), "{notices:?}");
        ids.iter().any(|id| matches!(disk.load(*id), Err(DiskError::Damaged(_))))
    });
    assert!(met, "the damage is met");
    let (disk, notices) = Disk::open(&path, Time(3_000_000)).unwrap();
    assert!(notices[0].contains("kept as") && notices[0].contains("taken over"), "{notices:?}");
    let there = (1..).zip(&ids).filter(|(n, id)| disk.load(**id).unwrap().saved.is_some_and(|s| s.content == content(*n))).count();
    assert!(there >= ids.len() - 2, "{there} of {}", ids.len());
    assert_eq!(disk.copies(ids[0]).unwrap()[0].content, content(1));
    assert_eq!(std::fs::read(folder.path().join("notes.db.aside-3-0")).unwrap().len(), bytes.len(), "the damaged file is kept");
    assert_eq!(disk.pending().unwrap().len(), there, "what waited to be sent waits still");
    // Looked through once, not at every start.
    let (_, notices) = Disk::open(&path, Time(4_000_000)).unwrap();
    assert!(notices.is_empty(), "{notices:?}");
}

struct Served(Child, String);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server with a certificate that an authority of its own signed.
fn served_by_tls(home: &Home) -> (Served, String) {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::write(home.path("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let own = rcgen::KeyPair::generate().unwrap();
    let cert = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
    std::fs::write(home.path("cert.pem"), cert.pem()).unwrap();
    std::fs::write(home.path("key.pem"), own.serialize_pem()).unwrap();
    let (_, token, err) = run(home, &["token", "add", "laptop", "--store", "sqlite:server.db"], "");
    let token = token.split_whitespace().find(|w| w.starts_with("dpt_")).unwrap_or_else(|| panic!("{err}")).to_owned();
    let args = ["serve", "--store", "sqlite:server.db", "--listen", "127.0.0.1:0", "--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let mut child = home.command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split_whitespace().last().unwrap().to_owned();
    (Served(child, url), token)
}

#[test]
fn a_server_by_an_authority_of_ones_own_is_trusted_once_it_is_named() {
    let (at_home, home) = (Home::new(), Home::new());
    let (server, token) = served_by_tls(&at_home);
    assert!(server.1.starts_with("https://"), "{}", server.1);
    let ca = at_home.path("ca.pem");
    let (status, _, err) = run(&home, &["login", &server.1], &format!("{token}\n"));
    assert_eq!(status, 3);
    assert!(err.contains("certificate is not trusted") && err.contains("ca_file"), "{err}");
    let (status, _, err) = run(&home, &["login", &server.1, "--ca", at_home.path("cert.pem.missing").to_str().unwrap()], &token);
    assert!(status == 2 && err.contains("cannot be read"), "{status} {err}");
    let (status, out, err) = run(&home, &["login", &server.1, "--ca", ca.to_str().unwrap()], &format!("{token}\n"));
    assert_eq!(status, 0, "{out}{err}");
    // From here on plain commands go there: server and authority stand in the settings, the token in a file of its own.
    let settings = std::fs::read_to_string(home.path("config/diptych/config.toml")).unwrap();
    assert!(settings.contains(&format!("server = \"{}\"", server.1)) && settings.contains("ca.pem"), "{settings}");
    assert!(!settings.contains(&token));
    let (status, id, err) = run(&home, &["new", "--title", "over TLS", "--wait"], "x");
    assert_eq!(status, 0, "{err}");
    assert_eq!(run(&home, &["log", id.trim()], "").1.lines().count(), 1);
    let (status, out, _) = run(&home, &["doctor"], "");
    assert!(status == 0 && out.contains("ok  token     the server takes it."), "{out}");
    let (status, out, _) = run(&home, &["doctor", "--token", "dpt_another"], "");
    assert!(status == 3 && out.contains("!!  token") && out.contains("refuses it"), "{out}");
    let (status, out, _) = run(&home, &["doctor", "--ca", at_home.path("key.pem").to_str().unwrap()], "");
    assert!(status == 3 && out.contains("!!  server"), "{out}");
}
