//! Which key does what: one table of (mode, keys, action, help), read from `assets/keys.toml`.
//!
//! Help and the command list are printed from this table, so that they cannot say anything else than what happens. A preset and then the
//! person's own settings are laid over the default; two actions on one key of one mode are reported, and the later one wins. An action may
//! also be on two keys one after the other (`]c`); a key that begins such a pair does nothing by itself.

use std::collections::BTreeMap;

use super::message::{Key, Press};

macro_rules! names {
    ($(#[$doc:meta])* $kind:ident { $($variant:ident $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind { $(#[doc = $name] $variant,)* }

        impl $kind {
            /// Every one, in order.
            pub const ALL: &'static [$kind] = &[$($kind::$variant,)*];

            /// The name used in settings and the command list.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $($kind::$variant => $name,)* }
            }

            /// The one of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|a| a.name() == name)
            }
        }
    };
}

names! {
    /// The parts of the key table. A screen says which applies; see [`Mode::chain`] for where a key is looked up further.
    Mode {
        Global "global", Rows "rows", List "list", Editor "editor", Question "question", Merge "merge", Inbox "inbox", Outbox "outbox",
        History "history", Versions "versions", Dashboard "dashboard", Entries "entries", Entry "entry", Form "form", Notices "notices", Help "help", Unasked "unasked",
        Welcome "welcome", Find "find", Search "search",
    }
}

impl Mode {
    /// The modes in which a key is looked up, first to last.
    #[must_use]
    pub const fn chain(self) -> &'static [Mode] {
        match self {
            Mode::Global => &[Mode::Global],
            Mode::Rows => &[Mode::Rows, Mode::Global],
            Mode::List => &[Mode::List, Mode::Rows, Mode::Global],
            Mode::Editor => &[Mode::Editor, Mode::Global],
            Mode::Question => &[Mode::Question, Mode::Global],
            Mode::Merge => &[Mode::Merge, Mode::Global],
            Mode::Inbox => &[Mode::Inbox, Mode::Rows, Mode::Global],
            Mode::Outbox => &[Mode::Outbox, Mode::Rows, Mode::Global],
            Mode::History => &[Mode::History, Mode::Rows, Mode::Global],
            Mode::Versions => &[Mode::Versions, Mode::Rows, Mode::Global],
            Mode::Dashboard => &[Mode::Dashboard, Mode::Rows, Mode::Global],
            Mode::Entries => &[Mode::Entries, Mode::Rows, Mode::Global],
            Mode::Entry => &[Mode::Entry, Mode::Rows, Mode::Global],
            Mode::Form => &[Mode::Form, Mode::Global],
            Mode::Notices => &[Mode::Notices, Mode::Rows, Mode::Global],
            Mode::Help => &[Mode::Help, Mode::Rows, Mode::Global],
            Mode::Unasked => &[Mode::Unasked, Mode::Rows, Mode::Global],
            Mode::Welcome => &[Mode::Welcome, Mode::Global],
            Mode::Find => &[Mode::Find, Mode::Global],
            Mode::Search => &[Mode::Search, Mode::Global],
        }
    }
}

names! {
    /// Everything that can be asked for by key, mouse or name.
    Action {
        Help "help", Commands "commands", Redraw "redraw", Suspend "suspend", Conflict "conflict", Notices "notices", Quit "quit", Theme "theme",
        Up "up", Down "down", PageUp "page-up", PageDown "page-down", Top "top", Bottom "bottom", Open "open", Back "back",
        New "new", Search "search", Tag "tag", Delete "delete", Undelete "undelete", Deleted "deleted", Inbox "inbox", Outbox "outbox", Dashboard "dashboard",
        History "history", SyncNow "sync", Bookmark "bookmark", Lock "lock", Select "select", EditTags "edit-tags", Sort "sort",
        Preview "preview",
        Save "save", Undo "undo", Redo "redo", Find "find", FindNext "find-next", FindPrev "find-previous", Replace "replace",
        External "external-editor", Fields "fields", Copy "copy", Cut "cut", Paste "paste", SelectAll "select-all", GoToLine "go-to-line",
        ToggleTask "toggle-task", CountWords "count-words", Discard "discard", MergeNow "merge-now",
        Left "left", Right "right", WordLeft "word-left", WordRight "word-right", LineStart "line-start", LineEnd "line-end",
        TextStart "text-start", TextEnd "text-end",
        SelectLeft "select-left", SelectRight "select-right", SelectUp "select-up", SelectDown "select-down",
        SelectWordLeft "select-word-left", SelectWordRight "select-word-right", SelectLineStart "select-line-start",
        SelectLineEnd "select-line-end", SelectTextStart "select-text-start", SelectTextEnd "select-text-end",
        SelectPageUp "select-page-up", SelectPageDown "select-page-down",
        Newline "newline", Backspace "backspace", DeleteChar "delete-character", DeleteWordBack "delete-word-back",
        DeleteWordForward "delete-word-forward", DeleteToLineEnd "delete-to-line-end", DeleteLine "delete-line", Indent "indent", Outdent "outdent",
        KeepMine "keep-mine", KeepTheirs "keep-theirs", HunkByHunk "hunk-by-hunk", KeepAsNew "keep-as-new", Later "later",
        MergeNext "next-open", MergePrev "previous-open", HunkNext "next-hunk", HunkPrev "previous-hunk", Mine "mine", Theirs "theirs",
        Both "both", BothTheirsFirst "both-theirs-first", Base "base", Neither "neither", ToggleAtom "toggle-piece", Flip "flip", NextPiece "next-piece", PrevPiece "previous-piece", Accept "accept",
        EditHere "edit-here", EditOutside "edit-outside", Proposal "proposal", AcceptAll "accept-all", SameAgain "same-again",
        MineAll "mine-for-all", TheirsAll "theirs-for-all", Lens "lens", CopyResult "copy-result", AsChange "as-change", Fold "fold",
        Why "why", Unasked "unasked", SaveWithMarkers "save-with-markers",
        Pause "pause", Retry "retry", Drop "drop", Mark "mark", Restore "restore", Compare "compare", BringBack "bring-back", Days "days",
        NextField "next-field", PrevField "previous-field", AddField "add-field", RemoveField "remove-field",
        ReplaceOne "replace-one", AllowDeletions "allow-deletions", ReplaceAll "replace-all",
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where it applies.
    pub mode: Mode,
    /// What it does.
    pub action: Action,
    /// The keys that do it; may be none (then it is reached by name).
    pub keys: Vec<Press>,
    /// What it does, in a few words.
    pub help: String,
    /// The same in one or two words, for the bottom line.
    pub short: String,
}

/// The whole table.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<Binding>,
    by_key: BTreeMap<(Mode, Press), Action>,
}

#[derive(serde::Deserialize)]
struct Line {
    #[serde(rename = "do")]
    action: String,
    #[serde(default)]
    keys: String,
    help: String,
    #[serde(default)]
    short: String,
}

#[derive(serde::Deserialize)]
struct Sheet {
    modes: Vec<Part>,
    presets: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
}

#[derive(serde::Deserialize)]
struct Part {
    mode: String,
    rows: Vec<Line>,
}

/// Keys laid over the default, by mode and action: `editor` → `save` → `ctrl-s f5`. An empty text takes an action's keys away.
pub type Overrides = BTreeMap<String, BTreeMap<String, String>>;

const SHEET: &str = include_str!("../../assets/keys.toml");

impl Keymap {
    /// The table of a preset with the person's own keys over it, and a sentence for everything in them that is wrong. Never fails: what
    /// is wrong is left out.
    #[must_use]
    pub fn load(preset: &str, own: &Overrides) -> (Keymap, Vec<String>) {
        let mut wrong = Vec::new();
        let sheet: Sheet = match toml::from_str(SHEET) {
            Ok(sheet) => sheet,
            Err(e) => {
                wrong.push(format!("The built-in key table cannot be read: {e}"));
                Sheet { modes: Vec::new(), presets: BTreeMap::new() }
            }
        };
        let mut map = Keymap { bindings: Vec::new(), by_key: BTreeMap::new() };
        for part in &sheet.modes {
            for line in &part.rows {
                match (Mode::named(&part.mode), Action::named(&line.action)) {
                    (Some(mode), Some(action)) => {
                        let keys = read_keys(&line.keys, &mut wrong);
                        let short = if line.short.is_empty() { line.help.split(" (").next().unwrap_or_default() } else { &line.short };
                        map.bindings.push(Binding { mode, action, keys, help: line.help.clone(), short: short.to_owned() });
                    }
                    _ => wrong.push(format!("No action is called {:?} in mode {:?}.", line.action, part.mode)),
                }
            }
        }
        match sheet.presets.get(preset) {
            // A preset is made without conflicts; a test holds it.
            Some(over) => map.lay_over(over, &mut wrong, &mut Vec::new()),
            None if preset == "default" => {}
            None => {
                let known: Vec<&str> = sheet.presets.keys().map(String::as_str).collect();
                wrong.push(format!("No key preset is called {preset:?}; there are default, {}.", known.join(", ")));
            }
        }
        let mut taken = Vec::new();
        map.lay_over(own, &mut wrong, &mut taken);
        wrong.append(&mut taken);
        map.index(&mut wrong);
        (map, wrong)
    }

    /// `told`: whose keys were taken away, so that they have none, or not those that were asked for.
    fn lay_over(&mut self, over: &Overrides, wrong: &mut Vec<String>, told: &mut Vec<String>) {
        for (mode, actions) in over {
            for (action, keys) in actions {
                let found = self.bindings.iter().position(|b| b.mode.name() == mode && b.action.name() == action);
                let Some(at) = found else {
                    wrong.push(format!("No action is called {action:?} in mode {mode:?}."));
                    continue;
                };
                let keys = read_keys(keys, wrong);
                let (mode, taken) = (self.bindings[at].mode, self.bindings[at].action);
                // What was on these keys in this mode gives way, so that a preset need not say so.
                for b in self.bindings.iter_mut().filter(|b| b.mode == mode && b.action != taken) {
                    let Some(lost) = b.keys.iter().find(|k| keys.contains(k)).copied() else { continue };
                    b.keys.retain(|k| !keys.contains(k));
                    let (name, in_mode) = (b.action.name(), mode.name());
                    // Those that come before in the settings have theirs already.
                    match actions.contains_key(name) {
                        true if name < action.as_str() => {
                            told.push(format!("{lost} is set for {name} and {action} in mode {in_mode}: {action} has it."))
                        }
                        false if b.keys.is_empty() => {
                            told.push(format!("{lost} is {action} now in mode {in_mode}: {name} has no key left."))
                        }
                        _ => {}
                    }
                }
                self.bindings[at].keys = keys;
            }
        }
    }

    fn index(&mut self, wrong: &mut Vec<String>) {
        for b in &self.bindings {
            for key in &b.keys {
                if let Some(before) = self.by_key.insert((b.mode, *key), b.action) {
                    wrong.push(format!("{key} is both {} and {} in mode {}.", before.name(), b.action.name(), b.mode.name()));
                }
            }
        }
        for ((mode, press), action) in self.by_key.iter().filter(|((_, press), _)| press.then.is_some()) {
            if let Some(alone) = self.by_key.get(&(*mode, press.first.into())) {
                let (first, alone, name) = (press.first, alone.name(), action.name());
                wrong.push(format!("{first} is {alone} and begins {press}, {name}, in mode {}: {alone} is out of its reach.", mode.name()));
            }
        }
    }

    /// Whether a key begins a pair in a mode.
    #[must_use]
    pub fn begins(&self, mode: Mode, key: Key) -> bool {
        self.after(mode, key).next().is_some()
    }

    /// The lines of a mode that a key begins, with the pair that does each.
    pub fn after(&self, mode: Mode, key: Key) -> impl Iterator<Item = (&Binding, Press)> {
        let pair = move |b: &&'_ Binding| b.keys.iter().find(|p| p.first == key && p.then.is_some()).copied();
        mode.chain().iter().flat_map(move |m| self.bindings.iter().filter(move |b| b.mode == *m)).filter_map(move |b| Some((b, pair(&b)?)))
    }

    /// What a key, or a pair of keys, does in a mode.
    #[must_use]
    pub fn action(&self, mode: Mode, press: impl Into<Press>) -> Option<Action> {
        let press = press.into();
        mode.chain().iter().find_map(|m| self.by_key.get(&(*m, press))).copied()
    }

    /// The lines that apply in a mode, its own first. A line whose action an earlier mode has is left out.
    #[must_use]
    pub fn lines(&self, mode: Mode) -> Vec<&Binding> {
        let mut out: Vec<&Binding> = Vec::new();
        for m in mode.chain() {
            for b in self.bindings.iter().filter(|b| b.mode == *m) {
                if !out.iter().any(|o| o.action == b.action) {
                    out.push(b);
                }
            }
        }
        out
    }

    /// The line of an action in a mode.
    #[must_use]
    pub fn line(&self, mode: Mode, action: Action) -> Option<&Binding> {
        mode.chain().iter().find_map(|m| self.bindings.iter().find(|b| b.mode == *m && b.action == action))
    }

    /// The first key of an action in a mode, as help shows it; its name if it has none.
    #[must_use]
    pub fn key_name(&self, mode: Mode, action: Action) -> String {
        let key = self.line(mode, action).and_then(|b| b.keys.first());
        key.map_or_else(|| format!(":{}", action.name()), Press::to_string)
    }
}

fn read_keys(text: &str, wrong: &mut Vec<String>) -> Vec<Press> {
    let mut keys = Vec::new();
    for name in text.split_whitespace() {
        match name.parse() {
            Ok(key) => keys.push(key),
            Err(why) => wrong.push(format!("{why}.")),
        }
    }
    keys
}
