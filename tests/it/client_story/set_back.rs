//! A server restored from an older copy of its data: what it lost is still here, is not sent there unasked, and nothing is deleted.

use std::path::Path;

use diptych::client::disk::Disk;
use diptych::client::handle::{Command, News, State};
use diptych::domain::note::{NoteId, Time};

use super::world::{Device, World, content, id};

fn copied(from: &Path, to: &Path) {
    rusqlite::Connection::open(from).unwrap().execute("VACUUM INTO ?", [to.to_str().unwrap()]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_restored_server_lost_becomes_a_draft_and_nothing_here_goes() {
    let world = World::in_file().await;
    let mut laptop = world.device("laptop").await;
    let [same, changed, made, on_its_way, elsewhere] = [(); 5].map(|()| NoteId(id()));
    for note in [same, changed, on_its_way, elsewhere] {
        laptop.save(note, content("n", "first\n"));
        laptop.synced(note).await;
    }
    let copy = world.folder.path().join("copy.db");
    copied(&world.file(), &copy);
    for note in [changed, made, on_its_way, elsewhere] {
        laptop.save(note, content("n", "second\n"));
        laptop.synced(note).await;
    }
    laptop.send(Command::SyncNow);
    laptop.hear("all", |n| matches!(n, News::CaughtUp).then_some(())).await;
    laptop.proxy().cut(true);
    let revision = laptop.save(on_its_way, content("n", "third\n"));
    laptop.saved_here(on_its_way, revision).await;
    laptop.send(Command::Stop);
    laptop.hear("stopped", |n| matches!(n, News::Stopped).then_some(())).await;

    // The copy takes its place and goes on: by number it is soon beyond what this device has seen.
    let restored = World::over(&copy, &world.token).await;
    let mut other = restored.device("other").await;
    other.has(elsewhere, "first\n").await;
    for text in ["a\n", "b\n", "c\n", "d\n", "e\n"] {
        other.save(elsewhere, content("n", text));
        other.synced(elsewhere).await;
    }
    std::fs::copy(&laptop.db, restored.folder.path().join("laptop.db")).unwrap();
    drop(laptop);
    let mut laptop = restored.device("laptop").await;
    let word = laptop.hear("a word", |n| if let News::Notice(text) = n { Some(text.clone()) } else { None }).await;
    assert!(word.contains("set back") && word.contains("Nothing is deleted"), "{word}");

    let state = |d: &diptych::client::Detail| (d.state, d.draft.as_ref().map(|d| d.content.body.clone()));
    let detail = laptop.open(same).await;
    assert_eq!(state(&detail), (State::Synced, None));
    for (note, base) in [(changed, 1), (made, 0)] {
        let detail = laptop.open(note).await;
        assert_eq!(state(&detail), (State::Typed, Some("second\n".to_owned())));
        assert_eq!(detail.draft.unwrap().base_version, base);
    }
    let parked = laptop.open(on_its_way).await.parked.expect("a person decides");
    assert_eq!((parked.mine.body.as_str(), parked.theirs.content.body.as_str()), ("third\n", "first\n"));
    assert_eq!(parked.base.unwrap().content.body, "second\n");
    let detail = laptop.open(elsewhere).await;
    assert_eq!((detail.state, detail.synced.unwrap().content.body.as_str()), (State::Synced, "e\n"));

    // The text that others went on from elsewhere is kept as a copy, which the note's history shows and gives back.
    laptop.send(Command::History(elsewhere));
    let rows = laptop.hear("history", |n| if let News::History(i, r) = n { (*i == elsewhere).then(|| r.clone()) } else { None }).await;
    let kept = rows.iter().find(|r| r.version < 0).expect("a copy");
    laptop.send(Command::VersionAt(elsewhere, kept.version));
    let text = laptop.hear("the copy", |n| if let News::VersionIs(n) = n { Some(n.content.body.clone()) } else { None }).await;
    assert_eq!(text, "second\n");

    // Nothing was sent there by itself; what the person saves is.
    assert!(
        !laptop.proxy().seen().iter().any(|l| l.starts_with("PUT") || l.starts_with("POST /api/notes ")),
        "{:?}",
        laptop.proxy().seen()
    );
    for note in [changed, made] {
        laptop.save(note, content("n", "second\n"));
        assert_eq!(laptop.synced(note).await.synced.unwrap().content.body, "second\n");
    }
    assert_eq!(laptop.refusals, 1, "but for the save that was on its way");
    // Told once: after a restart the place is known.
    let mut laptop = laptop.again().await;
    let mut told: Vec<String> = Vec::new();
    laptop
        .hear("all", |n| {
            told.extend(if let News::Notice(text) = n { Some(text.clone()) } else { None });
            matches!(n, News::CaughtUp).then_some(())
        })
        .await;
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletions_that_a_set_back_server_tells_of_are_asked_about() {
    let world = World::in_file().await;
    let mut laptop: Device = world.device("laptop").await;
    let notes: Vec<NoteId> = (0..8).map(|_| NoteId(id())).collect();
    for note in &notes {
        laptop.save(*note, content("n", "text\n"));
        laptop.synced(*note).await;
        laptop.send(Command::Delete(*note));
        laptop.synced(*note).await;
    }
    let copy = world.folder.path().join("copy.db");
    copied(&world.file(), &copy);
    for note in &notes {
        laptop.send(Command::Undelete(*note));
        laptop.synced(*note).await;
    }
    laptop.send(Command::SyncNow);
    laptop.hear("all", |n| matches!(n, News::CaughtUp).then_some(())).await;
    laptop.send(Command::Stop);
    laptop.hear("stopped", |n| matches!(n, News::Stopped).then_some(())).await;
    let restored = World::over(&copy, &world.token).await;
    std::fs::copy(&laptop.db, restored.folder.path().join("laptop.db")).unwrap();
    drop(laptop);
    let mut laptop = restored.device("laptop").await;
    let held = laptop.hear("the brake", |n| if let News::DeletionsHeld(n, of) = n { Some((*n, *of)) } else { None }).await;
    assert_eq!(held, (8, 8));
    for note in &notes {
        assert!(!laptop.open(*note).await.synced.unwrap().content.deleted);
    }
    laptop.send(Command::AllowDeletions);
    for note in &notes {
        let detail = laptop.deleted(*note).await;
        assert_eq!(detail.draft.unwrap().content.body, "text\n", "what was deleted there in an older state is a draft here");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_on_an_equal_number_of_another_past_is_refused_and_shown() {
    let world = World::in_file().await;
    let mut laptop = world.device("laptop").await;
    let note = NoteId(id());
    laptop.save(note, content("n", "first\n"));
    laptop.synced(note).await;
    let copy = world.folder.path().join("copy.db");
    copied(&world.file(), &copy);
    laptop.save(note, content("n", "second, lost\n"));
    assert_eq!(laptop.synced(note).await.synced.unwrap().version, 2);
    let restored = World::over(&copy, &world.token).await;
    let mut other = restored.device("other").await;
    other.has(note, "first\n").await;
    other.save(note, content("n", "second, of another past\n"));
    assert_eq!(other.synced(note).await.synced.unwrap().version, 2);
    // No connection breaks, and nothing is being asked: the laptop knows of nothing when it saves on top of version 2.
    while Disk::open(&laptop.db, Time(0)).unwrap().0.seq().unwrap() < 2 {
        laptop.open(note).await;
    }
    let mut asked = 0;
    while laptop.proxy().seen().len() > asked {
        asked = laptop.proxy().seen().len();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    laptop.proxy().aim(restored.address);
    laptop.save(note, content("n", "third\n"));
    let parked = laptop.needs_you(note).await;
    assert_eq!(parked.base.unwrap().content.body, "second, lost\n");
    assert_eq!((parked.mine.body.as_str(), parked.theirs.content.body.as_str()), ("third\n", "second, of another past\n"));
    // What else the server lost is learnt from it by itself.
    let word = laptop.hear("a word", |n| if let News::Notice(text) = n { Some(text.clone()) } else { None }).await;
    assert!(word.contains("set back"), "{word}");
    other.has(note, "second, of another past\n").await;
}
