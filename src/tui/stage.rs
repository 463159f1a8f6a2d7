//! An app on a terminal of any kind: update, fit, draw. The loop uses it with the real terminal, tests with one in memory.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::app::App;
use super::merge::Job;
use super::message::{Effect, Event, Key};

/// Draws one frame of an app on a buffer of the size of its terminal; returns where the cursor is.
pub fn draw(app: &mut App, buf: &mut Buffer) -> Option<(u16, u16)> {
    app.fit((buf.area.width, buf.area.height));
    let drawn = app.draw(buf);
    let cursor = drawn.cursor;
    app.drew(drawn);
    cursor
}

/// An app in memory: events in, effects and screens out. For stories and pictures. Merges are done at once, unless they are held.
pub struct Stage {
    /// The app.
    pub app: App,
    /// The screen it is drawn on.
    pub terminal: Terminal<TestBackend>,
    /// What the app wanted done at its start.
    pub started: Vec<Effect>,
    /// Merges wait here instead of being done, once there is such a place.
    pub held: Option<Vec<Job>>,
}

impl Stage {
    /// An app on a screen of so many columns and rows, drawn once.
    #[must_use]
    pub fn new(app: App, columns: u16, rows: u16) -> Stage {
        Stage::with(app, columns, rows, None)
    }

    /// The same, with merges held back.
    #[must_use]
    pub fn holding(app: App, columns: u16, rows: u16) -> Stage {
        Stage::with(app, columns, rows, Some(Vec::new()))
    }

    fn with(app: App, columns: u16, rows: u16, held: Option<Vec<Job>>) -> Stage {
        // A terminal in memory cannot fail: its error type has no values.
        let Ok(terminal) = Terminal::new(TestBackend::new(columns, rows));
        let mut stage = Stage { app, terminal, started: Vec::new(), held };
        let started = stage.app.start();
        stage.paint();
        stage.started = stage.worked(started);
        stage
    }

    /// Does the merges among effects, and what comes of them; returns the other effects.
    fn worked(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let (jobs, mut out): (Vec<Effect>, Vec<Effect>) = effects.into_iter().partition(|e| matches!(e, Effect::Work(_)));
        for effect in jobs {
            let Effect::Work(job) = effect else { continue };
            if let Some(held) = &mut self.held {
                held.push(job);
            } else if let Some((ticket, result)) = job.run() {
                out.extend(self.event(Event::Merged(ticket, result)));
            }
        }
        out
    }

    /// Takes one event in, draws, and returns what the loop would have to do.
    pub fn event(&mut self, event: Event) -> Vec<Effect> {
        if let Event::Resize(columns, rows) = event {
            self.terminal.backend_mut().resize(columns, rows);
        }
        let effects = self.app.update(event);
        self.paint();
        self.worked(effects)
    }

    /// Presses keys by their names, separated by spaces (`ctrl-s`, `down`, `x`). A name that is no key is typed letter by letter.
    pub fn keys(&mut self, names: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for name in names.split_whitespace() {
            match name.parse::<Key>() {
                Ok(key) => effects.extend(self.event(Event::Key(key))),
                Err(_) => effects.extend(self.type_text(name)),
            }
        }
        effects
    }

    /// Types a text, key by key.
    pub fn type_text(&mut self, text: &str) -> Vec<Effect> {
        use super::message::Code;
        let code = |c| if c == '\n' { Code::Enter } else { Code::Char(c) };
        text.chars().flat_map(|c| self.event(Event::Key(Key::plain(code(c))))).collect()
    }

    /// Draws.
    pub fn paint(&mut self) {
        let app = &mut self.app;
        let Ok(_) = self.terminal.draw(|frame| {
            if let Some(at) = draw(app, frame.buffer_mut()) {
                frame.set_cursor_position(at);
            }
        });
    }

    /// The screen as text, without spaces at the ends of lines.
    #[must_use]
    pub fn screen(&self) -> String {
        // Drawn anew, because a terminal in memory keeps what lies hidden behind the second cell of a wide character.
        let mut buffer = Buffer::empty(*self.terminal.backend().buffer().area());
        let _ = self.app.draw(&mut buffer);
        let width = usize::from(buffer.area.width.max(1));
        let mut out = String::new();
        for row in buffer.content().chunks(width) {
            let mut line = String::new();
            let mut skip = 0;
            for cell in row {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                line.push_str(cell.symbol());
                skip = crate::domain::text::width(cell.symbol()).saturating_sub(1);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}
