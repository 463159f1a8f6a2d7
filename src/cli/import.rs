//! `diptych import DIR`: Markdown files into notes. A file that says which note it is becomes a save of it, on the version it says it was
//! written from; any other becomes a new note. A save that collides is parked, like any other (status 1).
//!
//! `--dry-run` says what would happen. `--json`: `{"data": {"created": n, "saved": n, "unchanged": n, "parked": n, "left": […]}}`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::session::{self, Sent, Session};
use super::sync::MANY;
use super::{Context, Failure, output, save};
use crate::domain::note::{Content, NoteId};
use crate::wire::markdown::{self, Page};

/// Bring Markdown files in as notes
#[derive(clap::Args, Debug)]
pub struct Import {
    /// The folder with the .md files
    dir: PathBuf,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

#[derive(Default)]
struct Tally {
    created: usize,
    saved: usize,
    unchanged: usize,
    parked: usize,
    left: Vec<String>,
}

impl Import {
    /// Brings them in.
    ///
    /// # Errors
    /// The folder or the notes cannot be read. A file that cannot be used is named and left, the others go on.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let files = files(&self.dir)?;
        let tally = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            session.freshen().await?;
            let (mut tally, mut on_their_way) = (Tally::default(), Vec::new());
            for (n, path) in files.iter().enumerate() {
                match self.one(ctx, &mut session, path, &mut tally).await {
                    Ok(Some(id)) => on_their_way.push(id),
                    Ok(None) => {}
                    Err(failure) => tally.left.push(format!("{}: {} {}", path.display(), failure.what, failure.why)),
                }
                output::progress("Read", n + 1, files.len());
            }
            let all = on_their_way.len();
            for (n, id) in on_their_way.into_iter().enumerate() {
                if all > MANY {
                    output::progress("Sent", n + 1, all);
                }
                if matches!(session.sent(id, false).await?, Sent::Parked) {
                    tally.parked += 1;
                }
            }
            session.close().await?;
            Ok(tally)
        })?;
        report(ctx, &tally, self.dry_run)
    }

    async fn one(&self, ctx: &Context, session: &mut Session, path: &Path, tally: &mut Tally) -> Result<Option<NoteId>, Failure> {
        let text = session::text(&path.display().to_string())?;
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let page = markdown::read(&text, &name)
            .map_err(|why| Failure::data("Its front matter cannot be read.", why, "Mend that line and import again."))?;
        save::checked(&page.content)?;
        let id = page.id.unwrap_or_else(|| ctx.edge.note_id());
        let detail = session.detail(id).await?;
        let base = match detail.content() {
            None => {
                tally.created += 1;
                None
            }
            Some(now) if same(now, &page.content) => {
                tally.unchanged += 1;
                return Ok(None);
            }
            Some(_) => {
                let (base, _) = save::based(session, id, known(&page), &detail).await?;
                tally.saved += 1;
                Some(base)
            }
        };
        if self.dry_run {
            return Ok(None);
        }
        session.save(id, base, page.content).await?;
        Ok(Some(id))
    }
}

fn known(page: &Page) -> Option<i64> {
    page.version.filter(|v| *v > 0)
}

fn same(a: &Content, b: &Content) -> bool {
    a.changed_fields(b).is_empty()
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unread = |e: std::io::Error| Failure::data(format!("{} cannot be read.", dir.display()), e, "Name the folder with the .md files.");
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("md")) && path.is_file() {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

fn report(ctx: &Context, tally: &Tally, dry: bool) -> Result<u8, Failure> {
    let Tally { created, saved, unchanged, parked, left } = tally;
    if ctx.config.json {
        let data = json!({ "created": created, "saved": saved, "unchanged": unchanged, "parked": parked, "left": left });
        output::json(&json!({ "data": data }))?;
    } else {
        let lead = if dry { "Would be: " } else { "" };
        output::line(&format!("{lead}{created} new, {saved} saved, {unchanged} unchanged"))?;
    }
    left.iter().for_each(|why| output::note(&output::harmless(&format!("Left: {why}"))));
    if *parked > 0 {
        let todo = "diptych conflicts lists them; diptych conflicts settle ID --plain asks what to keep.";
        return Err(Failure::conflict(format!("{parked} of them were changed elsewhere meanwhile."), "Both versions are kept.", todo));
    }
    Ok(if left.is_empty() { 0 } else { 4 })
}
