//! What happens in a scene while a person plays it, and what the coach says.
//!
//! The story stands between screens and client and hears both. When the person saves, the phone saves first, over HTTP like anyone; then the
//! person's save goes its way. So the 409 is a real one, and comes when it teaches something.

use std::pin::Pin;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::Scene;
use super::stage::{DESK_CENTS, DESK_TAG, Stage, mobile_first, mobile_second};
use crate::cli::Failure;
use crate::client::handle::{Command, Handle, News};
use crate::domain::note::NoteId;
use crate::tui::keys::Mode;

/// How long the network stays away after the person has saved or marked, in the scenes *offline* and *lww*.
const OUTAGE: Duration = Duration::from_secs(3);

/// The ends of the ways between screens, story and client.
pub struct Ways {
    /// What the screens ask.
    pub asked: UnboundedReceiver<Command>,
    /// To the client.
    pub client: Handle,
    /// What the client tells.
    pub told: UnboundedReceiver<News>,
    /// To the screens.
    pub screens: UnboundedSender<News>,
    /// Which screen the person is on.
    pub seen: UnboundedReceiver<Mode>,
    /// What the coach says.
    pub coach: UnboundedSender<String>,
}

/// A scene as it is played.
pub struct Story<'s> {
    scene: Scene,
    /// The phone saves again while the person settles.
    again: bool,
    stage: &'s mut Stage,
    lisbon: Option<NoteId>,
    desk: Option<NoteId>,
    saves: u32,
    refusals: u32,
    lock: String,
    said: &'static str,
    /// The person is where the two versions are, and has not settled them yet.
    at_it: bool,
}

impl<'s> Story<'s> {
    /// A story at its beginning.
    pub fn new(scene: Scene, again: bool, stage: &'s mut Stage) -> Self {
        let (lisbon, desk) = (stage.lisbon.parse().ok(), stage.desk.parse().ok());
        Self { scene, again, stage, lisbon, desk, saves: 0, refusals: 0, lock: String::new(), said: "", at_it: false }
    }

    /// Plays until the screens or the client are gone.
    ///
    /// # Errors
    /// If the phone cannot reach the server.
    pub async fn play(mut self, mut ways: Ways) -> Result<(), Failure> {
        self.begin(&ways).await?;
        let mut outage: Option<Pin<Box<tokio::time::Sleep>>> = None;
        loop {
            tokio::select! {
                // What the person asked for comes before the screen it led to.
                biased;
                () = over(&mut outage) => {
                    outage = None;
                    self.reconnect(&ways).await?;
                }
                command = ways.asked.recv() => match command {
                    Some(command) => {
                        self.before(&command, &ways).await?;
                        let saved = matches!(&command, Command::Save { id, .. } if Some(*id) == self.subject());
                        let marked = matches!(command, Command::Bookmark(id, _) if Some(id) == self.lisbon);
                        ways.client.send(command);
                        if marked && self.scene == Scene::Lww && self.saves == 1 {
                            self.saves += 1;
                            self.say(&ways, "The network went away just now: marked here, not sent. The phone marks it too. Soon both reconnect …");
                            outage = Some(Box::pin(tokio::time::sleep(OUTAGE)));
                        }
                        if saved && self.scene == Scene::Offline && self.saves == 1 {
                            self.say(&ways, "Saved here, not synced: it waits (o shows it). The phone is offline too. Soon both reconnect …");
                            outage = Some(Box::pin(tokio::time::sleep(OUTAGE)));
                        }
                    }
                    None => return Ok(()),
                },
                Some(mode) = ways.seen.recv() => self.seen(mode, &ways),
                news = ways.told.recv() => match news {
                    Some(news) => {
                        self.heard(&news, &ways).await?;
                        let _ = ways.screens.send(news);
                    }
                    None => return Ok(()),
                },
            }
        }
    }

    fn say(&mut self, ways: &Ways, line: &'static str) {
        // A line stays until there is something new to say.
        if self.said != line {
            self.said = line;
            let _ = ways.coach.send(line.to_owned());
        }
    }

    /// What the coach says to the screen the person has come to.
    fn seen(&mut self, mode: Mode, ways: &Ways) {
        let was_at_it = std::mem::replace(&mut self.at_it, self.refusals > 0 && matches!(mode, Mode::Merge | Mode::Question));
        match (mode, self.scene) {
            (Mode::List | Mode::Editor, _) if was_at_it => {
                self.say(ways, "Nothing is lost by waiting: both texts and your choices are kept. Ctrl-G goes back to them.");
            }
            (Mode::Question, Scene::Conflict) if self.refusals == 1 => {
                self.say(ways, "m keeps yours, t takes theirs, whole. Enter settles place by place.");
            }
            (Mode::Merge, Scene::Fields) if self.refusals > 0 => {
                self.say(ways, "All else is merged. The price is yours to say: m or t. Then w saves.");
            }
            (Mode::Merge, _) if self.refusals == 1 => {
                self.say(ways, "Here Enter takes what is proposed; m mine, t theirs, b both, Space single pieces. n goes on, w saves.");
            }
            (Mode::Dashboard, _) if self.logged() => {
                self.say(ways, "Each conflict is counted here, whoever decided it. Enter opens the rows; there Enter shows all the texts.");
            }
            (Mode::Entry, _) if self.logged() => {
                self.say(ways, "Base, both sides and what was kept: nothing is lost. Esc goes back, Ctrl-Q leaves the demo.");
            }
            _ => {}
        }
    }

    /// The note the scene is about; what happens to others moves no story on.
    fn subject(&self) -> Option<NoteId> {
        if self.scene == Scene::Fields { self.desk } else { self.lisbon }
    }

    /// Whether what the scene is about has happened.
    fn logged(&self) -> bool {
        self.refusals > 0 || self.saves > 1 || self.saves == 1 && matches!(self.scene, Scene::Offline | Scene::Lock)
    }

    async fn begin(&mut self, ways: &Ways) -> Result<(), Failure> {
        self.say(
            ways,
            match self.scene {
                Scene::Conflict => "A phone edits these notes too. Open Trip to Lisbon: j, k move, Enter opens.",
                Scene::Offline => "Open Trip to Lisbon; then the network will go away.",
                Scene::Fields => "Open Standing desk; F2 shows its title, tags and price.",
                Scene::Lock => "Mobile holds the lock of Trip to Lisbon. Open it, change something, save with Ctrl-S.",
                Scene::Lww => "Go to Trip to Lisbon with j and k, and mark it with *.",
            },
        );
        if self.scene == Scene::Lock {
            let path = format!("/api/notes/{}/lock", self.stage.lisbon);
            let lock = self.stage.mobile.call("POST", &path, Some(json!({})), &[]).await?;
            self.lock = lock.body.pointer("/data/token").and_then(Value::as_str).unwrap_or_default().to_owned();
        }
        Ok(())
    }

    /// What happens before the client hears a command.
    async fn before(&mut self, command: &Command, ways: &Ways) -> Result<(), Failure> {
        self.at_it &= !matches!(command, Command::Settle { .. });
        match command {
            Command::Open(id) if Some(*id) == self.lisbon && self.saves == 0 && self.scene == Scene::Conflict => {
                self.say(ways, "In the note (Enter opens it) change something, say the Tuesday in line 4 to Thursday. Ctrl-S saves.");
            }
            Command::Open(id) if Some(*id) == self.lisbon && self.saves == 0 && self.scene == Scene::Offline => {
                // Only now: the device has its notes already.
                self.stage.outage().await;
                self.say(ways, "The network is gone. In the note (Enter opens it) change something, and save with Ctrl-S.");
            }
            Command::Open(id) if Some(*id) == self.desk && self.saves == 0 && self.scene == Scene::Fields => {
                self.say(ways, "In the note (Enter opens it) F2: change the title, add a tag. Ctrl-S takes it over, Ctrl-S again saves.");
            }
            Command::Save { id, .. } if Some(*id) == self.subject() && self.scene != Scene::Lww => {
                self.saves += 1;
                self.before_save(ways).await?;
            }
            Command::Journal { .. } if self.refusals == 1 => {
                self.say(ways, "n goes to what is still open, u undoes. When all is settled: w saves, and y confirms.");
            }
            Command::Settle { .. } if self.scene == Scene::Conflict && self.again && self.refusals == 1 => {
                self.mobile_saves(mobile_second).await?;
                self.say(ways, "Sent, on top of mobile's version …");
            }
            Command::Bookmark(id, _) if self.scene == Scene::Lww && Some(*id) == self.lisbon && self.saves == 0 => {
                self.saves = 1;
                self.stage.outage().await;
            }
            _ => {}
        }
        Ok(())
    }

    async fn before_save(&mut self, ways: &Ways) -> Result<(), Failure> {
        match (self.scene, self.saves) {
            (Scene::Conflict, 1) => {
                self.mobile_saves(mobile_first).await?;
                self.say(ways, "Saving … but mobile was quicker by a moment.");
            }
            (Scene::Conflict, _) if self.refusals == 0 => {}
            (Scene::Conflict, _) => self.mobile_saves(mobile_second).await?,
            (Scene::Fields, 1) => {
                let change = json!({"title": "Standing desk, oak", "tags": [DESK_TAG, "oak"]});
                self.stage.mobile.save(&self.stage.desk, 1, change).await?;
            }
            (Scene::Fields, 2) => {
                let now = self.stage.mobile.read(&self.stage.desk).await?.version();
                self.stage.mobile.save(&self.stage.desk, now, json!({"fields": {"price_cents": DESK_CENTS - 10_000}})).await?;
            }
            (Scene::Lock, 1) => {
                self.say(ways, "423: locked. Your text is saved here and tried again. An idle lock ends by itself, here after 30 s.");
            }
            _ => {}
        }
        Ok(())
    }

    /// The phone saves the trip on the version it finds.
    async fn mobile_saves(&self, change: fn(&str) -> String) -> Result<(), Failure> {
        let now = self.stage.mobile.read(&self.stage.lisbon).await?;
        let body = now.body.pointer("/data/body").and_then(Value::as_str).unwrap_or_default();
        self.stage.mobile.save(&self.stage.lisbon, now.version(), json!({"body": change(body)})).await?;
        Ok(())
    }

    /// What the coach says to news, and what the phone does.
    async fn heard(&mut self, news: &News, ways: &Ways) -> Result<(), Failure> {
        match news {
            News::NeedsYou(parked) if Some(parked.id) == self.subject() => {
                self.refusals += 1;
                self.say(
                    ways,
                    match (self.scene, self.refusals) {
                        (Scene::Fields, _) => "409: you both changed the price, and money asks. Ctrl-G goes there.",
                        (_, 1) => "409: the note moved on while you typed. Both texts are kept. Ctrl-G goes there.",
                        _ => "Mobile again! Your choices are kept; only what is new is asked. Settle it and press w.",
                    },
                );
            }
            News::Settled(..) => self.say(ways, "The server has exactly what you settled. Esc, then A: the log. Ctrl-Q leaves."),
            News::Synced(note, _) if Some(note.id) == self.subject() => self.synced(ways).await?,
            _ => {}
        }
        Ok(())
    }

    async fn synced(&mut self, ways: &Ways) -> Result<(), Failure> {
        match (self.scene, self.saves) {
            (Scene::Offline, 1..) => {
                self.say(ways, "Both pushed. Yours came last, so it stands; mobile's text is in the log. Esc, then A: exactly one entry.");
            }
            (Scene::Fields, 1) => {
                self.say(ways, "No question asked: your title stands, the tags of both are there. Now F2 again, and change the price.");
            }
            (Scene::Lock, 1..) if !self.lock.is_empty() => {
                let (id, token) = (self.stage.lisbon.clone(), std::mem::take(&mut self.lock));
                let change = json!({"base_version": 1, "body": "Typed on the phone, too late.\n"});
                self.stage.mobile.call("PUT", &format!("/api/notes/{id}"), Some(change), &[("X-Lock-Token", &token)]).await?;
                self.say(
                    ways,
                    "The lock ended, your save was accepted. Mobile saved late, on its old lock: a 409, nothing lost. Esc, then A: the log.",
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// The network comes back: the phone is first, then the person's device.
    async fn reconnect(&mut self, ways: &Ways) -> Result<(), Failure> {
        self.stage.recover().await?;
        if self.scene == Scene::Lww {
            let path = format!("/api/bookmarks/{}", self.stage.lisbon);
            self.stage.mobile.call("PUT", &path, Some(json!({"marked": true, "note": "the dinner"})), &[]).await?;
            self.say(
                ways,
                "Mobile's mark came first, yours after it: the last write wins, and the log keeps the other. A: exactly one entry.",
            );
        } else {
            self.mobile_saves(mobile_first).await?;
        }
        ways.client.send(Command::SyncNow);
        Ok(())
    }
}

/// Waits for the end of an outage, or for ever if there is none.
async fn over(outage: &mut Option<Pin<Box<tokio::time::Sleep>>>) {
    match outage {
        Some(end) => end.await,
        None => std::future::pending().await,
    }
}
