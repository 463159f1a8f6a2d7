//! `diptych save`: a new version of a note.
//!
//! Without `--title`, `--tag`, `--field` and a file the text comes from standard input; with one of them the text stays unless a file (or
//! `-`) is named. `--base` says which version the text started from; without it, that is what this device has now. `--json`:
//! `{"data": {"id", "version", "state"}}`, state `synced`, `saved here`, `needs you` or `refused`. Offline: status 0, said on standard error.

use super::session::{self, FRESH, Session, told};
use super::{Context, Failure};
use crate::client::{Command, Detail, News};
use crate::domain::note::{Content, NoteId, Value, Version, dedup};

/// Save a note; on a conflict the save is parked (status 1)
#[derive(clap::Args, Debug)]
pub struct Save {
    /// The note: its id, or a beginning of it that is its alone
    id: String,
    /// The version the text started from [default: what this device has]
    #[arg(long, value_name = "N")]
    base: Option<Version>,
    /// A new title
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,
    /// A tag; those given are all the note has then
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// A further field; the value is a number, true, false, a JSON list of texts, or text
    #[arg(long, value_name = "NAME=VALUE", value_parser = session::field)]
    field: Vec<(String, Value)>,
    /// Wait until the server has it, as long as that takes
    #[arg(long)]
    wait: bool,
    /// The text; - reads standard input
    file: Option<String>,
}

impl Save {
    /// Saves it.
    ///
    /// # Errors
    /// No such note, no such base, a conflict, a refusal, trouble with the disk.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let keep = self.title.is_some() || !self.tag.is_empty() || !self.field.is_empty();
        let body = match &self.file {
            None if keep => None,
            None => Some(session::text("-")?),
            Some(from) => Some(session::text(from)?),
        };
        let (id, sent) = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            // What the device had when the text was made is its base; only a base that is named is looked up.
            if self.base.is_some() {
                session.catch_up(FRESH).await?;
            }
            let id = session.find(&self.id).await?;
            let detail = session.detail(id).await?;
            let (base, from) = based(&mut session, id, self.base, &detail).await?;
            let mut new = from;
            new.body = body.unwrap_or(new.body);
            new.title = self.title.unwrap_or(new.title);
            if !self.tag.is_empty() {
                new.tags = dedup(self.tag);
            }
            new.fields.extend(self.field);
            checked(&new)?;
            session.save(id, Some(base), new).await?;
            let sent = session.sent(id, self.wait).await?;
            session.close().await?;
            Ok((id, sent))
        })?;
        told(ctx, id, &sent, self.wait)
    }
}

/// The base a save of this note stands on, and what the note says there. A version this device has not is fetched.
///
/// # Errors
/// The note has a parked conflict, or text on another base, or the base cannot be had.
pub(super) async fn based(
    session: &mut Session,
    id: NoteId,
    wanted: Option<Version>,
    detail: &Detail,
) -> Result<(Version, Content), Failure> {
    if detail.parked.is_some() {
        return Err(Failure::conflict(
            "This note has a conflict that is not settled.",
            "Another save on top would hide one side.",
            format!("Settle it first: diptych conflicts settle {id} --plain"),
        ));
    }
    let server = detail.synced.as_ref().map_or(0, |n| n.version);
    let here = detail.draft.as_ref().map_or(server, |d| d.base_version);
    let now = detail.content().cloned().unwrap_or_default();
    match wanted {
        None => Ok((here, now)),
        Some(base) if base == here => Ok((here, now)),
        Some(base) if detail.draft.is_some() => Err(Failure::conflict(
            format!("This device has a draft of this note on version {here}, not on {base}."),
            "Saving on another version would overwrite the draft.",
            format!("Look at it with diptych show {id}, and save on --base {here}."),
        )),
        Some(base) if base < 1 || base > server => Err(Failure::usage(
            format!("This note has no version {base} here."),
            format!("The newest is {server}."),
            "Name another --base.",
        )),
        Some(base) => {
            let pick = |news| if let News::VersionIs(note) = news { Some(*note).filter(|n| n.id == id) } else { None };
            let note = session.ask_server(Command::VersionAt(id, base), pick).await?;
            Ok((base, note.content))
        }
    }
}

/// Refuses what breaks a limit, before anything is stored.
///
/// # Errors
/// Which field, and why.
pub(super) fn checked(content: &Content) -> Result<(), Failure> {
    content.check().map_err(|bad| {
        let why: Vec<String> = bad.iter().map(|(field, why)| format!("{field}: {why}")).collect();
        Failure::usage("This cannot be saved as a note.", why.join("; "), "Change that and try again; nothing was saved.")
    })
}
