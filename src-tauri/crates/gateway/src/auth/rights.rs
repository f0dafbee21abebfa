//! Who may do what with a pipeline. Pure.

use super::role::Role;
use crate::db::workflows::WorkflowRow;

/// How someone stands to one pipeline. No standing at all means that for him it does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Owner,
    Viewer,
}

/// What someone wants to do in a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Approve, reject, stop.
    Decide,
    /// Change actions and mappings, discover.
    Edit,
    /// Report an error.
    Raise,
    /// Take a request back.
    Withdraw,
}

/// The standing of the account with this id and address, if it has any.
pub(crate) fn standing(role: Role, id: &str, email: &str, workflow: &WorkflowRow) -> Option<Standing> {
    let names =
        |members: &[String]| members.iter().any(|member| member == id || member.eq_ignore_ascii_case(email));
    match role {
        Role::Admin => Some(Standing::Owner),
        Role::Owner if names(&workflow.owners) => Some(Standing::Owner),
        _ if names(&workflow.owners) || names(&workflow.viewers) => Some(Standing::Viewer),
        _ => None,
    }
}

/// May someone of this role and standing do that? Whether he may do it to this very request is the ledger's to judge.
pub(crate) fn may(role: Role, standing: Standing, act: Act) -> bool {
    match act {
        Act::Decide | Act::Edit => standing == Standing::Owner && matches!(role, Role::Admin | Role::Owner),
        Act::Raise | Act::Withdraw => role == Role::Machine || standing == Standing::Owner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workflow() -> WorkflowRow {
        WorkflowRow {
            owners: vec!["u-1".into(), "Owner@Example.com".into()],
            viewers: vec!["v@example.com".into()],
            ..WorkflowRow::default()
        }
    }

    #[test]
    fn a_pipeline_exists_only_for_its_members_and_admins() {
        let w = workflow();
        assert_eq!(standing(Role::Admin, "x", "x@example.com", &w), Some(Standing::Owner));
        assert_eq!(standing(Role::Owner, "u-1", "x@example.com", &w), Some(Standing::Owner));
        assert_eq!(standing(Role::Owner, "x", "owner@example.com", &w), Some(Standing::Owner));
        assert_eq!(standing(Role::Owner, "x", "v@example.com", &w), Some(Standing::Viewer));
        assert_eq!(standing(Role::Viewer, "u-1", "x@example.com", &w), Some(Standing::Viewer));
        assert_eq!(standing(Role::Owner, "x", "other@example.com", &w), None);
    }

    #[test]
    fn viewers_and_machines_never_decide() {
        for role in [Role::Viewer, Role::Machine] {
            for standing in [Standing::Owner, Standing::Viewer] {
                assert!(!may(role, standing, Act::Decide));
                assert!(!may(role, standing, Act::Edit));
            }
        }
        assert!(may(Role::Machine, Standing::Viewer, Act::Raise));
        assert!(!may(Role::Viewer, Standing::Viewer, Act::Raise));
        assert!(may(Role::Owner, Standing::Owner, Act::Decide));
        assert!(!may(Role::Owner, Standing::Viewer, Act::Decide));
    }
}
