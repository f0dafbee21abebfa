//! What a person must know about the data here before anything else: the disk is full, a file was damaged, somebody else
//! wrote into it, a gateway rewrote its audit chain. Owns the rule from the store's findings to sentences; the findings
//! are the store's.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use store::{Condition, Incident, Kind};

/// Most banners at once; older ones are in `holdctl doctor`.
pub const MOST_BANNERS: usize = 8;
/// What was found once is shown this long, in days.
const SHOWN_DAYS: i64 = 7;
/// Longest sentence, in characters.
const LONGEST: usize = 500;

/// One thing to know. Its sentence may hold text from outside: ids and names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Banner {
    /// What kind of thing.
    pub kind: BannerKind,
    /// Since when it is so, or when it was found.
    pub since: DateTime<Utc>,
    /// What happened, to what, and what to do.
    pub sentence: String,
}

/// The kinds of banners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum BannerKind {
    /// The files may only be read: nothing can be decided.
    ReadOnly,
    /// There is no room: new decisions are refused. Goes away by itself.
    DiskFull,
    /// The cache was damaged and begun anew.
    CacheRebuilt,
    /// The decisions file was damaged; what could be read was taken over.
    DecisionsSalvaged,
    /// Another program wrote into the decisions file.
    RowChanged,
    /// The chain of receipts does not hold.
    ReceiptsBroken,
    /// A gateway's audit chain went back or was rewritten.
    GatewayAudit,
}

/// What is true of the store, in the order in which a person should read it: what stops them first, then the newest.
pub(crate) fn banners(
    read_only: Option<&str>,
    condition: &Condition,
    incidents: &[Incident],
    started: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Vec<Banner> {
    let mut banners = Vec::new();
    if let Some(why) = read_only {
        let sentence = format!("Nothing can be decided here. {why}.");
        banners.push(Banner { kind: BannerKind::ReadOnly, since: started, sentence });
    }
    if let Some(since) = condition.full_since {
        let sentence = format!(
            "The disk is full since {}: new decisions are refused and nothing is sent; new events wait at the gateway. Free some space, Holdpoint goes on by itself.",
            since.format("%H:%M:%S UTC")
        );
        banners.push(Banner { kind: BannerKind::DiskFull, since, sentence });
    }
    let recent = |incident: &&Incident| now - incident.at < TimeDelta::days(SHOWN_DAYS);
    banners.extend(incidents.iter().filter(recent).map(|incident| Banner {
        kind: kind(incident.kind),
        since: incident.at,
        sentence: incident.sentence.clone(),
    }));
    banners.truncate(MOST_BANNERS);
    for banner in &mut banners {
        if let Some((end, _)) = banner.sentence.char_indices().nth(LONGEST) {
            banner.sentence.truncate(end);
            banner.sentence.push('…');
        }
    }
    banners
}

fn kind(kind: Kind) -> BannerKind {
    match kind {
        Kind::CacheRebuilt => BannerKind::CacheRebuilt,
        Kind::DecisionsSalvaged => BannerKind::DecisionsSalvaged,
        Kind::RowChanged => BannerKind::RowChanged,
        Kind::ReceiptsBroken => BannerKind::ReceiptsBroken,
        Kind::GatewayAudit => BannerKind::GatewayAudit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(day)
    }

    fn incident(day: i64, sentence: &str) -> Incident {
        Incident { at: at(day), kind: Kind::GatewayAudit, subject: String::new(), sentence: sentence.into() }
    }

    #[test]
    fn f38_what_stops_a_person_comes_first_and_goes_with_its_cause() {
        let full = Condition { full_since: Some(at(9)), ..Condition::default() };
        let found = [incident(9, "new"), incident(1, "old")];
        let shown = banners(Some("Update it"), &full, &found, at(8), at(10));
        let kinds: Vec<BannerKind> = shown.iter().map(|banner| banner.kind).collect();
        assert_eq!(kinds, [BannerKind::ReadOnly, BannerKind::DiskFull, BannerKind::GatewayAudit]);
        let later = banners(None, &Condition::default(), &found, at(8), at(10));
        assert_eq!(later.iter().map(|banner| banner.sentence.as_str()).collect::<Vec<_>>(), ["new"]);
        assert_eq!(banners(None, &Condition::default(), &found, at(8), at(17)), []);
    }

    #[test]
    fn i8_banners_are_few_and_short() {
        let many: Vec<Incident> = (0..50).map(|_| incident(1, &"é".repeat(5_000))).collect();
        let shown = banners(None, &Condition::default(), &many, at(1), at(1));
        assert_eq!(shown.len(), MOST_BANNERS);
        assert!(shown.iter().all(|banner| banner.sentence.chars().count() == LONGEST + 1));
    }
}
