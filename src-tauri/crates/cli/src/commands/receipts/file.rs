//! An exported file, verified with nothing else at hand; where this machine has receipts of the same chain, also against
//! what was exported here.

use super::Judged;
use crate::exit::Stop;
use crate::place;
use domain::receipt::{BadReceipt, Flaw, Head, Line, Verified, Walk};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use store::{Export, Reader};

/// A longer line is no receipt of ours: requests are bounded well below.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// Judges the file.
pub(super) async fn judge(path: &Path, head: Option<&Head>) -> Result<Judged, Stop> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Stop {
            exit: crate::exit::Exit::NotFound,
            code: "not_found".into(),
            message: format!("There is no file {}.", path.display()),
        },
        _ => Stop::other("input", format!("{} cannot be read ({error}).", path.display())),
    };
    let file = BufReader::new(File::open(path).map_err(unreadable)?);
    let here = here().await;
    let mut seen = Seen::of(head, here);
    seen.walk(file).map_err(unreadable)?;
    Ok(seen.judged())
}

/// What this machine knows: its first receipt and its exports. Nothing where it has none: the file is judged alone.
struct Here {
    first: String,
    exports: Vec<Export>,
}

async fn here() -> Option<Here> {
    let reader = Reader::open(&place::data_dir().ok()?).await.ok()?;
    let first = reader.receipts_after(0, 1).await.ok()?.pop()?.hash;
    Some(Here { first, exports: reader.exports().await.ok()? })
}

struct Seen {
    walk: Walk,
    head: Option<Head>,
    here: Option<Here>,
    /// Is it the chain of this machine?
    own: bool,
    bad: Option<BadReceipt>,
}

impl Seen {
    fn of(head: Option<&Head>, here: Option<Here>) -> Self {
        let walk = Walk::against(head.cloned().into_iter().collect());
        Self { walk, head: head.cloned(), here, own: false, bad: None }
    }

    fn walk(&mut self, mut file: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        while self.bad.is_none() {
            line.clear();
            let read = io::Read::take(&mut file, LONGEST_LINE).read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            if !line.trim_ascii().is_empty() {
                self.bad = self.take(&line).err();
            }
        }
        Ok(())
    }

    fn take(&mut self, line: &[u8]) -> Result<(), BadReceipt> {
        let unreadable = BadReceipt { seq: self.walk.head().seq + 1, why: Flaw::Unreadable };
        let text = std::str::from_utf8(line).map_err(|_| unreadable.clone())?;
        let Line { receipt, public_key } = text.parse().map_err(|_| unreadable)?;
        self.walk.take(&receipt)?;
        if public_key.as_deref().is_some_and(|key| Some(key) != self.walk.key()) {
            return Err(BadReceipt { seq: receipt.seq, why: Flaw::Signature });
        }
        let Some(here) = &self.here else { return Ok(()) };
        if receipt.seq == 1 {
            self.own = receipt.hash == here.first;
        }
        let other = |export: &Export| export.head.seq == receipt.seq && export.head.hash != receipt.hash;
        if self.own && here.exports.iter().any(other) {
            return Err(BadReceipt { seq: receipt.seq, why: Flaw::Rewritten });
        }
        Ok(())
    }

    fn judged(self) -> Judged {
        let end = self.walk.head().seq;
        let mut findings = Vec::new();
        let mut against: Vec<String> = self.head.iter().map(|_| "--head".to_owned()).collect();
        let mut verified: Result<Verified, BadReceipt> = match self.bad {
            Some(bad) => Err(bad),
            None => self.walk.end(),
        };
        if let Some(Here { exports, .. }) = self.here.filter(|here| !here.exports.is_empty()) {
            if self.own {
                against.push("the exports made here".to_owned());
                // An export ends where it was exported; one that ends before has lost its end.
                let ends = exports.iter().any(|export| export.head.seq == end);
                let longer = exports.last().is_some_and(|last| last.head.seq > end);
                if verified.is_ok() && !ends && longer {
                    verified = Err(BadReceipt { seq: end + 1, why: Flaw::Truncated });
                }
            } else {
                findings.push(
                    "it is not the chain of this machine, so it was not compared with the exports made here"
                        .to_owned(),
                );
            }
        }
        let against = (!against.is_empty()).then(|| against.join(" and "));
        Judged { verified, against, findings }
    }
}
