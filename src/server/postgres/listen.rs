//! Hearing of changes that other server processes made, over LISTEN/NOTIFY on a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::oneshot;
use tokio_postgres::{AsyncMessage, Config, NoTls};

use super::tx::CHANNEL;
use crate::server::events::Hub;
use crate::server::store::{Event, Kind, StoreError};

/// How long to wait before connecting again.
const AGAIN: Duration = Duration::from_millis(500);

/// An event as it travels between processes.
pub(super) fn to_payload(e: &Event) -> String {
    let (kind, version) = (e.kind.name(), e.version);
    serde_json::json!([e.space, e.seq, kind, e.id, version, e.origin, e.deleted]).to_string()
}

fn from_payload(text: &str) -> Option<Event> {
    let (space, seq, kind, id, version, origin, deleted): (_, _, String, _, _, _, _) = serde_json::from_str(text).ok()?;
    Some(Event { space, seq, kind: Kind::of(&kind)?, id, version, origin, deleted })
}

/// Listens for ever. `ready` hears when it first does. After a lost connection every listener is told to resync, once changes are heard again.
pub(super) async fn listen(config: Config, hub: Arc<Hub>, ready: oneshot::Sender<()>) {
    let mut ready = Some(ready);
    loop {
        if let Err(e) = until_lost(&config, &hub, &mut ready).await {
            tracing::warn!(error = %e, "the connection that hears of changes was lost");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn until_lost(config: &Config, hub: &Hub, ready: &mut Option<oneshot::Sender<()>>) -> Result<(), StoreError> {
    let (client, mut connection) = config.connect(NoTls).await?;
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
                    from_payload(n.payload()).into_iter().for_each(|e| hub.tell(e));
                }
                Some(Ok(_)) => {}
                Some(Err(e)) => return Err(e.into()),
                None => return Ok(()),
            },
        }
    }
}
