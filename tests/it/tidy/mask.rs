//! Rust text with comments and the insides of strings blanked, so that a search finds only code. Lines stay where they are.

/// Blanks comments and string contents with spaces; line feeds stay.
pub fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = skip(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// The end of the comment, string or character that begins at `at`; `at` itself where none does.
fn skip(c: &[char], at: usize) -> usize {
    let is = |from: usize, word: &str| word.chars().enumerate().all(|(i, w)| c.get(from + i) == Some(&w));
    let word_before = at > 0 && (c[at - 1].is_alphanumeric() || c[at - 1] == '_');
    if is(at, "//") {
        return (at..c.len()).find(|i| c[*i] == '\n').unwrap_or(c.len());
    }
    if is(at, "/*") {
        return block(c, at);
    }
    if c[at] == '"' {
        return string(c, at + 1);
    }
    if !word_before && (is(at, "r\"") || is(at, "r#") || is(at, "br\"") || is(at, "br#")) {
        return raw(c, at);
    }
    if c[at] == '\'' {
        return character(c, at);
    }
    at
}

fn block(c: &[char], at: usize) -> usize {
    let (mut i, mut depth) = (at, 0);
    while i < c.len() {
        match (c[i], c.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => {
                (depth, i) = (depth - 1, i + 2);
                if depth == 0 {
                    return i;
                }
            }
            _ => i += 1,
        }
    }
    c.len()
}

fn string(c: &[char], mut i: usize) -> usize {
    while i < c.len() {
        match c[i] {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    c.len()
}

fn raw(c: &[char], at: usize) -> usize {
    let Some(hashes_at) = (at..at + 3).find(|i| matches!(c.get(*i), Some('#' | '"'))) else { return at };
    let hashes = c[hashes_at..].iter().take_while(|h| **h == '#').count();
    // `r#name` is a name, not a string.
    if c.get(hashes_at + hashes) != Some(&'"') {
        return at;
    }
    let mut i = hashes_at + hashes + 1;
    while i < c.len() {
        if c[i] == '"' && c[i + 1..].iter().take(hashes).filter(|h| **h == '#').count() == hashes {
            return i + 1 + hashes;
        }
        i += 1;
    }
    c.len()
}

/// A character, and not a lifetime.
fn character(c: &[char], at: usize) -> usize {
    match (c.get(at + 1), c.get(at + 2)) {
        (Some('\\'), _) => (at + 3..c.len()).find(|i| c[*i] == '\'').map_or(c.len(), |i| i + 1),
        (Some(_), Some('\'')) => at + 3,
        _ => at,
    }
}

/// Where the braces that open at or after `from` close: the byte after the last. `None`: a `;` comes first, or they never close.
pub fn braces(code: &str, from: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (i, b) in code.bytes().enumerate().skip(from) {
        match b {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Blanks every item under `#[cfg(test)]`.
pub fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(from) = out.find("#[cfg(test)]") {
        let end = braces(&out, from).unwrap_or_else(|| out[from..].find(';').map_or(out.len(), |i| from + i + 1));
        let blank: String = out[from..end].chars().filter_map(|c| if c == '\n' { Some(c) } else { c.is_ascii().then_some(' ') }).collect();
        out.replace_range(from..end, &blank);
    }
    out
}

#[test]
fn only_code_is_left() {
    let text =
        "let a = \"un\\\"wrap\"; // .unwrap()\nlet b = r#\"x\" y\"#; /* a /* b */ c\n */ let c = '\\''; let d: &'a str = 'x'; r#type";
    let code = code(text);
    assert!(!code.contains("wrap") && !code.contains('x') && !code.contains("y\""), "{code}");
    assert!(code.contains("let c =") && code.contains("&'a str") && code.contains("r#type"), "{code}");
    assert_eq!(code.lines().count(), text.lines().count());
}

#[test]
fn tests_are_taken_out_and_lines_stay() {
    let code = without_tests("fn a() {}\n#[cfg(test)]\nmod tests {\n fn x() { y() }\n}\nfn b() {}\n#[cfg(test)]\nmod more;\nfn c() {}");
    assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), "fn a() {} fn b() {} fn c() {}");
    assert_eq!(code.lines().count(), 9);
}
