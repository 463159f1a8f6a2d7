//! The house rules, held by reading the sources: layers, what each may touch, lengths, declared files, and what no file may name.
//!
//! Exceptions stand in [`EXCEPT`], each with its reason; one that is no longer needed fails too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

mod mask;

/// One rule broken: the file, the line, the rule and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offence {
    file: String,
    line: usize,
    rule: &'static str,
    what: String,
}

/// File, rule, what is found there, and why it is right.
const EXCEPT: &[(&str, &str, &str, &str)] = &[
    ("tui/source.rs", "waits", "*", "the loop waits until nobody else reads the terminal"),
    ("tui/mod.rs", "waits", "*", "the only loop: it awaits events and carries effects out"),
    ("tui/whole.rs", "waits", "*", "carries out the loop's effect of writing a file, on a thread of its own"),
    ("tui/terminal.rs", "prints", "*", "the terminal itself"),
];

/// Functions may have this many lines, files this many (tests of the file not counted).
const LONGEST: (usize, usize) = (70, 400);

const LAYERS: [&str; 6] = ["domain", "wire", "client", "server", "tui", "cli"];

fn may_import(from: &str, to: &str) -> bool {
    let below: &[&str] = match from {
        "domain" => &[],
        "wire" => &["domain"],
        "client" | "server" => &["domain", "wire"],
        "tui" => &["domain", "client"],
        _ => &LAYERS,
    };
    from == to || below.contains(&to)
}

/// Words a layer may not use, and the rule that says so.
fn banned(layer: &str, file: &str) -> Vec<(&'static str, &'static str)> {
    let mut out = vec![(".unwrap()", "unwrap"), (".expect(", "unwrap")];
    if layer != "cli" {
        out.extend(
            ["SystemTime::now", "Instant::now", "now_v7", "new_v4", "getrandom::", "rand::", "Timestamp::now", "Zoned::now"]
                .map(|w| (w, "clock")),
        );
        out.extend(["println!", "print!", "eprintln!", "eprint!", "stdout()", "stderr()"].map(|w| (w, "prints")));
    }
    if layer == "domain" {
        let outside = ["std::fs", "std::net", "std::io", "std::env", "std::process", "std::thread", "std::time", "async fn", ".await"];
        out.extend(outside.map(|w| (w, "outside")));
        out.extend(["serde", "tokio::", "rusqlite", "reqwest", "axum", "ratatui", "crossterm", "tracing::"].map(|w| (w, "outside")));
    }
    if layer == "tui" {
        out.extend([".await", "block_on", "async fn", "std::fs", "tokio::fs", "std::net", "tokio::net"].map(|w| (w, "waits")));
        out.extend(["rusqlite", "reqwest::", "axum::"].map(|w| (w, "outside")));
    }
    if layer == "wire" || layer == "client" {
        out.extend(["axum::", "ratatui", "crossterm::"].map(|w| (w, "outside")));
    }
    if layer == "server" {
        out.extend(["reqwest::", "ratatui", "crossterm::"].map(|w| (w, "outside")));
    }
    // Diffs are made in one place, whose price and limits are known.
    if !file.starts_with("domain/diff") && !file.starts_with("domain/merge") {
        out.push(("similar::", "similar"));
    }
    out
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn layer_of(file: &str) -> &str {
    file.split('/').next().unwrap_or_default()
}

/// Checks one file of `src`, named from there (`domain/note.rs`).
fn check(file: &str, text: &str) -> Vec<Offence> {
    let layer = layer_of(file);
    if !LAYERS.contains(&layer) {
        return Vec::new();
    }
    let code = mask::without_tests(&mask::code(text));
    let mut out = Vec::new();
    let mut tell = |at: usize, rule, what: String| out.push(Offence { file: file.to_owned(), line: line_of(&code, at), rule, what });
    for (word, rule) in banned(layer, file) {
        for (at, _) in code.match_indices(word) {
            let inside = |c: char| c.is_alphanumeric() || c == '_';
            if !word.starts_with('.') && code[..at].ends_with(inside) {
                continue;
            }
            tell(at, rule, word.to_owned());
        }
    }
    for (at, path) in imports(file, &code) {
        let to = path.first().map_or("", String::as_str);
        let inner = layer == "tui" && to == "client" && path.get(1).is_some_and(|p| p != "handle" && p.starts_with(char::is_lowercase));
        if inner || (LAYERS.contains(&to) && !may_import(layer, to)) {
            tell(at, "layers", path.join("::"));
        }
    }
    for (at, name, lines) in functions(&code) {
        if lines > LONGEST.0 {
            tell(at, "function", format!("{name}: {lines} lines"));
        }
    }
    let lines = code.trim_end().lines().count();
    if lines > LONGEST.1 {
        tell(0, "file", format!("{lines} lines"));
    }
    out
}

/// Every path that starts at the crate's root, by `crate::` or by going up with `super::`, with the place it was found.
fn imports(file: &str, code: &str) -> Vec<(usize, Vec<String>)> {
    let mut out = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            heads(&code[at + 7..]).into_iter().for_each(|path| out.push((at, path)));
        }
    }
    let own = module(file);
    let mut from = 0;
    while let Some(at) = code[from..].find("super::").map(|i| from + i) {
        let mut ups = 0;
        let mut end = at;
        while code[end..].starts_with("super::") {
            (ups, end) = (ups + 1, end + 7);
        }
        from = end;
        if ups >= own.len() {
            heads(&code[end..]).into_iter().for_each(|path| out.push((at, path)));
        }
    }
    out
}

/// The first two names of the path that begins here, or of each path in its braces.
fn heads(text: &str) -> Vec<Vec<String>> {
    let text = text.trim_start();
    let name = |t: &str| t.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    if let Some(inner) = text.strip_prefix('{') {
        let (mut depth, mut parts, mut last) = (0, Vec::new(), 0);
        for (i, c) in inner.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    parts.push(&inner[last..i]);
                    break;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    parts.push(&inner[last..i]);
                    last = i + 1;
                }
                _ => {}
            }
        }
        return parts.into_iter().flat_map(heads).collect();
    }
    let first = name(text);
    if first.is_empty() {
        return Vec::new();
    }
    match text[first.len()..].strip_prefix("::") {
        Some(rest) if rest.starts_with('{') => heads(rest).into_iter().map(|r| vec![first.clone(), r[0].clone()]).collect(),
        Some(rest) => vec![vec![first, name(rest)]],
        None => vec![vec![first]],
    }
}

/// The module path of a file: `a/b.rs` is `[a, b]`, `a/mod.rs` is `[a]`.
fn module(file: &str) -> Vec<&str> {
    file.trim_end_matches(".rs").split('/').filter(|p| *p != "mod").collect()
}

/// Each function: where it begins, its name, its lines.
fn functions(code: &str) -> Vec<(usize, String, usize)> {
    let mut out = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        if let Some(end) = mask::braces(code, at) {
            let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                out.push((at, name, code[at..end].matches('\n').count() + 1));
            }
        }
    }
    out
}

/// Files under `dir` with one of these endings, named from it.
fn files(dir: &Path, endings: &[&str]) -> BTreeMap<String, String> {
    fn walk(dir: &Path, endings: &[&str], out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, endings, out);
            } else if path.extension().is_some_and(|e| endings.iter().any(|x| e == *x)) || endings.is_empty() {
                out.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(dir, endings, &mut found);
    let named = found.into_iter().filter_map(|p| Some((p.strip_prefix(dir).ok()?.to_str()?.to_owned(), std::fs::read_to_string(&p).ok()?)));
    named.collect()
}

/// Files that no other file of their tree declares as a module.
fn undeclared(files: &BTreeMap<String, String>, root: &str) -> Vec<String> {
    let declares = |parent: &str, name: &str| {
        files.get(parent).is_some_and(|text| {
            let code = mask::code(text);
            code.match_indices(&format!("mod {name};")).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    };
    let known = |file: &&String| {
        let path = module(file);
        let Some((name, above)) = path.split_last() else { return true };
        let parent = above.join("/");
        let parents = if parent.is_empty() { vec![root.to_owned()] } else { vec![format!("{parent}/mod.rs"), format!("{parent}.rs")] };
        parents.iter().any(|p| declares(p, name))
    };
    files.keys().filter(|f| *f != root && *f != "main.rs" && *f != "lib.rs" && !known(f)).cloned().collect()
}

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_sources_keep_the_rules() {
    let files = files(&home().join("src"), &["rs"]);
    assert!(files.len() > 20, "the sources were not found");
    let excepted = |o: &Offence| EXCEPT.iter().position(|(f, r, w, _)| *f == o.file && *r == o.rule && (*w == "*" || o.what.contains(w)));
    let mut used = vec![false; EXCEPT.len()];
    let mut bad = Vec::new();
    for offence in files.iter().flat_map(|(file, text)| check(file, text)) {
        match excepted(&offence) {
            Some(i) => used[i] = true,
            None => bad.push(format!("src/{}:{} [{}] {}", offence.file, offence.line, offence.rule, offence.what)),
        }
    }
    bad.extend(EXCEPT.iter().zip(used).filter(|(_, used)| !used).map(|(e, _)| format!("an exception nobody needs: {e:?}")));
    bad.extend(undeclared(&files, "lib.rs").into_iter().map(|f| format!("src/{f} is declared nowhere")));
    assert!(bad.is_empty(), "{} rules broken:\n{}", bad.len(), bad.join("\n"));
}

#[test]
fn every_test_file_is_declared() {
    let files = files(&home().join("tests/it"), &["rs"]);
    assert_eq!(undeclared(&files, "main.rs"), Vec::<String>::new());
}

#[test]
fn no_file_names_a_path_of_the_machine_it_was_written_on() {
    let names = [concat!("/tmp", "/wt"), concat!("/wo", "rk/"), concat!("shared", "/DESIGN"), concat!("shared", "/GOALS")];
    let mut bad = Vec::new();
    for dir in ["src", "tests", "assets", "benches", "examples", ".ci", ".github", "fuzz/fuzz_targets"] {
        for (file, text) in files(&home().join(dir), &[]) {
            bad.extend(names.iter().filter(|n| text.contains(**n)).map(|n| format!("{dir}/{file}: {n}")));
        }
    }
    for file in ["Cargo.toml", "README.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(home().join(file)).unwrap_or_default();
        bad.extend(names.iter().filter(|n| text.contains(**n)).map(|n| format!("{file}: {n}")));
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn planted_offenders_are_found() {
    let found = |file: &str, text: &str| check(file, text).into_iter().map(|o| (o.rule, o.line)).collect::<Vec<_>>();
    assert_eq!(found("client/x.rs", "use crate::server::decide;"), [("layers", 1)]);
    assert_eq!(found("server/a/x.rs", "use crate::{domain::note,\n client};"), [("layers", 1)]);
    assert_eq!(found("tui/x.rs", "use crate::wire::A;\nuse crate::client::disk::Disk;"), [("layers", 1), ("layers", 2)]);
    assert_eq!(found("tui/view/x.rs", "fn f() { super::super::super::server::g() }"), [("layers", 1)]);
    assert_eq!(found("domain/x.rs", "fn f() { crate::cli::g() }"), [("layers", 1)]);
    assert_eq!(found("domain/x.rs", "use std::fs;\nuse serde::Serialize;"), [("outside", 1), ("outside", 2)]);
    assert_eq!(found("tui/x.rs", "fn f() { a.await; std::fs::read(p) }"), [("waits", 1), ("waits", 1)]);
    assert_eq!(found("client/x.rs", "fn f() {\n let t = Instant::now(); }"), [("clock", 2)]);
    assert_eq!(found("server/x.rs", "fn f() { Uuid::now_v7(); println!() }"), [("clock", 1), ("prints", 1)]);
    assert_eq!(found("cli/x.rs", "fn f() { a.unwrap() }"), [("unwrap", 1)]);
    assert_eq!(found("tui/x.rs", "use similar::TextDiff;"), [("similar", 1)]);
    assert_eq!(found("cli/x.rs", &format!("fn f() {{\n{}}}", "a();\n".repeat(69))), [("function", 1)]);
    assert_eq!(found("cli/x.rs", &"use a;\n".repeat(401)), [("file", 1)]);
}

#[test]
fn what_is_allowed_is_not_told() {
    let found = |file: &str, text: &str| check(file, text);
    assert_eq!(found("tui/x.rs", "use crate::client::{Handle, News};\nuse crate::client::handle::Row;\nuse super::keys;"), []);
    assert_eq!(found("cli/x.rs", "use crate::{server, client}; fn f() { Instant::now(); println!() }"), []);
    assert_eq!(found("domain/x.rs", "// std::fs and .unwrap()\n#[cfg(test)]\nmod tests { fn f() { a.unwrap() } }"), []);
    assert_eq!(found("cli/x.rs", &format!("fn f() {{\n{}}}", "a();\n".repeat(68))), []);
}

#[test]
fn a_file_nobody_declares_is_found() {
    let tree: BTreeMap<String, String> =
        [("lib.rs", "mod a; // mod b;"), ("a/mod.rs", "pub mod x;"), ("a/x.rs", ""), ("a/y.rs", ""), ("b.rs", "")]
            .map(|(f, t)| (f.to_owned(), t.to_owned()))
            .into();
    assert_eq!(undeclared(&tree, "lib.rs"), ["a/y.rs", "b.rs"]);
}
