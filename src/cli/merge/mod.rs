//! `diptych merge`: the merge screen on three files, for git and other tools and by hand.

pub mod files;
pub mod json;

use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::plain::{self, Ended, Names};
use super::{Context, Failure, clipboard, output, screens};
use crate::domain::refine::Class;
use crate::domain::settle::{Labels, Settle};
use crate::tui::app::App;
use crate::tui::merge::{self, Files, Job, Opened};

/// Settle three files side by side
///
/// Status 0: all is settled and RESULT is written; 1: something is left open; 2: usage; 4: a file cannot be read or written, or is binary.
#[derive(clap::Args, Debug)]
pub struct Merge {
    /// What both sides started from; a missing or empty file is fine
    #[arg(required_unless_present = "setup")]
    base: Option<PathBuf>,
    /// Your side
    #[arg(required_unless_present = "setup")]
    mine: Option<PathBuf>,
    /// The other side
    #[arg(required_unless_present = "setup")]
    theirs: Option<PathBuf>,
    /// Where the result goes
    #[arg(short, long, value_name = "RESULT")]
    output: Option<PathBuf>,
    /// The name of your side
    #[arg(long, value_name = "NAME")]
    label_mine: Option<String>,
    /// The name of the base
    #[arg(long, value_name = "NAME")]
    label_base: Option<String>,
    /// The name of the other side
    #[arg(long, value_name = "NAME")]
    label_theirs: Option<String>,
    /// Ask line by line on standard input and output instead of on a screen
    #[arg(long)]
    plain: bool,
    /// Carry out decisions (JSON as --json explains them) from a file, - for standard input, and write the result
    #[arg(long, value_name = "FILE")]
    decide: Option<PathBuf>,
    /// With what is left open, write markers to RESULT (status 1)
    #[arg(long)]
    markers: bool,
    /// Print what to add to the settings of git, jj or hg
    #[arg(long, value_name = "TOOL", value_parser = ["git", "jj", "hg"])]
    setup: Option<String>,
}

const GIT: &str = r#"# git config --global --edit, then add:
[merge]
	tool = diptych
[mergetool "diptych"]
	cmd = diptych merge \"$BASE\" \"$LOCAL\" \"$REMOTE\" -o \"$MERGED\"
	trustExitCode = true
[mergetool]
	keepBackup = false
"#;

const JJ: &str = r#"# jj config edit --user, then add:
[ui]
merge-editor = "diptych"
[merge-tools.diptych]
program = "diptych"
merge-args = ["merge", "$base", "$left", "$right", "-o", "$output"]
"#;

const HG: &str = "\
# hg config --edit, then add:
[ui]
merge = diptych
[merge-tools]
diptych.executable = diptych
diptych.args = merge $base $local $other -o $output
diptych.premerge = False
diptych.gui = False
";

impl Merge {
    /// Runs the command.
    ///
    /// # Errors
    /// Files that cannot be read or written, arguments that make no sense, no terminal.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        if let Some(tool) = &self.setup {
            let text = match tool.as_str() {
                "jj" => JJ,
                "hg" => HG,
                _ => GIT,
            };
            return output::bytes(text.as_bytes()).map(|()| 0);
        }
        let (Some(base), Some(mine), Some(theirs)) = (&self.base, &self.mine, &self.theirs) else {
            return Err(Failure::usage("Three files are needed.", "A merge has a base and two sides.", "Name BASE, MINE and THEIRS."));
        };
        let texts = [files::read(base, true)?, files::read(mine, false)?, files::read(theirs, false)?];
        let accept = merge::classes(&ctx.config.accept);
        let labels = self.labels();
        if self.is_on_screen(ctx) {
            let Some(result) = &self.output else { return Err(no_result()) };
            return self.shown(ctx, texts, accept, result.clone(), labels);
        }
        let [b, m, t] = texts;
        let settle = Settle::open(b, m, t, &accept);
        if let Some(from) = &self.decide {
            return self.decided(settle, from, &labels);
        }
        if ctx.config.json {
            output::json(&json::told(&settle))?;
            return Ok(u8::from(!settle.is_settled()));
        }
        if self.markers {
            return self.finish(&settle, &labels);
        }
        let Some(result) = &self.output else { return Err(no_result()) };
        let journal = journal(ctx, &settle, result);
        self.asked(settle, &journal)
    }

    /// Whether a person settles it on the screen.
    fn is_on_screen(&self, ctx: &Context) -> bool {
        self.decide.is_none() && !ctx.config.json && !self.markers && !self.plain
    }

    fn labels(&self) -> Labels {
        let name = |label: &Option<String>, path: &Option<PathBuf>| {
            label.clone().unwrap_or_else(|| path.as_ref().map(|p| p.display().to_string()).unwrap_or_default())
        };
        Labels {
            mine: name(&self.label_mine, &self.mine),
            base: name(&self.label_base, &self.base),
            theirs: name(&self.label_theirs, &self.theirs),
        }
    }

    fn decided(&self, mut settle: Settle, from: &Path, labels: &Labels) -> Result<u8, Failure> {
        decide(&mut settle, from)?;
        self.finish(&settle, labels)
    }

    /// Writes what is settled, or markers where that was asked for.
    fn finish(&self, settle: &Settle, labels: &Labels) -> Result<u8, Failure> {
        let (bytes, status) = match settle.result() {
            Some(bytes) => (bytes, 0),
            None if self.markers => (settle.with_markers(labels), 1),
            None => {
                let open = settle.counts().open;
                let places = if open == 1 { "place is" } else { "places are" };
                return Err(Failure::conflict(
                    format!("{open} {places} still open."),
                    "Only you can decide them.",
                    "Decide them too, or use --markers.",
                ));
            }
        };
        match &self.output {
            Some(path) => files::write(path, &bytes, false)?,
            None => output::bytes(&bytes)?,
        }
        Ok(status)
    }

    fn asked(&self, mut settle: Settle, journal: &Path) -> Result<u8, Failure> {
        let restored = settle.restore(&std::fs::read(journal).unwrap_or_default());
        if restored.kept > 0 {
            let choices = if restored.kept == 1 {
                "1 choice of an earlier run is".to_owned()
            } else {
                format!("{} choices of an earlier run are", restored.kept)
            };
            output::note(&format!("{choices} kept."));
        }
        let labels = self.labels();
        let names = Names { mine: &format!("mine ({})", labels.mine), theirs: &format!("theirs ({})", labels.theirs) };
        let (mut input, mut out) = (std::io::stdin().lock(), std::io::stdout().lock());
        let ended = plain::ask(&mut settle, names, &mut input, &mut out, |s| keep(journal, s));
        drop(out);
        match ended.map_err(|e| Failure::data("The questions could not be asked.", e, "Check standard input and output."))? {
            Ended::Left if !self.markers => Ok(1),
            _ => {
                let status = self.finish(&settle, &labels)?;
                if status == 0 {
                    let _ = std::fs::remove_file(journal);
                }
                Ok(status)
            }
        }
    }

    /// Shows the merge screen; the merge itself is made beside it.
    fn shown(&self, ctx: &Context, texts: [Vec<u8>; 3], accept: Vec<Class>, result: PathBuf, labels: Labels) -> Result<u8, Failure> {
        let size = texts.iter().map(Vec::len).sum();
        let name = result.display().to_string();
        let (folder, target) = (folder(ctx), result.clone());
        let (job, wanted) = Job::new(move |stop| {
            let settle = Settle::open_unless(texts, &accept, stop)?;
            few(&folder);
            let path = folder.join(file_name(&settle, &target));
            let kept = std::fs::read(&path).unwrap_or_default();
            // Where that fails, writing the journal fails too, and the screen says so.
            let _ = std::fs::create_dir_all(&folder);
            Ok(Opened { journal: Some(path), ..Opened::new(settle, &kept) })
        });
        let files = Files { result: crate::tui::whole::target(&result), name, labels, journal: None };
        let app = App::new(screens::setup(ctx)?, merge::files(files, (job, wanted), size), false);
        let links = crate::tui::Links::none(ctx.config.editor.clone(), clipboard::programs());
        let status = ctx.block_on_one(async {
            let done = crate::tui::run(app, links).await;
            done.map_err(|e| Failure::data("The screen could not be shown.", e, "Run it in a terminal, or use --plain."))
        })?;
        Ok(status)
    }
}

/// Carries out the decisions in a file, or on standard input for `-`.
///
/// # Errors
/// They cannot be read, or do not fit.
pub fn decide(settle: &mut Settle, from: &Path) -> Result<(), Failure> {
    let mut text = String::new();
    let read = if from.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(from).map(|t| text = t)
    };
    read.map_err(|e| Failure::data("The decisions cannot be read.", e, "Check the file and try again."))?;
    let like = "Decisions look like {\"hunks\": [{\"hunk\": 1, \"choice\": \"mine\"}]}.";
    json::decide(settle, &text).map_err(|why| Failure::usage(why, like, "Compare them with what --json tells."))
}

fn no_result() -> Failure {
    Failure::usage("Nowhere to write the result.", "-o is missing.", "Add -o RESULT.")
}

/// Where the journals of files lie.
fn folder(ctx: &Context) -> PathBuf {
    ctx.config.dirs.state.join("merges")
}

fn journal(ctx: &Context, settle: &Settle, result: &Path) -> PathBuf {
    folder(ctx).join(file_name(settle, result))
}

/// Journals kept of conflicts that were left and not come back to.
const LEFT: usize = 200;

/// Removes the oldest journals where there are too many.
fn few(folder: &Path) {
    let Ok(all) = std::fs::read_dir(folder) else { return };
    let mut all: Vec<_> = all.flatten().filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, e.path()))).collect();
    all.sort();
    let many = all.len().saturating_sub(LEFT);
    all.into_iter().take(many).for_each(|(_, path)| drop(std::fs::remove_file(path)));
}

/// The name of the journal of a conflict: by where its result goes and by what the sides say where they differ.
fn file_name(settle: &Settle, result: &Path) -> String {
    let mut hash = Sha256::new();
    hash.update(std::path::absolute(result).unwrap_or_else(|_| result.to_owned()).as_os_str().as_encoded_bytes());
    hash.update(settle.fingerprint().to_le_bytes());
    let name: String = hash.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect();
    format!("{name}.journal")
}

/// Keeps the choices made so far; where that fails they are still in memory.
fn keep(path: &Path, settle: &Settle) {
    if let Some(dir) = path.parent()
        && std::fs::create_dir_all(dir).is_ok()
    {
        let _ = files::write(path, &settle.journal(None), true);
    }
}
