//! What stands beside notes: bookmarks, locks, policies, live events.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Stamp;

/// A user's bookmark on a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Bookmark)]
pub struct BookmarkJson {
    /// The note it marks.
    pub note_id: Uuid,
    /// Whether it is marked.
    pub marked: bool,
    /// Why, in the user's words; may be empty.
    pub note: String,
    /// When the row was last written.
    pub updated_at: Stamp,
}

/// A bookmark to be written; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = BookmarkSave)]
#[serde(default, deny_unknown_fields)]
pub struct BookmarkSaveJson {
    /// Whether it is marked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marked: Option<bool>,
    /// Why, in the user's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000, pattern = r"^[^\x00]*$")]
    pub note: Option<String>,
    /// The note of the path, or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note_id: Option<Uuid>,
    /// Belongs to the server: its present value or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Stamp>,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Holder)]
pub struct HolderJson {
    /// The user.
    pub user: String,
    /// The origin.
    pub client: String,
}

/// A lock as its holder sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Lock)]
pub struct LockJson {
    /// The locked note.
    pub note_id: Uuid,
    /// Who holds it.
    pub holder: HolderJson,
    /// Proves it: for renewal, release and saves.
    pub token: String,
    /// Since when.
    pub acquired_at: Stamp,
    /// When it ends unless renewed.
    pub expires_at: Stamp,
}

/// The body of taking, renewing or releasing a lock; may be left out when taking one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = LockToken)]
#[serde(default, deny_unknown_fields)]
pub struct LockTokenJson {
    /// The token of the lock to renew or release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// The policies in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Policies)]
pub struct PoliciesJson {
    /// By field: `title`, `fields.*`, `fields.price_cents`.
    pub notes: std::collections::BTreeMap<String, String>,
    /// Of bookmarks as a whole.
    pub bookmarks: String,
}

/// The data of a live event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Event)]
pub struct EventJson {
    /// The note; of an audit event, the entry.
    pub id: String,
    /// The note's version, where there is one.
    pub version: Option<i64>,
    /// The origin of the change.
    pub updated_from: String,
    /// Whether the note is deleted, the bookmark taken off, the lock released.
    pub deleted: bool,
}
