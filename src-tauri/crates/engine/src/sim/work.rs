//! Reading and committing on the simulated world, as `runtime/{ingest,fetch}` do it: what came is completed, committed with
//! its cursor, and only then told. The pure halves are the real ones.

use super::console::{self, GATEWAY, Work};
use super::judge;
use super::net::{self, Repeat};
use super::plan::{May, Side};
use super::planted::{self, Plant};
use super::store::Cached;
use super::wire;
use super::world::World;
use crate::effect::{Batch, ReadFor};
use crate::failure::refused;
use crate::ingest;
use crate::input::{Applied, Done, Fetched, Input, OpenSet};
use client::{Cursor, Dialect, Document, Event, Failure, Rights};
use domain::{ActionResult, Approval, PipelineId, RequestId, Status};
use std::collections::{BTreeMap, VecDeque};
use store::EventRow;

/// What the worker does, in order.
pub(super) enum Job {
    Batch(Batch),
    Reconcile(u64),
}

type Next = Box<dyn FnOnce(&mut World)>;

pub(super) fn queue(world: &mut World, side: Side, job: Job) {
    if let Some(running) = &mut world.console(side).running {
        running.jobs.push_back(job);
    }
    go_on(world, side);
}

fn go_on(world: &mut World, side: Side) {
    let Some(running) = &mut world.console(side).running else { return };
    if running.work == Work::Busy {
        return;
    }
    let Some(job) = running.jobs.pop_front() else { return };
    running.work = Work::Busy;
    let next: Next = Box::new(move |world| {
        if let Some(running) = &mut world.console(side).running {
            running.work = Work::Idle;
        }
        go_on(world, side);
    });
    match job {
        Job::Reconcile(round) => reconcile(world, side, round, next),
        Job::Batch(Batch::Events { events, cursor }) => {
            whole(world, side, events.into(), Vec::new(), cursor, next);
        }
        Job::Batch(Batch::Snapshot { approvals, cursor }) => snapshot(world, side, approvals, cursor, next),
        Job::Batch(Batch::Documents(documents)) => {
            for one in documents {
                document(world, side, one, 1);
            }
            next(world);
        }
    }
}

fn done(world: &mut World, side: Side, done: Done) {
    console::input(world, side, Input::Done(done));
}

fn ask(
    world: &mut World,
    side: Side,
    request: RequestId,
    then: impl FnOnce(&mut World, Result<Option<Approval>, Failure>) + 'static,
) {
    let serve = move |world: &mut World, _: &str| Ok(world.gateway.read(&request)).into();
    net::call(world, side, Repeat::Never, serve, then);
}

/// Completes events one after the other by reading what they leave out.
fn whole(
    world: &mut World,
    side: Side,
    mut left: VecDeque<Event>,
    mut ready: Vec<Event>,
    cursor: Option<Cursor>,
    next: Next,
) {
    while let Some(mut event) = left.pop_front() {
        let Some(request) = ingest::must_read(&event) else {
            ready.push(event);
            continue;
        };
        return ask(world, side, request, move |world, read| {
            match read {
                Ok(Some(approval)) => ingest::complete(&mut event, &approval),
                Ok(None) => {}
                Err(_) => done(world, side, Done::Incomplete { gateway: GATEWAY }),
            }
            ready.push(event);
            whole(world, side, left, ready, cursor, next);
        });
    }
    let applied: Vec<Applied> = ready.iter().filter_map(ingest::applied).collect();
    let epoch = cursor.as_ref().map(|cursor| cursor.epoch.clone()).unwrap_or_default();
    let now = world.clock_of(side).wall;
    let rows = ready.iter().map(|event| ingest::row(event, &epoch, now)).collect();
    commit(world, side, rows, cursor, applied, next);
}

fn snapshot(world: &mut World, side: Side, approvals: Vec<Approval>, cursor: Option<Cursor>, next: Next) {
    let epoch = cursor.as_ref().map(|cursor| cursor.epoch.clone()).unwrap_or_default();
    let rows = unheard_of(world, side, &approvals, &epoch);
    let applied = approvals.into_iter().map(|approval| Applied {
        request: approval.request_id.clone(),
        status: None,
        results: Vec::new(),
        seq: cursor.as_ref().map(|cursor| cursor.seq),
        approval: Some(approval),
    });
    let applied = applied.collect();
    world.console(side).store.cursor = None;
    judge::starts_anew(world, side, cursor.as_ref());
    done(world, side, Done::Anew { gateway: GATEWAY });
    commit(world, side, rows, cursor, applied, next);
}

fn unheard_of(world: &mut World, side: Side, approvals: &[Approval], epoch: &str) -> Vec<EventRow> {
    let now = world.clock_of(side).wall;
    let store = &world.console(side).store;
    let unheard = approvals.iter().filter(|approval| !store.has_events(&approval.request_id));
    unheard.map(|approval| ingest::row(&ingest::from_snapshot(approval), epoch, now)).collect()
}

/// In one transaction, tried until it is done.
fn commit(
    world: &mut World,
    side: Side,
    events: Vec<EventRow>,
    cursor: Option<Cursor>,
    applied: Vec<Applied>,
    next: Next,
) {
    let now = world.clock_of(side).wall;
    let approvals =
        applied.iter().filter_map(|one| one.approval.clone()).map(|approval| (approval, now)).collect();
    let cursor = cursor.map(|cursor| store::Cursor {
        epoch: cursor.epoch,
        seq: cursor.seq.cast_signed(),
        last_id: cursor.last_id,
    });
    if planted::has(Plant::CursorBeforeEvents) {
        world.console(side).store.advance_cursor(cursor.as_ref());
    }
    let batch = store::Batch { gateway: GATEWAY, events, cursor, approvals };
    write(world, side, batch, applied, next);
}

fn write(world: &mut World, side: Side, batch: store::Batch, applied: Vec<Applied>, next: Next) {
    let ms = world.dice.between(0, 20);
    world.on(side, ms, move |world| {
        let now = world.clock_of(side).wall;
        match world.console(side).store.commit(&batch, now) {
            Ok(rows) => {
                judge::committed(world, side);
                let last_row = rows.into_iter().map(|row| row.0).max().unwrap_or(0);
                world.on(side, 1, move |world| {
                    done(world, side, Done::Ingested { gateway: GATEWAY, applied, last_row });
                    next(world);
                });
            }
            Err(_) => {
                done(world, side, Done::Incomplete { gateway: GATEWAY });
                world.on(side, 1_000, move |world| write(world, side, batch, applied, next));
            }
        }
    });
}

/// One document of the platform leads to a look at its request, three times if it is not found.
fn document(world: &mut World, side: Side, document: Document, look: u32) {
    let Some(request) = document.request.clone() else { return };
    ask(world, side, request.clone(), move |world, read| match read {
        Ok(Some(approval)) => told(world, side, &document, Some(approval)),
        Err(_) => {
            done(world, side, Done::Incomplete { gateway: GATEWAY });
            world.on(side, 4_000, move |world| self::document(world, side, document, look));
        }
        Ok(None) if look < 3 => {
            world.on(side, 4_000, move |world| self::document(world, side, document, look + 1))
        }
        Ok(None) => told(world, side, &document, None),
    });
}

fn told(world: &mut World, side: Side, document: &Document, approval: Option<Approval>) {
    let before = document.request.as_ref().and_then(|request| {
        world.console(side).store.approval(request).map(|cached| cached.approval.status.clone())
    });
    let event = ingest::from_document(document, approval.as_ref(), before.as_ref());
    let now = world.clock_of(side).wall;
    let rows = vec![ingest::row(&event, "", now)];
    let applied = ingest::applied(&event).into_iter().collect();
    commit(world, side, rows, None, applied, Box::new(|_| {}));
}

/// Reads every open request: what is listed, and what was open here and is not in the list.
fn reconcile(world: &mut World, side: Side, round: u64, next: Next) {
    let (asked_ms, as_of) = (world.now_ms, world.clock_of(side).wall);
    let serve = move |world: &mut World, _: &str| Ok(wire::open_set(&world.gateway, as_of)).into();
    net::call(world, side, Repeat::Never, serve, move |world, set| {
        let set = match set {
            Ok(set) => set,
            Err(failure) => return reconciled(world, side, round, Err(failure), next),
        };
        let known = world.console(side).store.open_approvals();
        let listed = |one: &Cached| set.approvals.iter().any(|a| a.request_id == one.approval.request_id);
        let left = known.into_iter().filter(|one| !listed(one)).map(|one| one.approval.request_id).collect();
        let seq = set.cursor.map(|cursor| cursor.seq);
        let set = OpenSet { approvals: set.approvals, as_of, seq, rights: None };
        let asking = Asking { side, round, asked_ms, set, next };
        missing(world, asking, left);
    });
}

struct Asking {
    side: Side,
    round: u64,
    asked_ms: u64,
    set: OpenSet,
    next: Next,
}

fn missing(world: &mut World, mut asking: Asking, mut left: VecDeque<RequestId>) {
    let side = asking.side;
    let Some(request) = left.pop_front() else { return rights(world, asking) };
    ask(world, side, request.clone(), move |world, read| {
        let now = world.clock_of(side).wall;
        match read {
            Ok(Some(approval)) if approval.status.is_open() => asking.set.approvals.push(approval),
            Ok(Some(approval)) => world.console(side).store.put_approval(&approval, now, now),
            Ok(None) => world.console(side).store.mark_gone(&request, now),
            Err(failure) => return reconciled(world, side, asking.round, Err(failure), asking.next),
        }
        missing(world, asking, left);
    });
}

fn rights(world: &mut World, mut asking: Asking) {
    let side = asking.side;
    let now = world.clock_of(side).wall;
    let store = &mut world.console(side).store;
    for approval in &asking.set.approvals {
        store.put_approval(approval, now, now);
    }
    store.open_read_at = Some(asking.set.as_of);
    let serve = |world: &mut World, subject: &str| Ok(rights_of(world, subject)).into();
    net::call(world, side, Repeat::Never, serve, move |world, rights| {
        asking.set.rights = rights.ok();
        if let Some(running) = &mut world.console(side).running {
            running.asked_ms = asking.asked_ms;
        }
        reconciled(world, side, asking.round, Ok(asking.set), asking.next);
    });
}

/// The platform replays nothing: what was raised meanwhile shows only in its lists.
fn reconciled(world: &mut World, side: Side, round: u64, set: Result<OpenSet, Failure>, next: Next) {
    let unheard = match (&set, world.dialect) {
        (Ok(set), Dialect::Platform) => unheard_of(world, side, &set.approvals, ""),
        _ => Vec::new(),
    };
    let result = set.map_err(|failure| refused(&failure));
    let tell: Next = Box::new(move |world| {
        done(world, side, Done::Reconciled { gateway: GATEWAY, round, result });
        next(world);
    });
    match unheard.is_empty() {
        true => tell(world),
        false => commit(world, side, unheard, None, Vec::new(), tell),
    }
}

fn rights_of(world: &World, subject: &str) -> BTreeMap<PipelineId, Rights> {
    let may = match (world.dialect, world.gateway.may(subject)) {
        (Dialect::Platform, _) => Rights::Untold,
        (_, May::Look) => Rights::Look,
        (_, May::Decide) => Rights::Decide,
    };
    ["p0", "p1"].into_iter().map(|pipeline| (pipeline.into(), may)).collect()
}

/// Reads one request for one of the engine's purposes.
pub(super) fn read(world: &mut World, side: Side, request: RequestId, why: ReadFor) {
    let asked = request.clone();
    let serve = move |world: &mut World, subject: &str| {
        let rights = match why {
            ReadFor::Prepare(_) => rights_of(world, subject),
            _ => BTreeMap::new(),
        };
        let results = match (why, world.gateway.entry(&asked)) {
            (ReadFor::Look(_), Some(entry)) if entry.approval.status != Status::Executing => {
                entry.results.clone()
            }
            _ => Vec::<ActionResult>::new(),
        };
        Ok(world.gateway.read(&asked).map(|approval| (approval, rights, results))).into()
    };
    net::call(world, side, Repeat::Never, serve, move |world, result| {
        let now = world.clock_of(side).wall;
        let store = &mut world.console(side).store;
        let result = match result {
            Ok(Some((approval, rights, results))) => {
                store.put_approval(&approval, now, now);
                let rights = rights.get(&approval.pipeline_id).copied().unwrap_or(Rights::Untold);
                Ok(Some(Box::new(Fetched { approval, rights, results })))
            }
            Ok(None) => {
                if why == ReadFor::Reconcile {
                    store.mark_gone(&request, now);
                }
                Ok(None)
            }
            Err(failure) => Err(refused(&failure)),
        };
        done(world, side, Done::Read { gateway: GATEWAY, request, why, result });
    });
}
