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
    assert!(names.len() >= 150, "the file was cut short");
    assert!(bad.is_empty(), "{} of {} wrong:\n{}", bad.len(), names.len(), bad.join("\n"));
}
