//! A note as a Markdown file: front matter between two lines of `---`, then the text, byte for byte.
//!
//! Written, each value is JSON, which YAML readers take as well, so that a round trip is exact whatever a title or a field holds. Read, plain
//! values and lists as people write them by hand are understood too, and a key of somebody else's becomes a field of the note. A file
//! without front matter is a text; its title is its first heading, or its name.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::value::ValueJson;
use crate::domain::note::{Content, NoteId, Value, Version, dedup};

const FENCE: &str = "---";

/// A file, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The note it says it is.
    pub id: Option<NoteId>,
    /// The version it was written from.
    pub version: Option<Version>,
    /// What it holds.
    pub content: Content,
}

/// The file of a note.
#[must_use]
pub fn write(id: NoteId, version: Version, content: &Content) -> String {
    let fields: serde_json::Map<String, Json> =
        content.fields.iter().map(|(k, v)| (k.clone(), serde_json::json!(ValueJson(v.clone())))).collect();
    let mut out = format!("{FENCE}\nid: \"{id}\"\nversion: {version}\ntitle: {}\n", Json::from(content.title.as_str()));
    if !content.tags.is_empty() {
        out.push_str(&format!("tags: {}\n", Json::from(content.tags.clone())));
    }
    if !fields.is_empty() {
        out.push_str(&format!("fields: {}\n", Json::Object(fields)));
    }
    out.push_str(FENCE);
    out.push('\n');
    out.push_str(&content.body);
    out
}

/// Reads a file; `name` is its title where nothing in it says one.
///
/// # Errors
/// What in the front matter cannot be understood, with its line.
pub fn read(text: &str, name: &str) -> Result<Page, String> {
    let Some((head, body)) = split(text) else {
        let title = heading(text).unwrap_or(name).to_owned();
        return Ok(Page { id: None, version: None, content: Content { title, body: text.to_owned(), ..Content::default() } });
    };
    let mut page = Page { id: None, version: None, content: Content { body: body.to_owned(), ..Content::default() } };
    let mut titled = false;
    for (no, key, value) in entries(head) {
        let wrong = |what: &str| format!("line {no}: {what}");
        match key {
            "id" => page.id = Some(plain(&value).parse().map_err(|_| wrong("the id is not a UUID"))?),
            "version" => page.version = Some(plain(&value).parse().map_err(|_| wrong("the version is not a number"))?),
            "title" => {
                page.content.title = plain(&value);
                titled = true;
            }
            "tags" => page.content.tags = dedup(list(&value)),
            "fields" => page.content.fields.extend(fields(&value).ok_or_else(|| wrong("the fields cannot be read"))?),
            other => {
                page.content.fields.insert(other.to_owned(), field(&value));
            }
        }
    }
    if !titled {
        heading(body).unwrap_or(name).clone_into(&mut page.content.title);
    }
    Ok(page)
}

/// The front matter and what follows it; `None` where there is none.
fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix(FENCE)?;
    let head = rest.strip_prefix('\n').or_else(|| rest.strip_prefix("\r\n"))?;
    let mut at = 0;
    for line in head.split_inclusive('\n') {
        if line.trim_end_matches(['\n', '\r']) == FENCE {
            return Some((&head[..at], &head[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

/// Line number, key and value of each entry; `- item` lines below a key are joined to its value.
fn entries(head: &str) -> Vec<(usize, &str, Json)> {
    let mut out: Vec<(usize, &str, Json)> = Vec::new();
    for (no, line) in head.lines().enumerate() {
        let trimmed = line.trim();
        if let (Some(item), Some((_, _, last))) = (trimmed.strip_prefix("- "), out.last_mut()) {
            let item = Json::from(plain(&value(item)));
            match last {
                Json::Array(items) => items.push(item),
                Json::Null => *last = Json::Array(vec![item]),
                _ => {}
            }
        } else if let Some((key, rest)) = trimmed.split_once(':').filter(|(key, _)| !key.starts_with('#')) {
            out.push((no + 2, key.trim(), value(rest)));
        }
    }
    out
}

/// A value as JSON where it is some, else as the text it is; nothing is null.
fn value(text: &str) -> Json {
    let text = text.trim();
    if text.is_empty() {
        return Json::Null;
    }
    if let Ok(json) = serde_json::from_str(text) {
        return json;
    }
    let bare = |t: &str| t.trim().trim_matches(['"', '\'']).to_owned();
    match text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        Some(items) => Json::from(items.split(',').map(bare).filter(|t| !t.is_empty()).collect::<Vec<_>>()),
        None => Json::from(bare(text)),
    }
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

fn list(value: &Json) -> Vec<String> {
    match value {
        Json::Array(items) => items.iter().map(plain).collect(),
        Json::Null => Vec::new(),
        one => plain(one).split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect(),
    }
}

fn fields(value: &Json) -> Option<BTreeMap<String, Value>> {
    serde_json::from_value::<BTreeMap<String, ValueJson>>(value.clone()).ok().map(|m| m.into_iter().map(|(k, v)| (k, v.0)).collect())
}

fn field(value: &Json) -> Value {
    serde_json::from_value::<ValueJson>(value.clone()).map_or_else(|_| Value::Text(plain(value)), |v| v.0)
}

fn heading(text: &str) -> Option<&str> {
    text.lines().take(20).find_map(|line| line.strip_prefix("# ")).map(str::trim).filter(|t| !t.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write_by_hand_is_understood() {
        let text = "---\r\ntitle: A plan: part 2\r\ntags:\r\n  - home\r\n  - \"two words\"\r\nauthor: Ada\r\nprice: 12\r\n---\r\nText.\r\n";
        let page = read(text, "file").unwrap();
        assert_eq!(page.content.title, "A plan: part 2");
        assert_eq!(page.content.tags, ["home", "two words"]);
        assert_eq!(page.content.fields.get("author"), Some(&Value::Text("Ada".into())));
        assert_eq!(page.content.fields.get("price"), Some(&Value::Int(12)));
        assert_eq!(page.content.body, "Text.\r\n");
        assert_eq!(read("---\ntags: [a, b]\n---\nx", "file").unwrap().content.tags, ["a", "b"]);
    }

    #[test]
    fn a_text_without_front_matter_is_all_text() {
        for text in ["", "---", "---\nno end", "--- \n---\n", "# Title\nrest", "----\n---\n"] {
            let page = read(text, "name").unwrap();
            assert_eq!((page.content.body.as_str(), page.id), (text, None));
        }
        assert_eq!(read("# Title\nrest", "name").unwrap().content.title, "Title");
        assert_eq!(read("rest", "name").unwrap().content.title, "name");
        assert!(read("---\nid: x\n---\n", "name").unwrap_err().contains("line 2"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(20), failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_round_trip_is_exact(title in "[^\r\n\0]{0,20}", body in "(?s).{0,60}", tags in proptest::collection::vec("[^\0]{1,8}", 0..4), n: i64, text in "(?s).{0,20}") {
            let fields = [("n".to_owned(), Value::Int(n)), ("text".to_owned(), Value::Text(text)), ("list".to_owned(), Value::List(tags.clone()))].into();
            for body in [body.clone(), format!("---\n{body}"), format!("{body}\r\n")] {
                let content = Content { title: title.clone(), body, tags: dedup(tags.clone()), fields: BTreeMap::clone(&fields), deleted: false };
                let id = NoteId(crate::domain::note::Uuid::from_u128(7));
                let page = read(&write(id, 3, &content), "name").unwrap();
                prop_assert_eq!(page, Page { id: Some(id), version: Some(3), content });
            }
        }
    }
}
