//! What typing costs: each batch of typed text is durable at once, and in a long note it writes about as much as was typed.

use std::path::Path;
use std::process::Command as Process;
use std::time::Instant;

use diptych::client::disk::Disk;
use diptych::client::handle::{Command, Handle, News};
use diptych::client::http::Access;
use diptych::client::message::{Env, Input};
use diptych::client::rebase::Rules;
use diptych::client::sync::step;
use diptych::client::unseen::Unseen;
use diptych::client::{self, Parts};
use diptych::domain::note::{Content, NoteId, Time};
use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Uuid;

const BATCHES: u64 = 40;
const CHILD: &str = "DIPTYCH_TEST_TYPING";

fn started(db: &Path) -> (Handle, UnboundedReceiver<News>) {
    let next = std::sync::atomic::AtomicU64::new(1);
    let step = move || next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let parts = Parts {
        clock: std::sync::Arc::new(|| Time(1_790_000_000_000_000)),
        ids: std::sync::Arc::new(move || Uuid::from_u128(u128::from(step()))),
        seed: 1,
    };
    let access = Access { server: "http://127.0.0.1:9".into(), token: "dpt_x".into(), origin: "laptop".into(), ca: None };
    client::start(&client::Config { access, db: db.to_owned(), guest: false }, parts).unwrap()
}

fn kept(news: &mut UnboundedReceiver<News>, wanted: u64) {
    while let Some(said) = news.blocking_recv() {
        match said {
            News::Kept(_, r) | News::SavedHere(_, r) if r == wanted => return,
            News::Failed(_, why) => panic!("{why}"),
            _ => {}
        }
    }
    panic!("the client has stopped");
}

/// Bytes this process has written to files.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    io.lines().find_map(|l| l.strip_prefix("wchar: ")).unwrap().trim().parse().unwrap()
}

/// Not a test of its own: what the child process runs, where nothing else writes. Without the environment of a child it does nothing.
#[test]
fn child_that_types_into_a_long_note() {
    if std::env::var(CHILD).is_err() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (handle, mut news) = started(&folder.path().join("laptop.db"));
    let id = NoteId(Uuid::from_u128((0x0193_a1c2_u128 << 96) | (7 << 76) | (2 << 62) | 1));
    let body = "Some words of a long note, line after line.\n".repeat(24_000);
    let mut text = Content { title: "long".into(), body, ..Content::default() };
    handle.send(Command::Save { id, base: None, content: Box::new(text.clone()), revision: 1 });
    kept(&mut news, 1);
    let middle = text.body.len() / 2;
    let (begun, mut each) = (Instant::now(), Vec::new());
    for n in 2..2 + BATCHES {
        text.body.insert_str(middle, "typed ");
        let before = written();
        handle.send(Command::Type { id, base: None, content: Box::new(text.clone()), revision: n });
        kept(&mut news, n);
        each.push(written() - before);
    }
    let ms = begun.elapsed().as_secs_f64() * 1000.0 / BATCHES as f64;
    // The middle one: now and then SQLite moves its log over, and a try to send is counted, while something is typed.
    each.sort_unstable();
    let bytes = each[each.len() / 2];
    println!("\nbatch {bytes} bytes {ms:.2} ms");
}

#[test]
fn a_batch_typed_into_a_long_note_writes_little() {
    let child = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "typing::child_that_types_into_a_long_note", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&child.stdout);
    let line = out.lines().find(|l| l.starts_with("batch ")).unwrap_or_else(|| panic!("{out}"));
    println!("{line}");
    let bytes: u64 = line.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(bytes < 64 * 1024, "{bytes} bytes written for six typed into a megabyte");
}

/// Small edits anywhere in a text of characters of every width, as a person and as a machine makes them.
fn edited(text: &str, n: u64) -> String {
    let at = |x: u64| {
        let mut at = usize::try_from(x % (text.len() as u64 + 1)).unwrap();
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (a, b) = (at(n >> 7), at(n >> 9));
    let piece = ["é", "a", "🙂🙂", "", "\r\n", "wort "][usize::try_from(n >> 40).unwrap() % 6];
    let stop = if n.is_multiple_of(3) { a.max(b).min(a + 40) } else { a };
    let stop = (a..=stop).rev().find(|i| text.is_char_boundary(*i)).unwrap();
    format!("{}{piece}{}", &text[..a], &text[stop..])
}

#[test]
fn the_journal_of_typing_says_what_was_typed_last_whoever_writes_between() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("laptop.db");
    let (mut disk, _) = Disk::open(&path, Time(0)).unwrap();
    let (mut guest, _) = Disk::open(&path, Time(0)).unwrap();
    let rules = Rules::default();
    let id = NoteId(Uuid::from_u128(5));
    let turn = |disk: &mut Disk, n: u64, input: Input| {
        let env = Env {
            now: Time(i64::try_from(n).unwrap()),
            key: Uuid::from_u128(1),
            no: 1,
            jitter: 0,
            rules: &rules,
            unseen: &Unseen::default(),
        };
        let typing = matches!(input, Input::Type(..));
        disk.change(|disk| disk.turn(id, typing, |record| step(record, input, &env)).map(drop)).unwrap();
    };
    let mut text = Content { title: "t".into(), body: "日本 one two\r\nthree é 🙂\n".repeat(30), ..Content::default() };
    turn(&mut disk, 0, Input::Save(text.clone(), 1, None));
    for n in 1..700 {
        text.body = edited(&text.body, n);
        if n.is_multiple_of(50) {
            text.tags.push(format!("tag{n}"));
        }
        match n % 97 {
            13 => turn(&mut guest, n, Input::Type(text.clone(), n, None)),
            14 => turn(&mut guest, n, Input::Save(text.clone(), n, None)),
            15 => turn(&mut disk, n, Input::Save(text.clone(), n, None)),
            _ => turn(&mut disk, n, Input::Type(text.clone(), n, None)),
        }
        assert_eq!(guest.load(id).unwrap().content(), Some(&text), "batch {n}");
        let rows: i64 = rusqlite::Connection::open(&path).unwrap().query_row("SELECT count(*) FROM typing", [], |r| r.get(0)).unwrap();
        assert!(rows <= 256, "{rows}");
    }
    // A search finds what only the journal has.
    text.body.push_str("unheardof");
    turn(&mut disk, 800, Input::Type(text.clone(), 800, None));
    assert_eq!(disk.search("unheardof", 5).unwrap().len(), 1);
    assert_eq!(disk.load(id).unwrap().typed.unwrap().content, text);
}

#[test]
fn a_file_of_the_first_format_is_brought_up_to_date_with_all_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../assets/migrations/client/1.sql")).unwrap();
    let content = |body: &str| format!(r#"{{"title":"t","body":"{body}","tags":[],"fields":{{}},"deleted":false}}"#);
    let edit = |body: &str| format!(r#"{{"content":{},"base":{{"version":0,"note":null}},"at":1}}"#, content(body));
    let sql = "INSERT INTO notes (id, title, tags, excerpt, state, updated_at, origin, version, marked, deleted, shown, saved, typed)
        VALUES (?1, 't', '[]', '', 2, 1, '', 0, 0, 0, 1, ?2, ?3)";
    let id = NoteId(Uuid::from_u128(7));
    old.execute(sql, rusqlite::params![id.0.as_bytes(), edit("saved"), edit("typed")]).unwrap();
    old.execute_batch("PRAGMA user_version = 1; PRAGMA application_id = 0x64707479; PRAGMA journal_mode = WAL;").unwrap();
    drop(old);
    let (disk, notices) = Disk::open(&path, Time(0)).unwrap();
    assert!(notices.is_empty(), "{notices:?}");
    let record = disk.load(id).unwrap();
    assert_eq!((record.saved.unwrap().content.body, record.typed.unwrap().content.body), ("saved".to_owned(), "typed".to_owned()));
}
