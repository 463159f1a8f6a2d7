//! `diptych list`: the notes, one a line.
//!
//! `--json`: `{"data": [{"id", "title", "tags", "state", "version", "updated_at", "origin", "bookmarked", "excerpt"}]}`; with `--search`
//! each has a `"hit"`, the words found and what is around them.

use serde_json::json;

use super::session::{Session, minute, state};
use super::{Context, Failure, output};
use crate::client::{Command, News, Row};
use crate::wire::time::rfc3339;

/// List the notes: id, state, version, when, title, tags
#[derive(clap::Args, Debug)]
pub struct List {
    /// Only notes with this tag (more than one: with all of them)
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Only notes that hold these words
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
}

impl List {
    /// Prints them.
    ///
    /// # Errors
    /// If the notes cannot be opened.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let (rows, hits) = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            session.freshen().await?;
            let rows = session.rows().await?;
            let hits = match &self.search {
                None => None,
                Some(words) => {
                    let pick = |news| if let News::Found(_, hits) = news { Some(hits) } else { None };
                    Some(session.ask(Command::Search(words.clone()), pick).await?)
                }
            };
            session.close().await?;
            Ok((rows, hits))
        })?;
        let hit = |row: &Row| hits.as_ref().and_then(|h| h.iter().find(|(id, _)| *id == row.id)).map(|(_, text)| text.clone());
        let lengths = lengths(&rows);
        let wanted = |row: &Row| !row.deleted && self.tag.iter().all(|t| row.tags.contains(t)) && (hits.is_none() || hit(row).is_some());
        let shown: Vec<(&Row, usize)> = rows.iter().zip(lengths).filter(|(row, _)| wanted(row)).collect();
        if ctx.config.json {
            let all: Vec<_> = shown.iter().map(|(row, _)| row_json(row, hit(row))).collect();
            return output::json(&json!({ "data": all })).map(|()| 0);
        }
        let wide = shown.iter().map(|(_, n)| *n).max().unwrap_or(8);
        for (row, n) in shown {
            let id: String = row.id.to_string().chars().take(n).collect();
            let tags: String = row.tags.iter().map(|t| format!(" #{t}")).collect();
            let title = output::harmless(&format!("{}{tags}", row.title));
            output::line(&format!("{id:wide$}  {:10}  {:>4}  {}  {title}", state(row.state), row.version, minute(row.updated_at)))?;
            if let Some(hit) = hit(row) {
                output::line(&format!("    {}", output::harmless(&hit.replace(['\n', '\r'], " "))))?;
            }
        }
        Ok(0)
    }
}

/// How much of each id names its note alone, at least 8 characters.
fn lengths(rows: &[Row]) -> Vec<usize> {
    let mut ids: Vec<String> = rows.iter().map(|r| r.id.to_string()).collect();
    ids.sort();
    let shared = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let of = |id: String| {
        let at = ids.partition_point(|i| *i < id);
        let near = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|i| ids.get(i));
        (near.map(|n| shared(n, &id)).max().unwrap_or(0) + 1).max(8)
    };
    rows.iter().map(|r| of(r.id.to_string())).collect()
}

fn row_json(row: &Row, hit: Option<String>) -> serde_json::Value {
    let mut all = json!({
        "id": row.id.to_string(), "title": row.title, "tags": row.tags, "state": state(row.state), "version": row.version,
        "updated_at": rfc3339(row.updated_at), "origin": row.origin, "bookmarked": row.bookmarked, "excerpt": row.excerpt,
    });
    if let Some(hit) = hit {
        all["hit"] = json!(hit);
    }
    all
}
