//! The terminal: taken over and given back whole, whatever happens.
//!
//! One guard holds raw mode, the alternate screen, bracketed paste and the mouse. Giving back is idempotent and done on every way out: at
//! the end, on an error, on a signal, in a panic of any task, before the program is suspended or `$EDITOR` runs.

use std::io::{self, Stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event as ct;
use crossterm::{clipboard, cursor, execute, queue, terminal as ctt};
use ratatui::buffer::Buffer;
use tokio::sync::Notify;

use super::ink::Ink;

/// How long the terminal may take to answer which colours it has.
const COLOUR_ANSWER: Duration = Duration::from_millis(200);

/// Whether the terminal's background is light; asks the terminal, so call it before [`Guard::enter`]. `None` if it does not say.
#[must_use]
pub fn asks_light() -> Option<bool> {
    let mut options = terminal_colorsaurus::QueryOptions::default();
    options.timeout = COLOUR_ANSWER;
    terminal_colorsaurus::theme_mode(options).ok().map(|mode| mode == terminal_colorsaurus::ThemeMode::Light)
}

/// Holds the terminal until dropped.
#[derive(Debug)]
pub struct Guard {
    /// Draws the screens.
    ink: Ink<Stdout>,
    held: Arc<AtomicBool>,
    mouse: bool,
    /// Told when a panic has given the terminal back.
    panicked: Arc<Notify>,
}

impl Guard {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// If there is no terminal, or it refuses raw mode; what was changed is changed back.
    pub fn enter(mouse: bool) -> io::Result<Guard> {
        let held = Arc::new(AtomicBool::new(false));
        let panicked = Arc::new(Notify::new());
        let (in_hook, tell, before) = (held.clone(), panicked.clone(), std::panic::take_hook());
        std::panic::set_hook(Box::new(move |info| {
            // A panic in any task: the screen goes first, so that the message is read, then the loop is told to end.
            if in_hook.load(Ordering::SeqCst) {
                give_back(&in_hook);
                tell.notify_one();
            }
            before(info);
        }));
        let mut guard = Guard { ink: Ink::new(io::stdout()), held, mouse, panicked };
        guard.take()?;
        Ok(guard)
    }

    /// Resolves when a panic somewhere has given the terminal back: the loop must end.
    pub fn panicked(&self) -> Arc<Notify> {
        self.panicked.clone()
    }

    fn take(&mut self) -> io::Result<()> {
        self.held.store(true, Ordering::SeqCst);
        ctt::enable_raw_mode()?;
        // The shell's title is put aside, and comes back with the terminal.
        execute!(io::stdout(), crossterm::style::Print("\x1b[22;2t"), ctt::EnterAlternateScreen, ct::EnableBracketedPaste, cursor::Hide)?;
        if self.mouse {
            execute!(io::stdout(), ct::EnableMouseCapture)?;
        }
        Ok(())
    }

    /// Gives the terminal back for a while (for `$EDITOR`); see [`Guard::resume`].
    pub fn release(&mut self) {
        give_back(&self.held);
    }

    /// Takes the terminal again after [`Guard::release`] or after the program was stopped; everything is drawn anew.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn resume(&mut self) -> io::Result<()> {
        self.take()?;
        self.ink.forget();
        Ok(())
    }

    /// Stops the program as Ctrl-Z does, and goes on when the shell continues it.
    ///
    /// # Errors
    /// If the program cannot be stopped, or the terminal is gone afterwards.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.release();
        #[cfg(unix)]
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        self.resume()
    }

    /// Draws one frame and writes it in one go; nothing is written when nothing differs. `draw` is handed the buffer to fill and says where
    /// the cursor shall be.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn frame(&mut self, draw: impl FnOnce(&mut Buffer) -> Option<(u16, u16)>) -> io::Result<()> {
        self.ink.frame(size()?, draw)
    }

    /// Draws all of the next frame, whatever the terminal shows.
    pub fn redraw(&mut self) {
        self.ink.redraw();
    }

    /// Puts text on the clipboard of the terminal (OSC 52), with the next frame.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        queue!(self.ink, clipboard::CopyToClipboard::to_clipboard_from(text))
    }

    /// Sets the terminal's title, with the next frame; the text must be safe to draw.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn title(&mut self, title: &str) -> io::Result<()> {
        queue!(self.ink, ctt::SetTitle(title))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back(&self.held);
    }
}

/// Columns and rows of the terminal.
///
/// # Errors
/// If the terminal is gone.
pub fn size() -> io::Result<(u16, u16)> {
    // Of the terminal that is written to, which costs less than to look for it by its name.
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Ok((size.ws_col, size.ws_row)),
        _ => ctt::size(),
    }
}

/// Gives the terminal back if it is held; errors are of no use to anyone here, the terminal may be gone.
fn give_back(held: &AtomicBool) {
    if held.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(out, ctt::EndSynchronizedUpdate, ct::DisableMouseCapture, ct::DisableBracketedPaste);
        let _ = execute!(out, ctt::LeaveAlternateScreen, cursor::Show, crossterm::style::Print("\x1b[23;2t"));
        let _ = ctt::disable_raw_mode();
    }
}
