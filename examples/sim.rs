//! Tells the story of one simulated run, or runs many: `cargo run --example sim -- --seed 7`, `… -- --seeds 100000 [--from N]`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs, unreachable_pub)]

#[path = "../tests/it/sim/catching.rs"]
mod catching;
#[path = "../tests/it/sim/device.rs"]
mod device;
#[path = "../tests/it/sim/engine.rs"]
mod engine;
#[path = "../tests/it/sim/locking.rs"]
mod locking;
#[path = "../tests/it/sim/model.rs"]
mod model;
#[path = "../tests/it/sim/screen.rs"]
mod screen;
#[path = "../tests/it/sim/server.rs"]
mod server;

use std::process::ExitCode;

use engine::{Faults, Plan, Seen, run};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let number = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).and_then(|n| n.parse::<u64>().ok());
    if let Some(seed) = number("--seed") {
        let mut story = Vec::new();
        let plan = Plan { devices: number("--devices").map_or(Plan::of(seed).devices, |n| usize::try_from(n).unwrap()), ..Plan::of(seed) };
        let plan = if args.iter().any(|a| a == "--all-faults") { Plan { faults: Faults::all(), ..plan } } else { plan };
        let plan = if args.iter().any(|a| a == "--as-first") { plan.as_first() } else { plan };
        let done = run(&plan, Some(&mut story));
        story.iter().for_each(|line| println!("{line}"));
        println!("{plan:?}\n{}", done.as_ref().map_or_else(Clone::clone, ToString::to_string));
        return if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let Some(seeds) = number("--seeds") else {
        println!("sim --seed N [--devices N] [--all-faults] [--as-first] | --seeds N [--from N]");
        return ExitCode::from(2);
    };
    let (from, mut seen, mut broken) = (number("--from").unwrap_or(0), Seen::default(), 0);
    for seed in from..from + seeds {
        match run(&Plan::of(seed), None) {
            Ok(s) => seen.add(&s),
            Err(law) => {
                broken += 1;
                println!("seed {seed}: {}", law.chars().take(400).collect::<String>());
            }
        }
    }
    println!("{seeds} seeds, {broken} broken laws: {seen}");
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
