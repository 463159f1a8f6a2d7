//! A disk that is really full: a small file system of its own. Needs root; without it the test says so and tries nothing.

use std::path::Path;
use std::process::Command as Run;

use diptych::client::handle::{Command, News, State};
use diptych::client::http::Access;
use diptych::domain::note::NoteId;

use super::world::{Device, World, content, id};
use crate::proxy::{Fault, Proxy};

/// A file system in memory, gone when it is dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn mount(size: &str) -> Option<Small> {
        let folder = tempfile::tempdir().unwrap();
        let done = mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], folder.path());
        done.then_some(Small(folder))
    }

    /// Takes all the space that is left.
    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.0.path().join("filler")).unwrap();
        for size in [1 << 16, 1 << 12] {
            while file.write(&vec![0; size]).is_ok_and(|n| n == size) {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.path().join("filler")).unwrap();
    }

    fn grow(&self, size: &str) {
        assert!(mount(&["-o", &format!("remount,size={size}")], self.0.path()));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Run::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn mount(options: &[&str], at: &Path) -> bool {
    Run::new("mount").args(options).arg(at).output().is_ok_and(|o| o.status.success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_nothing_is_said_to_be_saved_that_is_not_and_all_goes_on_when_there_is_space() {
    let Some(small) = Small::mount("1m") else { return println!("skipped: a file system can be mounted by root only") };
    let access = Access { server: "http://127.0.0.1:9".to_owned(), token: "dpt_x".to_owned(), origin: "laptop".to_owned(), ca: None };
    let mut device = Device::start(access, small.0.path().join("laptop.db"), None);
    let text = |n: usize| content("n", &format!("{n} of many\n").repeat(8_000));
    let (mut kept, mut why) = (Vec::new(), None);
    while why.is_none() {
        let note = NoteId(id());
        let revision = device.save(note, text(kept.len()));
        why = device
            .hear("what became of it", |n| match n {
                News::SavedHere(i, r) if *i == note && *r == revision => Some(None),
                News::Failed(Some(i), why) if *i == note => Some(Some(why.clone())),
                _ => None,
            })
            .await;
        kept.extend(why.is_none().then_some(note));
        assert!(kept.len() < 100, "the disk is never full");
    }
    let why = why.unwrap();
    assert!(why.contains("the disk is full") && why.contains("Free some space"), "{why}");
    assert!(!kept.is_empty(), "something had room");
    // Typing on is told of as well, and what was saved stands as it was.
    device.send(Command::Type { id: kept[0], base: None, content: Box::new(content("n", &"x".repeat(400_000))), revision: 900 });
    device.hear("that it is not kept", |n| matches!(n, News::Failed(..)).then_some(())).await;
    for (n, note) in kept.iter().enumerate() {
        let detail = device.open(*note).await;
        assert_eq!((detail.state, detail.draft.unwrap().content), (State::SavedHere, text(n)));
    }
    small.grow("30m");
    let note = NoteId(id());
    let revision = device.save(note, text(77));
    device.saved_here(note, revision).await;
    let mut device = device.again().await;
    kept.push(note);
    for note in kept {
        assert_eq!(device.open(note).await.state, State::SavedHere);
    }
    device.send(Command::Stop);
    device.hear("stopped", |n| matches!(n, News::Stopped).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_that_a_full_disk_does_not_take_is_said_and_parked_when_there_is_space() {
    let Some(small) = Small::mount("12m") else { return println!("skipped: a file system can be mounted by root only") };
    let world = World::start().await;
    let mut desktop = world.device("desktop").await;
    let proxy = Proxy::start(world.address).await;
    let access = Access { server: proxy.url(), token: world.token.clone(), origin: "laptop".to_owned(), ca: None };
    let mut laptop = Device::start(access, small.0.path().join("laptop.db"), Some(proxy));
    let note = NoteId(id());
    let text = |who: &str| content("n", &format!("of {who}\n").repeat(40_000));
    desktop.save(note, text("both"));
    desktop.synced(note).await;
    laptop.has(note, &text("both").body).await;
    laptop.proxy().cut(true);
    desktop.save(note, text("desktop"));
    desktop.synced(note).await;
    let revision = laptop.save(note, text("laptop"));
    laptop.saved_here(note, revision).await;
    // The save goes out while there is space; when its refusal comes there is none.
    laptop.proxy().next("PUT", Fault::Hold);
    laptop.proxy().cut(false);
    while !laptop.proxy().seen().iter().any(|l| l.starts_with("PUT")) {
        laptop.send(Command::SyncNow);
        laptop.open(note).await;
    }
    small.fill();
    laptop.proxy().let_go();
    let why = laptop
        .hear("that it is not kept", |n| if let News::Failed(Some(i), why) = n { (*i == note).then(|| why.clone()) } else { None })
        .await;
    assert!(why.contains("the disk is full") && why.contains("Free some space"), "{why}");
    let detail = laptop.open(note).await;
    assert_eq!((detail.state, detail.draft.unwrap().content), (State::SavedHere, text("laptop")));
    // Typing is refused with a word too, and nothing that was there goes.
    laptop.send(Command::Type { id: note, base: Some(1), content: Box::new(text("more")), revision: 900 });
    laptop.hear("that it is not kept", |n| matches!(n, News::Failed(Some(i), _) if *i == note).then_some(())).await;
    small.empty();
    let parked = laptop.needs_you(note).await;
    assert_eq!((parked.mine, parked.theirs.content, parked.base.unwrap().content), (text("laptop"), text("desktop"), text("both")));
    laptop.settle(note, text("all"));
    laptop.settled(note).await;
    desktop.has(note, &text("all").body).await;
}

#[test]
fn a_damaged_file_on_a_full_disk_is_left_as_it_is_until_there_is_space() {
    use diptych::client::disk::{Disk, DiskError};
    use diptych::domain::note::Time;
    let Some(small) = Small::mount("4m") else { return println!("skipped: a file system can be mounted by root only") };
    let path = small.0.path().join("laptop.db");
    let (mut disk, _) = Disk::open(&path, Time(0)).unwrap();
    let note = NoteId(id());
    for n in 0..4 {
        disk.change(|d| d.copy(note, &content("n", &format!("{n}\n").repeat(100_000)), "discarded", Time(n))).unwrap();
    }
    drop(disk);
    // A page that holds nothing is scribbled over and named as free: a look finds it, and nothing else is hurt.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend([0x5a; 4096]);
    let last = u32::try_from(bytes.len() / 4096).unwrap();
    for (at, n) in [(28, last), (32, last), (36, 1)] {
        bytes[at..at + 4].copy_from_slice(&n.to_be_bytes());
    }
    std::fs::write(&path, &bytes).unwrap();
    std::fs::write(small.0.path().join("laptop.db.damaged"), b"").unwrap();
    small.fill();
    for _ in 0..2 {
        let done = Disk::open(&path, Time(3_000_000));
        assert!(matches!(done, Err(DiskError::Full | DiskError::Failing(_))), "{done:?}");
        assert!(std::fs::read(&path).unwrap() == bytes, "nothing is moved or changed");
    }
    small.empty();
    let (disk, notices) = Disk::open(&path, Time(3_000_000)).unwrap();
    assert!(notices[0].contains("All of it was taken over"), "{notices:?}");
    assert_eq!(disk.copies(note).unwrap().len(), 4);
}
