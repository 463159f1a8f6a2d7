//! The ladder inside one clash, from lines to words: a proposal with its class and its reason, or none.
//!
//! All or nothing per hunk: a half-merged sentence is hard to read. A proposal is pre-filled and confirmed by a key, never taken unseen
//! unless the person's settings accept its class.

use super::merge::Hunk;

/// Why a proposal is made, from the surest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Both sides read alike.
    Same,
    /// One side changed only white space or wrapping.
    SpaceOnly,
    /// One side's edits include the other's.
    Contained,
    /// Touching lines that do not overlap.
    DisjointLines,
    /// Sentence- or word-level edits that neither overlap nor touch.
    DisjointWords,
    /// One side moved a block which the other edited.
    Moved,
    /// Front matter by key, tick boxes, table cells.
    Structure,
}

impl Class {
    /// All classes, surest first.
    pub const ALL: [Class; 7] =
        [Class::Same, Class::SpaceOnly, Class::Contained, Class::DisjointLines, Class::DisjointWords, Class::Moved, Class::Structure];

    /// The name used in settings, JSON and reports: `disjoint-words`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Class::Same => "same",
            Class::SpaceOnly => "space-only",
            Class::Contained => "contained",
            Class::DisjointLines => "disjoint-lines",
            Class::DisjointWords => "disjoint-words",
            Class::Moved => "moved",
            Class::Structure => "structure",
        }
    }
}

/// Where a piece of a result came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// All agree, or it is base's.
    Base,
    /// Only mine says so.
    Mine,
    /// Only theirs says so.
    Theirs,
    /// Both sides say so, base does not.
    Both,
    /// A person typed it.
    Typed,
}

/// A piece of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes.
    pub text: Vec<u8>,
    /// Who wrote them.
    pub origin: Origin,
}

/// What the merge would put in a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The index of the hunk it is for.
    pub hunk: usize,
    /// Why.
    pub class: Class,
    /// The text, piece by piece.
    pub pieces: Vec<Piece>,
    /// The reason in one plain sentence, for the person.
    pub reason: String,
    /// Other hunks whose proposal must be taken together with this one (a `moved` block leaves one place and comes to another).
    pub linked: Vec<usize>,
}

/// The proposals for the clashes among `hunks` (and for one-sided hunks that a `moved` block lands in), in order of hunk.
#[must_use]
pub fn propose(_base: &[u8], _mine: &[u8], _theirs: &[u8], _hunks: &[Hunk]) -> Vec<Proposal> {
    Vec::new()
}
