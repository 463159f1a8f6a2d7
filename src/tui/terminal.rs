//! The terminal: taken over and given back whole, whatever happens.
//!
//! One guard holds raw mode, the alternate screen, bracketed paste and the mouse. Giving back is idempotent and done on every way out: at
//! the end, on an error, on a signal, in a panic of any task, before the program is suspended or `$EDITOR` runs. Input from the terminal
//! is turned into our own types here; key releases never get further.

use std::io::{self, Stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{self as ct, KeyEventKind, KeyModifiers};
use crossterm::{clipboard, cursor, execute, queue, terminal as ctt};
use ratatui::buffer::Buffer;
use tokio::sync::Notify;

use super::ink::Ink;
use super::message::{Code, Event, Key, Mouse, MouseKind};

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
        // Of the terminal that is written to, which costs less than to look for it by its name.
        let size = match rustix::termios::tcgetwinsize(io::stdout()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
            _ => ctt::size()?,
        };
        self.ink.frame(size, draw)
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

/// Gives the terminal back if it is held; errors are of no use to anyone here, the terminal may be gone.
fn give_back(held: &AtomicBool) {
    if held.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(out, ctt::EndSynchronizedUpdate, ct::DisableMouseCapture, ct::DisableBracketedPaste);
        let _ = execute!(out, ctt::LeaveAlternateScreen, cursor::Show, crossterm::style::Print("\x1b[23;2t"));
        let _ = ctt::disable_raw_mode();
    }
}

/// Turns what the terminal sent into an event; `None` for what means nothing here (releases, focus, mouse moves).
#[must_use]
pub fn read(event: ct::Event) -> Option<Event> {
    match event {
        ct::Event::Key(key) if key.kind != KeyEventKind::Release => read_key(key).map(Event::Key),
        ct::Event::Mouse(mouse) => read_mouse(mouse).map(|m| Event::Mouse(m, None)),
        ct::Event::Paste(text) => Some(Event::Paste(text)),
        ct::Event::Resize(columns, rows) => Some(Event::Resize(columns, rows)),
        _ => None,
    }
}

fn read_key(key: ct::KeyEvent) -> Option<Key> {
    let code = match key.code {
        ct::KeyCode::Char(c) => Code::Char(c),
        ct::KeyCode::Enter => Code::Enter,
        ct::KeyCode::Esc => Code::Esc,
        ct::KeyCode::Backspace => Code::Backspace,
        ct::KeyCode::Delete => Code::Delete,
        ct::KeyCode::Insert => Code::Insert,
        ct::KeyCode::Tab => Code::Tab,
        ct::KeyCode::BackTab => Code::BackTab,
        ct::KeyCode::Left => Code::Left,
        ct::KeyCode::Right => Code::Right,
        ct::KeyCode::Up => Code::Up,
        ct::KeyCode::Down => Code::Down,
        ct::KeyCode::Home => Code::Home,
        ct::KeyCode::End => Code::End,
        ct::KeyCode::PageUp => Code::PageUp,
        ct::KeyCode::PageDown => Code::PageDown,
        ct::KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    let has = |m| key.modifiers.contains(m);
    let in_code = matches!(code, Code::Char(_) | Code::BackTab);
    let (ctrl, alt) = (has(KeyModifiers::CONTROL), has(KeyModifiers::ALT));
    let code = match code {
        Code::Char(c) if ctrl || alt => Code::Char(c.to_ascii_lowercase()),
        code => code,
    };
    Some(Key { code, ctrl, alt, shift: has(KeyModifiers::SHIFT) && !in_code })
}

fn read_mouse(mouse: ct::MouseEvent) -> Option<Mouse> {
    let left = ct::MouseButton::Left;
    let kind = match mouse.kind {
        ct::MouseEventKind::Down(b) if b == left => MouseKind::Down,
        ct::MouseEventKind::Drag(b) if b == left => MouseKind::Drag,
        ct::MouseEventKind::Up(b) if b == left => MouseKind::Up,
        ct::MouseEventKind::ScrollUp => MouseKind::ScrollUp,
        ct::MouseEventKind::ScrollDown => MouseKind::ScrollDown,
        _ => return None,
    };
    Some(Mouse { kind, x: mouse.column, y: mouse.row, shift: mouse.modifiers.contains(KeyModifiers::SHIFT), clicks: 1 })
}
