//! Failures as they travel: a stable code, a plain sentence, and details.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::note::NoteJson;
use super::side::HolderJson;
use super::time::Stamp;

/// Any failure. Which details are there depends on the code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Error)]
pub struct ErrorJson {
    /// A stable code: `version_conflict`, `locked`, `invalid`, `not_found`, …
    pub error: String,
    /// One plain sentence.
    #[serde(default)]
    pub message: String,
    /// `invalid` and `server_owned_field`: why, by field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<BTreeMap<String, String>>,
    /// `locked`: who holds the lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<HeldJson>,
}

/// A save refused because the note has moved on. Everything needed to settle it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Conflict)]
pub struct ConflictJson {
    /// `version_conflict`.
    pub error: String,
    /// One plain sentence.
    #[serde(default)]
    pub message: String,
    /// The present note.
    pub server_version: NoteJson,
    /// The note both edits started from; null when both created it.
    pub base: Option<NoteJson>,
    /// The fields nobody may decide but a person.
    pub conflicts: Vec<String>,
    /// The audit entry of this refusal, to be named when telling how it was settled.
    #[serde(default)]
    pub conflict_id: Option<String>,
}

/// A lock without its token, as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Held)]
pub struct HeldJson {
    /// Who holds it.
    pub holder: HolderJson,
    /// Since when.
    pub acquired_at: Stamp,
    /// When it ends unless renewed.
    pub expires_at: Stamp,
}
