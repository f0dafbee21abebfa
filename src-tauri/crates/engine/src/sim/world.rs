//! The simulated world: true time, a queue of what happens when, both consoles and the gateway between them. Carries a
//! plan out and has every step judged.

use super::console::Console;
use super::dice::Dice;
use super::gateway::Gateway;
use super::judge::Judge;
use super::plan::{END_MS, Plan, Rates, Side};
use super::{person, trouble};
use chrono::{DateTime, Duration, Utc};
use client::Dialect;
use std::collections::BTreeMap;

/// After the plan's end, until everything has come to rest.
const CALM_MS: u64 = 600_000;
/// The beginning of true time.
const BEGINNING_S: i64 = 1_800_000_000;
/// More steps than any run needs: beyond, something goes round in circles.
const MOST_STEPS: u64 = 200_000;

/// What happens at a moment.
type Task = Box<dyn FnOnce(&mut World)>;

/// See the module.
pub(super) struct World {
    pub(super) now_ms: u64,
    pub(super) dialect: Dialect,
    pub(super) rates: Rates,
    pub(super) dice: Dice,
    pub(super) gateway: Gateway,
    pub(super) consoles: [Console; 2],
    pub(super) judge: Judge,
    queue: BTreeMap<(u64, u64), Task>,
    queued: u64,
    trace: Option<Vec<String>>,
    violation: Option<String>,
}

/// A run that broke an invariant.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    /// Which, and how.
    pub(super) violation: String,
    /// What led to it, if it was written down.
    pub(super) trace: Vec<String>,
}

/// Is what happens written down?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracing {
    Yes,
    No,
}

/// What a run held: to see that it was no empty one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub(super) steps: u64,
    pub(super) decisions: u64,
    pub(super) took_effect: u64,
    pub(super) crashes: u64,
    pub(super) events: u64,
}

/// Carries a plan out.
pub(super) fn run(plan: &Plan, tracing: Tracing) -> Result<Figures, Broken> {
    let mut world = World::new(plan, tracing);
    for side in Side::BOTH {
        world.after(0, move |world| world.open(side));
    }
    for op in plan.ops.clone() {
        world.after(op.at_ms, move |world| {
            world.note(|| format!("-- {:?}", op.what));
            trouble::happen(world, op.what);
        });
    }
    world.after(END_MS, trouble::heal);
    let mut steps = 0;
    while world.violation.is_none()
        && let Some(((at_ms, _), task)) = world.queue.pop_first()
    {
        if at_ms > END_MS + CALM_MS {
            break;
        }
        world.now_ms = at_ms;
        task(&mut world);
        Judge::step(&mut world);
        steps += 1;
        if steps > MOST_STEPS {
            world.breaks("the run does not come to rest".to_owned());
        }
    }
    if world.violation.is_none() {
        Judge::at_rest(&mut world);
    }
    world.ended(steps)
}

impl World {
    fn new(plan: &Plan, tracing: Tracing) -> Self {
        let mut dice = Dice::of(plan.seed ^ 0x00c0_ffee);
        Self {
            now_ms: 0,
            dialect: plan.dialect,
            rates: plan.rates,
            gateway: Gateway::new(plan.dialect),
            consoles: Side::BOTH.map(|side| Console::new(side, &mut dice)),
            dice,
            judge: Judge::default(),
            queue: BTreeMap::new(),
            queued: 0,
            trace: (tracing == Tracing::Yes).then(Vec::new),
            violation: None,
        }
    }

    fn ended(self, steps: u64) -> Result<Figures, Broken> {
        match self.violation {
            Some(violation) => Err(Broken { violation, trace: self.trace.unwrap_or_default() }),
            None => Ok(Figures {
                steps,
                decisions: self.judge.made.len() as u64,
                took_effect: self.gateway.truth.effects.len() as u64,
                crashes: self.consoles.iter().map(|console| console.life - 1).sum(),
                events: self.consoles.iter().map(|console| console.store.events.len() as u64).sum(),
            }),
        }
    }

    /// Happens then, whatever becomes of the consoles.
    pub(super) fn after(&mut self, ms: u64, task: impl FnOnce(&mut World) + 'static) {
        self.queued += 1;
        self.queue.insert((self.now_ms + ms, self.queued), Box::new(task));
    }

    /// Happens then on that console, if it still lives; a sleeping one does it when it wakes.
    pub(super) fn on(&mut self, side: Side, ms: u64, task: impl FnOnce(&mut World) + 'static) {
        let life = self.console(side).life;
        self.after(ms, move |world| world.on_life(side, life, Box::new(task)));
    }

    pub(super) fn on_life(&mut self, side: Side, life: u64, task: Task) {
        let console = &self.consoles[side.at()];
        if console.life != life || !console.is_up() {
            return;
        }
        match console.asleep_until_ms.checked_sub(self.now_ms) {
            Some(left) if left > 0 => self.after(left, move |world| world.on_life(side, life, task)),
            _ => task(self),
        }
    }

    pub(super) fn console(&mut self, side: Side) -> &mut Console {
        &mut self.consoles[side.at()]
    }

    /// True time, as the gateway tells it.
    pub(super) fn time(&self) -> DateTime<Utc> {
        time_at(self.now_ms)
    }

    /// Writes down what happens, if anybody wants to know.
    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        let now_ms = self.now_ms;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{now_ms:>8} {}", line()));
        }
    }

    /// An invariant is broken; the first one counts.
    pub(super) fn breaks(&mut self, violation: String) {
        self.note(|| format!("VIOLATION {violation}"));
        self.violation.get_or_insert(violation);
    }

    pub(super) fn decide(&mut self, wish: super::plan::Wish) {
        person::wants(self, wish);
    }
}

pub(super) fn time_at(ms: u64) -> DateTime<Utc> {
    DateTime::from_timestamp(BEGINNING_S, 0).unwrap_or_default() + Duration::milliseconds(ms.cast_signed())
}
