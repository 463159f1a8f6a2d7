//! Every point at which the power can go while the client writes its file.
//!
//! The file grows by appending to SQLite's log. After each step of a story the log is cut at every page boundary, and in the middle of
//! every page, and opened as after a power cut: what is read must be the state before that step or after it, whole, and never one
//! older than a commit that was answered for. The same while a restored server is learnt anew, page by page, and, by the changes of names
//! it consists of, while a damaged file is set aside and salvaged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diptych::client::catch_up::{CatchUp, Head, Next};
use diptych::client::disk::{Disk, Kept, salvage};
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

/// Everything a file holds.
#[derive(PartialEq, Debug)]
struct All {
    notes: BTreeMap<NoteId, (Record, Vec<String>)>,
    place: (i64, Option<Uuid>),
}

fn all(disk: &Disk, ids: &[NoteId]) -> All {
    let texts = |id| disk.copies(id).unwrap().into_iter().map(|k| k.content.body).collect();
    let notes = ids.iter().map(|id| (*id, (disk.load(*id).unwrap(), texts(*id)))).collect();
    All { notes, place: (disk.seq().unwrap(), disk.store().unwrap()) }
}

/// Steps of several notes in one transaction, as the driver takes a page.
fn page(disk: &mut Disk, steps: Vec<(NoteId, Input)>, place: Option<(i64, Option<Uuid>)>, no: &mut i64) {
    let rules = Rules::default();
    disk.change(|disk| {
        for (id, input) in steps {
            *no += 1;
            let (now, key, unseen) = (Time(1_000_000 * *no), Uuid::from_u128(*no as u128), Unseen::default());
            let env = Env { now, key, no: *no, jitter: 0, rules: &rules, unseen: &unseen };
            let (_, effects) = disk.turn(id, false, |record| step(record, input, &env))?;
            for effect in effects {
                if let Effect::Copy(content, why) = effect {
                    disk.copy(id, &content, why, now)?;
                }
            }
        }
        place.map_or(Ok(()), |(seq, store)| disk.set_place(seq, store))
    })
    .unwrap();
}

/// A device with notes in every state, as it was when the server was set back.
fn before_the_restore(disk: &mut Disk, ids: &[NoteId], no: &mut i64) {
    let at = |n: usize, v: i64| Input::Remote(note(ids[n], v, 10 * n + usize::try_from(v).unwrap()));
    for (n, id) in ids.iter().enumerate() {
        let own = match n % 6 {
            0 => vec![at(n, 3)],
            1 => vec![at(n, 3), Input::Type(content(200 + n), 1, None)],
            2 => vec![at(n, 3), Input::Save(content(200 + n), 1, None), Input::Due(Lane::Note)],
            3 => {
                let present = Box::new(note(*id, 4, 300 + n));
                let answer = Answer::Conflict { present, base: None, conflicts: vec![FieldName::Body], conflict_id: None };
                vec![at(n, 3), Input::Save(content(200 + n), 1, None), Input::Due(Lane::Note), Input::Answered(Lane::Note, answer)]
            }
            4 => vec![at(n, 3), Input::Delete],
            _ => vec![Input::Save(content(200 + n), 1, None)],
        };
        page(disk, own.into_iter().map(|input| (*id, input)).collect(), None, no);
    }
    page(disk, Vec::new(), Some((40, Some(Uuid::from_u128(1)))), no);
}

/// What the restored server has: some notes as before, some older, some of another past, some not at all.
fn restored(ids: &[NoteId]) -> Vec<Note> {
    let there = |(n, id): (usize, &NoteId)| match n % 4 {
        0 => Some(note(*id, 3, 10 * n + 3)),
        1 => Some(note(*id, 2, 10 * n + 2)),
        2 => Some(note(*id, 5, 700 + n)),
        _ => None,
    };
    ids.iter().enumerate().filter_map(there).collect()
}

/// Learns what the server has; `after` is called after every transaction and says whether to go on.
fn learn(disk: &mut Disk, server: &[Note], no: &mut i64, mut after: impl FnMut(&Disk) -> bool) {
    let mut caught = CatchUp::new((disk.seq().unwrap(), disk.store().unwrap()));
    caught.begin();
    loop {
        let (seq, store) = caught.ask();
        let reset = store.is_some_and(|s| s != Uuid::from_u128(2));
        let from = if reset { 0 } else { usize::try_from(seq).unwrap() };
        let notes: Vec<Note> = server.iter().skip(from).take(3).cloned().collect();
        let to = from + notes.len();
        let head = Head { seq: i64::try_from(to).unwrap(), store: Some(Uuid::from_u128(2)), more: to < server.len(), reset };
        if !caught.opens(&head, !disk.synced().unwrap().is_empty()) {
            continue;
        }
        let steps = notes.into_iter().filter_map(|n| caught.came(n.clone(), &disk.load(n.id).unwrap())).collect();
        page(disk, steps, None, no);
        if !after(disk) {
            return;
        }
        if caught.taken(&head) == Next::Whole {
            break;
        }
    }
    let lacked = caught.lacked(disk.synced().unwrap());
    page(disk, lacked.into_iter().map(|id| (id, Input::SetBack(None))).collect(), None, no);
    if !after(disk) {
        return;
    }
    caught.whole();
    page(disk, caught.deletions(), Some(caught.place()), no);
    after(disk);
}

/// Every text of before is there still: on the server, as one's own text, or as a copy.
fn nothing_lost(before: &All, after: &All, server: &[Note]) {
    for (id, (record, _)) in &before.notes {
        let (now, copies) = &after.notes[id];
        let own = [&now.typed, &now.aside].into_iter().flatten().map(|t| &t.content.body);
        let own = own.chain(now.saved.iter().map(|s| &s.content.body)).chain(now.parked.iter().map(|p| &p.mine.body));
        let own = own.chain(now.synced.iter().map(|n| &n.content.body));
        let there: Vec<&String> = own.chain(copies).chain(server.iter().filter(|n| n.id == *id).map(|n| &n.content.body)).collect();
        let (typed, saved) = (record.typed.as_ref().map(|t| &t.content.body), record.saved.as_ref().map(|s| &s.content.body));
        let had = [typed, saved, record.parked.as_ref().map(|p| &p.mine.body), record.synced.as_ref().map(|n| &n.content.body)];
        for text in had.into_iter().flatten() {
            assert!(there.contains(&text), "{} of {id} is nowhere: {now:?}", text.lines().next().unwrap_or_default());
        }
    }
}

#[test]
fn a_power_cut_at_any_write_while_a_restored_server_is_learnt_anew_loses_nothing() {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let (path, log_path) = (folder.path().join("notes.db"), folder.path().join("notes.db-wal"));
    let ids: Vec<NoteId> = (1..=12).map(|n| NoteId(Uuid::from_u128(n))).collect();
    let server = restored(&ids);
    let mut no = 0;
    let (mut disk, _) = Disk::open(&path, Time(0)).unwrap();
    before_the_restore(&mut disk, &ids, &mut no);
    let first = all(&disk, &ids);
    // The state of the files after every transaction.
    let mut files = vec![(std::fs::read(&path).unwrap(), std::fs::read(&log_path).unwrap())];
    learn(&mut disk, &server, &mut no, |_| {
        files.push((std::fs::read(&path).unwrap(), std::fs::read(&log_path).unwrap()));
        true
    });
    drop(disk);
    let cut = folder.path().join("cut.db");
    let put = |base: &[u8], log: &[u8]| {
        let _ = std::fs::remove_file(folder.path().join("cut.db-shm"));
        std::fs::write(&cut, base).unwrap();
        std::fs::write(folder.path().join("cut.db-wal"), log).unwrap();
        Disk::open(&cut, Time(0)).unwrap().0
    };
    let mut points = 0;
    for pair in files.windows(2) {
        let [(_, before), (base, log)] = pair else { unreachable!() };
        let was = all(&put(&pair[0].0, before), &ids);
        let is = all(&put(base, log), &ids);
        let from = if log.len() > before.len() { before.len() } else { HEAD };
        for at in (from.max(HEAD)..=log.len()).step_by(FRAME / 2) {
            let mut disk = put(base, &log[..at]);
            let found = all(&disk, &ids);
            assert!(found == was || found == is, "log cut at {at} of {}", log.len());
            nothing_lost(&first, &found, &server);
            points += 1;
            // Started again, it learns the rest.
            if at == from.max(HEAD) || at + FRAME / 2 > log.len() {
                learn(&mut disk, &server, &mut (10_000 + no), |disk| {
                    nothing_lost(&first, &all(disk, &ids), &server);
                    true
                });
                assert_eq!(all(&disk, &ids).place.1, Some(Uuid::from_u128(2)));
            }
        }
    }
    println!("{points} crash points, 0 lost");
    assert!(points > 40, "{points}");
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| !n.ends_with("-shm"))
        .collect();
    names.sort();
    names
}

/// A file with notes in every state that is damaged, and the mark of damage; and what it holds.
fn damaged(folder: &Path, ids: &[NoteId]) -> (Vec<(String, Vec<u8>)>, All) {
    let path = folder.join("notes.db");
    let (mut disk, _) = Disk::open(&path, Time(0)).unwrap();
    before_the_restore(&mut disk, ids, &mut 0);
    let held = all(&disk, ids);
    drop(disk);
    // A page that holds nothing is scribbled over and named as free, so that the file does not pass a look and yet all can be read of it.
    let mut main = std::fs::read(&path).unwrap();
    main.extend([0x5a; 4096]);
    let last = u32::try_from(main.len() / 4096).unwrap();
    for (at, n) in [(28, last), (32, last), (36, 1)] {
        main[at..at + 4].copy_from_slice(&n.to_be_bytes());
    }
    (vec![("notes.db".to_owned(), main), ("notes.db.damaged".to_owned(), Vec::new())], held)
}

#[test]
fn a_power_cut_anywhere_while_a_damaged_file_is_salvaged_loses_nothing() {
    let ids: Vec<NoteId> = (1..=12).map(|n| NoteId(Uuid::from_u128(n))).collect();
    let made = tempfile::tempdir().unwrap();
    let (files, held) = damaged(made.path(), &ids);
    let fresh = |extra: &[(String, Vec<u8>)]| {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        files.iter().chain(extra).for_each(|(name, bytes)| std::fs::write(folder.path().join(name), bytes).unwrap());
        folder
    };
    let check = |folder: &Path, what: &str| {
        let path = folder.join("notes.db");
        let (disk, notices) = Disk::open(&path, Time(3_000_000)).unwrap();
        assert!(notices.len() == 1 && notices[0].contains("kept as") && notices[0].contains("12 notes"), "{what}: {notices:?}");
        let found = all(&disk, &ids);
        assert_eq!(found.notes, held.notes, "{what}");
        drop(disk);
        assert_eq!(entries(folder), ["notes.db", "notes.db.aside-3-0"], "{what}");
        assert_eq!(std::fs::read(folder.join("notes.db.aside-3-0")).unwrap().len(), files[0].1.len(), "{what}: the old file is kept whole");
        assert!(Disk::open(&path, Time(4_000_000)).unwrap().1.is_empty(), "{what}: told once");
        std::fs::read(path).unwrap()
    };
    let whole = fresh(&[]);
    let new = check(whole.path(), "without a cut");
    let (moving, told) = ("notes.db.moving".to_owned(), "It is kept as notes.db.aside-3-0 (12 notes).");
    let note = format!("notes.db.aside-3-0\n{told}\n").into_bytes();
    let new_name = "notes.db.new".to_owned();
    let mut points = 0;
    // While the new file is made: cut at any page, with or without the rest of a log.
    for at in (0..=new.len()).step_by(4096 * 3) {
        let folder = fresh(&[(new_name.clone(), new[..at].to_vec()), ("notes.db.new-wal".to_owned(), vec![0x37; at % 9000])]);
        check(folder.path(), &format!("the new file cut at {at}"));
        points += 1;
    }
    // While it is written down where the old one goes.
    for at in 0..note.len() {
        let folder = fresh(&[(new_name.clone(), new.clone()), (moving.clone(), note[..at].to_vec())]);
        check(folder.path(), &format!("the word of it cut at {at}"));
        points += 1;
    }
    // Between any two changes of names.
    let named = |folder: &Path| -> Vec<(PathBuf, PathBuf)> { salvage::moves(&folder.join("notes.db"), &folder.join("notes.db.aside-3-0")) };
    for done in 0..=named(whole.path()).len() {
        let folder = fresh(&[(new_name.clone(), new.clone()), (moving.clone(), note.clone())]);
        for (from, to) in named(folder.path()).into_iter().take(done).filter(|(from, _)| from.exists()) {
            std::fs::rename(from, to).unwrap();
        }
        check(folder.path(), &format!("{done} names changed"));
        points += 1;
    }
    println!("{points} crash points, 0 lost");
    assert!(points > 50, "{points}");
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
