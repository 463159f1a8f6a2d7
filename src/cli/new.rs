//! `diptych new`: a new note from a file or standard input. Prints its id.
//!
//! `--json`: `{"data": {"id", "version", "state"}}`. Offline it is kept here and sent later: status 0, said on standard error.

use std::io::IsTerminal;

use super::session::{self, Session, told};
use super::{Context, Failure};
use crate::domain::note::{Content, Value, dedup};

/// Make a note; prints its id
#[derive(clap::Args, Debug)]
pub struct New {
    /// The title
    #[arg(long, value_name = "TITLE", default_value = "")]
    title: String,
    /// A tag (as often as needed)
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// A further field; the value is a number, true, false, a JSON list of texts, or text
    #[arg(long, value_name = "NAME=VALUE", value_parser = session::field)]
    field: Vec<(String, Value)>,
    /// Wait until the server has it, as long as that takes
    #[arg(long)]
    wait: bool,
    /// The text; - or nothing reads standard input
    file: Option<String>,
}

impl New {
    /// Makes it.
    ///
    /// # Errors
    /// The text cannot be read, or the note not be stored.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let body = match &self.file {
            None if std::io::stdin().is_terminal() => String::new(),
            None => session::text("-")?,
            Some(from) => session::text(from)?,
        };
        let content = Content { title: self.title, body, tags: dedup(self.tag), fields: self.field.into_iter().collect(), deleted: false };
        super::save::checked(&content)?;
        let id = ctx.edge.note_id();
        let sent = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            session.save(id, None, content).await?;
            let sent = session.sent(id, self.wait).await?;
            session.close().await?;
            Ok(sent)
        })?;
        told(ctx, id, &sent, self.wait)
    }
}
