//! The engine's one pure function: `step(&mut State, Input, Now) -> Vec<Effect>`. It awaits nothing, reads no clock and
//! does nothing; what it wants done it says.

mod decide;
mod drive;
mod look;
mod reconcile;
mod requests;
mod send;
mod stream;

use crate::command::{Answer, Code, Command, Refused, SignedIn};
use crate::effect::{CallId, Effect, ReadFor, SurfaceId};
use crate::input::{Done, Fresh, Input, Now, SignedInAs};
use crate::outbox::breaker::Breaker;
use crate::state::{Clocks, Drained, Gateway, Reconcile, State, Stream};
use domain::connection::Via;
use domain::{Connection, GatewayId};
use std::collections::BTreeMap;
use store::GatewayRecord;

pub use drive::{Row, restore};
pub use requests::recall;

/// What follows from one input.
pub fn step(state: &mut State, input: Input, now: Now) -> Vec<Effect> {
    let mut effects = Vec::new();
    match input {
        Input::Command { call, surface, command, fresh } => {
            self::command(state, Asker { call, surface, fresh }, command, now, &mut effects);
        }
        Input::Stream { gateway, event } => stream::apply(state, gateway, event, now, &mut effects),
        Input::Done(done) => self::done(state, done, now, &mut effects),
        Input::SurfaceGone(surface) => state.prepared.retain(|_, prepared| prepared.surface != surface),
        Input::Tick => {}
    }
    state.prepared.retain(|_, prepared| prepared.until_ms > now.boot_ms);
    reconcile::due(state, now, &mut effects);
    drive::all(state, now, &mut effects);
    state.gateways.values_mut().for_each(|gateway| gateway.note_change(now.wall));
    let moved =
        state.gateways.values_mut().filter_map(|g| (g.note_clock(now) == Clocks::Moved).then_some(()));
    state.rev += moved.count() as u64;
    effects
}

/// Who asks, and what was drawn for it.
struct Asker {
    call: CallId,
    surface: SurfaceId,
    fresh: Fresh,
}

fn command(state: &mut State, asker: Asker, command: Command, now: Now, effects: &mut Vec<Effect>) {
    let call = asker.call;
    match command {
        Command::AddGateway { address } => match listening_at(state, &address) {
            Some(id) => effects.push(Effect::Reply(call, Ok(Answer::Gateway(id)))),
            None => effects.push(Effect::AddGateway { call, address }),
        },
        Command::Host { gateway, name, address } => {
            effects.push(Effect::Host { call, gateway, name, address });
        }
        Command::SignIn { gateway, email, password } => {
            match state.gateways.get(&gateway).and_then(|gateway| gateway.account.as_deref()) {
                Some(other) if other != email => effects.push(Effect::Reply(call, Err(other_account(other)))),
                _ => effects.push(Effect::SignIn { call, gateway, email, password }),
            }
        }
        Command::Connect { gateway } => {
            if let Some(known) =
                state.gateways.get_mut(&gateway).filter(|known| known.stream == Stream::Closed)
            {
                known.stream = Stream::Open;
                known.malformed = 0;
                effects.push(Effect::OpenStream { gateway });
            }
            effects.push(Effect::Reply(call, Ok(Answer::Done)));
        }
        Command::Prepare(prepare) => decide::prepare(state, asker, prepare, now, effects),
        Command::Confirm { nonce, typed } => {
            decide::confirm(state, &asker, &nonce, typed.as_deref(), now, effects)
        }
        Command::TakeBack { decision } => decide::take_back(state, call, decision, effects),
        Command::SetPolicy(policy) => match policy.check() {
            Ok(policy) => effects.push(Effect::KeepPolicy { call, policy }),
            Err(refused) => effects.push(Effect::Reply(call, Err(refused))),
        },
        // The runtime carries these out itself: they touch no state.
        Command::Printed { .. } | Command::AskAlso { .. } => {
            effects.push(Effect::Reply(call, Ok(Answer::Done)))
        }
    }
}

/// Another account on the same gateway is refused (DESIGN 4).
pub fn other_account(signed_in: &str) -> Refused {
    Refused::new(
        Code::OtherAccount,
        format!(
            "{signed_in} is signed in to this gateway here. Another account needs another data directory (HOLDPOINT_DATA_DIR)."
        ),
    )
}

fn done(state: &mut State, done: Done, now: Now, effects: &mut Vec<Effect>) {
    match done {
        Done::Added { call, result } => {
            let answer = result.map(|record| {
                let id = record.id;
                add(state, record);
                Answer::Gateway(id)
            });
            effects.push(Effect::Reply(call, answer));
        }
        Done::Hosted { call, result } => {
            let answer = result.map(|record| Answer::Gateway(hosted(state, record, effects)));
            effects.push(Effect::Reply(call, answer));
        }
        Done::SignedIn { call, gateway, result } => signed_in(state, call, gateway, result, now, effects),
        Done::Read { gateway, request, why, result } => match why {
            ReadFor::Prepare(call) => decide::prepared(state, call, gateway, result, now, effects),
            ReadFor::Send(decision) => send::read_before_send(state, decision, result, now, effects),
            ReadFor::Look(decision) => look::looked(state, decision, result, now, effects),
            ReadFor::Reconcile => reconcile::found_again(state, gateway, &request, result, now, effects),
        },
        Done::Reconciled { gateway, round, result } => {
            reconcile::answered(state, gateway, round, result, now, effects);
        }
        Done::Incomplete { gateway } => reconcile::doubt(state, gateway, now),
        Done::Anew { gateway } => requests::start_anew(state, gateway),
        Done::Ingested { gateway, applied, last_row } => {
            requests::ingested(state, gateway, applied, last_row, now, effects);
        }
        Done::Decided { call, decision, result } => decide::stored(state, call, decision, result, effects),
        Done::Advanced { decision, turn, result } => {
            drive::advanced(state, decision, turn, result, now, effects)
        }
        Done::PolicyKept { call, policy, result } => {
            if result.is_ok() {
                state.policy = policy;
                state.rev += 1;
            }
            effects.push(Effect::Reply(call, result.map(|()| Answer::Done)));
        }
        Done::Sent { decision, end } => send::sent(state, decision, &end, now, effects),
    }
}

/// Takes a gateway's record into the state; a known one keeps what is known of it.
pub fn add(state: &mut State, record: GatewayRecord) {
    let id = record.id;
    if state.gateways.contains_key(&id) {
        return;
    }
    state.order.push(id);
    state.rev += 1;
    let gateway = Gateway {
        id,
        origin: record.origin,
        name: record.name,
        dialect: record.dialect.as_deref().and_then(client::Dialect::from_word),
        account: None,
        not_kept: None,
        connection: Connection::NEVER,
        changes: Vec::new(),
        last_live: None,
        as_of: None,
        server_time: None,
        clock_off_ms: None,
        malformed: 0,
        stream: Stream::Closed,
        rights: BTreeMap::new(),
        requests: BTreeMap::new(),
        drained: Drained::No,
        via: Via::Socket,
        reconcile: Reconcile::default(),
        breaker: Breaker::default(),
    };
    state.gateways.insert(id, gateway);
}

/// The gateway that listens there in this run, also where the record on disk does not say so.
fn listening_at(state: &State, address: &str) -> Option<GatewayId> {
    let origin = client::Origin::parse(address).ok()?.to_string();
    state.gateways.values().find(|gateway| gateway.origin == origin).map(|gateway| gateway.id)
}

/// Takes the built-in gateway where it listens now. A stream to where it listened before starts again.
fn hosted(state: &mut State, record: GatewayRecord, effects: &mut Vec<Effect>) -> GatewayId {
    let id = record.id;
    let (origin, name) = (record.origin.clone(), record.name.clone());
    add(state, record);
    if let Some(gateway) = state.gateways.get_mut(&id) {
        gateway.origin = origin;
        gateway.name = name;
        // Whatever ran, or was just beginning, went to where it listened before.
        if gateway.stream == Stream::Open {
            gateway.connection = Connection::NEVER;
            effects.push(Effect::OpenStream { gateway: id });
        }
        state.rev += 1;
    }
    id
}

fn signed_in(
    state: &mut State,
    call: Option<CallId>,
    id: GatewayId,
    result: Result<SignedInAs, Refused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let answer = result.map(|who| {
        drive::wake(state, id, now);
        if let Some(gateway) = state.gateways.get_mut(&id) {
            gateway.account = Some(who.email.clone());
            gateway.dialect = Some(who.dialect);
            gateway.not_kept = who.not_kept.clone();
            // A stream that ended for want of a session starts again.
            if gateway.stream == Stream::Open && matches!(gateway.connection, Connection::SignInNeeded { .. })
            {
                gateway.connection = Connection::NEVER;
                gateway.malformed = 0;
                effects.push(Effect::OpenStream { gateway: id });
            }
            state.rev += 1;
        }
        Answer::SignedIn(SignedIn { email: who.email, not_kept: who.not_kept })
    });
    if let Some(call) = call {
        effects.push(Effect::Reply(call, answer));
    }
}

#[cfg(test)]
mod tests;
