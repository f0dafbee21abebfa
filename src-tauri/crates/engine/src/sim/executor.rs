//! The simulated gateway over time: actions that run one after another and pause where they are gated, requests that
//! expire, edits that render anew.

use super::gateway::action;
use super::log;
use super::plan::Shape;
use super::world::World;
use client::{ApprovalKind, Dialect};
use domain::law::{self, Input, Next};
use domain::{ActionResult, RequestId, Status};
use serde_json::{Value, json};

/// Goes on with a request that has just begun to execute.
pub(super) fn start(world: &mut World, id: &RequestId) {
    let (ms, id) = (world.dice.between(10, 400), id.clone());
    later(world, ms, move |world| advance(world, &id));
}

/// Of this process: what ran in an earlier one has ended.
fn later(world: &mut World, ms: u64, task: impl FnOnce(&mut World) + 'static) {
    let life = world.gateway.life;
    world.after(ms, move |world| {
        if world.gateway.life == life {
            task(world);
        }
    });
}

fn advance(world: &mut World, id: &RequestId) {
    let Some(entry) = world.gateway.entry(id) else { return };
    let input = match entry.state() {
        law::State::Stopping => Input::StopReached,
        law::State::Executing => {
            let actions: Vec<_> = entry.approval.actions.iter().map(|one| one.action.clone()).collect();
            let approved = entry.approval.execution_state.iter().filter(|(_, state)| state.approved);
            let approved = approved.map(|(id, _)| id.clone()).collect();
            match law::next(&actions, entry.approval.current_action_index as usize, &approved) {
                Next::Run(index) => return run(world, id, index),
                Next::Pause(action) => Input::ReachedGate(action),
                Next::Done => Input::RanAll,
            }
        }
        _ => return,
    };
    turn(world, id, &input);
}

fn run(world: &mut World, id: &RequestId, index: usize) {
    let ms = world.dice.pick(&[50, 400, 3_000, 25_000]);
    let fails = world.dice.percent(15);
    let Some(entry) = world.gateway.entry(id) else { return };
    let Some(name) = entry.approval.action_ids.get(index).cloned() else { return };
    entry.approval.execution_state.entry(name.clone()).or_default().executed = true;
    let id = id.clone();
    later(world, ms, move |world| {
        let result: ActionResult = serde_json::from_value(json!({
            "action_id": name, "success": !fails, "status": if fails { "failed" } else { "success" },
        }))
        .expect("a result");
        let Some(entry) = world.gateway.entry(&id) else { return };
        entry.approval.execution_state.entry(name).or_default().success = Some(!fails);
        entry.approval.current_action_index = index as u64 + 1;
        entry.results.push(result.clone());
        if world.dialect == Dialect::Holdpoint {
            log::tell(world, ApprovalKind::ExecutionProgress, &id, json!({"result": result}));
        }
        match fails {
            true => turn(world, &id, &Input::ActionFailed),
            false => advance(world, &id),
        }
    });
}

fn turn(world: &mut World, id: &RequestId, input: &Input) {
    let now = world.time();
    let Some(entry) = world.gateway.entry(id) else { return };
    let Ok(next) = law::step(&entry.state(), input) else { return };
    if let (Some(by), law::State::Stopped) = (entry.stop.clone(), &next) {
        entry.approval.decided_by = Some(by);
    }
    entry.enter(&next, now);
    let kind = match entry.approval.status {
        Status::Paused => ApprovalKind::ApprovalChanged,
        _ => ApprovalKind::ExecutionCompleted,
    };
    match (world.dialect, kind) {
        // A pause of the platform sends no frame.
        (Dialect::Platform, ApprovalKind::ApprovalChanged) => log::remember(world, id),
        _ => log::tell(world, kind, id, Value::Null),
    }
    expire_in_time(world, id);
}

/// Looks again when its time has come.
pub(super) fn expire_in_time(world: &mut World, id: &RequestId) {
    let now = world.time();
    let Some(at) = world.gateway.entry(id).and_then(|entry| entry.approval.expires_at) else { return };
    let ms = (at - now).num_milliseconds().max(0).cast_unsigned() + 1;
    let id = id.clone();
    world.after(ms, move |world| expire_if_due(world, &id));
}

pub(super) fn expire_if_due(world: &mut World, id: &RequestId) {
    let now = world.time();
    let off = world.gateway.power == super::gateway::Power::Off;
    let Some(entry) = world.gateway.entry(id) else { return };
    let waits = matches!(entry.approval.status, Status::Pending | Status::Paused);
    if off || !waits || entry.approval.expires_at.is_none_or(|at| at > now) {
        return;
    }
    entry.enter(&law::State::Expired, now);
    log::tell(world, ApprovalKind::ApprovalExpired, id, Value::Null);
}

/// What is due when the gateway comes back: what ran is interrupted, what waited may have expired.
pub(super) fn found(world: &mut World) {
    let ids: Vec<RequestId> = world.gateway.saved.entries.keys().cloned().collect();
    for id in ids {
        let executing = world.gateway.entry(&id).is_some_and(|e| e.approval.status == Status::Executing);
        if executing {
            turn(world, &id, &Input::FoundInterrupted);
        }
        expire_if_due(world, &id);
    }
}

/// An action's entry is edited: every pending request that uses it is rendered anew, and on the platform it simply is
/// another thing from now on.
pub(super) fn edit(world: &mut World, n: usize) {
    let ours = world.dialect == Dialect::Holdpoint;
    world.gateway.saved.versions[n] += 1;
    let version = world.gateway.saved.versions[n];
    let ids: Vec<RequestId> = world.gateway.saved.entries.keys().cloned().collect();
    for id in ids {
        let Some(entry) = world.gateway.entry(&id) else { continue };
        if entry.approval.actions.len() <= n || (ours && entry.approval.status != Status::Pending) {
            continue;
        }
        let old = &entry.approval.actions[n].action;
        let shape = match (old.requires_approval, old.risk_level) {
            (false, _) => Shape::Plain,
            (true, domain::Risk::High) => Shape::Risky,
            (true, _) => Shape::Gated,
        };
        let fresh = serde_json::from_value(action(n, shape, version, ours)).expect("an action");
        entry.approval.actions[n] = fresh;
        entry.approval.revision += u64::from(ours);
        let digest = entry.approval.computed_digest();
        entry.digests.push(digest.clone());
        if ours {
            entry.approval.digest = Some(digest);
            log::tell(world, ApprovalKind::ApprovalChanged, &id, Value::Null);
        } else {
            log::remember(world, &id);
        }
    }
}

/// Comes back as the backup has it. Whatever was decided since is forgotten there.
pub(super) fn restore(world: &mut World) {
    let Some(backup) = world.gateway.backup.clone() else { return };
    let known: Vec<RequestId> = world.gateway.saved.entries.keys().cloned().collect();
    world.gateway.life += 1;
    world.gateway.epochs += 1;
    world.gateway.saved = *backup;
    world.gateway.saved.epoch = format!("e{}", world.gateway.epochs);
    let saved = &world.gateway.saved;
    let log = saved.log.iter().filter_map(|event| Some((event.seq?, event.id.clone()?))).collect();
    let epoch = saved.epoch.clone();
    world.gateway.truth.events.insert(epoch, log);
    let made = world.judge.made.keys().copied();
    world.gateway.truth.untold.extend(made);
    for id in known {
        log::remember(world, &id);
    }
    found(world);
}
