//! `diptych audit`: the server's log of conflicts; with `--what-if`, replayed under other policies. Changes nothing.
//!
//! It asks the server for the newest entries, as a device may. With `--store` it reads a store itself, whole, as its keeper may.
//! `--json`: `{"data": [entry, …]}` as the protocol writes entries; with `--what-if` the counts in fact and under the other policies, in all
//! and by field, and every conflict.

use std::path::PathBuf;

use super::serve::StoreArg;
use super::session::Session;
use super::{Context, Failure, output, what_if};
use crate::client::{Command, News};
use crate::domain::audit::Entry;
use crate::domain::audit::replay::replay;
use crate::server::store::{AuditQuery, Store, StoreError};
use crate::wire::audit::EntryJson;
use crate::wire::time::rfc3339;

/// Show the server's log of conflicts, or what other policies would have done with them
#[derive(clap::Args, Debug)]
pub struct Audit {
    /// Replay the log under these policies (a file as for serve --policies): what would be asked, combined, lost, beside what was
    #[arg(long, value_name = "FILE")]
    what_if: Option<PathBuf>,
    /// With --what-if: one policy over the file, such as notes.title=manual; may be given more than once
    #[arg(long = "policy", value_name = "FIELD=POLICY")]
    policy: Vec<String>,
    /// Whose log
    #[arg(long, default_value = "home")]
    space: String,
    #[command(flatten)]
    store: StoreArg,
}

fn broken(e: StoreError) -> Failure {
    Failure::data("The audit log cannot be read.", e, "Check --store.")
}

impl Audit {
    /// Prints the log, or replays it.
    ///
    /// # Errors
    /// If the policies make no sense, or the store cannot be read.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let table = match (&self.what_if, self.policy.is_empty()) {
            (None, true) => None,
            (file, _) => Some(super::serve::policies_of(file.as_deref(), &self.policy)?),
        };
        let mut replayed = Vec::new();
        let mut shown = Vec::new();
        let mut take = |entries: Vec<Entry>| match &table {
            Some(table) => replayed.extend(replay(&entries, table)), // the texts of a long log need not be held all at once
            None => shown.extend(entries),
        };
        let whole = self.store.is_named();
        ctx.block_on(async {
            if whole { self.pages(&*self.store.open(ctx).await?, take).await } else { asked(ctx).await.map(&mut take) }
        })?;
        if table.is_some() {
            replayed.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
            return what_if::print(ctx, &replayed, whole).map(|()| 0);
        }
        shown.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        show(ctx, shown).map(|()| 0)
    }

    /// Hands every conflict of the space to `take`, some at a time.
    async fn pages(&self, store: &dyn Store, mut take: impl FnMut(Vec<Entry>)) -> Result<(), Failure> {
        let tokens = store.tokens().await.map_err(broken)?;
        let Some(space) = tokens.iter().find(|t| t.space_name == self.space).map(|t| t.space) else {
            return Err(Failure::usage(format!("There is no space {:?}.", self.space), "No token opens it.", "See: diptych token list"));
        };
        let mut query = AuditQuery { action: Some("conflict".to_owned()), limit: 500, ..AuditQuery::default() };
        loop {
            let found = store.audit(space, query.clone()).await.map_err(broken)?;
            query.after = found.last().map(|(seq, _)| *seq);
            let full = found.len() == query.limit;
            take(found.into_iter().map(|(_, e)| e).collect());
            if !full {
                return Ok(());
            }
        }
    }
}

/// The newest entries from the server this device speaks to.
async fn asked(ctx: &Context) -> Result<Vec<Entry>, Failure> {
    let mut session = Session::open(ctx).await?;
    let pick = |news| if let News::Figures(_, entries) = news { Some(entries) } else { None };
    let mut entries = session.ask_server(Command::Figures { days: 30 }, pick).await?;
    session.close().await?;
    entries.retain(|e| e.action.starts_with("conflict"));
    Ok(entries)
}

fn show(ctx: &Context, entries: Vec<Entry>) -> Result<(), Failure> {
    if ctx.config.json {
        let all: Vec<EntryJson> = entries.into_iter().map(EntryJson::from).collect();
        return output::json(&serde_json::json!({ "data": all }));
    }
    for entry in entries {
        let fields = entry.fields.keys().cloned().collect::<Vec<_>>().join(", ");
        let (at, action, id) = (rfc3339(entry.at), &entry.action, &entry.entity_id);
        output::line(&output::shown(&format!("{at}  {action}  {id}  {fields}  from {}", entry.client_origin)))?;
    }
    Ok(())
}
