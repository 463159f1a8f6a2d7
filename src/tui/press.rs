//! Keys as the person presses them: one key, or two one after the other, with the names settings and help use.

use std::fmt;
use std::str::FromStr;

/// A key without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A key that types this character; shift is already in it.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Tab.
    Tab,
    /// Shift-Tab.
    BackTab,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key, from 1.
    F(u8),
}

/// A key press. Shift is only kept where it is not already in the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// With control.
    pub ctrl: bool,
    /// With alt.
    pub alt: bool,
    /// With shift.
    pub shift: bool,
}

impl Key {
    /// A key without modifiers.
    #[must_use]
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// The character this key types into a text, if it types one.
    #[must_use]
    pub const fn typed(&self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

const NAMES: [(&str, Code); 16] = [
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("insert", Code::Insert),
    ("tab", Code::Tab),
    ("backtab", Code::BackTab),
    ("left", Code::Left),
    ("right", Code::Right),
    ("up", Code::Up),
    ("down", Code::Down),
    ("home", Code::Home),
    ("end", Code::End),
    ("pageup", Code::PageUp),
    ("pagedown", Code::PageDown),
    ("space", Code::Char(' ')),
];

/// `Ctrl-S`, `Shift-F3`, `Space`, `j`: as help shows keys.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ctrl_char = matches!(self.code, Code::Char(_)) && (self.ctrl || self.alt);
        for (on, name) in [(self.ctrl, "Ctrl-"), (self.alt, "Alt-"), (self.shift, "Shift-")] {
            if on {
                f.write_str(name)?;
            }
        }
        match self.code {
            Code::F(n) => write!(f, "F{n}"),
            Code::Char(c) if c != ' ' => write!(f, "{}", if ctrl_char { c.to_ascii_uppercase() } else { c }),
            Code::Left => f.write_str("←"),
            Code::Right => f.write_str("→"),
            Code::Up => f.write_str("↑"),
            Code::Down => f.write_str("↓"),
            code => {
                let name = NAMES.iter().find(|(_, c)| *c == code).map_or("?", |(n, _)| n);
                let (first, rest) = name.split_at(1);
                write!(f, "{}{rest}", first.to_ascii_uppercase())
            }
        }
    }
}

/// As settings name keys: `ctrl-s`, `shift-f3`, `space`, `j`, `G`, `alt-enter`.
impl FromStr for Key {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let mut key = Key::plain(Code::Esc);
        let mut rest = name;
        while let Some((modifier, after)) = rest.split_once('-').filter(|(m, after)| !m.is_empty() && !after.is_empty()) {
            match modifier.to_ascii_lowercase().as_str() {
                "ctrl" => key.ctrl = true,
                "alt" => key.alt = true,
                "shift" => key.shift = true,
                _ => return Err(format!("{name:?} is no key: {modifier:?} is none of ctrl, alt, shift")),
            }
            rest = after;
        }
        let lower = rest.to_ascii_lowercase();
        let mut chars = rest.chars();
        key.code = match (chars.next(), chars.next()) {
            (Some(c), None) if key.ctrl || key.alt => Code::Char(c.to_ascii_lowercase()),
            (Some(c), None) => Code::Char(c),
            _ => match NAMES.iter().find(|(n, _)| *n == lower) {
                Some((_, code)) => *code,
                None => match lower.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()) {
                    Some(n @ 1..=24) => Code::F(n),
                    _ => return Err(format!("{name:?} is no key")),
                },
            },
        };
        Ok(key)
    }
}

/// What is pressed for an action: a key, or two keys one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Press {
    /// The only key, or the first of two.
    pub first: Key,
    /// The second of two.
    pub then: Option<Key>,
}

impl From<Key> for Press {
    fn from(first: Key) -> Press {
        Press { first, then: None }
    }
}

/// As help shows it: `Ctrl-S`, `]c`.
impl fmt::Display for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        self.then.map_or(Ok(()), |key| key.fmt(f))
    }
}

/// As settings name it: a key, or two characters (`]c`, `gg`).
impl FromStr for Press {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let mut chars = name.chars();
        match (name.parse::<Key>(), chars.next(), chars.next(), chars.next()) {
            (Ok(key), ..) => Ok(key.into()),
            (Err(_), Some(a), Some(b), None) => Ok(Press { first: Key::plain(Code::Char(a)), then: Some(Key::plain(Code::Char(b))) }),
            (Err(why), ..) => Err(why),
        }
    }
}
