//! `diptych login`: remembers a server and the token for it, once the server has accepted the token.
//!
//! The token goes into a file that only its owner can read; the server, and the name of this device where `--client` gives one, into the
//! settings, where comments and all else stay as they are.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use super::config::Token;
use super::login_file::Logins;
use super::{Config, Context, Failure, config_init, connect, dirs, output};
use crate::client::KeepToken;
use crate::client::http::{Fault, Http};
use crate::tui::whole::{self, New};

/// Log in to a server: asks for the token and remembers both
#[derive(clap::Args, Debug)]
pub struct Login {
    /// The address of the server, such as https://notes.example.org [default: the server in the settings]
    url: Option<String>,
}

impl Login {
    /// Asks, tries and remembers.
    ///
    /// # Errors
    /// If the server refuses the token or cannot be reached, or the login cannot be kept.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let url = self.url.clone().or_else(|| ctx.config.server.clone()).ok_or_else(|| {
            Failure::usage("Which server?", "There is none in the settings.", "Name it: diptych login https://notes.example.org")
        })?;
        let url = url.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            let todo = "Write it like https://notes.example.org.";
            return Err(Failure::usage(
                format!("{url} is not the address of a server."),
                "It does not begin with http:// or https://.",
                todo,
            ));
        }
        let token = match &ctx.config.token {
            Token::Given(token) => token.clone(),
            _ => ask(&url)?,
        };
        ctx.block_on(tried(&ctx.config, &url, &token))?;
        let mut logins = Logins::read(&ctx.config.data_dir)?;
        logins.tokens.insert(url.clone(), token);
        let set = set_server(&ctx.config, &url);
        logins.server = if set.is_ok() { None } else { Some(url.clone()) };
        logins.write(&ctx.config.data_dir)?;
        if let Err(why) = set {
            output::note(&format!("The settings in {} were left as they are ({why}).", ctx.config.file.display()));
        }
        output::line(&format!("Logged in to {url}.")).map(|()| 0)
    }
}

/// What keeps a token given while the notes are open, where a login would have put it.
pub fn keeper(config: &Config, url: &str) -> KeepToken {
    let (url, data, stored) = (url.to_owned(), config.data_dir.clone(), matches!(config.token, Token::Stored));
    Box::new(move |token| {
        if !stored {
            return Err("The settings, the environment or an option name one, and that goes first. Change it there.".to_owned());
        }
        let kept = Logins::read(&data).and_then(|mut logins| {
            logins.tokens.insert(url.clone(), token.to_owned());
            logins.write(&data)
        });
        kept.map_err(|failure| failure.to_string())
    })
}

/// Reads the token: from a person, who does not see it on the screen, or from standard input.
fn ask(url: &str) -> Result<String, Failure> {
    let unread = |e: std::io::Error| Failure::usage("The token cannot be read.", e, "Give it on standard input, or in DIPTYCH_TOKEN.");
    let line = if std::io::stdin().is_terminal() {
        output::note(&format!("diptych token add NAME, on the server, prints a token for {url}."));
        rpassword::prompt_password("Token (it is not shown): ").map_err(unread)?
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(unread)?;
        line
    };
    match line.trim() {
        "" => Err(Failure::usage("There is no token.", "The line is empty.", "Make one on the server with diptych token add NAME.")),
        token => Ok(token.to_owned()),
    }
}

async fn tried(config: &Config, url: &str, token: &str) -> Result<(), Failure> {
    let unfit = |why: String| Failure::usage("The server cannot be used.", why, "Mend the address, the token or ca_file.");
    let http = Http::new(&connect::access(config, url, token.to_owned())?).map_err(unfit)?;
    http.rules().await.map(drop).map_err(|fault| match fault {
        Fault::Unauthorised(_) => Failure::server(
            format!("{url} does not know this token."),
            "It was mistyped or revoked.",
            "Make one there with diptych token add NAME.",
        ),
        other => Failure::server(format!("Could not log in to {url}."), other, "Check the address, and that the server runs."),
    })
}

/// Names the server in the settings; a settings file that is not there is made with every setting explained.
///
/// # Errors
/// Why that could not be done; the file is then as it was.
fn set_server(config: &Config, url: &str) -> Result<(), String> {
    let text = match std::fs::read_to_string(&config.file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => config_init::TEXT.to_owned(),
        Err(e) => return Err(e.to_string()),
    };
    let text = with_server(&text, url, config.ca.as_deref(), Some(config.client.as_str()).filter(|_| config.named))?;
    dirs::make(config.file.parent().unwrap_or(Path::new("."))).map_err(|f| f.why)?;
    whole::write(&config.file, text.as_bytes(), New::Private).map_err(|e| e.to_string())
}

/// The settings with this server, the authority its certificate was checked against and the name given to this device, and nothing else
/// changed.
fn with_server(text: &str, url: &str, ca: Option<&Path>, client: Option<&str>) -> Result<String, String> {
    let mut settings: toml_edit::DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| e.message().to_owned())?;
    set(&mut settings, "server", url);
    if let Some(ca) = ca.map(|p| std::path::absolute(p).unwrap_or_else(|_| p.to_owned())) {
        set(&mut settings, "ca_file", &ca.to_string_lossy());
    }
    if let Some(client) = client {
        set(&mut settings, "client", client);
    }
    Ok(settings.to_string())
}

fn set(settings: &mut toml_edit::DocumentMut, name: &str, value: &str) {
    match settings.get_mut(name).and_then(toml_edit::Item::as_value_mut) {
        Some(old) => {
            let around = old.decor().clone();
            *old = value.into();
            *old.decor_mut() = around;
        }
        None => drop(settings.insert(name, toml_edit::value(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::with_server;

    #[test]
    fn the_server_is_set_and_every_comment_stays() {
        let text = "# mine\ntheme = \"dark\"  # at night\n\n[merge]\naccept = []\n";
        let new = with_server(text, "https://a", None, None).unwrap();
        assert!(new.starts_with("# mine\ntheme = \"dark\"  # at night\n"), "{new}");
        assert!(new.find("server = \"https://a\"").unwrap() < new.find("[merge]").unwrap(), "{new}");
        let again = with_server("server = \"https://a\" # home\nmouse = false\n", "https://b", None, Some("lap")).unwrap();
        assert_eq!(again, "server = \"https://b\" # home\nmouse = false\nclient = \"lap\"\n");
        let whole = with_server(super::config_init::TEXT, "https://a", Some(std::path::Path::new("/ca.pem")), None).unwrap();
        assert!(whole.contains("ca_file = \"/ca.pem\"") && whole.contains("#: theme"), "{whole}");
        assert!(with_server("server = ", "https://a", None, None).is_err());
    }
}
