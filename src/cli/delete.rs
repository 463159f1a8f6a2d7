//! `diptych delete`: deletes a note, or brings a deleted one back. Its history stays on the server. `--json` as `diptych save`.

use super::session::{FRESH, Session, told};
use super::{Context, Failure, save};
use crate::client::{Command, State};
use crate::domain::note::{Content, Version};

/// Delete a note; if it was changed elsewhere that is a conflict (status 1)
#[derive(clap::Args, Debug)]
pub struct Delete {
    /// The note: its id, or a beginning of it that is its alone
    id: String,
    /// The version you looked at [default: what this device has]
    #[arg(long, value_name = "N")]
    base: Option<Version>,
    /// Wait until the server has it, as long as that takes
    #[arg(long)]
    wait: bool,
    /// Bring a deleted note back (diptych list --deleted shows them)
    #[arg(long, conflicts_with = "base")]
    undo: bool,
}

impl Delete {
    /// Deletes it.
    ///
    /// # Errors
    /// As `diptych save`.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let (id, sent) = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            if self.base.is_some() {
                session.catch_up(FRESH).await?;
            }
            let id = session.find(&self.id).await?;
            if self.undo {
                session.tell(Command::Undelete(id));
                let sent = session.sent(id, self.wait).await?;
                session.close().await?;
                return Ok((id, sent));
            }
            let detail = session.detail(id).await?;
            let (base, content) = save::based(&mut session, id, self.base, &detail).await?;
            if base == 0 && detail.state != State::NeedsYou {
                // No server has heard of it: the client puts it aside.
                session.tell(Command::Delete(id));
            } else {
                session.save(id, Some(base), Content { deleted: true, ..content }).await?;
            }
            let sent = session.sent(id, self.wait).await?;
            session.close().await?;
            Ok((id, sent))
        })?;
        told(ctx, id, &sent, self.wait)
    }
}
