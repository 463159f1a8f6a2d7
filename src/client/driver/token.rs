//! A new token while the program runs: tried, kept as a login keeps it, and used from then on.

use super::{Driver, In, say};
use crate::client::handle::{News, Token};
use crate::client::http::{Access, Fault, Http};
use crate::client::rebase::Rules;

impl Driver {
    pub(super) fn try_token(&mut self, token: Token) {
        let access = Access { token: token.0, ..self.access.clone() };
        match Http::new(&access) {
            Ok(http) => self.spawn(async move {
                let tried = http.rules().await;
                In::TokenTried(Box::new((access, http)), tried)
            }),
            Err(why) => self.tell(News::Failed(None, say::unfit_token(&why))),
        }
    }

    pub(super) fn token_tried(&mut self, (access, http): (Access, Http), tried: Result<Rules, Fault>) {
        match tried {
            Ok(rules) => {
                let kept = self.keep.as_ref().map_or(Ok(()), |keep| keep(&access.token));
                self.tell(News::Notice(say::token_taken(kept.err().as_deref())));
                (self.rules, self.access, self.http) = (rules, access, http);
                self.reached();
                self.catch_up();
            }
            Err(fault) => self.tell(News::Failed(None, say::token_not_taken(&fault))),
        }
    }
}
