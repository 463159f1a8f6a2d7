//! What the client tells about the notes of the list.

use std::sync::Arc;

use super::{List, PAUSE_MS};
use crate::client::handle::{Command, Detail, News};
use crate::domain::note::dedup;
use crate::tui::message::Effect;
use crate::tui::screen::Ctx;

impl List {
    /// Changes the tags of a note that was opened for it.
    fn retagged(&mut self, detail: &Detail) -> Option<Effect> {
        let (ids, change) = self.retag.as_mut()?;
        if !ids.remove(&detail.id) {
            return None;
        }
        let base = detail.synced.as_ref().map(|n| n.version);
        let mut content = detail.draft.as_ref().map(|d| d.content.clone()).or_else(|| detail.synced.as_ref().map(|n| n.content.clone()))?;
        for word in change.split([' ', ',']).map(str::trim).filter(|w| !w.is_empty()) {
            match word.strip_prefix('-') {
                Some(gone) => content.tags.retain(|t| t != gone),
                None => content.tags.push(word.trim_start_matches(['+', '#']).to_owned()),
            }
        }
        content.tags.retain(|t| !t.is_empty());
        content.tags = dedup(content.tags);
        Some(Effect::Client(Command::Save { id: detail.id, base, content: Box::new(content), revision: 0 }))
    }

    pub(super) fn news(&mut self, news: &News, ctx: &Ctx<'_>) -> Vec<Effect> {
        match news {
            News::Rows(rows) => {
                self.index = rows.iter().enumerate().map(|(i, r)| (r.id, i)).collect();
                self.all = Some(rows.clone());
                self.stale = true;
                self.due.get_or_insert(ctx.now);
            }
            News::RowIs(row) => {
                let all = Arc::make_mut(self.all.get_or_insert_default());
                match self.index.get(&row.id) {
                    Some(at) => all[*at] = (**row).clone(),
                    None => {
                        self.index.insert(row.id, all.len());
                        all.push((**row).clone());
                    }
                }
                self.stale = true;
                if self.previewed.as_ref().is_some_and(|p| p.id == row.id) {
                    self.asked.1 = None;
                    self.due = Some(ctx.now.plus_ms(PAUSE_MS));
                }
            }
            News::RowGone(id) => {
                self.keep = self.current().map(|r| r.id).or(self.keep);
                if let (Some(all), Some(at)) = (&mut self.all, self.index.remove(id)) {
                    let all = Arc::make_mut(all);
                    all.swap_remove(at);
                    if let Some(moved) = all.get(at) {
                        self.index.insert(moved.id, at);
                    }
                    // Indexes changed: nothing may be read through the old ones.
                    self.shown.clear();
                    self.stale = true;
                }
                self.selected.remove(id);
            }
            News::LockIs(id, holder) => {
                if let (Some(all), Some(at)) = (&mut self.all, self.index.get(id)) {
                    Arc::make_mut(all)[*at].lock.clone_from(holder);
                    self.stale = true;
                }
            }
            News::Found(query, hits) if *query == self.filter.query => {
                self.filter.found = hits.iter().cloned().collect();
                self.stale = true;
            }
            News::Opened(detail) => {
                let effect = self.retagged(detail);
                if self.asked.1 == Some(detail.id) {
                    self.previewed = Some(detail.clone());
                }
                return effect.into_iter().collect();
            }
            _ => {}
        }
        Vec::new()
    }
}
