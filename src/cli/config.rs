//! Settings: flags over `DIPTYCH_…` over the config file over defaults.
//!
//! The file is TOML. What it does not know it refuses, with the place, so that a misspelt setting does not pass for one. Nothing here
//! writes the file but `diptych config --init`, on request.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Failure;
use super::dirs::Dirs;
use super::login_file::Logins;

/// Own keys by mode: what is done, and the keys that do it.
pub type Keys = BTreeMap<String, BTreeMap<String, String>>;

/// What can be set on every command line.
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct Flags {
    /// The server that keeps the notes (none: they are kept on this device)
    #[arg(long, global = true, value_name = "URL", env = "DIPTYCH_SERVER", hide_env = true)]
    pub server: Option<String>,
    /// The token for the server; better in the settings, or by `diptych login`
    #[arg(long, global = true, value_name = "TOKEN", env = "DIPTYCH_TOKEN", hide = true, hide_env_values = true)]
    pub token: Option<String>,
    /// A certificate authority of one's own that the server's certificate is checked against, as PEM, beside the system's
    #[arg(long = "ca", global = true, value_name = "FILE", env = "DIPTYCH_CA", hide_env = true, hide_short_help = true)]
    pub ca: Option<PathBuf>,
    /// The name of this device, recorded with what is saved from here
    #[arg(long, global = true, value_name = "NAME", env = "DIPTYCH_CLIENT", hide_env = true)]
    pub client: Option<String>,
    /// Where this device keeps its notes
    #[arg(long, global = true, value_name = "DIR", env = "DIPTYCH_DATA_DIR", hide_env = true)]
    pub data_dir: Option<PathBuf>,
    /// The file with the settings
    #[arg(long = "config", id = "config-file", global = true, value_name = "FILE", env = "DIPTYCH_CONFIG", hide_env = true)]
    pub config: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Colours: auto, dark, light, high-contrast, colour-blind, mono, or the name of a file in the themes folder
    #[arg(long, global = true, value_name = "NAME", env = "DIPTYCH_THEME", hide_env = true, hide_short_help = true)]
    pub theme: Option<String>,
    /// Keys: default, vim, idea or arrows
    #[arg(long, global = true, value_name = "PRESET", env = "DIPTYCH_KEYS", hide_env = true, hide_short_help = true)]
    pub keys: Option<String>,
    /// Whether the mouse is used
    #[arg(long, global = true, value_name = "true|false", env = "DIPTYCH_MOUSE", hide_env = true, hide_short_help = true)]
    pub mouse: Option<bool>,
    /// The editor that texts are handed to
    #[arg(long, global = true, value_name = "COMMAND", env = "DIPTYCH_EDITOR", hide_env = true, hide_short_help = true)]
    pub editor: Option<String>,
    /// Classes of proposals taken without asking, separated by commas
    #[arg(
        long,
        global = true,
        value_name = "CLASSES",
        value_delimiter = ',',
        env = "DIPTYCH_ACCEPT",
        hide_env = true,
        hide_short_help = true
    )]
    pub accept: Option<Vec<String>>,
    /// What the log holds: off, error, warn, info, debug or trace
    #[arg(
        long = "log",
        id = "log-level",
        global = true,
        value_name = "LEVEL",
        env = "DIPTYCH_LOG",
        hide_env = true,
        hide_short_help = true
    )]
    pub log: Option<String>,
}

/// The config file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    server: Option<String>,
    token: Option<String>,
    token_file: Option<PathBuf>,
    token_command: Option<String>,
    ca_file: Option<PathBuf>,
    client: Option<String>,
    data_dir: Option<PathBuf>,
    theme: Option<String>,
    mouse: Option<bool>,
    editor: Option<String>,
    log: Option<String>,
    keys: KeysTable,
    merge: MergeTable,
}

/// `[keys]`: `preset = "vim"`, and tables of own keys by mode.
#[derive(Debug, Default, Deserialize)]
struct KeysTable {
    preset: Option<String>,
    #[serde(flatten)]
    own: Keys,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MergeTable {
    accept: Option<Vec<String>>,
}

/// Where the token for the server comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Token {
    /// From nowhere that was set: what `diptych login` stored, if it did.
    #[default]
    Stored,
    /// Given as it is.
    Given(String),
    /// The first line of a file.
    File(PathBuf),
    /// The first line a command prints.
    Command(String),
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folders by the XDG rules.
    pub dirs: Dirs,
    /// The config file, whether it exists or not.
    pub file: PathBuf,
    /// The server, without a slash at its end: as set, else as logged in to; `None` (or set to nothing): an embedded one.
    pub server: Option<String>,
    /// Where its token comes from.
    pub token: Token,
    /// A certificate authority of one's own, trusted beside the system's.
    pub ca: Option<PathBuf>,
    /// The origin of what is saved here, valid for `X-Client`.
    pub client: String,
    /// Whether that was named for this run, by an option or the environment.
    pub named: bool,
    /// Why it could not be read which server was logged in to.
    pub unread: Option<Failure>,
    /// Where this device keeps its notes.
    pub data_dir: PathBuf,
    /// Whether commands print JSON.
    pub json: bool,
    /// The name of a theme, or `auto`.
    pub theme: String,
    /// The name of a key preset.
    pub preset: String,
    /// Own keys by mode.
    pub keys: Keys,
    /// Whether the mouse is used.
    pub mouse: bool,
    /// The command of the person's editor: the setting, else `$VISUAL`, else `$EDITOR`.
    pub editor: Option<String>,
    /// Classes of proposals that are taken without asking.
    pub accept: Vec<String>,
    /// The level of the log.
    pub log: String,
}

impl Config {
    /// Reads the config file and lays flags and environment over it.
    ///
    /// # Errors
    /// If the file cannot be read or understood, or a value makes no sense.
    pub fn load(flags: &Flags) -> Result<Self, Failure> {
        let dirs = Dirs::find()?;
        let path = flags.config.clone().unwrap_or_else(|| dirs.config.join("config.toml"));
        let file = read(&path, flags.config.is_some())?;
        let token = match (&flags.token, file.token, file.token_file, file.token_command) {
            (Some(token), ..) => Token::Given(token.clone()),
            (None, None, None, None) => Token::Stored,
            (None, Some(token), None, None) => Token::Given(token),
            (None, None, Some(from), None) => Token::File(from),
            (None, None, None, Some(command)) => Token::Command(command),
            _ => return Err(bad("The settings name the token more than once.", "Keep one of token, token_file and token_command.")),
        };
        let editor = ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.trim().is_empty()));
        let client = match flags.client.clone().or(file.client) {
            Some(name) => name,
            None => host(),
        };
        let data_dir = flags.data_dir.clone().or(file.data_dir).unwrap_or_else(|| dirs.data.clone());
        let mut unread = None;
        let server = match flags.server.clone().or(file.server) {
            Some(server) => Some(server).filter(|s| !s.is_empty()),
            None => Logins::read(&data_dir).map_or_else(
                |failure| {
                    unread = Some(failure);
                    None
                },
                |logins| logins.server,
            ),
        };
        let config = Self {
            file: path,
            named: flags.client.is_some(),
            unread,
            server: server.map(|s| s.trim_end_matches('/').to_owned()),
            token,
            ca: flags.ca.clone().or(file.ca_file),
            client,
            data_dir,
            json: flags.json,
            theme: flags.theme.clone().or(file.theme).unwrap_or_else(|| "auto".to_owned()),
            preset: flags.keys.clone().or(file.keys.preset).unwrap_or_else(|| "default".to_owned()),
            keys: file.keys.own,
            mouse: flags.mouse.or(file.mouse).unwrap_or(true),
            editor: flags.editor.clone().or(file.editor).or(editor),
            accept: flags.accept.clone().or(file.merge.accept).unwrap_or_else(|| vec!["same".to_owned()]),
            log: flags.log.clone().or(file.log).unwrap_or_else(|| "info".to_owned()),
            dirs,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Failure> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if self.client.is_empty() || self.client.len() > 64 || !self.client.chars().all(fits) {
            return Err(bad(
                format!("{:?} cannot be the name of this device.", self.client),
                "Use 1 to 64 letters, digits, dots, dashes and underscores.",
            ));
        }
        if let Some(server) = &self.server
            && !server.starts_with("http://")
            && !server.starts_with("https://")
        {
            return Err(bad(format!("{server:?} is not the address of a server."), "Write it like https://notes.example.org."));
        }
        if !["off", "error", "warn", "info", "debug", "trace"].contains(&self.log.as_str()) {
            return Err(bad(format!("There is no log level {:?}.", self.log), "Use off, error, warn, info, debug or trace."));
        }
        Ok(())
    }
}

fn bad(what: impl std::fmt::Display, todo: &str) -> Failure {
    Failure::usage(what, "A setting comes from a flag, from DIPTYCH_… in the environment, or from the config file.", todo)
}

fn read(path: &Path, must: bool) -> Result<File, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && !must => return Ok(File::default()),
        Err(e) => {
            return Err(Failure::usage(
                format!("The settings in {} cannot be read.", path.display()),
                e,
                "Mend the file, or name another with --config.",
            ));
        }
    };
    toml::from_str(&text).map_err(|e| {
        Failure::usage(
            format!("The settings in {} cannot be understood.", path.display()),
            e.to_string().trim_end(),
            "Mend that line; diptych config --init explains every setting.",
        )
    })
}

/// The name of this machine, made fit for `X-Client`.
fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let fit: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')).take(64).collect();
    if fit.is_empty() { "device".to_owned() } else { fit }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, flags: &[&str]) -> Result<Config, Failure> {
        use clap::Parser;
        #[derive(Parser)]
        struct Only {
            #[command(flatten)]
            flags: Flags,
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        let args = ["diptych", "--config", path.to_str().unwrap()].into_iter().chain(flags.iter().copied());
        Config::load(&Only::parse_from(args).flags)
    }

    #[test]
    fn a_flag_is_over_the_file_and_the_file_over_the_default() {
        let text =
            "server = \"https://a\"\nclient = \"desk\"\n[keys]\npreset = \"vim\"\n[keys.editor]\nsave = \"f5\"\n[merge]\naccept = []";
        let config = load(text, &["--client", "lap"]).unwrap();
        assert_eq!((config.server.as_deref(), config.client.as_str(), config.preset.as_str()), (Some("https://a"), "lap", "vim"));
        assert_eq!((config.keys["editor"]["save"].as_str(), config.accept.len(), config.theme.as_str()), ("f5", 0, "auto"));
    }

    #[test]
    fn an_unknown_setting_is_refused_with_its_place() {
        let failure = load("servre = \"https://a\"\n", &[]).unwrap_err();
        assert_eq!(failure.status, 2);
        assert!(failure.why.contains("line 1") && failure.why.contains("servre"), "{}", failure.why);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["client = \"a b\"", "server = \"ftp://x\"", "log = \"loud\"", "token = \"a\"\ntoken_file = \"b\"", "mouse = 3"] {
            assert_eq!(load(text, &[]).unwrap_err().status, 2, "{text}");
        }
    }
}
