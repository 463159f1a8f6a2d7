//! Catching up in the simulation: the client's own rules, over a disk that may be full and a program that may end between two steps.

use diptych::client::catch_up::{Next, SetBack};
use diptych::client::message::Input;
use diptych::client::record::Record;
use diptych::domain::note::NoteId;

use super::device::apply;
use super::engine::{Thing, World};
use super::server::Page;

/// Asks for changes, unless an answer is waited for; now and then the wait is given up.
pub fn ask(world: &mut World<'_>, d: usize) {
    if world.devices[d].asking {
        if !world.rng.chance(5) {
            return;
        }
        // It broke off, or there was nobody: the first leaves it open what the server does.
        let away = world.more.chance(50);
        world.devices[d].caught.failed(true);
        world.devices[d].caught.no_page(away);
    }
    let device = &mut world.devices[d];
    if !device.caught.under_way() {
        device.caught.begin();
    }
    device.asking = true;
    device.ask += 1;
    let (life, ask, place) = (device.life, device.ask, device.caught.ask());
    let lose = world.plan.faults.lose_request;
    world.post(d, lose, Thing::Asks { from: d, life, ask, place });
}

/// Changes arrive.
///
/// # Errors
/// Notes went that nobody was asked about.
pub fn changes(world: &mut World<'_>, d: usize, (life, ask): (u64, u64), page: Page) -> Result<(), String> {
    // As over HTTP: an answer belongs to its question, and there is one at a time.
    let device = &mut world.devices[d];
    if device.life != life || device.ask != ask || !device.asking {
        return Ok(());
    }
    device.asking = false;
    let (at, knows) = (device.caught.place(), device.records.values().any(|r| r.synced.is_some()));
    world.say(|| format!("device {d}: {} changes from {at:?} to {:?}", page.notes.len(), page.head));
    if !world.devices[d].caught.opens(&page.head, knows) {
        return Ok(());
    }
    for note in page.notes {
        let device = &mut world.devices[d];
        let record = device.records.get(&note.id).cloned().unwrap_or_else(|| Record::empty(note.id));
        let Some((id, input)) = device.caught.came(note, &record) else { continue };
        if !stored(world, d, id, input) {
            return Ok(()); // what was seen is remembered only once the whole page is stored
        }
    }
    if world.devices[d].caught.taken(&page.head) == Next::Ask {
        return Ok(());
    }
    let here = world.devices[d].records.iter().filter(|(_, r)| r.synced.is_some()).map(|(id, _)| *id).collect();
    for id in world.devices[d].caught.lacked(here) {
        if !stored(world, d, id, Input::SetBack(None)) {
            return Ok(());
        }
    }
    let back = world.devices[d].caught.whole();
    if back != SetBack::No {
        world.say(|| format!("device {d}: the server was set back, {back:?}"));
    }
    deletions(world, d)
}

/// One step; `false`: it is not on the disk, or the program ended.
fn stored(world: &mut World<'_>, d: usize, id: NoteId, input: Input) -> bool {
    let life = world.devices[d].life;
    let stored = apply(world, d, id, input);
    let lives = world.devices[d].life == life;
    if lives && !stored {
        world.devices[d].caught.not_stored();
    }
    stored && lives
}

fn live_notes(world: &World<'_>, d: usize) -> usize {
    world.devices[d].records.values().filter(|r| r.content().is_some_and(|c| !c.deleted)).count()
}

/// All is here but the deletions: few are carried out, of many the person is asked, who answers at once, later or not.
fn deletions(world: &mut World<'_>, d: usize) -> Result<(), String> {
    let of = live_notes(world, d);
    let Some((held, of)) = world.devices[d].caught.asks(of) else { return delete(world, d) };
    world.seen.deletions_held += 1;
    world.devices[d].asked = held;
    world.say(|| format!("device {d}: {held} of {of} notes would go"));
    if world.calm || world.more.chance(10) {
        return allow(world, d);
    }
    if world.more.chance(40) {
        let thinks = 500 + world.more.below(8_000);
        let life = world.devices[d].life;
        world.later(thinks, Thing::Allows { at: d, life });
    }
    Ok(())
}

/// The person allows what was asked about, in the middle of whatever goes on.
///
/// # Errors
/// More went than that.
pub fn allow(world: &mut World<'_>, d: usize) -> Result<(), String> {
    world.devices[d].may_go = world.devices[d].may_go.max(world.devices[d].asked);
    if world.devices[d].caught.allow() {
        world.say(|| format!("device {d}: the person allows it"));
        return delete(world, d);
    }
    world.seen.words_kept += 1;
    world.say(|| format!("device {d}: the person allows it, while changes are fetched"));
    Ok(())
}

fn delete(world: &mut World<'_>, d: usize) -> Result<(), String> {
    let of = live_notes(world, d);
    for (id, input) in world.devices[d].caught.deletions() {
        if !stored(world, d, id, input) {
            return Ok(());
        }
    }
    if world.devices[d].full {
        world.devices[d].caught.not_stored();
        return Ok(());
    }
    let device = &mut world.devices[d];
    device.caught.deleted();
    device.stored = device.caught.place();
    let (gone, may) = (std::mem::take(&mut device.gone), std::mem::take(&mut device.may_go));
    if gone > 4 && gone * 5 > of && gone > may {
        return Err(format!("{gone} of {of} notes went from device {d}, and a person had allowed {may}"));
    }
    Ok(())
}
