//! Conflicts of many kinds of prose and in many languages, from one file that reads like notes; each both ways round.

use super::prose_cases::check;

const CASES: &str = include_str!("data/kinds.txt");

/// A case: its name, base, mine, theirs, and what comes out, if no person is asked.
fn parsed(case: &str) -> (&str, [String; 3], Option<String>) {
    let (name, rest) = case.split_once('\n').unwrap();
    let mut texts: Vec<String> = Vec::new();
    for line in rest.split_inclusive('\n') {
        match texts.last_mut() {
            _ if line == "--\n" => texts.push(String::new()),
            Some(text) => text.push_str(line),
            None => panic!("{name} starts with no `--`"),
        }
    }
    let [base, mine, theirs, want] = texts.try_into().unwrap_or_else(|_| panic!("{name} has not four texts"));
    let want = want.trim_end_matches('\n').to_owned() + "\n";
    (name, [base, mine, theirs], (want != "ASK\n").then_some(want))
}

#[test]
fn many_kinds_and_languages() {
    let (mut bad, mut names) = (Vec::new(), std::collections::HashSet::new());
    for case in CASES.split("\n== ").skip(1) {
        let (name, [base, mine, theirs], want) = parsed(case);
        assert!(names.insert(name), "two cases are called {name}");
        bad.extend(check(name, base.as_bytes(), mine.as_bytes(), theirs.as_bytes(), want.as_deref().map(str::as_bytes)).err());
    }
    assert!(names.len() >= 400, "the file was cut short");
    assert!(bad.is_empty(), "{} of {} wrong:\n{}", bad.len(), names.len(), bad.join("\n"));
}

/// Endings, final newlines and byte order marks, which that file cannot hold: base, mine, theirs, and what comes out, `ASK` if a
/// person is asked.
const ENDINGS: &[(&str, [&str; 4])] = &[
    ("crlf by one side", ["a b c\nd e f\n", "a b c\r\nd e f\r\n", "a b c\nd x f\n", "a b c\r\nd x f\r\n"]),
    ("lf by one side", ["a b c\r\nd e f\r\n", "a b c\nd e f\n", "a b c\r\nd x f\r\n", "a b c\nd x f\n"]),
    ("final newline added", ["alpha\nbeta", "alpha\nbeta\n", "alpha\nbeta gamma", "alpha\nbeta gamma\n"]),
    ("final newline added, line appended", ["alpha\nbeta", "alpha\nbeta\n", "alpha\nbeta\ngamma", "alpha\nbeta\ngamma\n"]),
    ("final newline cut, line appended", ["alpha\n", "alpha", "alpha\nbeta\n", "alpha\nbeta"]),
    ("final newline cut by both, words apart", ["a b c d e\n", "a x c d e", "a b c d y", "a x c d y"]),
    ("mark added", ["alpha\n", "\u{FEFF}alpha\n", "alpha beta\n", "\u{FEFF}alpha beta\n"]),
    ("mark cut", ["\u{FEFF}alpha\n", "alpha\n", "\u{FEFF}alpha beta\n", "alpha beta\n"]),
    ("crlf and newline by different sides", ["a\nb\n", "a\r\nb\r\n", "a\nb", "a\r\nb"]),
    (
        "crlf by both, words far",
        ["alpha\nbeta\ngamma\n", "alfa\r\nbeta\r\ngamma\r\n", "alpha\r\nbeta\r\ngama\r\n", "alfa\r\nbeta\r\ngama\r\n"],
    ),
    ("crlf on one line", ["alpha\nbeta\ngamma\n", "alpha\r\nbeta\ngamma\n", "alpha\nbeta\ngama\n", "alpha\r\nbeta\ngama\n"]),
    ("mixed endings stay", ["a\r\nb\nc d e\n", "a\r\nb\nx d e\n", "a\r\nb\nc d y\n", "a\r\nb\nx d y\n"]),
    ("a mark amid the text", ["\u{FEFF}\n\u{FEFF}\u{FEFF}marks\n", "\u{FEFF}漢字\na line\n", "\u{FEFF}\u{FEFF}marks\n", "ASK"]),
    (
        "a paragraph moved to the end of a text without one",
        [
            "First about houses.\n\nSecond about gardens.\n\nThird about roads.",
            "Second about gardens.\n\nThird about roads.\n\nFirst about houses.",
            "First about barns.\n\nSecond about gardens.\n\nThird about roads.",
            "Second about gardens.\n\nThird about roads.\n\nFirst about barns.",
        ],
    ),
];

#[test]
fn endings_and_marks_go_with_words() {
    let bad = ENDINGS.iter().filter_map(|(name, [b, m, t, want])| {
        check(name, b.as_bytes(), m.as_bytes(), t.as_bytes(), (*want != "ASK").then_some(want.as_bytes())).err()
    });
    assert_eq!(bad.collect::<Vec<_>>(), Vec::<String>::new());
}
