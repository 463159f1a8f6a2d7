//! The programs that are measured, and which keys mean the same in each.

use std::path::Path;

/// A program that shows a conflict, or one of its texts.
pub struct Program {
    /// What the tables call it.
    pub name: &'static str,
    /// What its first useful screen holds.
    pub ready: &'static str,
    /// Pressed once before keys are measured.
    pub before: &'static str,
    /// To the next difference: pressed in turn.
    pub next: &'static [&'static str],
    /// Half a page: pressed in turn.
    pub scroll: &'static [&'static str],
    /// One line up and down: pressed in turn.
    pub line: &'static [&'static str],
    /// What begins typing, if one can type.
    pub type_by: Option<&'static str>,
    words: &'static [&'static str],
}

const LINES: &[&str] = &["k", "j"];
const HALF_PAGES: &[&str] = &["\x04", "\x04", "\x15"];

/// diptych and the peers, those that are not installed too.
pub const ALL: [Program; 4] = [
    Program {
        name: "diptych merge",
        ready: "zqmine",
        before: "",
        next: &["]", "]", "["],
        scroll: HALF_PAGES,
        line: LINES,
        type_by: Some("e"),
        words: &["merge", "base.md", "mine.md", "theirs.md", "-o", "out.md"],
    },
    Program {
        name: "vim -d",
        ready: "zqmine",
        before: "",
        next: &["]c", "]c", "[c"],
        scroll: HALF_PAGES,
        line: LINES,
        type_by: Some("i"),
        words: &["vim", "-u", "NONE", "-N", "-n", "-d", "mine.md", "base.md", "theirs.md"],
    },
    Program {
        name: "scm-diff-editor",
        ready: "base.md",
        before: "f",
        next: &["j", "j", "k"],
        scroll: HALF_PAGES,
        line: LINES,
        type_by: None,
        words: &["scm-diff-editor", "--base", "base.md", "-o", "out.md", "mine.md", "theirs.md"],
    },
    Program {
        name: "vim, one text",
        ready: "zqmine",
        before: "/zqmine\r",
        next: &["n", "n", "N"],
        scroll: HALF_PAGES,
        line: LINES,
        type_by: Some("i"),
        words: &["vim", "-u", "NONE", "-N", "-n", "mine.md"],
    },
];

impl Program {
    /// Its command line; none if it is not installed.
    pub fn argv(&self) -> Option<Vec<String>> {
        let mut argv: Vec<String> = self.words.iter().map(|w| (*w).to_owned()).collect();
        if self.is_ours() {
            argv.insert(0, diptych());
            return Some(argv);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|dir| dir.join(&argv[0]).is_file()).then_some(argv)
    }

    /// Whether it is vim with the three sides.
    pub fn is_vim_diff(&self) -> bool {
        self.words[0] == "vim" && self.words.contains(&"-d")
    }

    /// Whether it is diptych.
    pub fn is_ours(&self) -> bool {
        self.words[0] == "merge"
    }
}

/// The binary that is measured: `DIPTYCH`, or the one cargo built beside this bench.
pub fn diptych() -> String {
    std::env::var("DIPTYCH").unwrap_or_else(|_| env!("CARGO_BIN_EXE_diptych").to_owned())
}

/// Folders of its own for one run, so that no run meets another's choices or settings.
pub fn home(dir: &Path) -> Vec<(String, String)> {
    let at = |name: &str| dir.join(name).display().to_string();
    let dirs = [("HOME", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state")];
    dirs.iter().map(|(k, v)| ((*k).to_owned(), at(v))).collect()
}
