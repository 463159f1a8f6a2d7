//! The programs that put text on the system's clipboard, for terminals that do not do it themselves (OSC 52).
//!
//! They are the system's own, so that no clipboard library has to be carried along. Under tmux it is tmux that tells the terminal outside.

/// A program and its arguments; it reads the text from its input.
type Command = &'static [&'static str];

/// Which variable says that a program can work, and the program.
const KNOWN: [(&str, Command); 6] = [
    ("WAYLAND_DISPLAY", &["wl-copy"]),
    ("DISPLAY", &["xclip", "-selection", "clipboard"]),
    ("DISPLAY", &["xsel", "--input", "--clipboard"]),
    ("__CF_USER_TEXT_ENCODING", &["pbcopy"]),
    ("WSL_DISTRO_NAME", &["clip.exe"]),
    ("TMUX", &["tmux", "load-buffer", "-w", "-"]),
];

/// The programs that are installed and have something to talk to, best first.
#[must_use]
pub fn programs() -> Vec<Vec<String>> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let usable = KNOWN.iter().filter(|(variable, command)| set(variable) && on_path(command[0]));
    usable.map(|(_, command)| command.iter().map(|word| (*word).to_owned()).collect()).collect()
}

/// Whether a program is found by its name, or by its whole path.
#[must_use]
pub fn on_path(program: &str) -> bool {
    let path = std::path::Path::new(program);
    if path.is_absolute() {
        return path.is_file();
    }
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}
