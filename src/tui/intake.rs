//! Bytes from the terminal to events. Keys and the mouse are read by `termina`; pastes are put together here, because they may be long
//! and may never end: what has come of one can be taken as it stands.

use std::collections::VecDeque;

use memchr::memmem;
use termina::Parser;
use termina::event as te;

use super::message::{Code, Event, Key, Mouse, MouseKind};

/// What stands before and after a paste.
const BEGIN: &[u8] = b"\x1b[200~";
const END: &[u8] = b"\x1b[201~";
/// A longer paste comes in several.
const LONGEST: usize = 64 << 20;

/// Bytes that came, and the events made of them.
#[derive(Debug, Default)]
pub struct Intake {
    parser: Parser,
    events: VecDeque<Event>,
    /// A paste whose end has not come.
    paste: Option<Vec<u8>>,
    /// What may be the beginning of a paste's mark.
    held: Vec<u8>,
}

impl Intake {
    /// Takes bytes in. `more`: others that belong to them may be on their way.
    pub fn take(&mut self, bytes: &[u8], more: bool) {
        if self.held.is_empty() {
            self.read(bytes, more);
        } else {
            let all = [std::mem::take(&mut self.held).as_slice(), bytes].concat();
            self.read(&all, more);
        }
    }

    fn read(&mut self, mut bytes: &[u8], more: bool) {
        while !bytes.is_empty() {
            if self.paste.is_some() {
                bytes = self.pasted(bytes);
                continue;
            }
            let begins = memmem::find(bytes, BEGIN);
            let keys = begins.unwrap_or_else(|| bytes.len() - begun(bytes));
            self.parser.parse(&bytes[..keys], more && begins.is_none());
            while let Some(event) = self.parser.pop() {
                self.events.extend(read(event));
            }
            bytes = match begins {
                Some(at) => {
                    self.paste = Some(Vec::new());
                    &bytes[at + BEGIN.len()..]
                }
                None => {
                    self.held.extend_from_slice(&bytes[keys..]);
                    &[]
                }
            };
        }
    }

    /// Adds to the paste; returns what comes after it.
    fn pasted<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let Some(paste) = &mut self.paste else { return bytes };
        // The mark may have come in two halves.
        let from = paste.len().saturating_sub(END.len() - 1);
        paste.extend_from_slice(bytes);
        let Some(end) = memmem::find(&paste[from..], END).map(|at| from + at) else {
            if paste.len() > LONGEST {
                self.end_paste();
                self.paste = Some(Vec::new());
            }
            return &[];
        };
        let after = paste.len() - (end + END.len());
        paste.truncate(end);
        self.end_paste();
        &bytes[bytes.len() - after..]
    }

    /// Whether a paste has begun and not ended.
    #[must_use]
    pub fn is_pasting(&self) -> bool {
        self.paste.is_some()
    }

    /// Takes a paste as it stands, without its end.
    pub fn end_paste(&mut self) {
        if let Some(paste) = self.paste.take() {
            self.events.push_back(Event::Paste(String::from_utf8_lossy(&paste).into_owned()));
        }
    }

    /// The next event, if there is one.
    pub fn pop(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

/// How many of the last bytes may be the beginning of a paste's mark. A lone Esc is a key.
fn begun(bytes: &[u8]) -> usize {
    (2..BEGIN.len()).rev().find(|n| bytes.ends_with(&BEGIN[..*n])).unwrap_or(0)
}

/// Turns what the terminal sent into an event; `None` for what means nothing here (releases, focus, mouse moves, answers).
fn read(event: te::Event) -> Option<Event> {
    match event {
        te::Event::Key(key) if key.kind != te::KeyEventKind::Release => read_key(key).map(Event::Key),
        te::Event::Mouse(mouse) => read_mouse(mouse).map(|m| Event::Mouse(m, None)),
        te::Event::Paste(text) => Some(Event::Paste(text)),
        _ => None,
    }
}

fn read_key(key: te::KeyEvent) -> Option<Key> {
    let code = match key.code {
        te::KeyCode::Char(c) => Code::Char(c),
        te::KeyCode::Enter => Code::Enter,
        te::KeyCode::Escape => Code::Esc,
        te::KeyCode::Backspace => Code::Backspace,
        te::KeyCode::Delete => Code::Delete,
        te::KeyCode::Insert => Code::Insert,
        te::KeyCode::Tab => Code::Tab,
        te::KeyCode::BackTab => Code::BackTab,
        te::KeyCode::Left => Code::Left,
        te::KeyCode::Right => Code::Right,
        te::KeyCode::Up => Code::Up,
        te::KeyCode::Down => Code::Down,
        te::KeyCode::Home => Code::Home,
        te::KeyCode::End => Code::End,
        te::KeyCode::PageUp => Code::PageUp,
        te::KeyCode::PageDown => Code::PageDown,
        te::KeyCode::Function(n) => Code::F(n),
        _ => return None,
    };
    let has = |m| key.modifiers.contains(m);
    let in_code = matches!(code, Code::Char(_) | Code::BackTab);
    let (ctrl, alt) = (has(te::Modifiers::CONTROL), has(te::Modifiers::ALT));
    let code = match code {
        Code::Char(c) if ctrl || alt => Code::Char(c.to_ascii_lowercase()),
        code => code,
    };
    Some(Key { code, ctrl, alt, shift: has(te::Modifiers::SHIFT) && !in_code })
}

fn read_mouse(mouse: te::MouseEvent) -> Option<Mouse> {
    let left = te::MouseButton::Left;
    let kind = match mouse.kind {
        te::MouseEventKind::Down(b) if b == left => MouseKind::Down,
        te::MouseEventKind::Drag(b) if b == left => MouseKind::Drag,
        te::MouseEventKind::Up(b) if b == left => MouseKind::Up,
        te::MouseEventKind::ScrollUp => MouseKind::ScrollUp,
        te::MouseEventKind::ScrollDown => MouseKind::ScrollDown,
        _ => return None,
    };
    Some(Mouse { kind, x: mouse.column, y: mouse.row, shift: mouse.modifiers.contains(te::Modifiers::SHIFT), clicks: 1 })
}
