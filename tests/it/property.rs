//! How properties are tried: on the same examples in every run, so that a test says the same of the same program twice and a failure comes
//! again. Other examples come with another seed (`PROPTEST_RNG_SEED=7`), more of them with a factor (`DIPTYCH_TIMES=100`).

use proptest::test_runner::{Config, RngSeed};

/// The way to try a property on so many examples.
pub fn tried(cases: u32) -> Config {
    let given = Config::default();
    let rng_seed = if given.rng_seed == RngSeed::Random { RngSeed::Fixed(20) } else { given.rng_seed };
    let times = std::env::var("DIPTYCH_TIMES").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    Config { cases: cases.saturating_mul(times), rng_seed, failure_persistence: None, ..given }
}
