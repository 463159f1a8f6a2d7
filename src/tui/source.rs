//! What comes from the terminal: keys, the mouse, pastes, another size. It is read by the loop itself, so that from a key to its painting no
//! thread waits for another; and only what is there already, so that a sequence that comes in halves holds up nobody.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::intake::Intake;
use super::message::Event;
use super::terminal;

/// After so long a silence within a paste it is taken as it stands: its end does not come.
const SILENCE: Duration = Duration::from_secs(1);
/// Bytes read at once.
const READ: usize = 1 << 16;

/// The terminal's events.
pub(super) struct Source {
    tty: AsyncFd<OwnedFd>,
    resized: Signal,
    intake: Intake,
    buffer: Vec<u8>,
    /// The terminal is gone: nothing comes any more.
    gone: bool,
}

impl Source {
    /// Begins to read.
    ///
    /// # Errors
    /// If there is no terminal.
    pub(super) fn start() -> io::Result<Source> {
        let stdin = io::stdin();
        let tty = if stdin.is_terminal() { stdin.as_fd().try_clone_to_owned()? } else { File::open("/dev/tty")?.into() };
        Ok(Source {
            tty: watched(tty)?,
            resized: signal(SignalKind::window_change())?,
            intake: Intake::default(),
            buffer: vec![0; READ],
            gone: false,
        })
    }

    /// Whether the terminal is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Waits for the next event. [`Event::Terminate`] when the terminal is gone, once. May be dropped and asked again at any time.
    pub(super) async fn next(&mut self) -> io::Result<Event> {
        loop {
            if let Some(event) = self.ready()? {
                return Ok(event);
            }
            if self.gone {
                return std::future::pending().await;
            }
            let pasting = self.intake.is_pasting();
            tokio::select! {
                ready = self.tty.readable() => {
                    let mut ready = ready?;
                    if !is_readable(ready.get_inner())? {
                        ready.clear_ready();
                    }
                }
                _ = self.resized.recv() => {
                    let (columns, rows) = terminal::size()?;
                    return Ok(Event::Resize(columns, rows));
                }
                () = tokio::time::sleep(SILENCE), if pasting => self.intake.end_paste(),
            }
        }
    }

    /// The next event of what has come already.
    pub(super) fn ready(&mut self) -> io::Result<Option<Event>> {
        loop {
            if let Some(event) = self.intake.pop() {
                return Ok(Some(event));
            }
            if self.gone || !is_readable(self.tty.get_ref())? {
                return Ok(None);
            }
            match rustix::io::read(self.tty.get_ref(), &mut self.buffer) {
                Ok(n @ 1..) => self.intake.take(&self.buffer[..n], n == READ),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                // It was closed, with or without a signal to say so.
                Ok(0) | Err(rustix::io::Errno::IO) => {
                    self.gone = true;
                    return Ok(Some(Event::Terminate));
                }
                Err(e) => return Err(e.into()),
            }
        }
    }
}

#[allow(deprecated)] // Its successor is not safe Rust. What it can be misused for is a type that closes what it was asked for: this one does not.
fn watched(tty: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(tty, Interest::READABLE)
}

fn is_readable(tty: &OwnedFd) -> io::Result<bool> {
    let mut asked = [PollFd::new(tty, PollFlags::IN)];
    match poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
        Ok(_) => Ok(asked[0].revents().intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR)),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(e) => Err(e.into()),
    }
}
