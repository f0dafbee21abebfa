//! `holdctl approve`, `reject` and `stop`: prepare, confirm, follow to a known end. After a crash of the engine the
//! decision is followed from its row; it is never sent anew from here.

use super::changes;
use crate::args::Args;
use crate::exit::{Exit, Stop};
use crate::gate::{Gate, unexpected};
use crate::out::{Form, Out};
use crate::{place, results};
use domain::{DecisionId, Digest, Point, RequestId, RequestKey, Verdict, law};
use engine::command::{Prepare, Prepared, Unreachable};
use engine::view::DecisionView;
use engine::{Answer, Code, Command, Purpose, Query, Refused};
use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;
use store::{Reader, StoreError};

/// Nobody waits longer; the clock cannot count for ever.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 3_600);
/// Between two tries to open the console after its owner has gone.
const OPEN_AGAIN: Duration = Duration::from_secs(1);

/// What a person wants.
pub(crate) struct Wish {
    /// The request.
    pub(crate) id: RequestId,
    /// The request, or one action.
    pub(crate) point: Point,
    /// What shall happen.
    pub(crate) verdict: Verdict,
    /// What was looked at, if it was named.
    pub(crate) digest: Option<Digest>,
    /// The target's name, if it was typed.
    pub(crate) target: Option<String>,
    /// Is it confirmed already?
    pub(crate) confirmed: Confirmed,
    /// Seconds to wait for the outcome.
    pub(crate) wait_s: u64,
}

/// Whether the confirmation was answered on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// `--yes`, or a command that asks for a reason instead.
    Beforehand,
    /// It is still to be asked.
    NotYet,
}

impl Wish {
    /// A reject or a stop: the reason is the confirmation.
    pub(crate) fn with_reason(id: &RequestId, verdict: Verdict, wait_s: u64) -> Self {
        Self {
            id: id.clone(),
            point: Point::Request,
            verdict,
            digest: None,
            target: None,
            confirmed: Confirmed::Beforehand,
            wait_s,
        }
    }
}

/// Carries the wish out.
pub(crate) async fn run(args: &Args, wish: Wish, out: &Out) -> Result<Exit, Stop> {
    check_reason(&wish.verdict)?;
    if wish.confirmed == Confirmed::NotYet && (out.form == Form::Json || !std::io::stdin().is_terminal()) {
        return Err(Stop::usage("Nobody can be asked here: confirm with --yes. Nothing was sent."));
    }
    // Nothing is confirmed before that: if the console that ran here ends under it, it is prepared anew.
    let (mut gate, prepared) = super::again(async || prepare(args, &wish).await).await?;
    let typed = confirm(&wish, &prepared, out)?;
    let decision = send(&mut gate, &prepared, typed).await?;
    let decision = follow(&mut gate, decision, Duration::from_secs(wish.wait_s)).await?;
    let exit = match results::exit(&decision) {
        Err(stop) => {
            Err(changes::explained(&gate, decision.key.clone(), Some(decision.pipeline.clone()), stop).await)
        }
        ended => ended,
    };
    gate.console.close().await;
    let exit = exit?;
    Ok(out.tell(exit, &results::value(&decision), || results::text(&decision)))
}

/// Opens the console and has the wish judged; nothing is decided by that.
async fn prepare(args: &Args, wish: &Wish) -> Result<(Gate, Prepared), Stop> {
    let gate = Gate::open(args, Purpose::Act).await?;
    gate.sign_in_if_needed().await?;
    let key = RequestKey { gateway: gate.gateway, request: wish.id.clone() };
    let pipeline = gate.pipeline_for_change(args.pipeline.as_ref()).await?;
    let shown = match (&wish.digest, &wish.verdict) {
        (Some(digest), _) => Some(digest.clone()),
        (None, Verdict::Approve) => printed(&key).await?,
        (None, _) => None,
    };
    gate.console.command(Command::Connect { gateway: gate.gateway }).await?;
    let prepare = Prepare {
        key: key.clone(),
        pipeline: Some(pipeline.clone()),
        point: wish.point.clone(),
        verdict: wish.verdict.clone(),
        shown,
        unreachable: Unreachable::GiveUp,
    };
    match gate.console.command(Command::Prepare(prepare)).await {
        Ok(Answer::Prepared(prepared)) => Ok((gate, prepared)),
        Ok(_) => Err(unexpected().into()),
        Err(refused) => Err(changes::explained(&gate, key, Some(pipeline), refused.into()).await),
    }
}

fn check_reason(verdict: &Verdict) -> Result<(), Stop> {
    match verdict.reason() {
        Some(reason) if !law::is_reason(reason) => {
            Err(Stop::usage("A reason needs at least three letters or digits. Nothing was sent."))
        }
        _ => Ok(()),
    }
}

/// What `show` last printed of it in this data directory.
async fn printed(key: &RequestKey) -> Result<Option<Digest>, Stop> {
    match Reader::open(&place::data_dir()?).await {
        Ok(reader) => Ok(reader.printed(key).await?),
        Err(StoreError::Missing(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Asks where nobody has answered yet. Returns the target's name as typed.
fn confirm(wish: &Wish, prepared: &Prepared, out: &Out) -> Result<Option<String>, Stop> {
    if wish.confirmed == Confirmed::Beforehand {
        return Ok(wish.target.clone());
    }
    out.note(&format!("{}.", prepared.sentence));
    let (question, wanted) = match (&prepared.target, &wish.target) {
        (Some(target), None) => (format!("High risk. Type the target's name ({target}) to confirm: "), None),
        _ => ("Type yes to confirm: ".to_owned(), Some("yes")),
    };
    let _ = write!(std::io::stderr(), "{}", domain::escape::visible(&question).text);
    let mut line = String::new();
    let _ = std::io::stdin().lock().read_line(&mut line);
    let line = line.trim();
    match wanted {
        Some(wanted) if line != wanted => {
            Err(Stop::other("not_confirmed", "Not confirmed. Nothing was sent."))
        }
        Some(_) => Ok(wish.target.clone()),
        None => Ok(Some(line.to_owned())),
    }
}

/// Confirms. If the engine ends in between, its row tells whether the decision was made.
async fn send(gate: &mut Gate, prepared: &Prepared, typed: Option<String>) -> Result<DecisionView, Stop> {
    let confirm = Command::Confirm { nonce: prepared.nonce.clone(), typed };
    match gate.console.command(confirm).await {
        Ok(Answer::Decision(Some(decision))) => Ok(*decision),
        Ok(_) => Err(unexpected().into()),
        Err(refused) if refused.code == Code::Ended => {
            taken_over(gate).await;
            on_disk(prepared.decision).await?.ok_or_else(|| {
                let message = "The console ended before the decision was on disk: nothing was sent. Decide again if you still want to.";
                Refused::new(Code::NotTaken, message).into()
            })
        }
        Err(refused) => Err(refused.into()),
    }
}

/// Becomes the owner, or the new owner's guest. A decision may be on its way by now: whatever stands against that, as
/// a gateway that cannot be reached to sign in, is no answer about the decision, and its row is read all the same.
async fn taken_over(gate: &mut Gate) {
    if let Err(stop) = gate.reopen().await {
        tracing::warn!(why = stop.message, "the console could not be opened anew");
        tokio::time::sleep(OPEN_AGAIN).await;
    }
}

/// The decision as its row has it, whoever owns the directory now.
async fn on_disk(id: DecisionId) -> Result<Option<DecisionView>, Stop> {
    let row = Reader::open(&place::data_dir()?).await?.decision(id).await?;
    Ok(row.map(DecisionView::of_row))
}

async fn look_up(gate: &Gate, id: DecisionId) -> Result<Option<DecisionView>, Refused> {
    match gate.console.query(Query::Decision { decision: id }).await? {
        Answer::Decision(decision) => Ok(decision.map(|decision| *decision)),
        _ => Err(unexpected()),
    }
}

/// Follows the decision until its end is known or the time is up.
async fn follow(gate: &mut Gate, first: DecisionView, wait: Duration) -> Result<DecisionView, Stop> {
    let id = first.id;
    let mut last = first;
    let deadline = tokio::time::Instant::now() + wait.min(LONGEST_WAIT);
    while !results::is_settled(&last) && tokio::time::Instant::now() < deadline {
        let mut view = gate.console.view();
        // Asked after subscribing, so that no change falls in between.
        match look_up(gate, id).await {
            Ok(Some(now)) => last = now,
            Ok(None) => {}
            // How it stands is then told by its row.
            Err(refused) => {
                last = on_disk(id).await.ok().flatten().unwrap_or(last);
                if refused.code == Code::Ended {
                    taken_over(gate).await;
                    continue;
                }
            }
        }
        if results::is_settled(&last) {
            break;
        }
        tokio::select! {
            changed = view.changed() => if changed.is_err() {
                taken_over(gate).await;
            },
            () = tokio::time::sleep_until(deadline) => break,
        }
    }
    Ok(last)
}
