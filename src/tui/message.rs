//! What goes round in the loop: one closed [`Event`], one [`Effect`].
//!
//! Terminal input is kept in types of our own, so that the crate which reads it can change without a screen noticing.

use std::path::PathBuf;

use super::keys::Action;
use super::merge::work::{Handed, Job, Ticket};
use super::screen::Screen;
use crate::client::handle::{Command, News};
use crate::domain::note::{Content, NoteId};

pub use super::press::{Code, Key, Press};

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// The left button went down.
    Down,
    /// The mouse moved with the left button down.
    Drag,
    /// The left button went up.
    Up,
    /// The wheel turned up.
    ScrollUp,
    /// The wheel turned down.
    ScrollDown,
}

/// A mouse event, in cells from the top left corner of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What it did.
    pub kind: MouseKind,
    /// The column.
    pub x: u16,
    /// The row.
    pub y: u16,
    /// With shift held.
    pub shift: bool,
    /// How many presses came quickly one after another at this place, from 1.
    pub clicks: u8,
}

/// What a place on the screen is; a view says so as it draws, and the mouse finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// A press does this.
    Do(Action),
    /// Row `n` of what the screen lists.
    Row(usize),
    /// Whatever the screen means by this number.
    Part(usize),
    /// Choice `n` of the open question.
    Choice(usize),
}

/// How a question was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Choice `n`.
    Choice(usize),
    /// This text.
    Text(String),
    /// Not at all (Esc).
    None,
}

/// Everything that can happen, in one queue.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key. Screens get those that mean no action, or all typing while [`Screen::typing`].
    Key(Key),
    /// An action, by key, mouse or name.
    Action(Action),
    /// The mouse, and what lies there as last drawn.
    Mouse(Mouse, Option<Hit>),
    /// Pasted text, line ends as the terminal sent them.
    Paste(String),
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// The client tells something.
    News(Box<News>),
    /// A time a screen asked for ([`Screen::wake`]) has come.
    Tick,
    /// The external editor is done: what was asked for by `tag`, and the text or why there is none.
    EditorDone {
        /// The tag of the request.
        tag: &'static str,
        /// The edited text, or one sentence of why not.
        text: Result<String, String>,
    },
    /// A file was written, or could not be.
    Written {
        /// The tag of the request.
        tag: &'static str,
        /// One sentence of why not.
        result: Result<(), String>,
    },
    /// The question `id` was answered.
    Answer {
        /// The id it was asked with.
        id: &'static str,
        /// The answer.
        answer: Answer,
    },
    /// A content to take over as if the person had typed it, for whichever screen edits this note.
    Take {
        /// Which note.
        id: NoteId,
        /// The content.
        content: Box<Content>,
        /// Only title, tags and fields; the body stays.
        fields_only: bool,
        /// Save it at once.
        save: bool,
    },
    /// A merge is done; whoever wants it takes it.
    Merged(Ticket, Handed),
    /// The screen is on top again after another was left.
    Shown,
    /// The screen is about to be left or the program to end: keep what was typed.
    Leave,
    /// What the coach of the demo says now; empty: nothing.
    Coach(String),
    /// The program was told to end (SIGTERM, SIGHUP).
    Terminate,
    /// The program runs again after it was stopped.
    Resumed,
}

/// A question in a box: choices by key, or a line to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Comes back with the answer.
    pub id: &'static str,
    /// The question.
    pub title: String,
    /// More about it.
    pub lines: Vec<String>,
    /// The choices by key; none: a line is asked for.
    pub choices: Vec<(Key, String)>,
    /// The line to start from.
    pub text: String,
    /// Whether what is typed takes the place of that line.
    pub over: bool,
    /// The line is a secret: how long it is is shown, not what it says.
    pub hidden: bool,
}

impl Ask {
    /// A question with choices named by one character each.
    #[must_use]
    pub fn choice(id: &'static str, title: impl Into<String>, choices: &[(char, &str)]) -> Self {
        let choices = choices.iter().map(|(c, label)| (Key::plain(Code::Char(*c)), (*label).to_owned())).collect();
        Self { id, title: title.into(), lines: Vec::new(), choices, text: String::new(), over: false, hidden: false }
    }

    /// Something told that any key closes.
    #[must_use]
    pub fn told(id: &'static str, title: impl Into<String>, lines: Vec<String>) -> Self {
        let choices = vec![(Key::plain(Code::Esc), "close".to_owned())];
        Self { id, title: title.into(), lines, choices, text: String::new(), over: false, hidden: false }
    }

    /// Whether it is only told, and nothing asked.
    #[must_use]
    pub fn is_told(&self) -> bool {
        matches!(&self.choices[..], [(key, _)] if key.code == Code::Esc)
    }

    /// A question answered by a line of text.
    #[must_use]
    pub fn line(id: &'static str, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { id, title: title.into(), lines: Vec::new(), choices: Vec::new(), text: text.into(), over: false, hidden: false }
    }

    /// The same where what is typed takes the place of the line it starts from.
    #[must_use]
    pub fn line_over(id: &'static str, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { over: true, ..Self::line(id, title, text) }
    }
}

/// What an update wants done. The first group is done by the app, the second by the loop.
#[derive(Debug)]
pub enum Effect {
    /// Put a screen on top.
    Push(Box<dyn Screen>),
    /// Put a screen in place of the one on top.
    Replace(Box<dyn Screen>),
    /// Leave the screen on top; the last one left ends the program.
    Back,
    /// Tell something that goes away by itself; it stays in the log of notices.
    Say(String),
    /// The same for something that went wrong.
    Warn(String),
    /// Ask a question.
    Ask(Box<Ask>),
    /// Tell every screen something.
    Tell(Box<Event>),
    /// Do an action as if its key had been pressed.
    Do(Action),

    /// Say something to the client.
    Client(Command),
    /// Put text on the clipboard (OSC 52) and into the register that Paste takes from.
    Copy(String),
    /// Hand text over to `$EDITOR`; [`Event::EditorDone`] brings it back.
    RunEditor {
        /// Comes back with the text.
        tag: &'static str,
        /// The text.
        text: String,
        /// What the file's name ends in: `.md`.
        suffix: &'static str,
    },
    /// Merge on a worker; [`Event::Merged`] brings the result, unless nobody wants it any more.
    Work(Job),
    /// Write a file whole or not at all; [`Event::Written`] tells.
    Write {
        /// Comes back with the result.
        tag: &'static str,
        /// The file.
        path: PathBuf,
        /// What it shall hold.
        bytes: Vec<u8>,
    },
    /// Remove a file that is no longer of use; it does no harm if it stays.
    Remove(PathBuf),
    /// End the program with this exit status.
    Quit(u8),
    /// Stop the program until the shell continues it.
    Suspend,
    /// Draw everything anew.
    Redraw,
}
