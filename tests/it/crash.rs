//! Every point at which the power can go while the client writes its file.
//!
//! The file grows by appending to SQLite's log. After each step of a story the log is cut at every page boundary, and in the middle of
//! every page, and opened as after a power cut: what is read must be the state before that step or after it, whole, and never one
//! older than a commit that was answered for.

use std::path::Path;

use diptych::client::disk::{Disk, Kept};
use diptych::client::handle::News;
use diptych::client::message::{Answer, Effect, Env, Input};
use diptych::client::rebase::Rules;
use diptych::client::record::{Lane, Record, Report};
use diptych::client::sync::step;
use diptych::client::unseen::Unseen;
use diptych::domain::note::{Content, FieldName, Note, NoteId, Time};
use uuid::Uuid;

const FRAME: usize = 4096 + 24;
const HEAD: usize = 32;

fn content(n: usize) -> Content {
    // Long enough that one step fills more than a page.
    Content { title: format!("title {n}"), body: format!("line {n}\r\n").repeat(400), tags: vec![format!("t{n}")], ..Content::default() }
}

/// The same with something typed into it: what goes into the journal of typing.
fn typed(n: usize, batch: usize) -> Content {
    let mut content = content(n);
    content.body.insert_str(8 * batch, &"é typed ".repeat(batch));
    content
}

fn note(id: NoteId, version: i64, n: usize) -> Note {
    let at = Time(1_000 + version);
    Note { id, version, content: content(n), created_at: at, updated_at: at, updated_by: "ada".into(), updated_from: "desktop".into() }
}

/// A life of one note: typed, saved, refused, settled half, settled, refused again, settled, accepted, deleted.
fn story(id: NoteId) -> Vec<Input> {
    let refusal = |present: Note, base: Note| {
        let conflict_id = Some(Uuid::from_u128(9).to_string());
        Answer::Conflict { present: Box::new(present), base: Some(Box::new(base)), conflicts: vec![FieldName::Body], conflict_id }
    };
    let report = || Report { conflict_id: None, outcome: "merged".into(), hunks: [1, 0, 0, 0], seconds: 1 };
    vec![
        Input::Type(content(1), 1, None),
        Input::Type(typed(1, 1), 1, None),
        Input::Type(typed(1, 9), 1, None),
        Input::Type(Content { title: "another title".into(), ..typed(1, 2) }, 1, None),
        Input::Save(content(1), 2, None),
        Input::Due(Lane::Note),
        Input::Answered(Lane::Note, Answer::Later("not now".into(), None)),
        Input::Retry(Lane::Note),
        Input::Due(Lane::Note),
        Input::Type(content(2), 3, None),
        Input::Type(typed(2, 3), 3, None),
        Input::Answered(Lane::Note, Answer::Saved(Box::new(note(id, 1, 1)))),
        Input::Save(content(3), 4, None),
        Input::Due(Lane::Note),
        Input::Save(content(4), 5, None),
        Input::Answered(Lane::Note, refusal(note(id, 2, 50), note(id, 1, 1))),
        Input::Type(content(5), 6, None),
        Input::Type(typed(5, 4), 6, None),
        Input::Type(typed(5, 2), 6, None),
        Input::Journal(vec![7; 3000]),
        Input::Journal(vec![8; 9000]),
        Input::Settle(content(6), report()),
        Input::Due(Lane::Note),
        Input::Answered(Lane::Note, refusal(note(id, 3, 51), note(id, 2, 50))),
        Input::Settle(content(7), report()),
        Input::Due(Lane::Note),
        Input::Answered(Lane::Note, Answer::Saved(Box::new(note(id, 4, 7)))),
        Input::Due(Lane::Report),
        Input::Answered(Lane::Report, Answer::Done),
        Input::Mark(true),
        Input::Discard,
        Input::Type(typed(7, 4), 8, None),
        Input::Delete,
        Input::Undelete,
        Input::Delete,
    ]
}

/// One step, stored as the driver stores it. Gives what the person was told.
fn turn(disk: &mut Disk, id: NoteId, input: Input, n: i64) -> Vec<News> {
    let rules = Rules::default();
    let env = Env {
        now: Time(1_000_000 * n + 600_000_000 * n),
        key: Uuid::from_u128(n as u128),
        no: n,
        jitter: 0,
        rules: &rules,
        unseen: &Unseen::default(),
    };
    let typing = matches!(input, Input::Type(..));
    let effects = disk
        .change(|disk| {
            let (_, effects) = disk.turn(id, typing, |record| step(record, input, &env))?;
            for effect in &effects {
                if let Effect::Copy(content, why) = effect {
                    disk.copy(id, content, why, env.now)?;
                }
            }
            disk.set_place(n, None)?;
            Ok(effects)
        })
        .unwrap();
    effects.into_iter().filter_map(|e| if let Effect::Tell(news) = e { Some(news) } else { None }).collect()
}

/// All that the file holds of the note.
#[derive(PartialEq, Debug)]
struct Whole {
    record: Record,
    copies: Vec<Kept>,
    seq: i64,
    rows: usize,
}

fn whole(path: &Path, id: NoteId) -> Whole {
    let (mut disk, notices) = Disk::open(path, Time(0)).unwrap();
    assert!(notices.is_empty(), "{notices:?}");
    let record = disk.load(id).unwrap();
    let found = disk.search("title", 10).unwrap().len();
    let rows = disk.rows().unwrap().len();
    assert_eq!(found, usize::from(record.content().is_some_and(|c| !c.deleted)), "the search is in step");
    Whole { copies: disk.copies(id).unwrap(), seq: disk.seq().unwrap(), rows, record }
}

fn opened_after_a_cut(folder: &Path, base: &[u8], log: &[u8], id: NoteId) -> Whole {
    let path = folder.join("cut.db");
    let beside = |end: &str| folder.join(format!("cut.db{end}"));
    let _ = std::fs::remove_file(beside("-shm"));
    std::fs::write(&path, base).unwrap();
    std::fs::write(beside("-wal"), log).unwrap();
    let out = whole(&path, id);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(end));
    }
    out
}

fn rows_of_typing(path: &Path) -> i64 {
    rusqlite::Connection::open(path).unwrap().query_row("SELECT count(*) FROM typing", [], |r| r.get(0)).unwrap()
}

#[test]
fn a_power_cut_at_any_write_leaves_the_state_before_or_after_a_step() {
    // In memory, where there is such a place: what is tried is the order of the writes, not this machine's disk.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let path = folder.path().join("notes.db");
    let log_path = folder.path().join("notes.db-wal");
    let id = NoteId(Uuid::from_u128(1));
    let (mut disk, _) = Disk::open(&path, Time(0)).unwrap();
    let (mut points, mut before, mut had, mut journalled) = (0, None, 0, 0);
    for (n, input) in story(id).into_iter().enumerate() {
        let told = turn(&mut disk, id, input, n as i64 + 1);
        journalled += rows_of_typing(&path);
        let (base, log) = (std::fs::read(&path).unwrap(), std::fs::read(&log_path).unwrap());
        let after = opened_after_a_cut(folder.path(), &base, &log, id);
        if told.iter().any(|t| matches!(t, News::SavedHere(..))) {
            assert!(after.record.saved.is_some() || after.record.parked.is_some(), "said to be saved, and is");
        }
        // A log that began anew holds only this step; else only what was added can be missing.
        let from = if log.len() > had { had } else { HEAD };
        let frames = (from.max(HEAD)..log.len()).step_by(FRAME);
        for cut in frames.flat_map(|at| [at, at + FRAME / 2]).filter(|cut| *cut < log.len()) {
            let found = opened_after_a_cut(folder.path(), &base, &log[..cut], id);
            if let Some(before) = &before {
                assert_eq!(&found, before, "step {n}, log cut at {cut} of {}", log.len());
            }
            points += 1;
            if cut % FRAME == HEAD {
                continue;
            }
            // The tail may also hold what was there before: a page half written.
            let mut torn = log.clone();
            torn[cut..].fill(0xa5);
            let found = opened_after_a_cut(folder.path(), &base, &torn, id);
            assert!(found == after || before.as_ref().is_none_or(|b| *b == found), "step {n}, torn at {cut}");
            points += 1;
        }
        (before, had) = (Some(after), log.len());
    }
    println!("{points} crash points, 0 lost");
    assert!(journalled > 8, "the journal of typing was in use: {journalled}");
    assert!(points > 200, "{points}");
}

#[test]
fn a_file_that_is_not_ours_or_is_damaged_is_kept_aside_and_never_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);").unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "Dear diary, this is not a database, but someone wrote it.\n".repeat(50)).unwrap();
    for path in [foreign, text] {
        let before = std::fs::read(&path).unwrap();
        let (disk, notices) = Disk::open(&path, Time(5_000_000)).unwrap();
        assert_eq!(disk.rows().unwrap(), []);
        assert!(notices[0].contains("kept as"), "{notices:?}");
        let mut aside = path.as_os_str().to_owned();
        aside.push(".aside-5-0");
        assert_eq!(std::fs::read(aside).unwrap(), before);
    }
}
