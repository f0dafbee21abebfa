//! `holdctl receipts`: the chain of what was decided here, checked offline.

use crate::exit::{Exit, Stop};
use crate::out::Out;
use crate::place;
use domain::receipt::Verified;
use serde_json::json;
use store::{Reader, StoreError};

/// Walks the chain and names the first bad receipt.
pub(crate) async fn verify(out: &Out) -> Result<Exit, Stop> {
    let dir = place::data_dir()?;
    let verified = match Reader::open(&dir).await {
        Ok(reader) => reader.verify().await?,
        Err(StoreError::Missing(_)) => Ok(Verified::default()),
        Err(error) => return Err(error.into()),
    };
    match verified {
        Ok(found) => {
            let warning = (found.unattested > 0).then(|| {
                format!("unattested key: {} of {} receipts are signed by a key that lived only for its run (no keychain)", found.unattested, found.count)
            });
            let value = json!({"ok": true, "count": found.count, "head": found.head,
                "unattested": found.unattested, "warning": warning});
            out.print(&value, || match found.count {
                0 => "There are no receipts yet.".to_owned(),
                count => format!("{count} receipts, all good. Head {}", found.head),
            });
            if let Some(warning) = warning {
                out.note(&format!("Warning: {warning}."));
            }
            Ok(Exit::Done)
        }
        Err(bad) => Err(Stop::other(
            "bad_receipt",
            format!("{bad}. Everything before it is good; what follows cannot be trusted."),
        )),
    }
}
