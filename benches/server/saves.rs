//! Saves a second, their times and their cost, beside peers in alternating rounds.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::load::{self, Figures, Kind};
use super::process::{Running, free_port};
use super::{Subject, folder, median, postgres};

const SELF: &str = "diptych";
const STALE: &str = "diptych, each refused with 409";
const NAIVE: &str = "naive axum and rusqlite";
const ETCD: &str = "etcd";
const GIN: &str = "Gin, GORM and SQLite";

/// What a server did with so many connections: for each round the figures, CPU in ms for 1,000 saves, and peak memory in MB.
pub struct Row {
    pub name: &'static str,
    pub connections: usize,
    pub rounds: Vec<(Figures, f64, f64)>,
}

struct Target {
    name: &'static str,
    running: Running,
    kind: Kind,
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|p| std::env::split_paths(&p).any(|dir| dir.join(program).exists()))
}

fn peer(kind: &'static str, file: &Path) -> Running {
    let port = free_port();
    let own = std::env::current_exe().unwrap();
    Running::start(Command::new(own).args(["peer", kind, &port.to_string()]).arg(file), port)
}

fn etcd(folder: &Path) -> Running {
    let (port, other) = (free_port(), free_port());
    let (url, peer) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{other}"));
    let mut command = Command::new("etcd");
    command.arg("--data-dir").arg(folder.join("etcd"));
    command.args(["--listen-client-urls", &url, "--advertise-client-urls", &url, "--listen-peer-urls", &peer]);
    command.args(["--initial-advertise-peer-urls", &peer, "--initial-cluster", &format!("default={peer}"), "--log-level", "error"]);
    let running = Running::start(&mut command, port);
    std::thread::sleep(Duration::from_millis(1500)); // it elects itself
    running
}

/// Builds the handler in Go, with the packages of the distribution; `None` where there are none.
fn gin(folder: &Path) -> Option<PathBuf> {
    let (source, program) = (folder.join("gin.go"), folder.join("gin"));
    std::fs::write(&source, include_str!("gin.go")).unwrap();
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&program).arg(&source).current_dir(folder);
    go.envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode"), ("CGO_ENABLED", "1"), ("GOFLAGS", "")])
        .env("GOCACHE", folder.join("cache"));
    let built = go.output().ok()?;
    built.status.success().then_some(program)
}

/// One server at a time: each starts from nothing, is loaded, and ends before the next.
fn targets<'a>(round: &'a Path, gin: Option<&'a Path>) -> Vec<Box<dyn FnOnce() -> Target + 'a>> {
    let mut out: Vec<Box<dyn FnOnce() -> Target + 'a>> = Vec::new();
    let subject = move |name: &'static str, stale: bool| {
        let subject = Subject::start(round, &format!("sqlite:{}", round.join(format!("{stale}.db")).display()));
        let kind = subject.kind(stale);
        Target { name, running: subject.running, kind }
    };
    out.push(Box::new(move || subject(SELF, false)));
    out.push(Box::new(move || subject(STALE, true)));
    out.push(Box::new(|| Target { name: NAIVE, running: peer("naive", &round.join("naive.db")), kind: Kind::Plain }));
    if on_path("etcd") {
        out.push(Box::new(|| Target { name: ETCD, running: etcd(round), kind: Kind::Etcd }));
    }
    if let Some(gin) = gin {
        out.push(Box::new(move || {
            let port = free_port();
            let running = Running::start(Command::new(gin).arg(port.to_string()).arg(round.join("gin.db")), port);
            Target { name: GIN, running, kind: Kind::Plain }
        }));
    }
    out.push(Box::new(|| Target { name: "hello (no store)", running: peer("hello", Path::new("")), kind: Kind::Hello }));
    out
}

/// The tables.
pub async fn tables(quick: bool) {
    let (rounds, time) = if quick { (1, 1) } else { (5, 3) };
    let mut rows: Vec<Row> = Vec::new();
    let mut listening = Vec::new();
    let tools = folder();
    let gin = gin(tools.path());
    for _ in 0..rounds {
        let folder = folder();
        for start in targets(folder.path(), gin.as_deref()) {
            let Target { name, running, kind } = start();
            if name == SELF {
                listening.push(running.listening.as_secs_f64() * 1e3);
            }
            for connections in [1, 16, 64] {
                let before = running.cpu();
                let figures = load::run(&kind, running.port, connections, Duration::from_secs(time)).await;
                let cpu = (running.cpu() - before).as_secs_f64() * 1e6 / figures.saves.max(1) as f64;
                let result = (figures, cpu, running.peak_memory());
                match rows.iter_mut().find(|r| r.name == name && r.connections == connections) {
                    Some(row) => row.rounds.push(result),
                    None => rows.push(Row { name, connections, rounds: vec![result] }),
                }
            }
        }
    }
    if let Some(both) = postgres::rounds(rounds, Duration::from_secs(time)).await {
        rows.extend(both);
    }
    print(&rows);
    println!("\ndiptych listens {:.0} ms after its start.", median(listening));
    ratios(&rows);
}

fn print(rows: &[Row]) {
    println!("| server | connections | saves/s | p50 | p99 | CPU of the server for 1,000 saves | peak memory | wrong |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for row in rows {
        let of = |f: &dyn Fn(&(Figures, f64, f64)) -> f64| median(row.rounds.iter().map(f).collect());
        println!(
            "| {} | {} | {:.0} | {:.2} ms | {:.2} ms | {:.1} ms | {:.0} MB | {} |",
            row.name,
            row.connections,
            of(&|r| r.0.per_second),
            of(&|r| r.0.p50.as_secs_f64() * 1e3),
            of(&|r| r.0.p99.as_secs_f64() * 1e3),
            of(&|r| r.1),
            of(&|r| r.2),
            row.rounds.iter().map(|r| r.0.bad).sum::<usize>()
        );
    }
}

fn ratios(rows: &[Row]) {
    let of = |name: &str, connections: usize, f: &dyn Fn(&Figures) -> f64| {
        let row = rows.iter().find(|r| r.name == name && r.connections == connections)?;
        Some(median(row.rounds.iter().map(|r| f(&r.0)).collect()))
    };
    let rate = |f: &Figures| f.per_second;
    let tail = |f: &Figures| f.p99.as_secs_f64();
    let mine = |connections| of("diptych", connections, &rate).unwrap_or(f64::NAN);
    let told = |what: &str, ratio: Option<f64>, goal: &str| match ratio {
        Some(ratio) => println!("| {what} | {ratio:.2} | {goal} |"),
        None => println!("| {what} | not installed here | {goal} |"),
    };
    println!("\n| ratio of medians | here | goal |\n| --- | ---: | ---: |");
    for (peer, goal) in [(NAIVE, "≥ 4"), (GIN, "≥ 8"), (ETCD, "≥ 4"), (postgres::PGBENCH, "≥ 1.3")] {
        told(&format!("saves/s at 64 against {peer}"), of(peer, 64, &rate).map(|r| mine(64) / r), goal);
    }
    told("saves/s at 1 against naive", of(NAIVE, 1, &rate).map(|r| mine(1) / r), "≥ 1");
    told("p99 at 64 against etcd", of(ETCD, 64, &tail).map(|t| of(SELF, 64, &tail).unwrap_or(f64::NAN) / t), "≤ 0.4");
    told("409s at 64 against saves", of(STALE, 64, &rate).map(|r| r / mine(64)), "≥ 1");
    told(
        "PostgreSQL store at 64 against pgbench",
        of(postgres::OVER, 64, &rate).zip(of(postgres::PGBENCH, 64, &rate)).map(|(a, b)| a / b),
        "≥ 0.7",
    );
    told(
        "two processes on one PostgreSQL against one",
        of(postgres::TWO, 64, &rate).zip(of(postgres::OVER, 64, &rate)).map(|(a, b)| a / b),
        "≥ 1.5",
    );
}
