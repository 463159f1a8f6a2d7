//! `diptych export DIR`: every note as a Markdown file with front matter, named after its title.
//!
//! A file that is there already is written over only if it says that it is the same note; any other keeps its name, and the note gets one
//! with its id in it. Each file is written beside, synced and renamed, and one that says the same already is left as it is.
//! `--json`: `{"data": {"written": n, "dir": "…"}}`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::session::Session;
use super::{Context, Failure, output};
use crate::domain::note::NoteId;
use crate::tui::rows::counted;
use crate::tui::whole::{self, New};
use crate::wire::markdown;

/// Bytes of a title that go into a file's name.
const NAME: usize = 80;

/// Files that share the wait for the disk, and bytes of them that are held until then.
const AT_A_TIME: usize = 256;
const BYTES: usize = 16 << 20;

/// Write all notes as Markdown files with front matter
#[derive(clap::Args, Debug)]
pub struct Export {
    /// The folder; made if it is not there
    dir: PathBuf,
}

impl Export {
    /// Writes them.
    ///
    /// # Errors
    /// The notes cannot be read, or a file cannot be written; those written before it are whole.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let dir = &self.dir;
        std::fs::create_dir_all(dir).map_err(|e| unwritten(dir, &e))?;
        let written = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            session.freshen().await?;
            let rows: Vec<_> = session.rows().await?.into_iter().filter(|r| !r.deleted).collect();
            let mut titles: HashMap<String, usize> = HashMap::new();
            for row in &rows {
                *titles.entry(stem(&row.title).to_lowercase()).or_default() += 1;
            }
            let (mut files, mut bytes) = (Vec::new(), 0);
            for (n, row) in rows.iter().enumerate() {
                let detail = session.detail(row.id).await?;
                let Some(content) = detail.content() else { continue };
                let name = stem(&row.title);
                let alone = titles.get(&name.to_lowercase()) == Some(&1);
                let text = markdown::write(row.id, detail.synced.as_ref().map_or(0, |s| s.version), content);
                let path = place(dir, &name, row.id, alone);
                if !std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
                    bytes += text.len();
                    files.push((path, text.into_bytes()));
                }
                if files.len() == AT_A_TIME || bytes > BYTES {
                    write(&mut files)?;
                    bytes = 0;
                }
                output::progress("Written", n + 1, rows.len());
            }
            write(&mut files)?;
            session.close().await?;
            Ok(rows.len())
        })?;
        if ctx.config.json {
            output::json(&json!({ "data": { "written": written, "dir": dir.display().to_string() } }))?;
        } else {
            output::line(&format!("{} written to {}", counted(written, "note", "notes"), dir.display()))?;
        }
        Ok(0)
    }
}

fn write(files: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<(), Failure> {
    whole::write_all(&std::mem::take(files), New::Shared).map_err(|(path, e)| unwritten(&path, &e))
}

fn unwritten(path: &Path, e: &std::io::Error) -> Failure {
    Failure::data(format!("{} cannot be written.", path.display()), e, "Free some space, or choose a folder you may write to.")
}

/// A file's name from a title: letters, digits, `-`, `_` and spaces, so that it is one name in one folder everywhere.
fn stem(title: &str) -> String {
    let plain: String = title.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | ' ') { c } else { '-' }).collect();
    let cut = crate::client::record::head(plain.trim_matches(['-', ' ']), NAME).trim_end_matches(['-', ' ']);
    if cut.is_empty() { "note".to_owned() } else { cut.to_owned() }
}

fn place(dir: &Path, name: &str, id: NoteId, alone: bool) -> PathBuf {
    let plain = dir.join(format!("{name}.md"));
    let same = || match std::fs::read_to_string(&plain) {
        Ok(text) => markdown::read(&text, name).is_ok_and(|page| page.id == Some(id)),
        Err(e) => e.kind() == std::io::ErrorKind::NotFound,
    };
    if alone && same() { plain } else { dir.join(format!("{name}-{id}.md")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_makes_a_name_that_stays_in_its_folder() {
        assert_eq!(stem("Trip to Lisbon"), "Trip to Lisbon");
        assert_eq!(stem("../../etc/passwd"), "etc-passwd");
        assert_eq!(stem(" ¿? "), "note");
        assert_eq!(stem("日記: 二日目"), "日記- 二日目");
        assert!(stem(&"ö".repeat(100)).len() <= NAME);
    }
}
