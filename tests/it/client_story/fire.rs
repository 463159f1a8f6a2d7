//! The real program under fire: two devices edit through the breakable way, their `diptych` is killed with -9 in the middle of it, again
//! and again, as a command and as the screens in a terminal. Whatever it said was saved is found afterwards.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use diptych::domain::note::NoteId;

use super::kill::{Judge, notes};
use super::world::World;
use crate::proxy::{Fault, Proxy};
use crate::pty::{Home, Term};

/// Rounds to go: a few in every run of the tests, hundreds when asked for.
fn rounds() -> u64 {
    std::env::var("DIPTYCH_KILL_ROUNDS").ok().and_then(|s| s.parse().ok()).unwrap_or(14)
}

/// A small generator, so that a run can be told from its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Someone's folders and their breakable way to the server.
pub(super) struct Device {
    pub home: Home,
    pub proxy: Proxy,
    pub name: &'static str,
    words: u64,
}

impl Device {
    pub async fn new(world: &World, name: &'static str) -> Device {
        Device { home: Home::new(), proxy: Proxy::start(world.address).await, name, words: 0 }
    }

    fn spawn(&self, world: &World, args: &[&str], input: &str) -> Child {
        let mut command = self.home.command(args);
        command.env("DIPTYCH_SERVER", self.proxy.url()).env("DIPTYCH_TOKEN", &world.token).env("DIPTYCH_CLIENT", self.name);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that reads nothing may have closed its end.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child
    }

    /// Runs a command to its end: status, output, errors.
    pub fn run(&self, world: &World, args: &[&str], input: &str) -> (i32, String, String) {
        let out = self.spawn(world, args, input).wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
    }

    /// The file of this device's notes.
    pub fn file(&self) -> PathBuf {
        let host = self.proxy.url().trim_start_matches("http://").replace(':', "_");
        self.home.path("data/diptych").join(format!("device-{host}.db"))
    }

    fn word(&mut self) -> String {
        self.words += 1;
        format!("{}.{}", self.name, self.words)
    }
}

fn spoil(device: &Device, dice: &mut Dice) {
    let faults = [Fault::DropRequest, Fault::DropReply, Fault::HalfReply, Fault::Delay(Duration::from_millis(40)), Fault::Duplicate];
    if dice.below(2) == 0 {
        let fault = faults[usize::try_from(dice.below(5)).unwrap()];
        device.proxy.next(if dice.below(2) == 0 { "P" } else { "" }, fault);
    }
}

/// One save by a command, killed after a while unless it was quicker. Gives the word if the program said it was saved.
fn command_round(world: &World, device: &mut Device, note: NoteId, dice: &mut Dice) -> Option<String> {
    let id = note.to_string();
    let (_, told, _) = device.run(world, &["conflicts", "--json"], "");
    if told.contains(&id) {
        // A settled conflict keeps both sides: in the audit log, the history and the copies.
        let side = if dice.below(2) == 0 { "--mine" } else { "--theirs" };
        device.run(world, &["conflicts", "settle", &id, side], "");
    }
    let (status, text, _) = device.run(world, &["show", &id], "");
    if status != 0 {
        return None;
    }
    let word = device.word();
    let mut child = device.spawn(world, &["save", &id], &format!("{text}{word};"));
    let until = Instant::now() + Duration::from_millis(20 + dice.below(200));
    let spared = dice.below(4) == 0;
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.code(),
            None if !spared && Instant::now() >= until => {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let mut said = String::new();
    let _ = std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said);
    // Said only once it is on the disk: 0 saved, 1 parked. A save is also refused (1) on top of a conflict that is not settled.
    (status == Some(0) || (status == Some(1) && said.contains("Both versions are kept"))).then_some(word)
}

/// The screens in a terminal: opens the first note, types, saves, and is killed when the screen has said "saved here" or more.
fn screen_round(world: &World, device: &mut Device) -> Option<String> {
    let url = device.proxy.url();
    let env = [("DIPTYCH_SERVER", url.as_str()), ("DIPTYCH_TOKEN", world.token.as_str()), ("DIPTYCH_CLIENT", device.name)];
    let term = Term::run(&device.home, env!("CARGO_BIN_EXE_diptych"), &[], &env, 100, 30);
    let text = term.wait_for("the list", |t| t.contains("under fire") || t.contains("Enter go on"));
    if text.contains("Enter go on") {
        term.send("\r");
        term.wait("under fire");
    }
    term.send("\r");
    term.wait_for("the editor", |t| t.contains("Esc back") || t.contains("Two versions"));
    if term.text().contains("Two versions") {
        return None; // the next command settles it
    }
    let word = device.word();
    term.send(&format!("\x1b[1;5F{word};"));
    // Wherever the line wraps.
    term.wait_for(&word, |t| t.split_whitespace().collect::<String>().contains(&word));
    term.send("\x13");
    // The head says it; the foot may say it of another note.
    let head = |t: &str| t.lines().take(2).collect::<String>();
    term.wait_for("a word about the save", |t| ["saved here", "synced", "needs you", "Two versions"].iter().any(|w| head(t).contains(w)));
    term.signal("-9");
    Some(word)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_the_program_said_was_saved_is_lost_to_kill_9_behind_a_bad_network() {
    let world = World::start().await;
    let mut devices = Vec::new();
    for name in ["laptop", "desktop"] {
        devices.push(Device::new(&world, name).await);
    }
    let all = notes();
    for (n, note) in all.iter().enumerate() {
        world.make(*note, "under fire", &format!("note {n};")).await;
    }
    let (mut judge, mut said, mut dice, mut screens) = (Judge::default(), Vec::new(), Dice(7), 0);
    for n in 0..rounds() {
        let at = usize::try_from(dice.below(2)).unwrap();
        let note = all[usize::try_from(dice.below(all.len() as u64)).unwrap()];
        spoil(&devices[at], &mut dice);
        let device = &mut devices[at];
        let word = tokio::task::block_in_place(|| {
            if n % 7 == 6 {
                screens += 1;
                screen_round(&world, device)
            } else {
                command_round(&world, device, note, &mut dice)
            }
        });
        said.extend(word);
        if n % 10 == 9 {
            judge.gather(&world).await;
        }
    }
    // The network heals, and every device sends what it has.
    for device in &devices {
        let (status, out, err) = tokio::task::block_in_place(|| device.run(&world, &["sync", "--timeout", "60"], ""));
        assert!(status == 0 || status == 1, "{}: {status} {out} {err}", device.name);
    }
    judge.gather(&world).await;
    let files: Vec<PathBuf> = devices.iter().map(Device::file).collect();
    judge.keep(&files);
    let lost: Vec<&String> = said.iter().filter(|word| !judge.has(word)).collect();
    println!("{} rounds, {screens} of them in a terminal, {} words said to be saved, {} lost", rounds(), said.len(), lost.len());
    assert!(lost.is_empty(), "{lost:?}");
    assert!(said.len() as u64 > rounds() / 8, "too little was saved to prove a thing: {}", said.len());
}
