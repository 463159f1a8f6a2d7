//! `diptych merge-file` beside `git merge-file`: the same files, options, bytes and status. Skipped with a message where git is missing.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const BASE: &str = "The boat leaves at dawn,\nwith bread for three days.\nBeyond the second island we turn north,\nwhere the water is cold;\n\
                    there the nets go out,\nand we wait until the evening,\nas every year.\n";

/// A folder with files in it.
pub(crate) fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(dir.path().join(name), text).unwrap());
    dir
}

pub(crate) fn run(program: &str, dir: &Path, args: &[&str]) -> Output {
    Command::new(program)
        .arg("merge-file")
        .args(args)
        .current_dir(dir)
        .env("HOME", dir)
        .env("XDG_CONFIG_HOME", dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", dir.parent().unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

pub(crate) fn ours(dir: &Path, args: &[&str]) -> Output {
    run(env!("CARGO_BIN_EXE_diptych"), dir, args)
}

/// Whether there is a git new enough to compare with; without one the comparison is skipped, but not in CI.
pub(crate) fn has_git() -> bool {
    let found =
        Command::new("git").args(["merge-file", "-h"]).output().is_ok_and(|o| String::from_utf8_lossy(&o.stdout).contains("zdiff3"));
    assert!(found || std::env::var_os("CI").is_none(), "no git with merge-file --zdiff3");
    if !found {
        println!("no git to compare with: skipped");
    }
    found
}

/// Runs both over copies of the same files, and compares output, status and every file.
pub(crate) fn same(files: &[(&str, &[u8])], args: &[&str]) -> Output {
    let (a, b) = (folder(files), folder(files));
    let (got, want) = (ours(a.path(), args), run("git", b.path(), args));
    assert_eq!(got.status.code(), want.status.code(), "{args:?}");
    let differ = got.stdout.split(|b| *b == b'\n').zip(want.stdout.split(|b| *b == b'\n')).position(|(a, b)| a != b);
    assert!(got.stdout == want.stdout, "{args:?}: line {differ:?} differs in\n{:.2000}", String::from_utf8_lossy(&got.stdout));
    for (name, _) in files {
        let read = |d: &TempDir| std::fs::read(d.path().join(name)).unwrap();
        assert!(read(&a) == read(&b), "{name} differs after {args:?}");
    }
    got
}

/// Triples that between them meet every rule of the writer.
fn triples() -> Vec<[Vec<u8>; 3]> {
    let text = |from: &str, to: &str| BASE.replace(from, to).into_bytes();
    let base = BASE.as_bytes().to_vec();
    let crlf = |text: &[u8]| String::from_utf8_lossy(text).replace('\n', "\r\n").into_bytes();
    let bare = |text: &[u8]| text.strip_suffix(b"\n").unwrap().to_vec();
    let mine = text("at dawn", "at noon");
    let theirs = text("year", "year before");
    let clash = text("at dawn", "at night");
    let far = text("there", "right there");
    vec![
        [mine.clone(), base.clone(), theirs.clone()],
        [mine.clone(), base.clone(), clash.clone()],
        [mine.clone(), base.clone(), base.clone()],
        [base.clone(), base.clone(), theirs.clone()],
        [far.clone(), base.clone(), text("there", "over there")],
        [bare(&far), base.clone(), bare(&clash)],
        [bare(&theirs), bare(&base), text("year.\n", "week")],
        [crlf(&mine), crlf(&base), crlf(&clash)],
        [crlf(&mine), base.clone(), crlf(&clash)],
        [crlf(&bare(&theirs)), crlf(&bare(&base)), crlf(&bare(&text("year", "week")))],
        [b"a\nb\nc\nd\n".to_vec(), b"".to_vec(), b"a\nx\nc\nd\n".to_vec()],
        [b"1\n\n\n2\n".to_vec(), b"".to_vec(), b"3\n\n\n4\n".to_vec()],
        [b"".to_vec(), b"a\n".to_vec(), b"b\n".to_vec()],
        [b"".to_vec(), b"".to_vec(), b"".to_vec()],
        [b"\xff\xfe a\n".to_vec(), b"\xff b\n".to_vec(), b"\xfe\xff c\n".to_vec()],
    ]
}

#[test]
fn every_option_writes_what_git_writes() {
    if !has_git() {
        return;
    }
    let options: [&[&str]; 12] = [
        &[],
        &["--diff3"],
        &["--zdiff3"],
        &["--ours"],
        &["--theirs"],
        &["--union"],
        &["-L", "here", "-L", "before", "-L", "there", "--diff3"],
        &["-Lhere", "-L", ""],
        &["--marker-size=10", "--zdiff3"],
        &["--marker-size", "20"],
        &["-q", "--diff-algorithm=minimal"],
        &["--no-diff3", "--thei"],
    ];
    for [mine, base, theirs] in triples() {
        let files: [(&str, &[u8]); 3] = [("mine.txt", &mine), ("base.txt", &base), ("theirs.txt", &theirs)];
        for option in options {
            for print in [&["-p"][..], &[][..]] {
                let args: Vec<&str> = option.iter().chain(print).chain(["mine.txt", "base.txt", "theirs.txt"].iter()).copied().collect();
                same(&files, &args);
            }
        }
    }
}

#[test]
fn refuses_what_git_refuses_with_its_status() {
    if !has_git() {
        return;
    }
    let files: [(&str, &[u8]); 4] = [("a", b"1\n"), ("b", b"2\n"), ("c", b"3\n"), ("bin", b"1\0\n")];
    let refused: [(&[&str], i32); 11] = [
        (&["a", "b", "missing"], 255),
        (&["a", "bin", "c"], 255),
        (&["a", "b"], 129),
        (&["a", "b", "c", "bin"], 129),
        (&["--what", "a", "b", "c"], 129),
        (&["-x", "a", "b", "c"], 129),
        (&["--diff-algorithm=none", "a", "b", "c"], 129),
        (&["--marker-size=many", "a", "b", "c"], 129),
        (&["-L1", "-L2", "-L3", "-L4", "a", "b", "c"], 129),
        (&["--object-id", "a", "b", "c"], 128),
        (&["a", "b", "-L"], 129),
    ];
    for (args, status) in refused {
        let (x, y) = (folder(&files), folder(&files));
        let (got, want) = (ours(x.path(), args), run("git", y.path(), args));
        assert_eq!(
            (got.status.code(), want.status.code()),
            (Some(status), Some(status)),
            "{args:?}: {}",
            String::from_utf8_lossy(&got.stderr)
        );
        assert_eq!(std::fs::read(x.path().join("a")).unwrap(), b"1\n", "{args:?} changed a file");
        assert!(!got.stderr.is_empty(), "{args:?} says nothing");
    }
}

#[test]
fn the_status_counts_conflicts_up_to_127() {
    if !has_git() {
        return;
    }
    for conflicts in [1, 2, 126, 127, 128, 300] {
        let text = |word: &str| (0..conflicts).map(|i| format!("line {i} {word}\n1 {i}\n2 {i}\n3 {i}\n4 {i}\n")).collect::<String>();
        let (m, b, t) = (text("mine"), text("base"), text("theirs"));
        let got = same(&[("m", m.as_bytes()), ("b", b.as_bytes()), ("t", t.as_bytes())], &["-p", "m", "b", "t"]);
        assert_eq!(got.status.code(), Some(conflicts.min(127)));
    }
}

#[test]
fn the_configured_style_is_used_inside_a_repository_only() {
    if !has_git() {
        return;
    }
    let files: [(&str, &[u8]); 3] = [("m", b"1\n"), ("b", b"2\n"), ("t", b"3\n")];
    let dir = folder(&files);
    let git =
        |args: &[&str]| assert!(Command::new("git").args(args).current_dir(dir.path()).env("HOME", dir.path()).status().unwrap().success());
    std::fs::write(dir.path().join(".gitconfig"), "[merge]\n\tconflictStyle = diff3\n").unwrap();
    let both = |args: &[&str]| {
        let (got, want) = (ours(dir.path(), args), run("git", dir.path(), args));
        assert_eq!((got.status.code(), &got.stdout), (want.status.code(), &want.stdout), "{args:?}");
        String::from_utf8(got.stdout).unwrap().contains("|||||||")
    };
    assert!(!both(&["-p", "m", "b", "t"]));
    git(&["init", "-q", "."]);
    assert!(both(&["-p", "m", "b", "t"]));
    git(&["config", "merge.conflictstyle", "merge"]);
    assert!(!both(&["-p", "m", "b", "t"]));
    assert!(both(&["-p", "m", "b", "t", "--zdiff3"]));
    git(&["config", "merge.conflictstyle", "neither"]);
    assert_eq!(ours(dir.path(), &["-p", "m", "b", "t"]).status.code(), run("git", dir.path(), &["-p", "m", "b", "t"]).status.code());
}

#[test]
fn objects_are_read_and_written() {
    if !has_git() {
        return;
    }
    let files: [(&str, &[u8]); 5] = [
        ("m", b"1\n2\n3\n4\n5\nx\n"),
        ("b", b"1\n2\n3\n4\n5\n6\n"),
        ("t", b"y\n2\n3\n4\n5\n6\n"),
        ("c", b"1\n2\n3\n4\n5\nz\n"),
        ("e", b""),
    ];
    let dir = folder(&files);
    let git = |args: &[&str]| {
        String::from_utf8(Command::new("git").args(args).current_dir(dir.path()).stdin(Stdio::null()).output().unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    };
    git(&["init", "-q", "."]);
    let ids: Vec<String> = files.iter().map(|(name, _)| git(&["hash-object", "-w", name])).collect();
    for args in [[0, 1, 2], [0, 1, 3], [2, 1, 0], [4, 4, 1], [4, 1, 4]] {
        let names: Vec<&str> = args.iter().map(|i| ids[*i].as_str()).collect();
        for print in [&["--object-id"][..], &["--object-id", "-p"][..]] {
            let args: Vec<&str> = print.iter().chain(names.iter()).copied().collect();
            let (got, want) = (ours(dir.path(), &args), run("git", dir.path(), &args));
            assert_eq!((got.status.code(), &got.stdout), (want.status.code(), &want.stdout), "{args:?}");
        }
    }
    // Names that stand for nothing without being stored, and such as cannot be merged.
    let (zeros, tree) = ("0".repeat(40), git(&["mktree"]));
    for name in ["e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", &zeros, &tree, "nothing", "HEAD"] {
        let fresh = folder(&[("x", b"1\n")]);
        let git = |args: &[&str]| Command::new("git").args(args).current_dir(fresh.path()).stdin(Stdio::null()).output().unwrap();
        git(&["init", "-q", "."]);
        git(&["add", "x"]);
        if name == tree {
            git(&["mktree"]);
        }
        let args = ["--object-id", "-p", name, name, ":x"];
        let (got, want) = (ours(fresh.path(), &args), run("git", fresh.path(), &args));
        let said = |o: &Output| (o.status.code(), o.stdout.clone(), String::from_utf8_lossy(&o.stderr).into_owned());
        assert_eq!(said(&got), said(&want), "{name}");
    }
}

#[test]
fn in_place_keeps_mode_links_and_other_names() {
    let files: [(&str, &[u8]); 3] = [("mine", b"x\n2\n3\n4\n"), ("b", b"1\n2\n3\n4\n"), ("t", b"1\n2\n3\ny\n")];
    let dir = folder(&files);
    let mine = dir.path().join("mine");
    std::fs::set_permissions(&mine, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("mine", dir.path().join("link")).unwrap();
    assert_eq!(ours(dir.path(), &["link", "b", "t"]).status.code(), Some(0));
    assert_eq!(std::fs::read(&mine).unwrap(), b"x\n2\n3\ny\n");
    assert_eq!(std::fs::metadata(&mine).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(std::fs::symlink_metadata(dir.path().join("link")).unwrap().is_symlink());
    std::fs::write(&mine, b"x\n2\n3\n4\n").unwrap();
    std::fs::hard_link(&mine, dir.path().join("second")).unwrap();
    assert_eq!(ours(dir.path(), &["mine", "b", "t"]).status.code(), Some(0));
    assert_eq!(std::fs::read(dir.path().join("second")).unwrap(), b"x\n2\n3\ny\n");
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 5, "{left:?}");
}

#[test]
fn refine_applies_proposals_and_asks_for_the_rest() {
    let line = |word: &str, other: &str, last: &str| format!("The meeting is on {word} at noon in room {other}.\n\n\n\n- {last}\n");
    let (b, m, t) = (line("Tuesday", "four", "a"), line("Thursday", "four", "x"), line("Tuesday", "seven", "y"));
    let dir = folder(&[("m", m.as_bytes()), ("b", b.as_bytes()), ("t", t.as_bytes())]);
    let got = ours(dir.path(), &["-p", "--refine", "m", "b", "t"]);
    assert_eq!(got.status.code(), Some(1));
    let want = "The meeting is on Thursday at noon in room seven.\n\n\n\n<<<<<<< m\n- x\n=======\n- y\n>>>>>>> t\n";
    assert_eq!(String::from_utf8(got.stdout).unwrap(), want);
    let json = ours(dir.path(), &["--json", "--refine", "m", "b", "t"]);
    assert_eq!(json.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&report["clashes"], &report["asking"]), (&2.into(), &1.into()));
    assert_eq!(report["hunks"][0]["proposal"]["class"], "disjoint-words");
    assert_eq!(std::fs::read(dir.path().join("m")).unwrap(), m.as_bytes(), "--json changed a file");
}

/// Numbers that look random and are the same each time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n.max(1)
    }

    fn edited(&mut self, base: &[String], words: usize, (edits, kinds): (usize, usize), mark: &str) -> Vec<String> {
        let mut lines = base.to_vec();
        for _ in 0..edits {
            let at = self.below(lines.len() + 1);
            let line = self.line(words) + mark;
            match self.below(kinds) {
                0 if at < lines.len() => lines[at] = line,
                1 => lines.insert(at, line),
                2 if at < lines.len() => drop(lines.remove(at)),
                _ if lines.len() > 3 => {
                    let moved = lines.remove(at % lines.len());
                    lines.insert(at / 2, moved);
                }
                _ => {}
            }
        }
        lines
    }

    /// A line of a language of so many lines; one in five is blank.
    fn line(&mut self, words: usize) -> String {
        if self.below(5) == 0 && words < 10_000 { String::new() } else { format!("line {}", self.below(words)) }
    }
}

#[test]
fn any_small_texts_merge_as_with_git() {
    if !has_git() {
        return;
    }
    let mut dice = Dice(7);
    for round in 0..250 {
        let words = [2, 5, 20, 1000][round % 4];
        let (len, edits) = (dice.below(60), dice.below(12));
        let base: Vec<String> = (0..len).map(|_| dice.line(words)).collect();
        let (mine, theirs) = (dice.edited(&base, words, (edits, 4), ""), dice.edited(&base, words, (edits, 4), ""));
        let text = |lines: Vec<String>| lines.iter().map(|l| format!("{l}\n")).collect::<String>();
        let (m, b, t) = (text(mine), text(base), text(theirs));
        let style = [&[][..], &["--diff3"], &["--zdiff3"], &["--diff-algorithm=patience"], &["--diff-algorithm=histogram"]][round % 5];
        let args: Vec<&str> = ["-p"].iter().chain(style).chain(["m", "b", "t"].iter()).copied().collect();
        same(&[("m", m.as_bytes()), ("b", b.as_bytes()), ("t", t.as_bytes())], &args);
    }
}
