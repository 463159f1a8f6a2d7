//! A value typed into a row above the text, and keeping one side as a new note.

use super::super::message::{Ask, Effect};
use super::super::reader;
use super::super::screen::Ctx;
use super::{Merge, Source, save};
use crate::client::handle::{Command, Parked};
use crate::domain::note::{Content, FieldValue, NoteId};
use crate::domain::settle::{Place, RowChoice, RowName, Settle, Side};
use crate::domain::typed;

impl Merge {
    /// Asks for a value of the row the person is on.
    pub(super) fn ask_value(&self) -> Vec<Effect> {
        let Some(row) = self.row().filter(|r| r.is_typeable()) else {
            return vec![Effect::Say("Here one can choose mine, theirs or base.".to_owned())];
        };
        let value = row.value().or(row.proposal.as_ref().and_then(|(v, _)| v.as_ref())).cloned().unwrap_or_else(|| row.kind_of_value());
        let text = if value == FieldValue::Absent { String::new() } else { reader::value(&value) };
        let mut ask = Ask::line("row-value", format!("A value for {}", row.name), text);
        ask.lines =
            [("base", &row.base), ("mine", &row.mine), ("theirs", &row.theirs)].map(|(name, text)| format!("{name}: {text}")).to_vec();
        vec![Effect::Ask(Box::new(ask))]
    }

    /// Puts what was typed in the row.
    pub(super) fn value_typed(&mut self, text: &str) -> Vec<Effect> {
        let (Place::Row(at), Some(row)) = (super::place(&self.settle, self.unit), self.row()) else { return Vec::new() };
        let RowName::Field(name) = &row.name else { return Vec::new() };
        let value = FieldValue::Is(typed::read(&row.kind_of_value(), text));
        let mut content = Content::default();
        content.set(name, value.clone());
        if let Err(bad) = content.check() {
            let why: Vec<String> = bad.iter().map(|(field, why)| format!("{field}: {why}")).collect();
            return vec![Effect::Warn(format!("Not taken over: {}.", why.join("; ")))];
        }
        self.settle.choose_row(at, RowChoice::Typed(value));
        Vec::new()
    }

    pub(super) fn ask_keep_as_new(&self) -> Vec<Effect> {
        let Source::Note(p) = &self.source else { return vec![Effect::Say("Files have no notes to keep as new.".to_owned())] };
        let mut ask = Ask::choice("keep-as-new", "Keep both, as two notes?", &[('y', "yes"), ('n', "no")]);
        ask.lines = vec![format!("{}.", kept_as_new(p)), "What was chosen here is then of no use.".to_owned()];
        vec![Effect::Ask(Box::new(ask))]
    }

    pub(super) fn keep_as_new(&mut self, ctx: &Ctx<'_>) -> Vec<Effect> {
        let Source::Note(p) = &self.source else { return Vec::new() };
        let commands = as_new(p, self.settle.clone(), (ctx.new_id)());
        self.leaving = !commands.is_empty();
        commands.into_iter().map(Effect::Client).chain([Effect::Back]).collect()
    }
}

/// What keeping a new note comes to, in words.
pub(in crate::tui) fn kept_as_new(parked: &Parked) -> &'static str {
    match (parked.mine.deleted, parked.theirs.content.deleted) {
        (true, false) => "deleted here, theirs as a new note",
        (false, true) => "deleted here, mine as a new note",
        _ => "theirs here, mine as a new note",
    }
}

/// The commands that make one side a new note and leave the other here. Where mine is the deletion it is theirs that becomes a new note: a
/// copy of what was deleted would help nobody. The copy goes first, so that whatever happens between the two nothing is lost.
pub(super) fn as_new(parked: &Parked, mut settle: Settle, copy: NoteId) -> Vec<Command> {
    if !parked.mine.deleted || parked.theirs.content.deleted {
        return vec![Command::KeepAsNew { id: parked.id, copy }];
    }
    settle.keep(Side::Mine);
    let content = Box::new(parked.theirs.content.clone());
    let made = Command::Save { id: copy, base: None, content, revision: 0 };
    save::resubmit(parked, &settle, 0).map(|deleted| vec![made, deleted]).unwrap_or_default()
}
