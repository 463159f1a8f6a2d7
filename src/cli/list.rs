//! `diptych list`: the notes, one a line.
//!
//! `--json`: `{"data": [{"id", "title", "tags", "state", "version", "updated_at", "origin", "bookmarked", "excerpt"}]}`; with `--search`
//! each has a `"hit"`, the words found and what is around them.

use serde_json::json;

use super::session::{Session, state};
use super::{Context, Failure, output};
use crate::client::{Command, News, Row};
use crate::wire::time::rfc3339;

/// List the notes: id, state, title
#[derive(clap::Args, Debug)]
pub struct List {
    /// Only notes with this tag (more than one: with all of them)
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Only notes that hold these words
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// The deleted notes instead of the others; diptych delete --undo brings one back
    #[arg(long, conflicts_with = "search")]
    deleted: bool,
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
        let wanted = |row: &Row| {
            row.is_gone() == self.deleted && self.tag.iter().all(|t| row.tags.contains(t)) && (hits.is_none() || hit(row).is_some())
        };
        let shown: Vec<&Row> = rows.iter().filter(|row| wanted(row)).collect();
        if ctx.config.json {
            let all: Vec<_> = shown.iter().map(|row| row_json(row, hit(row))).collect();
            return output::json(&json!({ "data": all })).map(|()| 0);
        }
        for row in shown {
            output::line(&format!("{}  {:10}  {}", row.id, state(row.state), output::harmless(&row.title)))?;
            if let Some(hit) = hit(row) {
                output::line(&format!("    {}", output::harmless(&hit.replace(['\n', '\r'], " "))))?;
            }
        }
        Ok(0)
    }
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
