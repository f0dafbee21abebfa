//! The gateway's audit head, compared with the one of the sync before. A head that seems to go back may only have been
//! overtaken: it is asked for once more before anything is said.

use super::reach::Reach;
use client::OpenSet;
use domain::receipt::Head;
use store::{Compared, Reading};

/// Takes note of the head that came with the open requests.
pub(crate) async fn note(reach: &Reach, set: &OpenSet) {
    if compare(reach, set, Reading::First).await != Some(Compared::Doubtful) {
        return;
    }
    match reach.client.open_approvals().await {
        Ok(again) => {
            compare(reach, &again, Reading::Again).await;
        }
        Err(failure) => tracing::warn!(%failure, "the audit head could not be read once more"),
    }
}

async fn compare(reach: &Reach, set: &OpenSet, reading: Reading) -> Option<Compared> {
    let head = head(set)?;
    match reach.ports.store.audit_head(reach.id, &head, reading).await {
        Ok(compared) => Some(compared),
        Err(error) => {
            tracing::warn!(%error, "the audit head could not be kept");
            None
        }
    }
}

/// `{seq, hash}`; a gateway that tells it otherwise, or not at all, is not compared.
fn head(set: &OpenSet) -> Option<Head> {
    let told = set.audit_head.as_ref()?;
    Some(Head { seq: told.get("seq")?.as_u64()?, hash: told.get("hash")?.as_str()?.to_owned() })
}
