//! `holdctl receipts`: the chain of what was decided here, checked and exported offline.

mod export;
mod file;

pub(crate) use export::export;

use crate::exit::{Exit, Stop};
use crate::out::Out;
use crate::place;
use domain::receipt::{BadReceipt, Head, Verified};
use serde_json::json;
use std::path::Path;
use store::{Kind, Reader, StoreError};

/// Incidents that are told with the receipts.
const NEWEST: u32 = 20;

/// What a walk found, and what it was measured against.
struct Judged {
    verified: Result<Verified, BadReceipt>,
    /// In words: `the last export`, `--head`; `None` where there was nothing to compare with.
    against: Option<String>,
    /// Worth knowing beside it.
    findings: Vec<String>,
}

/// Walks the chain, here or in a file, and names the first bad receipt.
pub(crate) async fn verify(path: Option<&Path>, head: Option<&Head>, out: &Out) -> Result<Exit, Stop> {
    let judged = match path {
        Some(path) => file::judge(path, head).await?,
        None => judge_here(head).await?,
    };
    match judged.verified {
        Ok(found) => {
            let warning = (found.unattested > 0).then(|| {
                format!("unattested key: {} of {} receipts are signed by a key that lived only for its run (no keychain)", found.unattested, found.count)
            });
            let head = Head { seq: found.count, hash: found.head.clone() };
            let value = json!({"ok": true, "count": found.count, "head": found.head, "export_head": head.to_string(),
                "unattested": found.unattested, "warning": warning, "compared_with": judged.against,
                "findings": judged.findings});
            out.print(&value, || match found.count {
                0 => "There are no receipts yet.".to_owned(),
                count => {
                    format!("{count} receipts, all good{}. Head {head}", compared(judged.against.as_ref()))
                }
            });
            for warning in warning.iter().chain(&judged.findings) {
                out.note(&format!("Warning: {}.", warning.trim_end_matches('.')));
            }
            Ok(Exit::Done)
        }
        Err(bad) => {
            for finding in &judged.findings {
                out.note(&format!("Warning: {}.", finding.trim_end_matches('.')));
            }
            Err(Stop::other(
                "bad_receipt",
                format!("{bad}. Everything before it is good; what follows cannot be trusted."),
            ))
        }
    }
}

fn compared(against: Option<&String>) -> String {
    against.map(|against| format!(" and in accord with {against}")).unwrap_or_default()
}

async fn judge_here(head: Option<&Head>) -> Result<Judged, Stop> {
    let dir = place::data_dir()?;
    let reader = match Reader::open(&dir).await {
        Ok(reader) => reader,
        Err(StoreError::Missing(_)) => {
            let heads: Vec<Head> = head.cloned().into_iter().collect();
            let against = head.map(|_| "--head".to_owned());
            return Ok(Judged { verified: walk_nothing(heads), against, findings: Vec::new() });
        }
        Err(error) => return Err(error.into()),
    };
    let exports = reader.exports().await?;
    let told = head.map(|_| "--head".to_owned());
    let exported = exports.last().map(|last| {
        format!("the export of {} up to {}", last.at.format("%Y-%m-%d %H:%M:%S UTC"), last.head.seq)
    });
    let against = match (told, exported) {
        (Some(told), Some(exported)) => Some(format!("{told} and {exported}")),
        (told, exported) => told.or(exported),
    };
    let heads = exports.into_iter().map(|export| export.head).chain(head.cloned()).collect();
    let verified = reader.verify_against(heads).await?;
    let about = |kind: &Kind| !matches!(kind, Kind::CacheRebuilt | Kind::ReceiptsBroken);
    let incidents = reader.incidents(NEWEST).await?;
    let findings = incidents.into_iter().filter(|one| about(&one.kind)).map(|one| one.sentence).collect();
    Ok(Judged { verified, against, findings })
}

fn walk_nothing(heads: Vec<Head>) -> Result<Verified, BadReceipt> {
    domain::receipt::Walk::against(heads).end()
}
