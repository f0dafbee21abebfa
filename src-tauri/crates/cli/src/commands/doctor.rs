//! `holdctl doctor`: is everything in place that deciding needs? 0 unless something prevents it.

use crate::args::Args;
use crate::exit::{Exit, Stop};
use crate::gate::Gate;
use crate::out::Out;
use crate::{place, shapes};
use engine::view::GatewayView;
use engine::{Answer, Purpose, Query};
use serde_json::json;
use store::{Incident, Reader, StoreError};

/// Incidents that are told.
const NEWEST: u32 = 20;

/// What a check found.
enum Finding {
    /// In place.
    Good(String),
    /// Worth knowing; deciding works all the same.
    Warning(String),
    /// Deciding does not work.
    Bad(Stop),
}

struct Check {
    name: &'static str,
    finding: Finding,
}

/// Runs all checks; the first that prevents deciding gives the exit code.
pub(crate) async fn run(args: &Args, out: &Out) -> Result<Exit, Stop> {
    let checks = [
        Check { name: "data directory", finding: directory() },
        Check { name: "receipts", finding: receipts().await },
        Check { name: "findings", finding: findings().await },
        Check { name: "keychain", finding: keychain().await },
        Check { name: "display", finding: display() },
        Check { name: "gateway", finding: gateway(args).await },
    ];
    let exit = checks.iter().find_map(|check| match &check.finding {
        Finding::Bad(stop) => Some(stop.exit),
        Finding::Good(_) | Finding::Warning(_) => None,
    });
    let exit = exit.unwrap_or(Exit::Done);
    let values: Vec<_> = checks.iter().map(value).collect();
    Ok(out.tell(exit, &json!({"ok": exit == Exit::Done, "checks": values}), || {
        checks.iter().map(text).collect::<Vec<_>>().join("\n")
    }))
}

fn value(check: &Check) -> serde_json::Value {
    match &check.finding {
        Finding::Good(says) => shapes::check(check.name, "good", says),
        Finding::Warning(says) => shapes::check(check.name, "warning", says),
        Finding::Bad(stop) => {
            let mut value = shapes::check(check.name, "bad", &stop.message);
            value["error"] = shapes::stop(stop);
            value
        }
    }
}

fn text(check: &Check) -> String {
    let (mark, says) = match &check.finding {
        Finding::Good(says) => ("good", says),
        Finding::Warning(says) => ("warning", says),
        Finding::Bad(stop) => ("BAD", &stop.message),
    };
    format!("{mark:<8} {:<15} {says}", check.name)
}

fn directory() -> Finding {
    match place::data_dir() {
        Ok(dir) => Finding::Good(dir.display().to_string()),
        Err(stop) => Finding::Bad(stop),
    }
}

async fn receipts() -> Finding {
    let Ok(dir) = place::data_dir() else { return Finding::Warning("no data directory".into()) };
    let verified = match Reader::open(&dir).await {
        Ok(reader) => reader.verify().await,
        Err(StoreError::Missing(_)) => return Finding::Good("none yet".into()),
        Err(error) => return Finding::Bad(error.into()),
    };
    match verified {
        Ok(Ok(found)) if found.unattested > 0 => Finding::Warning(format!(
            "{} receipts hold together; {} are signed by an unattested key (no keychain)",
            found.count, found.unattested
        )),
        Ok(Ok(found)) => Finding::Good(format!("{} receipts hold together", found.count)),
        Ok(Err(bad)) => Finding::Warning(format!("{bad}: `holdctl receipts verify` names it")),
        Err(error) => Finding::Bad(error.into()),
    }
}

/// What was found wrong with the files or a gateway's audit chain, newest first.
async fn findings() -> Finding {
    let Ok(dir) = place::data_dir() else { return Finding::Warning("no data directory".into()) };
    let found = match Reader::open(&dir).await {
        Ok(reader) => reader.incidents(NEWEST).await,
        Err(StoreError::Missing(_)) => Ok(Vec::new()),
        Err(error) => return Finding::Bad(error.into()),
    };
    match found {
        Ok(found) if found.is_empty() => Finding::Good("none".into()),
        Ok(found) => {
            let told =
                |one: &Incident| format!("{}: {}", one.at.format("%Y-%m-%d %H:%M:%S UTC"), one.sentence);
            Finding::Warning(found.iter().map(told).collect::<Vec<_>>().join("\n"))
        }
        Err(error) => Finding::Bad(error.into()),
    }
}

async fn keychain() -> Finding {
    let Ok(data_dir) = place::data_dir() else { return Finding::Warning("no data directory".into()) };
    let keychain = keychain::Keychain::open(&engine::start::keychain_scope(&data_dir)).await;
    let says = keychain.availability().to_string();
    if keychain.is_persistent() { Finding::Good(says) } else { Finding::Warning(says) }
}

fn display() -> Finding {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if set("DISPLAY") || set("WAYLAND_DISPLAY") {
        Finding::Good("there is one".into())
    } else {
        Finding::Warning("none: no window here, the terminal works".into())
    }
}

async fn gateway(args: &Args) -> Finding {
    match reach(args).await {
        Ok(says) => Finding::Good(says),
        Err(stop) => Finding::Bad(stop),
    }
}

/// Reaches the gateway, signs in, and sees what this account may see.
async fn reach(args: &Args) -> Result<String, Stop> {
    let gate = Gate::open(args, Purpose::Read).await?;
    gate.sign_in_if_needed().await?;
    let answer = gate.ask(Query::Pipelines { gateway: gate.gateway }).await?;
    let Answer::Pipelines(pipelines) = answer else { return Err(crate::gate::unexpected().into()) };
    if let engine::command::Source::Cache { why } = pipelines.source {
        return Err(engine::Refused::new(engine::Code::Unreachable, why).into());
    }
    let GatewayView { origin, account, .. } = gate.view().await?;
    let account = account.unwrap_or_default();
    let count = pipelines.value.len();
    gate.console.close().await;
    Ok(format!("{origin} as {account}, {count} pipeline{}", if count == 1 { "" } else { "s" }))
}
