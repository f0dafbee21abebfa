//! An incident waiting to happen: the real gateway with its people, a target, its actions discovered and mapped.
//!
//! Owns the preparation, made over the gateway's own routes as a team would have made it. Decides nothing.

use crate::account::{Account, PASSWORD};
use crate::gateway::Gateway;
use crate::seat::Seat;
use crate::target::Target;
use serde_json::{Value, json};

/// The pipeline every gateway starts with.
pub const PIPELINE: &str = "default";
/// The name of the service, which a high-risk decision asks to type.
pub const SERVICE: &str = "ledger";
/// Prepares.
pub const ADMIN: &str = "ada@ledger.test";
/// Decides.
pub const OWNER: &str = "olga@ledger.test";
/// Decides as well.
pub const OTHER: &str = "oscar@ledger.test";
/// Reads.
pub const VIEWER: &str = "vera@ledger.test";
/// Raises.
pub const MACHINE: &str = "probe@ledger.test";

/// Mapped to `restart-ledger` alone: medium risk, one decision.
pub const STUCK: &str = "LedgerStuck";
/// Mapped to `read-health`, `restart-ledger`: one decision for both.
pub const SLOW: &str = "ReplyOverdue";
/// Mapped to `read-health`, `drop-snapshots`: the second is of high risk and asks for itself.
pub const FULL: &str = "VolumeSaturated";
/// Mapped to `drain-pool`, whose `pool` comes from the context.
pub const DRY: &str = "PoolExhausted";

/// See the module.
#[derive(Debug)]
pub struct Stage {
    /// The gateway's process.
    pub gateway: Gateway,
    /// What the actions act upon.
    pub target: Target,
    /// May edit everything.
    pub admin: Account,
    /// Raises requests.
    pub machine: Account,
}

impl Stage {
    /// Everything up and prepared.
    pub async fn ready() -> Self {
        let (gateway, target) = (Gateway::start().await, Target::start().await);
        for (email, role) in
            [(ADMIN, "admin"), (OWNER, "owner"), (OTHER, "owner"), (VIEWER, "viewer"), (MACHINE, "machine")]
        {
            gateway.add_user(email, role, PASSWORD).await;
        }
        let admin = Account::sign_in(gateway.origin(), ADMIN).await;
        prepare(&admin, &target).await;
        let machine = Account::sign_in(gateway.origin(), MACHINE).await;
        Self { gateway, target, admin, machine }
    }

    /// A terminal of the owner's.
    pub fn seat(&self) -> Seat {
        Seat::new(self.gateway.origin(), OWNER)
    }

    /// A terminal of somebody's.
    pub fn seat_of(&self, email: &str) -> Seat {
        Seat::new(self.gateway.origin(), email)
    }

    /// Reports an error that must end in an approval; its request id.
    pub async fn raise(&self, error: &str) -> String {
        self.raise_with(error, json!({})).await
    }

    /// The same with context.
    pub async fn raise_with(&self, error: &str, context: Value) -> String {
        raise(&self.machine, error, context).await
    }

    /// The request as the gateway has it now.
    pub async fn approval(&self, id: &str) -> Value {
        let (status, body) = self.admin.get(&format!("/agentic/{PIPELINE}/runbook/approvals/{id}")).await;
        assert_eq!(status, 200, "{body}");
        body["approval_request"].clone()
    }

    /// Edits a registry entry, as somebody does between show and approve.
    pub async fn edit_action(&self, id: &str, edit: impl FnOnce(&mut Value)) {
        edit_action(&self.admin, id, edit).await;
    }

    /// Puts an action of one HTTP call into the registry.
    pub async fn put_action(&self, id: &str, change: impl FnOnce(&mut Value)) {
        let mut action = json!({
            "action_id": id, "method": "api", "service": SERVICE, "definition": format!("Does {id}."),
            "requires_approval": false, "risk_level": "medium", "validated": true,
            "execution": {"http_method": "POST", "base_url": self.target.origin(), "path": format!("/{id}")},
            "parameters": {}, "secrets": [],
        });
        change(&mut action);
        let (status, body) =
            self.admin.put(&format!("/agentic/{PIPELINE}/runbook/actions/{id}"), &action).await;
        assert!(status == 200 || status == 201, "{id}: {status} {body}");
    }

    /// Maps an error to actions.
    pub async fn map(&self, error: &str, actions: &[&str], description: &str) {
        map(&self.admin, error, actions, description).await;
    }

    /// Entries of the audit chain about this subject.
    pub async fn audit(&self, subject: &str) -> Vec<Value> {
        let (status, body) = self.admin.get("/audit?after=0").await;
        assert_eq!(status, 200, "{body}");
        let entries = body["entries"].as_array().or(body.as_array()).cloned().unwrap_or_default();
        entries.into_iter().filter(|entry| entry["subject"] == subject).collect()
    }
}

/// Discovers the target's actions, has them checked, and maps the errors.
pub async fn prepare(admin: &Account, target: &Target) {
    let (status, found) = admin
        .post(
            &format!("/agentic/{PIPELINE}/runbook/discover/swagger"),
            &json!({"swagger_url": target.openapi_url(), "service_name": SERVICE}),
        )
        .await;
    assert_eq!(status, 200, "{found}");
    for id in ["read-health", "restart-ledger", "drain-pool", "drop-snapshots"] {
        edit_action(admin, id, |entry| entry["validated"] = json!(true)).await;
    }
    map(admin, STUCK, &["restart-ledger"], "It hangs: start it anew").await;
    map(admin, SLOW, &["read-health", "restart-ledger"], "It is late: look, then start it anew").await;
    map(admin, FULL, &["read-health", "drop-snapshots"], "No room: look, then drop what is old").await;
    map(admin, DRY, &["drain-pool"], "A pool is held: drain it").await;
}

/// Reports an error that must end in an approval; its request id.
pub async fn raise(account: &Account, error: &str, context: Value) -> String {
    let (status, body) = account.remediate(PIPELINE, error, context).await;
    assert_eq!((status, body["status"].as_str()), (200, Some("approval_required")), "{body}");
    body["request_id"].as_str().expect("a request id").to_owned()
}

async fn edit_action(admin: &Account, id: &str, edit: impl FnOnce(&mut Value)) {
    let path = format!("/agentic/{PIPELINE}/runbook/actions/{id}");
    let (status, mut entry) = admin.get(&path).await;
    assert_eq!(status, 200, "{entry}");
    edit(&mut entry);
    let (status, body) = admin.put(&path, &entry).await;
    assert_eq!(status, 200, "{body}");
}

async fn map(admin: &Account, error: &str, actions: &[&str], description: &str) {
    let body = json!({"error": error, "actions": actions, "description": description});
    let (status, body) = admin.post(&format!("/action/{PIPELINE}/error-registry/mappings"), &body).await;
    assert_eq!(status, 201, "{body}");
}
