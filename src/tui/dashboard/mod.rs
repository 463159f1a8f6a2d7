//! The dashboard: how often saves collide, by day, policy, field and origin, how they were settled, and what the figures speak for.
//!
//! Each figure opens the audit entries it counts.

pub mod entries;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Mode};
use super::message::{Effect, Event};
use super::rows::{Rows, Step};
use super::screen::{Ctx, Drawn, Screen};
use super::view;
use crate::client::handle::{Command, News, Row};
use crate::domain::audit::figures::collisions;
use crate::domain::audit::{Advice, Entry, Figures};
use crate::domain::note::Time;
use crate::domain::text;
use entries::Entries;

/// What a figure counts: how to find its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Every conflict.
    All,
    /// Those of one day.
    Day(String),
    /// Those with this action.
    Action(String),
    /// Those about this field (`note.body`).
    Field(String),
    /// Those whose request came from this origin.
    Origin(String),
    /// Refusals settled this way.
    Settled(String),
}

impl Pick {
    /// Whether an entry is counted.
    #[must_use]
    pub fn counts(&self, entry: &Entry) -> bool {
        let conflict = entry.action != "settled";
        match self {
            Pick::All => conflict,
            Pick::Day(day) => conflict && day_of(entry.at) == *day,
            Pick::Action(action) => entry.action == *action,
            Pick::Field(field) => conflict && collisions(entry).any(|(f, _)| format!("{}.{f}", entry.entity) == *field),
            Pick::Origin(origin) => conflict && entry.client_origin == *origin,
            Pick::Settled(how) => !conflict && entry.outcome.as_ref() == Some(how),
        }
    }
}

/// The day of a moment in UTC, as `2026-11-24`: how the server counts days.
#[must_use]
pub fn day_of(at: Time) -> String {
    // Days since 1970 to a date, by eras of 400 years.
    let days = at.0.div_euclid(86_400_000_000) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A line of the dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it says.
    pub label: String,
    /// The figure; none for headings and advice.
    pub count: Option<u64>,
    /// Its entries.
    pub pick: Option<Pick>,
}

/// The state of the dashboard.
#[derive(Debug)]
pub struct Dashboard {
    /// How many days it looks back.
    pub days: u32,
    /// The figures; none until the client has told.
    pub figures: Option<Box<Figures>>,
    /// The entries behind them.
    pub entries: Vec<Entry>,
    /// The lines shown.
    pub lines: Vec<Line>,
    /// The cursor.
    pub rows: Rows,
    /// The notes of this device, for their titles.
    notes: Option<Arc<Vec<Row>>>,
    width: u16,
}

impl Dashboard {
    /// The dashboard, before any figure has come. `notes`: where titles are found.
    #[must_use]
    pub fn new(notes: Option<Arc<Vec<Row>>>) -> Self {
        Self { days: 30, figures: None, entries: Vec::new(), lines: Vec::new(), rows: Rows::default(), notes, width: 80 }
    }

    /// What the notes of some entries are called here.
    fn titles(&self, entries: &[Entry]) -> HashMap<String, String> {
        let asked: HashSet<&str> = entries.iter().map(|e| e.entity_id.as_str()).collect();
        let named =
            |row: &Row| Some((row.id.to_string(), row.title.clone())).filter(|(id, title)| asked.contains(&id[..]) && !title.is_empty());
        self.notes.iter().flat_map(|rows| rows.iter()).filter_map(named).collect()
    }

    fn know(&mut self, figures: &Figures, entries: &[Entry]) {
        self.lines = lines(figures, self.width);
        self.rows.set_len(self.lines.len());
        self.figures = Some(Box::new(figures.clone()));
        self.entries = entries.to_vec();
    }

    fn open(&self) -> Vec<Effect> {
        let Some(line) = self.lines.get(self.rows.at) else { return Vec::new() };
        let Some(pick) = &line.pick else { return Vec::new() };
        let entries: Vec<Entry> = self.entries.iter().filter(|e| pick.counts(e)).cloned().collect();
        let titles = self.titles(&entries);
        vec![Effect::Push(Box::new(Entries::new(line.label.clone(), entries, titles)))]
    }
}

fn lines(f: &Figures, width: u16) -> Vec<Line> {
    let figure = |label: String, count: u64, pick: Pick| Line { label, count: Some(count), pick: Some(pick) };
    let mut out = vec![figure(format!("Conflicts in {} days, among {} saves", f.days, f.saves), f.conflicts, Pick::All)];
    let mut part = |title: &str, rows: Vec<Line>| {
        if !rows.is_empty() {
            out.push(Line { label: title.to_owned(), count: None, pick: None });
            out.extend(rows);
        }
    };
    part(
        "How they were decided",
        f.by_action.iter().map(|(a, n)| figure(action_words(a).to_owned(), *n, Pick::Action(a.clone()))).collect(),
    );
    part("Which field", f.by_field.iter().map(|(a, n)| figure(a.clone(), *n, Pick::Field(a.clone()))).collect());
    part("From where", f.by_origin.iter().map(|(a, n)| figure(a.clone(), *n, Pick::Origin(a.clone()))).collect());
    part("Settled by hand", f.settled.iter().map(|(a, n)| figure(format!("kept {a}"), *n, Pick::Settled(a.clone()))).collect());
    let days = f.per_day.iter().rev().filter(|(_, n)| *n > 0);
    part("By day", days.map(|(d, n)| figure(d.clone(), *n, Pick::Day(d.clone()))).collect());
    part("Advice", f.advice.iter().flat_map(|a| advice(a, width)).collect());
    out
}

/// One piece of advice, over as many lines as it needs; each of them opens what it speaks of.
fn advice(a: &Advice, width: u16) -> Vec<Line> {
    let what = if a.now == a.policy { format!("keep {}", a.now) } else { format!("{} → {}", a.now, a.policy) };
    let words = format!("{}: {what}. {}", a.field, a.reason);
    let rows = text::wrap(&words, usize::from(width.saturating_sub(4)).max(20));
    rows.into_iter().map(|row| Line { label: words[row].to_owned(), count: None, pick: Some(Pick::Field(a.field.clone())) }).collect()
}

/// An action of the audit log in plain words.
#[must_use]
pub fn action_words(action: &str) -> &str {
    match action {
        "conflict_lww" => "last write won",
        "conflict_server_wins" => "the server's value stayed",
        "conflict_client_wins" => "the request's value won",
        "conflict_merged" => "merged without a person",
        "conflict_409" => "refused (409), a person decides",
        "settled" => "settled by a person",
        "lock_refused" => "refused: locked by someone else",
        other => other,
    }
}

/// The same in a word or two, for a row of a list.
#[must_use]
pub fn action_short(action: &str) -> &str {
    match action {
        "conflict_server_wins" => "the server's stayed",
        "conflict_client_wins" => "the request's won",
        "conflict_merged" => "merged",
        "conflict_409" => "refused",
        "settled" => "settled",
        "lock_refused" => "locked",
        other => action_words(other),
    }
}

impl Screen for Dashboard {
    fn mode(&self) -> Mode {
        Mode::Dashboard
    }

    fn title(&self) -> String {
        "dashboard".to_owned()
    }

    fn update(&mut self, event: &Event, _ctx: &Ctx<'_>) -> Vec<Effect> {
        match self.rows.step(event) {
            Step::Back => return vec![Effect::Back],
            Step::Open => return self.open(),
            Step::Moved | Step::Other => {}
        }
        match event {
            Event::Action(Action::Days) => {
                self.days = match self.days {
                    7 => 30,
                    30 => 90,
                    _ => 7,
                };
                return vec![Effect::Client(Command::Figures { days: self.days })];
            }
            Event::Shown => return vec![Effect::Client(Command::Figures { days: self.days })],
            Event::News(news) => match &**news {
                News::Figures(figures, entries) => self.know(figures, entries),
                News::Settled(..) | News::NeedsYou(_) | News::Synced(..) | News::CaughtUp => {
                    return vec![Effect::Client(Command::Figures { days: self.days })];
                }
                _ => {}
            },
            _ => {}
        }
        Vec::new()
    }

    fn fit(&mut self, area: Rect, _ctx: &Ctx<'_>) {
        if self.width != area.width {
            self.width = area.width;
            if let Some(figures) = &self.figures {
                self.lines = lines(figures, self.width);
                self.rows.set_len(self.lines.len());
            }
        }
        self.rows.fit(usize::from(area.height.saturating_sub(view::dashboard::ABOVE)));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::dashboard::draw(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::Open, Action::Days, Action::Back]
    }
}
