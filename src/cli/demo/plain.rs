//! `diptych demo SCENE --plain`: the scenes told without a screen, each request and answer printed as it travels.
//!
//! They run over the same HTTP as everything else, and check what they tell: a scene whose server answers otherwise fails.

use serde_json::{Value, json};

use super::Scene;
use super::device::{Answer, Device};
use super::stage::{DESK_CENTS, DESK_TAG, Stage, mobile_first, mobile_second};
use crate::cli::{Failure, output};
use crate::domain::merge::Kind;
use crate::domain::settle::{Choice, Settle};

/// Plays a scene to its end.
///
/// # Errors
/// If the server does not do what the scene tells.
pub async fn play(scene: Scene, stage: &Stage) -> Result<(), Failure> {
    match scene {
        Scene::Conflict => conflict(stage).await,
        Scene::Offline => offline(stage).await,
        Scene::Fields => fields(stage).await,
        Scene::Lock => lock(stage).await,
        Scene::Lww => lww(stage).await,
    }
}

fn say(text: &str) -> Result<(), Failure> {
    output::line("")?;
    output::line(text)
}

fn expect(answer: &Answer, status: u16) -> Result<(), Failure> {
    if answer.status == status {
        return Ok(());
    }
    let why = format!("The server answered {} where {status} was due.", answer.status);
    Err(Failure::server("The demo went another way than it tells.", why, "Please report this."))
}

fn text(answer: &Value, path: &str) -> String {
    answer.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
}

async fn conflict(s: &Stage) -> Result<(), Failure> {
    say("The laptop and the phone both have version 1 of \"Trip to Lisbon\".")?;
    let base = s.laptop.read(&s.lisbon).await?;
    let base_text = text(&base.body, "/data/body");
    say("The phone saves first.")?;
    expect(&s.mobile.save(&s.lisbon, 1, json!({"body": mobile_first(&base_text)})).await?, 200)?;
    say("The laptop saves too, still on version 1. The server refuses, and sends along what is needed to settle it.")?;
    let mine = base_text.replace("on Tuesday at noon", "on Thursday at noon").replace("- [ ] passport", "- [x] passport");
    let mine = mine.replace("for four.", "for six.");
    let refused = s.laptop.save(&s.lisbon, 1, json!({"body": mine})).await?;
    expect(&refused, 409)?;
    let settled = settle(&text(&refused.body, "/base/body"), &mine, &text(&refused.body, "/server_version/body"))?;
    say("While the person settles it, the phone saves again. So the settled text is refused too: nothing is overwritten unseen.")?;
    let theirs = text(&refused.body, "/server_version/body");
    expect(&s.mobile.save(&s.lisbon, 2, json!({"body": mobile_second(&theirs)})).await?, 200)?;
    let again = s.laptop.save(&s.lisbon, 2, json!({"body": settled})).await?;
    expect(&again, 409)?;
    let settled = settle(&text(&again.body, "/base/body"), &settled, &text(&again.body, "/server_version/body"))?;
    say("The third time nobody was quicker: the settled text is version 4.")?;
    let done = s.laptop.save(&s.lisbon, 3, json!({"body": settled})).await?;
    expect(&done, 200)?;
    if text(&done.body, "/data/body") != settled {
        return Err(Failure::server("The server holds another text than was settled.", "The bodies differ.", "Please report this."));
    }
    audit(&s.laptop, "conflict_409", 2).await
}

/// Merges as the merge screen does: proposals accepted, mine where two changes of one place leave nothing to propose; tells each hunk.
fn settle(base: &str, mine: &str, theirs: &str) -> Result<String, Failure> {
    let mut settle = Settle::open(base.into(), mine.into(), theirs.into(), &[]);
    settle.accept_all();
    let open: Vec<usize> = settle.open_hunks().collect();
    open.into_iter().for_each(|hunk| {
        settle.choose(hunk, Choice::Mine);
    });
    say("Merged, hunk by hunk:")?;
    for (i, hunk) in settle.hunks().iter().enumerate() {
        let how = match hunk.kind {
            Kind::Equal => continue,
            Kind::Mine => "only this device changed it".to_owned(),
            Kind::Theirs => "only the phone changed it".to_owned(),
            Kind::Same => "both changed it alike".to_owned(),
            Kind::Clash => match (settle.choice(i), settle.proposal(i)) {
                (Some(Choice::Proposal), Some(proposal)) => format!("a clash; accepted what was proposed ({})", proposal.class.name()),
                _ => "a clash; the person keeps mine".to_owned(),
            },
        };
        output::line(&format!("  = {how}"))?;
        for line in String::from_utf8_lossy(&settle.hunk_bytes(i)).lines() {
            output::line(&format!("    {line}"))?;
        }
    }
    let text = settle.result().and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| Failure::server("The demo's conflict could not be settled.", "A clash was left open.", "Please report this."))
}

async fn offline(s: &Stage) -> Result<(), Failure> {
    say("Policy of this scene: body = last-write-wins. Both devices read version 1, then lose the network and edit.")?;
    let base = s.laptop.read(&s.lisbon).await?;
    let (body, at) = (text(&base.body, "/data/body"), text(&base.body, "/data/updated_at"));
    say("The phone reconnects first and pushes what it has, naming the time of what it had read.")?;
    let path = format!("/api/notes/{}", s.lisbon);
    let since = [("If-Unmodified-Since", at.as_str())];
    let first = s.mobile.call("PUT", &path, Some(json!({"body": mobile_first(&body)})), &since).await?;
    expect(&first, 200)?;
    say("The laptop reconnects and pushes. It came last, so its text stands; the server says whose was overruled.")?;
    let mine = body.replace("Book a table for four.", "Book a table for six.");
    let last = s.laptop.call("PUT", &path, Some(json!({"body": mine})), &since).await?;
    expect(&last, 200)?;
    say("The phone's text is gone from the note, and kept in the audit log: exactly one entry.")?;
    audit(&s.laptop, "conflict_lww", 1).await
}

async fn fields(s: &Stage) -> Result<(), Failure> {
    say("A desk for sale: the title goes to the last who writes, tags unite, the price asks, updated_at is the server's own.")?;
    let base = s.laptop.read(&s.desk).await?;
    expect(&base, 200)?;
    let price = DESK_CENTS;
    say("The phone renames it, tags it, and leaves the price alone.")?;
    let theirs = json!({"title": "Standing desk, oak", "tags": [DESK_TAG, "oak"]});
    expect(&s.mobile.save(&s.desk, 1, theirs).await?, 200)?;
    say("The laptop renames and tags it too, on version 1: no question is asked, and the answer says what was combined and what lost.")?;
    let mine = json!({"title": "Standing desk 160×80", "tags": [DESK_TAG, "sale"]});
    let merged = s.laptop.save(&s.desk, 1, mine).await?;
    expect(&merged, 200)?;
    say("Now both change the price. That is money: the second is refused, and a person decides.")?;
    expect(&s.mobile.save(&s.desk, 3, json!({"fields": {"price_cents": price - 10_000}})).await?, 200)?;
    let refused = s.laptop.save(&s.desk, 3, json!({"fields": {"price_cents": price - 5_000}})).await?;
    expect(&refused, 409)?;
    let decided = s.laptop.save(&s.desk, 4, json!({"fields": {"price_cents": price - 5_000}})).await?;
    expect(&decided, 200)?;
    say("And nobody sets updated_at but the server.")?;
    let owned = s.laptop.save(&s.desk, 5, json!({"updated_at": "2001-01-01T00:00:00Z"})).await?;
    expect(&owned, 422)?;
    audit(&s.laptop, "conflict_409", 1).await?;
    audit(&s.laptop, "conflict_lww", 1).await
}

async fn lock(s: &Stage) -> Result<(), Failure> {
    say("The laptop takes the lock of the note. It holds for five idle minutes; in this scene for one second.")?;
    let path = format!("/api/notes/{}/lock", s.lisbon);
    let lock = s.laptop.call("POST", &path, Some(json!({})), &[]).await?;
    expect(&lock, 200)?;
    say("The phone wants it too, and then saves without it: both refused, and it is told who holds the note.")?;
    expect(&s.mobile.call("POST", &path, Some(json!({})), &[]).await?, 409)?;
    let base = s.mobile.read(&s.lisbon).await?;
    let body = text(&base.body, "/data/body");
    let change = json!({"body": mobile_first(&body)});
    expect(&s.mobile.save(&s.lisbon, 1, change.clone()).await?, 423)?;
    say("The laptop falls asleep, and the lock ends by itself. Now the phone's save is accepted.")?;
    let mut tries = 0;
    while s.mobile.save(&s.lisbon, 1, change.clone()).await?.status == 423 && tries < 100 {
        tries += 1;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    say("The laptop wakes and saves with the lock it once had. The version check stands behind the lock: an ordinary 409, nothing lost.")?;
    let token = text(&lock.body, "/data/token");
    let mine = json!({"base_version": 1, "body": body.replace("at noon", "at one")});
    let late = s.laptop.call("PUT", &format!("/api/notes/{}", s.lisbon), Some(mine), &[("X-Lock-Token", &token)]).await?;
    expect(&late, 409)?;
    audit(&s.laptop, "lock_refused", 1).await
}

async fn lww(s: &Stage) -> Result<(), Failure> {
    say("Bookmarks are not worth a question: the last who writes wins, and the log remembers.")?;
    let path = format!("/api/bookmarks/{}", s.lisbon);
    let first = s.laptop.call("PUT", &path, Some(json!({"marked": true, "note": "the tram"})), &[]).await?;
    expect(&first, 200)?;
    let seen = text(&first.body, "/data/updated_at");
    say("Both devices have seen that. The phone changes it …")?;
    let since = [("If-Unmodified-Since", seen.as_str())];
    expect(&s.mobile.call("PUT", &path, Some(json!({"marked": true, "note": "the dinner"})), &since).await?, 200)?;
    say("… and the laptop takes it away, without having heard. Accepted all the same, and logged once.")?;
    expect(&s.laptop.call("PUT", &path, Some(json!({"marked": false})), &since).await?, 200)?;
    audit(&s.laptop, "conflict_lww", 1).await
}

/// Shows the audit entries of one kind, which must be so many.
async fn audit(device: &Device, action: &str, count: usize) -> Result<(), Failure> {
    say(&format!("What the audit log says of {action}:"))?;
    let answer = device.call("GET", &format!("/api/audit?action={action}"), None, &[]).await?;
    expect(&answer, 200)?;
    let found = answer.body["data"].as_array().map_or(0, Vec::len);
    if found != count {
        let why = format!("The audit log has {found} entries of {action} where {count} are due.");
        return Err(Failure::server("The demo went another way than it tells.", why, "Please report this."));
    }
    Ok(())
}
