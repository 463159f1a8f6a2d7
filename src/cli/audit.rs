//! `diptych audit`: the server's log of conflicts; with `--what-if`, replayed under other policies. Changes nothing.
//!
//! It asks the server for the newest entries, as a device may. With `--store` it reads a store itself, whole, as its keeper may.
//! `--json`: `{"data": [entry, …]}` as the protocol writes entries; with `--what-if` the counts and what each conflict would have become.

use std::path::PathBuf;

use serde_json::json;

use super::serve::StoreArg;
use super::session::Session;
use super::{Context, Failure, output};
use crate::client::{Command, News};
use crate::domain::audit::Entry;
use crate::domain::audit::replay::{Replayed, replay};
use crate::domain::note::{FieldValue, Value};
use crate::server::store::{AuditQuery, Store, StoreError};
use crate::wire::audit::EntryJson;
use crate::wire::time::rfc3339;
use crate::wire::value::from_field;

/// Show the server's log of conflicts, or what other policies would have done with them
#[derive(clap::Args, Debug)]
pub struct Audit {
    /// Replay the log under these policies (a file as for serve --policies): what would be asked, combined, lost
    #[arg(long, value_name = "FILE")]
    what_if: Option<PathBuf>,
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
        let table = self.what_if.as_ref().map(|path| super::serve::policies_from(path)).transpose()?;
        let entries = ctx
            .block_on(async { if self.store.is_named() { self.entries(&*self.store.open(ctx).await?).await } else { asked(ctx).await } })?;
        match table {
            Some(table) => print(ctx, &replay(&entries, &table))?,
            None => show(ctx, entries)?,
        }
        Ok(0)
    }

    async fn entries(&self, store: &dyn Store) -> Result<Vec<Entry>, Failure> {
        let tokens = store.tokens().await.map_err(broken)?;
        let Some(space) = tokens.iter().find(|t| t.space_name == self.space).map(|t| t.space) else {
            return Err(Failure::usage(format!("There is no space {:?}.", self.space), "No token opens it.", "See: diptych token list"));
        };
        let mut query = AuditQuery { action: Some("conflict".to_owned()), limit: 1000, ..AuditQuery::default() };
        let mut out = Vec::new();
        loop {
            let found = store.audit(space, query.clone()).await.map_err(broken)?;
            query.after = found.last().map(|(seq, _)| *seq);
            let full = found.len() == query.limit;
            out.extend(found.into_iter().map(|(_, e)| e));
            if !full {
                out.reverse();
                return Ok(out);
            }
        }
    }
}

/// The newest entries, oldest first, from the server this device speaks to.
async fn asked(ctx: &Context) -> Result<Vec<Entry>, Failure> {
    let mut session = Session::open(ctx).await?;
    let pick = |news| if let News::Figures(_, entries) = news { Some(entries) } else { None };
    let mut entries = session.ask_server(Command::Figures { days: 30 }, pick).await?;
    session.close().await?;
    entries.retain(|e| e.action.starts_with("conflict"));
    entries.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(entries)
}

fn show(ctx: &Context, entries: Vec<Entry>) -> Result<(), Failure> {
    if ctx.config.json {
        let all: Vec<EntryJson> = entries.into_iter().map(EntryJson::from).collect();
        return output::json(&json!({ "data": all }));
    }
    for entry in entries {
        let fields = entry.fields.keys().cloned().collect::<Vec<_>>().join(", ");
        let (at, action, id) = (rfc3339(entry.at), &entry.action, &entry.entity_id);
        output::line(&output::shown(&format!("{at}  {action}  {id}  {fields}  from {}", entry.client_origin)))?;
    }
    Ok(())
}

fn print(ctx: &Context, all: &[Replayed]) -> Result<(), Failure> {
    let count = |of: fn(&Replayed) -> bool| all.iter().filter(|r| of(r)).count();
    let (asked, lost) = (count(|r| !r.asked.is_empty()), count(|r| !r.lost.is_empty()));
    let combined = count(|r| !r.combined.is_empty());
    if ctx.config.json {
        let one = |r: &Replayed| {
            let lost: std::collections::BTreeMap<_, _> = r.lost.iter().map(|(n, v)| (n, from_field(v))).collect();
            json!({"id": r.id, "entity_id": r.entity_id, "was": r.was, "asked": r.asked, "combined": r.combined, "lost": lost})
        };
        let all: Vec<_> = all.iter().map(one).collect();
        return output::json(&json!({"conflicts": all.len(), "asked": asked, "combined": combined, "lost": lost, "entries": all}));
    }
    output::line(&format!("{} conflicts: {asked} would ask a person, {combined} would combine, {lost} would lose a value", all.len()))?;
    for r in all.iter().filter(|r| !r.lost.is_empty()) {
        for (name, value) in &r.lost {
            let text = format!("{}  {}  {name}: would lose {}", r.entity_id, r.was, short(value));
            output::line(&output::shown(&text))?;
        }
    }
    Ok(())
}

fn short(value: &FieldValue) -> String {
    let text = match value {
        FieldValue::Absent => "nothing".to_owned(),
        FieldValue::Is(Value::Text(t)) => format!("{:?}", t.chars().take(60).collect::<String>()),
        FieldValue::Is(Value::List(l)) => l.join(", "),
        FieldValue::Is(Value::Int(i)) => i.to_string(),
        FieldValue::Is(Value::Float(f)) => f.to_string(),
        FieldValue::Is(Value::Bool(b)) => b.to_string(),
    };
    text.chars().take(80).collect()
}
