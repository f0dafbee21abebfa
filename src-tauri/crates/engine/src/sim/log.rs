//! The simulated gateway's event log and its sockets: each event has its place, each reader picks up where it was
//! (CONTRACT 2); the platform sends documents that nobody numbers and that may lie (CONTRACT 3).

use super::gateway::{Moment, Power};
use super::plan::Side;
use super::wire;
use super::world::World;
use client::{ApprovalKind, Dialect, Event};
use domain::{RequestId, Status};
use serde_json::{Value, json};

/// A socket at the gateway's end.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) side: Side,
    /// Has its reader said where it was?
    listening: Listening,
    /// Nothing comes through any more, and nobody says so.
    pub(super) hole: Hole,
    /// Frames arrive in order.
    last_ms: u64,
    /// The next event of its topic overtakes this one.
    held: Option<Frame>,
}

/// An event's frame.
#[derive(Clone, Debug)]
struct Frame {
    topic: String,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listening {
    NotYet,
    Yes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hole {
    No,
    Yes,
}

/// A console has connected.
pub(super) fn accept(world: &mut World, side: Side) -> u64 {
    world.gateway.dialled += 1;
    let id = world.gateway.dialled;
    let listening = match world.dialect {
        Dialect::Holdpoint => Listening::NotYet,
        Dialect::Platform => Listening::Yes,
    };
    let line = Line { side, listening, hole: Hole::No, last_ms: 0, held: None };
    world.gateway.lines.insert(id, line);
    id
}

/// The first frame.
pub(super) fn greet(world: &mut World, side: Side, id: u64) {
    if world.dialect == Dialect::Holdpoint {
        let saved = &world.gateway.saved;
        let data = json!({
            "protocol": 1, "epoch": saved.epoch, "head_seq": saved.head_seq, "oldest_seq": saved.oldest_seq,
            "topics": saved.heads, "heartbeat_s": 25, "server_time": world.time(),
            "capabilities": ["resume", "bearer", "digest", "idempotency", "expiry", "async"],
        });
        send(world, side, id, json!({"event": "hello", "data": data}).to_string());
    }
}

/// The sockets of one console.
pub(super) fn lines_of(world: &World, side: Side) -> Vec<u64> {
    let lines = world.gateway.lines.iter().filter(|(_, line)| line.side == side);
    lines.map(|(id, _)| *id).collect()
}

/// A frame from a console.
pub(super) fn hear(world: &mut World, side: Side, id: u64, text: &str) {
    let live = world.gateway.lines.get(&id).is_some_and(|line| line.hole == Hole::No);
    if !live || world.gateway.power == Power::Off {
        return;
    }
    let frame: Value = serde_json::from_str(text).unwrap_or_default();
    match frame["type"].as_str() {
        Some("ping") => send(world, side, id, json!({"type": "pong"}).to_string()),
        Some("resume") => resume(world, side, id, &frame),
        _ => {}
    }
}

fn resume(world: &mut World, side: Side, id: u64, frame: &Value) {
    let saved = &world.gateway.saved;
    let last = frame["last_seq"].as_u64();
    let id_there = last.and_then(|last| saved.log.iter().find(|event| event.seq == Some(last)));
    let other = match (frame["last_id"].as_str(), id_there.and_then(|event| event.id.as_deref())) {
        (Some(told), Some(here)) => told != here,
        _ => false,
    };
    let reason = match last {
        None => Some("new"),
        _ if frame["epoch"].as_str() != Some(&saved.epoch) => Some("epoch"),
        Some(last) if last + 1 < saved.oldest_seq => Some("too-old"),
        Some(last) if last > saved.head_seq || other => Some("mismatch"),
        Some(_) => None,
    };
    if let Some(line) = world.gateway.lines.get_mut(&id) {
        line.listening = Listening::Yes;
    }
    if let Some(reason) = reason {
        return send(world, side, id, json!({"event": "reset", "data": {"reason": reason}}).to_string());
    }
    let missed: Vec<Event> = saved.log.iter().filter(|event| event.seq > last).cloned().collect();
    let head_seq = saved.head_seq;
    for event in missed {
        send(world, side, id, json!(event).to_string());
    }
    send(world, side, id, json!({"event": "drained", "seq": head_seq}).to_string());
}

/// Puts a frame on a socket. Some come twice.
pub(super) fn send(world: &mut World, side: Side, id: u64, text: String) {
    let way_ms = world.dice.between(5, world.rates.way_ms);
    let twice = world.dice.percent(world.rates.twice);
    let now_ms = world.now_ms;
    let is_event = text.contains("\"seq\"") && !text.contains("drained");
    let Some(line) = world.gateway.lines.get_mut(&id) else { return };
    if line.hole == Hole::Yes {
        return;
    }
    let at_ms = (now_ms + way_ms).max(line.last_ms + 1);
    line.last_ms = at_ms;
    if twice && is_event {
        let again = text.clone();
        world.after(at_ms + 300 - now_ms, move |world| wire::frame(world, side, id, &again));
    }
    world.after(at_ms - now_ms, move |world| wire::frame(world, side, id, &text));
}

/// Tells of a change: into the truth, the log and every socket.
pub(super) fn tell(world: &mut World, kind: ApprovalKind, request: &RequestId, more: Value) {
    remember(world, request);
    match world.dialect {
        Dialect::Holdpoint => event(world, kind, request, more),
        Dialect::Platform => document(world, request, None),
    }
}

fn event(world: &mut World, kind: ApprovalKind, request: &RequestId, more: Value) {
    let cut = world.dice.percent(world.rates.cut);
    let Some(approval) = world.gateway.read(request) else { return };
    let mut data = json!({"type": kind, "pipeline_id": approval.pipeline_id, "request_id": request});
    if !cut {
        data["data"] = json!(approval);
    }
    for (name, value) in more.as_object().into_iter().flatten() {
        data[name.as_str()] = value.clone();
    }
    let at = world.time();
    let saved = &mut world.gateway.saved;
    saved.head_seq += 1;
    let (seq, topic) = (saved.head_seq, approval.pipeline_id.to_string());
    let prev_seq = saved.heads.insert(topic.clone(), seq).unwrap_or(0);
    let id = format!("{}-{seq}", saved.epoch);
    let event = Event {
        kind: "notification".to_owned(),
        seq: Some(seq),
        prev_seq: Some(prev_seq),
        topic: Some(topic),
        id: Some(id.clone()),
        at: Some(at),
        data,
    };
    saved.log.push(event.clone());
    let epoch = saved.epoch.clone();
    world.gateway.truth.events.entry(epoch).or_default().insert(seq, id);
    let frame = Frame { topic: approval.pipeline_id.to_string(), text: json!(event).to_string() };
    for (side, id) in listening(world) {
        pass_on(world, side, id, frame.clone());
    }
}

/// Puts an event on a socket; some are overtaken by the next one of their topic.
fn pass_on(world: &mut World, side: Side, id: u64, frame: Frame) {
    let overtaken = world.dice.percent(world.rates.overtaken);
    let Some(line) = world.gateway.lines.get_mut(&id) else { return };
    match line.held.take() {
        Some(held) if held.topic == frame.topic => {
            send(world, side, id, frame.text);
            send(world, side, id, held.text);
        }
        Some(held) => {
            send(world, side, id, held.text);
            send(world, side, id, frame.text);
        }
        None if overtaken => {
            line.held = Some(frame);
            world.after(1_000, move |world| {
                let line = world.gateway.lines.get_mut(&id);
                if let Some(held) = line.and_then(|line| line.held.take()) {
                    send(world, side, id, held.text);
                }
            });
        }
        None => send(world, side, id, frame.text),
    }
}

/// A document of the platform; `told` is the status it claims, where that is a lie.
pub(super) fn document(world: &mut World, request: &RequestId, told: Option<&str>) {
    let Some(approval) = world.gateway.read(request) else { return };
    let word = told.unwrap_or(match approval.status {
        Status::Rejected => "rejected",
        Status::Failed => "failed",
        Status::Pending => "pending",
        _ => "resolved",
    });
    let frame = json!({
        "_id": format!("d-{request}"), "timestamp": world.time(), "message_type": "notification", "type": "alert",
        "pipeline_id": "runbook-system", "alert": {"status": word},
        "remediation_metadata": {"request_id": request, "type": "approval_request"},
    });
    for (side, id) in listening(world) {
        send(world, side, id, frame.to_string());
    }
}

fn listening(world: &World) -> Vec<(Side, u64)> {
    let lines = world.gateway.lines.iter().filter(|(_, line)| line.listening == Listening::Yes);
    lines.map(|(id, line)| (line.side, *id)).collect()
}

/// Writes into the truth what a request is from now on.
pub(super) fn remember(world: &mut World, request: &RequestId) {
    let was = world
        .gateway
        .saved
        .entries
        .get(request)
        .map(|entry| (entry.approval.status.clone(), entry.approval.computed_digest()));
    let from_ms = world.now_ms;
    world.note(|| format!("gateway: {request} is {:?}", was.as_ref().map(|(status, _)| status)));
    let moments = world.gateway.truth.requests.entry(request.clone()).or_default();
    if moments.last().is_none_or(|last| last.was != was) {
        moments.push(Moment { from_ms, was });
    }
}
