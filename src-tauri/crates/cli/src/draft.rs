//! A file that appears whole or not at all: written under a temporary name in its own directory, readable by its owner
//! only, and renamed when it is done. Dropped before that, nothing is left.

use crate::exit::Stop;
use crate::out::{Form, Out};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Records between two words about how far it is.
const EVERY: u64 = 1_000;

/// See the module.
pub(crate) struct Draft {
    to: PathBuf,
    partial: PathBuf,
    /// `None` once it is in place.
    file: Option<BufWriter<File>>,
    records: u64,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Told,
    Silent,
}

impl Draft {
    /// Begins one for that path.
    pub(crate) fn of(to: &Path, out: &Out) -> Result<Self, Stop> {
        let name = to.file_name().ok_or_else(|| {
            Stop::usage(format!("{} names no file: give the path of the file to write.", to.display()))
        })?;
        let partial =
            to.with_file_name(format!(".{}.{}.partial", name.to_string_lossy(), std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&partial).map_err(|error| unwritable(to, &error))?;
        let seen = out.form == Form::Text && io::stderr().is_terminal();
        let progress = if seen { Progress::Told } else { Progress::Silent };
        Ok(Self { to: to.to_owned(), partial, file: Some(BufWriter::new(file)), records: 0, progress })
    }

    /// Writes one record and tells a person at a terminal how far it is.
    pub(crate) fn record(&mut self, text: &str) -> Result<(), Stop> {
        self.write(text)?;
        self.records += 1;
        if self.progress == Progress::Told && self.records.is_multiple_of(EVERY) {
            let _ = write!(io::stderr(), "\r{} records", self.records);
        }
        Ok(())
    }

    /// Writes what is no record.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Stop> {
        match &mut self.file {
            Some(file) => file.write_all(text.as_bytes()).map_err(|error| unwritable(&self.to, &error)),
            None => Ok(()),
        }
    }

    /// Everything is written: makes it durable and puts it in place, over whatever was there.
    pub(crate) fn finish(mut self) -> Result<u64, Stop> {
        let Some(file) = self.file.take() else { return Ok(self.records) };
        let placed = file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.partial, &self.to));
        if self.progress == Progress::Told && self.records >= EVERY {
            let _ = write!(io::stderr(), "\r{:20}\r", "");
        }
        if let Err(error) = placed {
            let _ = fs::remove_file(&self.partial);
            return Err(unwritable(&self.to, &error));
        }
        Ok(self.records)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Does it, unless Ctrl+C or SIGTERM comes first: then what was begun is dropped, and with it the temporary file.
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    let stopped = || Stop::other("interrupted", "Interrupted: no file was written.");
    let mut ended = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|error| Stop::other("signal", format!("Signals cannot be heard ({error}).")))?;
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(stopped()),
        _ = ended.recv() => Err(stopped()),
    }
}

/// Why a file cannot be written.
pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Stop {
    Stop::other(
        "output",
        format!(
            "{} cannot be written ({error}): choose a directory that is yours and has room.",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = dir.read_dir().unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_draft_appears_whole_or_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("out.csv");
        fs::write(&to, "old").unwrap();
        let out = Out { form: Form::Json };
        let mut draft = Draft::of(&to, &out).unwrap();
        draft.record("new\n").unwrap();
        drop(draft);
        assert_eq!(
            (names(dir.path()), fs::read_to_string(&to).unwrap()),
            (vec!["out.csv".into()], "old".into())
        );
        let mut draft = Draft::of(&to, &out).unwrap();
        draft.record("new\n").unwrap();
        assert_eq!(draft.finish().unwrap(), 1);
        assert_eq!(
            (names(dir.path()), fs::read_to_string(&to).unwrap()),
            (vec!["out.csv".into()], "new\n".into())
        );
        let mode = std::os::unix::fs::MetadataExt::mode(&to.metadata().unwrap());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let out = Out { form: Form::Json };
        let stop = Draft::of(&dir.path().join("no/such/dir/x"), &out).err().unwrap();
        assert!(stop.message.contains("no/such/dir/x"), "{}", stop.message);
        assert_eq!(Draft::of(Path::new("/"), &out).err().unwrap().code, "usage");
    }
}
