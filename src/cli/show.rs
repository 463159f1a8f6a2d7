//! `diptych show`: one note, as this device has it or at an older version.
//!
//! `--json`: `{"data": {"id", "version", "state", "title", "body", "tags", "fields", "deleted", "updated_at", "updated_by", "updated_from"}}`.
//! `version` is the version the text started from: what `diptych save --base` wants. Without `--json` the body is printed byte for byte,
//! and nothing else, so that `diptych show ID | sed … | diptych save ID --base 7` works.

use serde_json::{Value, json};

use super::session::{Session, content_json, state};
use super::{Context, Failure, output};
use crate::client::{Command, News};
use crate::domain::note::{Content, Note, Version};
use crate::wire::time::rfc3339;

/// Print the text of a note
#[derive(clap::Args, Debug)]
pub struct Show {
    /// The note: its id, or a beginning of it that is its alone
    id: String,
    /// The note as it was at this version (asks the server)
    #[arg(long, value_name = "N")]
    version: Option<Version>,
    /// A copy that was kept here, by the number diptych log gives
    #[arg(long, value_name = "N", conflicts_with = "version", value_parser = clap::value_parser!(i64).range(1..))]
    copy: Option<i64>,
    /// Print the text alone (this is what happens without --json anyway)
    #[arg(long)]
    body: bool,
}

impl Show {
    /// Prints it.
    ///
    /// # Errors
    /// No such note or version; the server cannot be reached for an older version.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let (told, text) = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            session.freshen().await?;
            let id = session.find(&self.id).await?;
            let shown = match self.version.or(self.copy.map(|n| -n)) {
                Some(version) => {
                    let pick = |news| if let News::VersionIs(note) = news { Some(*note) } else { None };
                    let note = session.ask_server(Command::VersionAt(id, version), pick).await?;
                    (json_of(&note.content, note.version, "synced", id, Some(&note)), note.content.body)
                }
                None => {
                    let detail = session.detail(id).await?;
                    let Some(content) = detail.content() else {
                        return Err(Failure::usage("This note is not here.", "It may be gone.", "diptych list shows what is."));
                    };
                    let server = detail.synced.as_ref().map_or(0, |n| n.version);
                    let base = detail.draft.as_ref().map_or(server, |d| d.base_version);
                    (json_of(content, base, state(detail.state), id, detail.synced.as_ref()), content.body.clone())
                }
            };
            session.close().await?;
            Ok(shown)
        })?;
        if ctx.config.json && !self.body {
            return output::json(&json!({ "data": told })).map(|()| 0);
        }
        output::bytes(output::shown(&text).as_bytes()).map(|()| 0)
    }
}

fn json_of(content: &Content, version: Version, state: &str, id: crate::domain::note::NoteId, note: Option<&Note>) -> Value {
    let mut all = content_json(content);
    all.insert("id".to_owned(), json!(id.to_string()));
    all.insert("version".to_owned(), json!(version));
    all.insert("state".to_owned(), json!(state));
    if let Some(note) = note {
        all.insert("updated_at".to_owned(), json!(rfc3339(note.updated_at)));
        all.insert("updated_by".to_owned(), json!(note.updated_by));
        all.insert("updated_from".to_owned(), json!(note.updated_from));
    }
    Value::Object(all)
}
