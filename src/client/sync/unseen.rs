//! What a text that comes from a screen has not seen, and what it therefore stands on.
//!
//! The rule: a text that arrives after some news ends up as if it had arrived before it. What the news was is remembered by
//! [`Passed`].

use super::{Effect, Env, Input, Passed, Record, alike};
use crate::client::handle::News;
use crate::client::rebase;
use crate::client::record::{Base, Typed};
use crate::domain::note::{Content, Note, Version};

/// How a note stood before a step.
pub(super) struct Stood {
    on: Option<(Note, Content)>,
    told: bool,
}

impl Stood {
    pub(super) fn of(record: &Record, input: &Input) -> Stood {
        // These say for themselves what becomes of one's own text; the others change no version.
        let speaks = matches!(input, Input::Answered(..) | Input::Settle(..) | Input::Due(_) | Input::Journal(_) | Input::Type(..));
        let shown = record.content().filter(|_| !speaks);
        let told = matches!(input, Input::Type(_, _, Some(_)) | Input::Save(_, _, Some(_)));
        Stood { on: record.base().note.map(|n| *n).zip(shown.cloned()), told }
    }

    /// Says what went by: where nothing of this device's own stands on it any more, another version took its place.
    pub(super) fn passed(self, record: &Record, out: &mut Vec<Effect>) {
        if record.has_own() {
            out.extend(self.told.then_some(Effect::Passed(Passed::Told)));
        } else if let (Some((was, shown)), Some(now)) = (self.on, &record.synced)
            && *now != was
            && !alike(&shown, &now.content)
        {
            out.push(Effect::Passed(Passed::Other { was: Box::new(was), now: now.version }));
        }
    }
}

/// This device's own text `from` became `to`, which stands on `on`; before, it stood on `base`.
pub(super) fn went_on(record: &Record, from: &Content, to: &Content, (base, on): (&Base, &Note), out: &mut Vec<Effect>) {
    let base = base.under(from, on);
    out.push(Effect::Passed(Passed::Own { to: Box::new(to.clone()), now: on.version, base: Box::new(base) }));
    if let Some(now) = record.synced.as_ref().filter(|now| now.version > on.version && !record.has_own()) {
        out.push(Effect::Passed(Passed::Other { was: Box::new(on.clone()), now: now.version }));
        out.push(Effect::Tell(News::Moved { note: Box::new(now.clone()), drafted: false }));
    }
}

/// The text of a screen that started from version `on`, as it is now, and what it stands on.
pub(super) fn placed(record: &mut Record, (mut content, on): (Content, Option<Version>), env: &Env) -> (Content, Base) {
    let Some(on) = on else { return (content, record.base()) };
    if let Some(exact) = env.unseen.version(record.id, on) {
        pin(record, Base::of(Some(exact)), env);
        return (content, record.base());
    }
    let mut seen = on;
    for passed in env.unseen.since(record.id, on) {
        match passed {
            Passed::Other { was, .. } => {
                pin(record, Base::of(Some(was)), env);
                return (content, record.base());
            }
            Passed::Own { to, base, now } => {
                let Some(from) = base.content() else { continue };
                if rebase::clashes(from, &content, to) {
                    // A person decides between the two, so it stays on what it stood on.
                    return (content, (**base).clone());
                }
                if !alike(from, to) {
                    content = rebase::rebase(from, &content, to, env.rules);
                }
                seen = *now;
            }
            Passed::Told => {}
        }
    }
    if record.synced.as_ref().is_some_and(|n| n.version > seen) {
        // How it came here is not known (another program may have fetched it); the server knows what the text started from.
        pin(record, Base { version: seen, note: None, own: false }, env);
    }
    (content, record.base())
}

/// Makes `base` what the next text is typed on, where this device has another version and no text of its own.
fn pin(record: &mut Record, base: Base, env: &Env) {
    if !record.has_own() && record.synced.as_ref() != base.note.as_deref() {
        let content = base.content().or(record.content()).cloned().unwrap_or_default();
        record.typed = Some(Typed { base, content, at: env.now });
    }
}
