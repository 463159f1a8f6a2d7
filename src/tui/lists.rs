//! Lists while typing: a new line goes on with the item, an empty item ends the list, boxes are ticked, items indented.

use std::ops::Range;

use crate::domain::buffer::{Buffer, Kind, Pos};

/// What begins a list item or a quoted line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Bytes of white space before it.
    pub indent: usize,
    /// The bytes of the marker with the space after it, box not counted.
    pub mark: Range<usize>,
    /// The byte inside the brackets of a tick box, if there is one.
    pub tick: Option<usize>,
    /// Where the words of the item begin.
    pub words: usize,
}

/// Reads the marker at the start of a line: `- `, `* `, `+ `, `1. `, `1) `, `> `, each with a tick box or without.
#[must_use]
pub fn marker(line: &str) -> Option<Marker> {
    let bytes = line.as_bytes();
    let indent = bytes.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let digits = bytes[indent..].iter().take_while(|b| b.is_ascii_digit()).count();
    let sign = indent + digits;
    let fits = match bytes.get(sign)? {
        b'-' | b'*' | b'+' | b'>' => digits == 0,
        b'.' | b')' => (1..=9).contains(&digits),
        _ => false,
    };
    if !fits || bytes.get(sign + 1) != Some(&b' ') {
        return None;
    }
    let end = sign + 2;
    let boxed = matches!(bytes.get(end..end + 4), Some([b'[', b' ' | b'x' | b'X', b']', b' ']));
    Some(Marker { indent, mark: indent..end, tick: boxed.then_some(end + 1), words: if boxed { end + 4 } else { end } })
}

/// Breaks the line at the cursor; in a list the next item is begun, and an empty item ends the list.
pub fn newline(buffer: &mut Buffer) {
    let at = buffer.selection().range().start;
    let line = buffer.line(at.line);
    let Some(m) = marker(line).filter(|m| at.byte >= m.words) else { return buffer.newline() };
    if line.len() == m.words && buffer.selection().is_empty() {
        buffer.replace(Pos::new(at.line, 0)..Pos::new(at.line, line.len()), "", Kind::Other);
        return;
    }
    let mark = &line[m.mark.clone()];
    let digits: String = mark.chars().take_while(char::is_ascii_digit).collect();
    let next = match digits.parse::<u64>() {
        Ok(n) => format!("{}{}", n + 1, &mark[digits.len()..]),
        Err(_) => mark.to_owned(),
    };
    let tick = if m.tick.is_some() { "[ ] " } else { "" };
    let text = format!("{}{}{next}{tick}", buffer.eol_for(at.line).as_str(), &line[..m.indent]);
    buffer.replace(buffer.selection().range(), &text, Kind::Other);
}

fn indent_numbered(buffer: &mut Buffer, m: &Marker, out: bool) {
    let at = buffer.cursor();
    let line = buffer.line(at.line);
    let indent = if out { m.indent - m.indent.min(3) } else { m.indent + 3 };
    let digits = line[m.mark.clone()].bytes().take_while(u8::is_ascii_digit).count();
    let new = format!("{:indent$}{}", "", number_at(buffer, at.line, indent));
    let old = m.indent + digits;
    let (start, end) = (Pos::new(at.line, 0), Pos::new(at.line, old));
    let byte = (at.byte + new.len()).saturating_sub(old);
    buffer.replace(start..end, &new, Kind::Other);
    buffer.move_to(Pos::new(at.line, byte), false);
}

/// The number of an item so far in: one more than the item before it at the same depth, or 1 where a list begins.
fn number_at(buffer: &Buffer, line: usize, indent: usize) -> u64 {
    for before in (0..line).rev() {
        let text = buffer.line(before);
        let deep = text.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let Some(m) = marker(text) else {
            if text.trim().is_empty() || deep > indent {
                continue;
            }
            return 1;
        };
        if m.indent < indent {
            return 1;
        }
        if m.indent == indent {
            let digits: String = text[m.mark].chars().take_while(char::is_ascii_digit).collect();
            return digits.parse().map_or(1, |n: u64| n + 1);
        }
    }
    1
}

/// Ticks or unticks the boxes of the lines the selection touches; an item without a box gets one. `false` if there is no item.
pub fn toggle(buffer: &mut Buffer) -> bool {
    let (cursor, range) = (buffer.cursor(), buffer.selection().range());
    let mut changes = Vec::new();
    for line in range.start.line..=range.end.line {
        let text = buffer.line(line);
        let Some(m) = marker(text) else { continue };
        let at = |byte| Pos::new(line, byte);
        changes.push(match m.tick {
            Some(tick) => (at(tick)..at(tick + 1), if text.as_bytes()[tick] == b' ' { "x" } else { " " }.to_owned()),
            None => (at(m.mark.end)..at(m.mark.end), "[ ] ".to_owned()),
        });
    }
    let any = !changes.is_empty();
    let grown = changes.iter().any(|(r, _)| r.start == r.end && r.start.line == cursor.line && r.start.byte <= cursor.byte);
    buffer.replace_all(changes);
    if any {
        buffer.move_to(Pos::new(cursor.line, cursor.byte + if grown { 4 } else { 0 }), false);
    }
    any
}

/// Indents (or outdents) the list items the selection touches by two spaces; `false` if the cursor is in no item. A numbered item moves by
/// three, below the words of the one before, and gets the number it has there.
pub fn indent(buffer: &mut Buffer, out: bool) -> bool {
    let (cursor, range) = (buffer.cursor(), buffer.selection().range());
    let several = range.start.line != range.end.line;
    if !several && let Some(m) = marker(buffer.line(cursor.line)).filter(|m| m.mark.len() > 2) {
        indent_numbered(buffer, &m, out);
        return true;
    }
    let mut changes = Vec::new();
    let mut moved = 0isize;
    for line in range.start.line..=range.end.line {
        let text = buffer.line(line);
        if !several && !out && marker(text).is_none() {
            return false;
        }
        let spaces = text.bytes().take(2).take_while(|b| *b == b' ').count();
        let change = if out {
            (Pos::new(line, 0)..Pos::new(line, spaces), String::new())
        } else {
            (Pos::new(line, 0)..Pos::new(line, 0), "  ".to_owned())
        };
        if line == cursor.line {
            moved = if out { -isize::try_from(spaces).unwrap_or(0) } else { 2 };
        }
        if !out || spaces > 0 {
            changes.push(change);
        }
    }
    buffer.replace_all(changes);
    buffer.move_to(Pos::new(cursor.line, cursor.byte.saturating_add_signed(moved)), false);
    true
}
