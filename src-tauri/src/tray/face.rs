//! How a view looks in the tray. Pure.

use crate::desk::Seen;
use chrono::{DateTime, Utc};
use domain::escape::one_line;
use domain::{Connection, OutboxState, Status};
use engine::AppView;
use engine::view::RequestRow;
use engine::window::Realm;

/// Requests that the menu names.
const NAMED: usize = 3;
/// Longest line about a request, in characters.
const LINE: usize = 60;

/// What the tray shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Face {
    /// Which picture.
    pub(crate) shape: Shape,
    /// Whether something waits.
    pub(crate) mark: Mark,
    /// The state in words.
    pub(crate) state: String,
    /// How many wait, in words.
    pub(crate) pending: String,
    /// The ones that expire first: their key as JSON, and a line.
    pub(crate) first: Vec<(String, String)>,
    /// Decisions that are on disk and not on their way yet.
    pub(crate) unsent: usize,
}

/// Rule 9's five values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// As fresh as can be.
    Live,
    /// What was missed is coming in.
    CatchingUp,
    /// May be old.
    Stale,
    /// A person has to sign in.
    SignIn,
    /// Not to be talked to.
    Refused,
}

/// The mark beside the shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nothing waits.
    None,
    /// Something waits.
    Pending,
}

impl Default for Face {
    fn default() -> Self {
        Face::of(&AppView::default(), Realm::Own)
    }
}

impl Face {
    /// The worst connection stands for all: with several gateways one that is not live must not hide behind the others.
    pub(crate) fn of(view: &AppView, realm: Realm) -> Self {
        let worst = view.gateways.iter().max_by_key(|gateway| shape(&gateway.connection));
        let state = match worst {
            None => "No gateway yet".to_owned(),
            Some(gateway) => format!("{}: {}", one_line(&gateway.name), gateway.connection),
        };
        let mut waiting: Vec<&RequestRow> = view
            .requests
            .iter()
            .filter(|row| matches!(row.status, Status::Pending | Status::Paused))
            .collect();
        let hidden = view.open.saturating_sub(view.requests.len());
        let count = waiting.len() + hidden;
        // Without an end they come last.
        waiting.sort_by_key(|row| (row.expires_at.is_none(), row.expires_at));
        Self {
            shape: worst.map_or(Shape::Stale, |gateway| shape(&gateway.connection)),
            mark: if count == 0 { Mark::None } else { Mark::Pending },
            state: match realm {
                Realm::Own => state,
                Realm::Rehearsal => format!("Rehearsal. {state}"),
            },
            pending: match count {
                0 => "Nothing waits".to_owned(),
                1 => "1 request waits".to_owned(),
                count => format!("{count} requests wait"),
            },
            first: waiting.into_iter().take(NAMED).filter_map(|row| line(row, realm)).collect(),
            unsent: view
                .decisions
                .iter()
                .filter(|decision| matches!(decision.state, OutboxState::Held | OutboxState::Queued))
                .count(),
        }
    }

    /// What quitting means now.
    pub(crate) fn quit(&self) -> String {
        match self.unsent {
            0 => "Quit".to_owned(),
            1 => "Quit (1 decision is not sent yet)".to_owned(),
            count => format!("Quit ({count} decisions are not sent yet)"),
        }
    }
}

fn shape(connection: &Connection) -> Shape {
    match connection {
        Connection::Live { .. } => Shape::Live,
        Connection::CatchingUp => Shape::CatchingUp,
        Connection::Stale { .. } => Shape::Stale,
        Connection::SignInNeeded { .. } => Shape::SignIn,
        Connection::Refused { .. } => Shape::Refused,
    }
}

fn line(row: &RequestRow, realm: Realm) -> Option<(String, String)> {
    let key = serde_json::to_string(&Seen { realm, key: row.key.clone() }).ok()?;
    let until = row
        .expires_at
        .map_or_else(String::new, |at: DateTime<Utc>| format!(" until {} UTC", at.format("%H:%M")));
    let mut text: String = one_line(&row.error).chars().take(LINE).collect();
    // An underscore would underline the letter after it.
    text = format!("{text} ({}{until})", one_line(row.pipeline.as_str())).replace('_', "__");
    Some((key, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::connection::{RefusedBy, Via};
    use serde_json::json;

    fn view(connections: &[Connection], rows: &[(&str, &str, Option<&str>)]) -> AppView {
        let gateways: Vec<_> = connections
            .iter()
            .map(|connection| {
                json!({"id": "00000000-0000-0000-0000-000000000001", "origin": "https://g", "name": "g",
                "account": null, "connection": connection, "changes": [], "as_of": null})
            })
            .collect();
        let rows: Vec<_> = rows
            .iter()
            .map(|(id, status, expires)| json!({"key": {"gateway": "00000000-0000-0000-0000-000000000001", "request": id},
                "rev": 1, "pipeline": "p", "error": format!("e_{id}"), "status": status, "confidence": null, "risk": null,
                "created_at": null, "expires_at": expires, "waiting": null, "may": "decide"}))
            .collect();
        serde_json::from_value(json!({"rev": 1, "gateways": gateways, "open": rows.len(), "requests": rows,
            "decisions": [], "last_row": 0, "malformed": 0}))
        .expect("a view")
    }

    #[test]
    fn rule_9_the_worst_connection_is_shown_and_before_the_first_it_is_stale() {
        let live = Connection::Live { via: Via::Socket };
        let of = |connections: &[Connection]| Face::of(&view(connections, &[]), Realm::Own).shape;
        assert_eq!(of(&[]), Shape::Stale);
        assert_eq!(of(std::slice::from_ref(&live)), Shape::Live);
        assert_eq!(of(&[live.clone(), Connection::NEVER, Connection::CatchingUp]), Shape::Stale);
        assert_eq!(of(&[Connection::Refused { why: RefusedBy::Certificate }, live]), Shape::Refused);
    }

    #[test]
    fn the_menu_names_the_three_that_expire_first_and_counts_only_what_waits() {
        let face = Face::of(
            &view(
                &[],
                &[
                    ("never", "pending", None),
                    ("late", "pending", Some("2026-01-01T03:00:00Z")),
                    ("runs", "executing", Some("2026-01-01T00:00:00Z")),
                    ("soon", "paused", Some("2026-01-01T01:00:00Z")),
                    ("mid", "pending", Some("2026-01-01T02:00:00Z")),
                ],
            ),
            Realm::Own,
        );
        assert_eq!((face.mark, face.pending.as_str()), (Mark::Pending, "4 requests wait"));
        let lines: Vec<_> = face.first.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(
            lines,
            ["e__soon (p until 01:00 UTC)", "e__mid (p until 02:00 UTC)", "e__late (p until 03:00 UTC)"]
        );
    }

    #[test]
    fn quit_names_what_is_not_sent_yet() {
        let quit = |unsent| Face { unsent, ..Face::default() }.quit();
        assert_eq!(quit(0), "Quit");
        assert_eq!(quit(1), "Quit (1 decision is not sent yet)");
        assert_eq!(quit(3), "Quit (3 decisions are not sent yet)");
    }

    #[test]
    fn a_rehearsal_says_so() {
        assert_eq!(Face::of(&view(&[], &[]), Realm::Rehearsal).state, "Rehearsal. No gateway yet");
    }
}
