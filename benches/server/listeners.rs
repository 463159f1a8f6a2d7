//! A thousand listeners on the event stream: how long after a save was answered the last of them has heard of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::load::{Saver, Wire};
use super::{Subject, folder, median};

async fn listen(subject: &Arc<(u16, String)>, heard: mpsc::UnboundedSender<Instant>) {
    let mut wire = Wire::to(subject.0).await;
    let ask = format!("GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nX-Client: ear\r\n\r\n", subject.1);
    wire.send(&ask).await.unwrap();
    let mut text = Vec::new();
    while !text.windows(4).any(|w| w == b"\r\n\r\n") {
        assert!(wire.read(&mut text).await.unwrap() > 0);
    }
    heard.send(Instant::now()).unwrap();
    tokio::spawn(async move {
        loop {
            text.clear();
            if wire.read(&mut text).await.unwrap_or(0) == 0 {
                return;
            }
            if text.windows(12).any(|w| w == b"event: note\n") && heard.send(Instant::now()).is_err() {
                return;
            }
        }
    });
}

/// The table.
pub async fn table(quick: bool) {
    let listeners = 1000;
    let folder = folder();
    let running = Subject::start(folder.path(), &format!("sqlite:{}", folder.path().join("notes.db").display()));
    let (heard, mut hears) = mpsc::unbounded_channel();
    let subject = Arc::new((running.running.port, running.token.clone()));
    let mut saver = Saver::new(running.kind(false), running.running.port, 1).await;
    for _ in 0..listeners {
        listen(&subject, heard.clone()).await;
    }
    for _ in 0..listeners {
        hears.recv().await.unwrap();
    }
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for _ in 0..if quick { 10 } else { 100 } {
        let begun = Instant::now();
        assert!(saver.save().await.unwrap());
        let mut times = Vec::with_capacity(listeners);
        while times.len() < listeners {
            let at = tokio::time::timeout(Duration::from_secs(10), hears.recv()).await.expect("every listener hears").unwrap();
            times.push(at.duration_since(begun).as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        first.push(times[0]);
        last.push(times[listeners - 1]);
    }
    let worst = last.iter().copied().fold(0.0, f64::max);
    println!("\n{listeners} listeners; from sending a save until the event is read, ms (goal: all within 100 ms)\n");
    println!(
        "| first listener, median | last listener, median | last listener, worst | memory of the server |\n| ---: | ---: | ---: | ---: |"
    );
    println!("| {:.1} | {:.1} | {worst:.1} | {:.0} MB |", median(first), median(last), running.running.memory());
}
