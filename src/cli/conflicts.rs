//! `diptych conflicts`: saves that were refused and wait for a person, and settling them without the screen.
//!
//! `--json`: `{"data": [{"id", "title", "base_version", "server_version", "conflicts", "parked_at", "theirs_from", "theirs_by"}]}`. `settle` prints as
//! `diptych save` does. With `--plain` choices are kept as they are made, also when the person leaves (status 1). `show` tells one conflict as
//! JSON, hunk by hunk, and `settle --decide` takes decisions back, both in the form of `diptych merge --json`.

use std::io;
use std::path::PathBuf;

use serde_json::json;

use super::merge as files;
use super::plain::{self, Ended, Names};
use super::session::{Session, minute, told};
use super::{Context, Failure, output};
use crate::client::{Command, Parked, State};
use crate::domain::note::NoteId;
use crate::domain::settle::{Settle, Side};
use crate::tui::merge;
use crate::wire::time::rfc3339;

/// List the conflicts that wait for you, or settle one
#[derive(clap::Args, Debug)]
pub struct Conflicts {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    Show(ShowOne),
    Settle(SettleOne),
}

/// Tell one conflict as JSON: its rows and hunks, for decisions (status 1 while something is open)
#[derive(clap::Args, Debug)]
struct ShowOne {
    /// The note: its id, or a beginning of it that is its alone
    id: String,
}

/// Settle one conflict
#[derive(clap::Args, Debug)]
struct SettleOne {
    /// The note: its id, or a beginning of it that is its alone
    id: String,
    #[command(flatten)]
    how: How,
}

#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct How {
    /// Be asked line by line on standard input and output
    #[arg(long)]
    plain: bool,
    /// Keep what this device tried to save
    #[arg(long)]
    mine: bool,
    /// Keep what the server has
    #[arg(long)]
    theirs: bool,
    /// Carry out decisions (JSON on what `diptych conflicts show` tells) from a file, - for standard input
    #[arg(long, value_name = "FILE")]
    decide: Option<PathBuf>,
}

impl Conflicts {
    /// Lists or settles.
    ///
    /// # Errors
    /// No such conflict; the save is refused again.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        match self.what {
            None => list(ctx),
            Some(What::Show(one)) => one.run(ctx),
            Some(What::Settle(one)) => one.run(ctx),
        }
    }
}

fn list(ctx: &Context) -> Result<u8, Failure> {
    let all = ctx.block_on(async {
        let mut session = Session::open(ctx).await?;
        session.freshen().await?;
        let mut all = Vec::new();
        for row in session.rows().await?.into_iter().filter(|r| r.state == State::NeedsYou) {
            all.extend(session.detail(row.id).await?.parked);
        }
        session.close().await?;
        Ok(all)
    })?;
    let names = |p: &Parked| p.conflicts.iter().map(ToString::to_string).collect::<Vec<_>>();
    if ctx.config.json {
        let one = |p: &Parked| {
            json!({
                "id": p.id.to_string(), "title": p.mine.title, "base_version": p.base.as_ref().map(|n| n.version),
                "server_version": p.theirs.version, "conflicts": names(p), "parked_at": rfc3339(p.parked_at),
                "theirs_from": p.theirs.updated_from, "theirs_by": p.theirs.updated_by,
            })
        };
        return output::json(&json!({ "data": all.iter().map(one).collect::<Vec<_>>() })).map(|()| 0);
    }
    for p in &all {
        let text = format!("{} ({}; theirs from {})", p.mine.title, names(p).join(", "), p.theirs.updated_from);
        output::line(&format!("{}  {}  {}", p.id, minute(p.parked_at), output::harmless(&text)))?;
    }
    Ok(0)
}

async fn parked(session: &mut Session, id: NoteId) -> Result<Parked, Failure> {
    let none = || Failure::usage("This note has no conflict.", "It may be settled already.", "diptych conflicts lists them.");
    session.detail(id).await?.parked.ok_or_else(none)
}

impl ShowOne {
    fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let parked = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            let id = session.find(&self.id).await?;
            let parked = parked(&mut session, id).await?;
            session.close().await?;
            Ok(parked)
        })?;
        let mut settle = merge::settle_of(&parked, &ctx.config.accept);
        settle.restore(&parked.journal);
        output::json(&files::json::told(&settle))?;
        Ok(u8::from(!settle.is_settled()))
    }
}

impl SettleOne {
    fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let (id, sent) = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            let id = session.find(&self.id).await?;
            let parked = parked(&mut session, id).await?;
            let mut settle = merge::settle_of(&parked, &ctx.config.accept);
            if let Some(from) = &self.how.decide {
                settle.restore(&parked.journal);
                files::decide(&mut settle, from)?;
            } else if self.how.plain {
                settle.restore(&parked.journal);
                if asked(&session, &parked, &mut settle)? == Ended::Left {
                    session.close().await?;
                    let why = "What you chose is kept.";
                    return Err(Failure::conflict("The conflict is not settled.", why, "Go on with the same command."));
                }
            } else {
                settle.keep(if self.how.mine { Side::Mine } else { Side::Theirs });
            }
            session.tell(resubmit(ctx, &parked, &settle)?);
            let sent = session.sent(id, false).await?;
            session.close().await?;
            Ok((id, sent))
        })?;
        told(ctx, id, &sent, false)
    }
}

fn asked(session: &Session, parked: &Parked, settle: &mut Settle) -> Result<Ended, Failure> {
    let theirs = format!("theirs, from {}", parked.theirs.updated_from);
    let kept = |settle: &Settle| session.tell(Command::Journal { id: parked.id, journal: settle.journal(None) });
    let names = Names { mine: "mine", theirs: &theirs };
    plain::ask(settle, names, &mut io::stdin().lock(), &mut io::stdout().lock(), kept)
        .map_err(|e| Failure::data("The questions could not be asked.", e, "What you chose is kept; run the command again."))
}

fn resubmit(ctx: &Context, parked: &Parked, settle: &Settle) -> Result<Command, Failure> {
    let content = settle.content(parked.base.as_ref().map(|n| &n.content), &parked.mine, &parked.theirs.content).ok_or_else(|| {
        Failure::conflict("The conflict is not settled.", "Something is open, or the result is not UTF-8.", "Settle it with --plain.")
    })?;
    let seconds = u32::try_from((ctx.edge.now)().ms_since(parked.parked_at).max(0) / 1000).unwrap_or(u32::MAX);
    let (outcome, hunks) = (settle.outcome().to_owned(), settle.tally());
    Ok(Command::Settle { id: parked.id, content: Box::new(content), outcome, hunks, seconds })
}
