//! The client as a process of its own, killed with -9 again and again while it saves and another device does too.
//!
//! The child is this very test program, told by its environment to run a client and save without end. Whatever it said was saved here
//! must be in the end on the server, in a version or in the refused text its audit log keeps; and one device alone meets no conflict.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{SystemTime, UNIX_EPOCH};

use diptych::client::disk::Disk;
use diptych::client::handle::{Command, News};
use diptych::client::http::{Access, Http};
use diptych::client::{self, Parts};
use diptych::domain::note::{Content, NoteId, Time};
use uuid::Uuid;

use super::world::World;

const CHILD: &str = "DIPTYCH_TEST_KILLED";

fn rounds() -> u32 {
    std::env::var("DIPTYCH_KILL_ROUNDS").ok().and_then(|s| s.parse().ok()).unwrap_or(12)
}

fn wall() -> Time {
    Time(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap())
}

pub(super) fn notes() -> [NoteId; 3] {
    [1, 2, 3].map(|n| NoteId(Uuid::from_u128((0x0193_a1c2_u128 << 96) | (7 << 76) | (2 << 62) | n)))
}

/// Not a test of its own: what the child process runs. Without the environment of a child it does nothing.
#[test]
fn child_that_saves_until_it_is_killed() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let [server, token, db, origin, round]: [String; 5] = told.split('|').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let next = Arc::new(AtomicI64::new(wall().0));
        let ids =
            move || Uuid::from_u128((u128::from(std::process::id()) << 64) | next.fetch_add(1, Ordering::Relaxed).unsigned_abs() as u128);
        let parts = Parts { clock: Arc::new(wall), ids: Arc::new(ids), seed: 3 };
        let access = Access { server, token, origin: origin.clone(), ca: None };
        let (handle, mut news) = client::start(&client::Config { access, db: db.into(), guest: false }, parts).unwrap();
        for n in 1_u64.. {
            let id = notes()[usize::try_from(n % 3).unwrap()];
            handle.send(Command::Open(id));
            let mut revision = None;
            while let Some(said) = news.recv().await {
                match said {
                    News::Opened(d) if d.id == id && revision.is_none() => {
                        let word = format!("{origin}.{round}.{n};");
                        let parked =
                            d.parked.as_ref().map(|p| Content { body: both(&p.mine.body, &p.theirs.content.body), ..p.mine.clone() });
                        if let Some(content) = parked {
                            let settle =
                                |content| Command::Settle { id, content, outcome: "merged".into(), hunks: [0, 0, 1, 0], seconds: 1 };
                            handle.send(settle(Box::new(content)));
                            break;
                        }
                        let accepted = d.draft.is_none();
                        let mut content = d.draft.map(|d| d.content).or(d.synced.map(|n| n.content)).unwrap_or_default();
                        content.title = "killed".into();
                        content.body.push_str(&word);
                        if content.body.len() > 2_000 && accepted {
                            // What was there is in the history; of a draft a later save by the same person would take it away.
                            content.body = word.clone();
                        }
                        handle.send(Command::Save { id, base: None, content: Box::new(content), revision: n });
                        revision = Some(word);
                    }
                    News::SavedHere(i, r) if i == id && r == n => {
                        println!("\nsaved {} {}", id, revision.take().unwrap());
                        break;
                    }
                    News::NeedsYou(_) => println!("\nrefused"),
                    _ => {}
                }
            }
        }
    });
}

/// Every word of both, once.
fn both(mine: &str, theirs: &str) -> String {
    let words: BTreeSet<&str> = mine.split_inclusive(';').chain(theirs.split_inclusive(';')).collect();
    words.into_iter().collect()
}

struct Killed {
    process: Child,
    lines: Receiver<String>,
}

fn spawn(world: &World, origin: &str, round: u32) -> Killed {
    let db = world.folder.path().join(format!("{origin}.db"));
    let told = format!("http://{}|{}|{}|{origin}|{round}", world.address, world.token, db.display());
    let mut process = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "client_story::kill::child_that_saves_until_it_is_killed", "--nocapture", "--test-threads=1"])
        .env(CHILD, told)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(process.stdout.take().unwrap());
    let (tell, lines) = channel();
    std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(|l| drop(tell.send(l))));
    Killed { process, lines }
}

/// Runs the devices, each killed after so many of its saves, and gives what they said.
fn round(world: &World, origins: &[&str], round: u32, after: u32) -> Vec<String> {
    let mut said = Vec::new();
    let mut running: Vec<Killed> = origins.iter().map(|o| spawn(world, o, round)).collect();
    for child in &mut running {
        let mut saves = 0;
        while saves < after {
            let line = child.lines.recv_timeout(crate::world::PATIENCE).expect("the child says something");
            saves += u32::from(line.starts_with("saved"));
            said.push(line);
        }
    }
    for child in &mut running {
        // Gone already is as good.
        let _ = child.process.kill();
        child.process.wait().unwrap();
        said.extend(child.lines.iter());
    }
    said
}

/// Gathers every word that can still be reached, as the run goes on.
#[derive(Default)]
pub(super) struct Judge {
    words: HashSet<(NoteId, String)>,
    seen: HashMap<NoteId, i64>,
}

impl Judge {
    fn take(&mut self, note: NoteId, text: &str) {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').filter(|w| w.contains('.'));
        self.words.extend(words.map(|w| (note, w.to_owned())));
    }

    /// What the server has in versions and in refused texts.
    pub(super) async fn gather(&mut self, world: &World) {
        let access = Access { server: format!("http://{}", world.address), token: world.token.clone(), origin: "judge".into(), ca: None };
        let http = Http::new(&access).unwrap();
        for note in notes() {
            let rows = http.history(note).await.unwrap_or_default();
            let from = self.seen.insert(note, rows.first().map_or(0, |r| r.version)).unwrap_or(0);
            for row in rows.iter().filter(|r| r.version > from) {
                let body = http.version(note, row.version).await.unwrap().content.body;
                self.take(note, &body);
            }
            let refused = http.audit(500, &format!("&entity_id={note}")).await.unwrap();
            self.take(note, &format!("{refused:?}"));
        }
    }

    /// What devices have in their files.
    pub(super) fn keep(&mut self, files: &[PathBuf]) {
        for (note, path) in notes().iter().flat_map(|n| files.iter().map(move |f| (*n, f))) {
            let (disk, notices) = Disk::open(path, Time(0)).unwrap();
            assert!(notices.is_empty(), "{notices:?}");
            let record = disk.load(note).unwrap();
            self.take(note, &format!("{:?} {:?}", disk.copies(note).unwrap(), (&record.saved, &record.typed, &record.parked)));
        }
    }

    /// Whether a word can be reached, in whichever note.
    pub(super) fn has(&self, word: &str) -> bool {
        notes().iter().any(|n| self.words.contains(&(*n, word.to_owned())))
    }

    /// Everything said to be saved is in a version, in the audit log, or still on a device.
    fn check(&mut self, world: &World, origins: &[&str], said: &[String]) {
        self.keep(&origins.iter().map(|o| world.folder.path().join(format!("{o}.db"))).collect::<Vec<_>>());
        let mut saves = 0;
        for (id, word) in said.iter().filter_map(|l| l.strip_prefix("saved ")?.split_once(' ')) {
            let key = (id.parse().unwrap(), word.trim_end_matches(';').to_owned());
            assert!(self.words.contains(&key), "lost: {word} of {id}");
            saves += 1;
        }
        println!("{saves} saves, {} refusals, every one reachable", said.iter().filter(|l| *l == "refused").count());
    }
}

async fn killed(devices: &[&str], rounds: u32) -> Vec<String> {
    let world = World::start().await;
    let (mut judge, mut said) = (Judge::default(), Vec::new());
    for n in 0..rounds {
        said.extend(tokio::task::block_in_place(|| round(&world, devices, n, 2 + n * 7 % 11)));
        if n % 10 == 9 {
            judge.gather(&world).await;
        }
    }
    judge.gather(&world).await;
    judge.check(&world, devices, &said);
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_said_to_be_saved_is_lost_to_kill_9() {
    killed(&["laptop", "desktop"], rounds()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_device_killed_again_and_again_never_meets_a_conflict() {
    assert!(!killed(&["laptop"], rounds() / 2).await.iter().any(|l| l == "refused"), "alone");
}
