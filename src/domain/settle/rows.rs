//! What stands above the text: line endings, and of a note its title, tags, further fields, and whether it is deleted.
//!
//! A row has the same three sides as a hunk and the same history. What the server's policy would have decided is taken without asking
//! (tags united, otherwise mine, which comes last) and can be changed; what the server refused is asked.

use super::super::merge::Kind;
use super::super::note::{Content, FieldName, FieldValue, Value, dedup, same_set};
use super::super::refine::Class;
use super::super::stop::{Cancelled, NEVER, Stop};
use super::history::Change;
use super::{Settle, Side};

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowName {
    /// Line endings, final newline, byte order mark.
    Endings,
    /// A field of the note.
    Field(FieldName),
}

impl std::fmt::Display for RowName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RowName::Endings => f.write_str("line endings"),
            RowName::Field(FieldName::Deleted) => f.write_str("note"),
            RowName::Field(name) => name.fmt(f),
        }
    }
}

/// What was chosen for a row.
#[derive(Clone, Debug, PartialEq)]
pub enum RowChoice {
    /// What mine says.
    Mine,
    /// What theirs says.
    Theirs,
    /// What base says.
    Base,
    /// What is proposed.
    Proposal,
    /// A value a person typed.
    Typed(FieldValue),
}

/// One row above the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is about.
    pub name: RowName,
    /// Who changed it.
    pub kind: Kind,
    /// What base says, for people.
    pub base: String,
    /// What mine says.
    pub mine: String,
    /// What theirs says.
    pub theirs: String,
    /// The values of base, mine and theirs; none for line endings.
    pub values: Option<[FieldValue; 3]>,
    /// What is proposed (none for line endings: what was made alike), and why.
    pub proposal: Option<(Option<FieldValue>, String)>,
    /// What was chosen; nothing while it is open.
    pub choice: Option<RowChoice>,
    /// What was in it before anyone chose.
    pub(super) fresh: Option<RowChoice>,
}

impl Row {
    /// Whether a person had to be asked.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.fresh.is_none()
    }

    /// Whether it was taken without asking and still is.
    #[must_use]
    pub fn is_auto(&self) -> bool {
        self.fresh.is_some() && self.choice == self.fresh
    }

    /// What the row comes to, for people; nothing while it is open and nothing is proposed.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        Some(match self.choice.as_ref().or(self.proposal.as_ref().map(|_| &RowChoice::Proposal))? {
            RowChoice::Mine => self.mine.clone(),
            RowChoice::Theirs => self.theirs.clone(),
            RowChoice::Base => self.base.clone(),
            RowChoice::Typed(v) => say(&self.name, v),
            RowChoice::Proposal => match self.proposal.as_ref()? {
                (Some(v), _) => say(&self.name, v),
                (None, why) => why.clone(),
            },
        })
    }

    /// Whether a value can be typed in: it is a field, and not whether there is a note at all.
    #[must_use]
    pub fn is_typeable(&self) -> bool {
        matches!(&self.name, RowName::Field(name) if *name != FieldName::Deleted)
    }

    /// Whether it says that the note is deleted on one side.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        self.name == RowName::Field(FieldName::Deleted)
    }

    /// A value of the kind this row has: what typed text is read as.
    #[must_use]
    pub fn kind_of_value(&self) -> FieldValue {
        let [base, mine, theirs] = self.values.as_ref().map_or([const { &FieldValue::Absent }; 3], |v| [&v[0], &v[1], &v[2]]);
        [mine, theirs, base].into_iter().find(|v| **v != FieldValue::Absent).unwrap_or(mine).clone()
    }

    /// The value chosen.
    #[must_use]
    pub fn value(&self) -> Option<&FieldValue> {
        let values = self.values.as_ref()?;
        Some(match self.choice.as_ref()? {
            RowChoice::Base => &values[0],
            RowChoice::Mine => &values[1],
            RowChoice::Theirs => &values[2],
            RowChoice::Typed(v) => v,
            RowChoice::Proposal => self.proposal.as_ref()?.0.as_ref()?,
        })
    }
}

/// A value for people.
fn say(name: &RowName, value: &FieldValue) -> String {
    let FieldValue::Is(value) = value else { return "(none)".to_owned() };
    match value {
        Value::Bool(deleted) if *name == RowName::Field(FieldName::Deleted) => if *deleted { "deleted" } else { "kept" }.to_owned(),
        Value::Int(n) => n.to_string(),
        Value::Float(f) => f.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Text(t) => t.clone(),
        Value::List(l) => l.iter().map(|t| format!("#{t}")).collect::<Vec<_>>().join(" "),
    }
}

impl Settle {
    /// Merges two edits of a note: its text by hunks, its other fields as rows. `asked` names the fields that the server refused to decide.
    #[must_use]
    pub fn open_note(base: Option<&Content>, mine: &Content, theirs: &Content, asked: &[FieldName], accept: &[Class]) -> Settle {
        Settle::open_note_unless(base, mine, theirs, asked, accept, NEVER).unwrap_or_else(|Cancelled| Settle::nothing())
    }

    /// The same, unless it is called off.
    ///
    /// # Errors
    /// If `stop` said so.
    pub fn open_note_unless(
        base: Option<&Content>,
        mine: &Content,
        theirs: &Content,
        asked: &[FieldName],
        accept: &[Class],
        stop: Stop<'_>,
    ) -> Result<Settle, Cancelled> {
        let none = Content::default();
        let base = base.unwrap_or(&none);
        let texts = [base, mine, theirs].map(|c| c.body.clone().into_bytes());
        let mut out = Settle::open_unless(texts, accept, stop)?;
        let mut names = base.changed_fields(mine);
        names.extend(base.changed_fields(theirs));
        names.sort();
        names.dedup();
        let rows = names.into_iter().filter(|n| *n != FieldName::Body).map(|n| row(n, base, mine, theirs, asked));
        let mut rows: Vec<Row> = rows.collect();
        // Whether there is a note at all comes before what it says.
        rows.sort_by_key(|r| r.name != RowName::Field(FieldName::Deleted));
        rows.append(&mut out.rows);
        out.rows = rows;
        Ok(out)
    }

    /// The rows above the text; a row is named by its index.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Puts a choice in a row. False if it does not fit or is there already.
    pub fn choose_row(&mut self, row: usize, choice: RowChoice) -> bool {
        let Some(r) = self.rows.get(row) else { return false };
        let choice = match choice {
            RowChoice::Proposal if r.proposal.is_none() => return false,
            RowChoice::Typed(ref v) => {
                let stock = [RowChoice::Mine, RowChoice::Theirs, RowChoice::Base];
                let Some(values) = &r.values else { return false };
                let same = [&values[1], &values[2], &values[0]].into_iter().position(|s| s == v);
                same.map_or(choice, |i| stock[i].clone())
            }
            other => other,
        };
        self.put_row(row, Some(choice))
    }

    /// Puts back what a row held before anyone chose.
    pub fn reset_row(&mut self, row: usize) -> bool {
        self.rows.get(row).map(|r| r.fresh.clone()).is_some_and(|fresh| self.put_row(row, fresh))
    }

    fn put_row(&mut self, row: usize, new: Option<RowChoice>) -> bool {
        let old = self.rows[row].choice.clone();
        let changed = old != new;
        if changed {
            self.apply_all(Vec::new(), vec![Change::Row { row, old, new }]);
        }
        changed
    }

    /// The changes that accept each open row's proposal.
    pub(super) fn rows_accepted(&self) -> Vec<Change> {
        let open = self.rows.iter().enumerate().filter(|(_, r)| r.choice.is_none() && r.proposal.is_some());
        open.map(|(row, _)| Change::Row { row, old: None, new: Some(RowChoice::Proposal) }).collect()
    }

    /// The changes that put one choice in all rows, or all open ones.
    pub(super) fn rows_set(&self, choice: &RowChoice, open_only: bool) -> Vec<Change> {
        let rows =
            self.rows.iter().enumerate().filter(|(_, r)| if open_only { r.choice.is_none() } else { r.choice.as_ref() != Some(choice) });
        rows.map(|(row, r)| Change::Row { row, old: r.choice.clone(), new: Some(choice.clone()) }).collect()
    }

    /// The settled note; nothing while something is open or the text is not UTF-8.
    #[must_use]
    pub fn content(&self, base: Option<&Content>, mine: &Content, theirs: &Content) -> Option<Content> {
        let body = String::from_utf8(self.result()?).ok()?;
        // What neither changed is as in base; what only one changed has a row.
        let mut out = base.unwrap_or(mine).clone();
        for (name, side) in both_same(base, mine, theirs) {
            out.set(&name, side);
        }
        for row in &self.rows {
            if let (RowName::Field(name), Some(value)) = (&row.name, row.value()) {
                out.set(name, value.clone());
            }
        }
        out.body = body;
        Some(out)
    }

    /// Whether the choices so far delete the note, so that the rest need not be asked.
    #[must_use]
    pub fn deletes(&self) -> bool {
        let deleted = |r: &&Row| r.name == RowName::Field(FieldName::Deleted);
        self.rows.iter().find(deleted).is_some_and(|r| r.value() == Some(&FieldValue::Is(Value::Bool(true))))
    }

    /// Deletes the note, as one step: the row says so and what else is open becomes theirs, since it no longer matters.
    pub fn choose_deleted(&mut self) -> bool {
        let Some(at) = self.rows.iter().position(|r| r.name == RowName::Field(FieldName::Deleted)) else { return false };
        let Some(values) = &self.rows[at].values else { return false };
        let side = if values[1] == FieldValue::Is(Value::Bool(true)) { RowChoice::Mine } else { RowChoice::Theirs };
        let mut rows = self.rows_set(&RowChoice::Theirs, true);
        rows.retain(|c| !matches!(c, Change::Row { row, .. } if *row == at));
        let (old, new) = (self.rows[at].choice.clone(), Some(side));
        if old != new {
            rows.insert(0, Change::Row { row: at, old, new });
        }
        let hunks = self.open_hunks().map(|h| (h, Some(super::Choice::Theirs))).collect();
        self.apply_all(hunks, rows);
        true
    }
}

/// Fields that both sides set alike (they have no row where base already says so).
fn both_same(base: Option<&Content>, mine: &Content, theirs: &Content) -> Vec<(FieldName, FieldValue)> {
    let none = Content::default();
    let changed = base.unwrap_or(&none).changed_fields(mine);
    changed.into_iter().filter(|n| *n != FieldName::Body && mine.field(n) == theirs.field(n)).map(|n| (n.clone(), mine.field(&n))).collect()
}

fn row(name: FieldName, base: &Content, mine: &Content, theirs: &Content, asked: &[FieldName]) -> Row {
    let values = [base.field(&name), mine.field(&name), theirs.field(&name)];
    let alike = |a: &FieldValue, b: &FieldValue| match (a, b) {
        (FieldValue::Is(Value::List(a)), FieldValue::Is(Value::List(b))) => same_set(a, b),
        _ => a == b,
    };
    let kind = match (alike(&values[0], &values[1]), alike(&values[0], &values[2])) {
        (false, true) => Kind::Mine,
        (true, false) => Kind::Theirs,
        _ if alike(&values[1], &values[2]) => Kind::Same,
        _ => Kind::Clash,
    };
    let union = kind == Kind::Clash && matches!(values[1], FieldValue::Is(Value::List(_)));
    let proposal =
        if union { union_of(&values).map(|v| (Some(v), "What either added stays, what either removed goes.".to_owned())) } else { None };
    let fresh = match kind {
        // A deletion collides with any edit of the other side.
        Kind::Mine | Kind::Theirs if name == FieldName::Deleted => None,
        _ if asked.contains(&name) => None,
        Kind::Theirs => Some(RowChoice::Theirs),
        Kind::Clash if proposal.is_some() => Some(RowChoice::Proposal),
        _ => Some(RowChoice::Mine),
    };
    let name = RowName::Field(name);
    let text = |side: Side| match (&name, side) {
        (RowName::Field(FieldName::Deleted), Side::Mine | Side::Theirs) if values[side as usize] == FieldValue::Is(Value::Bool(false)) => {
            changed_words(base, if side == Side::Mine { mine } else { theirs })
        }
        _ => say(&name, &values[side as usize]),
    };
    let (b, m, t) = (text(Side::Base), text(Side::Mine), text(Side::Theirs));
    Row { name, kind, base: b, mine: m, theirs: t, values: Some(values), proposal, choice: fresh.clone(), fresh }
}

/// `kept, 3 words changed`: what one side did to a note that the other deleted.
fn changed_words(base: &Content, side: &Content) -> String {
    let edits = super::super::diff::lines(base.body.as_bytes(), side.body.as_bytes());
    let words: usize = edits
        .iter()
        .flat_map(|l| {
            let (old, new) = (&base.body.as_bytes()[l.old.clone()], &side.body.as_bytes()[l.new.clone()]);
            let whole = old.len() + new.len() > super::atoms::WORDS_UP_TO;
            let edits = if whole { Vec::new() } else { super::super::diff::words(old, new) };
            edits.into_iter().map(|e| {
                let count = |t: &[u8]| t.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).count();
                count(&old[e.old]).max(count(&new[e.new]))
            })
        })
        .sum();
    let fields = base.changed_fields(side).len();
    match (words, fields) {
        (1, _) => "kept, 1 word changed".to_owned(),
        (2.., _) => format!("kept, {words} words changed"),
        (0, 0) => "kept, unchanged".to_owned(),
        (0, n) => format!("kept, {n} field{} changed", if n == 1 { "" } else { "s" }),
    }
}

/// The set merge of two lists against base, in base's order, then mine's, then theirs'.
fn union_of(values: &[FieldValue; 3]) -> Option<FieldValue> {
    let list = |v: &FieldValue| match v {
        FieldValue::Is(Value::List(l)) => Some(l.clone()),
        FieldValue::Absent => Some(Vec::new()),
        FieldValue::Is(_) => None,
    };
    let (base, mine, theirs) = (list(&values[0])?, list(&values[1])?, list(&values[2])?);
    let keep = |t: &String| !base.contains(t) || (mine.contains(t) && theirs.contains(t));
    let all = base.iter().chain(&mine).chain(&theirs).filter(|t| keep(t)).cloned().collect();
    Some(FieldValue::Is(Value::List(dedup(all))))
}
