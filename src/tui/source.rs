//! What comes from the terminal, read by a thread that does nothing else: a sequence that comes in halves, or a paste that does not end,
//! holds up nobody. One thread and one channel is the shortest way from a key to the loop.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{self as ct, EventStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long one wait for the terminal lasts at most; nothing happens when it ends.
const WAIT: Duration = Duration::from_secs(3600);
/// How long a thread that shall stop is waited for: one that is inside an unfinished sequence does not hear.
const STOP: Duration = Duration::from_millis(200);

/// The terminal's events.
pub(super) struct Source {
    /// As they come; ends when the thread does.
    pub(super) events: UnboundedReceiver<io::Result<ct::Event>>,
    stop: Arc<AtomicBool>,
    /// Interrupts the thread's wait when it is dropped.
    waker: Option<EventStream>,
}

impl Source {
    /// Begins to read.
    pub(super) fn start() -> Source {
        let (tell, events) = unbounded_channel();
        let stop = Arc::new(AtomicBool::new(false));
        let waker = Some(EventStream::new());
        let stops = stop.clone();
        std::thread::spawn(move || read(&tell, &stops));
        Source { events, stop, waker }
    }

    /// Stops reading; when this is done nobody takes keys from whoever reads the terminal next.
    pub(super) async fn stop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(self.waker.take());
        while let Ok(Some(_)) = tokio::time::timeout(STOP, self.events.recv()).await {}
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

fn read(tell: &UnboundedSender<io::Result<ct::Event>>, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        let event = match ct::poll(WAIT) {
            Ok(true) => ct::read(),
            Ok(false) => continue,
            Err(e) => Err(e),
        };
        let failed = event.is_err();
        if tell.send(event).is_err() || failed {
            return;
        }
    }
}
