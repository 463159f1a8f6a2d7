//! What a scene of the demo is played on: a server over a file in a temporary folder, sample notes, a laptop and a phone.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::Scene;
use super::device::{Device, Tell};
use crate::cli::edge::Edge;
use crate::cli::embedded::{Embedded, Serving};
use crate::cli::{Context, Failure};
use crate::domain::policy::{Policies, Policy};

/// The price of the desk at first, in cents.
pub const DESK_CENTS: i64 = 45_000;
/// The tag of the desk at first.
pub const DESK_TAG: &str = "furniture";

const NOTES: [(&str, &str, &str, Option<i64>); 5] = [
    ("What is this?", include_str!("../../../assets/demo/welcome.md"), "demo", None),
    ("Caldo verde", include_str!("../../../assets/demo/caldo-verde.md"), "kitchen", None),
    ("Reading list", include_str!("../../../assets/demo/reading-list.md"), "books", None),
    (DESK, include_str!("../../../assets/demo/standing-desk.md"), DESK_TAG, Some(DESK_CENTS)),
    (LISBON, include_str!("../../../assets/demo/trip-to-lisbon.md"), "travel", None),
];

const DESK: &str = "Standing desk";
/// The title of the note most scenes are about.
pub const LISBON: &str = "Trip to Lisbon";

/// What the phone makes of the trip first.
pub fn mobile_first(body: &str) -> String {
    let body = body.replace("in room four", "in room seven").replace("for four.", "for five.");
    body.replace("- [ ] the good camera\n", "- [ ] the good camera\n- [ ] a rain coat\n")
}

/// What the phone makes of it when it saves again.
pub fn mobile_second(body: &str) -> String {
    let body = body.replace("for five.", "for seven.").replace("for four.", "for seven.");
    body.replace("Take tram 28 early", "Take tram 28 at seven")
}

/// A running server with its notes and two devices. All of it goes when this is dropped.
pub struct Stage {
    /// Where the server is, and the token for it.
    pub url: String,
    /// The token of the person.
    pub token: String,
    server: Option<Embedded>,
    serving: Serving,
    address: SocketAddr,
    edge: Edge,
    /// The device of the person, where a script plays it.
    pub laptop: Device,
    /// The second device.
    pub mobile: Device,
    /// The id of *Trip to Lisbon*.
    pub lisbon: String,
    /// The id of *Standing desk*.
    pub desk: String,
    /// Where all files are.
    pub dir: tempfile::TempDir,
}

impl Stage {
    /// Sets the stage for a scene.
    ///
    /// # Errors
    /// If the temporary folder or the server cannot be had.
    pub async fn set(ctx: &Context, scene: Scene, plain: bool) -> Result<Self, Failure> {
        let dir = tempfile::Builder::new().prefix("diptych-demo-").tempdir();
        let dir = dir.map_err(|e| Failure::data("The demo has no place for its files.", e, "Free some space, or set TMPDIR."))?;
        let mut policies = Policies::default();
        if scene == Scene::Offline {
            let set = policies.set("body", Policy::LastWriteWins);
            set.map_err(|e| Failure::data("The demo's policies are wrong.", e, "Please report this."))?;
        }
        let lock = match (scene, plain) {
            (Scene::Lock, true) => Duration::from_secs(1),
            (Scene::Lock, false) => Duration::from_secs(30),
            _ => Duration::from_secs(300),
        };
        let serving = Serving { path: dir.path().join("server.db"), policies, lock_timeout: lock, user: "ada" };
        let server = Embedded::start(&ctx.edge, serving.clone()).await?;
        let device = |origin, tell| Device::new(&server.url, &server.token, origin, tell, &ctx.edge);
        let tell = if plain { Tell::Print } else { Tell::Silent };
        let filler = device("desktop", Tell::Silent)?;
        let mut ids = Vec::new();
        for (title, body, tag, price) in NOTES {
            ids.push((title, create(&filler, title, body, tag, price).await?));
        }
        let id = |title: &str| ids.iter().find(|(t, _)| *t == title).map(|(_, id)| id.clone()).unwrap_or_default();
        let (laptop, mobile) = (device("laptop", tell)?, device("mobile", tell)?);
        let (url, token, address) = (server.url.clone(), server.token.clone(), server.address);
        let (lisbon, desk, edge) = (id(LISBON), id(DESK), ctx.edge.clone());
        Ok(Self { url, token, server: Some(server), serving, address, edge, laptop, mobile, lisbon, desk, dir })
    }

    /// The network goes away: the server stops.
    pub async fn outage(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// The network is back: the server is at its old address again, if it was gone.
    ///
    /// # Errors
    /// If the address was taken meanwhile.
    pub async fn recover(&mut self) -> Result<(), Failure> {
        if self.server.is_some() {
            return Ok(());
        }
        let before = Some((self.address, self.token.clone()));
        self.server = Some(Embedded::start_at(&self.edge, self.serving.clone(), before).await?);
        Ok(())
    }
}

async fn create(device: &Device, title: &str, body: &str, tag: &str, price: Option<i64>) -> Result<String, Failure> {
    let mut note = json!({"title": title, "body": body, "tags": [tag]});
    if let Some(price) = price {
        note["fields"] = json!({"price_cents": price});
    }
    let answer = device.call("POST", "/api/notes", Some(note), &[]).await?;
    match answer.body.pointer("/data/id").and_then(Value::as_str) {
        Some(id) if answer.status == 201 => Ok(id.to_owned()),
        _ => Err(Failure::server(
            "The demo's notes could not be made.",
            format!("The server answered {}.", answer.status),
            "Please report this.",
        )),
    }
}
