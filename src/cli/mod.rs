//! The commands: the only place that knows everyone, reads clock and randomness, and prints.
//!
//! One file per command. Each has its arguments (a clap `Args`, whose doc comment is its help) and
//! `pub fn run(self, ctx: &Context) -> Result<u8, Failure>`, which returns the exit status. To add one: write the file, declare it here,
//! and add a line to [`Cmd`] and to [`dispatch`]. A command that awaits calls [`Context::block_on`]; one that prints uses [`output`].
//! Nothing is set up before a command asks for it, so that `--version` and `merge-file` start at once.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub mod audit;
pub mod clipboard;
pub mod completions;
pub mod config;
pub mod config_init;
pub mod conflicts;
pub mod connect;
pub mod delete;
pub mod demo;
pub mod dirs;
pub mod doctor;
pub mod edge;
pub mod embedded;
pub mod export;
mod failure;
pub mod import;
pub mod list;
pub mod log;
pub mod logfile;
pub mod login;
pub mod login_file;
pub mod man;
mod many;
pub mod merge;
pub mod merge_file;
pub mod migrate;
pub mod new;
pub mod notes;
pub mod outbox;
pub mod output;
pub mod plain;
pub mod save;
pub mod screens;
pub mod serve;
pub mod session;
pub mod show;
pub mod sync;
pub mod token;
mod what_if;

pub use config::Config;
pub use failure::Failure;

use edge::Edge;

/// Edit notes in your terminal; when two edits collide, settle them side by side, and lose nothing.
///
/// Without a command: the notes. Without a server in the settings they are kept in the data folder of this device.
#[derive(Parser, Debug)]
#[command(name = "diptych", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: config::Flags,
    #[command(subcommand)]
    command: Option<Cmd>,
}

#[derive(Subcommand, Debug)]
enum Cmd {
    List(list::List),
    Show(show::Show),
    New(new::New),
    Save(save::Save),
    Delete(delete::Delete),
    Log(log::Log),
    Sync(sync::Sync),
    Conflicts(conflicts::Conflicts),
    Outbox(outbox::Outbox),
    Audit(audit::Audit),
    Export(export::Export),
    Import(import::Import),
    Merge(merge::Merge),
    MergeFile(merge_file::MergeFile),
    Demo(demo::Demo),
    Login(login::Login),
    Serve(serve::Serve),
    Token(token::Token),
    Migrate(migrate::Migrate),
    Config(config_init::Show),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    Man(man::Man),
}

fn dispatch(command: Option<Cmd>, ctx: &Context) -> Result<u8, Failure> {
    match command {
        None => notes::run(ctx),
        Some(Cmd::Audit(c)) => c.run(ctx),
        Some(Cmd::Completions(c)) => c.run(ctx),
        Some(Cmd::Config(c)) => c.run(ctx),
        Some(Cmd::Demo(c)) => c.run(ctx),
        Some(Cmd::Doctor(c)) => c.run(ctx),
        Some(Cmd::Login(c)) => c.run(ctx),
        Some(Cmd::Man(c)) => c.run(ctx),
        Some(Cmd::Merge(c)) => c.run(ctx),
        Some(Cmd::Migrate(c)) => c.run(ctx),
        Some(Cmd::Serve(c)) => c.run(ctx),
        Some(Cmd::Token(c)) => c.run(ctx),
        Some(Cmd::Conflicts(c)) => c.run(ctx),
        Some(Cmd::Delete(c)) => c.run(ctx),
        Some(Cmd::List(c)) => c.run(ctx),
        Some(Cmd::Log(c)) => c.run(ctx),
        Some(Cmd::New(c)) => c.run(ctx),
        Some(Cmd::Outbox(c)) => c.run(ctx),
        Some(Cmd::Save(c)) => c.run(ctx),
        Some(Cmd::Show(c)) => c.run(ctx),
        Some(Cmd::Sync(c)) => c.run(ctx),
        Some(Cmd::Export(c)) => c.run(ctx),
        Some(Cmd::Import(c)) => c.run(ctx),
        // Run by `main`, which needs no settings for it.
        Some(Cmd::MergeFile(_)) => Ok(0),
    }
}

/// What every command is handed: the settings in force, and the outside (clock, ids, randomness).
pub struct Context {
    /// Settings: flags over environment over the config file.
    pub config: Config,
    /// Clock, ids and random bytes.
    pub edge: Edge,
}

impl Context {
    /// Runs a future to its end on a runtime made for it.
    ///
    /// # Errors
    /// Its own failure, or that the system gives no threads.
    pub fn block_on<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        on(tokio::runtime::Builder::new_multi_thread().worker_threads(2), work)
    }

    /// The same on so many threads.
    ///
    /// # Errors
    /// As [`Context::block_on`].
    pub fn block_on_threads<T>(&self, threads: usize, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        on(tokio::runtime::Builder::new_multi_thread().worker_threads(threads), work)
    }

    /// The same on this thread alone, which starts sooner: for a screen with no server or client beside it.
    ///
    /// # Errors
    /// Its own failure, or that the system gives no threads.
    pub fn block_on_one<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        on(&mut tokio::runtime::Builder::new_current_thread(), work)
    }
}

fn on<T>(builder: &mut tokio::runtime::Builder, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = builder.enable_all().build();
    let runtime =
        runtime.map_err(|e| Failure::data("The program could not start its threads.", e, "Close other programs and try again."))?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    done
}

/// The whole command tree, for completions, the man page and tests.
#[must_use]
pub fn tree() -> clap::Command {
    Cli::command()
}

/// Reads the arguments, runs the command, and prints what went wrong.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(status) = merge_file::early() {
        return status;
    }
    let args: Vec<std::ffi::OsString> = std::env::args_os().collect();
    if args.len() == 2 && (args[1] == "--version" || args[1] == "-V") {
        return finish(output::line(concat!("diptych ", env!("CARGO_PKG_VERSION"))).map(|()| 0));
    }
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version come this way too; only they have status 0.
            let _ = e.print();
            return ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2));
        }
    };
    match cli.command {
        Some(Cmd::MergeFile(command)) => command.run(),
        command => finish(run(&cli.global, command)),
    }
}

fn run(flags: &config::Flags, command: Option<Cmd>) -> Result<u8, Failure> {
    let mut config = Config::load(flags)?;
    if let Some(failure) = config.unread.take_if(|_| !matches!(command, Some(Cmd::Doctor(_)))) {
        return Err(failure);
    }
    dispatch(command, &Context { config, edge: Edge::real() })
}

fn finish(done: Result<u8, Failure>) -> ExitCode {
    match done {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            output::failure(&failure);
            ExitCode::from(failure.status)
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_tree_is_sound() {
        super::tree().debug_assert();
    }
}
