//! What the client tells that concerns every screen: connection, notices, which notes wait for a person.

use super::App;
use crate::client::handle::{Connection, News, State};
use crate::domain::note::NoteId;
use crate::tui::input::Input;
use crate::tui::keys::{Action, Mode};
use crate::tui::merge;
use crate::tui::message::{Ask, Effect, Event};
use crate::tui::overlay::Overlay;

impl App {
    pub(super) fn news(&mut self, news: &News, event: &Event, out: &mut Vec<Effect>) {
        match news {
            News::ConnectionIs(connection) => {
                let refused = *connection == Connection::Unauthorised && self.connection != Connection::Unauthorised;
                self.connection = connection.clone();
                // Not in the middle of typing: then the notice says how to be asked.
                if refused && self.overlay.is_none() && !self.stack.last().is_some_and(|s| s.typing()) {
                    self.ask_token();
                }
            }
            News::Notice(text) => self.notices.tell(self.now(), false, text.clone()),
            News::Failed(_, text) => self.notices.tell(self.now(), true, text.clone()),
            News::Rows(rows) => self.parked = rows.iter().filter(|r| r.state == State::NeedsYou).map(|r| r.id).collect(),
            News::RowIs(row) => self.mark_parked(row.id, row.state == State::NeedsYou),
            News::RowGone(id) | News::Settled(id, _) => {
                if matches!(news, News::Settled(..)) && self.settled.contains(id) {
                    self.notices.tell(self.now(), false, "Settled and synced.".to_owned());
                }
                self.settled.retain(|s| s != id);
                self.mark_parked(*id, false);
            }
            News::NeedsYou(parked) => {
                self.mark_parked(parked.id, true);
                let again = parked.again;
                // On its own screen a banner says so, but not that it was settled already.
                if again || self.stack.last().and_then(|s| s.note()) != Some(parked.id) {
                    let key = self.setup.keys.key_name(Mode::Global, Action::Conflict);
                    let title = &parked.mine.title;
                    let say = if again {
                        format!("Theirs moved on after you settled {title:?}: {key} shows what is new.")
                    } else {
                        format!("Two versions of {title:?} wait for you: {key}.")
                    };
                    self.notices.tell(self.now(), false, say);
                }
            }
            News::DeletionsHeld(some, all) => {
                self.held = Some((*some, *all));
                let key = self.setup.keys.key_name(Mode::Global, Action::AllowDeletions);
                let say = format!("{some} of {all} notes were deleted elsewhere; none was deleted here yet. {key} asks whether to.");
                self.notices.tell(self.now(), true, say);
            }
            News::Opened(detail) if self.going == Some(detail.id) => {
                self.going = None;
                match &detail.parked {
                    Some(parked) => {
                        self.push(merge::open(Box::new(parked.clone()), &self.setup.settings.accept), out);
                    }
                    None => self.mark_parked(detail.id, false),
                }
            }
            News::Stopped => {
                if let Some((_, status)) = self.ending {
                    out.push(Effect::Quit(status));
                }
            }
            _ => {}
        }
        self.tell_all(event, out);
    }

    pub(super) fn ask_token(&mut self) {
        let lines = vec![
            "The server refuses the token: it is wrong or was taken back. All you write is kept here.".to_owned(),
            "diptych token add NAME, on the server, prints a new one. Esc: later.".to_owned(),
        ];
        let ask = Ask { lines, hidden: true, ..Ask::line("token", "New token (it is not shown)", "") };
        self.overlay = Some(Overlay::Ask { ask: Box::new(ask), input: Input::default() });
    }

    fn mark_parked(&mut self, id: NoteId, parked: bool) {
        self.parked.retain(|p| *p != id);
        if parked {
            self.parked.push(id);
        }
    }
}
