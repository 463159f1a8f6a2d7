//! A week offline with two devices, lived with the commands for scripts: folders exported, edited and imported, notes made, piped and
//! deleted, all without a server; then both meet through a way that loses replies. Every text is reachable, sums are exact, each conflict
//! is logged once, and both have the same notes.

use std::collections::BTreeMap;
use std::path::Path;

use diptych::client::disk::Disk;
use diptych::client::http::{Access, Http};
use diptych::domain::note::{NoteId, Time};
use serde_json::Value;

use super::fire::Device;
use super::world::World;
use crate::proxy::Fault;

const NOTES: usize = 200;

fn file(n: usize) -> String {
    format!("note {n}.md")
}

/// What a week does to the exported notes. By the last figure of its number a note is edited in one place by both (0), by one (1, 2),
/// counted up by both (3), tagged by both (4), renamed by both (6), edited alike (8).
fn edit(folder: &Path, device: &str, all: &mut Vec<String>) {
    for n in 0..NOTES {
        let word = format!("{device}.{n}");
        let path = folder.join(file(n));
        let text = std::fs::read_to_string(&path).unwrap();
        let by = |share: usize| text.replace("\"count\":0", &format!("\"count\":{}", n * share));
        let new = match (n % 10, device) {
            (0, _) if n % 20 == 0 => text.replace("first", &word),
            (1, "laptop") | (2, "desktop") => format!("{text}{word}\n"),
            (3, "laptop") => by(1),
            (3, _) => by(2),
            (4, _) => text.replace("[\"week\"]", &format!("[\"week\",\"{device}\"]")),
            (6, _) => text.replace(&format!("\"note {n}\""), &format!("\"note {word}\"")),
            (7, "desktop") if n < 20 => format!("{text}{word}\n"),
            (8, _) => format!("{text}both.{n}\n"),
            _ => continue,
        };
        assert_ne!(new, text, "note {n}");
        std::fs::write(path, &new).unwrap();
        all.extend(new.contains(&word).then_some(word));
    }
}

fn json(device: &Device, world: &World, args: &[&str]) -> Value {
    let (status, out, err) = device.run(world, args, "");
    assert_eq!(status, 0, "{}: {args:?}: {out}{err}", device.name);
    serde_json::from_str::<Value>(&out).unwrap()["data"].take()
}

/// The ids of notes by their titles.
fn ids(device: &Device, world: &World) -> BTreeMap<String, String> {
    let rows = json(device, world, &["list", "--json"]);
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(|r| (text(&r["title"]), text(&r["id"]))).collect()
}

fn week(device: &Device, world: &World, said: &mut Vec<String>) {
    let folder = device.home.path("week");
    let at = folder.to_str().unwrap();
    let exported = json(device, world, &["export", at, "--json"]);
    assert_eq!(exported["written"], NOTES);
    let ids = ids(device, world);
    edit(&folder, device.name, said);
    let told = json(device, world, &["import", at, "--json"]);
    assert_eq!((&told["created"], &told["left"]), (&0.into(), &Value::Array(Vec::new())), "{told}");
    for n in 0..3 {
        let word = format!("{}.new{n}", device.name);
        assert_eq!(device.run(world, &["new", "--title", &format!("new {word}"), "-"], &format!("{word}\n")).0, 0);
        said.push(word);
    }
    if device.name == "laptop" {
        // Two that the other edits, two that nobody else touches.
        for n in [7, 17, 5, 15] {
            assert_eq!(device.run(world, &["delete", &ids[&format!("note {n}")]], "").0, 0);
        }
        // As a script does it: show | sed | save --base.
        let id = &ids["note 9"];
        let shown = device.run(world, &["show", id], "").1;
        assert_eq!(device.run(world, &["save", id, "--base", "1"], &shown.replace("first", "laptop.piped")).0, 0);
        said.push("laptop.piped".to_owned());
    }
}

fn outbox(device: &Device, world: &World) -> usize {
    json(device, world, &["outbox", "--json"]).as_array().unwrap().len()
}

/// Both send and fetch until nothing is on its way.
fn meet(devices: &[Device], world: &World) {
    for _ in 0..20 {
        for device in devices {
            let (status, out, err) = device.run(world, &["sync", "--timeout", "60"], "");
            assert!([0, 1, 3].contains(&status), "{}: {status} {out}{err}", device.name);
        }
        if devices.iter().all(|d| outbox(d, world) == 0) {
            return;
        }
    }
    panic!("they never have all of each other's");
}

/// Settles what is parked, by turns as mine and theirs; how many there were.
fn settle(device: &Device, world: &World) -> usize {
    let parked = json(device, world, &["conflicts", "--json"]);
    for (n, conflict) in parked.as_array().unwrap().iter().enumerate() {
        let side = if n % 2 == 0 { "--mine" } else { "--theirs" };
        let (status, out, err) = device.run(world, &["conflicts", "settle", conflict["id"].as_str().unwrap(), side], "");
        assert_eq!(status, 0, "{out}{err}");
    }
    parked.as_array().unwrap().len()
}

/// All that can be reached of any note: versions and the audit log on the server, copies on the devices.
/// Gives the actions that the log names, too.
async fn reachable(world: &World, devices: &[Device], ids: impl Iterator<Item = NoteId>) -> (String, Vec<String>) {
    let access = Access { server: format!("http://{}", world.address), token: world.token.clone(), origin: "judge".into(), ca: None };
    let (http, mut all) = (Http::new(&access).unwrap(), String::new());
    for id in ids {
        for row in http.history(id).await.unwrap() {
            all.push_str(&format!("{:?}\n", http.version(id, row.version).await.unwrap().content));
        }
        for device in devices {
            all.push_str(&format!("{:?}\n", Disk::open(&device.file(), Time(0)).unwrap().0.copies(id).unwrap()));
        }
    }
    let log = http.audit(500, "").await.unwrap();
    (all + &format!("{log:?}"), log.into_iter().map(|e| e.action).collect())
}

fn texts(device: &Device, world: &World, to: &str) -> BTreeMap<String, String> {
    let folder = device.home.path(to);
    json(device, world, &["export", folder.to_str().unwrap(), "--json"]);
    let entry = |e: std::fs::DirEntry| (e.file_name().into_string().unwrap(), std::fs::read_to_string(e.path()).unwrap());
    std::fs::read_dir(folder).unwrap().map(|e| entry(e.unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_offline_on_two_devices_loses_nothing_and_ends_alike() {
    let world = World::start().await;
    let devices = [Device::new(&world, "laptop").await, Device::new(&world, "desktop").await];
    let start = devices[0].home.path("start");
    std::fs::create_dir(&start).unwrap();
    for n in 0..NOTES {
        let text = format!("---\ntitle: note {n}\ntags: [week]\nfields: {{\"count\":0}}\n---\nfirst\n\nlast\n");
        std::fs::write(start.join(file(n)), text).unwrap();
    }
    let mut said = Vec::new();
    let (refused, known) = tokio::task::block_in_place(|| {
        assert_eq!(json(&devices[0], &world, &["import", start.to_str().unwrap(), "--json"])["created"], NOTES);
        meet(&devices, &world);
        let mut known = ids(&devices[1], &world);
        assert_eq!(known.len(), NOTES);
        for device in &devices {
            device.proxy.cut(true);
            week(device, &world, &mut said);
            known.extend(ids(device, &world));
        }
        for device in &devices {
            for fault in [Fault::DropReply, Fault::Duplicate, Fault::HalfReply, Fault::DropReply] {
                device.proxy.next("P", fault);
            }
            device.proxy.cut(false);
        }
        meet(&devices, &world);
        let refused: Vec<usize> = devices.iter().map(|d| settle(d, &world)).collect();
        meet(&devices, &world);
        (refused, known)
    });
    // Ten edited in one place, two edited here and deleted there; each told to the one whose save came second.
    assert_eq!(refused.iter().sum::<usize>(), 12, "{refused:?}");
    let [laptop, desktop] = ["laptop", "desktop"]
        .map(|name| tokio::task::block_in_place(|| texts(devices.iter().find(|d| d.name == name).unwrap(), &world, "end")));
    assert!(laptop == desktop, "both have the same notes");
    for n in (3..NOTES).step_by(10) {
        assert!(laptop[&file(n)].contains(&format!("\"count\":{}", 3 * n)), "{}", laptop[&file(n)]);
        assert!(
            laptop[&file(n + 1)].contains("[\"week\",\"") && laptop[&file(n + 1)].matches("top\"").count() == 2,
            "{}",
            laptop[&file(n + 1)]
        );
    }
    let (all, log) = reachable(&world, &devices, known.values().map(|id| NoteId(id.parse().unwrap()))).await;
    let lost: Vec<&String> = said.iter().filter(|word| !all.contains(word.as_str())).collect();
    assert!(lost.is_empty() && said.len() > 100, "{lost:?} of {}", said.len());
    let count = |action: &str| log.iter().filter(|a| *a == action).count();
    assert_eq!(["conflict_409", "conflict_merged", "conflict_lww"].map(count), [12, 40, 20], "each is logged once");
}
