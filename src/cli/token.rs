//! `diptych token`: who may use the server. Works on the store itself, so it needs no running server.

use serde_json::json;

use super::serve::StoreArg;
use super::{Context, Failure, edge, output};
use crate::server::auth;
use crate::server::store::{StoreError, TokenRow};
use crate::wire::time::rfc3339;

/// Make, list or revoke the tokens with which devices sign in to the server
#[derive(clap::Args, Debug)]
pub struct Token {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    store: StoreArg,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Make a token; it is shown this once
    Add {
        /// What it is for, such as the name of a device
        name: String,
        /// The user whose changes it makes
        #[arg(long, default_value = "me")]
        user: String,
        /// The space it opens: each has notes of its own
        #[arg(long, default_value = "home")]
        space: String,
    },
    /// List all tokens
    List,
    /// Revoke a token; it works no longer within a second
    Revoke {
        /// Its name, or the number that list shows
        #[arg(value_name = "NAME|NUMBER")]
        which: String,
    },
}

fn broken(e: StoreError) -> Failure {
    Failure::data("The tokens could not be reached.", e, "Check --store, and that the folder can be written to.")
}

impl Token {
    /// Does it.
    ///
    /// # Errors
    /// If the store cannot be opened or written, or there is no such token.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        ctx.block_on(self.act(ctx))
    }

    async fn act(&self, ctx: &Context) -> Result<u8, Failure> {
        let store = self.store.open(ctx).await?;
        let now = (ctx.edge.now)();
        match &self.what {
            What::Add { name, user, space } => {
                let (token, hash) = auth::token_of(edge::random()?);
                for text in [name, user, space] {
                    if text.is_empty() || text.len() > 100 || text.chars().any(char::is_control) {
                        return Err(Failure::usage(
                            format!("{text:?} cannot be a name."),
                            "It must have 1 to 100 bytes.",
                            "Choose another.",
                        ));
                    }
                }
                let row = store.add_token(space.clone(), user.clone(), name.clone(), hash, now).await.map_err(broken)?;
                if ctx.config.json {
                    output::json(&json!({"id": row.id, "token": token, "name": name, "user": user, "space": space}))?;
                } else {
                    output::line(&token)?;
                    output::note("Keep it now: it is not shown again. On the device: diptych login URL");
                }
                Ok(0)
            }
            What::List => {
                let rows = store.tokens().await.map_err(broken)?;
                rows.iter().filter(|t| t.hash != [0; 32]).try_for_each(|t| print(ctx, t))?;
                Ok(0)
            }
            What::Revoke { which } => {
                let id = live(&store.tokens().await.map_err(broken)?, which)?;
                if store.revoke_token(id, now).await.map_err(broken)? { Ok(0) } else { Err(not_live(which)) }
            }
        }
    }
}

/// The number of the one live token that is meant: by its number, else by its name.
fn live(rows: &[TokenRow], which: &str) -> Result<i64, Failure> {
    let alive = || rows.iter().filter(|t| t.hash != [0; 32] && t.revoked.is_none());
    if let Some(t) = alive().find(|t| t.id.to_string() == which) {
        return Ok(t.id);
    }
    let named: Vec<i64> = alive().filter(|t| t.name == which).map(|t| t.id).collect();
    match named[..] {
        [id] => Ok(id),
        [] => Err(not_live(which)),
        _ => Err(Failure::usage(
            format!("{} live tokens are named {which}.", named.len()),
            "That names no single token.",
            "Give the number that diptych token list shows.",
        )),
    }
}

fn not_live(which: &str) -> Failure {
    Failure::usage(format!("There is no live token {which}."), "It was never made, or revoked before.", "See: diptych token list")
}

fn print(ctx: &Context, t: &TokenRow) -> Result<(), Failure> {
    let revoked = t.revoked.map(rfc3339);
    if ctx.config.json {
        return output::json(&json!({
            "id": t.id, "name": t.name, "user": t.user, "space": t.space_name, "created_at": rfc3339(t.created), "revoked_at": revoked
        }));
    }
    let state = revoked.map_or(String::new(), |at| format!("  revoked {at}"));
    let text = format!("{:>4}  {}  {}  {}/{}{state}", t.id, rfc3339(t.created), t.name, t.space_name, t.user);
    output::line(&output::shown(&text))
}
