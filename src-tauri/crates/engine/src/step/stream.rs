//! What a stream reports, and what the connection may be called (rule 9).

use crate::effect::{Batch, Effect};
use crate::input::Now;
use crate::state::{ServerTime, State};
use crate::step::reconcile;
use client::{Event, Phase, StreamEvent};
use domain::connection::Staleness;
use domain::{Connection, GatewayId};
use serde_json::json;

/// Takes one report of a gateway's stream.
pub(super) fn apply(
    state: &mut State,
    id: GatewayId,
    event: StreamEvent,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let Some(gateway) = state.gateways.get_mut(&id) else { return };
    match event {
        // It still stands, and another is made beside it: nothing has changed yet.
        StreamEvent::Phase(Phase::GoingAway { .. }) => {}
        StreamEvent::Phase(phase) => {
            if gateway.connection.is_live() {
                gateway.last_live = Some(now.wall);
            }
            // Every phase is another connection, or a gap in this one: "drained" is said anew before it is live.
            reconcile::void(gateway);
            if let Some(connection) = connection(&phase, gateway.last_live, &gateway.connection) {
                gateway.connection = connection;
                state.rev += 1;
            }
        }
        StreamEvent::Events { events, cursor } => {
            effects.push(Effect::Ingest { gateway: id, batch: Batch::Events { events, cursor } });
        }
        StreamEvent::Documents(documents) => {
            effects.push(Effect::Ingest { gateway: id, batch: Batch::Documents(documents) });
        }
        StreamEvent::Snapshot(set) => {
            let batch = Batch::Snapshot { approvals: set.approvals, cursor: set.cursor };
            effects.push(Effect::Ingest { gateway: id, batch });
        }
        StreamEvent::Drained { via, .. } => {
            gateway.via = via;
            reconcile::drained(state, id, now, effects);
        }
        StreamEvent::ServerTime { offset_ms } => {
            let server = now.wall + chrono::Duration::milliseconds(offset_ms);
            gateway.server_time = Some(ServerTime { at: server, boot_ms: now.boot_ms });
        }
        StreamEvent::Malformed { count, .. } => {
            // Each stream counts from one: what is new since its last word is added up.
            state.malformed += count.saturating_sub(gateway.malformed);
            gateway.malformed = count;
            state.rev += 1;
        }
        StreamEvent::Access(_) => reconcile::rights_changed(state, id, now, effects),
        StreamEvent::Reset { reason } => {
            if let Some(gap) = gap(&reason, gateway.last_live, now) {
                let batch = Batch::Events { events: vec![gap], cursor: None };
                effects.push(Effect::Ingest { gateway: id, batch });
            }
        }
        StreamEvent::Capabilities(_) | StreamEvent::Unknown(_) | StreamEvent::Presence(_) => {}
    }
}

/// The mark that the history has a hole, to be kept in it (F16, F17, F19): from when it was last live until now. A first
/// start has no hole.
fn gap(reason: &str, last_live: Option<chrono::DateTime<chrono::Utc>>, now: Now) -> Option<Event> {
    let why = match reason {
        "new" => return None,
        "epoch" => "the gateway's records begin anew, as after a restored backup",
        "too-old" => "the gateway no longer keeps what was missed",
        "mismatch" => "the gateway has another history than was seen here",
        "slow" => "more came than could be taken",
        "unreadable" => "something could not be read in three tries and was skipped",
        _ => "the gateway asked to begin anew",
    };
    let clock = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    let since = last_live.map_or_else(|| "before this run".to_owned(), clock);
    let title = format!("The history is not continuous from {since} to {}: {why}", clock(now.wall));
    Some(Event {
        kind: "gap".to_owned(),
        seq: None,
        prev_seq: None,
        topic: None,
        id: Some(format!("gap:{reason}:{}", now.boot_ms)),
        at: Some(now.wall),
        data: json!({"type": "history_gap", "title": title, "reason": reason, "since": last_live}),
    })
}

/// The honest value for a phase of the driver; `None` leaves it as it is.
fn connection(
    phase: &Phase,
    last_live: Option<chrono::DateTime<chrono::Utc>>,
    current: &Connection,
) -> Option<Connection> {
    Some(match phase {
        Phase::Connecting => match current {
            Connection::Stale { .. } => return None,
            _ => Connection::Stale { since: last_live, why: Staleness::Lost },
        },
        Phase::CatchingUp => Connection::CatchingUp,
        Phase::Waiting { why, .. } => Connection::Stale { since: last_live, why: *why },
        Phase::GoingAway { .. } => return None,
        Phase::SignInNeeded(why) => Connection::SignInNeeded { why: *why },
        Phase::Refused(why) => Connection::Refused { why: *why },
    })
}
