//! `diptych import DIR`: Markdown files into notes. A file that says which note it is becomes a save of it, on the version it says it was
//! written from; any other becomes a new note. A save that collides is parked, like any other (status 1).
//!
//! `--dry-run` says what would happen. `--json`: `{"data": {"created": n, "saved": n, "unchanged": n, "parked": n, "left": […]}}`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::many::Save;
use super::session::{self, Session};
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

/// Saves that share the wait for the disk, and bytes of text that are held until then.
const AT_A_TIME: usize = 64;
const BYTES: usize = 16 << 20;

/// An import on its way.
struct Work {
    session: Session,
    tally: Tally,
    ready: Vec<Ready>,
    bytes: usize,
    sent: Vec<NoteId>,
}

/// A file that is to be saved.
struct Ready {
    path: PathBuf,
    new: bool,
    save: Save,
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
            let mut work = Work { session, tally: Tally::default(), ready: Vec::new(), bytes: 0, sent: Vec::new() };
            for (n, path) in files.iter().enumerate() {
                match read(ctx, path) {
                    Ok((id, page)) => work.add(path, id, page, self.dry_run).await?,
                    Err(failure) => work.left(path, &failure),
                }
                output::progress("Read", n + 1, files.len());
            }
            work.save().await?;
            let Work { mut session, mut tally, sent, .. } = work;
            tally.parked = session.sent_all(&sent).await?;
            session.close().await?;
            Ok(tally)
        })?;
        report(ctx, &tally, self.dry_run)
    }
}

/// The note that a file says, and which it is.
fn read(ctx: &Context, path: &Path) -> Result<(NoteId, Page), Failure> {
    let text = session::text(&path.display().to_string())?;
    let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let page = markdown::read(&text, &name)
        .map_err(|why| Failure::data("Its front matter cannot be read.", why, "Mend that line and import again."))?;
    save::checked(&page.content)?;
    Ok((page.id.unwrap_or_else(|| ctx.edge.note_id()), page))
}

impl Tally {
    fn count(&mut self, new: bool) {
        *if new { &mut self.created } else { &mut self.saved } += 1;
    }
}

impl Work {
    fn left(&mut self, path: &Path, failure: &Failure) {
        self.tally.left.push(format!("{}: {} {}", path.display(), failure.what, failure.why).trim_end().to_owned());
    }

    /// Takes a file; what it says is saved with the next ones.
    async fn add(&mut self, path: &Path, id: NoteId, page: Page, dry: bool) -> Result<(), Failure> {
        if self.ready.iter().any(|r| r.save.0 == id) {
            // A second file of one note is a save on top of the first.
            self.save().await?;
        }
        let detail = self.session.detail(id).await?;
        let (base, new) = match detail.content() {
            None => (None, true),
            Some(now) if same(now, &page.content) => {
                self.tally.unchanged += 1;
                return Ok(());
            }
            Some(_) => match save::based(&mut self.session, id, known(&page), &detail).await {
                Ok((base, _)) => (Some(base), false),
                Err(failure) => {
                    self.left(path, &failure);
                    return Ok(());
                }
            },
        };
        if dry {
            self.tally.count(new);
            return Ok(());
        }
        self.bytes += page.content.body.len();
        self.ready.push(Ready { path: path.to_owned(), new, save: (id, base, page.content) });
        if self.ready.len() == AT_A_TIME || self.bytes > BYTES { self.save().await } else { Ok(()) }
    }

    /// Saves what is ready.
    async fn save(&mut self) -> Result<(), Failure> {
        self.bytes = 0;
        let ready = std::mem::take(&mut self.ready);
        let (files, saves): (Vec<_>, Vec<_>) = ready.into_iter().map(|r| ((r.path, r.new, r.save.0), r.save)).unzip();
        let failed = self.session.save_all(saves).await?;
        for (path, new, id) in files {
            match failed.get(&id) {
                Some(why) => self.left(&path, &Failure::data(why, "", "")),
                None => {
                    self.tally.count(new);
                    self.sent.push(id);
                }
            }
        }
        Ok(())
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
