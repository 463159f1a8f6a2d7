//! Small conflicts as they happen to notes, each with the sides swapped too: the one sensible result byte for byte, or a question.

use std::path::PathBuf;

use diptych::domain::{endings, merge, refine};

/// What `merge-file --refine` would write, or nothing if something is left to ask.
pub(crate) fn refined(base: &[u8], mine: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let l = endings::level(base, mine, theirs);
    if l.open {
        return None;
    }
    let hunks = merge::merge(&l.base, &l.mine, &l.theirs);
    let proposals = refine::propose(&l.base, &l.mine, &l.theirs, &hunks);
    let mut out = Vec::new();
    for (i, h) in hunks.iter().enumerate() {
        if let Some(p) = proposals.iter().find(|p| p.hunk == i) {
            p.pieces.iter().for_each(|p| out.extend_from_slice(&p.text));
            continue;
        }
        out.extend_from_slice(match h.kind {
            merge::Kind::Equal | merge::Kind::Mine | merge::Kind::Same => &l.mine[h.mine.clone()],
            merge::Kind::Theirs => &l.theirs[h.theirs.clone()],
            merge::Kind::Clash => return None,
        });
    }
    Some(out)
}

/// Checks one case both ways round; `want` of none is a question.
pub(crate) fn check(name: &str, base: &[u8], mine: &[u8], theirs: &[u8], want: Option<&[u8]>) -> Result<(), String> {
    let text = |t: Option<&[u8]>| t.map_or("(ask)".to_owned(), |t| String::from_utf8_lossy(t).into_owned());
    for (way, m, t) in [("", mine, theirs), (" swapped", theirs, mine)] {
        let got = refined(base, m, t);
        if got.as_deref() != want {
            return Err(format!("{name}{way}:\n--- wanted\n{}\n--- got\n{}\n", text(want), text(got.as_deref())));
        }
    }
    Ok(())
}

#[test]
fn prose_cases_and_their_mirrors() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/prose");
    let mut bad = Vec::new();
    let mut seen = 0;
    for case in std::fs::read_dir(folder).unwrap() {
        let case = case.unwrap().path();
        let read = |name: &str| std::fs::read(case.join(name));
        let want = read("merged").ok();
        assert!(want.is_some() != case.join("ASK").exists(), "{} says neither or both", case.display());
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        bad.extend(check(&name, &read("base").unwrap(), &read("mine").unwrap(), &read("theirs").unwrap(), want.as_deref()).err());
        seen += 1;
    }
    assert_eq!(seen, 15);
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
