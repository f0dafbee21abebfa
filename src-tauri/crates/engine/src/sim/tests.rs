//! Seeds without a violation, planted bugs that are all found, and the simulation's own reliability.

use super::plan::{Plan, What};
use super::planted::{self, Plant};
use super::shrink::{attempt, shrink};
use super::world::{Figures, Tracing};
use std::env;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// Seeds of an ordinary test run; `HOLDPOINT_SIM_SEEDS` asks for more.
const SEEDS: u64 = 2_000;
/// Failing seeds after which it stops.
const MOST_FAILURES: u64 = 20;
/// Lines of a trace that are printed.
const LINES: usize = 400;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

/// Everything there is to say about a seed that fails.
fn report(plan: &Plan) -> String {
    let small = shrink(plan);
    let Err(broken) = attempt(&small, Tracing::Yes) else {
        return format!("seed {} failed once and not again: it is no function of its seed", plan.seed);
    };
    let mut text = format!(
        "\nseed {} ({}), replay with HOLDPOINT_SIM_SEED={0}\n{}\n{:?}\nwhat is left of {} operations:\n",
        plan.seed,
        plan.dialect,
        broken.violation,
        small.rates,
        plan.ops.len()
    );
    for op in &small.ops {
        let _ = writeln!(text, "  {:>8} {:?}", op.at_ms, op.what);
    }
    let skipped = broken.trace.len().saturating_sub(LINES);
    let _ = writeln!(text, "trace ({skipped} lines before):\n{}", broken.trace[skipped..].join("\n"));
    text
}

/// What became of a range of seeds.
#[derive(Default)]
struct Runs {
    sum: Figures,
    /// Seeds that broke an invariant, each with which.
    broken: Vec<(u64, String)>,
}

/// Seeds from..to, as many at a time as `threads`. After some failures there is no point in going on.
fn seeds(from: u64, to: u64, threads: u64) -> Runs {
    let (next, failures) = (AtomicU64::new(from), AtomicU64::new(0));
    let worker = || {
        let mut runs = Runs::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= to || failures.load(Ordering::Relaxed) >= MOST_FAILURES {
                return runs;
            }
            match attempt(&Plan::of(seed), Tracing::No) {
                Ok(figures) => runs.sum = runs.sum.and(figures),
                Err(broken) => {
                    failures.fetch_add(1, Ordering::Relaxed);
                    runs.broken.push((seed, broken.violation));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let mut all = Runs::default();
        for runs in workers.into_iter().map(|worker| worker.join().expect("panics are caught")) {
            all.sum = all.sum.and(runs.sum);
            all.broken.extend(runs.broken);
        }
        all
    })
}

impl Figures {
    fn and(self, other: Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            decisions: self.decisions + other.decisions,
            took_effect: self.took_effect + other.took_effect,
            crashes: self.crashes + other.crashes,
            events: self.events + other.events,
        }
    }
}

/// Fails with everything there is to say about the first seed that breaks an invariant.
fn hold(from: u64, to: u64, threads: u64) -> Figures {
    let Runs { sum, broken } = seeds(from, to, threads);
    for (seed, violation) in &broken {
        println!("seed {seed}: {violation}");
    }
    if let Some((seed, _)) = broken.first() {
        panic!("{} seeds break an invariant; the first: {}", broken.len(), report(&Plan::of(*seed)));
    }
    println!("seeds {from}..{to}: {sum:?}");
    assert!(to - from < 100 || sum.took_effect > (to - from) / 4, "the runs are empty: {sum:?}");
    sum
}

/// As many as `HOLDPOINT_SIM_SEEDS` says, or the first quarter of an ordinary run; `HOLDPOINT_SIM_SEED` plays one again.
#[test]
fn no_seed_breaks_an_invariant_i1_to_i8() {
    let (from, to, threads) = match (number("HOLDPOINT_SIM_SEED"), number("HOLDPOINT_SIM_SEEDS")) {
        (Some(seed), _) => (seed, seed + 1, 1),
        (None, Some(count)) => {
            let from = number("HOLDPOINT_SIM_FROM").unwrap_or(0);
            let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
            (from, from + count, number("HOLDPOINT_SIM_THREADS").unwrap_or(threads))
        }
        (None, None) => (0, SEEDS / 4, 1),
    };
    let sum = hold(from, to, threads);
    if let Ok(path) = env::var("HOLDPOINT_SIM_OUT") {
        let figures = serde_json::json!({
            "from": from, "to": to, "steps": sum.steps, "decisions": sum.decisions,
            "took_effect": sum.took_effect, "crashes": sum.crashes, "events": sum.events,
        });
        std::fs::write(path, figures.to_string()).expect("the figures can be written");
    }
}

#[test]
fn nor_does_a_seed_of_the_second_quarter_i1_to_i8() {
    hold(SEEDS / 4, SEEDS / 2, 1);
}

#[test]
fn nor_does_a_seed_of_the_third_quarter_i1_to_i8() {
    hold(SEEDS / 2, SEEDS / 4 * 3, 1);
}

#[test]
fn nor_does_a_seed_of_the_last_quarter_i1_to_i8() {
    hold(SEEDS / 4 * 3, SEEDS, 1);
}

fn caught(plant: Plant) -> Option<(u64, String)> {
    planted::with(plant, || {
        (0..SEEDS).find_map(|seed| {
            attempt(&Plan::of(seed), Tracing::No).err().map(|broken| (seed, broken.violation))
        })
    })
}

#[test]
fn every_planted_bug_is_found_within_two_thousand_seeds() {
    let found: Vec<_> = Plant::ALL.into_iter().map(|plant| (plant, caught(plant))).collect();
    for (plant, caught) in &found {
        println!("{plant:?}: {caught:?}");
    }
    let missed: Vec<_> =
        found.iter().filter(|(_, caught)| caught.is_none()).map(|(plant, _)| plant).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn a_seed_is_the_same_run_every_time() {
    for seed in [1, 2, 3] {
        let run = || attempt(&Plan::of(seed), Tracing::No).map(|figures| format!("{figures:?}")).ok();
        assert_eq!(run(), run());
    }
}

#[test]
fn a_failing_plan_is_made_shorter_and_still_fails() {
    let plant = Plant::AnyWindowConfirms;
    planted::with(plant, || {
        let plan = (0..SEEDS).map(Plan::of).find(|plan| attempt(plan, Tracing::No).is_err()).expect("found");
        let small = shrink(&plan);
        assert!(attempt(&small, Tracing::No).is_err());
        let raises = small.ops.iter().filter(|op| matches!(op.what, What::Raise { .. })).count();
        assert!(small.ops.len() <= 3 && raises == 1, "{:?}", small.ops);
    });
}
