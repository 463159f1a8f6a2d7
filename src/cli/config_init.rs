//! `diptych config`: shows the settings in force, or writes a settings file in which each is explained.

use serde_json::json;

use super::{Config, Context, Failure, config, dirs, logfile, output};

/// Show the settings in force
#[derive(clap::Args, Debug)]
pub struct Show {
    /// Write a settings file with every setting explained (never over one that is there)
    #[arg(long)]
    init: bool,
}

impl Show {
    /// Shows or writes.
    ///
    /// # Errors
    /// If there is a file already, or it cannot be written.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        if self.init {
            return init(&ctx.config);
        }
        let rows = rows(&ctx.config);
        if ctx.config.json {
            let map: serde_json::Map<String, serde_json::Value> = rows.into_iter().map(|(k, v)| (k.to_owned(), json!(v))).collect();
            return output::json(&json!({ "data": map })).map(|()| 0);
        }
        for (name, value) in rows {
            output::line(&format!("{name:<9} {}", output::shown(&value)))?;
        }
        Ok(0)
    }
}

fn rows(c: &Config) -> Vec<(&'static str, String)> {
    let token = match &c.token {
        config::Token::Stored => "as stored by diptych login".to_owned(),
        config::Token::Given(_) => "given (not shown)".to_owned(),
        config::Token::File(path) => format!("from {}", path.display()),
        config::Token::Command(command) => format!("from the command {command}"),
    };
    vec![
        ("settings", c.file.display().to_string()),
        ("server", c.server.clone().unwrap_or_else(|| "none: the notes are kept on this device".to_owned())),
        ("token", token),
        ("ca", c.ca.as_ref().map_or_else(|| "those of the system".to_owned(), |p| format!("{} and those of the system", p.display()))),
        ("client", c.client.clone()),
        ("data", c.data_dir.display().to_string()),
        ("log", format!("{} ({})", logfile::path(c).display(), c.log)),
        ("theme", c.theme.clone()),
        ("keys", c.preset.clone()),
        ("mouse", c.mouse.to_string()),
        ("editor", c.editor.clone().unwrap_or_else(|| "none: set VISUAL or EDITOR".to_owned())),
        ("accept", c.accept.join(", ")),
    ]
}

fn init(config: &Config) -> Result<u8, Failure> {
    use std::io::Write;
    if let Some(dir) = config.file.parent() {
        dirs::make(dir)?;
    }
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&config.file);
    let done = file.and_then(|mut f| f.write_all(TEXT.as_bytes()).and_then(|()| f.sync_all()));
    match done {
        Ok(()) => output::line(&config.file.display().to_string()).map(|()| 0),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Err(Failure::usage(
            format!("{} was left as it is.", config.file.display()),
            "There are settings in it already.",
            "Move it away first, or name another file with --config.",
        )),
        Err(e) => Err(Failure::data(format!("{} cannot be written.", config.file.display()), e, "Mend its folder, or name another file.")),
    }
}

/// Lines that begin with `#: ` are settings as they would be written.
pub(super) const TEXT: &str = include_str!("../../assets/config.toml");
