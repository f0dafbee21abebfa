//! Calls over the simulated network: they take time, get lost on the way there or back, arrive twice, and end as the real
//! client would end them. What a call is answered is the gateway's matter.

use super::gateway::Power;
use super::ledger::bare;
use super::plan::Side;
use super::world::World;
use client::Failure;
use client::failure::{NotSent, Unclear};
use domain::connection::SignIn;
use std::rc::Rc;

/// How long a call waits for its answer.
pub(super) const PATIENCE_MS: u64 = 20_000;

/// May the network deliver it twice?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    Never,
    Maybe,
}

/// What a call is answered, and how long the gateway thinks about it.
pub(super) struct Served<T> {
    pub(super) result: Result<T, Failure>,
    pub(super) after_ms: u64,
}

impl<T> From<Result<T, Failure>> for Served<T> {
    fn from(result: Result<T, Failure>) -> Self {
        Self { result, after_ms: 0 }
    }
}

type Serve<T> = Rc<dyn Fn(&mut World, &str) -> Served<T>>;
type Then<T> = Box<dyn FnOnce(&mut World, Result<T, Failure>)>;

struct Call<T> {
    side: Side,
    life: u64,
    subject: String,
    serve: Serve<T>,
    then: Then<T>,
}

/// Calls the gateway under the console's session; `then` happens on the console if it still lives.
pub(super) fn call<T: 'static>(
    world: &mut World,
    side: Side,
    repeat: Repeat,
    serve: impl Fn(&mut World, &str) -> Served<T> + 'static,
    then: impl FnOnce(&mut World, Result<T, Failure>) + 'static,
) {
    let (out_ms, rates) = (world.dice.between(5, world.rates.way_ms), world.rates);
    let (lost, twice) = (world.dice.percent(rates.lost), world.dice.percent(rates.twice));
    let reaches = world.reaches(side);
    let console = world.console(side);
    let (life, session) = (console.life, console.session.clone());
    let then: Then<T> = Box::new(then);
    let Some(subject) = session else {
        return world.on(side, 1, |world| then(world, Err(Failure::SignIn(SignIn::NoSession))));
    };
    if !reaches {
        return world.on(side, 30, |world| then(world, Err(unreachable())));
    }
    if lost {
        return world.on(side, PATIENCE_MS, |world| then(world, Err(timed_out())));
    }
    let call = Call { side, life, subject, serve: Rc::new(serve), then };
    if twice && repeat == Repeat::Maybe {
        let (serve, subject) = (Rc::clone(&call.serve), call.subject.clone());
        let again_ms = out_ms + world.dice.between(1, 2_000);
        world.after(again_ms, move |world| {
            if world.gateway.power == Power::On && !world.gateway.ended.contains(&subject) {
                drop(serve(world, &subject));
            }
        });
    }
    world.after(out_ms, move |world| arrive(world, call));
}

fn arrive<T: 'static>(world: &mut World, call: Call<T>) {
    let Call { side, life, subject, serve, then } = call;
    if !world.reaches(side) {
        return world.on_as(side, life, PATIENCE_MS, |world| then(world, Err(timed_out())));
    }
    let now_ms = world.now_ms;
    let grumble = world.gateway.grumble.filter(|(until_ms, _)| now_ms < *until_ms);
    let served = if world.gateway.ended.contains(&subject) {
        Err(Failure::SignIn(SignIn::Expired)).into()
    } else if let Some((_, status)) = grumble {
        let slug = (status == 429).then_some(client::Slug::RateLimited);
        Err(Failure::told(bare(status, slug, "not now"), (status == 429).then_some(2_000))).into()
    } else {
        serve(world, &subject)
    };
    let unanswered = world.dice.percent(world.rates.unanswered);
    let back_ms = world.dice.between(5, world.rates.way_ms);
    if unanswered || served.after_ms > PATIENCE_MS {
        return world.on_as(side, life, PATIENCE_MS, |world| then(world, Err(timed_out())));
    }
    let (gateway_life, result) = (world.gateway.life, served.result);
    world.on_as(side, life, served.after_ms + back_ms, move |world| {
        let broken = world.gateway.life != gateway_life || !world.reaches(side);
        let result = if broken { Err(broke()) } else { result };
        then(world, result);
    });
}

impl World {
    /// Is there a way to a running gateway?
    pub(super) fn reaches(&self, side: Side) -> bool {
        self.gateway.power == Power::On && self.consoles[side.at()].parted_until_ms <= self.now_ms
    }

    fn on_as(&mut self, side: Side, life: u64, ms: u64, task: impl FnOnce(&mut World) + 'static) {
        self.after(ms, move |world| world.on_life(side, life, Box::new(task)));
    }
}

pub(super) fn unreachable() -> Failure {
    Failure::NotSent { why: NotSent::Unreachable("refused".to_owned()) }
}

pub(super) fn timed_out() -> Failure {
    Failure::Unclear { why: Unclear::TimedOut { after_ms: PATIENCE_MS } }
}

fn broke() -> Failure {
    Failure::Unclear { why: Unclear::Broken("reset".to_owned()) }
}
