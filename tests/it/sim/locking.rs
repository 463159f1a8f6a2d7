//! Locks in the simulation: the client's own rules, messages that get lost, repeated and late, and the law about them.

use diptych::client::locks::{Locked, Todo};
use diptych::domain::note::NoteId;

use super::device::short;
use super::engine::{Thing, World};

/// What a device asks of the server.
#[derive(Clone, Debug)]
pub enum Ask {
    Take(Option<String>),
    Release(String),
}

/// A message about a lock. `n` counts a device's exchanges.
#[derive(Clone, Debug)]
pub enum Locking {
    /// A device asks.
    Asks { from: usize, life: u64, n: u64, id: NoteId, ask: Ask },
    /// The answer: of a taking who has it; or that there is none.
    Told { to: usize, life: u64, n: u64, id: NoteId, release: bool, answered: bool, locked: Option<Locked> },
    /// A live event.
    Seen { to: usize, life: u64, id: NoteId, from: usize, released: bool },
}

impl World<'_> {
    /// A message was lost or will come twice: what the server has of a lock need not be what its device knows.
    pub fn spoiled(&mut self, thing: &Thing) {
        if let Thing::Lock(Locking::Asks { from: d, id, .. } | Locking::Told { to: d, id, .. }) = thing {
            self.devices[*d].lock_spoiled.insert(*id);
        }
    }

    /// The server has forgotten locks, or knows of some that were given back.
    pub fn locks_spoiled_everywhere(&mut self) {
        let ids = self.server.ids();
        self.devices.iter_mut().for_each(|d| d.lock_spoiled.extend(ids.iter().copied()));
    }
}

fn carry_out(world: &mut World<'_>, d: usize, id: NoteId, todos: Vec<Todo>) {
    for todo in todos {
        match todo {
            Todo::Ask(token) => ask(world, d, id, Ask::Take(token)),
            Todo::Release(token) => ask(world, d, id, Ask::Release(token)),
            Todo::Lost(to) => {
                world.seen.locks_lost += 1;
                world.say(|| format!("device {d}: its lock is lost to {to}"));
            }
            Todo::Tell(_) => {}
        }
    }
}

fn ask(world: &mut World<'_>, d: usize, id: NoteId, ask: Ask) {
    world.devices[d].lock_asks += 1;
    let (life, n) = (world.devices[d].life, world.devices[d].lock_asks);
    world.devices[d].lock_waits.insert(id, n);
    world.say(|| format!("device {d}: asks about the lock of {}, {ask:?}", short(id)));
    let (lose, release) = (world.plan.faults.lose_request, matches!(ask, Ask::Release(_)));
    world.post(d, lose, Thing::Lock(Locking::Asks { from: d, life, n, id, ask }));
    // The transport gives up after a while.
    world.later(30_000, Thing::Lock(Locking::Told { to: d, life, n, id, release, answered: false, locked: None }));
}

/// A message arrives.
///
/// # Errors
/// After an exchange, the device does not know what the server has.
pub fn happen(world: &mut World<'_>, locking: Locking) -> Result<(), String> {
    match locking {
        Locking::Asks { from, life, n, id, ask } => {
            let (release, locked, changed) = match &ask {
                Ask::Take(token) => {
                    let locked = world.server.lock(from, id, token.as_deref(), world.now, &mut world.rng);
                    let ours = matches!(locked, Locked::Ours(..));
                    world.seen.locks += u64::from(ours);
                    (false, Some(locked), ours)
                }
                Ask::Release(token) => (true, None, world.server.unlock(id, token)),
            };
            world.say(|| format!("server: lock of {} for device {from}: {locked:?}", short(id)));
            for to in (0..world.devices.len()).filter(|_| changed) {
                let (life, lose) = (world.devices[to].life, world.plan.faults.lose_reply);
                world.post(to, lose, Thing::Lock(Locking::Seen { to, life, id, from, released: release }));
            }
            let lose = world.plan.faults.lose_reply;
            world.post(from, lose, Thing::Lock(Locking::Told { to: from, life, n, id, release, answered: true, locked }));
        }
        Locking::Told { to, life, n, id, release, answered, locked } => {
            if world.devices[to].life != life || world.devices[to].lock_waits.get(&id) != Some(&n) {
                return Ok(());
            }
            world.devices[to].lock_waits.remove(&id);
            let now = world.devices[to].now(world.now);
            if !answered {
                world.devices[to].lock_spoiled.insert(id);
            }
            let device = &mut world.devices[to];
            let todos = if release { device.locks.released(id) } else { device.locks.told(id, locked, now) };
            carry_out(world, to, id, todos);
            return known(world, to, id);
        }
        Locking::Seen { to, life, id, from, released } => {
            if world.devices[to].life == life {
                let now = world.devices[to].now(world.now);
                let todos = world.devices[to].locks.seen(id, format!("device-{from}"), released, now);
                carry_out(world, to, id, todos);
            }
        }
    }
    Ok(())
}

/// The law: with no message lost, a device that has its answers and holds no lock is not held to have one by the server.
fn known(world: &World<'_>, d: usize, id: NoteId) -> Result<(), String> {
    let device = &world.devices[d];
    if device.lock_waits.contains_key(&id) || device.lock_spoiled.contains(&id) {
        return Ok(());
    }
    let (here, there) = (device.locks.token(id).is_some(), world.server.holder(id, world.now) == Some(d));
    if there && !here {
        return Err(format!("device {d} left note {id}, and the server keeps it locked for it"));
    }
    Ok(())
}

/// The person takes a lock, or leaves a note.
pub fn act(world: &mut World<'_>, d: usize) {
    let ours = world.devices[d].locks.ours();
    if let Some(id) = ours.first().copied().filter(|_| world.more.chance(40)) {
        world.say(|| format!("device {d}: leaves a locked note"));
        let todos = world.devices[d].locks.release(id);
        return carry_out(world, d, id, todos);
    }
    let known: Vec<NoteId> = world.devices[d].records.iter().filter(|(_, r)| r.synced.is_some()).map(|(id, _)| *id).collect();
    if known.is_empty() {
        return;
    }
    let id = known[usize::try_from(world.more.below(known.len() as u64)).unwrap()];
    let todos = world.devices[d].locks.take(id);
    carry_out(world, d, id, todos);
    if world.more.chance(20) {
        // Left again at once.
        let todos = world.devices[d].locks.release(id);
        carry_out(world, d, id, todos);
    }
}

/// Renews what would run out.
pub fn renew(world: &mut World<'_>, d: usize) {
    let now = world.devices[d].now(world.now);
    let todos = world.devices[d].locks.renew(now);
    todos.into_iter().for_each(|(id, todo)| carry_out(world, d, id, vec![todo]));
}

/// The person goes home.
pub fn leave_all(world: &mut World<'_>, d: usize) {
    for id in world.devices[d].locks.ours() {
        if !world.devices[d].lock_waits.contains_key(&id) {
            let todos = world.devices[d].locks.release(id);
            carry_out(world, d, id, todos);
        }
    }
}
