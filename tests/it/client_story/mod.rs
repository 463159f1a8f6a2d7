//! The client against the real server over HTTP, with a network that loses, repeats and breaks off.

mod fire;
mod full;
mod kill;
mod lies;
mod locks;
mod set_back;
mod stuck;
mod week;
mod world;

use diptych::client::disk::Disk;
use diptych::client::handle::{Command, News, State};
use diptych::client::http::Http;
use diptych::domain::note::{NoteId, Time};

use crate::proxy::Fault;
use world::{Device, World, content, id};

async fn versions(device: &Device, note: NoteId) -> Vec<(i64, String)> {
    let rows = Http::new(&device.access).unwrap().history(note).await.unwrap();
    rows.into_iter().map(|r| (r.version, r.from)).collect()
}

async fn logged(device: &Device, note: NoteId, action: &str) -> usize {
    let query = format!("&entity_id={note}&action={action}");
    Http::new(&device.access).unwrap().audit(100, &query).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_collide_settle_collide_again_and_end_alike() {
    let world = World::start().await;
    let (mut laptop, mut desktop) = (world.device("laptop").await, world.device("desktop").await);
    let note = NoteId(id());
    laptop.save(note, content("Trip", "one\ntwo\nthree\n"));
    laptop.synced(note).await;
    desktop.has(note, "one\ntwo\nthree\n").await;

    laptop.proxy().cut(true);
    desktop.save(note, content("Trip", "one\ntwo of desktop\nthree\n"));
    desktop.synced(note).await;
    let revision = laptop.save(note, content("Trip", "one\ntwo of laptop\nthree\n"));
    laptop.saved_here(note, revision).await;
    laptop.proxy().cut(false);
    let first = laptop.needs_you(note).await;
    assert_eq!(first.base.as_ref().unwrap().content.body, "one\ntwo\nthree\n");
    assert_eq!(first.mine.body, "one\ntwo of laptop\nthree\n");
    assert_eq!(first.theirs.content.body, "one\ntwo of desktop\nthree\n");
    assert_eq!(first.theirs.updated_from, "desktop");
    assert!(first.conflict_id.is_some());

    // The choices made so far outlive the program.
    laptop.send(Command::Journal { id: note, journal: b"choices".to_vec() });
    let mut laptop = laptop.again().await;
    let detail = laptop.open(note).await;
    assert_eq!((detail.state, detail.parked.unwrap().journal), (State::NeedsYou, b"choices".to_vec()));

    // The note moves once more while the person settles: refused again, on the base just settled against.
    laptop.proxy().cut(true);
    desktop.save(note, content("Trip", "one of desktop\ntwo of desktop\nthree\n"));
    desktop.synced(note).await;
    laptop.settle(note, content("Trip", "one\ntwo of both\nthree\n"));
    laptop.proxy().cut(false);
    let second = laptop.needs_you(note).await;
    assert_eq!(second.mine.body, "one\ntwo of both\nthree\n");
    assert_eq!(second.base.as_ref(), Some(&first.theirs));
    assert_eq!(second.theirs.content.body, "one of desktop\ntwo of desktop\nthree\n");
    assert!(second.journal.is_empty());

    laptop.settle(note, content("Trip", "one of desktop\ntwo of both\nthree\n"));
    assert_eq!(laptop.settled(note).await, 4);
    desktop.has(note, "one of desktop\ntwo of both\nthree\n").await;
    assert_eq!(laptop.synced(note).await.synced.unwrap().version, 4);
    assert_eq!(logged(&laptop, note, "conflict_409").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alone_means_no_conflict_whatever_the_network_does() {
    let world = World::start().await;
    let mut device = world.device("laptop").await;
    for fault in [Fault::DropRequest, Fault::DropReply, Fault::HalfReply, Fault::Duplicate] {
        let note = NoteId(id());
        device.proxy().next("POST /api/notes ", fault);
        device.save(note, content("new", "1\n"));
        device.synced(note).await;
        device.proxy().next("PUT", fault);
        device.save(note, content("new", "1\n2\n"));
        // Saved again before the answer to the first can be known.
        device.save(note, content("new", "1\n2\n3\n"));
        device.synced(note).await;
        device.proxy().next("PUT", fault);
        device.proxy().next("PUT", fault);
        device.send(Command::Delete(note));
        let detail = device.synced(note).await;
        assert!(detail.synced.as_ref().unwrap().content.deleted, "{fault:?}");
        device.send(Command::Undelete(note));
        let end = device.synced(note).await.synced.unwrap();
        assert_eq!(end.content, content("new", "1\n2\n3\n"), "{fault:?}");
        let versions = versions(&device, note).await;
        assert!((4..=5).contains(&versions.len()), "{fault:?}: {versions:?}");
    }
    assert_eq!(device.refusals, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_server_had_comes_back_when_its_deletion_is_undone() {
    let world = World::start().await;
    let mut device = world.device("laptop").await;
    let (new, known) = (NoteId(id()), NoteId(id()));
    device.save(known, content("known", "1\n"));
    device.synced(known).await;
    device.send(Command::Type { id: new, base: None, content: Box::new(content("", "only typed\n")), revision: 1 });
    device.send(Command::Type { id: known, base: Some(1), content: Box::new(content("known", "1\nand typed\n")), revision: 2 });
    for note in [new, known] {
        device.send(Command::Delete(note));
    }
    device.synced(known).await;
    let mut device = device.again().await;
    for note in [new, known] {
        device.send(Command::Undelete(note));
    }
    assert_eq!(device.open(new).await.draft.unwrap().content, content("", "only typed\n"));
    assert_eq!(device.open(known).await.draft.unwrap().content, content("known", "1\nand typed\n"));
    device.save(known, content("known", "1\nand typed\n"));
    assert_eq!(device.synced(known).await.synced.unwrap().content, content("known", "1\nand typed\n"));
    assert_eq!(device.refusals, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_between_send_and_answer_is_no_conflict() {
    let world = World::start().await;
    let mut device = world.device("laptop").await;
    let note = NoteId(id());
    device.proxy().next("POST /api/notes ", Fault::DropReply);
    let revision = device.save(note, content("new", "1\n"));
    device.saved_here(note, revision).await;
    device.hear("trouble", |n| matches!(n, News::ConnectionIs(diptych::client::Connection::Offline { .. })).then_some(())).await;
    let mut device = device.again().await;
    device.synced(note).await;
    device.proxy().next("PUT", Fault::DropReply);
    device.save(note, content("new", "1\n2\n"));
    device.hear("trouble", |n| matches!(n, News::ConnectionIs(diptych::client::Connection::Offline { .. })).then_some(())).await;
    let mut device = device.again().await;
    assert_eq!(device.synced(note).await.synced.unwrap().version, 2);
    assert_eq!(device.refusals, 0);
    assert_eq!(versions(&device, note).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_offline_and_a_conflict_that_blocks_only_its_own_note() {
    let world = World::start().await;
    let (mut laptop, mut desktop) = (world.device("laptop").await, world.device("desktop").await);
    let shared = NoteId(id());
    laptop.save(shared, content("shared", "a\n"));
    laptop.synced(shared).await;
    desktop.has(shared, "a\n").await;
    laptop.proxy().cut(true);
    desktop.save(shared, content("shared", "a of desktop\n"));
    desktop.synced(shared).await;
    let (kept, gone) = (NoteId(id()), NoteId(id()));
    laptop.save(shared, content("shared", "a of laptop\n"));
    laptop.save(gone, content("gone", "never sent\n"));
    laptop.send(Command::Delete(gone));
    for n in 0..20 {
        laptop.save(kept, content("kept", &format!("draft {n}\n")));
    }
    let revision = laptop.save(kept, content("kept", "last\r\nno newline"));
    laptop.saved_here(kept, revision).await;
    let mut laptop = laptop.again().await;
    laptop.proxy().cut(false);
    laptop.needs_you(shared).await;
    let other = laptop.synced(kept).await.synced.unwrap();
    assert_eq!((other.version, other.content.body.as_str()), (1, "last\r\nno newline"), "later saves collapse into one");
    assert!(Http::new(&laptop.access).unwrap().note(gone).await.is_err(), "what was deleted before any server heard of it");
    assert_eq!(laptop.open(shared).await.state, State::NeedsYou);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_answer_of_a_saved_note_never_undoes_what_was_typed_meanwhile() {
    let world = World::start().await;
    let mut device = world.device("laptop").await;
    let note = NoteId(id());
    device.proxy().next("POST /api/notes ", Fault::Delay(std::time::Duration::from_millis(150)));
    device.save(note, content("new", "1\n"));
    let typed = content("new", "1\ntyped\n");
    device.send(Command::Type { id: note, base: None, content: Box::new(typed.clone()), revision: 99 });
    device.hear("acceptance", |n| matches!(n, News::Synced(s, _) if s.id == note).then_some(())).await;
    let detail = device.open(note).await;
    let draft = detail.draft.unwrap();
    assert_eq!((draft.content, draft.base_version, draft.saved), (typed, 1, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_set_back_is_caught_up_with() {
    let (before, after) = (World::start().await, World::start().await);
    let mut device = before.device("laptop").await;
    let notes: Vec<NoteId> = (0..3).map(|_| NoteId(id())).collect();
    for note in &notes {
        device.save(*note, content("old", "kept here\n"));
        device.synced(*note).await;
    }
    while Disk::open(&device.db, Time(0)).unwrap().0.seq().unwrap() < 3 {
        device.send(Command::SyncNow);
        device.open(notes[0]).await;
    }
    let mut device = device.again().await;
    let file = device.db.clone();
    device.send(Command::Stop);
    device.hear("stopped", |n| matches!(n, News::Stopped).then_some(())).await;
    let mut other = after.device("desktop").await;
    let there = NoteId(id());
    other.save(there, content("there", "only there\n"));
    other.synced(there).await;
    std::fs::copy(&file, after.folder.path().join("laptop.db")).unwrap();
    let mut device = after.device("laptop").await;
    device.has(there, "only there\n").await;
    device.save(notes[0], content("old", "kept here\nand changed\n"));
    assert_eq!(device.synced(notes[0]).await.synced.unwrap().content.body, "kept here\nand changed\n");
    assert_eq!(device.refusals, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mass_deletion_is_asked_about_first() {
    let world = World::start().await;
    let (mut laptop, mut desktop) = (world.device("laptop").await, world.device("desktop").await);
    let notes: Vec<NoteId> = (0..8).map(|_| NoteId(id())).collect();
    for note in &notes {
        desktop.save(*note, content("n", "text\n"));
        desktop.synced(*note).await;
    }
    for note in &notes {
        laptop.has(*note, "text\n").await;
    }
    laptop.proxy().cut(true);
    for note in &notes[..6] {
        desktop.send(Command::Delete(*note));
        desktop.synced(*note).await;
    }
    laptop.proxy().cut(false);
    let held = laptop.hear("the brake", |n| if let News::DeletionsHeld(n, of) = n { Some((*n, *of)) } else { None }).await;
    assert_eq!(held, (6, 8));
    assert!(!laptop.open(notes[0]).await.synced.unwrap().content.deleted);
    laptop.send(Command::AllowDeletions);
    for note in &notes[..6] {
        laptop.deleted(*note).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_program_on_one_file_is_refused_or_works_as_a_guest() {
    let world = World::start().await;
    let mut device = world.device("laptop").await;
    let parts = || diptych::client::Parts { clock: world::clock(), ids: std::sync::Arc::new(id), seed: 2 };
    let config = |guest| diptych::client::Config { access: device.access.clone(), db: device.db.clone(), guest };
    assert!(matches!(diptych::client::start(&config(false), parts()), Err(diptych::client::OpenError::InUse)));
    let (guest, mut news) = diptych::client::start(&config(true), parts()).unwrap();
    let note = NoteId(id());
    guest.send(Command::Save { id: note, base: None, content: Box::new(content("by a guest", "x\n")), revision: 1 });
    while !matches!(news.recv().await.unwrap(), News::SavedHere(..)) {}
    // The first program finds it on the disk and sends it.
    device.synced(note).await;
    // Both save at once, each without having heard of the other's.
    device.proxy().cut(true);
    let notes: Vec<(NoteId, NoteId)> = (0..20).map(|_| (NoteId(id()), NoteId(id()))).collect();
    for (here, there) in &notes {
        guest.send(Command::Save { id: *there, base: None, content: Box::new(content("by a guest", "y\n")), revision: 2 });
        device.save(*here, content("by the first", "z\n"));
    }
    let mut saved = 0;
    while saved < notes.len() {
        let news = news.recv().await.unwrap();
        assert!(!matches!(news, News::Failed(..)), "{news:?}");
        saved += usize::from(matches!(news, News::SavedHere(..)));
    }
    device.proxy().cut(false);
    for (here, there) in notes {
        device.synced(here).await;
        device.synced(there).await;
    }
}

#[test]
fn a_caller_whose_runtime_ends_first_loses_nothing_it_asked_for() {
    let callers = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("laptop.db");
    let note = NoteId(id());
    let (handle, mut news) = callers.block_on(async {
        let parts = diptych::client::Parts { clock: world::clock(), ids: std::sync::Arc::new(id), seed: 1 };
        let server = "http://127.0.0.1:9".to_owned();
        let access = diptych::client::http::Access { server, token: "dpt_x".to_owned(), origin: "laptop".to_owned(), ca: None };
        diptych::client::start(&diptych::client::Config { access, db: db.clone(), guest: false }, parts).unwrap()
    });
    callers.shutdown_background();
    for n in 0..50 {
        let text = Box::new(content("late", &format!("text {n}\n")));
        assert!(handle.send(Command::Save { id: note, base: None, content: text, revision: n }));
    }
    drop(handle);
    let mut last = None;
    while let Some(said) = news.blocking_recv() {
        last = Some(said);
    }
    assert!(matches!(last, Some(News::Stopped)), "it stopped by itself, and in order: {last:?}");
    let (disk, _) = Disk::open(&db, Time(0)).unwrap();
    assert_eq!(disk.load(note).unwrap().saved.unwrap().content.body, "text 49\n");
}
