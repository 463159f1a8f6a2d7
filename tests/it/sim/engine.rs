//! One seeded run: a queue of things that happen, in simulated time, then a time without faults, then the model's questions.

use std::collections::BinaryHeap;
use std::fmt;

use diptych::client::catch_up::Place;
use diptych::client::message::Request;
use diptych::domain::note::Time;

use super::device::{Device, Reply, short};
use super::locking::Locking;
use super::model::Model;
use super::screen::Set;
use super::server::{Page, Server};

/// A small generator (splitmix64, Steele and others 2014): the whole run follows from its seed.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn uuid(&mut self) -> uuid::Uuid {
        uuid::Uuid::from_u128((u128::from(self.next()) << 64) | u128::from(self.next()))
    }
}

/// How often each fault strikes, in percent.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    pub lose_request: u64,
    pub lose_reply: u64,
    pub repeat: u64,
    pub crash: u64,
    pub partition: u64,
    pub server_error: u64,
    /// The server is set back to an older copy of its data (where there is one).
    pub restore: u64,
    /// A device's clock jumps by up to ten years, either way.
    pub jump: u64,
}

impl Faults {
    pub fn all() -> Faults {
        Faults { lose_request: 12, lose_reply: 15, repeat: 12, crash: 4, partition: 3, server_error: 5, restore: 0, jump: 2 }
    }
}

/// What some runs play besides. It is drawn apart, so that a seed without it plays what it always played.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras {
    /// Notes are locked.
    pub locks: bool,
    /// There are many notes, and people who delete many at once.
    pub many: bool,
    /// A server is set back without a broken connection: what was under way goes on to it.
    pub unnoticed: bool,
    /// People type on screens, which tell later and hear later.
    pub screens: bool,
    /// Disks are full now and then.
    pub full: bool,
}

impl Extras {
    fn of(seed: u64) -> Extras {
        let mut rng = Rng::new(seed ^ 0x10c5_0bad);
        let (locks, many, unnoticed) = (rng.chance(40), rng.chance(15), rng.chance(50));
        Extras { locks, many, unnoticed, screens: rng.chance(60), full: rng.chance(30) }
    }
}

/// What a seed plays.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub devices: usize,
    pub notes: u64,
    pub actions: u64,
    pub faults: Faults,
    pub extras: Extras,
}

impl Plan {
    pub fn of(seed: u64) -> Plan {
        let mut rng = Rng::new(seed ^ 0x00d1_97c4);
        let quiet = rng.chance(10);
        let faults = if quiet {
            Faults { lose_request: 0, lose_reply: 0, repeat: 0, crash: 0, partition: 0, server_error: 0, restore: 0, jump: 0 }
        } else {
            Faults::all()
        };
        let devices = usize::try_from(1 + rng.below(4)).unwrap();
        let (notes, actions) = (1 + rng.below(3), 10 + rng.below(50));
        // One run in six has a server that is restored from copies.
        let faults = if !quiet && rng.chance(17) { Faults { restore: 3, ..faults } } else { faults };
        let extras = Extras::of(seed);
        let notes = if extras.many { notes + 8 } else { notes };
        Plan { seed, devices, notes, actions, faults, extras }
    }

    /// The same without what was added later.
    pub fn as_first(self) -> Plan {
        let notes = if self.extras.many { self.notes - 8 } else { self.notes };
        Plan { notes, extras: Extras::default(), ..self }
    }
}

/// What went on, to see that a run was worth something.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub saves: u64,
    pub conflicts: u64,
    pub settled: u64,
    pub lost: u64,
    pub repeats: u64,
    pub crashes: u64,
    pub partitions: u64,
    pub restores: u64,
    pub unnoticed: u64,
    pub jumps: u64,
    pub locks: u64,
    pub locked_out: u64,
    pub locks_lost: u64,
    pub deletions_held: u64,
    pub late: u64,
    pub steps: u64,
    pub texts: u64,
    pub full: u64,
    pub not_stored: u64,
    pub not_parked: u64,
    pub words_kept: u64,
}

impl Seen {
    pub fn add(&mut self, o: &Seen) {
        self.saves += o.saves;
        self.conflicts += o.conflicts;
        self.settled += o.settled;
        self.lost += o.lost;
        self.repeats += o.repeats;
        self.crashes += o.crashes;
        self.partitions += o.partitions;
        self.restores += o.restores;
        self.unnoticed += o.unnoticed;
        self.jumps += o.jumps;
        self.locks += o.locks;
        self.locked_out += o.locked_out;
        self.locks_lost += o.locks_lost;
        self.deletions_held += o.deletions_held;
        self.late += o.late;
        self.steps += o.steps;
        self.texts += o.texts;
        self.full += o.full;
        self.not_stored += o.not_stored;
        self.not_parked += o.not_parked;
        self.words_kept += o.words_kept;
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} saves, {} refused, {} settled; {} messages lost, {} repeated, {} late by seconds, {} crashes, {} partitions, {} servers set \
             back ({} unnoticed), {} clocks jumped by years; {} locks taken or renewed, {} lost, {} saves locked out, {} mass deletions held, \
             {} allowed while changes were fetched; {} texts told by screens; {} disks full, {} steps not stored, {} conflicts not parked at \
             first; {} steps",
            self.saves,
            self.conflicts,
            self.settled,
            self.lost,
            self.repeats,
            self.late,
            self.crashes,
            self.partitions,
            self.restores,
            self.unnoticed,
            self.jumps,
            self.locks,
            self.locks_lost,
            self.locked_out,
            self.deletions_held,
            self.words_kept,
            self.texts,
            self.full,
            self.not_stored,
            self.not_parked,
            self.steps
        )
    }
}

/// What is on its way.
#[derive(Clone, Debug)]
pub enum Thing {
    /// The person at a device does something.
    Act(usize),
    /// A device looks for what is due.
    Look(usize),
    /// A request reaches the server; `life` is the run of the device that sent it.
    Arrives { from: usize, life: u64, server: u64, lock: Option<String>, request: Box<Request> },
    /// A reply reaches its device.
    Replied { to: usize, life: u64, server: u64, request: Box<Request>, reply: Reply },
    /// A device's question for changes reaches the server.
    Asks { from: usize, life: u64, ask: u64, place: Place },
    /// The changes reach the device.
    Changes { to: usize, life: u64, ask: u64, page: Page },
    /// Something about a lock.
    Lock(Locking),
    /// A device's network comes back.
    Heals(usize),
    /// There is room on a device's disk again.
    Room(usize),
    /// The person allows the deletions that were asked about.
    Allows { at: usize, life: u64 },
}

struct Queued {
    at: Time,
    order: u64,
    thing: Thing,
}

impl PartialEq for Queued {
    fn eq(&self, o: &Self) -> bool {
        self.order == o.order
    }
}
impl Eq for Queued {}
impl PartialOrd for Queued {
    fn partial_cmp(&self, o: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(o))
    }
}
impl Ord for Queued {
    fn cmp(&self, o: &Self) -> std::cmp::Ordering {
        (o.at, o.order).cmp(&(self.at, self.order)) // the earliest first
    }
}

/// The world of one run.
pub struct World<'a> {
    pub now: Time,
    pub rng: Rng,
    pub plan: Plan,
    pub devices: Vec<Device>,
    pub server: Server,
    pub model: Model,
    pub seen: Seen,
    pub calm: bool,
    /// Counts how often every connection broke at once, with what was under way.
    pub lines: u64,
    /// For what was added later.
    pub more: Rng,
    pub set: std::rc::Rc<Set>,
    backup: Option<Server>,
    queue: BinaryHeap<Queued>,
    order: u64,
    acts_left: u64,
    story: Option<&'a mut Vec<String>>,
}

impl World<'_> {
    pub fn say(&mut self, what: impl FnOnce() -> String) {
        let now = self.now.0 / 1000;
        if let Some(story) = &mut self.story {
            story.push(format!("{now:>8} ms  {}", what()));
        }
    }

    pub fn later(&mut self, ms: u64, thing: Thing) {
        self.order += 1;
        let at = self.now.plus_ms(i64::try_from(ms).unwrap());
        self.queue.push(Queued { at, order: self.order, thing });
    }

    fn delay(&mut self) -> u64 {
        if self.rng.chance(10) && !self.calm {
            self.seen.late += 1;
            2_000 + self.rng.below(60_000)
        } else {
            5 + self.rng.below(200)
        }
    }

    /// The server's data is copied, or an older copy takes its place.
    fn keeper_acts(&mut self) {
        let restore = self.plan.faults.restore;
        if restore == 0 || self.calm {
            return;
        }
        if self.rng.chance(8) {
            self.backup = Some(self.server.clone());
        } else if self.rng.chance(restore)
            && let Some(copy) = self.backup.clone()
        {
            self.seen.restores += 1;
            self.server.set_back_to(copy);
            super::model::forgive(self);
            self.locks_spoiled_everywhere();
            // An answer dies with the server that gave it; a request may reach the one that comes after.
            self.devices.iter_mut().for_each(|d| d.asking = false);
            if self.plan.extras.unnoticed {
                self.seen.unnoticed += 1;
            } else {
                self.lines += 1;
                self.devices.iter_mut().for_each(|d| d.caught.failed(true));
            }
            self.say(|| "server: set back to an older copy".to_owned());
        }
    }

    pub fn fault(&mut self, percent: u64) -> bool {
        !self.calm && self.rng.chance(percent)
    }

    /// Puts a message on the network, which may lose, delay, repeat and so reorder it.
    pub fn post(&mut self, device: usize, percent: u64, thing: Thing) {
        if self.devices[device].cut || self.fault(percent) {
            self.seen.lost += 1;
            self.spoiled(&thing);
            return self.say(|| format!("lost: {}", name(&thing)));
        }
        if self.fault(self.plan.faults.repeat) {
            self.seen.repeats += 1;
            self.spoiled(&thing);
            let delay = self.delay();
            self.later(delay, thing.clone());
        }
        let delay = self.delay();
        self.later(delay, thing);
    }

    fn happen(&mut self, thing: Thing) -> Result<(), String> {
        match thing {
            Thing::Act(d) => {
                if self.acts_left > 0 {
                    self.acts_left -= 1;
                    self.keeper_acts();
                    super::device::act(self, d);
                    let pause = self.rng.below(20_000);
                    self.later(pause, Thing::Act(d));
                }
            }
            Thing::Look(d) => {
                super::device::look(self, d);
                self.later(700, Thing::Look(d));
            }
            Thing::Heals(d) => {
                self.devices[d].cut = false;
                self.say(|| format!("device {d}: the network is back"));
            }
            Thing::Room(d) => {
                self.devices[d].full = false;
                self.say(|| format!("device {d}: there is room on its disk again"));
            }
            Thing::Allows { at, life } if self.devices[at].life == life => super::catching::allow(self, at)?,
            Thing::Allows { .. } => {}
            // A connection does not outlive the server it was made to.
            Thing::Arrives { server, .. } if server != self.lines => self.seen.lost += 1,
            Thing::Arrives { from, life, lock, request, .. } => {
                let broken = self.plan.faults.server_error;
                let reply = if self.fault(broken) {
                    Reply::Later
                } else {
                    let before = self.server.present(request.id).map(|n| n.content.body.clone());
                    let reply = self.server.take(from, &request, lock.as_deref(), self.now, &mut self.rng)?;
                    let after = self.server.present(request.id).map(|n| n.content.body.as_str());
                    if let (Some(before), Some(after), 0) = (before, after, self.seen.restores) {
                        self.model.overwrites(request.id, &before, after)?;
                    }
                    reply
                };
                self.seen.locked_out += u64::from(matches!(reply, Reply::Locked));
                self.say(|| format!("server: {:?} of device {from} about {}: {}", request.lane, short(request.id), reply.name()));
                let lose = self.plan.faults.lose_reply;
                let server = self.seen.restores;
                self.post(from, lose, Thing::Replied { to: from, life, server, request, reply });
            }
            Thing::Replied { server, .. } if server < self.seen.restores => self.seen.lost += 1,
            Thing::Replied { to, life, request, reply, .. } => super::device::replied(self, to, life, &request, reply),
            Thing::Asks { from, life, ask, place } => {
                let page = self.server.since(place);
                let lose = self.plan.faults.lose_reply;
                self.post(from, lose, Thing::Changes { to: from, life, ask, page });
            }
            Thing::Changes { to, life, ask, page } => super::catching::changes(self, to, (life, ask), page)?,
            Thing::Lock(locking) => super::locking::happen(self, locking)?,
        }
        Ok(())
    }
}

fn name(thing: &Thing) -> String {
    match thing {
        Thing::Arrives { from, request, .. } => format!("request of device {from} ({:?})", request.lane),
        Thing::Replied { to, reply, .. } => format!("reply to device {to} ({})", reply.name()),
        Thing::Asks { from, .. } => format!("question for changes of device {from}"),
        Thing::Changes { to, .. } => format!("changes for device {to}"),
        other => format!("{other:?}"),
    }
}

/// Runs a plan to its end.
///
/// # Errors
/// The law that was broken, and how.
pub fn run(plan: &Plan, story: Option<&mut Vec<String>>) -> Result<Seen, String> {
    let mut rng = Rng::new(plan.seed);
    let server = Server::new(plan.notes, &mut rng);
    let model = Model::new(&server);
    let devices = (0..plan.devices).map(Device::new).collect();
    let mut world = World {
        now: Time(1_000_000_000),
        rng,
        plan: *plan,
        devices,
        server,
        model,
        seen: Seen::default(),
        calm: false,
        lines: 0,
        more: Rng::new(plan.seed ^ 0x5eed_10c5),
        set: std::rc::Rc::new(Set::new()),
        backup: None,
        queue: BinaryHeap::new(),
        order: 0,
        acts_left: plan.actions,
        story,
    };
    for d in 0..plan.devices {
        let first = world.rng.below(3_000);
        world.later(first, Thing::Look(d));
        world.later(first + 500, Thing::Act(d));
    }
    while let Some(next) = world.queue.pop() {
        world.now = next.at;
        world.seen.steps += 1;
        world.happen(next.thing)?;
        if world.acts_left == 0 && !world.calm {
            world.calm = true;
            world.devices.iter_mut().for_each(|d| (d.cut, d.full) = (false, false));
            world.say(|| "from here on nothing fails, and every conflict is settled".to_owned());
        }
        if world.calm && super::model::quiet(&world) {
            return super::model::check(&world).map(|()| world.seen);
        }
        if world.seen.steps > 60_000 {
            return Err(format!("it never came to rest: {}", super::model::unrest(&world)));
        }
    }
    Err("nothing was left to happen".to_owned())
}
