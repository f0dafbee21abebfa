//! The preparation a team would have made long before: the service's actions discovered, checked, and mapped to the
//! error. All of it through the gateway's own HTTP routes.

use super::PIPELINE;
use crate::account::{Account, CallError};
use crate::service::SERVICE_NAME;
use crate::step::{Reporter, Step};
use crate::wire::reqwest::Method;
use serde_json::{Value, json};

/// The error's name, as the service words it.
pub(super) const ERROR: &str = "PoolExhausted";

/// What helps, in order; the ids follow from the document's operation ids.
pub(super) const REMEDY: [&str; 2] = ["check-pool", "restart-pool"];

pub(super) async fn prepare(
    owner: &Account,
    document_url: &str,
    reporter: &Reporter,
) -> Result<(), CallError> {
    let found = owner
        .call(
            Method::POST,
            &format!("/agentic/{PIPELINE}/runbook/discover/swagger"),
            &json!({"swagger_url": document_url, "service_name": SERVICE_NAME}),
        )
        .await?;
    let actions = found["actions"].as_array().cloned().unwrap_or_default();
    let ids = actions.iter().filter_map(|action| action["action_id"].as_str().map(str::to_owned)).collect();
    reporter.report(Step::Discovered { actions: ids });

    for id in REMEDY {
        let mut action = actions.iter().find(|action| action["action_id"] == id).cloned().unwrap_or_default();
        if action["validated"] == true {
            continue;
        }
        let path = format!("/agentic/{PIPELINE}/runbook/actions/{id}");
        let Value::Object(entry) = &mut action else {
            let why = format!("the document of {SERVICE_NAME} gave no action of this id");
            return Err(CallError { call: format!("PUT {path}"), why });
        };
        entry.insert("validated".to_owned(), json!(true));
        owner.call(Method::PUT, &path, &action).await?;
    }
    let mapping = json!({
        "error": ERROR,
        "actions": REMEDY,
        "description": "Every connection of the pool is held: look at the pool, then restart it",
    });
    owner.call(Method::POST, &format!("/action/{PIPELINE}/error-registry/mappings"), &mapping).await?;
    reporter.report(Step::Mapped {
        error: ERROR.to_owned(),
        actions: REMEDY.iter().map(|id| (*id).to_owned()).collect(),
    });
    Ok(())
}
