//! `diptych serve` killed with -9 under load, again and again over one store: every answered save is there, none was done twice.

use std::sync::atomic::Ordering;

use super::program::Program;
use super::writers::{Answered, Writer};
use crate::pty::Home;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answered_save_outlives_the_server() {
    let rounds: usize = std::env::var("DIPTYCH_KILL_ROUNDS").ok().and_then(|s| s.parse().ok()).unwrap_or(4);
    for home in Home::over_each_store() {
        saves_outlive_the_server(&home, rounds).await;
    }
}

async fn saves_outlive_the_server(home: &Home, rounds: usize) {
    let mut server = Program::start(home, None, &[]);
    let token = server.token.clone();
    let mut writers = Vec::new();
    for name in 0..6 {
        writers.push(Writer::new(&server, name).await);
    }
    let mut checked = vec![0; writers.len()];
    for round in 0..rounds {
        let answered = Answered::default();
        let tasks: Vec<_> = writers.drain(..).map(|w| tokio::spawn(w.run(server.url.clone(), token.clone(), answered.clone()))).collect();
        let enough = 20 + round * 37 % 101; // each round ends at another place
        while answered.load(Ordering::Relaxed) < enough {
            assert!(!tasks.iter().any(tokio::task::JoinHandle::is_finished), "a writer stopped early");
            tokio::task::yield_now().await;
        }
        server.kill();
        for task in tasks {
            writers.push(task.await.unwrap());
        }
        server = Program::start(home, Some(&token), &[]);
        for (writer, from) in writers.iter().zip(&mut checked) {
            writer.check(&server, *from).await;
            *from = writer.saves();
        }
    }
    for writer in &writers {
        writer.check(&server, 0).await;
    }
    if home.is_file() {
        let file = rusqlite::Connection::open(home.path("data/diptych/server.db")).unwrap();
        let sound: String = file.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }
    println!("{rounds} rounds, {} saves", writers.iter().map(Writer::saves).sum::<usize>());
}
