//! A failing plan made shorter: whatever may be left out and still fails is left out.

use super::plan::{Plan, Rates};
use super::world::{Broken, Figures, Tracing, run};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a plan; a panic in the product's code is a broken run too.
pub(super) fn attempt(plan: &Plan, tracing: Tracing) -> Result<Figures, Broken> {
    catch_unwind(AssertUnwindSafe(|| run(plan, tracing))).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
        Err(Broken { violation: format!("panic: {}", said.unwrap_or_default()), trace: Vec::new() })
    })
}

/// The shortest plan that still fails, found by leaving out halves, quarters and single operations, and what is unreliable.
pub(super) fn shrink(plan: &Plan) -> Plan {
    let mut best = plan.clone();
    let mut size = best.ops.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < best.ops.len() {
            let mut less = best.clone();
            less.ops.drain(at..(at + size).min(less.ops.len()));
            if fails(&less) {
                best = less;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    let calmer: [fn(&mut Rates); 6] = [
        |rates| rates.lost = 0,
        |rates| rates.unanswered = 0,
        |rates| rates.twice = 0,
        |rates| rates.overtaken = 0,
        |rates| rates.cut = 0,
        |rates| rates.way_ms = 20,
    ];
    for calm in calmer {
        let mut less = best.clone();
        calm(&mut less.rates);
        if fails(&less) {
            best = less;
        }
    }
    best
}

fn fails(plan: &Plan) -> bool {
    attempt(plan, Tracing::No).is_err()
}
