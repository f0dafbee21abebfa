//! `holdctl show`: one request, whole. What it prints is what `approve` then means.

use crate::args::Args;
use crate::card;
use crate::exit::{Exit, Stop};
use crate::gate::{Gate, unexpected};
use crate::out::Out;
use crate::shapes;
use domain::{RequestId, RequestKey};
use engine::command::Source;
use engine::rules;
use engine::{Answer, Code, Command, Purpose, Query, Refused};

/// Shows the request and remembers the digest of what was printed.
pub(crate) async fn run(args: &Args, id: &RequestId, out: &Out) -> Result<Exit, Stop> {
    let mut gate = Gate::open(args, Purpose::Read).await?;
    super::lists::sign_in_or_cache(&gate).await?;
    let key = RequestKey { gateway: gate.gateway, request: id.clone() };
    let query = Query::Show { key: key.clone(), pipeline: args.pipeline.clone() };
    let Answer::Approval(found) = gate.ask(query).await? else { return Err(unexpected().into()) };
    let found = found.ok_or_else(|| Refused::no_request(id))?;
    let approval = &found.value;
    let fresh = found.source == Source::Gateway;
    // A cached request is redacted: the digest of what was read then came along with it.
    let digest = if fresh {
        approval.computed_digest()
    } else {
        approval.digest.clone().unwrap_or_else(|| approval.computed_digest())
    };
    let covers = rules::next_covered(approval);
    out.print(&shapes::show(&found, &digest), || card::text(approval, &digest, &covers));
    let exit = match &found.source {
        Source::Cache { why } => {
            out.note(&shapes::cached_note(why, found.as_of));
            Exit::Unreachable
        }
        Source::Gateway => {
            if approval.digest.as_ref().is_some_and(|told| *told != digest) {
                out.note("What arrived here is not what the gateway holds: its digest does not fit. It cannot be decided from here.");
            }
            remember(&mut gate, Command::Printed { key, digest, approval: Box::new(found.value.clone()) })
                .await?;
            Exit::Done
        }
    };
    gate.console.close().await;
    Ok(exit)
}

/// It stands on the screen: if the owner has just ended, the next one keeps what was printed.
async fn remember(gate: &mut Gate, printed: Command) -> Result<(), Stop> {
    match gate.console.command(printed.clone()).await {
        Err(refused) if refused.code == Code::Ended => {
            gate.reopen().await?;
            gate.console.command(printed).await?;
        }
        told => drop(told?),
    }
    Ok(())
}
