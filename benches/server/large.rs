//! Many notes: a save among a million against one among a thousand, and a list of a hundred thousand.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::load::{self, Wire};
use super::{Subject, folder, median};

/// Fills a store with notes of so many bytes, past the server.
fn fill(file: &Path, notes: u64, bytes: usize) {
    let mut conn = Connection::open(file).unwrap();
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF").unwrap();
    let text = load::text(bytes, 0);
    let tx = conn.transaction().unwrap();
    {
        let columns = "(space, id, version, title, body, tags, fields, deleted, created, updated, user, origin)";
        let mut version = tx
            .prepare(&format!("INSERT INTO versions {columns} VALUES (1, ?, 1, ?, ?, '[\"some\"]', '{{}}', 0, 1, 1, 'me', 'bench')"))
            .unwrap();
        let mut note = tx.prepare("INSERT INTO notes (space, id, row, seq, deleted) VALUES (1, ?, ?, ?, 0)").unwrap();
        for n in 1..=notes {
            let id = (u128::from(n) | 0x0193_a1c2_0000_7000_9000_0000_0000_0000).to_be_bytes();
            version.execute(params![id, format!("note {n}"), text]).unwrap();
            note.execute(params![id, tx.last_insert_rowid(), i64::try_from(n).unwrap()]).unwrap();
        }
    }
    tx.commit().unwrap();
    conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

fn filled(place: &Path, notes: u64, bytes: usize) -> Subject {
    let file = place.join(format!("{notes}.db"));
    let store = format!("sqlite:{}", file.display());
    drop(Subject::start(place, &store)); // makes the schema
    fill(&file, notes, bytes);
    Subject::start(place, &store)
}

/// The tables.
pub async fn tables(quick: bool) {
    let place = folder();
    let many = if quick { 100_000 } else { 1_000_000 };
    let (few, lot) = (filled(place.path(), 1_000, 200), filled(place.path(), many, 200));
    let (rounds, time) = if quick { (3, 1) } else { (5, 3) };
    let mut figures = [const { Vec::new() }; 4];
    for _ in 0..rounds {
        for (i, subject) in [&few, &lot].into_iter().enumerate() {
            let before = subject.running.cpu();
            let run = load::run(&subject.kind(false), subject.running.port, 16, Duration::from_secs(time)).await;
            figures[i].push(run.per_second);
            figures[i + 2].push((subject.running.cpu() - before).as_secs_f64() * 1e6 / run.saves.max(1) as f64);
        }
    }
    let [few_rate, lot_rate, few_cpu, lot_cpu] = figures.map(median);
    println!("\n| notes in the store | saves/s at 16 connections | CPU for 1,000 saves |\n| ---: | ---: | ---: |");
    println!("| 1,000 | {few_rate:.0} | {few_cpu:.1} ms |\n| {many} | {lot_rate:.0} | {lot_cpu:.1} ms |");
    println!(
        "\nA save among {many} against one among 1,000: {:.2} of the time (goal ≤ 1.3), {:.2} of the CPU.",
        few_rate / lot_rate,
        lot_cpu / few_cpu
    );
    search(&lot, &place.path().join(format!("{many}.db")), many).await;
    drop((few, lot));
    list(place.path(), quick).await;
}

/// How long a search takes until it finds something or has looked through all, in ms; how many requests that were, and what it found.
async fn asked(subject: &Subject, q: &str) -> (f64, usize, usize) {
    let mut wire = Wire::to(subject.running.port).await;
    let headers = format!("Authorization: Bearer {}\r\n", subject.token);
    let (begun, mut after, mut requests) = (Instant::now(), String::new(), 0);
    loop {
        let answer = wire.ask("GET", &format!("/api/notes?q={q}{after}"), &headers, "").await.unwrap().text();
        requests += 1;
        let found = answer.matches("\"updated_from\"").count();
        let next = load::member(&answer, "after");
        if let (Some(next), 0) = (next, found) {
            after = format!("&after={next}");
            continue;
        }
        return (begun.elapsed().as_secs_f64() * 1e3, requests, found);
    }
}

/// Searches before the index knows the notes, and after.
async fn search(subject: &Subject, file: &Path, many: u64) {
    println!(
        "\n| a search among {many} notes (requests) | rare words | a word in each note | a word in none | two letters in none |\n| --- | ---: | ---: | ---: | ---: |"
    );
    let (rare, none) = (format!("note%20{}", many / 2 + 7), "xylophone");
    let row = async |when: &str| {
        let all = [asked(subject, &rare).await, asked(subject, "note").await, asked(subject, none).await, asked(subject, "!!").await];
        assert_eq!(all.map(|a| a.2), [1, 100, 0, 0]);
        let shown = all.map(|(ms, requests, _)| format!("{ms:.1} ms ({requests})"));
        println!("| {when} | {} |", shown.join(" | "));
    };
    let conn = Connection::open(file).unwrap();
    let known = |c: &Connection| c.query_row("SELECT coalesce(max(seq), 0) FROM indexed", [], |r| r.get::<_, i64>(0)).unwrap();
    row(&format!("{:.0} % indexed", known(&conn) as f64 * 100.0 / many as f64)).await;
    let (begun, before) = (Instant::now(), known(&conn));
    let behind = "SELECT EXISTS (SELECT 1 FROM notes n JOIN indexed i ON i.space = n.space WHERE n.seq > i.seq)";
    while conn.query_row(behind, [], |r| r.get::<_, bool>(0)).unwrap() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let rate = (known(&conn) - before) as f64 / begun.elapsed().as_secs_f64();
    let bytes: i64 = conn.query_row("SELECT sum(pgsize) FROM dbstat WHERE name GLOB 'search*'", [], |r| r.get(0)).unwrap();
    row(&format!("all indexed ({rate:.0} notes a second, {:.0} bytes a note)", bytes as f64 / many as f64)).await;
}

async fn list(place: &Path, quick: bool) {
    let subject = filled(place, if quick { 10_000 } else { 100_000 }, 2_000);
    println!(
        "\nA list of all notes of 2 kB (`since=0`)\n\n| MB | MB/s | CPU of the server | MB for a second of that CPU | memory before | its peak |\n| ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    for _ in 0..if quick { 1 } else { 5 } {
        subject.running.forget_peak();
        let (before, cpu, begun) = (subject.running.memory(), subject.running.cpu(), Instant::now());
        let mut wire = Wire::to(subject.running.port).await;
        let ask = format!("GET /api/notes?since=0 HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n", subject.token);
        wire.send(&ask).await.unwrap();
        let (mut size, mut chunk) = (0, Vec::with_capacity(1 << 20));
        loop {
            chunk.clear();
            match wire.read(&mut chunk).await.unwrap() {
                0 => break,
                read => size += read,
            }
        }
        let (megabytes, seconds) = (size as f64 / 1e6, begun.elapsed().as_secs_f64());
        let cpu = (subject.running.cpu() - cpu).as_secs_f64();
        let peak = subject.running.peak_memory();
        println!("| {megabytes:.0} | {:.0} | {cpu:.2} s | {:.0} | {before:.0} MB | {peak:.0} MB |", megabytes / seconds, megabytes / cpu);
    }
}
