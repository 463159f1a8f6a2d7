//! The arguments of `merge-file`, read as git reads its own: short options in one word, long ones shortened, anywhere before `--`.
//!
//! Read by hand and not by clap, because the command must start as quickly as a merge runs, and because what git accepts (and with which
//! status it refuses) is part of what it promises.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::domain::diff::Algorithm;
use crate::domain::merge::marked::{Favour, Style};

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) to_stdout: bool,
    pub(super) quiet: bool,
    pub(super) object_id: bool,
    pub(super) refine: bool,
    pub(super) json: bool,
    pub(super) style: Option<Style>,
    pub(super) favour: Option<Favour>,
    pub(super) algorithm: Algorithm,
    pub(super) size: usize,
    pub(super) labels: Vec<Vec<u8>>,
    /// Mine, base, theirs.
    pub(super) files: [OsString; 3],
}

/// Why the arguments were not understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Help was asked for.
    Help,
    /// One sentence; empty if the usage says it all.
    Usage(String),
}

/// Long options, whether they take a value, and their short form.
const OPTIONS: [(&str, bool, u8); 13] = [
    ("stdout", false, b'p'),
    ("object-id", false, 0),
    ("diff3", false, 0),
    ("zdiff3", false, 0),
    ("ours", false, 0),
    ("theirs", false, 0),
    ("union", false, 0),
    ("diff-algorithm", true, 0),
    ("marker-size", true, 0),
    ("quiet", false, b'q'),
    ("refine", false, 0),
    ("json", false, 0),
    ("", true, b'L'),
];

/// Reads the arguments after `merge-file`.
pub(super) fn read(args: impl Iterator<Item = OsString>) -> Result<Asked, Refused> {
    let mut asked = Asked::default();
    let mut files = Vec::new();
    let mut args = args;
    while let Some(arg) = args.next() {
        let bytes = arg.as_bytes();
        match bytes {
            b"--" => {
                files.extend(args.by_ref());
            }
            b"--help" | b"-h" => return Err(Refused::Help),
            [b'-', b'-', name @ ..] => long(name, &mut args, &mut asked)?,
            [b'-', letters @ ..] if !letters.is_empty() => short(letters, &mut args, &mut asked)?,
            _ => files.push(arg),
        }
    }
    asked.files = files.try_into().map_err(|_| Refused::Usage(String::new()))?;
    Ok(asked)
}

fn long(text: &[u8], args: &mut dyn Iterator<Item = OsString>, asked: &mut Asked) -> Result<(), Refused> {
    let (name, inline) = match text.iter().position(|b| *b == b'=') {
        Some(at) => (&text[..at], Some(text[at + 1..].to_vec())),
        None => (text, None),
    };
    let shown = String::from_utf8_lossy(name).into_owned();
    let (on, name) = match shown.strip_prefix("no-") {
        Some(rest) => (false, rest.to_owned()),
        None => (true, shown.clone()),
    };
    let unknown = || Refused::Usage(format!("error: unknown option `{shown}'"));
    let exact = OPTIONS.iter().find(|(n, ..)| !n.is_empty() && *n == name);
    let mut alike = OPTIONS.iter().filter(|(n, ..)| !n.is_empty() && !name.is_empty() && n.starts_with(&name));
    let option = match (exact, alike.next(), alike.next()) {
        (Some(option), ..) | (None, Some(option), None) => option,
        (None, Some(a), Some(b)) => {
            return Err(Refused::Usage(format!("error: ambiguous option: {shown} (could be --{} or --{})", a.0, b.0)));
        }
        _ => return Err(unknown()),
    };
    let value = match (option.1 && on, inline) {
        (true, Some(value)) => Some(value),
        (true, None) => Some(
            args.next().map(OsString::into_vec).ok_or_else(|| Refused::Usage(format!("error: option `{}' requires a value", option.0)))?,
        ),
        (false, Some(_)) => return Err(Refused::Usage(format!("error: option `{}' takes no value", option.0))),
        (false, None) => None,
    };
    apply(option.0, on, value, asked)
}

fn short(letters: &[u8], args: &mut dyn Iterator<Item = OsString>, asked: &mut Asked) -> Result<(), Refused> {
    for (i, letter) in letters.iter().enumerate() {
        let Some(option) = OPTIONS.iter().find(|o| o.2 == *letter) else {
            if *letter == b'h' {
                return Err(Refused::Help);
            }
            return Err(Refused::Usage(format!("error: unknown switch `{}'", char::from(*letter))));
        };
        if !option.1 {
            apply(option.0, true, None, asked)?;
            continue;
        }
        let rest = &letters[i + 1..];
        let value = if rest.is_empty() { args.next().map(OsString::into_vec) } else { Some(rest.to_vec()) };
        let value = value.ok_or_else(|| Refused::Usage(format!("error: switch `{}' requires a value", char::from(*letter))))?;
        return apply(option.0, true, Some(value), asked);
    }
    Ok(())
}

fn apply(name: &str, on: bool, value: Option<Vec<u8>>, asked: &mut Asked) -> Result<(), Refused> {
    let refused = |why: &str| Err(Refused::Usage(format!("error: {why}")));
    match name {
        "stdout" => asked.to_stdout = on,
        "object-id" => asked.object_id = on,
        "quiet" => asked.quiet = on,
        "refine" => asked.refine = on,
        "json" => asked.json = on,
        "diff3" => asked.style = Some(if on { Style::Diff3 } else { Style::Merge }),
        "zdiff3" => asked.style = Some(if on { Style::Zdiff3 } else { Style::Merge }),
        "ours" => asked.favour = on.then_some(Favour::Mine),
        "theirs" => asked.favour = on.then_some(Favour::Theirs),
        "union" => asked.favour = on.then_some(Favour::Union),
        "marker-size" if !on => asked.size = 0,
        "marker-size" => {
            let Some(size) = value.as_deref().and_then(number) else {
                return refused("option `marker-size' expects an integer value with an optional k/m/g suffix");
            };
            // A size of nothing or less is the usual one, as with git; a line of more than a megabyte is a slip.
            asked.size = usize::try_from(size).unwrap_or(0).min(1 << 20);
        }
        "diff-algorithm" => {
            asked.algorithm = match value.map(|v| v.to_ascii_lowercase()).as_deref() {
                Some(b"myers" | b"default") => Algorithm::Myers,
                Some(b"minimal") => Algorithm::Minimal,
                Some(b"patience") => Algorithm::Patience,
                Some(b"histogram") => Algorithm::Histogram,
                _ => return refused("option diff-algorithm accepts \"myers\", \"minimal\", \"patience\" and \"histogram\""),
            };
        }
        _ if asked.labels.len() >= 3 => return refused("too many labels on the command line"),
        _ => asked.labels.extend(value),
    }
    Ok(())
}

fn number(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (digits, unit) = match text.chars().next_back()?.to_ascii_lowercase() {
        'k' => (&text[..text.len() - 1], 1 << 10),
        'm' => (&text[..text.len() - 1], 1 << 20),
        'g' => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    digits.parse::<i64>().ok()?.checked_mul(unit)
}

/// The label of a marker: what `-L` said, or the name of the file.
pub(super) fn label(asked: &Asked, which: usize) -> &[u8] {
    asked.labels.get(which).map_or_else(|| OsStr::as_bytes(&asked.files[which]), Vec::as_slice)
}
