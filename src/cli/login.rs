//! `diptych login`: remembers a server and the token for it, once the server has accepted the token.

use std::io::{BufRead, IsTerminal};
use std::time::Duration;

use super::login_file::Logins;
use super::{Context, Failure, output};

/// Log in to a server: asks for the token and remembers both
#[derive(clap::Args, Debug)]
pub struct Login {
    /// The address of the server, such as https://notes.example.org
    url: String,
}

impl Login {
    /// Asks, tries and remembers.
    ///
    /// # Errors
    /// If the server refuses the token or cannot be reached, or the login cannot be kept.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let url = self.url.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            let todo = "Write it like https://notes.example.org.";
            return Err(Failure::usage(
                format!("{url} is not the address of a server."),
                "It does not begin with http:// or https://.",
                todo,
            ));
        }
        let token = match &ctx.config.token {
            super::config::Token::Given(token) => token.clone(),
            _ => ask()?,
        };
        ctx.block_on(tried(&url, &token))?;
        let mut logins = Logins::read(&ctx.config.data_dir)?;
        logins.tokens.insert(url.clone(), token);
        logins.server = Some(url.clone());
        logins.write(&ctx.config.data_dir)?;
        output::line(&format!("Logged in to {url}.")).map(|()| 0)
    }
}

/// Reads the token from standard input; a person is asked for it.
fn ask() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        output::note("Paste the token that `diptych token add NAME` printed on the server, and press Enter:");
    }
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|e| Failure::usage("The token cannot be read.", e, "Give it on standard input, or in DIPTYCH_TOKEN."))?;
    match line.trim() {
        "" => Err(Failure::usage("There is no token.", "The line is empty.", "Make one on the server with diptych token add NAME.")),
        token => Ok(token.to_owned()),
    }
}

async fn tried(url: &str, token: &str) -> Result<(), Failure> {
    let lost = |e: reqwest::Error| Failure::server(format!("{url} cannot be reached."), e, "Check the address, and that the server runs.");
    let http =
        reqwest::Client::builder().timeout(Duration::from_secs(15)).redirect(reqwest::redirect::Policy::none()).build().map_err(lost)?;
    let reply =
        http.get(format!("{url}/api/notes?since=0&limit=1")).bearer_auth(token).header("X-Client", "login").send().await.map_err(lost)?;
    match reply.status().as_u16() {
        200 => Ok(()),
        401 => Err(Failure::server(
            format!("{url} does not know this token."),
            "It was mistyped or revoked.",
            "Make one there with diptych token add NAME.",
        )),
        status => Err(Failure::server(format!("{url} answers {status}."), "It may not be a diptych server.", "Check the address.")),
    }
}
