//! The pure step, sequence by sequence: what leaves, and above all what does not.

use super::*;
use crate::command::{Nonce, Prepare, Unreachable};
use crate::effect::{Batch, Stored};
use crate::input::{Fetched, OpenSet};
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

#[test]
fn rule_1_nothing_is_on_the_wire_before_the_row_says_so_on_disk() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let (nonce, decision) = run.prepare(0, Unreachable::GiveUp);
    let effects = run.confirm(0, nonce);
    assert!(matches!(effects.as_slice(), [Effect::Decide { .. }]), "{effects:?}");
    assert!(run.pass(60_000).is_empty(), "the row is not on disk yet");
    let effects = run.decided(decision);
    assert_eq!(wants(&effects), Some(OutboxState::Sent));
    assert!(!sends(&effects));
    assert!(sends(&run.save(&effects)));
}

#[test]
fn rule_1_a_row_that_cannot_be_written_is_never_sent() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let (nonce, decision) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce);
    let refused = Refused::new(Code::Store, "the disk is full");
    let effects = run.take(Input::Done(Done::Decided { call: CallId(1), decision, result: Err(refused) }));
    assert_eq!(refusal(&effects), Some(Code::Store));
    assert!(run.pass(600_000).is_empty());

    let (nonce, decision) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce);
    let turn = Turn { state: OutboxState::Sent, code: None, detail: None };
    run.decided(decision);
    let refused = Refused::new(Code::Store, "the disk is full");
    let effects = run.take(Input::Done(Done::Advanced { decision, turn, result: Err(refused) }));
    assert!(!sends(&effects));
    assert_eq!(run.outbox(decision), OutboxState::Queued, "what is not on disk is not true");
}

#[test]
fn a8_a_confirmation_needs_its_own_preparation_on_its_own_surface_in_time() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    assert_eq!(refusal(&run.confirm(0, Nonce("made up".into()))), Some(Code::NotPrepared));
    let (nonce, _) = run.prepare(1, Unreachable::GiveUp);
    assert_eq!(refusal(&run.confirm(2, nonce.clone())), Some(Code::NotPrepared), "another surface");
    run.take(Input::SurfaceGone(SurfaceId(1)));
    assert_eq!(refusal(&run.confirm(1, nonce)), Some(Code::NotPrepared), "its surface is gone");
    let (nonce, _) = run.prepare(1, Unreachable::GiveUp);
    run.pass(300_000);
    assert_eq!(refusal(&run.confirm(1, nonce)), Some(Code::NotPrepared), "five minutes have passed");
}

#[test]
fn f31_a_second_confirmation_of_the_same_preparation_decides_nothing() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let (nonce, _) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce.clone());
    let effects = run.confirm(0, nonce);
    assert_eq!(refusal(&effects), Some(Code::NotPrepared));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Decide { .. })));
}

#[test]
fn rule_4_a_decision_that_joins_an_open_one_is_never_sent_itself() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let first = run.sent();
    let (nonce, second) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce);
    let open = Box::new(run.state.decisions[&first].view.clone());
    let effects = run.take(Input::Done(Done::Decided {
        call: CallId(1),
        decision: second,
        result: Ok(Stored::Joined(open)),
    }));
    match effects.as_slice() {
        [Effect::Reply(_, Ok(Answer::Decision(Some(joined))))] => assert_eq!(joined.id, first),
        other => panic!("not joined: {other:?}"),
    }
    assert!(!run.state.decisions.contains_key(&second));
}

#[test]
fn f21_an_unclear_call_is_repeated_with_the_same_decision_and_ends_in_one_answer() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    run.ends(decision, unclear());
    assert_eq!(run.outbox(decision), OutboxState::Sent);
    let again = run.pass(10_000);
    match again.as_slice() {
        [Effect::Send { row }] => assert_eq!(row.id, decision),
        other => panic!("not sent again: {other:?}"),
    }
    let effects = run.ends(decision, executing());
    assert_eq!(wants(&effects), Some(OutboxState::Acknowledged));
}

#[test]
fn rule_4_on_the_platform_an_unclear_approve_is_never_sent_again_and_said_not_taken_after_ten_seconds() {
    let mut run = Run::new(Dialect::Platform, Purpose::Act);
    let decision = run.sent();
    let effects = run.ends(decision, unclear());
    assert_eq!(wants(&effects), Some(OutboxState::Unknown));
    let mut effects = run.save(&effects);
    for _ in 0..30 {
        assert!(!sends(&effects), "{effects:?}");
        if let Some(state) = wants(&effects) {
            assert_eq!(state, OutboxState::NotTaken);
            assert!(run.now.boot_ms >= 11_000, "said too early");
            return;
        }
        effects =
            match effects.iter().any(|effect| matches!(effect, Effect::Read { why: ReadFor::Look(_), .. })) {
                true => run.read(ReadFor::Look(decision), Some(approval("pending"))),
                false => run.pass(1_000),
            };
    }
    panic!("it was never said that the decision was not taken");
}

#[test]
fn rule_3_on_the_platform_a_request_that_changed_before_sending_is_not_sent() {
    let mut run = Run::new(Dialect::Platform, Purpose::Act);
    let (nonce, decision) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce);
    let effects = run.decided(decision);
    assert!(
        matches!(effects[..], [Effect::Reply(..), Effect::Read { why: ReadFor::Send(_), .. }]),
        "{effects:?}"
    );
    let mut changed = approval("pending");
    changed.revision = 2;
    let effects = run.read(ReadFor::Send(decision), Some(changed));
    assert_eq!(wants(&effects), Some(OutboxState::Changed));
    assert!(!sends(&run.save(&effects)));
}

#[test]
fn the_end_of_a_decision_is_read_from_the_request_not_from_the_call() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    let effects = run.ends(decision, executing());
    let effects = run.save(&effects);
    assert!(matches!(effects.as_slice(), [Effect::Read { why: ReadFor::Look(_), .. }]), "{effects:?}");
    let effects = run.read(ReadFor::Look(decision), Some(approval("executing")));
    assert_eq!(wants(&effects), None, "it still runs");
    run.pass(5_000);
    let effects = run.read(ReadFor::Look(decision), Some(approval("completed")));
    assert_eq!(wants(&effects), Some(OutboxState::Observed));
}

#[test]
fn what_never_left_ends_as_not_taken_for_a_terminal_and_nothing_stays_queued() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    let end = CallEnd::NotSent { why: "refused.".into(), code: Code::Unreachable };
    let effects = run.ends(decision, end);
    assert_eq!(wants(&effects), Some(OutboxState::NotTaken));
    run.save(&effects);
    assert!(run.pass(3_600_000).is_empty());
}

fn row(state: OutboxState, age_s: i64, now: Now) -> Row {
    let decision = DecisionId(Uuid::from_u128(99));
    let view = crate::view::DecisionView {
        id: decision,
        key: key(),
        pipeline: "p1".into(),
        point: Point::Request,
        verdict: Verdict::Approve,
        identity: ME.into(),
        digest: approval("pending").computed_digest(),
        state,
        code: None,
        detail: None,
        status: None,
        waiting: None,
        results: vec![],
    };
    Row { view, created_at: now.wall - chrono::Duration::seconds(age_s) }
}

#[test]
fn f22_reading_sends_nothing_of_what_is_queued_and_acting_sends_it_while_fresh() {
    let mut reading = Run::new(Dialect::Holdpoint, Purpose::Read);
    restore(&mut reading.state, vec![row(OutboxState::Queued, 5, reading.now)], reading.now);
    assert!(reading.pass(600_000).is_empty());

    let mut acting = Run::new(Dialect::Holdpoint, Purpose::Act);
    restore(&mut acting.state, vec![row(OutboxState::Queued, 5, acting.now)], acting.now);
    assert_eq!(wants(&acting.take(Input::Tick)), Some(OutboxState::Sent));
}

#[test]
fn rule_7_an_approve_that_waited_for_more_than_two_minutes_is_not_sent() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    restore(&mut run.state, vec![row(OutboxState::Queued, 121, run.now)], run.now);
    assert_eq!(wants(&run.take(Input::Tick)), Some(OutboxState::NotTaken));
}

#[test]
fn f23_what_was_on_the_wire_when_the_last_run_ended_is_repeated_with_its_key_or_looked_up() {
    let mut own = Run::new(Dialect::Holdpoint, Purpose::Act);
    restore(&mut own.state, vec![row(OutboxState::Sent, 5, own.now)], own.now);
    assert!(sends(&own.take(Input::Tick)), "the key makes it safe");

    let mut platform = Run::new(Dialect::Platform, Purpose::Act);
    restore(&mut platform.state, vec![row(OutboxState::Sent, 5, platform.now)], platform.now);
    let effects = platform.take(Input::Tick);
    assert_eq!(wants(&effects), Some(OutboxState::Unknown), "without a key only the truth is read");
    assert!(!sends(&platform.save(&effects)));
}

#[test]
fn f46_without_a_session_decisions_are_frozen_not_deleted() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    run.state.gateways.get_mut(&GATEWAY).expect("there").account = None;
    restore(&mut run.state, vec![row(OutboxState::Queued, 5, run.now)], run.now);
    assert!(run.pass(5_000).is_empty());
    assert_eq!(run.state.decisions.len(), 1);
}

fn stream(run: &mut Run, event: StreamEvent) -> Vec<Effect> {
    run.take(Input::Stream { gateway: GATEWAY, event })
}

fn connection(run: &Run) -> Connection {
    run.state.gateways[&GATEWAY].connection.clone()
}

#[test]
fn rule_9_live_is_said_only_when_drained_and_every_open_request_is_accounted_for() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    assert_eq!(connection(&run), Connection::NEVER);
    requests::put(&mut run.state, &key(), approval("pending"), &[], None);
    stream(&mut run, StreamEvent::Phase(Phase::CatchingUp));
    let effects = stream(&mut run, StreamEvent::Drained { cursor: None });
    assert!(matches!(effects.as_slice(), [Effect::Reconcile { .. }]), "{effects:?}");
    assert_eq!(connection(&run), Connection::CatchingUp);
    let set = OpenSet { approvals: vec![], as_of: run.now.wall, seq: None };
    let effects = run.take(Input::Done(Done::Reconciled { gateway: GATEWAY, result: Ok(set) }));
    assert!(matches!(effects.as_slice(), [Effect::Read { why: ReadFor::Reconcile, .. }]), "{effects:?}");
    assert_eq!(connection(&run), Connection::CatchingUp, "one open request is missing there");
    run.read(ReadFor::Reconcile, None);
    assert_eq!(connection(&run), Connection::Live { via: Via::Socket });
    assert!(run.state.request(&key()).is_none(), "gone at the gateway");
}

#[test]
fn rule_9_a_lost_connection_is_stale_at_once_and_tells_since_when() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    stream(&mut run, StreamEvent::Drained { cursor: None });
    let set = OpenSet { approvals: vec![], as_of: run.now.wall, seq: None };
    run.take(Input::Done(Done::Reconciled { gateway: GATEWAY, result: Ok(set) }));
    assert!(connection(&run).is_live());
    let why = domain::connection::Staleness::Lost;
    stream(&mut run, StreamEvent::Phase(Phase::Waiting { until_boot_ms: 0, failures: 1, why }));
    assert_eq!(connection(&run), Connection::Stale { since: Some(run.now.wall), why });
}

#[test]
fn rule_6_a_terminal_request_is_not_reopened_by_an_older_reading() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    requests::put(&mut run.state, &key(), approval("rejected"), &[], Some(9));
    requests::put(&mut run.state, &key(), approval("pending"), &[], Some(8));
    requests::put(&mut run.state, &key(), approval("executing"), &[], None);
    let status = &run.state.request(&key()).expect("followed").approval.status;
    assert_eq!(status, &domain::Status::Rejected);
    assert_eq!(run.state.decisions[&decision].busy, Busy::Sending);
}

#[test]
fn events_are_shown_only_after_they_are_on_disk() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let before = run.state.rev;
    let effects = stream(&mut run, StreamEvent::Events { events: vec![], cursor: None });
    assert!(
        matches!(effects.as_slice(), [Effect::Ingest { batch: Batch::Events { .. }, .. }]),
        "{effects:?}"
    );
    assert_eq!(run.state.rev, before, "nothing has changed for anybody yet");
    let applied = crate::input::Applied {
        request: "r1".into(),
        approval: Some(approval("pending")),
        status: None,
        results: vec![],
        seq: Some(1),
    };
    run.take(Input::Done(Done::Ingested { gateway: GATEWAY, applied: vec![applied], last_row: 5 }));
    let view = run.state.view();
    assert_eq!((view.last_row, view.open), (5, 1));
}

#[test]
fn another_account_on_the_same_gateway_is_refused() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let command = Command::SignIn {
        gateway: GATEWAY,
        email: "other@example.com".into(),
        password: crate::command::Password("x".into()),
    };
    assert_eq!(refusal(&run.command(0, command)), Some(Code::OtherAccount));
}
