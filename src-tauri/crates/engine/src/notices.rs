//! What deserves a notification: a pure rule from views to notices. One per request that waits for this person, many at
//! once as one, and what became of their own decisions. Owns the rule and its memory; showing is the shell's.

use crate::view::{AppView, DecisionView, May, RequestRow};
use domain::decision::Verdict;
use domain::escape::one_line;
use domain::{ActionId, ActionResult, DecisionId, OutboxState, Outcome, RequestKey, Risk, Status};
use std::collections::BTreeMap;

/// More new requests than this within [`STORM_MS`] are told as one.
const STORM: usize = 5;
/// The length of a storm's window, in milliseconds.
const STORM_MS: u64 = 10_000;
/// Notifications of single requests that may stand at once; beyond that they are told as one.
const MOST_ALONE: usize = 50;
/// The one that stands for many changes its number at most this often, in milliseconds.
const MANY_EVERY_MS: u64 = 1_000;

/// Something to be shown, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A request waits; replaces the one before about the same request.
    Ask(Ask),
    /// Many requests wait; replaces the one before.
    Many {
        /// How many.
        count: usize,
        /// The most urgent of them.
        urgency: Urgency,
    },
    /// That request no longer waits for this person.
    Withdraw(RequestKey),
    /// None of the many waits any more.
    WithdrawMany,
    /// What became of a decision made here.
    Ended(Ended),
}

/// A request that waits. Texts hold no raw control character and no parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Which.
    pub key: RequestKey,
    /// How loud.
    pub urgency: Urgency,
    /// One line.
    pub title: String,
    /// One line.
    pub body: String,
}

/// The end of a decision, or that nobody knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which decision.
    pub decision: DecisionId,
    /// Of which request.
    pub key: RequestKey,
    /// How loud.
    pub urgency: Urgency,
    /// One line.
    pub title: String,
    /// One line.
    pub body: String,
}

/// How loud a notification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It goes by itself.
    Normal,
    /// It stays until it is answered.
    Critical,
}

/// Whether the person looks at the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Front {
    /// It has the focus.
    Window,
    /// Something else has, or there is no window.
    #[default]
    Elsewhere,
}

/// What has been told so far.
#[derive(Debug, Default)]
pub struct Told {
    alone: BTreeMap<RequestKey, Option<ActionId>>,
    among_many: BTreeMap<RequestKey, Option<ActionId>>,
    many: Option<Many>,
    arrivals_ms: Vec<u64>,
    decisions: Option<BTreeMap<DecisionId, OutboxState>>,
}

/// The one that stands for many.
#[derive(Debug)]
struct Many {
    shown: usize,
    wait: usize,
    at_ms: u64,
}

/// How a decision ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Good,
    Over,
    Failed,
    NotTaken,
    Unknown,
}

impl Told {
    /// What follows from a view. `now_ms` is the boot-time clock.
    pub fn step(&mut self, view: &AppView, front: Front, now_ms: u64) -> Vec<Notice> {
        let mut notices = Vec::new();
        let waiting: BTreeMap<&RequestKey, &RequestRow> =
            view.requests.iter().filter(|row| waits(row, view)).map(|row| (&row.key, row)).collect();
        self.withdraw(&waiting, &mut notices);
        self.ask(&waiting, now_ms, &mut notices);
        let hidden = view.open.saturating_sub(view.requests.len());
        self.many(&waiting, hidden, now_ms, &mut notices);
        self.follow(view, front, &mut notices);
        notices
    }

    /// When to step again although no new view has come, on the boot-time clock.
    pub fn due_ms(&self) -> Option<u64> {
        let many = self.many.as_ref().filter(|many| many.shown != many.wait)?;
        Some(many.at_ms + MANY_EVERY_MS)
    }

    /// Nothing that was shown stands any more, as after a restart of the notification daemon: the next step shows again
    /// what still waits.
    pub fn forget_shown(&mut self) {
        self.alone.clear();
        self.among_many.clear();
        self.many = None;
    }

    /// Takes everything back that stands.
    pub fn withdraw_all(&mut self) -> Vec<Notice> {
        let mut notices: Vec<Notice> = self.alone.keys().cloned().map(Notice::Withdraw).collect();
        notices.extend(self.many.take().map(|_| Notice::WithdrawMany));
        *self = Self::default();
        notices
    }

    fn withdraw(&mut self, waiting: &BTreeMap<&RequestKey, &RequestRow>, notices: &mut Vec<Notice>) {
        let gone: Vec<RequestKey> =
            self.alone.keys().filter(|key| !waiting.contains_key(key)).cloned().collect();
        for key in gone {
            self.alone.remove(&key);
            notices.push(Notice::Withdraw(key));
        }
        self.among_many.retain(|key, _| waiting.contains_key(key));
    }

    fn ask(&mut self, waiting: &BTreeMap<&RequestKey, &RequestRow>, now_ms: u64, notices: &mut Vec<Notice>) {
        let told = |row: &RequestRow| {
            let known = self.alone.get(&row.key).or_else(|| self.among_many.get(&row.key));
            known.is_some_and(|waits_for| *waits_for == row.waiting)
        };
        #[cfg(test)]
        let told =
            |row: &RequestRow| told(row) && !crate::sim::planted::has(crate::sim::planted::Plant::ToldAgain);
        let news: Vec<&RequestRow> = waiting.values().copied().filter(|row| !told(row)).collect();
        self.arrivals_ms.retain(|at| at + STORM_MS > now_ms);
        let storm = self.arrivals_ms.len() + news.len() > STORM;
        self.arrivals_ms.extend(news.iter().map(|_| now_ms));
        for row in news {
            let known = self.alone.contains_key(&row.key);
            if !known && (storm || self.alone.len() >= MOST_ALONE) {
                self.among_many.insert(row.key.clone(), row.waiting.clone());
            } else {
                self.among_many.remove(&row.key);
                self.alone.insert(row.key.clone(), row.waiting.clone());
                notices.push(Notice::Ask(ask(row)));
            }
        }
    }

    fn many(
        &mut self,
        waiting: &BTreeMap<&RequestKey, &RequestRow>,
        hidden: usize,
        now_ms: u64,
        notices: &mut Vec<Notice>,
    ) {
        let count = self.among_many.len() + hidden;
        if count == 0 {
            notices.extend(self.many.take().map(|_| Notice::WithdrawMany));
            return;
        }
        let due = match &mut self.many {
            None => true,
            Some(many) => {
                many.wait = count;
                many.shown != count && many.at_ms + MANY_EVERY_MS <= now_ms
            }
        };
        if due {
            let among = self.among_many.keys().filter_map(|key| waiting.get(key));
            let urgency = among.map(|row| urgency(row.risk)).max().unwrap_or(Urgency::Normal);
            self.many = Some(Many { shown: count, wait: count, at_ms: now_ms });
            notices.push(Notice::Many { count, urgency });
        }
    }

    /// What had ended before the first view is history, not news.
    fn follow(&mut self, view: &AppView, front: Front, notices: &mut Vec<Notice>) {
        let news = self.decisions.is_some();
        let known = self.decisions.get_or_insert_default();
        for decision in &view.decisions {
            let before = known.insert(decision.id, decision.state);
            if before == Some(decision.state) {
                continue;
            }
            let Some(end) = end(decision) else { continue };
            let wanted = match end {
                End::Good => news && front == Front::Elsewhere,
                End::Over | End::Failed | End::NotTaken => news,
                End::Unknown => true,
            };
            if wanted {
                notices.push(Notice::Ended(ended(decision, end)));
            }
        }
        known.retain(|id, _| view.decision(*id).is_some());
    }
}

/// Does it wait for this person? Not if they may not decide it, asked for it themselves, have just decided it, or if it is
/// known only from an earlier run: nobody is called for what may be over.
fn waits(row: &RequestRow, view: &AppView) -> bool {
    let open = match row.status {
        Status::Pending => true,
        Status::Paused => row.waiting.is_some(),
        _ => false,
    };
    let decided = view
        .decisions
        .iter()
        .filter(|decision| decision.key == row.key && decision.state.locks())
        .any(|decision| decision.point.action() == row.waiting.as_ref());
    open && row.may == May::Decide && row.kept.is_none() && !decided
}

fn ask(row: &RequestRow) -> Ask {
    let risk = row.risk.map_or_else(|| "risk not told".to_owned(), |risk| format!("{risk} risk"));
    let title = match &row.waiting {
        None => format!("Approval needed on {}", one_line(row.pipeline.as_str())),
        Some(action) => {
            format!("Next step waits on {}: {}", one_line(row.pipeline.as_str()), one_line(action.as_str()))
        }
    };
    let body = format!("{} ({risk})", one_line(&row.error));
    Ask { key: row.key.clone(), urgency: urgency(row.risk), title, body }
}

/// A risk that nobody tells is a high one.
fn urgency(risk: Option<Risk>) -> Urgency {
    match risk {
        Some(Risk::Low | Risk::Medium) => Urgency::Normal,
        Some(Risk::High) | None => Urgency::Critical,
    }
}

/// `None`: it is still on its way, or what follows asks for itself.
fn end(decision: &DecisionView) -> Option<End> {
    let has = |outcome| decision.results.iter().any(|result| result.outcome() == outcome);
    Some(match decision.state {
        OutboxState::Held | OutboxState::Queued | OutboxState::Sent | OutboxState::Acknowledged => {
            return None;
        }
        OutboxState::Unknown => End::Unknown,
        OutboxState::Conflict
        | OutboxState::Changed
        | OutboxState::Expired
        | OutboxState::Refused
        | OutboxState::NotTaken => End::NotTaken,
        OutboxState::Observed => match decision.status {
            _ if has(Outcome::Failed) => End::Failed,
            Some(Status::Failed) => End::Failed,
            Some(Status::Interrupted) => End::Unknown,
            _ if has(Outcome::Unknown) => End::Unknown,
            Some(Status::Paused) => return None,
            _ if proved(decision) => End::Good,
            _ => End::Over,
        },
    })
}

/// What was decided happened, and something says so. An approve that others stopped, or whose actions told no result, is
/// over and nothing more (rule 12).
fn proved(decision: &DecisionView) -> bool {
    let succeeded = |result: &ActionResult| result.outcome() == Outcome::Succeeded;
    match (&decision.verdict, &decision.status) {
        (Verdict::Approve, Some(Status::Completed)) => {
            !decision.results.is_empty() && decision.results.iter().all(succeeded)
        }
        (Verdict::Reject { .. }, Some(Status::Rejected)) | (Verdict::Stop { .. }, Some(Status::Stopped)) => {
            true
        }
        _ => false,
    }
}

fn ended(decision: &DecisionView, end: End) -> Ended {
    let place = one_line(decision.pipeline.as_str());
    let word = decision.verdict.word();
    let (urgency, title) = match end {
        End::Good => (Urgency::Normal, format!("Done on {place}")),
        End::Over => (Urgency::Normal, format!("Ended on {place}")),
        End::Failed => (Urgency::Critical, format!("An action failed on {place}")),
        End::NotTaken => (Urgency::Critical, format!("Your {word} had no effect on {place}")),
        End::Unknown if decision.state == OutboxState::Unknown => {
            (Urgency::Critical, format!("Outcome unknown on {place}, checking"))
        }
        // It is over, and nobody will ever know more.
        End::Unknown => (Urgency::Critical, format!("Nobody knows what ran on {place}")),
    };
    let request = one_line(decision.key.request.as_str());
    // What the gateway said about it may hold parameters, and this may be read on a locked screen.
    let body = match end {
        End::Good => format!("Your {word} of {request} took effect."),
        End::Over => format!("Whether your {word} of {request} took effect is not proved. Open it to see."),
        End::Failed | End::NotTaken | End::Unknown => format!("Open request {request} to see what happened."),
    };
    Ended { decision: decision.id, key: decision.key.clone(), urgency, title, body }
}

#[cfg(test)]
mod tests;
