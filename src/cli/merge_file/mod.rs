//! `diptych merge-file`: merges three files as `git merge-file` does, with the same options, the same bytes and the same status.
//!
//! It is started before anything else of the program is set up, so that a merge costs little more than reading the files. `--refine`
//! levels endings and applies every proposal first; `--json` tells hunks, classes and proposals instead of merging.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use crate::domain::merge::marked::{self, Marked, Marking};
use crate::domain::{endings, merge, refine};

mod args;
mod files;
mod git;
mod json;
mod trouble;

use args::{Asked, Refused};
use trouble::Trouble;

/// Bad usage.
const USAGE: u8 = 129;

const HELP: &str = "\
usage: diptych merge-file [<options>] [-L <mine> [-L <base> [-L <theirs>]]] <mine> <base> <theirs>

Merges what <base> became in <mine> and in <theirs>, into <mine>. The status is the number of conflicts (127 at most).

    -p, --stdout          write the result to standard output
    --object-id           the three are objects of the git repository, and so is the result
    --diff3               put base between the markers too
    --zdiff3              the same, without what mine and theirs begin and end with alike
    --ours                take mine for conflicts
    --theirs              take theirs for conflicts
    --union               take both for conflicts
    --diff-algorithm <algorithm>
                          myers, minimal, patience or histogram
    --marker-size <n>     signs in a marker
    -q, --quiet           say nothing on standard error
    -L <name>             labels of mine, base and theirs
    --refine              apply proposals (what `diptych merge` would propose): only what still asks is a conflict
    --json                tell hunks, classes and proposals as JSON, and change nothing
";

/// For help, completions and the man page; the command reads its arguments itself.
#[derive(clap::Args, Debug)]
#[command(about = "Merge three files as git merge-file does", override_help = HELP, disable_help_flag = true)]
pub struct MergeFile {
    /// Options, then mine, base and theirs
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<OsString>,
}

impl MergeFile {
    /// Runs the command with arguments that clap has gathered.
    #[must_use]
    pub fn run(self) -> ExitCode {
        run(self.rest.into_iter())
    }
}

/// Runs `merge-file` if that is what the program was asked for, before anything else is set up.
#[must_use]
pub fn early() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    (args.next()? == "merge-file").then(|| run(args))
}

fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    match args::read(args) {
        Ok(asked) => ExitCode::from(merged(&asked).unwrap_or_else(|trouble| trouble.told(asked.quiet))),
        Err(Refused::Help) => {
            let _ = std::io::stdout().write_all(HELP.as_bytes());
            ExitCode::from(USAGE)
        }
        Err(Refused::Usage(why)) => {
            let why = if why.is_empty() { why } else { why + "\n" };
            let _ = std::io::stderr().write_all((why + HELP).as_bytes());
            ExitCode::from(USAGE)
        }
    }
}

/// Merges, writes, and gives the number of conflicts.
fn merged(asked: &Asked) -> Result<u8, Trouble> {
    let style = match asked.style {
        Some(style) => style,
        None => git::configured_style()?,
    };
    let mine = files::read(asked, 0)?;
    let base = files::read(asked, 1)?;
    let theirs = files::read(asked, 2)?;
    let labels = [args::label(asked, 0), args::label(asked, 1), args::label(asked, 2)];
    let marking = Marking { style, favour: asked.favour, size: asked.size, labels };
    if asked.json {
        let (text, open) = json::report(&base, &mine, &theirs, asked.refine);
        files::to_stdout(&[text.into_bytes().into()])?;
        return Ok(status(open));
    }
    if asked.refine {
        let levelled = endings::level(&base, &mine, &theirs);
        let hunks = merge::merge(&levelled.base, &levelled.mine, &levelled.theirs);
        let proposals = refine::propose(&levelled.base, &levelled.mine, &levelled.theirs, &hunks);
        let texts = (&*levelled.base, &*levelled.mine, &*levelled.theirs);
        return written(asked, &marked::with_proposals(texts, &hunks, &proposals, asked.algorithm, &marking));
    }
    written(asked, &marked::merge_file(&base, &mine, &theirs, asked.algorithm, &marking))
}

fn written(asked: &Asked, marked: &Marked<'_>) -> Result<u8, Trouble> {
    if asked.to_stdout {
        files::to_stdout(&marked.parts)?;
    } else if asked.object_id {
        files::to_stdout(&[git::store(&marked.parts)?.into()])?;
    } else {
        files::replace(&asked.files[0], &marked.parts)?;
    }
    Ok(status(marked.conflicts))
}

fn status(conflicts: usize) -> u8 {
    u8::try_from(conflicts.min(127)).unwrap_or(127)
}
