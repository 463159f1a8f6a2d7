//! What `merge-file` asks git: the configured conflict style, and objects.
//!
//! Starting git costs more than most merges, so it is asked for the style only inside a repository (outside git does not look either),
//! and only if some file it would read could name one.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::trouble::{Trouble, plain};
use crate::domain::merge::marked::Style;

/// The style that `merge.conflictStyle` asks for.
pub(super) fn configured_style() -> Result<Style, Trouble> {
    if !may_be_configured() {
        return Ok(Style::Merge);
    }
    let Ok(out) = Command::new("git").args(["config", "--get", "merge.conflictstyle"]).stdin(Stdio::null()).stderr(Stdio::null()).output()
    else {
        return Ok(Style::Merge);
    };
    match String::from_utf8_lossy(&out.stdout).trim_end_matches('\n') {
        "" | "merge" => Ok(Style::Merge),
        "diff3" => Ok(Style::Diff3),
        "zdiff3" => Ok(Style::Zdiff3),
        other => Err(Trouble::fatal(format!("unknown style '{other}' given for 'merge.conflictstyle'"))),
    }
}

fn may_be_configured() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some();
    if ["GIT_DIR", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_COMMON_DIR"]
        .into_iter()
        .any(set)
    {
        return true;
    }
    let Some(config) = repository_config() else { return false };
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let xdg = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| home.as_ref().map(|h| h.join(".config")));
    let others = [home.map(|h| h.join(".gitconfig")), xdg.map(|x| x.join("git/config"))];
    let system = ["/etc/gitconfig", "/usr/etc/gitconfig", "/usr/local/etc/gitconfig", "/opt/homebrew/etc/gitconfig"].map(PathBuf::from);
    config.is_none_or(|c| names_style(&c)) || others.into_iter().flatten().chain(system).any(|c| names_style(&c))
}

/// The configuration file of the repository around the current folder: `None` if there is none, `Some(None)` if it is not a plain one.
fn repository_config() -> Option<Option<PathBuf>> {
    let here = std::env::current_dir().ok()?;
    let place = here.ancestors().find(|f| f.join(".git").exists() || (f.join("HEAD").exists() && f.join("objects").exists()))?;
    let git = place.join(".git");
    let plain = git.is_dir() && !git.join("config.worktree").exists();
    Some(plain.then(|| git.join("config")))
}

fn names_style(config: &Path) -> bool {
    let text = std::fs::read(config).unwrap_or_default().to_ascii_lowercase();
    memchr::memmem::find(&text, b"conflictstyle").is_some() || memchr::memmem::find(&text, b"include").is_some()
}

/// The bytes of an object.
pub(super) fn object(name: &OsStr) -> Result<Vec<u8>, Trouble> {
    inside_repository()?;
    if let Some(text) = said(&["cat-file", "blob"], name) {
        return Ok(text);
    }
    let missing = || Trouble::new(format!("object '{}' does not exist", name.to_string_lossy()));
    let id = said(&["rev-parse", "--verify", "--quiet"], name).ok_or_else(missing)?;
    let id = String::from_utf8_lossy(id.trim_ascii_end()).into_owned();
    // Two names stand for nothing without being in the repository: that of the empty object, and all zeros.
    let nothing = || said(&["hash-object", "--stdin"], OsStr::new("--")).unwrap_or_default();
    if id.bytes().all(|b| b == b'0') || nothing().trim_ascii_end() == id.as_bytes() {
        return Ok(Vec::new());
    }
    Err(Trouble::fatal(format!("unable to read blob object {id}")))
}

/// What git prints when asked about one thing, with nothing to read; `None` if it refuses.
fn said(args: &[&str], about: &OsStr) -> Option<Vec<u8>> {
    let out = Command::new("git").args(args).arg(about).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    out.status.success().then_some(out.stdout)
}

fn inside_repository() -> Result<(), Trouble> {
    let out = Command::new("git").args(["rev-parse", "--git-dir"]).stdin(Stdio::null()).output();
    match out {
        Ok(out) if out.status.success() => Ok(()),
        Ok(out) => {
            let text = String::from_utf8_lossy(&out.stderr).trim().trim_start_matches("fatal: ").to_owned();
            Err(Trouble::fatal(text))
        }
        Err(e) => Err(Trouble::fatal(format!("git could not be started: {}", plain(&e)))),
    }
}

/// Stores the result as an object; gives its name and a line feed.
pub(super) fn store(parts: &[Cow<'_, [u8]>]) -> Result<Vec<u8>, Trouble> {
    let failed = || Trouble::new("Could not write object file");
    let mut git = Command::new("git")
        .args(["hash-object", "-w", "--stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|_| failed())?;
    if let Some(mut to) = git.stdin.take() {
        parts.iter().try_for_each(|p| to.write_all(p)).map_err(|_| failed())?;
    }
    let out = git.wait_with_output().map_err(|_| failed())?;
    if out.status.success() { Ok(out.stdout) } else { Err(failed()) }
}
