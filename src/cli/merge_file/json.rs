//! Hunks, classes and proposals as JSON: what `merge-file --json` prints.

use serde_json::{Value, json};

use crate::domain::endings;
use crate::domain::merge::{self, Hunk, Kind};
use crate::domain::refine::{self, Origin, Proposal};

/// The report as one line of JSON with its line feed, and how many clashes are open: all, or with `refined` those without a proposal.
///
/// Ranges are in bytes. Where `endings` is not empty they are those of the texts with endings made alike, as the sentences there say.
pub(super) fn report(base: &[u8], mine: &[u8], theirs: &[u8], refined: bool) -> (String, usize) {
    let l = endings::level(base, mine, theirs);
    let hunks = merge::merge(&l.base, &l.mine, &l.theirs);
    let proposals = refine::propose(&l.base, &l.mine, &l.theirs, &hunks);
    let proposed = |i: usize| proposals.binary_search_by_key(&i, |p| p.hunk).ok().map(|at| &proposals[at]);
    let clashes = hunks.iter().filter(|h| h.kind == Kind::Clash).count();
    let asking = hunks.iter().enumerate().filter(|(i, h)| h.kind == Kind::Clash && proposed(*i).is_none()).count();
    let list: Vec<Value> = hunks.iter().enumerate().map(|(i, h)| hunk(h, proposed(i))).collect();
    let report = json!({ "clashes": clashes, "asking": asking, "endings": l.notes, "endings_open": l.open, "hunks": list });
    (report.to_string() + "\n", if refined { asking } else { clashes })
}

fn hunk(h: &Hunk, proposal: Option<&Proposal>) -> Value {
    let kind = match h.kind {
        Kind::Equal => "equal",
        Kind::Mine => "mine",
        Kind::Theirs => "theirs",
        Kind::Same => "same",
        Kind::Clash => "clash",
    };
    let range = |r: &std::ops::Range<usize>| json!([r.start, r.end]);
    let mut out = json!({ "kind": kind, "base": range(&h.base), "mine": range(&h.mine), "theirs": range(&h.theirs) });
    if let Some(p) = proposal {
        let pieces: Vec<Value> = p.pieces.iter().map(|p| json!({ "text": text(&p.text), "origin": origin(p.origin) })).collect();
        out["proposal"] = json!({ "class": p.class.name(), "reason": p.reason, "linked": p.linked, "pieces": pieces });
    }
    out
}

/// Text as a string, or as a list of bytes if it is not UTF-8.
fn text(bytes: &[u8]) -> Value {
    std::str::from_utf8(bytes).map_or_else(|_| json!(bytes), |s| json!(s))
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Base => "base",
        Origin::Mine => "mine",
        Origin::Theirs => "theirs",
        Origin::Both => "both",
        Origin::Typed => "typed",
    }
}
