//! Long texts as JSON, quickly: the serialiser looks at each byte by itself, though hardly one in a note must be escaped.

use serde::{Serialize, Serializer, ser::Error};
use serde_json::value::RawValue;

/// Bytes from which on the detour pays.
const LONG: usize = 256;

/// Serialises a text as the serialiser itself would, byte for byte.
///
/// # Errors
/// The serialiser's own.
pub fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if text.len() < LONG {
        return serializer.serialize_str(text);
    }
    RawValue::from_string(quoted(text)).map_err(S::Error::custom)?.serialize(serializer)
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16 + 2);
    out.push('"');
    let mut rest = text;
    while let Some(at) = special(rest.as_bytes()) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut tail = tail.chars();
        match tail.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\u{c}') => out.push_str("\\f"),
            Some(control) => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            None => {}
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
    out.push('"');
    out
}

/// The first byte that must be escaped: a quotation mark, a backslash, a control character. All of them are ASCII.
fn special(bytes: &[u8]) -> Option<usize> {
    let (eights, rest) = bytes.as_chunks::<8>();
    let must = |b: &u8| *b < 0x20 || *b == b'"' || *b == b'\\';
    for (n, eight) in eights.iter().enumerate() {
        if any_special(u64::from_le_bytes(*eight)) {
            return eight.iter().position(must).map(|at| n * 8 + at);
        }
    }
    rest.iter().position(must).map(|at| eights.len() * 8 + at)
}

/// Whether one of eight bytes must be escaped: each test sets the high bit of a byte that is below 32, or that is the one sought.
fn any_special(eight: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let below = |x: u64, n: u64| x.wrapping_sub(ONES * n) & !x;
    let (quote, slash) = (eight ^ (ONES * u64::from(b'"')), eight ^ (ONES * u64::from(b'\\')));
    (below(eight, 0x20) | below(quote, 1) | below(slash, 1)) & HIGH != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_serialiser_writes() {
        let every: String = (0..=0x2ff_u32).filter_map(char::from_u32).collect();
        let mut texts =
            vec![every.clone(), every.repeat(3), "é\"".repeat(200), "plain text and nothing else ".repeat(30), "\\".repeat(300)];
        // each special byte at each place of a word of eight
        for special in ['"', '\\', '\n', '\u{0}', '\u{1f}', '\u{7f}', '日'] {
            for at in 0..17 {
                texts.push(format!("{}{special}{}", "x".repeat(at), "y".repeat(LONG)));
                texts.push(format!("{}{special}", "é!".repeat(100 + at)));
            }
        }
        for text in texts {
            let plain = serde_json::to_string(&text).unwrap();
            assert_eq!(quoted(&text), plain);
            let mut written = Vec::new();
            serialize(&text, &mut serde_json::Serializer::new(&mut written)).unwrap();
            assert_eq!(written, plain.as_bytes());
        }
    }
}
