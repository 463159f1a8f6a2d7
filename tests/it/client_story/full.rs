//! A disk that is really full: a small file system of its own. Needs root; without it the test says so and tries nothing.

use std::path::Path;
use std::process::Command as Run;

use diptych::client::handle::{Command, News, State};
use diptych::client::http::Access;
use diptych::domain::note::NoteId;

use super::world::{Device, content, id};

/// A file system in memory, gone when it is dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn mount(size: &str) -> Option<Small> {
        let folder = tempfile::tempdir().unwrap();
        let done = mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], folder.path());
        done.then_some(Small(folder))
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
