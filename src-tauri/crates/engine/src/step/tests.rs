//! The pure step, sequence by sequence: what leaves, and above all what does not.

use super::*;

use crate::command::{Nonce, Prepare, Unreachable};
use crate::effect::{Batch, Stored};
use crate::input::{Applied, Fetched, OpenSet};
use crate::outbox::{CallEnd, Turn};
use crate::state::{Busy, Purpose};
use chrono::DateTime;
use client::{Dialect, Phase, Rights, StreamEvent};
use domain::connection::Via;
use domain::registry::RemediationResponse;
use domain::{Approval, DecisionId, OutboxState, Point, RequestKey, Verdict};
use serde_json::json;
use uuid::Uuid;

const GATEWAY: GatewayId = GatewayId(Uuid::from_u128(7));
const ME: &str = "ops@example.com";

fn approval(status: &str) -> Approval {
    serde_json::from_value(json!({
        "request_id": "r1", "pipeline_id": "p1", "revision": 1, "mode": "request", "error_message": "boom",
        "action_ids": ["fix"], "status": status,
        "actions": [{"action_id": "fix", "version": 1, "service": "payments", "risk_level": "medium",
            "validated": true, "requires_approval": false,
            "effect": {"kind":"http","method":"POST","url":"http://127.0.0.1:1/x","headers":{},"body":null}}],
    }))
    .expect("an approval")
}

fn key() -> RequestKey {
    RequestKey { gateway: GATEWAY, request: "r1".into() }
}

/// A state under test, its clock, and what it last wanted.
struct Run {
    state: State,
    now: Now,
    drawn: u128,
}

impl Run {
    fn new(dialect: Dialect, purpose: Purpose) -> Self {
        let mut state = State::new(purpose);
        let record = GatewayRecord {
            id: GATEWAY,
            origin: "http://127.0.0.1:1".into(),
            name: "test".into(),
            dialect: Some(dialect.to_string()),
            account: Some(ME.into()),
            pipelines_by_hand: vec![],
        };
        add(&mut state, record);
        state.gateways.get_mut(&GATEWAY).expect("added").account = Some(ME.into());
        Self { state, now: Now { wall: DateTime::UNIX_EPOCH, boot_ms: 1_000 }, drawn: 0 }
    }

    fn take(&mut self, input: Input) -> Vec<Effect> {
        step(&mut self.state, input, self.now)
    }

    fn pass(&mut self, ms: u64) -> Vec<Effect> {
        self.now.boot_ms += ms;
        self.now.wall += chrono::Duration::milliseconds(ms.cast_signed());
        self.take(Input::Tick)
    }

    fn command(&mut self, surface: u64, command: Command) -> Vec<Effect> {
        self.drawn += 1;
        let fresh = Fresh {
            nonce: Nonce(format!("n{}", self.drawn)),
            decision: DecisionId(Uuid::from_u128(self.drawn)),
        };
        self.take(Input::Command { call: CallId(1), surface: SurfaceId(surface), command, fresh })
    }

    fn prepare(&mut self, surface: u64, unreachable: Unreachable) -> (Nonce, DecisionId) {
        let prepare = Prepare {
            key: key(),
            pipeline: None,
            point: Point::Request,
            verdict: Verdict::Approve,
            shown: Some(approval("pending").computed_digest()),
            unreachable,
        };
        let effects = self.command(surface, Command::Prepare(prepare));
        assert!(matches!(effects.as_slice(), [Effect::Read { why: ReadFor::Prepare(_), .. }]), "{effects:?}");
        let effects = self.read(ReadFor::Prepare(CallId(1)), Some(approval("pending")));
        match effects.as_slice() {
            [Effect::Reply(_, Ok(Answer::Prepared(prepared)))] => (prepared.nonce.clone(), prepared.decision),
            other => panic!("not prepared: {other:?}"),
        }
    }

    fn confirm(&mut self, surface: u64, nonce: Nonce) -> Vec<Effect> {
        self.command(surface, Command::Confirm { nonce, typed: None })
    }

    fn read(&mut self, why: ReadFor, found: Option<Approval>) -> Vec<Effect> {
        let found =
            found.map(|approval| Box::new(Fetched { approval, rights: Rights::Decide, results: vec![] }));
        self.take(Input::Done(Done::Read { gateway: GATEWAY, request: "r1".into(), why, result: Ok(found) }))
    }

    fn decided(&mut self, decision: DecisionId) -> Vec<Effect> {
        let result = Ok(Stored::New(Verdict::Approve));
        self.take(Input::Done(Done::Decided { call: CallId(1), decision, result }))
    }

    /// Puts on disk whatever the effects want written, and gives what follows.
    fn save(&mut self, effects: &[Effect]) -> Vec<Effect> {
        let (decision, turn) = effects
            .iter()
            .find_map(|effect| match effect {
                Effect::Advance { decision, turn, .. } => Some((*decision, turn.clone())),
                _ => None,
            })
            .expect("something to write");
        self.take(Input::Done(Done::Advanced { decision, turn, result: Ok(()) }))
    }

    /// An approve that is on the wire.
    fn sent(&mut self) -> DecisionId {
        let (nonce, decision) = self.prepare(0, Unreachable::GiveUp);
        self.confirm(0, nonce);
        let effects = self.decided(decision);
        let effects = match effects.iter().any(|effect| matches!(effect, Effect::Read { .. })) {
            true => self.read(ReadFor::Send(decision), Some(approval("pending"))),
            false => effects,
        };
        let effects = self.save(&effects);
        assert!(sends(&effects), "{effects:?}");
        decision
    }

    fn ends(&mut self, decision: DecisionId, end: CallEnd) -> Vec<Effect> {
        self.take(Input::Done(Done::Sent { decision, end }))
    }

    fn outbox(&self, decision: DecisionId) -> OutboxState {
        self.state.decisions[&decision].view.state
    }
}

fn sends(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Send { .. }))
}

fn wants(effects: &[Effect]) -> Option<OutboxState> {
    effects.iter().find_map(|effect| match effect {
        Effect::Advance { turn, .. } => Some(turn.state),
        _ => None,
    })
}

fn refusal(effects: &[Effect]) -> Option<Code> {
    effects.iter().find_map(|effect| match effect {
        Effect::Reply(_, Err(refused)) => Some(refused.code),
        _ => None,
    })
}

fn executing() -> CallEnd {
    let response: RemediationResponse =
        serde_json::from_value(json!({"status": "executing"})).expect("a response");
    CallEnd::Taken(Box::new(response))
}

fn unclear() -> CallEnd {
    CallEnd::Unclear { why: "timed out".into() }
}

mod by_key;
mod decisions;
mod gateways;
mod requests_and_connection;
mod restart;
mod waiting;
