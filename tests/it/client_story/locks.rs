//! Locks over the real server: taken, shown, renewed while typing, lost without losing text, and given back on leaving.
//!
//! The server and the devices share a clock that the story moves, so that minutes pass at once.

use std::time::Duration;

use diptych::client::handle::{Command, Holder, News, State};
use diptych::client::http::{Access, Http};
use diptych::client::locks::Locked;
use diptych::domain::note::NoteId;

use super::world::{Device, Hands, World, content, id};
use crate::proxy::Fault;
use crate::world::{PATIENCE, Patience};

const MINUTE: i64 = 60_000;

async fn lock_is(device: &mut Device, note: NoteId, what: &str, wanted: impl Fn(Option<&Holder>) -> bool) -> Option<Holder> {
    device.hear(what, |n| if let News::LockIs(i, h) = n { (*i == note && wanted(h.as_ref())).then(|| h.clone()) } else { None }).await
}

async fn two() -> (World, Hands, Device, Device, NoteId) {
    let hands = Hands::new();
    let world = World::by(&hands).await;
    let (mut laptop, mut desktop) = (world.device("laptop").await, world.device("desktop").await);
    let note = NoteId(id());
    laptop.save(note, content("n", "one\n"));
    laptop.synced(note).await;
    desktop.has(note, "one\n").await;
    (world, hands, laptop, desktop, note)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_is_shown_elsewhere_renewed_while_typing_and_given_back_on_leaving() {
    let (_world, hands, mut laptop, mut desktop, note) = two().await;
    laptop.send(Command::Lock(note));
    let mine = lock_is(&mut laptop, note, "its lock", |h| h.is_some_and(|h| h.me)).await.unwrap();
    heard_of(&laptop, &mut desktop, note).await;
    desktop.send(Command::Lock(note));
    let told = lock_is(&mut desktop, note, "who holds it", |h| h.is_some_and(|h| !h.user.is_empty())).await.unwrap();
    assert_eq!((told.user.as_str(), told.client.as_str(), told.me), ("ada", "laptop", false));

    // Typing renews it, again and again, far beyond the five minutes of one lease; a clock of years ago or ahead changes nothing.
    let mut until = mine.expires_at;
    for n in 0..5 {
        hands.pass(3 * MINUTE);
        let text = Box::new(content("n", &format!("one\ntyped {n}\n")));
        laptop.send(Command::Type { id: note, base: Some(1), content: text, revision: 10 + n });
        let renewed = lock_is(&mut laptop, note, "the renewal", |h| h.is_some_and(|h| h.me && h.expires_at > until)).await.unwrap();
        until = renewed.expires_at;
    }
    desktop.send(Command::Lock(note));
    // The answer names the user; news of a renewal, which may come before it, does not.
    lock_is(&mut desktop, note, "that it is held still", |h| h.is_some_and(|h| h.client == "laptop" && !h.user.is_empty())).await;

    // Leaving gives it back at once.
    laptop.send(Command::Unlock(note));
    lock_is(&mut desktop, note, "the release", |h| h.is_none()).await;
    desktop.send(Command::Lock(note));
    lock_is(&mut desktop, note, "its own lock", |h| h.is_some_and(|h| h.me)).await;
    // So does ending the program.
    desktop.send(Command::Stop);
    desktop.hear("stopped", |n| matches!(n, News::Stopped).then_some(())).await;
    takes(&mut laptop, note).await;
}

/// Waits until the desktop has heard of the laptop's lock. Its stream of changes may have begun only after the taking: then the laptop renews.
async fn heard_of(laptop: &Device, desktop: &mut Device, note: NoteId) {
    let patience = Patience::new();
    while patience.lasts() {
        laptop.send(Command::Lock(note));
        while let Ok(Some(news)) = tokio::time::timeout(Duration::from_millis(100), desktop.news.recv()).await {
            if matches!(news, News::LockIs(i, Some(h)) if i == note && h.client == "laptop" && !h.me) {
                return;
            }
        }
    }
    panic!("never heard of the lock of another");
}

/// Gives the lock back, and waits until the server has it: news of it may be late news of another release.
async fn gives_back(device: &mut Device, note: NoteId) {
    device.send(Command::Unlock(note));
    let asks = Http::new(&Access { origin: "asks".to_owned(), ..device.access.clone() }).unwrap();
    let patience = Patience::new();
    while patience.lasts() {
        if let Ok(Locked::Ours(token, _)) = asks.lock(note, None).await {
            return asks.unlock(note, token).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the lock was never given back");
}

/// Asks for the lock until it is had; nothing makes it run out meanwhile.
async fn takes(device: &mut Device, note: NoteId) {
    let patience = Patience::new();
    while patience.lasts() {
        device.send(Command::Lock(note));
        if lock_is(device, note, "an answer", |h| h.is_some_and(|h| h.me || !h.user.is_empty())).await.is_some_and(|h| h.me) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the lock of someone who left is held still");
}

/// Waits for a request about a lock, after the first `from` requests of the device.
async fn comes(device: &Device, from: usize, method: &str) {
    let patience = Patience::new();
    while patience.lasts() {
        if device.proxy().seen()[from..].iter().any(|l| l.starts_with(method) && l.contains("/lock")) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no {method} of the lock came: {:?}", device.proxy().seen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_never_overtakes_the_taking_or_a_renewal() {
    let (_world, hands, mut laptop, mut desktop, note) = two().await;
    // Left before the server has even seen the request.
    laptop.proxy().next("POST", Fault::Delay(Duration::from_millis(300)));
    laptop.send(Command::Lock(note));
    laptop.send(Command::Unlock(note));
    lock_is(&mut laptop, note, "that it is given up", |h| h.is_none()).await;
    comes(&laptop, 0, "DELETE").await;
    takes(&mut desktop, note).await;
    desktop.send(Command::Unlock(note));
    takes(&mut laptop, note).await;

    // Left while a renewal is under way.
    hands.pass(3 * MINUTE);
    let seen = laptop.proxy().seen().len();
    laptop.proxy().next("POST", Fault::Delay(Duration::from_millis(300)));
    let text = Box::new(content("n", "one\ntyped\n"));
    laptop.send(Command::Type { id: note, base: Some(1), content: text, revision: 10 });
    comes(&laptop, seen, "POST").await;
    laptop.send(Command::Unlock(note));
    comes(&laptop, seen, "DELETE").await;
    takes(&mut desktop, note).await;

    // Ended while one is being taken.
    gives_back(&mut desktop, note).await;
    laptop.proxy().next("POST", Fault::Delay(Duration::from_millis(300)));
    laptop.send(Command::Lock(note));
    laptop.send(Command::Stop);
    laptop.hear("stopped", |n| matches!(n, News::Stopped).then_some(())).await;
    takes(&mut desktop, note).await;
    assert_eq!(laptop.proxy().seen().iter().filter(|l| l.starts_with("DELETE")).count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_ran_out_is_lost_with_a_word_and_the_text_stays() {
    let (_world, hands, mut laptop, mut desktop, note) = two().await;
    laptop.send(Command::Lock(note));
    lock_is(&mut laptop, note, "its lock", |h| h.is_some_and(|h| h.me)).await;
    desktop.send(Command::Lock(note));
    lock_is(&mut desktop, note, "the lock of another", |h| h.is_some_and(|h| h.client == "laptop" && !h.user.is_empty())).await;

    // Nothing is typed for six minutes: it is shown no more; another takes it, and saves.
    hands.pass(6 * MINUTE);
    lock_is(&mut laptop, note, "that it ran out", |h| h.is_none()).await;
    desktop.send(Command::Lock(note));
    lock_is(&mut desktop, note, "its own lock", |h| h.is_some_and(|h| h.me)).await;
    desktop.save(note, content("n", "one\nof desktop\n"));
    desktop.synced(note).await;
    laptop.has(note, "one\nof desktop\n").await;

    // While it is held a save waits, with who holds it as the reason; it is not lost, and nothing is overwritten.
    let mine = content("n", "one\nof laptop\n");
    laptop.send(Command::Save { id: note, base: Some(1), content: Box::new(mine.clone()), revision: 50 });
    laptop.saved_here(note, 50).await;
    let why = loop {
        laptop.send(Command::Outbox);
        let rows = laptop.hear("the outbox", |n| if let News::Outbox(rows) = n { Some(rows.clone()) } else { None }).await;
        if let Some(why) = rows.iter().find(|r| r.id == note).and_then(|r| r.last_error.clone()) {
            break why;
        }
    };
    assert!(why.contains("desktop"), "it says who holds it: {why}");
    assert_eq!(laptop.open(note).await.draft.unwrap().content, mine);
    laptop.send(Command::Lock(note));
    lock_is(&mut laptop, note, "who has it", |h| h.is_some_and(|h| h.client == "desktop")).await;

    // Given back, the save is checked by its version like any other, and both texts are kept.
    gives_back(&mut desktop, note).await;
    // The wait may begin only now, where the last try was still under way: a minute passes as often as it takes.
    let patience = Patience::new();
    let parked = loop {
        if !patience.lasts() {
            laptop.send(Command::Outbox);
            let rows = laptop.hear("the outbox", |n| if let News::Outbox(rows) = n { Some(rows.clone()) } else { None }).await;
            let seen = laptop.proxy().seen();
            panic!("the save is not tried again: {rows:?}\n{:?}", &seen[seen.len().saturating_sub(8)..]);
        }
        hands.pass(MINUTE);
        if let Some(parked) = laptop.open(note).await.parked {
            break parked;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((parked.mine, parked.theirs.content.body.as_str()), (mine, "one\nof desktop\n"));
    assert_eq!(laptop.open(note).await.state, State::NeedsYou);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_jump_by_years_hold_up_nothing() {
    const YEARS: i64 = 10 * 365 * 24 * 60 * MINUTE;
    let (world, hands, mut laptop, _desktop, note) = two().await;
    let own = Hands::new();
    laptop.send(Command::Stop);
    laptop.hear("stopped", |n| matches!(n, News::Stopped).then_some(())).await;
    let mut laptop = world.device_by("laptop2", &own).await;
    laptop.has(note, "one\n").await;
    for (n, jump) in [YEARS, -2 * YEARS, YEARS].into_iter().enumerate() {
        // The server is away, so that something waits for its next try when the clock jumps.
        laptop.proxy().cut(true);
        let text = format!("one\n{n}\n");
        let revision = laptop.save(note, content("n", &text));
        laptop.saved_here(note, revision).await;
        laptop.hear("trouble", |n| matches!(n, News::ConnectionIs(diptych::client::Connection::Offline { .. })).then_some(())).await;
        own.pass(jump);
        laptop.proxy().cut(false);
        // Nobody presses "sync now" here: it goes by itself.
        let by_itself = async {
            loop {
                match laptop.news.recv().await.unwrap() {
                    News::Synced(n, _) if n.content.body == text => return,
                    _ => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, by_itself).await.unwrap_or_else(|_| panic!("jump {n} holds it up"));
    }
    assert_eq!(laptop.refusals, 0);
    hands.pass(0);
}
