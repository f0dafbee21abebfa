//! Events of a gateway with a sequence, in order, each once, none missing (F13, F14, F15). Pure.
//!
//! Every event names its predecessor on the same topic. A predecessor that was neither delivered nor asked for is a gap:
//! the events after the last sure one are fetched by REST, what comes meanwhile waits behind them.

use crate::stream::Cursor;
use protocol::frame::Event;
use protocol::rest::EventsPage;
use std::collections::{HashMap, VecDeque};

/// Events that may wait behind a gap. What comes beyond is dropped and fetched later.
const WAITING_LIMIT: usize = 2_048;
/// Topics whose heads are kept; beyond, what was delivered counts as whole.
const TOPICS_LIMIT: usize = 16_384;

/// The order of one connection's events.
pub(crate) struct Order {
    cursor: Cursor,
    /// Everything up to here was delivered or asked for by number.
    known_until: u64,
    /// Last delivered seq by topic, where it is beyond `known_until`.
    heads: HashMap<String, u64>,
    filling: Filling,
    waiting: VecDeque<Event>,
    /// The highest seq that was seen and dropped.
    owed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filling {
    No,
    /// A page of events after this seq is on its way.
    After(u64),
}

/// What a step brings: events to deliver, then perhaps a page to fetch.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Progress {
    pub(crate) deliver: Vec<Event>,
    /// Fetch the events after this seq.
    pub(crate) fetch_after: Option<u64>,
}

impl Order {
    /// Goes on from a cursor.
    pub(crate) fn from(cursor: Cursor) -> Self {
        Self {
            known_until: cursor.seq,
            cursor,
            heads: HashMap::new(),
            filling: Filling::No,
            waiting: VecDeque::new(),
            owed: 0,
        }
    }

    /// Goes on from a snapshot: everything after it is fetched, and the event at the cursor itself, for its id.
    pub(crate) fn after_snapshot(cursor: Cursor) -> (Self, u64) {
        let after = cursor.seq.saturating_sub(1);
        (Self { filling: Filling::After(after), ..Self::from(cursor) }, after)
    }

    pub(crate) fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Is nothing known to be missing?
    pub(crate) fn is_whole(&self) -> bool {
        self.filling == Filling::No
    }

    /// Everything delivered is known by number; a page after it is to be asked for. Gives after which seq.
    pub(crate) fn ask_again(&mut self) -> u64 {
        self.know(self.cursor.seq);
        self.filling = Filling::After(self.known_until);
        self.known_until
    }

    /// The gateway says that everything up to here was sent.
    pub(crate) fn drained(&mut self, seq: u64) {
        if self.is_whole() {
            self.know(seq);
        }
    }

    /// An event from the socket.
    pub(crate) fn event(&mut self, event: Event) -> Progress {
        let mut progress = Progress::default();
        match event.seq {
            None => progress.deliver.push(event),
            Some(seq) if seq <= self.known_until || seq <= self.head(&event) => {}
            Some(seq) if self.is_whole() => self.take(event, seq, &mut progress),
            Some(seq) => self.wait(event, seq),
        }
        progress
    }

    /// A page that was fetched. Up to its head, or its last event, nothing else is to be had.
    pub(crate) fn page(&mut self, page: EventsPage) -> Progress {
        let mut progress = Progress::default();
        let asked_after = match self.filling {
            Filling::After(seq) => seq,
            Filling::No => return progress,
        };
        let mut reached = 0;
        for event in page.events {
            let Some(seq) = event.seq else { continue };
            reached = reached.max(seq);
            self.waiting.retain(|waiting| waiting.seq != Some(seq));
            if seq == self.cursor.seq && self.cursor.last_id.is_none() {
                self.cursor.last_id = event.id.clone();
            }
            if seq > self.known_until && seq > self.head(&event) {
                self.deliver(event, seq, &mut progress);
            }
        }
        if reached > asked_after && reached < page.head_seq {
            self.know(reached);
            self.fetch(reached.max(self.known_until), &mut progress);
        } else {
            self.know(page.head_seq.max(reached));
            self.filling = Filling::No;
            self.resume(&mut progress);
        }
        progress
    }

    /// Takes what waited, up to a second gap.
    fn resume(&mut self, progress: &mut Progress) {
        while self.is_whole()
            && let Some(event) = self.waiting.pop_front()
        {
            if let Some(seq) = event.seq.filter(|seq| *seq > self.head(&event)) {
                self.take(event, seq, progress);
            }
        }
        let last = self.known_until.max(self.cursor.seq);
        if self.is_whole() && self.owed > last {
            self.fetch(last, progress);
        }
    }

    fn take(&mut self, event: Event, seq: u64, progress: &mut Progress) {
        let sure = self.head(&event).max(self.known_until);
        if event.prev_seq.is_some_and(|previous| previous > sure) {
            self.waiting.push_front(event);
            self.fetch(self.known_until, progress);
        } else {
            self.deliver(event, seq, progress);
        }
    }

    fn head(&self, event: &Event) -> u64 {
        event.topic.as_ref().and_then(|topic| self.heads.get(topic)).copied().unwrap_or(0)
    }

    fn deliver(&mut self, event: Event, seq: u64, progress: &mut Progress) {
        if let Some(topic) = &event.topic {
            self.heads.insert(topic.clone(), seq.max(self.head(&event)));
        }
        if seq > self.cursor.seq {
            self.cursor.seq = seq;
            self.cursor.last_id = event.id.clone();
        }
        if self.heads.len() > TOPICS_LIMIT {
            self.know(self.cursor.seq);
        }
        progress.deliver.push(event);
    }

    fn fetch(&mut self, after: u64, progress: &mut Progress) {
        self.filling = Filling::After(after);
        progress.fetch_after = Some(after);
    }

    fn wait(&mut self, event: Event, seq: u64) {
        if self.waiting.iter().any(|waiting| waiting.seq == Some(seq)) {
            return;
        }
        if self.waiting.len() < WAITING_LIMIT {
            self.waiting.push_back(event);
        } else {
            self.owed = self.owed.max(seq);
        }
    }

    fn know(&mut self, seq: u64) {
        self.known_until = self.known_until.max(seq);
        let known_until = self.known_until;
        self.heads.retain(|_, head| *head > known_until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(topic: &str, seq: u64, prev_seq: u64) -> Event {
        Event {
            kind: "notification".into(),
            seq: Some(seq),
            prev_seq: Some(prev_seq),
            topic: Some(topic.into()),
            id: Some(format!("e{seq}")),
            at: None,
            data: serde_json::Value::Null,
        }
    }

    fn order(seq: u64) -> Order {
        Order::from(Cursor { epoch: "x".into(), seq, last_id: None })
    }

    fn page(events: Vec<Event>, head_seq: u64) -> EventsPage {
        EventsPage { epoch: "x".into(), events, head_seq, oldest_seq: None }
    }

    fn seqs(progress: &Progress) -> Vec<u64> {
        progress.deliver.iter().filter_map(|event| event.seq).collect()
    }

    #[test]
    fn f13_an_event_that_comes_three_times_is_delivered_once() {
        let mut order = order(4);
        let delivered: usize = (0..3).map(|_| order.event(event("p", 5, 4)).deliver.len()).sum();
        assert_eq!(delivered, 1);
        assert!(order.event(event("p", 3, 2)).deliver.is_empty());
        assert_eq!(order.cursor(), &Cursor { epoch: "x".into(), seq: 5, last_id: Some("e5".into()) });
    }

    #[test]
    fn f14_a_gap_is_fetched_and_order_is_kept() {
        let mut order = order(4);
        assert_eq!(order.event(event("p", 7, 6)), Progress { deliver: vec![], fetch_after: Some(4) });
        assert_eq!(order.event(event("p", 8, 7)), Progress::default());
        assert!(!order.is_whole());
        let filled = order.page(page(vec![event("p", 5, 4), event("p", 6, 5), event("p", 7, 6)], 7));
        assert_eq!((seqs(&filled), filled.fetch_after), (vec![5, 6, 7, 8], None));
        assert!(order.is_whole());
    }

    #[test]
    fn f15_out_of_order_by_one_is_put_in_order_even_across_topics() {
        let mut order = order(4);
        assert_eq!(order.event(event("a", 6, 5)).fetch_after, Some(4));
        assert!(order.event(event("a", 5, 0)).deliver.is_empty());
        let filled = order.page(page(vec![event("a", 5, 0), event("a", 6, 5)], 6));
        assert_eq!(seqs(&filled), [5, 6]);
        // On another topic nothing tells of the gap; the late one is delivered all the same.
        assert_eq!(seqs(&order.event(event("b", 8, 0))), [8]);
        assert_eq!(seqs(&order.event(event("a", 7, 6))), [7]);
        assert_eq!(order.cursor().seq, 8);
    }

    #[test]
    fn a_gap_that_nobody_can_fill_is_asked_for_once() {
        let mut order = order(4);
        assert_eq!(order.event(event("p", 9, 8)).fetch_after, Some(4));
        let filled = order.page(page(vec![], 9));
        assert_eq!((seqs(&filled), filled.fetch_after), (vec![9], None));
        let next = order.event(event("p", 10, 9));
        assert_eq!((seqs(&next), next.fetch_after), (vec![10], None));
    }

    #[test]
    fn pages_are_fetched_until_the_head_and_a_second_gap_is_filled_too() {
        let mut order = order(0);
        assert_eq!(order.event(event("p", 9, 8)).fetch_after, Some(0));
        assert_eq!(order.event(event("p", 20, 19)), Progress::default());
        let first = order.page(page((1..=5).map(|seq| event("p", seq, seq - 1)).collect(), 9));
        assert_eq!(first.fetch_after, Some(5));
        let second = order.page(page((6..=9).map(|seq| event("p", seq, seq - 1)).collect(), 9));
        assert_eq!((seqs(&second), second.fetch_after), (vec![6, 7, 8, 9], Some(9)));
        let third = order.page(page((10..=20).map(|seq| event("p", seq, seq - 1)).collect(), 20));
        assert_eq!((seqs(&third), third.fetch_after), ((10..=20).collect(), None));
    }

    #[test]
    fn after_a_snapshot_the_id_at_its_place_is_learnt_and_not_delivered_again() {
        let cursor = Cursor { epoch: "x".into(), seq: 7, last_id: None };
        let (mut order, after) = Order::after_snapshot(cursor);
        assert_eq!(after, 6);
        let filled = order.page(page(vec![event("p", 7, 3), event("q", 8, 2)], 8));
        assert_eq!(seqs(&filled), [8]);
        assert_eq!(order.cursor().last_id.as_deref(), Some("e8"));
    }

    #[test]
    fn i8_a_flood_behind_a_gap_is_bounded_and_still_complete() {
        let mut order = order(0);
        let total = WAITING_LIMIT as u64 + 50;
        assert_eq!(order.event(event("p", 2, 1)).fetch_after, Some(0));
        for seq in 3..=total {
            assert_eq!(order.event(event("p", seq, seq - 1)), Progress::default());
        }
        let filled = order.page(page(vec![event("p", 1, 0), event("p", 2, 1)], 2));
        let last = filled.deliver.last().and_then(|event| event.seq).expect("some");
        assert!(last < total);
        assert_eq!(filled.fetch_after, Some(last));
        let rest = order.page(page((last + 1..=total).map(|seq| event("p", seq, seq - 1)).collect(), total));
        assert_eq!((rest.deliver.len() as u64, rest.fetch_after), (total - last, None));
    }
}
