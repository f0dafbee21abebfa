//! The store as a model in memory: what the engine relies on, and nothing else. It survives its console's death. That it
//! agrees with the real one is proved in `contract`.
//!
//! Knows no secrets and no files; what it holds is what was given.

use super::planted::{self, Plant};
use crate::command::{Code, Refused};
use chrono::{DateTime, Utc};
use domain::{Approval, DecisionId, OutboxState, RequestId, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use store::{Batch, Change, Cursor, Decided, EventRow, LocalRow, NewDecision, OutboxRow, Standing};

/// Why it could not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Snag {
    Full,
    NotWhatWasShown,
    IllegalMove,
    UnknownDecision,
}

impl Snag {
    pub(super) fn refused(self) -> Refused {
        let code = if self == Snag::NotWhatWasShown { Code::Changed } else { Code::Store };
        Refused::new(code, format!("the store says: {self:?}"))
    }
}

/// Is there room?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Disk {
    #[default]
    Room,
    Full,
}

/// A request as last read.
#[derive(Clone, Debug)]
pub(super) struct Cached {
    pub(super) approval: Approval,
    pub(super) as_of: DateTime<Utc>,
    pub(super) standing: Standing,
}

/// Both files.
#[derive(Default)]
pub(super) struct ModelStore {
    pub(super) rows: Vec<OutboxRow>,
    /// One for each decision and each change of one.
    pub(super) receipts: usize,
    pub(super) events: Vec<EventRow>,
    ids: BTreeSet<(String, String)>,
    pub(super) cursor: Option<Cursor>,
    approvals: BTreeMap<RequestId, Cached>,
    pub(super) open_read_at: Option<DateTime<Utc>>,
    pub(super) disk: Disk,
}

impl ModelStore {
    pub(super) fn decide(
        &mut self,
        new: &NewDecision,
        shown: &Approval,
        now: DateTime<Utc>,
    ) -> Result<Decided, Snag> {
        if new.digest != shown.computed_digest() || new.key.request != shown.request_id {
            return Err(Snag::NotWhatWasShown);
        }
        if let Some(row) = self.in_the_way(new) {
            return Ok(Decided::Joined(row));
        }
        self.room()?;
        let row = OutboxRow {
            decision: new.decision,
            key: new.key.clone(),
            point: new.point.clone(),
            pipeline: new.pipeline.clone(),
            verdict: new.verdict.clone(),
            digest: new.digest.clone(),
            identity: new.identity.clone(),
            state: new.opening.into(),
            detail: None,
            status: None,
            results: Vec::new(),
            superseded: None,
            created_at: now,
            changed_at: now,
        };
        self.rows.push(row.clone());
        self.receipts += 1;
        Ok(Decided::Opened(row))
    }

    fn in_the_way(&self, new: &NewDecision) -> Option<OutboxRow> {
        let same = self.rows.iter().find(|row| row.decision == new.decision);
        let holds = |row: &&OutboxRow| {
            row.key == new.key
                && row.point == new.point
                && track(&row.verdict) == track(&new.verdict)
                && row.state.locks()
                && !planted::has(Plant::PointLockIgnored)
        };
        same.or_else(|| self.rows.iter().find(holds)).cloned()
    }

    pub(super) fn advance(
        &mut self,
        decision: DecisionId,
        change: &Change,
        now: DateTime<Utc>,
    ) -> Result<OutboxRow, Snag> {
        // Ballast makes room for what is in flight.
        let row = self.rows.iter_mut().find(|row| row.decision == decision).ok_or(Snag::UnknownDecision)?;
        if change.next != row.state && !row.state.may_become(change.next) {
            return Err(Snag::IllegalMove);
        }
        let mut next = row.clone();
        let kept = if change.next == row.state { row.detail.clone() } else { None };
        next.detail = change.detail.clone().or(kept);
        next.status = change.status.clone().or(next.status);
        next.superseded = change.superseded.clone().or(next.superseded);
        next.state = change.next;
        if !change.results.is_empty() {
            next.results = change.results.clone();
        }
        if next != *row {
            next.changed_at = now;
            *row = next;
            self.receipts += 1;
        }
        Ok(row.clone())
    }

    /// All of a batch or nothing.
    pub(super) fn commit(&mut self, batch: &Batch, now: DateTime<Utc>) -> Result<Vec<LocalRow>, Snag> {
        self.room()?;
        let mut rows = Vec::new();
        for event in &batch.events {
            let fresh = self.ids.insert((event.epoch.clone(), event.id.clone()));
            if fresh || planted::has(Plant::DuplicateStored) {
                self.events.push(event.clone());
                rows.push(LocalRow(self.events.len() as i64));
            }
        }
        for (approval, as_of) in &batch.approvals {
            self.put_approval(approval, *as_of, now);
        }
        self.advance_cursor(batch.cursor.as_ref());
        Ok(rows)
    }

    pub(super) fn advance_cursor(&mut self, cursor: Option<&Cursor>) {
        let Some(cursor) = cursor else { return };
        let behind =
            self.cursor.as_ref().is_some_and(|old| old.epoch == cursor.epoch && old.seq >= cursor.seq);
        if !behind {
            self.cursor = Some(cursor.clone());
        }
    }

    pub(super) fn put_approval(&mut self, approval: &Approval, as_of: DateTime<Utc>, now: DateTime<Utc>) {
        let newer = |old: &Cached| as_of >= old.as_of || old.as_of > now;
        if self.approvals.get(&approval.request_id).is_none_or(newer) {
            let standing = if approval.status.is_open() { Standing::Open } else { Standing::Closed };
            let cached = Cached { approval: approval.clone(), as_of, standing };
            self.approvals.insert(approval.request_id.clone(), cached);
        }
    }

    pub(super) fn mark_gone(&mut self, request: &RequestId, at: DateTime<Utc>) {
        if let Some(cached) = self.approvals.get_mut(request)
            && cached.standing == Standing::Open
            && cached.as_of <= at
        {
            cached.standing = Standing::Gone { since: at };
        }
    }

    pub(super) fn open_approvals(&self) -> Vec<Cached> {
        self.approvals.values().filter(|cached| cached.standing == Standing::Open).cloned().collect()
    }

    pub(super) fn approval(&self, request: &RequestId) -> Option<&Cached> {
        self.approvals.get(request)
    }

    pub(super) fn has_events(&self, request: &RequestId) -> bool {
        self.events.iter().any(|event| event.request.as_ref() == Some(request))
    }

    pub(super) fn open_decisions(&self) -> Vec<OutboxRow> {
        self.rows.iter().filter(|row| row.state.locks()).cloned().collect()
    }

    pub(super) fn state_of(&self, decision: DecisionId) -> Option<OutboxState> {
        self.rows.iter().find(|row| row.decision == decision).map(|row| row.state)
    }

    pub(super) fn last_row(&self) -> i64 {
        self.events.len() as i64
    }

    fn room(&self) -> Result<(), Snag> {
        if self.disk == Disk::Full { Err(Snag::Full) } else { Ok(()) }
    }
}

/// A stop is possible while an approve of the same point is still being carried out.
pub(super) fn track(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Approve | Verdict::Reject { .. } => "decide",
        Verdict::Stop { .. } => "stop",
    }
}
