//! `diptych doctor`: looks at everything the program needs, and says in one line each whether it is well and what to do if not.

use std::io::IsTerminal;

use serde_json::json;

use super::{Context, Failure, clipboard, connect, dirs, logfile, output};
use crate::client::http::{Fault, Http};

/// Look at settings, folders, server, terminal and editor, and say what is wrong
#[derive(clap::Args, Debug)]
pub struct Doctor {}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Well,
    Hint,
    Trouble,
}

struct Check {
    what: &'static str,
    state: State,
    said: String,
    /// The exit status this trouble gives.
    status: u8,
}

impl Check {
    fn new(what: &'static str, state: State, said: impl Into<String>) -> Self {
        let status = if state == State::Trouble { 4 } else { 0 };
        Self { what, state, said: said.into(), status }
    }
}

impl Doctor {
    /// Looks and tells.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let mut checks = vec![settings(ctx), folder("data", &ctx.config.data_dir), log(ctx)];
        checks.extend(ctx.block_on(async { Ok(server(ctx).await) })?);
        checks.extend([terminal(), copying(), editor(ctx)]);
        let status = checks.iter().map(|c| c.status).max().unwrap_or(0);
        if ctx.config.json {
            let name = |s| match s {
                State::Well => "well",
                State::Hint => "hint",
                State::Trouble => "trouble",
            };
            let rows: Vec<_> = checks.iter().map(|c| json!({"what": c.what, "state": name(c.state), "said": c.said})).collect();
            output::json(&json!({ "data": rows }))?;
            return Ok(status);
        }
        for check in checks {
            let sign = match check.state {
                State::Well => "ok ",
                State::Hint => "-- ",
                State::Trouble => "!! ",
            };
            output::line(&format!("{sign} {:<9} {}", check.what, output::shown(&check.said)))?;
        }
        Ok(status)
    }
}

fn settings(ctx: &Context) -> Check {
    let file = &ctx.config.file;
    if file.exists() {
        Check::new("settings", State::Well, format!("{} is read.", file.display()))
    } else {
        Check::new("settings", State::Hint, format!("{} is not there; diptych config --init writes one.", file.display()))
    }
}

fn folder(what: &'static str, dir: &std::path::Path) -> Check {
    if let Err(failure) = dirs::make(dir) {
        return Check::new(what, State::Trouble, format!("{} {} {}", failure.what, failure.why, failure.todo));
    }
    match tempfile::tempfile_in(dir) {
        Ok(_) => Check::new(what, State::Well, format!("{} can be written.", dir.display())),
        Err(e) => {
            Check::new(what, State::Trouble, format!("{} cannot be written: {e}. Mend its permissions or free some space.", dir.display()))
        }
    }
}

fn log(ctx: &Context) -> Check {
    let found = folder("log", &ctx.config.dirs.state);
    match found.state {
        State::Well => Check::new("log", State::Well, format!("{} at level {}.", logfile::path(&ctx.config).display(), ctx.config.log)),
        _ => found,
    }
}

async fn server(ctx: &Context) -> Vec<Check> {
    let told = |failure: &Failure| format!("{} {} {}", failure.what, failure.why, failure.todo);
    if let Some(failure) = &ctx.config.unread {
        return vec![Check::new("login", State::Trouble, told(failure))];
    }
    let Some(url) = &ctx.config.server else {
        return vec![Check::new("server", State::Well, "none is set: the notes are kept on this device.")];
    };
    let trouble = |what, said: String| Check { status: 3, ..Check::new(what, State::Trouble, said) };
    let token = connect::token(&ctx.config, url);
    let access = connect::access(&ctx.config, url, token.as_ref().cloned().unwrap_or_default());
    let http = match access.map_err(|failure| told(&failure)).and_then(|access| Http::new(&access)) {
        Ok(http) => http,
        Err(why) => return vec![trouble("server", why)],
    };
    let server = match http.healthy().await {
        Ok(()) => Check::new("server", State::Well, format!("{url} answers.")),
        Err(fault) => trouble("server", format!("{url}: {fault} Is it running, and the address right?")),
    };
    let token = match token {
        Err(failure) => trouble("token", told(&failure)),
        // Nothing is changed there by asking.
        Ok(_) => match http.rules().await {
            Ok(_) => Check::new("token", State::Well, "the server takes it."),
            Err(Fault::Unauthorised(_)) => trouble("token", format!("{url} refuses it; diptych login {url} stores another.")),
            Err(_) => Check::new("token", State::Hint, "there is one; whether it is taken cannot be told now."),
        },
    };
    vec![server, token]
}

fn terminal() -> Check {
    if !std::io::stdout().is_terminal() {
        return Check::new("terminal", State::Hint, "the output does not go to one now.");
    }
    let term = std::env::var("TERM").unwrap_or_default();
    match crossterm::terminal::size() {
        Ok((columns, rows)) if columns < 40 || rows < 12 => {
            Check::new("terminal", State::Trouble, format!("{columns}×{rows} is too small: 40×12 is the least."))
        }
        Ok(_) if term.is_empty() || term == "dumb" => {
            Check::new("terminal", State::Trouble, "TERM does not name a terminal that can move its cursor.")
        }
        Ok((columns, rows)) => Check::new("terminal", State::Well, format!("{term}, {columns}×{rows}.")),
        Err(e) => Check::new("terminal", State::Trouble, format!("its size cannot be read: {e}.")),
    }
}

fn copying() -> Check {
    let programs: Vec<String> = clipboard::programs().into_iter().filter_map(|p| p.into_iter().next()).collect();
    let also = if programs.is_empty() { String::new() } else { format!(", and {}", programs.join(" or ")) };
    Check::new("clipboard", State::Well, format!("the terminal is asked to copy (OSC 52){also}."))
}

fn editor(ctx: &Context) -> Check {
    let Some(command) = &ctx.config.editor else {
        return Check::new("editor", State::Hint, "none is set; VISUAL, EDITOR or the setting `editor` names one.");
    };
    let program = command.split_whitespace().next().unwrap_or_default();
    if clipboard::on_path(program) {
        Check::new("editor", State::Well, format!("{command}."))
    } else {
        Check::new("editor", State::Trouble, format!("{program} is not found; set VISUAL, EDITOR or the setting `editor`."))
    }
}
