//! The people at the consoles: they look, think, prepare and confirm, some of them twice, too late or from another
//! window. What they saw is what their decision has to carry.

use super::console::GATEWAY;
use super::net::{self, Repeat};
use super::plan::{Manner, Side, Verb, Waits, Wish};
use super::world::World;
use super::{judge, trouble};
use crate::command::{Answer, Command, Nonce, Prepare, Prepared, Refused, Unreachable};
use crate::effect::SurfaceId;
use domain::{Approval, DecisionId, Digest, Point, RequestKey, Status, Verdict};

/// A prepared decision is void after this: DESIGN 4.
const VOID_MS: u64 = 300_000;

/// What a person is about to do.
#[derive(Clone)]
struct Intent {
    side: Side,
    surface: SurfaceId,
    prepare: Prepare,
    seen: Digest,
    manner: Manner,
    confirm_ms: u64,
}

/// Looks at the request first, as `show` does.
pub(super) fn wants(world: &mut World, wish: Wish) {
    let request = trouble::request(wish.slot);
    let serve = move |world: &mut World, _: &str| Ok(world.gateway.read(&request)).into();
    let side = wish.side;
    if !world.console(side).is_up() {
        return;
    }
    net::call(world, side, Repeat::Never, serve, move |world, seen| {
        if let Ok(Some(approval)) = seen {
            let think_ms = wish.think_ms[0];
            world.on(side, think_ms, move |world| prepare(world, &wish, &approval));
        }
    });
}

fn prepare(world: &mut World, wish: &Wish, seen: &Approval) {
    let waiting = seen.pending_approval_actions.first().filter(|_| seen.status == Status::Paused);
    let point = match (wish.manner, waiting) {
        (Manner::WrongPoint, None) => seen.action_ids.last().cloned().map_or(Point::Request, Point::Action),
        (Manner::WrongPoint, Some(_)) => Point::Request,
        (_, Some(action)) => Point::Action(action.clone()),
        (_, None) => Point::Request,
    };
    let verdict = match wish.verb {
        Verb::Approve => Verdict::Approve,
        Verb::Reject => Verdict::Reject { reason: "not now".to_owned() },
        Verb::Stop => Verdict::Stop { reason: "enough".to_owned() },
    };
    let point = if wish.verb == Verb::Stop { Point::Request } else { point };
    let digest = seen.computed_digest();
    let prepare = Prepare {
        key: RequestKey { gateway: GATEWAY, request: seen.request_id.clone() },
        pipeline: Some(seen.pipeline_id.clone()),
        point,
        verdict,
        shown: Some(digest.clone()),
        unreachable: if wish.waits == Waits::Yes { Unreachable::Queue } else { Unreachable::GiveUp },
    };
    let windows = if wish.manner == Manner::TwoWindows { 2 } else { 1 };
    for _ in 0..windows {
        let console = world.console(wish.side);
        console.surfaces += 2;
        let surface = SurfaceId(console.surfaces);
        let intent = Intent {
            side: wish.side,
            surface,
            prepare: prepare.clone(),
            seen: digest.clone(),
            manner: wish.manner,
            confirm_ms: wish.think_ms[1],
        };
        let command = Command::Prepare(prepare.clone());
        world.command(wish.side, surface, command, move |world, answer| prepared(world, intent, answer));
    }
}

fn prepared(world: &mut World, intent: Intent, answer: Result<Answer, Refused>) {
    let side = intent.side;
    match answer {
        Ok(Answer::Prepared(prepared)) => {
            judge::prepared(world, side, &prepared, &intent.prepare, &intent.seen);
            let at_ms = world.now_ms;
            let confirm_ms = intent.confirm_ms;
            world.on(side, confirm_ms, move |world| confirm(world, &intent, &prepared, at_ms));
        }
        Ok(_) => world.breaks("a prepare was answered with something else".to_owned()),
        Err(refused) => world.note(|| format!("{side:?} is refused: {refused}")),
    }
}

/// What has to come of a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Maybe,
    Never(&'static str),
}

fn confirm(world: &mut World, intent: &Intent, prepared: &Prepared, at_ms: u64) {
    let late = world.now_ms - at_ms >= VOID_MS;
    let mut due = if late { Due::Never("it was prepared too long ago") } else { Due::Maybe };
    let mut surface = intent.surface;
    let mut typed = prepared.target.clone();
    match intent.manner {
        Manner::Elsewhere => {
            surface = SurfaceId(intent.surface.0 + 1);
            due = Due::Never("another window prepared it");
        }
        Manner::WrongTarget => {
            typed = Some("elsewhere".to_owned());
            due = Due::Never("another target was typed");
        }
        _ => {}
    }
    send(world, intent.side, surface, prepared.nonce.clone(), typed.clone(), due);
    if intent.manner == Manner::Regretted {
        let (side, decision, ms) = (intent.side, prepared.decision, world.dice.between(0, 6_000));
        world.on(side, ms, move |world| take_back(world, side, decision));
    }
    if intent.manner == Manner::Repeated {
        let again = Due::Never("its nonce was spent");
        send(world, intent.side, surface, prepared.nonce.clone(), typed, again);
    }
}

/// Whatever the answer: what is taken back may never take effect, and that is judged at the gateway.
fn take_back(world: &mut World, side: Side, decision: DecisionId) {
    let command = Command::TakeBack { decision };
    world.command(side, SurfaceId(0), command, move |world, answer| {
        world.note(|| format!("{side:?} takes back: {:.120}", format!("{answer:?}")));
    });
}

fn send(world: &mut World, side: Side, surface: SurfaceId, nonce: Nonce, typed: Option<String>, due: Due) {
    let command = Command::Confirm { nonce, typed };
    world.command(side, surface, command, move |world, answer| match (answer, due) {
        (Ok(answer), Due::Never(why)) => {
            world.breaks(format!("A8: a confirmation was taken although {why}: {answer:?}"));
        }
        (answer, _) => world.note(|| format!("{side:?} confirmed: {:.120}", format!("{answer:?}"))),
    });
}
