//! A program in a terminal with a stop-watch: what it writes is stamped as it comes and read into a screen afterwards.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, NativePtySystem, PtySize, PtySystem};

/// The terminal all figures are taken in: columns, rows.
pub const SIZE: (u16, u16) = (200, 50);
/// Output has ended when nothing came for so long.
const GAP: Duration = Duration::from_millis(40);
/// A key that has painted nothing by then paints nothing, unless the program is at work.
const SILENT: Duration = Duration::from_millis(600);
/// A program that works longer than this on one key is given up.
const SLOW: Duration = Duration::from_secs(5);

type Chunk = (Instant, Vec<u8>);

/// What a key did.
#[derive(Clone, Copy)]
pub struct Paint {
    /// Milliseconds from the key to the last byte it caused.
    pub ms: f64,
    /// How many bytes it caused.
    pub bytes: usize,
}

/// What a key led to.
pub enum Pressed {
    /// It painted.
    Painted(Paint),
    /// It painted nothing, and the program rests.
    Silent,
    /// After seconds the program still works on it.
    Endless,
}

/// A running program.
pub struct Meter {
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    chunks: Receiver<Chunk>,
    screen: vt100::Parser,
    started: Instant,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

impl Meter {
    /// Starts a program in a folder with further variables.
    pub fn start(argv: &[String], env: &[(String, String)], folder: &Path) -> Meter {
        let (cols, rows) = SIZE;
        let pair = NativePtySystem::default().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(&argv[0]);
        command.args(&argv[1..]);
        for name in ["NO_COLOR", "VISUAL", "EDITOR", "COLORFGBG"] {
            command.env_remove(name);
        }
        for (name, value) in [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8")] {
            command.env(name, value);
        }
        env.iter().for_each(|(k, v)| command.env(k, v));
        command.cwd(folder);
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().unwrap();
        let writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let (tell, chunks) = channel();
        let back = writer.clone();
        std::thread::spawn(move || stamp(reader, &tell, &back));
        let screen = vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0);
        Meter { writer, chunks, screen, started, child, master: pair.master }
    }

    /// Milliseconds from the start until the screen showed a text; `None` if it did not within `patience` or the program ended.
    pub fn shows(&mut self, text: &str, patience: Duration) -> Option<f64> {
        let end = Instant::now() + patience;
        loop {
            let (at, bytes) = self.chunks.recv_timeout(end.saturating_duration_since(Instant::now())).ok()?;
            self.screen.process(&bytes);
            if self.screen.screen().contents().contains(text) {
                return Some(ms(at - self.started));
            }
        }
    }

    /// Reads on until nothing comes for `gap`.
    pub fn settle(&mut self, gap: Duration) {
        while let Ok((_, bytes)) = self.chunks.recv_timeout(gap) {
            self.screen.process(&bytes);
        }
    }

    /// Sends keys without measuring.
    pub fn send(&mut self, keys: &str) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Presses a key and waits until its painting has ended.
    pub fn press(&mut self, key: &str) -> Pressed {
        let start = Instant::now();
        self.send(key);
        self.painted(start)
    }

    /// Gives the terminal another size and waits until the painting that follows has ended.
    pub fn resize(&mut self, cols: u16, rows: u16) -> Pressed {
        let start = Instant::now();
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        self.screen.screen_mut().set_size(rows.try_into().unwrap(), cols.try_into().unwrap());
        self.painted(start)
    }

    fn painted(&mut self, start: Instant) -> Pressed {
        let mut last: Option<(Instant, usize)> = None;
        let mut cpu = self.cpu_ms();
        loop {
            match self.chunks.recv_timeout(if last.is_some() { GAP } else { SILENT }) {
                Ok((at, chunk)) => {
                    last = Some((at, last.map_or(0, |(_, bytes)| bytes) + chunk.len()));
                    self.screen.process(&chunk);
                }
                // Still at work: what it paints next belongs to this key.
                Err(_) if start.elapsed() < SLOW && self.is_busy(&mut cpu, last.is_some()) => {}
                Err(_) => break,
            }
        }
        match last {
            _ if start.elapsed() >= SLOW => Pressed::Endless,
            Some((at, bytes)) => Pressed::Painted(Paint { ms: ms(at - start), bytes }),
            None => Pressed::Silent,
        }
    }

    /// Whether the program used most of the time since the last look.
    fn is_busy(&self, before: &mut f64, painting: bool) -> bool {
        let waited = ms(if painting { GAP } else { SILENT });
        let cpu = self.cpu_ms();
        cpu - std::mem::replace(before, cpu) > waited / 2.0
    }

    /// Bytes written and per cent of one processor used while nobody does anything for so long.
    pub fn idle(&mut self, time: Duration) -> (usize, f64) {
        let (before, start, mut bytes) = (self.cpu_ms(), Instant::now(), 0);
        while let Ok((_, chunk)) = self.chunks.recv_timeout(time.saturating_sub(start.elapsed())) {
            bytes += chunk.len();
            self.screen.process(&chunk);
        }
        (bytes, (self.cpu_ms() - before) / ms(start.elapsed()) * 100.0)
    }

    /// Milliseconds of processor its living threads have used.
    pub fn cpu_ms(&self) -> f64 {
        let Some(id) = self.child.process_id() else { return 0.0 };
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{id}/task")) else { return 0.0 };
        let nanoseconds = |task: std::fs::DirEntry| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        };
        tasks.flatten().filter_map(nanoseconds).sum::<f64>() / 1e6
    }

    /// The most memory it has held, in bytes.
    pub fn peak(&self) -> f64 {
        let Some(id) = self.child.process_id() else { return 0.0 };
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) * 1024.0
    }

    /// What is on the screen, for a person who wonders why a program is not ready.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A duration in milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Stamps what comes, and answers what a terminal answers at once, so that no program waits for a time-out.
fn stamp(mut reader: Box<dyn Read + Send>, tell: &Sender<Chunk>, back: &Mutex<Box<dyn Write + Send>>) {
    const ANSWERS: [(&[u8], &[u8]); 7] = [
        (b"\x1b]10;?", b"\x1b]10;rgb:eeee/eeee/eeee\x1b\\"),
        (b"\x1b]11;?", b"\x1b]11;rgb:1111/1111/1111\x1b\\"),
        (b"\x1b[?u", b"\x1b[?0u"),
        (b"\x1b[c", b"\x1b[?62;22c"),
        (b"\x1b[>c", b"\x1b[>1;95;0c"),
        (b"\x1b[5n", b"\x1b[0n"),
        (b"\x1b[6n", b"\x1b[1;1R"),
    ];
    let mut buffer = vec![0; 65_536];
    while let Ok(n @ 1..) = reader.read(&mut buffer) {
        let bytes = &buffer[..n];
        let at = Instant::now();
        for (ask, answer) in ANSWERS {
            if bytes.windows(ask.len()).any(|w| w == ask) {
                let _ = back.lock().unwrap().write_all(answer);
            }
        }
        if tell.send((at, bytes.to_vec())).is_err() {
            return;
        }
    }
}
