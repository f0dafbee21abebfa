//! Native notifications: one task per notification, which owns its handle until it is answered, closed or withdrawn,
//! because some daemons answer only the connection that sent it. What deserves one is the engine's rule; this shows it.

use crate::desk::{Desk, Mail, Markup, NoticeId, Subject};
use engine::notices::{Notice, Urgency};
use engine::window::{Closing, Notifying, Realm};
use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Timeout};
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Chosen by clicking the notification itself.
const DEFAULT: &str = "default";
/// The button.
const OPEN: &str = "open";

/// What one shows. Plain texts, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    urgency: Urgency,
    title: String,
    body: String,
}

impl Text {
    /// Said once, so that nobody looks for a window that is gone.
    pub(crate) fn of_closing(closing: Closing) -> Self {
        let (title, body) = match closing {
            Closing::ToTray => {
                ("Holdpoint stays in the tray", "New requests still reach you. Quit is in the tray's menu.")
            }
            Closing::Minimises => (
                "Holdpoint is minimised",
                "This desktop shows no tray icons. New requests still reach you. To end it, choose Quit among its commands (Ctrl+K).",
            ),
        };
        Self { urgency: Urgency::Normal, title: title.to_owned(), body: body.to_owned() }
    }
}

/// What a notice wants: a text to be shown, or nothing in its place.
pub(crate) fn wanted(realm: Realm, notice: Notice) -> (NoticeId, Option<Text>) {
    let (subject, text) = match notice {
        Notice::Ask(ask) => {
            (Subject::Request(ask.key), Some(Text { urgency: ask.urgency, title: ask.title, body: ask.body }))
        }
        Notice::Many { count, urgency } => {
            let title = format!("{count} requests wait for approval");
            let body = "They came at once. Open Holdpoint to see them.".to_owned();
            (Subject::Many, Some(Text { urgency, title, body }))
        }
        Notice::Ended(end) => (
            Subject::Decision(end.decision, end.key),
            Some(Text { urgency: end.urgency, title: end.title, body: end.body }),
        ),
        Notice::Withdraw(key) => (Subject::Request(key), None),
        Notice::WithdrawMany => (Subject::Many, None),
    };
    let text = text.map(|text| match realm {
        Realm::Own => text,
        Realm::Rehearsal => Text { title: format!("Rehearsal: {}", text.title), ..text },
    });
    (NoticeId { realm, subject }, text)
}

/// How long the end of the app waits for the notification daemon.
const FAREWELL: Duration = Duration::from_secs(2);

/// Who showed notifications before this daemon came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    Nobody,
    Another,
}

/// Whether what was shown still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Still,
    NoMore,
}

/// Those that stand.
pub(crate) struct Notifications {
    desk: Desk,
    markup: Markup,
    standing: HashMap<NoticeId, Standing>,
}

struct Standing {
    text: Text,
    withdraw: CancellationToken,
    task: JoinHandle<()>,
}

impl Notifications {
    pub(crate) fn new(desk: Desk) -> Self {
        Self { desk, markup: Markup::Read, standing: HashMap::new() }
    }

    /// Shows it in place of the one of the same id.
    pub(crate) fn show(&mut self, id: NoticeId, text: Text) {
        self.standing.retain(|_, standing| !standing.task.is_finished());
        let older = self.standing.remove(&id);
        let withdraw = CancellationToken::new();
        let (desk, markup, gone) = (self.desk.clone(), self.markup, withdraw.clone());
        let (about, kept) = (id.clone(), text.clone());
        let task = tokio::spawn(async move {
            if let Some(Standing { withdraw, task, .. }) = older {
                withdraw.cancel();
                // Its end matters only in that the new one comes after it.
                let _ = task.await;
            }
            stand(&desk, about, &prepared(&text, markup), gone).await;
        });
        self.standing.insert(id, Standing { text: kept, withdraw, task });
    }

    /// Takes it back.
    pub(crate) fn withdraw(&mut self, id: &NoticeId) {
        if let Some(standing) = self.standing.remove(id) {
            standing.withdraw.cancel();
        }
    }

    /// A daemon has come. Where there was none, what is on its way will reach it, for that is what called it. What another
    /// one showed is gone: it is shown again, but for the requests and their sum, which the caller shows from the view.
    pub(crate) fn new_daemon(&mut self, markup: Markup, before: Before) -> Shown {
        self.markup = markup;
        let on_the_way = self.standing.values().any(|standing| !standing.task.is_finished());
        if before == Before::Nobody && on_the_way {
            return Shown::Still;
        }
        for (id, Standing { text, task, .. }) in std::mem::take(&mut self.standing) {
            // Not taken back by its number: to the new daemon that may be another one.
            let stood = !task.is_finished();
            task.abort();
            if stood && matches!(id.subject, Subject::Decision(..) | Subject::Closing) {
                self.show(id, text);
            }
        }
        Shown::NoMore
    }

    /// Takes all back, as far as that can be done at once: a daemon that has hung must not keep the app from ending.
    pub(crate) async fn end(self) {
        let standing: Vec<Standing> = self.standing.into_values().collect();
        for one in &standing {
            one.withdraw.cancel();
        }
        let gone = async {
            for one in standing {
                let _ = one.task.await;
            }
        };
        if tokio::time::timeout(FAREWELL, gone).await.is_err() {
            tracing::warn!("the notification daemon does not answer: what it shows stays");
        }
    }
}

/// Shows it and holds its handle until something ends it.
async fn stand(desk: &Desk, id: NoticeId, notification: &Notification, gone: CancellationToken) {
    // To its end, also when it is no longer wanted: what a daemon shows and nobody holds can never be taken back.
    let handle = match notification.show_async().await {
        Ok(handle) => handle,
        Err(error) => {
            let why = unable(&error.to_string());
            return desk.tell(Mail::Notified(Notifying::Unable { why }));
        }
    };
    desk.tell(Mail::Notified(Notifying::Ready));
    tokio::select! {
        opened = answer(&handle) => if opened == Chosen::Open {
            desk.tell(Mail::Answered(id));
            // Some daemons leave it standing, and nobody would ever take it back.
            handle.close_async().await;
        },
        () = gone.cancelled() => handle.close_async().await,
    }
}

/// Why it could not be shown, as a sentence.
fn unable(error: &str) -> String {
    // What the bus says where nobody shows notifications.
    if error.contains("ServiceUnknown") || error.contains("NameHasNoOwner") {
        return "No program on this desktop shows notifications.".to_owned();
    }
    format!("The last notification could not be shown ({}).", error.trim_end_matches('.'))
}

/// What a person did with it.
#[derive(PartialEq)]
enum Chosen {
    Open,
    Nothing,
}

async fn answer(handle: &NotificationHandle) -> Chosen {
    let mut chosen = Chosen::Nothing;
    handle
        .wait_for_action_async(|response: &NotificationResponse| {
            let open = match response {
                NotificationResponse::Default => true,
                NotificationResponse::Action(action) => action == OPEN,
                _ => false,
            };
            if open {
                chosen = Chosen::Open;
            }
        })
        .await;
    chosen
}

fn prepared(text: &Text, markup: Markup) -> Notification {
    let mut notification = Notification::new();
    notification
        .appname("Holdpoint")
        .icon("holdpoint")
        .summary(&text.title)
        .body(&body(&text.body, markup))
        .action(DEFAULT, "Open")
        .action(OPEN, "Open")
        .hint(Hint::DesktopEntry("Holdpoint".to_owned()))
        .urgency(match text.urgency {
            Urgency::Normal => notify_rust::Urgency::Normal,
            Urgency::Critical => notify_rust::Urgency::Critical,
        })
        .timeout(match text.urgency {
            Urgency::Normal => Timeout::Default,
            Urgency::Critical => Timeout::Never,
        });
    notification.finalize()
}

/// Markup in a text of the gateway is text, not markup (A21).
fn body(text: &str, markup: Markup) -> String {
    match markup {
        Markup::Shown => text.to_owned(),
        Markup::Read => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a21_markup_in_a_body_is_shown_not_read() {
        let hostile = "<a href=\"https://evil\">click</a> & <b>";
        assert_eq!(
            body(hostile, Markup::Read),
            "&lt;a href=\"https://evil\"&gt;click&lt;/a&gt; &amp; &lt;b&gt;"
        );
        assert_eq!(body(hostile, Markup::Shown), hostile);
    }

    #[test]
    fn a_desktop_without_a_daemon_is_told_in_plain_words() {
        let unknown =
            "org.freedesktop.DBus.Error.ServiceUnknown: The name was not provided by any .service files";
        assert_eq!(unable(unknown), "No program on this desktop shows notifications.");
        assert_eq!(unable("Broken pipe."), "The last notification could not be shown (Broken pipe).");
    }

    #[test]
    fn a_rehearsed_notification_says_so() {
        let (id, text) = wanted(Realm::Rehearsal, Notice::Many { count: 7, urgency: Urgency::Normal });
        assert_eq!(id.subject, Subject::Many);
        assert_eq!(text.expect("shown").title, "Rehearsal: 7 requests wait for approval");
    }

    #[test]
    fn open_comes_first_and_what_is_critical_stays() {
        let text = Text { urgency: Urgency::Critical, title: "t".into(), body: "b".into() };
        let notification = prepared(&text, Markup::Read);
        assert_eq!(notification.actions, [DEFAULT, "Open", OPEN, "Open"]);
        assert_eq!(notification.timeout, Timeout::Never);
    }
}
