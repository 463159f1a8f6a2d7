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
    /// Revoke a token by its number; it works no longer within a second
    Revoke {
        /// The number that list shows
        id: i64,
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
            What::Revoke { id } => {
                if store.revoke_token(*id, now).await.map_err(broken)? {
                    return Ok(0);
                }
                Err(Failure::usage(
                    format!("There is no live token {id}."),
                    "It was never made, or revoked before.",
                    "See: diptych token list",
                ))
            }
        }
    }
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
