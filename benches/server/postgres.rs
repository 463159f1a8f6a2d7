//! PostgreSQL, where it is installed: pgbench doing the same compare-and-swap with its audit row, and this server over the same database,
//! as one process and as two.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::load::{self, Figures};
use super::saves::Row;
use super::{Subject, folder};

pub const PGBENCH: &str = "pgbench, the same in SQL";
pub const OVER: &str = "diptych over PostgreSQL";
pub const TWO: &str = "two diptychs over one PostgreSQL";

const SETUP: &str = "DROP TABLE IF EXISTS note, log;
CREATE TABLE note (id BIGINT PRIMARY KEY, version BIGINT NOT NULL, body TEXT NOT NULL, updated TIMESTAMPTZ NOT NULL DEFAULT now());
CREATE TABLE log (id BIGSERIAL PRIMARY KEY, note BIGINT, old BIGINT, new BIGINT, at TIMESTAMPTZ);
INSERT INTO note SELECT n, 1, repeat('lorem ', 333) FROM generate_series(1, 1000) n;";

const SAVE: &str = "\\set v :v + 1
\\set id :client_id + 1
WITH saved AS (UPDATE note SET version = version + 1, body = repeat('lorem ', 333), updated = now() WHERE id = :id AND version = :v RETURNING version) INSERT INTO log (note, old, new, at) SELECT :id, version - 1, version, now() FROM saved;
";

struct Database {
    bin: PathBuf,
    folder: PathBuf,
}

fn bin() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|e| e.path().join("bin"));
    installed.into_iter().find(|dir| ["initdb", "pg_ctl", "psql", "pgbench"].iter().all(|p| dir.join(p).exists()))
}

impl Database {
    /// A new one with its own settings, waiting for the disk; `None` where PostgreSQL is not installed.
    fn start() -> Option<Database> {
        let bin = bin()?;
        // A socket's path has 107 bytes at most, and the folder must be open to the user the server runs as.
        let folder = tempfile::Builder::new().prefix("dpb").tempdir_in("/tmp").unwrap().keep();
        let out = Database { bin, folder };
        assert!(Command::new("chmod").arg("777").arg(&out.folder).status().unwrap().success());
        let dir = out.folder.display();
        assert!(out.command("initdb", &format!("-D {dir}/d -A trust -U postgres -E UTF8 --locale=C.UTF-8")), "initdb");
        let options = format!("-k {dir} -c listen_addresses='' -c max_connections=200");
        assert!(out.command("pg_ctl", &format!("-D {dir}/d -w -l {dir}/d/log -o \"{options}\" start")), "pg_ctl");
        Some(out)
    }

    /// Runs one of its programs, as the user `postgres` where this is root.
    fn command(&self, program: &str, args: &str) -> bool {
        let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        let who = if root { "runuser -u postgres -- " } else { "" };
        let script = format!("cd /; {who}{}/{program} {args}", self.bin.display());
        Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    fn pgbench(&self, script: &Path, connections: usize, time: Duration) -> Figures {
        let script = script.display();
        let host = self.folder.display().to_string();
        let args = format!("-h {host} -U postgres -n -M prepared -f {script} -D v=0 -c {connections} -j 1 -T {} postgres", time.as_secs());
        let out = Command::new(self.bin.join("pgbench")).args(args.split(' ')).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let after = |name: &str| {
            let rest = text.split(name).nth(1).unwrap_or("0").trim_start();
            rest.split([' ', '\n']).next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(f64::NAN)
        };
        let mean = Duration::from_secs_f64(after("latency average = ") / 1e3);
        Figures { per_second: after("tps = "), p50: mean, p99: Duration::ZERO, saves: after("processed: ") as usize, bad: 0 }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let dir = self.folder.display();
        self.command("pg_ctl", &format!("-D {dir}/d -m immediate stop"));
        let _ = std::fs::remove_dir_all(&self.folder); // what is left is in the system's folder for such things
    }
}

/// Both in alternating rounds at 64 connections; `None` where PostgreSQL is not installed. Of pgbench, p50 is a mean and there is no p99.
pub async fn rounds(rounds: usize, time: Duration) -> Option<Vec<Row>> {
    let database = Database::start()?;
    let place = folder();
    let script = database.folder.join("save.sql");
    std::fs::write(&script, SAVE).unwrap();
    let host = database.folder.display();
    assert!(database.command("psql", &format!("-h {host} -U postgres -c 'CREATE DATABASE notes'")));
    let address = format!("postgresql:///notes?host={host}&user=postgres");
    let mut out = [PGBENCH, OVER, TWO].map(|name| Row { name, connections: 64, rounds: Vec::new() });
    for _ in 0..rounds {
        assert!(
            Command::new(database.bin.join("psql"))
                .args(["-q", "-h", &host.to_string(), "-U", "postgres", "-c", SETUP])
                .output()
                .unwrap()
                .status
                .success()
        );
        out[0].rounds.push((database.pgbench(&script, 64, time), f64::NAN, f64::NAN));
        for processes in [1, 2] {
            let subjects: Vec<Subject> = (0..processes).map(|_| Subject::start(place.path(), &address)).collect();
            let cpu = || subjects.iter().map(|s| s.running.cpu().as_secs_f64()).sum::<f64>();
            let servers: Vec<_> = subjects.iter().map(|s| (s.kind(false), s.running.port)).collect();
            let (before, begun) = (cpu(), Instant::now());
            let figures = load::run_over(&servers, 64, time).await;
            let cpu = (cpu() - before) * 1e6 / figures.saves.max(1) as f64;
            assert!(begun.elapsed() >= time);
            let memory = subjects.iter().map(|s| s.running.peak_memory()).fold(0.0, f64::max);
            out[processes].rounds.push((figures, cpu, memory));
        }
    }
    Some(out.into())
}
