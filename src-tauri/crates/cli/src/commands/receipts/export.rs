//! The whole chain into a file, one receipt a line; where it ends is remembered, so that a cut or a rewrite is found
//! later.

use crate::draft::{Draft, unless_interrupted};
use crate::exit::{Exit, Stop};
use crate::out::Out;
use crate::place;
use domain::receipt::{Fact, Head, Receipt, Walk, export_line};
use engine::{Answer, Console, Introduction, Purpose, Query};
use serde_json::json;
use std::path::Path;
use store::{Reader, StoreError};

/// Receipts read at once.
const PAGE: u32 = 500;

/// Exports the chain.
pub(crate) async fn export(to: &Path, out: &Out) -> Result<Exit, Stop> {
    let dir = place::data_dir()?;
    let draft = Draft::of(to, out)?;
    let (head, count, flaw) = match Reader::open(&dir).await {
        Ok(reader) => unless_interrupted(write(&reader, draft)).await?,
        Err(StoreError::Missing(_)) => (Head::default(), draft.finish()?, None),
        Err(error) => return Err(error.into()),
    };
    let remembered = if head.seq == 0 { Ok(()) } else { remember(&head).await };
    let warnings: Vec<String> = flaw
        .map(|bad| format!("The chain does not hold: {bad}. It was exported as it is."))
        .into_iter()
        .chain(remembered.err().map(|stop| {
            format!(
                "Where it ends could not be remembered here ({}). Keep the head and give it with --head.",
                stop.message
            )
        }))
        .collect();
    let value = json!({"file": to.display().to_string(), "count": count, "head": head.to_string(), "warnings": warnings});
    out.print(&value, || {
        format!(
            "{count} receipts in {}. Head {head}\nKeep the head in another place: `holdctl receipts verify --head {head}` tells later whether anything up to there was cut off or written anew.",
            to.display()
        )
    });
    for warning in &warnings {
        out.note(&format!("Warning: {warning}"));
    }
    Ok(Exit::Done)
}

/// What was written: where it ends, how much it is, and the first bad receipt.
type Written = (Head, u64, Option<String>);

async fn write(reader: &Reader, mut draft: Draft) -> Result<Written, Stop> {
    let mut walk = Walk::against(Vec::new());
    let (mut head, mut key, mut flaw) = (Head::default(), String::new(), None);
    loop {
        let page: Vec<Receipt> = reader.receipts_after(head.seq, PAGE).await?;
        // A number that was tampered with must not lead in a circle.
        if page.last().is_none_or(|last| last.seq <= head.seq) {
            break;
        }
        for receipt in &page {
            if let Fact::KeyChange { public_key, .. } = &receipt.fact {
                key.clone_from(public_key);
            }
            if flaw.is_none() {
                flaw = walk.take(receipt).err().map(|bad| bad.to_string());
            }
            draft.record(&(export_line(receipt, &key) + "\n"))?;
            head = receipt.head();
        }
    }
    Ok((head, draft.finish()?, flaw))
}

/// The owner of the data remembers it: a running console, or this process for a moment.
async fn remember(head: &Head) -> Result<(), Stop> {
    let setup = place::setup(Purpose::Read).await?;
    let console = Console::open(&setup, &Introduction::default()).await?;
    let told = console.query(Query::Exported { seq: head.seq, hash: head.hash.clone() }).await;
    console.close().await;
    match told? {
        Answer::Done => Ok(()),
        _ => Err(crate::gate::unexpected().into()),
    }
}
