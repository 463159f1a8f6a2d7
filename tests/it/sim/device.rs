//! One simulated device: records that survive a crash, a run that does not, and a person who types, saves, deletes and settles.

use std::collections::{BTreeMap, BTreeSet};

use diptych::client::brake::Brake;
use diptych::client::handle::{EntryState, News};
use diptych::client::locks::Locks;
use diptych::client::rebase::{Rules, rebase};
use diptych::client::record::{Lane, Record, Report};
use diptych::client::sync::{Answer, Effect, Env, Input, Request, is_older, step};
use diptych::domain::note::{Content, FieldName, Note, NoteId, Time, Value};
use uuid::Uuid;

use super::engine::{Thing, World};
use super::server::{Page, Place};

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

/// Learning anew what a server has that was set back, as the client's driver does.
#[derive(Clone, Debug, Default)]
pub struct Back {
    told: bool,
    seen: BTreeSet<NoteId>,
    unclear: bool,
}

#[derive(Debug)]
pub struct Device {
    pub no: usize,
    /// What is on its disk.
    pub records: BTreeMap<NoteId, Record>,
    pub copies: Vec<(NoteId, Content)>,
    /// What of the server's changes is on the disk for good.
    stored: Place,
    /// What a crash takes away.
    pub place: Place,
    pub back: Option<Back>,
    /// Saves answered since changes were last asked for.
    answered: BTreeSet<NoteId>,
    pub in_flight: BTreeSet<(NoteId, Lane)>,
    pub asking: bool,
    /// The connection broke since changes were last learnt: nothing is sent before they are.
    pub unsure: bool,
    /// Something may be known of the server that is not within the place on the disk.
    loose: bool,
    /// The number of the last question for changes.
    ask: u64,
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
    brake: Brake,
    /// Notes that went by deletions elsewhere since all was here last, and whether the person allowed any number.
    gone: (usize, bool),
}

impl Device {
    pub fn new(no: usize) -> Device {
        Device {
            no,
            records: BTreeMap::new(),
            copies: Vec::new(),
            stored: (0, 0),
            place: (0, 0),
            back: None,
            answered: BTreeSet::new(),
            in_flight: BTreeSet::new(),
            asking: false,
            unsure: true,
            loose: true,
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
            brake: Brake::default(),
            gone: (0, false),
        }
    }
}

impl Device {
    pub fn holds_no_deletions(&self) -> bool {
        self.brake.held().is_empty()
    }

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

/// One step, stored, with its effects; a crash may come before the store or between the store and the effects.
fn apply(world: &mut World<'_>, d: usize, id: NoteId, input: Input) -> bool {
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
    let env = Env { now: world.devices[d].now(world.now), key, no: world.devices[d].entries, jitter, rules: &rules };
    let effects = step(&mut record, input, &env);
    let device = &mut world.devices[d];
    device.gone.0 += usize::from(was_live && record.content().is_none_or(|c| c.deleted));
    if record.is_empty() {
        device.records.remove(&id);
    } else {
        device.records.insert(id, record);
    }
    for effect in &effects {
        if let Effect::Copy(content, _) = effect {
            device.copies.push((id, (**content).clone()));
        }
    }
    if crashes {
        crashed(world, d);
        return true;
    }
    for effect in effects {
        match effect {
            Effect::Send(request) => send(world, d, request),
            Effect::Tell(News::NeedsYou(p)) => {
                world.seen.conflicts += 1;
                world.say(|| format!("device {d}: needs you, {:?}", p.conflicts));
            }
            Effect::Tell(News::Failed(_, why)) => world.say(|| format!("device {d}: {why}")),
            Effect::Tell(_) | Effect::Copy(..) => {}
        }
    }
    true
}

fn crashed(world: &mut World<'_>, d: usize) {
    world.seen.crashes += 1;
    let device = &mut world.devices[d];
    device.in_flight.clear();
    device.asking = false;
    device.place = device.stored;
    device.back = None;
    device.brake.clear();
    device.gone = (0, false);
    device.lock_spoiled.extend(device.locks.ours());
    device.locks = Locks::new(format!("device-{d}"));
    device.lock_waits.clear();
    device.wake = true;
    device.unsure = true;
    device.loose = true;
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
            !device.unsure && *state == EntryState::Waiting && *due <= now && !device.in_flight.contains(&(*id, *lane))
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
    if !world.devices[d].asking || world.rng.chance(5) {
        world.devices[d].asking = true;
        world.devices[d].ask += 1;
        world.devices[d].answered.clear();
        let (life, ask, place) = (world.devices[d].life, world.devices[d].ask, world.devices[d].place);
        let lose = world.plan.faults.lose_request;
        world.post(d, lose, Thing::Asks { from: d, life, ask, place });
    }
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
    let unknown = matches!(answer, Answer::Conflict { base: None, .. });
    world.devices[d].in_flight.remove(&(request.id, lane));
    if answer.tells_of_note(lane) {
        world.devices[d].answered.insert(request.id);
        world.devices[d].loose = true;
    }
    apply(world, d, request.id, Input::Answered(lane, answer));
    world.devices[d].unsure |= unknown;
}

pub fn changes(world: &mut World<'_>, d: usize, (life, ask): (u64, u64), page: Page) -> Result<(), String> {
    // As over HTTP: an answer belongs to its question, and there is one at a time.
    if world.devices[d].life != life || world.devices[d].ask != ask || !world.devices[d].asking {
        return Ok(());
    }
    world.devices[d].asking = false;
    let at = world.devices[d].place;
    world.say(|| {
        format!(
            "device {d}: changes from {at:?} to {:?}: {}",
            page.place,
            page.notes.iter().map(|n| format!("{} v{} ", short(n.id), n.version)).collect::<String>()
        )
    });
    if world.devices[d].loose && !page.reset && world.devices[d].back.is_none() && at != (0, 0) && page.place.0 != at.0 {
        world.devices[d].place = (0, 0);
        return Ok(());
    }
    if world.devices[d].back.is_some() && !page.reset && at != (0, 0) && page.place.0 != at.0 {
        // Set back in the middle of the list: the rest is of another state.
        list_again(&mut world.devices[d]);
        return Ok(());
    }
    // A list from the start is whole: what it does not hold, the server does not have.
    if page.reset || (world.devices[d].place == (0, 0) && world.devices[d].back.is_none()) {
        world.devices[d].back = Some(Back { told: page.reset, ..Back::default() });
        world.devices[d].brake.clear();
        world.say(|| format!("device {d}: the server was set back"));
    }
    for note in page.notes {
        let (id, deleted) = (note.id, note.content.deleted);
        let record = world.devices[d].records.get(&id);
        let (known, own) = (record.and_then(|r| r.synced.as_ref()), record.is_some_and(Record::has_own));
        let (told, answered) = (world.devices[d].back.as_ref().is_some_and(|b| b.told), world.devices[d].answered.contains(&id));
        let differs = answered && known != Some(&note);
        let input = if !answered && (told || (world.devices[d].back.is_some() && !own) || is_older(&note, known)) {
            Input::SetBack(Some(Box::new(note)))
        } else {
            Input::Remote(note)
        };
        if let Some(back) = &mut world.devices[d].back {
            back.seen.insert(id);
            back.unclear |= differs;
        }
        let device = &mut world.devices[d];
        let live = device.records.get(&id).and_then(|r| r.synced.as_ref()).is_some_and(|n| !n.content.deleted);
        device.brake.came(id);
        if deleted && live {
            device.brake.hold(id, input);
            continue;
        }
        if !apply(world, d, id, input) || world.devices[d].life != life {
            return Ok(()); // what was seen is remembered only once the whole page is stored
        }
    }
    world.devices[d].place = page.place;
    if page.more {
        return Ok(());
    }
    if let Some(Back { seen, unclear, .. }) = world.devices[d].back.clone() {
        if unclear || world.devices[d].answered.iter().any(|id| !seen.contains(id)) {
            list_again(&mut world.devices[d]);
            return Ok(());
        }
        let lacks = world.devices[d].records.iter().filter(|(id, r)| r.synced.is_some() && !seen.contains(id)).map(|(id, _)| *id);
        for id in lacks.collect::<Vec<_>>() {
            if !apply(world, d, id, Input::SetBack(None)) || world.devices[d].life != life {
                return Ok(());
            }
        }
        world.devices[d].back = None;
    }
    world.devices[d].unsure = false;
    world.devices[d].loose = !world.devices[d].answered.is_empty();
    deletions(world, d)
}

fn list_again(device: &mut Device) {
    if let Some(back) = &mut device.back {
        (back.unclear, back.seen) = (false, BTreeSet::new());
    }
    device.place = (0, 0);
}

fn live_notes(device: &Device) -> usize {
    device.records.values().filter(|r| r.content().is_some_and(|c| !c.deleted)).count()
}

/// All is here but the deletions: few are carried out, of many the person is asked.
fn deletions(world: &mut World<'_>, d: usize) -> Result<(), String> {
    let of = live_notes(&world.devices[d]);
    if let Some((held, of)) = world.devices[d].brake.asks(of) {
        world.seen.deletions_held += 1;
        let allowed = world.calm || world.more.chance(30);
        world.say(|| format!("device {d}: {held} of {of} notes would go; allowed: {allowed}"));
        if !allowed {
            return Ok(()); // asked again with the next changes
        }
        world.devices[d].gone.1 = true;
    }
    let life = world.devices[d].life;
    for (id, input) in world.devices[d].brake.held().to_vec() {
        if !apply(world, d, id, input) || world.devices[d].life != life {
            return Ok(());
        }
    }
    let device = &mut world.devices[d];
    device.brake.clear();
    device.stored = device.place;
    let (gone, allowed) = std::mem::take(&mut device.gone);
    if gone > 4 && gone * 5 > of && !allowed {
        return Err(format!("{gone} of {of} notes went from device {d}, and nobody was asked"));
    }
    Ok(())
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
        apply(world, d, id, Input::Retry(lane));
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
    match world.rng.below(100) {
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

/// Deletes up to eight notes in a row.
fn delete_many(world: &mut World<'_>, d: usize) {
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
    if apply(world, d, id, Input::Save(content, revision)) {
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
        if apply(world, d, id, Input::Save(content, revision)) {
            world.model.saved(id, word);
            world.model.added(id, adds);
        }
    } else {
        world.say(|| format!("device {d}: types {word} in {}", short(id)));
        if apply(world, d, id, Input::Type(content, revision)) {
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
    apply(world, d, id, Input::Settle(content, report));
}
