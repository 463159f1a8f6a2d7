//! What `diptych login` remembers: the token for each server, in a file that only its owner can read.
//!
//! It stands apart from the settings, which people show to each other and keep in version control. Which server is used is said there;
//! the one remembered here stands in where the settings could not be written.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Failure, dirs};
use crate::tui::whole::{self, New};

const NAME: &str = "login.toml";

/// The file's content.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
pub struct Logins {
    /// The server logged in to last, where the settings do not name it.
    pub server: Option<String>,
    /// Tokens by server.
    pub tokens: BTreeMap<String, String>,
}

impl Logins {
    /// Reads the file in a data folder; nothing if there is none.
    ///
    /// # Errors
    /// If it cannot be read or understood.
    pub fn read(data: &Path) -> Result<Self, Failure> {
        let path = data.join(NAME);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            // Where the folder cannot be, whatever writes into it says so.
            Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => return Ok(Self::default()),
            Err(e) => return Err(unreadable(&path, &e)),
        };
        // The message would quote the line, and with it a token.
        toml::from_str(&text).map_err(|_| unreadable(&path, &"It is not as diptych login writes it."))
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, data: &Path) -> Result<(), Failure> {
        dirs::make(data)?;
        let text = toml::to_string(self).map_err(|e| Failure::data("The login cannot be written.", e, "Please report this."))?;
        let done = whole::write(&data.join(NAME), text.as_bytes(), New::Private);
        done.map_err(|e| {
            Failure::data(format!("The login cannot be kept in {}.", data.display()), e, "Free some space, or mend its permissions.")
        })
    }
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::data(format!("{} cannot be read.", path.display()), why, "Take it away, and log in again with diptych login URL.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_remembered_and_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        assert_eq!(Logins::read(&data).unwrap(), Logins::default());
        let logins = Logins { server: Some("https://a".into()), tokens: [("https://a".into(), "dpt_x".into())].into() };
        logins.write(&data).unwrap();
        assert_eq!(Logins::read(&data).unwrap(), logins);
        assert_eq!(std::fs::metadata(data.join(NAME)).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(data.join(NAME), "tokens = secret").unwrap();
        assert!(!Logins::read(&data).unwrap_err().to_string().contains("secret"));
    }
}
