//! One simulated device: records that survive a crash, a run that does not, and a person who types, saves, deletes and settles.

use std::collections::{BTreeMap, BTreeSet};

use diptych::client::catch_up::{CatchUp, Place};
use diptych::client::handle::{EntryState, News};
use diptych::client::locks::Locks;
use diptych::client::message::{Answer, Effect, Env, Input, Request};
use diptych::client::rebase::{Rules, rebase};
use diptych::client::record::{Lane, Record, Report};
use diptych::client::sync::step;
use diptych::client::unseen::Unseen;
use diptych::domain::note::{Content, FieldName, Note, NoteId, Time, Value};
use uuid::Uuid;

use super::engine::{Thing, World};
use super::screen::{self, Open};

/// What the network carries back.
#[derive(Clone, Debug)]
pub enum Reply {
    Saved(Box<Note>),
    Conflict {
        present: Box<Note>,
        base: Option<Box<Note>>,
        conflicts: Vec<FieldName>,
        id: Option<Uuid>,
    },
    Missing,
    Done,
    Later,
    /// Another holds the note's lock.
    Locked,
}

impl Reply {
    pub fn name(&self) -> String {
        match self {
            Reply::Saved(n) => format!("version {}", n.version),
            Reply::Conflict { present, .. } => format!("409 against version {}", present.version),
            Reply::Missing => "404".to_owned(),
            Reply::Done => "done".to_owned(),
            Reply::Later => "503".to_owned(),
            Reply::Locked => "423".to_owned(),
        }
    }
}

#[derive(Debug)]
pub struct Device {
    pub no: usize,
    /// What is on its disk.
    pub records: BTreeMap<NoteId, Record>,
    pub copies: Vec<(NoteId, Content)>,
    /// What of the server's changes is on the disk for good.
    pub stored: Place,
    /// What a crash takes away.
    pub caught: CatchUp,
    pub unseen: Unseen,
    pub screen: Option<Open>,
    pub in_flight: BTreeSet<(NoteId, Lane)>,
    pub asking: bool,
    /// No space is left on its disk.
    pub full: bool,
    /// The number of the last question for changes.
    pub ask: u64,
    pub life: u64,
    pub cut: bool,
    /// What waits is to be tried at once: the program has just started, or saw its clock go back.
    wake: bool,
    /// How far its clock is off, in microseconds.
    skew: i64,
    entries: i64,
    revision: u64,
    pub locks: Locks,
    /// The exchange about each note's lock that is waited for, and how many there were.
    pub lock_waits: BTreeMap<NoteId, u64>,
    pub lock_asks: u64,
    /// Notes of whose lock a message was lost, repeated or came to nothing: what the server has of it may not be known here.
    pub lock_spoiled: BTreeSet<NoteId>,
    /// Notes that went by deletions elsewhere since all was here last; how many the person was asked about, and has allowed.
    pub gone: usize,
    pub asked: usize,
    pub may_go: usize,
}

impl Device {
    pub fn new(no: usize) -> Device {
        Device {
            no,
            records: BTreeMap::new(),
            copies: Vec::new(),
            stored: (0, None),
            caught: CatchUp::new((0, None)),
            unseen: Unseen::default(),
            screen: None,
            in_flight: BTreeSet::new(),
            asking: false,
            full: false,
            ask: 0,
            life: 0,
            cut: false,
            wake: false,
            skew: 0,
            entries: 0,
            revision: 0,
            locks: Locks::new(format!("device-{no}")),
            lock_waits: BTreeMap::new(),
            lock_asks: 0,
            lock_spoiled: BTreeSet::new(),
            gone: 0,
            asked: 0,
            may_go: 0,
        }
    }
}

impl Device {
    /// What its clock says.
    pub fn now(&self, real: Time) -> Time {
        Time(real.0 + self.skew)
    }
}

/// The beginning of an id, for the story.
pub fn short(id: NoteId) -> String {
    id.to_string().chars().take(4).collect()
}

fn rules() -> Rules {
    Rules { policies: [(FieldName::Field("sum".to_owned()), "sum".to_owned())].into() }
}

/// One step, stored, with its effects; a crash may come before the store or between the store and the effects. `false`: not stored.
pub fn apply(world: &mut World<'_>, d: usize, id: NoteId, input: Input) -> bool {
    let crash = world.plan.faults.crash;
    let crashes = !world.calm && world.rng.chance(crash);
    let before = crashes && world.rng.chance(50);
    if before {
        crashed(world, d);
        return false;
    }
    let mut record = world.devices[d].records.get(&id).cloned().unwrap_or_else(|| Record::empty(id));
    let from_there = matches!(input, Input::Remote(_) | Input::SetBack(_));
    let live = |r: &Record| r.synced.as_ref().is_some_and(|n| !n.content.deleted);
    let was_live = from_there && live(&record) && !record.has_own();
    world.devices[d].entries += 1;
    let rules = rules();
    let key = world.rng.uuid();
    let jitter = i64::try_from(world.rng.below(1000)).unwrap();
    let unseen = &world.devices[d].unseen;
    let env = Env { now: world.devices[d].now(world.now), key, no: world.devices[d].entries, jitter, rules: &rules, unseen };
    let effects = step(&mut record, input, &env);
    if world.devices[d].full {
        world.seen.not_stored += 1;
        let conflict = effects.iter().any(|e| matches!(e, Effect::Tell(News::NeedsYou(_))));
        world.seen.not_parked += u64::from(conflict);
        world.say(|| format!("device {d}: its disk is full, nothing of {} is stored", short(id)));
        screen::hear(world, d, News::Failed(Some(id), "the disk is full".to_owned()));
        return false;
    }
    let device = &mut world.devices[d];
    device.gone += usize::from(was_live && record.content().is_none_or(|c| c.deleted));
    if record.is_empty() {
        device.records.remove(&id);
    } else {
        device.records.insert(id, record);
    }
    for effect in &effects {
        match effect {
            Effect::Copy(content, _) => device.copies.push((id, (**content).clone())),
            Effect::Passed(passed) => device.unseen.passed(id, passed.clone()),
            Effect::Tell(_) | Effect::Send(_) => {}
        }
    }
    if crashes {
        crashed(world, d);
        return true;
    }
    for effect in effects {
        match effect {
            Effect::Send(request) => send(world, d, request),
            Effect::Tell(news) => {
                match &news {
                    News::NeedsYou(p) => {
                        world.seen.conflicts += 1;
                        world.say(|| format!("device {d}: needs you, {:?}", p.conflicts));
                    }
                    News::Failed(_, why) => world.say(|| format!("device {d}: {why}")),
                    _ => {}
                }
                screen::hear(world, d, news);
            }
            Effect::Copy(..) | Effect::Passed(_) => {}
        }
    }
    true
}

fn crashed(world: &mut World<'_>, d: usize) {
    world.seen.crashes += 1;
    let device = &mut world.devices[d];
    device.in_flight.clear();
    device.asking = false;
    device.caught = CatchUp::new(device.stored);
    device.unseen = Unseen::default();
    device.screen = None;
    (device.gone, device.asked, device.may_go) = (0, 0, 0);
    device.lock_spoiled.extend(device.locks.ours());
    device.locks = Locks::new(format!("device-{d}"));
    device.lock_waits.clear();
    device.wake = true;
    device.life += 1;
    world.say(|| format!("device {d}: killed, and started again"));
}

fn send(world: &mut World<'_>, d: usize, request: Box<Request>) {
    world.devices[d].in_flight.insert((request.id, request.lane));
    world.say(|| format!("device {d}: sends {:?} of {}, {}", request.lane, short(request.id), &request.key.to_string()[..4]));
    let life = world.devices[d].life;
    let lose = world.plan.faults.lose_request;
    let server = world.lines;
    let lock = world.devices[d].locks.token(request.id).map(str::to_owned);
    world.post(d, lose, Thing::Arrives { from: d, life, server, lock, request: request.clone() });
    // The transport gives up after a while; a late answer is then one to a request nobody waits for.
    world.later(30_000, Thing::Replied { to: d, life, server: u64::MAX, request, reply: Reply::Later });
}

pub fn look(world: &mut World<'_>, d: usize) {
    if world.devices[d].wake {
        wake(world, d);
    }
    let device = &world.devices[d];
    let now = device.now(world.now);
    let due: Vec<(NoteId, Lane)> = device
        .records
        .iter()
        .flat_map(|(id, r)| r.entries.iter().map(move |(lane, e)| (*id, *lane, e.state.clone(), e.due)))
        .filter(|(id, lane, state, due)| {
            !device.caught.unsure() && *state == EntryState::Waiting && *due <= now && !device.in_flight.contains(&(*id, *lane))
        })
        .map(|(id, lane, ..)| (id, lane))
        .collect();
    for (id, lane) in due {
        apply(world, d, id, Input::Due(lane));
    }
    if world.calm {
        settle_something(world, d);
        resume(world, d);
        super::locking::leave_all(world, d);
    }
    super::locking::renew(world, d);
    screen::look(world, d);
    super::catching::ask(world, d);
}

pub fn replied(world: &mut World<'_>, d: usize, life: u64, request: &Request, reply: Reply) {
    let lane = request.lane;
    if world.devices[d].life != life || !world.devices[d].in_flight.contains(&(request.id, lane)) {
        return;
    }
    // As over HTTP: an answer belongs to its request.
    let waits = match lane {
        Lane::Note => world.devices[d].records.get(&request.id).and_then(|r| r.sent.as_ref()).is_some_and(|s| s.key == request.key),
        Lane::Mark => world.devices[d]
            .records
            .get(&request.id)
            .and_then(|r| r.mark.as_ref())
            .is_some_and(|m| m.key.is_none() || m.key == Some(request.key)),
        Lane::Report => true,
    };
    if !waits {
        // What a server that was set back has forgotten is waited for no more, whatever it still answers.
        if lane == Lane::Note && world.devices[d].records.get(&request.id).is_none_or(|r| r.sent.is_none()) {
            world.devices[d].in_flight.remove(&(request.id, lane));
        }
        return;
    }
    let answer = match reply {
        Reply::Saved(note) => Answer::Saved(note),
        Reply::Conflict { present, base, conflicts, id } => {
            Answer::Conflict { present, base, conflicts, conflict_id: id.map(|id| id.to_string()) }
        }
        Reply::Missing => Answer::Missing,
        Reply::Done => Answer::Done,
        Reply::Later => Answer::Later("not now".to_owned(), None),
        Reply::Locked => Answer::Later("locked".to_owned(), Some(15_000)),
    };
    world.devices[d].in_flight.remove(&(request.id, lane));
    world.devices[d].caught.answered(request.id, lane, &answer);
    apply(world, d, request.id, Input::Answered(lane, answer));
}

/// The clock of a device jumps by years; the program notices where it went back, and tries again what waits.
fn jump(world: &mut World<'_>, d: usize) {
    const YEARS: u64 = 10 * 365 * 86_400;
    world.seen.jumps += 1;
    let before = world.devices[d].skew;
    let seconds = i64::try_from(world.rng.below(2 * YEARS)).unwrap() - i64::try_from(YEARS).unwrap();
    world.devices[d].skew = seconds * 1_000_000;
    world.say(|| format!("device {d}: its clock is off by {seconds} s"));
    world.devices[d].wake |= world.devices[d].skew < before;
}

/// Everything that waits is due now.
fn wake(world: &mut World<'_>, d: usize) {
    world.devices[d].wake = false;
    let waits = |r: &Record| r.entries.iter().filter(|(_, e)| e.state == EntryState::Waiting).map(|(l, _)| *l).collect::<Vec<_>>();
    let all: Vec<_> = world.devices[d].records.iter().flat_map(|(id, r)| waits(r).into_iter().map(|lane| (*id, lane))).collect();
    for (id, lane) in all {
        if !apply(world, d, id, Input::Retry(lane)) {
            world.devices[d].wake = true;
        }
    }
}

/// A crash can leave an entry paused; the person lets it go on.
fn resume(world: &mut World<'_>, d: usize) {
    let paused = |r: &Record| r.entries.iter().find(|(_, e)| e.state == EntryState::Paused).map(|(lane, _)| *lane);
    if let Some((id, lane)) = world.devices[d].records.iter().find_map(|(id, r)| Some((*id, paused(r)?))) {
        apply(world, d, id, Input::Pause(lane, false));
    }
}

/// The person does one thing.
pub fn act(world: &mut World<'_>, d: usize) {
    let cut = world.plan.faults.partition;
    if world.rng.chance(cut) && !world.calm {
        world.seen.partitions += 1;
        world.devices[d].cut = true;
        world.say(|| format!("device {d}: the network is gone"));
        let back = 5_000 + world.rng.below(120_000);
        world.later(back, Thing::Heals(d));
    }
    if world.rng.chance(world.plan.faults.jump) && !world.calm {
        jump(world, d);
    }
    if world.plan.extras.full && world.more.chance(4) && !world.devices[d].full {
        fill(world, d);
    }
    if world.plan.extras.screens && world.more.chance(60) {
        return screen::act(world, d);
    }
    if world.plan.extras.many && world.more.chance(8) {
        return delete_many(world, d);
    }
    if world.plan.extras.locks && world.more.chance(15) {
        return super::locking::act(world, d);
    }
    let known: Vec<NoteId> = world.devices[d].records.iter().filter(|(_, r)| r.content().is_some()).map(|(id, _)| *id).collect();
    if known.is_empty() || world.rng.chance(6) {
        return create(world, d);
    }
    let id = known[usize::try_from(world.rng.below(known.len() as u64)).unwrap()];
    let what = world.rng.below(100);
    if what < 84 && world.devices[d].screen.as_ref().is_some_and(|s| s.id == id) {
        // One window shows it; the person leaves it for the other.
        screen::leave(world, d);
    }
    match what {
        0..45 => edit(world, d, id, true),
        45..60 => edit(world, d, id, false),
        60..66 => {
            world.say(|| format!("device {d}: deletes {}", short(id)));
            apply(world, d, id, Input::Delete);
        }
        66..72 => {
            apply(world, d, id, Input::Undelete);
        }
        72..77 => {
            apply(world, d, id, Input::Rebase);
        }
        77..82 => {
            let marked = world.rng.chance(50);
            apply(world, d, id, Input::Mark(marked));
        }
        82..84 => {
            apply(world, d, id, Input::Discard);
        }
        84..86 if !world.devices[d].in_flight.contains(&(id, Lane::Note)) => {
            apply(world, d, id, Input::Pause(Lane::Note, true));
            apply(world, d, id, Input::Pause(Lane::Note, false));
        }
        _ => settle_something(world, d),
    }
}

/// The disk is full for a while.
fn fill(world: &mut World<'_>, d: usize) {
    world.seen.full += 1;
    world.devices[d].full = true;
    world.say(|| format!("device {d}: its disk is full"));
    let room = 3_000 + world.more.below(90_000);
    world.later(room, Thing::Room(d));
}

/// Deletes up to eight notes in a row.
fn delete_many(world: &mut World<'_>, d: usize) {
    screen::leave(world, d);
    let live = |r: &Record| r.content().is_some_and(|c| !c.deleted);
    let ids: Vec<NoteId> = world.devices[d].records.iter().filter(|(_, r)| live(r)).map(|(id, _)| *id).take(8).collect();
    world.say(|| format!("device {d}: deletes {} notes", ids.len()));
    let life = world.devices[d].life;
    for id in ids {
        if world.devices[d].life == life {
            apply(world, d, id, Input::Delete);
        }
    }
}

fn create(world: &mut World<'_>, d: usize) {
    let id = NoteId(world.rng.uuid());
    let word = world.model.word(d);
    let fields = [("sum".to_owned(), Value::Int(0))].into();
    let content = Content { title: format!("by {d}"), body: format!("{word}\n"), fields, ..Content::default() };
    world.devices[d].revision += 1;
    let revision = world.devices[d].revision;
    world.seen.saves += 1;
    world.say(|| format!("device {d}: creates {} saying {word}", short(id)));
    if apply(world, d, id, Input::Save(content, revision, None)) {
        world.model.saved(id, word);
    }
}

/// Adds a word that nobody wrote before, at the start or the end, so that it can be looked for later; and adds to the sum.
fn edit(world: &mut World<'_>, d: usize, id: NoteId, save: bool) {
    let Some(mut content) = world.devices[d].records.get(&id).and_then(Record::content).cloned() else { return };
    if content.deleted {
        return;
    }
    let word = world.model.word(d);
    content.body = if world.rng.chance(50) { format!("{word}\n{}", content.body) } else { format!("{}{word}\n", content.body) };
    if world.rng.chance(30) {
        content.tags.push(word.clone());
    }
    let mut adds = 0;
    if save && world.rng.chance(50) {
        adds = i64::try_from(1 + world.rng.below(9)).unwrap();
        let sum = content.fields.get("sum").cloned();
        content.fields.insert("sum".to_owned(), Value::Int(if let Some(Value::Int(n)) = sum { n + adds } else { adds }));
    }
    world.devices[d].locks.typed(id);
    world.devices[d].revision += 1;
    let revision = world.devices[d].revision;
    if save {
        world.seen.saves += 1;
        world.say(|| format!("device {d}: saves {word} in {}, +{adds}", short(id)));
        if apply(world, d, id, Input::Save(content, revision, None)) {
            world.model.saved(id, word);
            match world.devices[d].records.get(&id) {
                // Kept as typed only, behind a settled text that waits: what becomes of the number is open.
                Some(r) if r.typed.is_some() => world.model.open_sum(id),
                _ => world.model.added(id, adds),
            }
        }
    } else {
        world.say(|| format!("device {d}: types {word} in {}", short(id)));
        if apply(world, d, id, Input::Type(content, revision, None)) {
            world.model.saved(id, word);
        }
    }
}

/// Settles one parked conflict as a person would: a body of both, mine or theirs; the other fields combined as the policies say.
fn settle_something(world: &mut World<'_>, d: usize) {
    let Some((id, parked)) = world.devices[d].records.iter().find_map(|(id, r)| Some((*id, r.parked.clone()?))) else { return };
    let nothing = Content::default();
    let base = parked.base.as_ref().map_or(&nothing, |b| &b.content);
    let theirs = &parked.theirs.content;
    let mut content = rebase(base, &parked.mine, theirs, &rules());
    let (outcome, body) = match world.rng.below(3) {
        0 => ("mine", parked.mine.body.clone()),
        1 => ("theirs", theirs.body.clone()),
        _ => ("merged", format!("{}{}", parked.mine.body, theirs.body)),
    };
    content.body = body;
    content.deleted = world.rng.chance(30) && (parked.mine.deleted || theirs.deleted);
    world.seen.settled += 1;
    world.say(|| format!("device {d}: settles {}, {outcome}", short(id)));
    let report = Report { conflict_id: None, outcome: outcome.to_owned(), hunks: [1, 0, 0, 0], seconds: 3 };
    let sides = [&parked.mine.body, &theirs.body].map(|b| super::model::words_of(b)).concat();
    let dropped = sides.into_iter().filter(|w| !content.body.contains(w.as_str()));
    dropped.for_each(|w| world.model.settled_away(id, w));
    apply(world, d, id, Input::Settle(content, report));
}
