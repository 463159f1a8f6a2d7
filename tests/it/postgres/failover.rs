//! A primary with a synchronous standby, killed with -9 under load: every save that was acknowledged is there, and the server goes on by
//! itself. And connections cut under load: nobody notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use diptych::domain::policy::Policies;
use serde_json::json;
use tokio::sync::Notify;

use super::cluster::Cluster;
use super::runtime;
use crate::contract::live::read;
use crate::contract::server::{Server, send};

/// Saves acknowledged, and a word to whoever waits for more of them.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    acknowledged: AtomicUsize,
    more: Notify,
}

impl Load {
    /// Waits until so many further saves were acknowledged.
    async fn another(&self, count: usize) {
        let enough = self.acknowledged.load(Ordering::SeqCst) + count;
        let reached = async {
            while self.acknowledged.load(Ordering::SeqCst) < enough {
                self.more.notified().await;
            }
        };
        tokio::time::timeout(crate::world::PATIENCE, reached).await.expect("saves go on");
    }
}

/// One device alone on its note: saves without end, asks again with the same key until there is an answer. Gives the texts acknowledged.
async fn device(s: Arc<Server>, load: Arc<Load>, path: String, number: usize) -> Vec<(i64, String)> {
    let mut out = Vec::new();
    for n in 1_u64.. {
        if load.stop.load(Ordering::SeqCst) {
            break;
        }
        let base = i64::try_from(n).unwrap();
        let (body, key) = (format!("{number}.{n}"), format!("6f1c0000-0000-4000-8000-{number:04}{n:08}"));
        let reply = loop {
            let request = s.ask("PUT", &path, "desk").header("Idempotency-Key", &key);
            let got = send(request.json(&json!({"base_version": base, "body": body}))).await;
            if got.status != 503 && got.status != 408 {
                break got;
            }
        };
        assert_eq!(reply.status, 200, "one device alone meets no conflict: {}", reply.body);
        assert_eq!(reply.body["data"]["version"], base + 1);
        out.push((base + 1, body));
        load.acknowledged.fetch_add(1, Ordering::SeqCst);
        load.more.notify_one();
    }
    out
}

/// Devices save while `trouble` happens; then every acknowledged text must be there. Gives how many there were.
async fn under_load(s: Arc<Server>, devices: usize, trouble: impl AsyncFnOnce(Arc<Load>)) -> usize {
    let load = Arc::new(Load::default());
    let mut running = Vec::new();
    for number in 0..devices {
        let path = s.note(json!({"title": "t", "body": "0"})).await;
        running.push((path.clone(), tokio::spawn(device(Arc::clone(&s), Arc::clone(&load), path, number))));
    }
    trouble(Arc::clone(&load)).await;
    load.stop.store(true, Ordering::SeqCst);
    let mut found = 0;
    for (path, device) in running {
        for (version, body) in device.await.unwrap() {
            let got = s.get(&format!("{path}/versions/{version}")).await.is(200).body;
            assert_eq!(got["data"]["body"], body.as_str(), "{path} {version}: an acknowledged save was lost");
            found += 1;
        }
    }
    assert_eq!(found, load.acknowledged.load(Ordering::SeqCst));
    assert_eq!(s.conflicts().await.len(), 0);
    found
}

#[test]
fn no_acknowledged_save_is_lost_when_the_primary_dies() {
    let Some(primary) = Cluster::start("-c fsync=off") else { return };
    let standby = primary.standby("-c fsync=off");
    primary.sql("postgres", "CREATE DATABASE notes");
    primary.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.sql("postgres", "SELECT pg_reload_conf()");
    runtime().block_on(async {
        let hosts = format!("host={}&host={}", standby.host(), primary.host());
        let address = format!("postgresql:///notes?{hosts}&user=postgres&target_session_attrs=read-write");
        let s = Arc::new(Server::start(diptych::server::open(&address).await.unwrap(), Policies::default()).await);
        let mut heard = s.ask("GET", "/api/events", "desk").send().await.unwrap();
        let saves = under_load(Arc::clone(&s), 6, async |load: Arc<Load>| {
            load.another(100).await;
            assert_eq!(primary.sql("postgres", "SELECT sync_state FROM pg_stat_replication"), "sync");
            primary.kill();
            standby.promote();
            load.another(100).await;
        })
        .await;
        println!("{saves} saves acknowledged around the failover, none lost");
        read(&mut heard, "event: resync").await; // whoever listened is told to look again, and hears on
        let after = s.note(json!({"title": "after"})).await;
        read(&mut heard, after.trim_start_matches("/api/notes/")).await;
        s.http.get(format!("{}/readyz", s.url)).send().await.unwrap().error_for_status().unwrap();
    });
}

#[test]
fn connections_cut_under_load_are_made_again() {
    let Some(address) = super::database() else { return };
    runtime().block_on(async {
        let s = Arc::new(Server::start(diptych::server::open(&address).await.unwrap(), Policies::default()).await);
        under_load(s, 4, async |load: Arc<Load>| {
            for _ in 0..12 {
                load.another(15).await;
                let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                           WHERE application_name = 'diptych' AND datname = current_database()";
                assert_ne!(super::ask(&address, cut), "0");
            }
            load.another(15).await;
        })
        .await;
    });
}
