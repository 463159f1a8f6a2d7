//! Laws 1, 2, 8 and 9 over seeded runs: several devices, the real decision and the real state machine, and a network, disks and a clock
//! that misbehave on purpose. A seed that fails prints the command that tells its story.

pub mod catching;
pub mod device;
pub mod engine;
pub mod locking;
pub mod model;
pub mod screen;
pub mod server;

use engine::{Faults, Plan, run};

/// Seeds that once broke a law. Of servers set back: 20 (a deleted note's last text), 1 and 567 (a save on top of a server in another
/// state), 6057 (an end before all knew), 11459 (a newer version of another past in place of the last copy). 16: a save sent twice, as
/// a list from the start was taken for that of a server set back. 22885: the note of a report that was answered "not now" stayed as it
/// was before a server was set back, as if a save of it had been answered.
const ONCE_BROKEN: &[u64] = &[1, 16, 20, 567, 6057, 11459, 22885];

/// The same of runs with locks, mass deletions and servers set back unnoticed. 1140, 10213, 19440: set back in the middle of a list. 8110:
/// another's save with an equal sum taken for one's own. 3730: a save answered by the restored server, listed as older than what is here.
const ONCE_BROKEN_LATER: &[u64] = &[1140, 3730, 8110, 10213, 19440];

/// The same of runs with screens and full disks. 46, 1343: a number of another window taken for one's own answer. 88: a clock set back while
/// the disk was full. 93: a text on screen that lacked what its save had become. 199, 1796: a text typed on one's own, put in place of
/// another that waited. 362, 1381, 5812: a number counted twice or not at all where typed text and settled text clashed. 1595: a draft
/// merged early in place of a conflict that was parked. 4822, 84568: what was put aside by a deletion came back over another text. 88107: a number
/// counted twice that was sent on a base only this device knew.
const ONCE_BROKEN_ON_SCREENS: &[u64] = &[46, 88, 93, 199, 362, 1343, 1381, 1595, 1796, 4822, 5812, 84568, 88107];

fn seeds() -> u64 {
    std::env::var("DIPTYCH_SIM_SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(3_000)
}

#[test]
fn laws_hold_through_lost_replies_partitions_crashes_and_repeats() {
    let mut seen = engine::Seen::default();
    let as_first = ONCE_BROKEN.iter().map(|seed| Plan::of(*seed).as_first());
    for plan in as_first.chain(ONCE_BROKEN_LATER.iter().chain(ONCE_BROKEN_ON_SCREENS).copied().chain(0..seeds()).map(Plan::of)) {
        match run(&plan, None) {
            Ok(s) => seen.add(&s),
            Err(broken) => panic!("seed {}: {broken}\nits story: cargo run --example sim -- --seed {}", plan.seed, plan.seed),
        }
    }
    println!("{seen}");
    // A simulation in which nothing went wrong proves nothing.
    let each = [
        seen.conflicts,
        seen.settled,
        seen.lost,
        seen.late,
        seen.repeats,
        seen.crashes,
        seen.partitions,
        seen.restores,
        seen.jumps,
        seen.unnoticed,
    ];
    let later = [seen.locks, seen.locks_lost, seen.locked_out, seen.deletions_held, seen.words_kept];
    let last = [seen.texts, seen.full, seen.not_stored, seen.not_parked];
    assert!(each.iter().chain(&later).chain(&last).all(|n| *n > 0), "{seen}");
}

#[test]
fn a_device_alone_never_meets_a_conflict() {
    for seed in 0..seeds() / 4 {
        let plan = Plan { devices: 1, faults: Faults::all(), ..Plan::of(seed) };
        let seen = run(&plan, None).unwrap_or_else(|broken| {
            panic!("seed {seed} alone: {broken}\nits story: cargo run --example sim -- --seed {seed} --devices 1 --all-faults")
        });
        assert_eq!(seen.conflicts, 0, "seed {seed}");
    }
}
