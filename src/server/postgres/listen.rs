//! Hearing of changes that other server processes made, over LISTEN/NOTIFY on a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::oneshot;
use tokio_postgres::AsyncMessage;

use super::connect::Way;
use crate::server::events::Hub;
use crate::server::store::{Event, Kind, Space, StoreError};

/// The channel on which processes tell each other of changes.
pub(super) const CHANNEL: &str = "diptych";

/// How long to wait before connecting again.
const AGAIN: Duration = Duration::from_millis(500);

type Told = (Space, i64, String, uuid::Uuid, Option<i64>, String, bool);

/// Events of one space as they travel between processes: each place is told as how far behind the last one it is, and the database
/// writes the last one in front.
pub(super) fn to_text(events: &[Event]) -> String {
    let told = |e: &Event| -> Told { (e.space, e.seq, e.kind.name().to_owned(), e.id, e.version, e.origin.clone(), e.deleted) };
    serde_json::to_string(&events.iter().map(told).collect::<Vec<_>>()).unwrap_or_default()
}

/// The way back from [`to_text`], with the last place in front.
fn from_text(text: &str) -> Option<Vec<Event>> {
    let (last, told) = text.split_at_checked(text.find('[')?)?;
    let last: i64 = last.parse().ok()?;
    let told: Vec<Told> = serde_json::from_str(told).ok()?;
    let event = |(space, back, kind, id, version, origin, deleted): Told| {
        Some(Event { space, seq: last.checked_sub(back)?, kind: Kind::of(&kind)?, id, version, origin, deleted })
    };
    told.into_iter().map(event).collect()
}

/// Listens for ever. `ready` hears when it first does. After a lost connection every listener is told to resync, once changes are heard again.
pub(super) async fn listen(way: Way, hub: Arc<Hub>, ready: oneshot::Sender<()>) {
    let mut ready = Some(ready);
    loop {
        if let Err(e) = until_lost(&way, &hub, &mut ready).await {
            tracing::warn!(error = %e, "the connection that hears of changes was lost");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn until_lost(way: &Way, hub: &Hub, ready: &mut Option<oneshot::Sender<()>>) -> Result<(), StoreError> {
    let (client, mut connection) = way.connect().await?;
    let mut messages = stream::poll_fn(move |cx| connection.poll_message(cx));
    let asked = client.batch_execute("LISTEN diptych");
    tokio::pin!(asked);
    let mut listening = false;
    loop {
        tokio::select! {
            done = &mut asked, if !listening => {
                done?;
                listening = true;
                match ready.take() {
                    Some(ready) => { let _ = ready.send(()); } // nobody waits any more
                    None => hub.resync(),
                }
            }
            message = messages.next() => match message {
                Some(Ok(AsyncMessage::Notification(n))) if n.channel() == CHANNEL => {
                    match from_text(n.payload()) {
                        Some(events) => events.into_iter().for_each(|e| hub.tell(e)),
                        None => hub.resync(), // said by a program that says it otherwise
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(e)) => return Err(e.into()),
                None => return Ok(()),
            },
        }
    }
}
