//! What a stream reports, and what the connection may be called (rule 9).

use crate::effect::{Batch, Effect};
use crate::input::Now;
use crate::state::{ServerTime, State};
use crate::step::reconcile;
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
        Phase::GoingAway { .. } => return None,
        Phase::SignInNeeded(why) => Connection::SignInNeeded { why: *why },
        Phase::Refused(why) => Connection::Refused { why: *why },
    })
}
