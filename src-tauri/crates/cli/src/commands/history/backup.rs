//! A copy of both files at one moment each, made while a console goes on writing.

use crate::draft::unwritable;
use crate::exit::{Exit, Stop};
use crate::out::Out;
use crate::place;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use store::Reader;

/// Copies decisions to `to` and the cache to its neighbour `<name>.cache.db`. Neither may be there. Both or none.
pub(crate) async fn backup(to: &Path, out: &Out) -> Result<Exit, Stop> {
    let reader = Reader::open(&place::data_dir()?).await?;
    let cache = neighbour(to)?;
    for path in [to, &cache] {
        if path.exists() {
            let message =
                format!("{} is there already: name another file, nothing was written.", path.display());
            return Err(Stop::usage(message));
        }
    }
    let partial = [with_end(to), with_end(&cache)];
    let copied = crate::draft::unless_interrupted(async {
        reader.copy_to(&partial[0], &partial[1]).await.map_err(Stop::from)
    });
    let placed = match copied.await {
        Ok(()) => fs::rename(&partial[0], to)
            .and_then(|()| fs::rename(&partial[1], &cache))
            .map_err(|error| unwritable(to, &error)),
        Err(stop) => Err(stop),
    };
    if placed.is_err() {
        for left in &partial {
            for log in ["", "-journal", "-wal"] {
                let _ = fs::remove_file(format!("{}{log}", left.display()));
            }
        }
        placed?;
    }
    let value = json!({"decisions": to.display().to_string(), "cache": cache.display().to_string()});
    out.print(&value, || {
        format!(
            "Decisions and receipts in {}, events in {}. To go back to it, end Holdpoint and put them into an empty data directory as decisions.db and cache.db.",
            to.display(),
            cache.display()
        )
    });
    Ok(Exit::Done)
}

fn neighbour(path: &Path) -> Result<PathBuf, Stop> {
    let stem = path.file_stem().ok_or_else(|| {
        Stop::usage(format!("{} names no file: give the path of the file to write.", path.display()))
    })?;
    Ok(path.with_file_name(format!("{}.cache.db", stem.to_string_lossy())))
}

fn with_end(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    PathBuf::from(name)
}
