//! `diptych list`, `show` and `new`: notes for scripts, through the same client as the screens.
//!
//! They work beside a running diptych on the same notes: what they store, the other sends.

use std::io::Read;
use std::time::Duration;

use serde_json::json;

use super::connect::{Connected, connect};
use super::{Context, Failure, output};
use crate::client::{Command, Connection, News, Row, State};
use crate::domain::note::{Content, NoteId};

/// How long a command waits for the server before it goes on with what this device has.
const PATIENCE: Duration = Duration::from_secs(3);

/// List the notes
#[derive(clap::Args, Debug)]
pub struct List {}

/// Print the text of a note
#[derive(clap::Args, Debug)]
pub struct Show {
    /// Its id, as `diptych list` prints it
    id: NoteId,
}

/// Make a note of what comes on standard input; prints its id
#[derive(clap::Args, Debug)]
pub struct New {
    /// Its title
    #[arg(long)]
    title: String,
    /// A tag; may be given more than once
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
}

/// The word of the status line for a state.
fn word(state: State) -> &'static str {
    match state {
        State::Synced => "synced",
        State::SavedHere => "saved here",
        State::Typed => "typed",
        State::NeedsYou => "needs you",
    }
}

/// Waits for one kind of news; `None` when the patience is over.
async fn hear<T>(on: &mut Connected, pick: impl Fn(News) -> Option<T>) -> Option<T> {
    let heard = async {
        loop {
            match on.news.recv().await {
                Some(news) => {
                    if let Some(found) = pick(news) {
                        return Some(found);
                    }
                }
                None => return None,
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.ok().flatten()
}

/// Connects, and waits until the server has answered or cannot be reached.
async fn ready(ctx: &Context) -> Result<Connected, Failure> {
    let mut on = connect(ctx, true).await?;
    hear(&mut on, |n| matches!(n, News::ConnectionIs(c) if c != Connection::Unknown).then_some(())).await;
    Ok(on)
}

impl List {
    /// Prints a line for each note: id, state, title.
    ///
    /// # Errors
    /// If the notes cannot be opened.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        ctx.block_on(async {
            let mut on = ready(ctx).await?;
            on.client.send(Command::List);
            let rows = hear(&mut on, |n| if let News::Rows(rows) = n { Some(rows) } else { None }).await;
            on.close().await?;
            let rows = rows.ok_or_else(unread)?;
            if ctx.config.json {
                return output::json(&json!({ "data": rows.iter().map(described).collect::<Vec<_>>() })).map(|()| 0);
            }
            for row in rows.iter().filter(|r| !r.deleted) {
                output::line(&format!("{}  {:<10}  {}", row.id, word(row.state), output::shown(&row.title)))?;
            }
            Ok(0)
        })
    }
}

fn described(row: &Row) -> serde_json::Value {
    json!({
        "id": row.id.to_string(), "title": row.title, "tags": row.tags, "state": word(row.state), "version": row.version,
        "updated_from": row.origin, "bookmarked": row.bookmarked, "deleted": row.deleted,
    })
}

fn unread() -> Failure {
    Failure::data(
        "The notes could not be read.",
        "The client did not answer in time.",
        "Try again; diptych doctor looks at what may be wrong.",
    )
}

impl Show {
    /// Prints the text as it is; with `--json` the whole note.
    ///
    /// # Errors
    /// If there is no such note, or the notes cannot be opened.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        ctx.block_on(async {
            let mut on = ready(ctx).await?;
            on.client.send(Command::Open(self.id));
            let id = self.id;
            let detail = hear(&mut on, |n| if let News::Opened(d) = n { Some(d).filter(|d| d.id == id) } else { None }).await;
            on.close().await?;
            let detail = detail.ok_or_else(unread)?;
            let synced = detail.synced.as_ref();
            let content =
                detail.draft.as_ref().map(|d| &d.content).or(detail.parked.as_ref().map(|p| &p.mine)).or(synced.map(|n| &n.content));
            let Some(content) = content else {
                return Err(Failure::usage(
                    format!("There is no note {id}."),
                    "This device has none of that id.",
                    "diptych list shows them.",
                ));
            };
            if ctx.config.json {
                let version = synced.map_or(0, |n| n.version);
                let note = json!({
                    "id": id.to_string(), "title": content.title, "body": content.body, "tags": content.tags,
                    "version": version, "state": word(detail.state),
                });
                return output::json(&json!({ "data": note })).map(|()| 0);
            }
            output::bytes(output::shown(&content.body).as_bytes()).map(|()| 0)
        })
    }
}

impl New {
    /// Reads the text and saves it; it is durable here before the id is printed.
    ///
    /// # Errors
    /// If it cannot be read, breaks a limit, or cannot be stored.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let mut body = String::new();
        let read = std::io::stdin().lock().take(64 * 1024 * 1024).read_to_string(&mut body);
        read.map_err(|e| Failure::usage("The text cannot be read.", e, "Give it on standard input, as UTF-8."))?;
        let content = Content { title: self.title, body, tags: self.tags, ..Content::default() };
        if let Err(bad) = content.check() {
            let why = bad.iter().map(|(field, why)| format!("{field}: {why}")).collect::<Vec<_>>().join("; ");
            return Err(Failure::usage("This cannot be a note.", why, "Change that and try again."));
        }
        ctx.block_on(async {
            let mut on = ready(ctx).await?;
            let id = ctx.edge.note_id();
            on.client.send(Command::Save { id, base: Some(0), content: Box::new(content), revision: 1 });
            let kept = hear(&mut on, |n| matches!(n, News::SavedHere(note, _) if note == id).then_some(())).await;
            if kept.is_some() {
                // A program that ends at once would leave the sending to the next one.
                hear(&mut on, |n| matches!(n, News::Synced(note, _) if note.id == id).then_some(())).await;
            }
            on.close().await?;
            kept.ok_or_else(|| Failure::data("The note was not stored.", "The disk did not answer in time.", "Try again."))?;
            output::line(&id.to_string()).map(|()| 0)
        })
    }
}
