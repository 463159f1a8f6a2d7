//! Figures for Prometheus: saves, conflicts by policy, latency by route, what waits.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::store::Done;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Action {
    action: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
    status: u16,
}

/// All figures of one server.
pub(crate) struct Metrics {
    registry: Registry,
    saves: Counter,
    conflicts: Family<Action, Counter>,
    requests: Family<Route, Counter>,
    latency: Histogram,
    queued: Gauge,
    listeners: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("diptych");
        let latency = Histogram::new(exponential_buckets(0.000_1, 3.0, 12));
        let out = Self {
            saves: Counter::default(),
            conflicts: Family::default(),
            requests: Family::default(),
            latency: latency.clone(),
            queued: Gauge::default(),
            listeners: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("saves", "Saves accepted", out.saves.clone());
        registry.register("conflicts", "Conflicts by what was done with them", out.conflicts.clone());
        registry.register("requests", "Requests answered", out.requests.clone());
        registry.register("request_seconds", "Time until an answer began", latency);
        registry.register("writes_waiting", "Writes waiting for the store", out.queued.clone());
        registry.register("listeners", "Open event streams", out.listeners.clone());
        Self { registry, ..out }
    }

    /// Counts what came of a write.
    pub(crate) fn write(&self, done: &Done) {
        let conflict = |action: &str| {
            self.conflicts.get_or_create(&Action { action: action.to_owned() }).inc();
        };
        match done {
            Done::Saved { action, .. } => {
                self.saves.inc();
                action.iter().for_each(|a| conflict(a));
            }
            Done::Conflict { .. } => conflict("conflict_409"),
            Done::LockRefused(_) => conflict("lock_refused"),
            _ => {}
        }
    }

    /// Counts an answered request.
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, seconds: f64) {
        let labels = Route { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.latency.observe(seconds);
    }

    /// A listener came (`1`) or went (`-1`).
    pub(crate) fn listener(&self, by: i64) {
        self.listeners.inc_by(by);
    }

    /// All figures in Prometheus' text form.
    pub(crate) fn text(&self, queued: usize) -> String {
        self.queued.set(i64::try_from(queued).unwrap_or(i64::MAX));
        let mut out = String::new();
        let _ = encode(&mut out, &self.registry); // writing into a String does not fail
        out
    }
}
