//! The texts that are opened: the same bytes on every machine.

use std::fmt::Write;

/// A conflict of about so many bytes a side: notes-like lines of about 50 bytes, one in a hundred edited on each side, one in a thousand
/// on both. The first clash is in line 12, and its sides hold the words `zqmine` and `zqtheirs`.
pub fn conflict(bytes: usize) -> [String; 3] {
    ["zqbase", "zqmine", "zqtheirs"].map(|word| side(bytes, word))
}

fn side(bytes: usize, word: &str) -> String {
    let own = match word {
        "zqmine" => Some(37),
        "zqtheirs" => Some(74),
        _ => None,
    };
    let mut out = String::with_capacity(bytes + 64);
    let mut n: u64 = 0;
    while out.len() < bytes || n < 16 {
        let mix = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let when = match own {
            _ if n == 11 => word,
            Some(rest) if n % 100 == rest => word,
            Some(_) if n % 1000 == 500 => word,
            _ => "today",
        };
        let _ = match mix % 10 {
            0 => writeln!(out, "\n## Part {n} of the plan for {when}\n"),
            1..=3 => writeln!(out, "- call {} people about the {} things of {when}", mix % 13, mix % 97),
            _ => writeln!(out, "Line {n} speaks of {} things and a {} in town {when}.", mix % 97, mix % 13),
        };
        n += 1;
    }
    out
}

/// One line of about 1 MB a side that clashes near its start.
pub fn one_line() -> [String; 3] {
    ["zqbase", "zqmine", "zqtheirs"].map(|word| format!("It begins with {word}, then goes on{}", " with a few more words".repeat(47_000)))
}

/// A note of prose in long lines of words.
pub fn prose(bytes: usize) -> String {
    let line = "The quick brown fox jumps over the lazy dog and goes on for a while, 漢字 and é included. ".repeat(7) + "\n";
    "It begins with zqmine.\n".to_owned() + &line.repeat(bytes / line.len())
}
