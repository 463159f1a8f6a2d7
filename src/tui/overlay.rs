//! What may lie over a screen: a question in a box, or the commands by name.

use super::input::Input;
use super::keys::{Action, Keymap, Mode};
use super::message::{Answer, Ask, Code, Event, Hit, MouseKind};
use super::rows::Rows;

/// What lies over the screen.
#[derive(Debug)]
pub enum Overlay {
    /// A question.
    Ask {
        /// The question.
        ask: Box<Ask>,
        /// The answer being typed, for questions without choices.
        input: Input,
    },
    /// Commands by name.
    Commands(Palette),
}

/// What became of an overlay after an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays.
    Open,
    /// A question was answered.
    Answered(&'static str, Answer),
    /// A command was chosen.
    Chosen(Action),
    /// It was left.
    Left,
}

/// One command as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it does.
    pub action: Action,
    /// In words.
    pub help: String,
    /// Its keys.
    pub keys: String,
}

/// The commands of a mode, filtered by what was typed.
#[derive(Debug)]
pub struct Palette {
    /// What was typed.
    pub input: Input,
    all: Vec<Entry>,
    /// What fits, best first.
    pub found: Vec<Entry>,
    /// Which one the person is on.
    pub rows: Rows,
}

impl Palette {
    /// All commands of a mode.
    #[must_use]
    pub fn new(keys: &Keymap, mode: Mode) -> Self {
        let entry = |b: &super::keys::Binding| Entry {
            action: b.action,
            help: b.help.clone(),
            keys: b.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        };
        let all: Vec<Entry> = keys.lines(mode).into_iter().filter(|b| b.action != Action::Commands).map(entry).collect();
        let rows = Rows { len: all.len(), ..Rows::default() };
        Self { input: Input::default(), found: all.clone(), all, rows }
    }

    fn filter(&mut self) {
        let typed = self.input.text().to_lowercase();
        let score = |e: &Entry| {
            let name = e.action.name();
            let words = e.help.to_lowercase();
            [name.starts_with(&typed), words.starts_with(&typed), name.contains(&typed), words.contains(&typed)].iter().position(|hit| *hit)
        };
        let mut found: Vec<(usize, &Entry)> = self.all.iter().filter_map(|e| score(e).map(|s| (s, e))).collect();
        found.sort_by_key(|(s, _)| *s);
        self.found = found.into_iter().map(|(_, e)| e.clone()).collect();
        self.rows = Rows { len: self.found.len(), height: self.rows.height, ..Rows::default() };
    }
}

impl Overlay {
    /// Takes an event in.
    pub fn update(&mut self, event: &Event) -> Outcome {
        if let Event::Key(key) = event
            && key.code == Code::Esc
        {
            return match self {
                Overlay::Ask { ask, .. } => Outcome::Answered(ask.id, Answer::None),
                Overlay::Commands(_) => Outcome::Left,
            };
        }
        match self {
            Overlay::Ask { ask, input } => answer(ask, input, event),
            Overlay::Commands(palette) => choose(palette, event),
        }
    }
}

fn answer(ask: &Ask, input: &mut Input, event: &Event) -> Outcome {
    match event {
        Event::Key(_) if ask.is_told() => Outcome::Answered(ask.id, Answer::None),
        Event::Mouse(mouse, _) if ask.is_told() && mouse.kind == MouseKind::Down => Outcome::Answered(ask.id, Answer::None),
        Event::Key(key) if !ask.choices.is_empty() => {
            let lower = key.typed().map(|c| c.to_ascii_lowercase());
            let is = |k: &super::message::Key| k == key || (k.typed().is_some() && k.typed() == lower);
            ask.choices.iter().position(|(k, _)| is(k)).map_or(Outcome::Open, |n| Outcome::Answered(ask.id, Answer::Choice(n)))
        }
        Event::Mouse(mouse, Some(Hit::Choice(n))) if mouse.kind == MouseKind::Down && *n < ask.choices.len() => {
            Outcome::Answered(ask.id, Answer::Choice(*n))
        }
        Event::Key(key) if key.code == Code::Enter => Outcome::Answered(ask.id, Answer::Text(input.text().to_owned())),
        _ => {
            input.update(event);
            Outcome::Open
        }
    }
}

fn choose(palette: &mut Palette, event: &Event) -> Outcome {
    let chosen = |p: &Palette| p.found.get(p.rows.at).map_or(Outcome::Open, |e| Outcome::Chosen(e.action));
    match event {
        Event::Key(key) => match key.code {
            Code::Enter => return chosen(palette),
            Code::Up => palette.rows.go(Action::Up),
            Code::Down => palette.rows.go(Action::Down),
            Code::PageUp => palette.rows.go(Action::PageUp),
            Code::PageDown => palette.rows.go(Action::PageDown),
            Code::Backspace if palette.input.text().is_empty() => return Outcome::Left,
            _ => {
                if palette.input.update(event) {
                    palette.filter();
                }
                true
            }
        },
        Event::Mouse(mouse, hit) => {
            let on_row = matches!(hit, Some(Hit::Choice(_)));
            if let Some(Hit::Choice(n)) = hit {
                palette.rows.mouse(*mouse, Some(Hit::Row(*n)));
            } else {
                palette.rows.mouse(*mouse, None);
            }
            if mouse.kind == MouseKind::Down {
                return if on_row { chosen(palette) } else { Outcome::Left };
            }
            true
        }
        Event::Paste(_) => {
            if palette.input.update(event) {
                palette.filter();
            }
            true
        }
        _ => true,
    };
    Outcome::Open
}
