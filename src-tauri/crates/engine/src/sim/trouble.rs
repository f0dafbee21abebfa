//! What happens to the world: requests come, entries change, things break and are mended.

use super::gateway::Power;
use super::log::Hole;
use super::plan::{May, Requester, Side, What};
use super::store::Disk;
use super::world::World;
use super::{executor, ledger, log, wire};
use crate::command::{Command, Password};
use crate::effect::SurfaceId;
use client::Dialect;
use domain::RequestId;
use serde_json::json;

/// The request of that number.
pub(super) fn request(slot: u64) -> RequestId {
    RequestId(format!("r{slot}"))
}

pub(super) fn happen(world: &mut World, what: What) {
    match what {
        What::Raise { slot, actions, requester } => {
            let by = match requester {
                Requester::Machine => Some("machine@x".to_owned()),
                Requester::Person(side) => Some(world.console(side).email.clone()),
            };
            if world.gateway.power == Power::On {
                ledger::raise(world, &request(slot), &actions, by);
            }
        }
        What::Edit { action } if world.gateway.power == Power::On => executor::edit(world, action as usize),
        What::Withdraw { slot } if world.dialect == Dialect::Holdpoint => {
            ledger::withdraw(world, &request(slot))
        }
        What::Rights { side, may } => rights(world, side, may),
        What::Restart { down_ms } => restart(world, down_ms),
        What::Backup => world.gateway.backup = Some(Box::new(world.gateway.saved.clone())),
        What::Restore if world.dialect == Dialect::Holdpoint && world.gateway.backup.is_some() => {
            end(world, 200);
            world.after(100, executor::restore);
        }
        What::Prune => prune(world),
        What::Grumble { status, for_ms } => world.gateway.grumble = Some((world.now_ms + for_ms, status)),
        What::Decide(wish) => world.decide(wish),
        What::Crash { side, effects, down_ms, session } if world.console(side).is_up() => {
            // A platform knows nobody's past: somebody else at the same console is another matter there.
            match effects {
                0 => world.die(side, down_ms, session),
                effects => world.console(side).doom = Some((effects, down_ms, session)),
            }
        }
        What::SignIn { side } => sign_in(world, side),
        What::SessionEnds { side } => {
            if let Some(email) = world.console(side).session.clone() {
                world.gateway.ended.insert(email);
                wire::closed(world, side, if world.dialect == Dialect::Platform { 1008 } else { 4401 });
            }
        }
        other => machine(world, other),
    }
}

/// What happens to one console's machine.
fn machine(world: &mut World, what: What) {
    let now_ms = world.now_ms;
    match what {
        What::Partition { side, for_ms } => {
            world.console(side).parted_until_ms = now_ms + for_ms;
            for line in world.gateway.lines.values_mut().filter(|line| line.side == side) {
                line.hole = Hole::Yes;
            }
        }
        What::Cut { side } => wire::broke(world, side),
        What::Suspend { side, for_ms } => {
            world.console(side).asleep_until_ms = now_ms + for_ms;
            world.on(side, 0, move |world| wire::woke(world, side));
        }
        What::WallJump { side, by_ms } => world.console(side).wall_offset_ms += by_ms,
        What::DiskFull { side, for_ms } => {
            world.console(side).store.disk = Disk::Full;
            world.after(for_ms, move |world| world.console(side).store.disk = Disk::Room);
        }
        _ => {}
    }
}

fn rights(world: &mut World, side: Side, may: May) {
    if world.dialect == Dialect::Platform {
        return;
    }
    let email = world.console(side).email.clone();
    world.gateway.rights.insert(email, may);
    let topics = json!(["p0", "p1"]);
    let frame = match may {
        May::Look => json!({"event": "access", "data": {"granted": [], "revoked": topics}}),
        May::Decide => json!({"event": "access", "data": {"granted": topics, "revoked": []}}),
    };
    for id in log::lines_of(world, side) {
        log::send(world, side, id, frame.to_string());
    }
}

/// The gateway restarts; about half the time it says so before.
fn restart(world: &mut World, down_ms: u64) {
    if world.dialect == Dialect::Platform || world.dice.percent(50) {
        return end(world, down_ms);
    }
    let frame = json!({"event": "going_away", "data": {"retry_after_ms": 1_500}}).to_string();
    for side in Side::BOTH {
        for id in log::lines_of(world, side) {
            log::send(world, side, id, frame.clone());
        }
    }
    world.after(4_000, move |world| end(world, down_ms));
}

/// The process ends: its sockets break, what ran is interrupted. The platform forgets every request.
fn end(world: &mut World, down_ms: u64) {
    if world.gateway.power == Power::Off {
        return;
    }
    world.gateway.power = Power::Off;
    world.gateway.life += 1;
    for side in Side::BOTH {
        wire::broke(world, side);
    }
    if world.dialect == Dialect::Platform {
        let ids: Vec<RequestId> = world.gateway.saved.entries.keys().cloned().collect();
        world.gateway.saved.entries.clear();
        for id in ids {
            log::remember(world, &id);
        }
    }
    world.after(down_ms, |world| {
        world.gateway.power = Power::On;
        executor::found(world);
    });
}

fn prune(world: &mut World) {
    let saved = &mut world.gateway.saved;
    saved.oldest_seq = saved.oldest_seq.max(saved.head_seq.saturating_sub(2));
    let oldest_seq = saved.oldest_seq;
    saved.log.retain(|event| event.seq >= Some(oldest_seq));
}

/// Somebody sits down and signs in.
fn sign_in(world: &mut World, side: Side) {
    let email = world.console(side).email.clone();
    let command =
        Command::SignIn { gateway: super::console::GATEWAY, email, password: Password(String::new()) };
    world.command(side, SurfaceId(0), command, |_, _| {});
}

/// The plan is over: nothing breaks any more, and whoever has to sign in does.
pub(super) fn heal(world: &mut World) {
    world.note(|| "-- everything is mended".to_owned());
    world.rates = super::plan::Rates { lost: 0, unanswered: 0, twice: 0, overtaken: 0, cut: 0, way_ms: 50 };
    world.gateway.grumble = None;
    world.gateway.rights.clear();
    let now_ms = world.now_ms;
    for side in Side::BOTH {
        let console = world.console(side);
        console.store.disk = Disk::Room;
        console.doom = None;
        console.parted_until_ms = console.parted_until_ms.min(now_ms);
        let frame = json!({"event": "access", "data": {"granted": ["p0", "p1"], "revoked": []}});
        for id in log::lines_of(world, side) {
            log::send(world, side, id, frame.to_string());
        }
        // By then a console that was down or asleep is back.
        world.after(200_000, move |world| {
            if !world.console(side).is_up() {
                world.open(side);
            }
            sign_in(world, side);
        });
    }
}
