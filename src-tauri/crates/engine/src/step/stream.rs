//! What a stream reports, and what the connection may be called (rule 9).

use crate::effect::{Batch, Effect};
use crate::input::Now;
use crate::state::{State, Stream};
use client::{Phase, StreamEvent};
use domain::connection::Staleness;
use domain::{Connection, GatewayId};

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
        StreamEvent::Phase(phase) => {
            if gateway.connection.is_live() {
                gateway.last_live = Some(now.wall);
            }
            if !matches!(phase, Phase::CatchingUp) {
                gateway.reconciling = None;
            }
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
        StreamEvent::Drained { .. } => {
            gateway.connection = Connection::CatchingUp;
            state.rev += 1;
            effects.push(Effect::Reconcile { gateway: id });
        }
        StreamEvent::ServerTime { offset_ms } => gateway.offset_ms = offset_ms,
        StreamEvent::Malformed { count, .. } => {
            state.malformed = count;
            state.rev += 1;
        }
        StreamEvent::Access(_) => {
            // Rights changed: what may be seen and decided is read anew.
            if gateway.stream == Stream::Open {
                gateway.connection = Connection::CatchingUp;
                state.rev += 1;
                effects.push(Effect::Reconcile { gateway: id });
            }
        }
        StreamEvent::Reset { .. }
        | StreamEvent::Capabilities(_)
        | StreamEvent::Unknown(_)
        | StreamEvent::Presence(_) => {}
    }
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
        Phase::GoingAway { .. } => Connection::Stale { since: last_live, why: Staleness::GoingAway },
        Phase::SignInNeeded(why) => Connection::SignInNeeded { why: *why },
        Phase::Refused(why) => Connection::Refused { why: *why },
    })
}
