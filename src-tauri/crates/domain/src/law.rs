//! The law of an approval (CONTRACT 1a): every state, every input, one match. Gateway and console judge by the same
//! function; who may decide at all is judged before it.

use crate::action::RemediationAction;
use crate::approval::{Confidence, Mode};
use crate::id::ActionId;
use std::collections::BTreeSet;

/// Where a request stands, with what the law needs to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting for a person.
    Pending,
    /// Waiting for a decision on this gated action.
    Paused(ActionId),
    /// Running.
    Executing,
    /// Running its last action: someone asked it to stop.
    Stopping,
    /// Ran to its end.
    Completed,
    /// An action failed and ended the chain.
    Failed,
    /// A person said no.
    Rejected,
    /// A person stopped it.
    Stopped,
    /// The requester took it back.
    Withdrawn,
    /// The gateway died in mid-action.
    Interrupted,
    /// Nobody decided in time.
    Expired,
}

/// What may happen to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// "Approve all": covers no gated action.
    ApproveRequest,
    /// Approve one gated action.
    ApproveAction(ActionId),
    /// Reject the request, or the action it is paused at: the same.
    Reject,
    /// Stop after the running action.
    Stop,
    /// The requester, an admin or the alert's `resolved` takes it back.
    Withdraw,
    /// Its time has come.
    Expire,
    /// The executor reached a gated action without approval.
    ReachedGate(ActionId),
    /// The executor ran the last action.
    RanAll,
    /// An action failed and its `on_failure` is stop.
    ActionFailed,
    /// The executor honoured a stop after the running action.
    StopReached,
    /// The process came back and found the request executing.
    FoundInterrupted,
}

/// Why the law says no; the slug of CONTRACT 1c is [`Refusal::slug`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Terminal already.
    #[error("the request has already been decided")]
    AlreadyDecided,
    /// Running now.
    #[error("the request is executing")]
    Executing,
    /// Approve all, while one action asks for itself.
    #[error("the request is paused at an action that needs a decision of its own")]
    ActionDecisionNeeded,
    /// This action is not the one that waits.
    #[error("that action is not waiting for a decision")]
    NotAwaitingAction,
    /// Nothing to stop.
    #[error("the request is not running")]
    NotRunning,
    /// Too late.
    #[error("the request has expired")]
    Expired,
}

impl Refusal {
    /// The problem slug of CONTRACT 1c.
    pub fn slug(self) -> &'static str {
        match self {
            Refusal::AlreadyDecided => "already-decided",
            Refusal::Executing => "executing",
            Refusal::ActionDecisionNeeded => "action-decision-needed",
            Refusal::NotAwaitingAction => "not-awaiting-action",
            Refusal::NotRunning => "not-running",
            Refusal::Expired => "expired",
        }
    }
}

impl State {
    /// No input leads out of it.
    pub fn is_terminal(&self) -> bool {
        !matches!(self, State::Pending | State::Paused(_) | State::Executing | State::Stopping)
    }
}

/// The law. Returns the state after `input`, or why it is refused; a refused input changes nothing.
pub fn step(state: &State, input: &Input) -> Result<State, Refusal> {
    use {Input as I, State as S};
    match (state, input) {
        (S::Expired, _) => Err(Refusal::Expired),
        (terminal, I::Stop) if terminal.is_terminal() => Err(Refusal::NotRunning),
        (terminal, _) if terminal.is_terminal() => Err(Refusal::AlreadyDecided),

        (S::Pending, I::ApproveRequest) => Ok(S::Executing),
        (S::Pending, I::ApproveAction(_)) => Err(Refusal::NotAwaitingAction),
        (S::Pending, I::Stop) => Err(Refusal::NotRunning),

        (S::Paused(_), I::ApproveRequest) => Err(Refusal::ActionDecisionNeeded),
        (S::Paused(awaited), I::ApproveAction(action)) if awaited == action => Ok(S::Executing),
        (S::Paused(_), I::ApproveAction(_)) => Err(Refusal::NotAwaitingAction),
        (S::Paused(_), I::Stop) => Ok(S::Stopped),

        (S::Pending | S::Paused(_), I::Reject) => Ok(S::Rejected),
        (S::Pending | S::Paused(_), I::Withdraw) => Ok(S::Withdrawn),
        (S::Pending | S::Paused(_), I::Expire) => Ok(S::Expired),
        (S::Pending | S::Paused(_), _) => Err(Refusal::NotRunning),

        (S::Executing | S::Stopping, I::Stop) => Ok(S::Stopping),
        (S::Executing, I::ReachedGate(action)) => Ok(S::Paused(action.clone())),
        (S::Stopping, I::ReachedGate(_) | I::StopReached) => Ok(S::Stopped),
        (S::Executing | S::Stopping, I::RanAll) => Ok(S::Completed),
        (S::Executing | S::Stopping, I::ActionFailed) => Ok(S::Failed),
        (S::Executing | S::Stopping, I::FoundInterrupted) => Ok(S::Interrupted),
        (S::Executing | S::Stopping, _) => Err(Refusal::Executing),

        // Every terminal state was answered above; the compiler cannot see through the guard.
        _ => Err(Refusal::AlreadyDecided),
    }
}

/// What to do with an error that matched (or not) a mapping (CONTRACT 1a).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing near.
    NoMatch,
    /// Something far: a suggestion, never an approval.
    LowConfidence,
    /// Certain and harmless: run at once.
    Execute,
    /// A person decides.
    Ask(Mode),
}

/// Whether a pipeline lets certain and harmless actions run by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// As the law says.
    WhenNeeded,
    /// Every match asks.
    Always,
}

/// Judges a match at `distance` (`None`: nothing near) whose mapping names `actions`.
pub fn judge(distance: Option<f64>, actions: &[&RemediationAction], asking: Asking) -> Judgement {
    let Some(distance) = distance else { return Judgement::NoMatch };
    let confidence = Confidence::of(distance);
    if confidence == Confidence::Low {
        return Judgement::LowConfidence;
    }
    let mode = if actions.iter().any(|a| a.gated()) { Mode::PerAction } else { Mode::Request };
    let harmless = actions.iter().all(|a| !a.gated() && a.risk_level == crate::action::Risk::Low);
    if confidence == Confidence::High && harmless && asking == Asking::WhenNeeded {
        Judgement::Execute
    } else {
        Judgement::Ask(mode)
    }
}

/// What the executor does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Run the action at this index.
    Run(usize),
    /// Ask for a decision on this action.
    Pause(ActionId),
    /// Nothing is left.
    Done,
}

/// What comes at `index`, given the gated actions that were approved one by one.
pub fn next(actions: &[RemediationAction], index: usize, approved: &BTreeSet<ActionId>) -> Next {
    match actions.get(index) {
        None => Next::Done,
        Some(action) if action.gated() && !approved.contains(&action.action_id) => {
            Next::Pause(action.action_id.clone())
        }
        Some(_) => Next::Run(index),
    }
}

/// A reason a person gives needs at least three letters or digits (CONTRACT 1c).
pub fn is_reason(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric()).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn action_id() -> impl Strategy<Value = ActionId> {
        prop_oneof![Just(ActionId::from("a")), Just(ActionId::from("b"))]
    }

    fn any_input() -> impl Strategy<Value = Input> {
        prop_oneof![
            Just(Input::ApproveRequest),
            action_id().prop_map(Input::ApproveAction),
            Just(Input::Reject),
            Just(Input::Stop),
            Just(Input::Withdraw),
            Just(Input::Expire),
            action_id().prop_map(Input::ReachedGate),
            Just(Input::RanAll),
            Just(Input::ActionFailed),
            Just(Input::StopReached),
            Just(Input::FoundInterrupted),
        ]
    }

    proptest! {
        #[test]
        fn rule_6_no_sequence_of_inputs_leaves_a_terminal_state(inputs in prop::collection::vec(any_input(), 0..40)) {
            let mut state = State::Pending;
            let mut terminal: Option<State> = None;
            for input in inputs {
                let result = step(&state, &input);
                if let Some(end) = &terminal {
                    prop_assert!(result.is_err(), "{end:?} was left by {input:?}");
                }
                if let Ok(next) = result {
                    state = next;
                }
                if state.is_terminal() {
                    terminal.get_or_insert(state.clone());
                    prop_assert_eq!(terminal.as_ref(), Some(&state));
                }
            }
        }

        #[test]
        fn nothing_but_an_approval_starts_an_execution(inputs in prop::collection::vec(any_input(), 0..40)) {
            let mut state = State::Pending;
            for input in inputs {
                let before = state.clone();
                if let Ok(next) = step(&state, &input) {
                    if next == State::Executing && before != State::Executing {
                        prop_assert!(matches!(input, Input::ApproveRequest | Input::ApproveAction(_)));
                    }
                    state = next;
                }
            }
        }
    }

    #[test]
    fn the_table_of_contract_1a() {
        use {Input as I, State as S};
        let a = || ActionId::from("a");
        let cases = [
            (S::Pending, I::ApproveRequest, Ok(S::Executing)),
            (S::Pending, I::ApproveAction(a()), Err(Refusal::NotAwaitingAction)),
            (S::Pending, I::Reject, Ok(S::Rejected)),
            (S::Pending, I::Stop, Err(Refusal::NotRunning)),
            (S::Pending, I::Expire, Ok(S::Expired)),
            (S::Paused(a()), I::ApproveRequest, Err(Refusal::ActionDecisionNeeded)),
            (S::Paused(a()), I::ApproveAction(a()), Ok(S::Executing)),
            (S::Paused(a()), I::ApproveAction("b".into()), Err(Refusal::NotAwaitingAction)),
            (S::Paused(a()), I::Reject, Ok(S::Rejected)),
            (S::Paused(a()), I::Stop, Ok(S::Stopped)),
            (S::Paused(a()), I::Expire, Ok(S::Expired)),
            (S::Executing, I::ApproveRequest, Err(Refusal::Executing)),
            (S::Executing, I::ApproveAction(a()), Err(Refusal::Executing)),
            (S::Executing, I::Reject, Err(Refusal::Executing)),
            (S::Executing, I::Stop, Ok(S::Stopping)),
            (S::Executing, I::Withdraw, Err(Refusal::Executing)),
            (S::Stopping, I::StopReached, Ok(S::Stopped)),
            (S::Completed, I::ApproveRequest, Err(Refusal::AlreadyDecided)),
            (S::Failed, I::Reject, Err(Refusal::AlreadyDecided)),
            (S::Rejected, I::Stop, Err(Refusal::NotRunning)),
            (S::Expired, I::ApproveRequest, Err(Refusal::Expired)),
            (S::Expired, I::Stop, Err(Refusal::Expired)),
        ];
        for (state, input, expected) in cases {
            assert_eq!(step(&state, &input), expected, "{state:?} + {input:?}");
        }
    }

    fn action(text: &str) -> RemediationAction {
        serde_json::from_str(text).expect("an action")
    }

    #[test]
    fn a_match_is_judged_by_distance_and_by_what_its_actions_could_do() {
        let low = action(r#"{"action_id":"a","risk_level":"low","validated":true}"#);
        let medium = action(r#"{"action_id":"b","risk_level":"medium","validated":true}"#);
        let unchecked = action(r#"{"action_id":"c","risk_level":"low","validated":false}"#);
        assert_eq!(judge(None, &[&low], Asking::WhenNeeded), Judgement::NoMatch);
        assert_eq!(judge(Some(0.7), &[&low], Asking::WhenNeeded), Judgement::LowConfidence);
        assert_eq!(judge(Some(0.1), &[&low], Asking::WhenNeeded), Judgement::Execute);
        assert_eq!(judge(Some(0.1), &[&low], Asking::Always), Judgement::Ask(Mode::Request));
        assert_eq!(judge(Some(0.1), &[&low, &medium], Asking::WhenNeeded), Judgement::Ask(Mode::Request));
        assert_eq!(judge(Some(0.4), &[&low], Asking::WhenNeeded), Judgement::Ask(Mode::Request));
        assert_eq!(judge(Some(0.1), &[&unchecked], Asking::WhenNeeded), Judgement::Ask(Mode::PerAction));
    }

    #[test]
    fn a_reason_is_three_letters_or_digits_of_any_script() {
        assert!(is_reason("n o t"));
        assert!(is_reason("不要做"));
        assert!(!is_reason(" .. a b \u{200b}"));
    }
}
