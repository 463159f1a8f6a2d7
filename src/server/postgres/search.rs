//! Searches: the notes the index names, and what it does not know yet, looked at in slices from the newest on, in one view of the database.
//!
//! The database leaves out what cannot be wanted: a text of ASCII alone that does not hold what is looked for, for there its lower case is
//! ours. What is left is looked at here, so that the answer does not hang on the database's locale.

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::IsolationLevel;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{index, newest, read};
use crate::domain::note::Seq;
use crate::server::search::{Found, Wanted};
use crate::server::store::{Page, Search, Space, StoreError};

/// Notes looked at in one trip.
const SLICE: usize = 250;

/// What the index knows: how far it has come, and the notes that may hold what is asked for.
struct Known {
    reached: Seq,
    notes: Vec<(Seq, Uuid)>,
}

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A page of live notes, the one changed last first.
pub(super) async fn search(client: &mut Object, space: Space, search: &Search) -> Result<Page, StoreError> {
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
    let (wanted, mut found) = (Wanted::of(search), Found::of(search));
    let seq = newest(&rows(&tx, read::NEWEST, &[&space]).await?);
    let known = known(&tx, space, &wanted).await?;
    let mut before = search.after.unwrap_or(i64::MAX);
    // What the index does not know.
    while !found.is_done() {
        let slice = size(&found);
        let looked = rows(&tx, read::LOOKED, &[&space, &before, &known.reached, &slice]).await?;
        let Some((count, Some(last))) = looked.first().map(|r| (r.get::<_, i64>(0), r.get::<_, Option<Seq>>(1))) else { break };
        let wide: Params<'_> = &[&space, &before, &wanted.needle(), &wanted.tag(), &known.reached, &slice];
        offer(&rows(&tx, read::SEARCH_NEWER, wide).await?, &wanted, &mut found)?;
        found.passed(usize::try_from(count).unwrap_or(SLICE), last);
        before = last;
        if count < slice {
            break;
        }
    }
    let before = search.after.unwrap_or(i64::MAX);
    let mut rest = known.notes.split_at(known.notes.partition_point(|(seq, _)| *seq >= before)).1;
    while let Some((last, _)) =
        rest.get(..rest.len().min(SLICE).min(found.left())).and_then(|slice| slice.last()).filter(|_| !found.is_done())
    {
        let (slice, more) = rest.split_at(rest.partition_point(|(seq, _)| seq >= last));
        let ids: Vec<Uuid> = slice.iter().map(|(_, id)| *id).collect();
        let asked: Params<'_> = &[&space, &ids, &wanted.needle(), &wanted.tag(), &known.reached];
        offer(&rows(&tx, read::SEARCH_KNOWN, asked).await?, &wanted, &mut found)?;
        found.passed(slice.len(), *last);
        rest = more;
    }
    tx.commit().await?;
    Ok(found.page(seq))
}

/// Notes to look at next.
fn size(found: &Found) -> i64 {
    i64::try_from(SLICE.min(found.left())).unwrap_or(i64::MAX)
}

fn offer(rows: &[tokio_postgres::Row], wanted: &Wanted, found: &mut Found) -> Result<(), StoreError> {
    for row in rows {
        if wanted.fits(row.get(2), row.get(3), row.get(4))? {
            found.take(row.get(11), read::note(row)?);
        }
    }
    Ok(())
}

async fn rows(tx: &Transaction<'_>, sql: &str, params: Params<'_>) -> Result<Vec<tokio_postgres::Row>, StoreError> {
    let statement = tx.prepare_cached(sql).await?;
    Ok(tx.query(&statement, params).await?)
}

/// Asks the index; nothing where it cannot help, or so many notes may hold it that reading from the newest on finds a page sooner.
async fn known(tx: &Transaction<'_>, space: Space, wanted: &Wanted) -> Result<Known, StoreError> {
    let asked = wanted.needle().map(index::asked).unwrap_or_default();
    let nothing = Known { reached: 0, notes: Vec::new() };
    if asked.is_empty() {
        return Ok(nothing);
    }
    let found = rows(tx, index::FIND, &[&space, &asked, &index::MANY]).await?;
    if found.len() >= usize::try_from(index::MANY).unwrap_or(usize::MAX) {
        return Ok(nothing);
    }
    let mut notes: Vec<(Seq, Uuid)> = found.iter().map(|r| (r.get(0), r.get(1))).collect();
    notes.sort_unstable_by(|a, b| b.cmp(a));
    Ok(Known { reached: newest(&rows(tx, index::REACHED, &[&space]).await?), notes })
}
