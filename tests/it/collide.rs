//! Stories of two devices and one note over real HTTP, with a good way between and with a bad one.

use std::time::Duration;

use diptych::client::{Command, News, Parked};
use diptych::domain::note::NoteId;

use crate::proxy::Fault;
use crate::world::{Device, World, ids};

fn fresh() -> NoteId {
    NoteId(ids(99)())
}

async fn needs_you(device: &mut Device) -> Parked {
    device.hear("needs you", |n| if let News::NeedsYou(p) = n { Some((**p).clone()) } else { None }).await
}

fn settle(device: &Device, parked: &Parked, body: &str) {
    let mut content = parked.mine.clone();
    content.body = body.to_owned();
    let (outcome, hunks) = ("merged".to_owned(), [1, 0, 0, 0]);
    device.send(Command::Settle { id: parked.id, content: Box::new(content), outcome, hunks, seconds: 3 });
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_collide_and_settle() {
    let mut world = World::new().await;
    let (mut a, mut b) = (world.device("desktop"), world.device("phone"));
    let note = fresh();
    a.save(note, None, "Trip", "one\n");
    assert_eq!(a.synced(note, "one\n").await, 1);
    b.synced(note, "one\n").await;
    b.save(note, Some(1), "Trip", "two\n");
    b.synced(note, "two\n").await;
    a.hear("the other's version", |n| matches!(n, News::Moved { note, .. } if note.version == 2).then_some(())).await;
    // Typed on version 1; version 2 came before anything was told: it must not be overwritten unseen.
    a.save(note, Some(1), "Trip", "three\n");
    let parked = needs_you(&mut a).await;
    assert_eq!((parked.mine.body.as_str(), parked.theirs.content.body.as_str()), ("three\n", "two\n"));
    assert_eq!(parked.base.as_ref().map(|b| b.content.body.as_str()), Some("one\n"));
    settle(&a, &parked, "two and three\n");
    a.hear("settled", |n| matches!(n, News::Settled(_, 3)).then_some(())).await;
    assert_eq!(b.synced(note, "two and three\n").await, 3);
    a.end().await;
    b.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_it_was_settled_before_is_known_after_a_restart() {
    let mut world = World::new().await;
    let (mut a, mut b) = (world.device("desktop"), world.device("phone"));
    let note = fresh();
    a.save(note, None, "Trip", "one\n");
    a.synced(note, "one\n").await;
    b.synced(note, "one\n").await;
    b.save(note, Some(1), "Trip", "two\n");
    b.synced(note, "two\n").await;
    a.save(note, Some(1), "Trip", "three\n");
    let first = needs_you(&mut a).await;
    b.save(note, Some(2), "Trip", "four\n");
    b.synced(note, "four\n").await;
    settle(&a, &first, "two and three\n");
    let second = needs_you(&mut a).await;
    assert_eq!((first.again, second.again, second.mine.body.as_str()), (false, true, "two and three\n"));
    a.end().await;
    let mut a = world.device("desktop");
    a.send(Command::Open(note));
    let opened = a.hear("the note", |n| if let News::Opened(detail) = n { Some(detail.parked.clone()) } else { None }).await;
    assert!(opened.is_some_and(|parked| parked.again));
    a.end().await;
    b.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alone_on_a_bad_way_there_is_no_conflict() {
    let mut world = World::new().await;
    let mut a = world.shaky_device("desktop");
    let note = fresh();
    a.save(note, None, "Trip", "0\n");
    a.synced(note, "0\n").await;
    let faults = [Fault::DropReply, Fault::DropRequest, Fault::Duplicate, Fault::HalfReply, Fault::Delay(Duration::from_millis(50))];
    for (i, fault) in faults.into_iter().enumerate() {
        world.proxy.next("PUT", fault);
        let body = format!("{}\n", i + 1);
        a.save(note, None, "Trip", &body);
        a.send(Command::SyncNow);
        let heard = a.hear("synced, or a conflict", |n| match n {
            News::Synced(n, _) if n.content.body == body => Some(true),
            News::NeedsYou(_) => Some(false),
            _ => None,
        });
        assert!(heard.await, "{fault:?} made a conflict");
    }
    a.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_while_the_way_is_cut_waits_and_goes() {
    let mut world = World::new().await;
    let mut a = world.shaky_device("desktop");
    let note = fresh();
    a.save(note, None, "Trip", "one\n");
    a.synced(note, "one\n").await;
    world.proxy.cut(true);
    a.save(note, Some(1), "Trip", "offline\n");
    a.hear("saved here", |n| matches!(n, News::SavedHere(..)).then_some(())).await;
    a.send(Command::Outbox);
    let rows = a.hear("outbox", |n| if let News::Outbox(rows) = n { Some(rows.len()) } else { None }).await;
    assert_eq!(rows, 1);
    world.proxy.cut(false);
    a.send(Command::SyncNow);
    assert_eq!(a.synced(note, "offline\n").await, 2);
    a.end().await;
}
