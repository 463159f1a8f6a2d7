//! Folders by the XDG rules: settings, data, state.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::Failure;

/// Where this person's files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    /// `$XDG_CONFIG_HOME/diptych`: the settings.
    pub config: PathBuf,
    /// `$XDG_DATA_HOME/diptych`: notes of this device, and of the embedded server.
    pub data: PathBuf,
    /// `$XDG_STATE_HOME/diptych`: the log, reports of crashes.
    pub state: PathBuf,
}

impl Dirs {
    /// The folders of the person who runs the program.
    ///
    /// # Errors
    /// If there is no home folder.
    pub fn find() -> Result<Self, Failure> {
        let base = etcetera::base_strategy::Xdg::new()
            .map_err(|e| Failure::data("The folder for your notes cannot be found.", e, "Set HOME, or use --data-dir and --config."))?;
        let state = base.state_dir().unwrap_or_else(|| base.home_dir().join(".local/state"));
        Ok(Self { config: base.config_dir().join("diptych"), data: base.data_dir().join("diptych"), state: state.join("diptych") })
    }
}

/// Makes a folder, readable by its owner only.
///
/// # Errors
/// If it cannot be made.
pub fn make(dir: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| {
        Failure::data(
            format!("The folder {} cannot be made.", dir.display()),
            e,
            "Choose another with --data-dir, or mend its permissions.",
        )
    })
}
