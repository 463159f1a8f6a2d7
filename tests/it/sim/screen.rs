//! A person at the real editor: what is typed is told after a pause, and what the client says is heard after a while. In between both
//! go on, so a text may come that started from a version this device no longer has.

use std::collections::VecDeque;

use diptych::client::handle::{Command, Connection, News};
use diptych::client::message::Input;
use diptych::domain::note::{NoteId, Time};
use diptych::tui::editor::Editor;
use diptych::tui::keys::{Action, Keymap, Overrides};
use diptych::tui::message::{Effect, Event};
use diptych::tui::screen::{Ctx, Local, Screen, Settings};
use diptych::tui::theme::Theme;

use super::device::{apply, short};
use super::engine::World;

/// An open editor.
#[derive(Debug)]
pub struct Open {
    pub id: NoteId,
    editor: Editor,
    /// What the client said and the screen has not heard yet.
    news: VecDeque<News>,
    /// Words typed, and not on the disk yet.
    words: Vec<String>,
}

/// What screens are drawn with; nothing is drawn here.
pub struct Set {
    theme: Theme,
    keys: Keymap,
    settings: Settings,
}

impl Set {
    pub fn new() -> Set {
        let (keys, _) = Keymap::load("default", &Overrides::new());
        Set { theme: Theme::built_in("dark", true).unwrap(), keys, settings: Settings::default() }
    }
}

fn update(world: &mut World<'_>, d: usize, event: &Event) -> Vec<Effect> {
    let (now, set) = (world.now, world.set.clone());
    let ctx = Ctx {
        now,
        local: &|_: Time| Local::default(),
        new_id: &|| NoteId(uuid::Uuid::nil()),
        theme: &set.theme,
        keys: &set.keys,
        settings: &set.settings,
        connection: &Connection::Online,
        register: "",
    };
    world.devices[d].screen.as_mut().map(|s| s.editor.update(event, &ctx)).unwrap_or_default()
}

/// Something happens on the screen; what it wants of the client is done at once.
fn happens(world: &mut World<'_>, d: usize, event: &Event) {
    for effect in update(world, d, event) {
        match effect {
            Effect::Client(command) => command_of(world, d, command),
            Effect::Back => world.devices[d].screen = None,
            _ => {}
        }
    }
}

fn command_of(world: &mut World<'_>, d: usize, command: Command) {
    let life = world.devices[d].life;
    match command {
        Command::Open(id) => {
            world.devices[d].unseen.shown(id);
            if let Some(record) = world.devices[d].records.get(&id) {
                let detail = record.detail(None);
                hear(world, d, News::Opened(Box::new(detail)));
            }
        }
        Command::Type { id, base, content, revision } => {
            world.say(|| format!("device {d}: the screen tells {} from version {base:?}", short(id)));
            world.devices[d].locks.typed(id);
            let body = content.body.clone();
            if apply(world, d, id, Input::Type(*content, revision, base)) {
                told(world, (d, life), id, &body);
            }
        }
        Command::Save { id, base, content, revision } => {
            world.say(|| format!("device {d}: the screen saves {} from version {base:?}", short(id)));
            world.seen.saves += 1;
            let body = content.body.clone();
            if apply(world, d, id, Input::Save(*content, revision, base)) {
                told(world, (d, life), id, &body);
            }
        }
        Command::Rebase(id) => {
            apply(world, d, id, Input::Rebase);
        }
        _ => {}
    }
}

/// The disk has what the screen told: from here on no word of it may be lost.
fn told(world: &mut World<'_>, (d, life): (usize, u64), id: NoteId, body: &str) {
    world.seen.texts += 1;
    if world.devices[d].life != life {
        return;
    }
    let Some(screen) = &mut world.devices[d].screen else { return };
    let (here, not): (Vec<String>, Vec<String>) = std::mem::take(&mut screen.words).into_iter().partition(|w| body.contains(w.as_str()));
    screen.words = not;
    here.into_iter().for_each(|w| world.model.saved(id, w));
}

/// The client says something to whoever listens.
pub fn hear(world: &mut World<'_>, d: usize, news: News) {
    if let Some(screen) = &mut world.devices[d].screen {
        screen.news.push_back(news);
    }
}

/// Time passes: some of the news is heard, and what was typed a while ago is told.
pub fn look(world: &mut World<'_>, d: usize) {
    if world.devices[d].screen.is_none() {
        return;
    }
    if world.more.chance(60) {
        while let Some(news) = world.devices[d].screen.as_mut().and_then(|s| s.news.pop_front()) {
            happens(world, d, &Event::News(Box::new(news)));
        }
    }
    if world.calm {
        return leave(world, d);
    }
    happens(world, d, &Event::Tick);
}

/// The person leaves the note; what was typed is told.
pub fn leave(world: &mut World<'_>, d: usize) {
    while let Some(news) = world.devices[d].screen.as_mut().and_then(|s| s.news.pop_front()) {
        happens(world, d, &Event::News(Box::new(news)));
    }
    happens(world, d, &Event::Leave);
    world.devices[d].screen = None;
}

/// The person opens a note, types, saves, or leaves it.
pub fn act(world: &mut World<'_>, d: usize) {
    let Some(id) = world.devices[d].screen.as_ref().map(|s| s.id) else { return open(world, d) };
    match world.more.below(100) {
        0..55 => {
            let word = world.model.word(d);
            world.say(|| format!("device {d}: types {word} on the screen of {}", short(id)));
            let home = if world.more.chance(50) { Action::TextStart } else { Action::TextEnd };
            happens(world, d, &Event::Action(home));
            happens(world, d, &Event::Paste(format!("{word}\n")));
            if let Some(screen) = &mut world.devices[d].screen {
                screen.words.push(word);
            }
        }
        55..85 => happens(world, d, &Event::Action(Action::Save)),
        85..90 => happens(world, d, &Event::Action(Action::MergeNow)),
        _ => leave(world, d),
    }
}

fn open(world: &mut World<'_>, d: usize) {
    let live = world.devices[d].records.iter().filter(|(_, r)| r.content().is_some_and(|c| !c.deleted));
    let known: Vec<NoteId> = live.map(|(id, _)| *id).collect();
    if known.is_empty() {
        return;
    }
    let id = known[usize::try_from(world.more.below(known.len() as u64)).unwrap()];
    world.say(|| format!("device {d}: opens {}", short(id)));
    world.devices[d].screen = Some(Open { id, editor: Editor::open(id), news: VecDeque::new(), words: Vec::new() });
    happens(world, d, &Event::Shown);
}
