//! The real binary in a real terminal, read as a person sees it: a pty, with `vt100` as the screen.
//!
//! Tests wait for text and never sleep for a result. Every program gets folders of its own, so that no test meets another's notes.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, NativePtySystem, PtySize, PtySystem};

use crate::world::Patience;

/// What the program copied to the clipboard by OSC 52.
#[derive(Default)]
pub struct Osc {
    pub copied: Vec<Vec<u8>>,
}

impl vt100::Callbacks for Osc {
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.copied.push(data.to_vec());
    }
}

/// A person's folders, empty at first.
pub struct Home {
    pub dir: tempfile::TempDir,
    /// Where a server of theirs keeps its notes, where that is no file in these folders.
    store: Option<String>,
}

impl Home {
    pub fn new() -> Home {
        Home { dir: tempfile::tempdir().unwrap(), store: None }
    }

    /// Folders for a server over each store: a file in them, and a new database where there is PostgreSQL.
    pub fn over_each_store() -> Vec<Home> {
        let database = crate::postgres::database();
        let other = database.into_iter().map(|address| Home { store: Some(address), ..Home::new() });
        std::iter::once(Home::new()).chain(other).collect()
    }

    /// Whether its server keeps its notes in a file in these folders.
    pub fn is_file(&self) -> bool {
        self.store.is_none()
    }

    /// The variables that make the program use these folders, and nothing of the machine it runs on.
    pub fn env(&self) -> Vec<(String, String)> {
        let at = |name: &str| self.dir.path().join(name).to_str().unwrap().to_owned();
        let dirs =
            [("HOME", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state"), ("TMPDIR", "tmp")];
        std::fs::create_dir_all(self.dir.path().join("tmp")).unwrap();
        let mut out: Vec<(String, String)> = dirs.iter().map(|(k, v)| ((*k).to_owned(), at(v))).collect();
        out.push(("TZ".to_owned(), "UTC".to_owned()));
        out.push(("DIPTYCH_CLIENT".to_owned(), "laptop".to_owned()));
        out.extend(self.store.clone().map(|address| ("DIPTYCH_STORE".to_owned(), address)));
        out
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// The binary in these folders, without a terminal.
    pub fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_diptych"));
        command.args(args);
        cleared().iter().for_each(|name| {
            command.env_remove(name);
        });
        command.envs(self.env()).current_dir(self.dir.path()).stdin(std::process::Stdio::null());
        command
    }
}

/// Makes a copy of a program, or of a script, that everybody may run. Not by this process: what it has open for writing, a program that
/// another test is just starting has too, and as long as that is so it cannot be run.
pub fn runnable(from: &std::path::Path, to: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    assert!(std::process::Command::new("cp").arg(from).arg(to).status().unwrap().success());
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn cleared() -> Vec<String> {
    let ours = |k: &str| k.starts_with("DIPTYCH_") || ["NO_COLOR", "VISUAL", "EDITOR", "COLORTERM", "COLORFGBG"].contains(&k);
    std::env::vars().map(|(k, _)| k).filter(|k| ours(k)).collect()
}

/// A program in a terminal.
pub struct Term {
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    parser: Arc<Mutex<vt100::Parser<Osc>>>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    reader: std::thread::JoinHandle<()>,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn at_least_one(n: u16) -> NonZeroU16 {
    n.try_into().unwrap()
}

impl Term {
    /// Starts diptych.
    pub fn start(home: &Home, args: &[&str], columns: u16, rows: u16) -> Term {
        Self::run(home, env!("CARGO_BIN_EXE_diptych"), args, &[], columns, rows)
    }

    /// Starts any program with further variables.
    pub fn run(home: &Home, program: &str, args: &[&str], env: &[(&str, &str)], columns: u16, rows: u16) -> Term {
        Self::run_on(true, home, program, args, env, columns, rows)
    }

    /// Starts diptych in a terminal that does not say which colours it has.
    pub fn start_unanswered(home: &Home, args: &[&str], columns: u16, rows: u16) -> Term {
        Self::run_on(false, home, env!("CARGO_BIN_EXE_diptych"), args, &[("DIPTYCH_THEME", "auto")], columns, rows)
    }

    fn run_on(answers: bool, home: &Home, program: &str, args: &[&str], env: &[(&str, &str)], columns: u16, rows: u16) -> Term {
        let pair = NativePtySystem::default().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        cleared().iter().for_each(|name| command.env_remove(name));
        home.env().iter().for_each(|(k, v)| command.env(k, v));
        command.env("TERM", "xterm-256color");
        // Not asked of the terminal: on a busy machine that does not answer in time.
        command.env("DIPTYCH_THEME", "dark");
        env.iter().for_each(|(k, v)| command.env(k, v));
        command.cwd(home.dir.path());
        let child = pair.slave.spawn_command(command).unwrap();
        // Kept open, the reader would never see the end.
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().unwrap();
        let writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let parser = vt100::Parser::new_with_callbacks(at_least_one(rows), at_least_one(columns), 0, Osc::default());
        let parser = Arc::new(Mutex::new(parser));
        let (into, back) = (parser.clone(), writer.clone());
        let reader = std::thread::spawn(move || read(reader, &into, &back, answers));
        Term { writer, parser, master: pair.master, child, reader }
    }

    /// Types.
    pub fn send(&self, keys: &str) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// Reads the screen's state.
    pub fn screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.parser.lock().unwrap().screen())
    }

    /// Waits until the screen satisfies `done`; returns it.
    pub fn wait_for(&self, what: &str, done: impl Fn(&str) -> bool) -> String {
        let patience = Patience::new();
        loop {
            let text = self.text();
            if done(&text) {
                return text;
            }
            assert!(patience.lasts(), "no {what} in:\n{text}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the screen shows `what`.
    pub fn wait(&self, what: &str) -> String {
        self.wait_for(&format!("{what:?}"), |text| text.contains(what))
    }

    /// Waits until the screen no longer shows `what`.
    pub fn gone(&self, what: &str) -> String {
        self.wait_for(&format!("screen without {what:?}"), |text| !text.contains(what))
    }

    /// What it copied to the terminal's clipboard (OSC 52), as it came: base64.
    pub fn copied(&self) -> Vec<Vec<u8>> {
        self.parser.lock().unwrap().callbacks().copied.clone()
    }

    /// Changes the size of the terminal.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.parser.lock().unwrap().screen_mut().set_size(at_least_one(rows), at_least_one(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends a signal by number or name, as `kill` does.
    pub fn signal(&self, signal: &str) {
        assert!(std::process::Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap().success());
    }

    /// Waits for the end; returns the exit status.
    pub fn exit(&mut self) -> u32 {
        let patience = Patience::new();
        loop {
            // Only when all it wrote has been read does the screen show its last words.
            if self.reader.is_finished()
                && let Some(status) = self.child.try_wait().unwrap()
            {
                return status.exit_code();
            }
            assert!(patience.lasts(), "it does not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether the terminal is as a shell expects it: the usual screen, a cursor, no mouse, no bracketed paste.
    pub fn is_restored(&self) -> bool {
        self.screen(|s| {
            !s.alternate_screen() && !s.bracketed_paste() && !s.hide_cursor() && s.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        })
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Feeds the screen, and answers what a real terminal answers: without it programs wait for their time-outs.
fn read(mut reader: Box<dyn Read + Send>, parser: &Mutex<vt100::Parser<Osc>>, back: &Mutex<Box<dyn Write + Send>>, answers: bool) {
    const ANSWERS: [(&[u8], &[u8]); 4] = [
        (b"\x1b]10;?", b"\x1b]10;rgb:eeee/eeee/eeee\x1b\\"),
        (b"\x1b]11;?", b"\x1b]11;rgb:1111/1111/1111\x1b\\"),
        (b"\x1b[c", b"\x1b[?62;22c"),
        (b"\x1b[6n", b"\x1b[1;1R"),
    ];
    let mut buffer = vec![0; 65_536];
    while let Ok(n @ 1..) = reader.read(&mut buffer) {
        let bytes = &buffer[..n];
        parser.lock().unwrap().process(bytes);
        for (ask, answer) in ANSWERS {
            if answers && bytes.windows(ask.len()).any(|w| w == ask) {
                let _ = back.lock().unwrap().write_all(answer);
            }
        }
    }
}
