//! The README's way to notes on two machines, as its commands say: a server, a token, a login on each, and a collision settled.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use crate::pty::{Home, Term};

/// A server as the README starts it, but on a free port.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(home: &Home) -> Server {
        let mut command = home.command(&["serve", "--store", "sqlite:notes.db", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().last().unwrap().to_owned();
        Server { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn login(home: &Home, url: &str, token: &str) {
    let mut child = home.command(&["login", url]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{token}").unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

fn open(home: &Home, client: &str) -> Term {
    Term::run(home, env!("CARGO_BIN_EXE_diptych"), &[], &[("DIPTYCH_CLIENT", client)], 80, 24)
}

#[test]
fn two_terminals_on_one_server_collide_and_settle() {
    let (at_home, laptop, desktop) = (Home::new(), Home::new(), Home::new());
    let out = at_home.command(&["token", "add", "laptop", "--store", "sqlite:notes.db"]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let printed = String::from_utf8(out.stdout).unwrap();
    let token = printed.split_whitespace().find(|w| w.starts_with("dpt_")).unwrap().to_owned();
    let server = Server::start(&at_home);
    login(&laptop, &server.url, &token);
    login(&desktop, &server.url, &token);
    let mut wrong = laptop.command(&["login", &server.url]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(wrong.stdin.take().unwrap(), "dpt_wrong").unwrap();
    assert_eq!(wrong.wait_with_output().unwrap().status.code(), Some(3));

    let mut a = open(&laptop, "laptop");
    a.wait_for("the first screen", |t| t.contains("first note") || t.contains("n new"));
    a.send("n");
    a.wait("Esc back");
    a.send("Dinner at seven\r\rfor four");
    a.wait("for four");
    a.send("\x13");
    a.wait("synced");

    let mut b = open(&desktop, "desktop");
    b.wait_for("the first screen", |t| t.contains("Enter go on") || t.contains("Dinner"));
    if b.text().contains("Enter go on") {
        b.send("\r");
    }
    b.wait("Dinner at seven");
    b.send("\r");
    b.wait_for("the editor", |t| t.contains("Esc back") && t.contains("for four"));
    // Both type on version 1; the desktop saves first.
    a.send(" or five");
    a.wait("for four or five");
    b.send("\x1b[B\x1b[B\x1b[Fteen");
    b.wait("for fourteen");
    b.send("\x13");
    b.wait("synced");
    a.send("\x13");
    a.wait("needs you");
    a.send("\x07");
    a.wait("desktop");
    a.send("\r");
    a.wait("0 of 1 settled");
    a.send("b");
    a.wait("1 of 1 settled");
    a.send("w");
    let text = a.wait_for("verdict or the editor", |t| t.contains("does not hold all") || t.contains("synced"));
    if text.contains("does not hold all") {
        a.send("y");
    }
    a.wait("v3 ");
    for term in [&a, &b] {
        let text = term.wait_for("both lines", |t| t.contains("for four or five") && t.contains("for fourteen"));
        assert!(text.contains("synced"), "{text}");
    }
    for term in [&mut a, &mut b] {
        term.send("\x11");
        assert_eq!(term.exit(), 0);
    }
}
