//! The client of this device, connected: to the server of the settings, or to one inside this process over a file in the data folder.
//!
//! Everything that works on notes comes through [`connect`], screens and commands alike. When a program already runs on the data folder,
//! a second one uses the first one's server; its client is a guest that stores what is done and leaves the sending to the first.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedReceiver;

use super::config::Token;
use super::edge::{Edge, seed};
use super::embedded::{Embedded, Serving};
use super::login_file::Logins;
use super::{Config, Context, Failure, dirs, login};
use crate::client::http::Access;
use crate::client::{self, Command, Handle, News, OpenError, Parts};
use crate::domain::policy::Policies;

/// How long a client may take to put everything on disk.
const STOPPING: Duration = Duration::from_secs(10);

/// A running client, and the server inside this process if there is one.
pub struct Connected {
    /// The way to the client.
    pub client: Handle,
    /// What it tells.
    pub news: UnboundedReceiver<News>,
    /// The embedded server of this process, with the lock that says so.
    own: Option<(Embedded, File)>,
}

/// Where to connect to.
struct Place {
    access: Access,
    db: PathBuf,
    own: Option<(Embedded, File)>,
}

/// Connects. `guest`: where another program has this device's notes open, work beside it instead of refusing.
///
/// # Errors
/// If the notes of this device cannot be opened, or there is no token for the server.
pub async fn connect(ctx: &Context, guest: bool) -> Result<Connected, Failure> {
    dirs::make(&ctx.config.data_dir)?;
    let place = match &ctx.config.server {
        Some(url) => remote(&ctx.config, url)?,
        None => embedded(&ctx.config, &ctx.edge).await?,
    };
    let config = client::Config { access: place.access, db: place.db, guest };
    let keep = ctx.config.server.as_ref().map(|url| login::keeper(&ctx.config, url));
    let (client, news) = client::start_keeping(&config, parts(&ctx.edge)?, keep).map_err(|e| unopened(&config.db, &e))?;
    Ok(Connected { client, news, own: place.own })
}

/// What a client needs from outside.
///
/// # Errors
/// If the system has no random bytes to give.
pub fn parts(edge: &Edge) -> Result<Parts, Failure> {
    Ok(Parts { clock: edge.now.clone(), ids: edge.ids.clone(), seed: seed()? })
}

impl Connected {
    /// Stops the client once everything is on disk, then the server.
    ///
    /// # Errors
    /// If the client cannot finish in time.
    pub async fn close(mut self) -> Result<(), Failure> {
        self.client.send(Command::Stop);
        let stopped = async { while !matches!(self.news.recv().await, Some(News::Stopped) | None) {} };
        let done = tokio::time::timeout(STOPPING, stopped).await;
        self.stop_server().await;
        done.map_err(|_| Failure::data("The notes are still being written.", "The disk takes its time.", "Look at them before you go on."))
    }

    /// Stops the server of this process, if there is one; for a client that has stopped by itself.
    pub async fn stop_server(&mut self) {
        if let Some((server, _lock)) = self.own.take() {
            server.stop().await;
        }
    }
}

fn remote(config: &Config, url: &str) -> Result<Place, Failure> {
    let access = access(config, url, token(config, url)?)?;
    // Each server has its own file: what is in step with one is not with another.
    let host = url.split("://").nth(1).unwrap_or(url).trim_end_matches('/');
    let name: String = host.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' }).collect();
    Ok(Place { access, db: config.data_dir.join(format!("device-{name}.db")), own: None })
}

/// How to speak to a server, by the settings.
///
/// # Errors
/// If the certificate authority cannot be read.
pub fn access(config: &Config, url: &str, token: String) -> Result<Access, Failure> {
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|e| {
            Failure::usage(
                format!("The certificate authority in {} cannot be read.", path.display()),
                e,
                "Mend ca_file, --ca or DIPTYCH_CA.",
            )
        })
    };
    let ca = config.ca.as_ref().map(read).transpose()?;
    Ok(Access { server: url.trim_end_matches('/').to_owned(), token, origin: config.client.clone(), ca })
}

/// The token for a server.
///
/// # Errors
/// If there is none, or it cannot be read.
pub fn token(config: &Config, url: &str) -> Result<String, Failure> {
    let first = |text: String, from: String| match text.lines().next().map(str::trim).filter(|l| !l.is_empty()) {
        Some(line) => Ok(line.to_owned()),
        None => Err(Failure::server(format!("There is no token in {from}."), "Its first line is empty.", "Put the token there.")),
    };
    match &config.token {
        Token::Given(token) => Ok(token.clone()),
        Token::Stored => Logins::read(&config.data_dir)?.tokens.remove(url).ok_or_else(|| {
            Failure::server(
                format!("There is no token for {url}."),
                "You have not logged in to it from here.",
                format!("Run diptych login {url}"),
            )
        }),
        Token::File(path) => match std::fs::read_to_string(path) {
            Ok(text) => first(text, path.display().to_string()),
            Err(e) => Err(Failure::server(format!("The token in {} cannot be read.", path.display()), e, "Mend the setting token_file.")),
        },
        Token::Command(command) => match std::process::Command::new("sh").args(["-c", command]).output() {
            Ok(out) if out.status.success() => first(String::from_utf8_lossy(&out.stdout).into_owned(), format!("what {command} prints")),
            Ok(out) => Err(Failure::server(format!("{command} gave no token."), out.status, "Mend the setting token_command.")),
            Err(e) => Err(Failure::server(format!("{command} could not be run."), e, "Mend the setting token_command.")),
        },
    }
}

/// Where the embedded server of a data folder is, for a second program.
#[derive(Deserialize, Serialize)]
struct Running {
    url: String,
    token: String,
}

async fn embedded(config: &Config, edge: &Edge) -> Result<Place, Failure> {
    let data = &config.data_dir;
    let trouble = |e: std::io::Error| {
        Failure::data(
            format!("The notes in {} cannot be opened.", data.display()),
            e,
            "Mend the permissions of the folder, or free some space.",
        )
    };
    let lock = File::options().create(true).truncate(false).write(true).open(data.join("server.lock")).map_err(trouble)?;
    let (running, own) = match lock.try_lock() {
        Err(std::fs::TryLockError::WouldBlock) => (beside(data).await?, None),
        _ => {
            let serving =
                Serving { path: data.join("server.db"), policies: Policies::default(), lock_timeout: Duration::from_secs(300), user: "me" };
            let server = Embedded::start(edge, serving).await?;
            let running = Running { url: server.url.clone(), token: server.token.clone() };
            tell(data, &running).map_err(trouble)?;
            (running, Some((server, lock)))
        }
    };
    let access = Access { server: running.url, token: running.token, origin: config.client.clone(), ca: None };
    Ok(Place { access, db: data.join("device.db"), own })
}

fn tell(data: &Path, running: &Running) -> std::io::Result<()> {
    let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(data.join("server.json"))?;
    file.write_all(serde_json::to_string(running).unwrap_or_default().as_bytes())
}

/// The server of the program that has the folder; it may be just starting.
async fn beside(data: &Path) -> Result<Running, Failure> {
    for _ in 0..40 {
        let text = std::fs::read_to_string(data.join("server.json")).unwrap_or_default();
        if let Ok(running) = serde_json::from_str::<Running>(&text) {
            return Ok(running);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Failure::data(
        "Another diptych has these notes open.",
        "It does not say where its server is.",
        "Wait until it has started, or end it.",
    ))
}

fn unopened(db: &Path, error: &OpenError) -> Failure {
    let what = format!("The notes in {} cannot be opened.", db.display());
    match error {
        OpenError::InUse => Failure::data(what, "Another diptych has them open.", "Use that one, or end it first."),
        OpenError::Access(why) => {
            Failure::usage("The server cannot be used.", why, "Mend its address, its token or ca_file in the settings.")
        }
        OpenError::Disk(e) => Failure::data(what, e, "Nothing was changed. Mend that, or use another --data-dir."),
    }
}
