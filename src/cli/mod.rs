//! The commands: the only place that knows everyone, reads clock and randomness, and prints.
//!
//! One file per command; each has its arguments (a clap `Args`) and a `run` that returns an exit status.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod merge_file;

/// Edit notes in your terminal; when two edits collide, settle them side by side, and lose nothing.
#[derive(Parser, Debug)]
#[command(name = "diptych", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Cmd>,
}

#[derive(Subcommand, Debug)]
enum Cmd {
    MergeFile(merge_file::MergeFile),
}

/// What went wrong, for a person: one sentence of what, one of why, one of what to do.
#[derive(Debug, thiserror::Error)]
#[error("{what}\n{why}\n{todo}")]
pub struct Failure {
    /// The exit status: 1 a conflict is left, 2 usage, 3 the server, 4 data or disk.
    pub status: u8,
    /// What happened.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do about it.
    pub todo: String,
}

/// Reads the arguments, runs the command, and prints what went wrong.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(status) = merge_file::early() {
        return status;
    }
    let cli = Cli::parse();
    match cli.command {
        None => ExitCode::SUCCESS,
        Some(Cmd::MergeFile(args)) => args.run(),
    }
}
