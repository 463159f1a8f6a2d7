//! Saves that are stuck: a token taken back while the program runs, and what a person does in the outbox about one that is refused.

use std::sync::{Arc, Mutex};

use diptych::client::handle::{Command, Connection, EntryState, News, OutboxRow, Token};
use diptych::domain::note::{NoteId, Time};

use super::world::{Device, Hands, World, content, id};
use crate::proxy::Proxy;

async fn outbox(device: &mut Device, what: &str, mut is: impl FnMut(&[OutboxRow]) -> bool) -> Vec<OutboxRow> {
    device.send(Command::Outbox);
    device.hear(what, |n| if let News::Outbox(rows) = n { is(rows).then(|| rows.clone()) } else { None }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_token_is_taken_while_the_program_runs_and_the_outbox_goes_on() {
    let hands = Hands::new();
    let world = World::by(&hands).await;
    let proxy = Proxy::start(world.address).await;
    let access = diptych::client::http::Access { server: proxy.url(), token: world.token.clone(), origin: "laptop".to_owned(), ca: None };
    let kept: Arc<Mutex<Vec<String>>> = Arc::default();
    let keeps = kept.clone();
    let keep: diptych::client::KeepToken = Box::new(move |token| {
        keeps.lock().unwrap().push(token.to_owned());
        Ok(())
    });
    let mut laptop = Device::start_keeping(access, world.folder.path().join("laptop.db"), Some(proxy), hands.clock(), Some(keep));
    let note = NoteId(id());
    laptop.save(note, content("n", "one\n"));
    laptop.synced(note).await;
    for token in world.store.tokens().await.unwrap() {
        assert!(world.store.revoke_token(token.id, Time(5)).await.unwrap());
    }
    // A server believes for a while what it has just looked up.
    hands.pass(60_000);
    let revision = laptop.save(note, content("n", "two\n"));
    laptop.saved_here(note, revision).await;
    let rows = outbox(&mut laptop, "the refusal", |rows| rows.iter().any(|r| r.state == EntryState::Refused)).await;
    // Asked for: the first word of it may have come before the save.
    laptop.send(Command::List);
    laptop.hear("the refusal", |n| matches!(n, News::ConnectionIs(Connection::Unauthorised)).then_some(())).await;
    // An answer that was under way when the token went may still say that all is well, and then it is tried once more.
    assert!(rows[0].state == EntryState::Refused && rows[0].attempts <= 3, "shown, and not tried for ever: {rows:?}");

    laptop.send(Command::UseToken(Token("dpt_mistyped".to_owned())));
    let word = laptop.hear("a word", |n| if let News::Failed(_, why) = n { Some(why.clone()) } else { None }).await;
    assert!(word.contains("either") && !word.contains("dpt_"), "{word}");
    laptop.send(Command::UseToken(Token("not\na token".to_owned())));
    laptop.hear("a word", |n| matches!(n, News::Failed(..)).then_some(())).await;
    assert!(kept.lock().unwrap().is_empty(), "only a token that the server takes is kept");
    assert_eq!(format!("{:?}", Command::UseToken(Token("dpt_secret".to_owned()))), "UseToken(Token(…))");

    let token = world.more_token().await;
    laptop.send(Command::UseToken(Token(token.clone())));
    laptop.hear("acceptance", |n| matches!(n, News::Synced(n, _) if n.content.body == "two\n").then_some(())).await;
    assert_eq!(*kept.lock().unwrap(), [token]);
    assert_eq!(laptop.refusals, 0);
    // Live changes come too.
    let mut desktop = Device::start(
        diptych::client::http::Access { token: kept.lock().unwrap()[0].clone(), origin: "desktop".to_owned(), ..laptop.access.clone() },
        world.folder.path().join("desktop.db"),
        None,
    );
    desktop.has(note, "two\n").await;
    desktop.save(note, content("n", "three\n"));
    desktop.synced(note).await;
    laptop.has(note, "three\n").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_save_is_shown_paused_tried_again_and_taken_out_with_its_text_kept() {
    let world = World::start().await;
    let mut laptop = world.device("laptop").await;
    let (large, small) = (NoteId(id()), NoteId(id()));
    // Larger than the server takes, smaller than a note may be.
    laptop.save(large, content("large", &"\u{1}".repeat(4 << 20)));
    let rows = outbox(&mut laptop, "the refusal", |rows| rows.iter().any(|r| r.state == EntryState::Refused)).await;
    let entry = rows.into_iter().find(|r| r.id == large).unwrap();
    assert_eq!((entry.what.as_str(), entry.attempts, entry.due), ("create", 1, None));
    assert!(entry.last_error.unwrap().contains("larger than"), "why");
    // It holds up nobody.
    laptop.save(small, content("small", "s\n"));
    laptop.synced(small).await;
    // Tried again when the person says so; where the server hangs up before all has been sent, that is a try too.
    laptop.send(Command::RetryNow(entry.entry));
    let rows = outbox(&mut laptop, "the second try", |rows| rows.iter().any(|r| r.attempts >= 2 && r.state == EntryState::Refused)).await;
    assert_eq!(rows.len(), 1);
    // Paused and let go on.
    laptop.proxy().cut(true);
    laptop.save(small, content("small", "s\nt\n"));
    let rows = outbox(&mut laptop, "the entry", |rows| rows.iter().any(|r| r.id == small)).await;
    let waiting = rows.into_iter().find(|r| r.id == small).unwrap();
    let mut paused = false;
    while !paused {
        laptop.send(Command::Pause(waiting.entry, true));
        paused = outbox(&mut laptop, "the pause", |_| true).await.iter().any(|r| r.id == small && r.state == EntryState::Paused);
    }
    laptop.proxy().cut(false);
    laptop.send(Command::SyncNow);
    laptop.hear("all", |n| matches!(n, News::CaughtUp).then_some(())).await;
    assert!(laptop.open(small).await.draft.is_some(), "paused, it is not sent");
    laptop.send(Command::Pause(waiting.entry, false));
    laptop.synced(small).await;
    // Taken out: a draft is left, and a copy.
    laptop.send(Command::DropEntry(entry.entry));
    outbox(&mut laptop, "an empty outbox", <[OutboxRow]>::is_empty).await;
    let draft = laptop.open(large).await.draft.expect("a draft");
    assert!(!draft.saved && draft.content.body.len() == 4 << 20);
    laptop.send(Command::History(large));
    let rows = laptop.hear("history", |n| if let News::History(i, r) = n { (*i == large).then(|| r.clone()) } else { None }).await;
    assert!(rows.iter().any(|r| r.version < 0 && r.by == "taken out of the outbox"), "{rows:?}");
}
