//! `holdctl runbooks` and `holdctl mappings`: from the gateway, or from the cache with its age.

use crate::args::Args;
use crate::exit::{Exit, Stop};
use crate::gate::{Gate, unexpected};
use crate::out::Out;
use crate::shapes;
use domain::registry::ErrorMapping;
use domain::{ActionId, PipelineId, RemediationAction, escape};
use engine::command::{Dated, Source};
use engine::{Answer, Code, Purpose, Query, Refused};

/// Signs in if needed; a gateway that cannot be reached is no obstacle to what the cache can answer.
pub(crate) async fn sign_in_or_cache(gate: &Gate) -> Result<(), Refused> {
    match gate.sign_in_if_needed().await {
        Err(refused)
            if matches!(refused.code, Code::Unreachable | Code::Certificate | Code::Portal | Code::Proxy) =>
        {
            Ok(())
        }
        result => result,
    }
}

/// Lists the actions.
pub(crate) async fn runbooks(args: &Args, out: &Out) -> Result<Exit, Stop> {
    let (gate, list) = actions(args).await?;
    out.print(&shapes::actions(&list), || {
        let line = |(pipeline, action): &(PipelineId, RemediationAction)| {
            let gate = if action.gated() { ", asks for itself" } else { "" };
            format!(
                "{}  {} {}  {} risk{}  {}",
                escape::one_line(action.action_id.as_str()),
                escape::one_line(&action.service),
                escape::one_line(&action.method),
                action.risk_level,
                gate,
                escape::one_line(pipeline.as_str())
            )
        };
        lines(&list.value, line, "No runbook actions.")
    });
    note(out, &list);
    gate.console.close().await;
    Ok(Exit::Done)
}

/// Shows one action, in each pipeline that has it.
pub(crate) async fn runbook(args: &Args, id: &ActionId, out: &Out) -> Result<Exit, Stop> {
    let (gate, list) = actions(args).await?;
    let found: Vec<_> = list.value.iter().filter(|(_, action)| &action.action_id == id).collect();
    if found.is_empty() {
        let message = format!("There is no runbook action {id} here. `holdctl runbooks list` lists them.");
        return Err(Refused::new(Code::NotFound, message).into());
    }
    for (pipeline, action) in found {
        let value = shapes::action(pipeline, action, &list);
        out.print(&value, || serde_json::to_string_pretty(&value).unwrap_or_default());
    }
    note(out, &list);
    gate.console.close().await;
    Ok(Exit::Done)
}

/// Lists the mappings.
pub(crate) async fn mappings(args: &Args, out: &Out) -> Result<Exit, Stop> {
    let gate = Gate::open(args, Purpose::Read).await?;
    sign_in_or_cache(&gate).await?;
    let query = Query::Mappings { gateway: gate.gateway, pipeline: args.pipeline.clone() };
    let Answer::Mappings(list) = gate.ask(query).await? else { return Err(unexpected().into()) };
    out.print(&shapes::mappings(&list), || {
        let line = |(pipeline, mapping): &(PipelineId, ErrorMapping)| {
            let actions: Vec<&str> = mapping.actions.iter().map(ActionId::as_str).collect();
            format!(
                "{}  ->  {}  {}",
                escape::one_line(&mapping.error),
                escape::one_line(&actions.join(", ")),
                escape::one_line(pipeline.as_str())
            )
        };
        lines(&list.value, line, "No error mappings.")
    });
    note(out, &list);
    gate.console.close().await;
    Ok(Exit::Done)
}

async fn actions(args: &Args) -> Result<(Gate, Dated<Vec<(PipelineId, RemediationAction)>>), Stop> {
    let gate = Gate::open(args, Purpose::Read).await?;
    sign_in_or_cache(&gate).await?;
    let query = Query::Actions { gateway: gate.gateway, pipeline: args.pipeline.clone() };
    match gate.ask(query).await? {
        Answer::Actions(list) => Ok((gate, list)),
        _ => Err(unexpected().into()),
    }
}

fn lines<T>(items: &[T], line: impl Fn(&T) -> String, empty: &str) -> String {
    match items {
        [] => empty.to_owned(),
        items => items.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

fn note<T>(out: &Out, list: &Dated<T>) {
    if let Source::Cache { why } = &list.source {
        out.note(&shapes::cached_note(why, list.as_of));
    }
}
