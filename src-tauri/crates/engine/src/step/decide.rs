//! From a person's wish to a row on disk: prepare, confirm, decide (rules 1, 3, 4).

use super::{Asker, drive};
use crate::command::{Answer, Code, Nonce, Prepare, Prepared, Refused, Unreachable};
use crate::effect::{CallId, Effect, ReadFor, Stored};
use crate::input::{Fetched, Now};
use crate::outbox::breaker::Evidence;
use crate::outbox::{Left, Turn};
use crate::policy::Policy;
use crate::rules::{self, Asked};
use crate::state::{Busy, ByKey, Decision, MadeIn, PreparedDecision, Preparing, Reread, State};
use crate::view::{DecisionView, WaitsFor};
use client::Rights;
use domain::{Approval, DecisionId, Digest, GatewayId, OutboxState, Point, Verdict};

/// A prepared decision is void after this.
pub(super) const PREPARED_FOR_MS: u64 = 300_000;

/// Reads the request anew; the judgement follows when it is there. A gateway that is left alone for now is not asked: the
/// person decides all the same, from what is known (F30).
pub(super) fn prepare(
    state: &mut State,
    asker: Asker,
    prepare: Prepare,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let Asker { call, surface, fresh } = asker;
    let known = state.gateways.get(&prepare.key.gateway);
    if known.and_then(|gateway| gateway.account.as_ref()).is_none() {
        let refused = Refused::new(
            Code::SignIn,
            "Nobody is signed in to this gateway: sign in first (`holdctl login`).",
        );
        return effects.push(Effect::Reply(call, Err(refused)));
    }
    let gateway = prepare.key.gateway;
    let left_alone = known.is_some_and(|gateway| gateway.breaker.is_open(now.boot_ms));
    if left_alone && prepare.unreachable == Unreachable::Queue {
        let refused = Refused::new(Code::Unreachable, "The gateway has not answered for a while.");
        state.preparing.insert(call, Preparing { surface, prepare, fresh });
        return prepared(state, call, gateway, Err(refused), now, effects);
    }
    effects.push(Effect::Read {
        gateway,
        pipeline: prepare.pipeline.clone(),
        request: prepare.key.request.clone(),
        why: ReadFor::Prepare(call),
    });
    state.preparing.insert(call, Preparing { surface, prepare, fresh });
}

/// The request is there, or cannot be had: judge it.
pub(super) fn prepared(
    state: &mut State,
    call: CallId,
    gateway: GatewayId,
    result: Result<Option<Box<Fetched>>, Refused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let Some(Preparing { surface, prepare, fresh }) = state.preparing.remove(&call) else { return };
    if let (Ok(Some(fetched)), Some(own)) = (&result, own_open(state, &prepare)) {
        let preparing = Preparing { surface, prepare, fresh };
        let answer = join(state, preparing, fetched.approval.clone(), own, now);
        return effects.push(Effect::Reply(call, Ok(Answer::Prepared(answer))));
    }
    let (result, queued) = match result {
        Err(refused) => known_offline(state, &prepare, refused),
        read => (read, None),
    };
    let judged = result.and_then(|fetched| {
        let fetched = fetched.ok_or_else(|| Refused::no_request(&prepare.key.request))?;
        let known = state.gateways.get(&gateway);
        let (account, dialect) =
            known.and_then(|gateway| Some((gateway.account.as_deref()?, gateway.dialect?))).ok_or_else(
                || Refused::new(Code::SignIn, "Nobody is signed in to this gateway: sign in first."),
            )?;
        let judged = rules::judge(&Asked {
            approval: &fetched.approval,
            dialect,
            rights: fetched.rights,
            identity: account,
            point: &prepare.point,
            verdict: &prepare.verdict,
            shown: prepare.shown.as_ref(),
            now: known.and_then(|gateway| gateway.server_now(now)),
        })?;
        Ok((fetched, account.to_owned(), judged))
    });
    let (fetched, identity, judged) = match judged {
        Ok(judged) => judged,
        Err(refused) => return effects.push(Effect::Reply(call, Err(refused))),
    };
    let sentence = sentence(&prepare, &identity, fetched.approval.pipeline_id.as_str(), &judged);
    let queued = queued.map(|why| format!("{why} {}", when_sent(&prepare.verdict, state.policy)));
    let answer = Prepared {
        nonce: fresh.nonce.clone(),
        decision: fresh.decision,
        digest: judged.digest.clone(),
        sentence,
        covers: judged.covers,
        target: judged.target.clone(),
        queued,
    };
    let row = row(fresh.decision, &prepare, &fetched.approval, identity, judged.digest);
    state.prepared.insert(
        fresh.nonce,
        PreparedDecision {
            surface,
            until_ms: now.boot_ms + PREPARED_FOR_MS,
            target: judged.target,
            row,
            shown: fetched.approval,
            unreachable: prepare.unreachable,
        },
    );
    effects.push(Effect::Reply(call, Ok(Answer::Prepared(answer))));
}

/// The gateway cannot be reached and the decision may wait for it: it is judged by what the gateway told in this run, and
/// judged again by the gateway when it is sent (rules 3, 7). With it why the gateway could not be asked.
fn known_offline(
    state: &State,
    prepare: &Prepare,
    refused: Refused,
) -> (Result<Option<Box<Fetched>>, Refused>, Option<String>) {
    let waits = Evidence::of_code(refused.code) == Evidence::Failing
        && prepare.unreachable == Unreachable::Queue
        && prepare.shown.is_some();
    let known = state.request(&prepare.key).filter(|known| waits && known.kept.is_none());
    let Some(known) = known else { return (Err(refused), None) };
    let approval = known.approval.clone();
    let rights = state
        .gateways
        .get(&prepare.key.gateway)
        .and_then(|gateway| gateway.rights.get(&approval.pipeline_id).copied())
        .unwrap_or(Rights::Untold);
    (Ok(Some(Box::new(Fetched { approval, rights, results: Vec::new() }))), Some(refused.message))
}

/// What becomes of a decision that waits for the gateway.
fn when_sent(verdict: &Verdict, policy: Policy) -> String {
    match verdict {
        Verdict::Approve => format!(
            "Once confirmed it waits here and is sent when the gateway answers again, if that is within {} min; after that it needs a fresh look.",
            policy.fresh_approve_min
        ),
        Verdict::Reject { .. } | Verdict::Stop { .. } => {
            "Once confirmed it waits here and is sent when the gateway answers again.".to_owned()
        }
    }
}

/// A decision as it will be stored.
fn row(
    id: DecisionId,
    prepare: &Prepare,
    approval: &Approval,
    identity: String,
    digest: Digest,
) -> DecisionView {
    DecisionView {
        id,
        key: prepare.key.clone(),
        pipeline: approval.pipeline_id.clone(),
        point: prepare.point.clone(),
        verdict: prepare.verdict.clone(),
        identity,
        digest,
        state: OutboxState::Queued,
        code: None,
        detail: None,
        status: Some(approval.status.clone()),
        waiting: None,
        results: Vec::new(),
        waits: None,
    }
}

/// The open decision of the same verdict at the same point: deciding again joins it, whatever has become of the request
/// meanwhile (rule 4).
fn own_open(state: &State, prepare: &Prepare) -> Option<DecisionView> {
    let mut views = state.decisions.values().map(|decision| &decision.view);
    let same = |view: &&DecisionView| {
        view.state.locks()
            && view.key == prepare.key
            && view.point == prepare.point
            && view.verdict.word() == prepare.verdict.word()
    };
    views.find(same).cloned()
}

fn join(state: &mut State, preparing: Preparing, shown: Approval, own: DecisionView, now: Now) -> Prepared {
    let Preparing { surface, prepare, fresh } = preparing;
    let answer = Prepared {
        nonce: fresh.nonce.clone(),
        decision: own.id,
        digest: own.digest.clone(),
        sentence: format!(
            "Join the {} of {} that is still open here: nothing is sent again",
            own.verdict.word(),
            own.key.request
        ),
        covers: Vec::new(),
        target: None,
        queued: None,
    };
    let joined = PreparedDecision {
        surface,
        until_ms: now.boot_ms + PREPARED_FOR_MS,
        target: None,
        row: own,
        shown,
        unreachable: prepare.unreachable,
    };
    state.prepared.insert(fresh.nonce, joined);
    answer
}

/// Who decides what, where.
fn sentence(prepare: &Prepare, identity: &str, pipeline: &str, judged: &rules::Judged) -> String {
    let verb = match &prepare.verdict {
        Verdict::Approve => "Approve",
        Verdict::Reject { .. } => "Reject",
        Verdict::Stop { .. } => "Stop",
    };
    let what = match &prepare.point {
        Point::Request => prepare.key.request.to_string(),
        Point::Action(action) => format!("{action} of {}", prepare.key.request),
    };
    let covers = match (&prepare.verdict, judged.covers.as_slice()) {
        (Verdict::Approve, []) => ", which runs nothing before the next decision".to_owned(),
        (Verdict::Approve, covers) => {
            let names: Vec<&str> = covers.iter().map(domain::ActionId::as_str).collect();
            format!(", which runs {}", names.join(", "))
        }
        _ => String::new(),
    };
    format!("{verb} {what} as {identity} on {pipeline}{covers}")
}

/// Puts a prepared decision on disk. The nonce is spent whatever follows.
pub(super) fn confirm(
    state: &mut State,
    asker: &Asker,
    nonce: &Nonce,
    typed: Option<&str>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let call = asker.call;
    let usable = state
        .prepared
        .get(nonce)
        .is_some_and(|prepared| prepared.surface == asker.surface && prepared.until_ms > now.boot_ms);
    #[cfg(test)]
    let usable = usable || crate::sim::planted::has(crate::sim::planted::Plant::AnyWindowConfirms);
    let Some(prepared) = usable.then(|| state.prepared.remove(nonce)).flatten() else {
        let refused = Refused::new(
            Code::NotPrepared,
            "This decision was not prepared here, or too long ago. Nothing was sent; look at the request again.",
        );
        return effects.push(Effect::Reply(call, Err(refused)));
    };
    if let Err(refused) = rules::typed_fits(prepared.target.as_deref(), typed, &prepared.shown) {
        return effects.push(Effect::Reply(call, Err(refused)));
    }
    if let Some(own) = state.decisions.get(&prepared.row.id) {
        let answer = Answer::Decision(Some(Box::new(own.view.clone())));
        return effects.push(Effect::Reply(call, Ok(answer)));
    }
    let PreparedDecision { mut row, shown, unreachable, .. } = prepared;
    let undo_ms = state.policy.undo_ms();
    row.state = if undo_ms > 0 { OutboxState::Held } else { OutboxState::Queued };
    let mut decision = Decision {
        view: row.clone(),
        busy: Busy::Saving,
        made_in: MadeIn::ThisRun,
        tries: 0,
        unsent: 0,
        left: Left::Never,
        reread: Reread::Needed,
        by_key: ByKey::No,
        unreachable,
        due_ms: now.boot_ms,
        failed_ms: None,
        looks: 0,
        made_ms: now.boot_ms.cast_signed(),
    };
    if undo_ms > 0 {
        decision.wait(WaitsFor::Undo, undo_ms, now);
    }
    state.made.push(row.id);
    state.decisions.insert(row.id, decision);
    let typed = typed.map(str::to_owned);
    effects.push(Effect::Decide { call, row: Box::new(row), shown: Box::new(shown), typed });
}

/// Takes a decision back of which nothing has left: held, or waiting for something (rule 7).
pub(super) fn take_back(state: &mut State, call: CallId, id: DecisionId, effects: &mut Vec<Effect>) {
    let refuse = |code, message: &str| Effect::Reply(call, Err(Refused::new(code, message)));
    let Some(decision) = state.decisions.get_mut(&id) else {
        return effects.push(refuse(Code::NotFound, "There is no such decision here any more."));
    };
    if !decision.view.state.locks() {
        return effects.push(refuse(Code::NotTaken, "It has ended already; there is nothing to take back."));
    }
    let waits = decision.busy == Busy::Idle && decision.left == Left::Never && decision.is_unsent();
    if !waits {
        let message = "It is on its way and cannot be taken back. What becomes of it is shown here.";
        return effects.push(refuse(Code::Executing, message));
    }
    state.taking_back.insert(id, call);
    let detail = "Taken back before it was sent. Nothing was sent.";
    drive::write(decision, Turn::new(OutboxState::Refused, Some(Code::NotTaken), detail), effects);
}

/// The row is on disk, or joined another, or could not be written: only now the surface gets its answer.
pub(super) fn stored(
    state: &mut State,
    call: CallId,
    id: DecisionId,
    result: Result<Stored, Refused>,
    effects: &mut Vec<Effect>,
) {
    let answer = match result {
        Ok(Stored::New(verdict)) => {
            let view = state.decisions.get_mut(&id).map(|decision| {
                decision.busy = Busy::Idle;
                decision.view.verdict = verdict;
                Box::new(decision.view.clone())
            });
            state.rev += 1;
            Ok(Answer::Decision(view))
        }
        Ok(Stored::Joined(other)) => {
            let mine = state.decisions.get(&id).map(|decision| decision.view.clone());
            forget(state, id);
            match mine {
                Some(mine) if !is_the_same(&mine, &other) => Err(held_by(&other)),
                _ => Ok(Answer::Decision(Some(other))),
            }
        }
        Err(refused) => {
            forget(state, id);
            Err(refused)
        }
    };
    effects.push(Effect::Reply(call, answer));
}

/// A person who says the same twice says it once. Anything else must not pass for what was said first.
fn is_the_same(mine: &DecisionView, other: &DecisionView) -> bool {
    mine.verdict.word() == other.verdict.word() && mine.identity == other.identity
}

fn held_by(other: &DecisionView) -> Refused {
    let (verb, who, state) = (other.verdict.word(), &other.identity, other.state.word());
    let message = format!(
        "The {verb} of {} by {who} is still on its way from here ({state}) and has to end first. Nothing was sent.",
        other.key.request
    );
    Refused::new(Code::AlreadyDecided, message)
}

fn forget(state: &mut State, id: DecisionId) {
    state.decisions.remove(&id);
    state.made.retain(|made| *made != id);
}
