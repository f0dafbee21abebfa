//! Where a reader picks up (CONTRACT 2). Pure: from its cursor and what is kept to an answer.

/// A reader's claim: the `resume` frame.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor {
    pub(crate) epoch: Option<String>,
    pub(crate) last_seq: Option<u64>,
    pub(crate) last_id: Option<String>,
}

/// What is kept here.
#[derive(Clone, Debug)]
pub(crate) struct Kept<'a> {
    pub(crate) epoch: &'a str,
    pub(crate) oldest_seq: u64,
    pub(crate) head_seq: u64,
    /// The id of the event at the reader's seq, where it is still kept.
    pub(crate) id_there: Option<&'a str>,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Send what came after this seq.
    From(u64),
    /// Take a snapshot.
    Reset(Reason),
}

/// Why a reader has to start over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    New,
    Epoch,
    TooOld,
    Mismatch,
    Slow,
}

impl Reason {
    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Reason::New => "new",
            Reason::Epoch => "epoch",
            Reason::TooOld => "too-old",
            Reason::Mismatch => "mismatch",
            Reason::Slow => "slow",
        }
    }
}

/// Judges a cursor. A cursor without an id is taken by its seq alone: after a snapshot there is none.
pub(crate) fn answer(cursor: &Cursor, kept: &Kept<'_>) -> Answer {
    let Some(last) = cursor.last_seq else { return Answer::Reset(Reason::New) };
    if cursor.epoch.as_deref() != Some(kept.epoch) {
        return Answer::Reset(Reason::Epoch);
    }
    if last.saturating_add(1) < kept.oldest_seq {
        return Answer::Reset(Reason::TooOld);
    }
    let other_id = matches!((&cursor.last_id, kept.id_there), (Some(told), Some(here)) if told != here);
    if last > kept.head_seq || other_id {
        return Answer::Reset(Reason::Mismatch);
    }
    Answer::From(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(epoch: &str, last_seq: Option<u64>, last_id: Option<&str>) -> Answer {
        let cursor = Cursor { epoch: Some(epoch.to_owned()), last_seq, last_id: last_id.map(str::to_owned) };
        let id_there = last_seq.filter(|seq| (5..=9).contains(seq)).map(|_| "id");
        answer(&cursor, &Kept { epoch: "e", oldest_seq: 5, head_seq: 9, id_there })
    }

    #[test]
    fn f16_f17_a_cursor_is_taken_only_where_nothing_is_missing() {
        assert_eq!(judge("e", None, None), Answer::Reset(Reason::New));
        assert_eq!(judge("other", Some(7), Some("id")), Answer::Reset(Reason::Epoch));
        assert_eq!(judge("e", Some(3), None), Answer::Reset(Reason::TooOld));
        assert_eq!(judge("e", Some(4), Some("gone")), Answer::From(4));
        assert_eq!(judge("e", Some(7), Some("id")), Answer::From(7));
        assert_eq!(judge("e", Some(7), Some("else")), Answer::Reset(Reason::Mismatch));
        assert_eq!(judge("e", Some(9), None), Answer::From(9));
        assert_eq!(judge("e", Some(10), None), Answer::Reset(Reason::Mismatch));
    }
}
