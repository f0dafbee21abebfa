//! Whether what was made from some files still fits them: a stamp in the target folder holds the fingerprint of both.
//!
//! Contents count and not times: a fresh checkout, or going back and forth between branches, makes nothing anew that
//! fits. What was made is part of it, for two target folders may share one checkout.

use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// What is made, from what.
pub(crate) struct Stamp {
    file: PathBuf,
    from: Vec<PathBuf>,
    /// Names of files and folders that do not count, wherever they lie below `from`.
    without: &'static [&'static str],
    made: PathBuf,
}

impl Stamp {
    /// The stamp of that name for what is `made` from those files and folders.
    pub(crate) fn new(target: &Path, name: &str, from: Vec<PathBuf>, made: PathBuf) -> Self {
        Stamp { file: target.join("stamps").join(name), from, without: &[], made }
    }

    /// The same, not looking at files and folders of these names.
    pub(crate) fn without(mut self, names: &'static [&'static str]) -> Self {
        self.without = names;
        self
    }

    /// Whether it was made from just these files and is untouched since.
    pub(crate) fn fits(&self) -> bool {
        let now = self.now().ok();
        self.made.exists() && now.is_some() && fs::read_to_string(&self.file).ok() == now
    }

    /// Says that it fits now.
    pub(crate) fn set(&self) -> Result<()> {
        let failed = || format!("{} cannot be written", self.file.display());
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).with_context(failed)?;
        }
        let now = self.now().with_context(|| format!("{} cannot be read", self.made.display()))?;
        fs::write(&self.file, now).with_context(failed)
    }

    fn now(&self) -> io::Result<String> {
        let mut hasher = DefaultHasher::new();
        for path in &self.from {
            take_in(path, self.without, &mut hasher)?;
        }
        take_in(&self.made, &[], &mut hasher)?;
        Ok(format!("{:016x}", hasher.finish()))
    }
}

/// Names and contents, in an order of their own. What is not there is taken in as such.
fn take_in(path: &Path, without: &[&str], hasher: &mut DefaultHasher) -> io::Result<()> {
    if without.iter().any(|name| path.file_name() == Some(OsStr::new(name))) {
        return Ok(());
    }
    path.hash(hasher);
    if path.is_dir() {
        let mut inside: Vec<PathBuf> =
            fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
        inside.sort();
        return inside.iter().try_for_each(|path| take_in(path, without, hasher));
    }
    match fs::read(path) {
        Ok(bytes) => Some(bytes).hash(hasher),
        Err(error) if error.kind() == ErrorKind::NotFound => None::<Vec<u8>>.hash(hasher),
        Err(error) => return Err(error),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a source and what was made from it.
    fn made() -> (tempfile::TempDir, Stamp) {
        let dir = tempfile::tempdir().expect("a directory");
        let (from, made) = (dir.path().join("from"), dir.path().join("made"));
        for folder in [&from.join("test"), &made] {
            fs::create_dir_all(folder).expect("a folder");
        }
        fs::write(from.join("a"), "1").expect("written");
        fs::write(made.join("b"), "made of 1").expect("written");
        let stamp = Stamp::new(dir.path(), "b", vec![from, dir.path().join("absent")], made);
        (dir, stamp.without(&["test"]))
    }

    #[test]
    fn it_fits_once_it_was_set_and_until_a_source_changes() {
        let (dir, stamp) = made();
        assert!(!stamp.fits(), "nobody has said so");
        stamp.set().expect("set");
        assert!(stamp.fits());
        fs::write(dir.path().join("from/a"), "1").expect("written");
        fs::write(dir.path().join("from/test/t"), "looked at by nobody").expect("written");
        assert!(stamp.fits(), "the same contents again are no change");
        fs::write(dir.path().join("from/a"), "2").expect("written");
        assert!(!stamp.fits());
        fs::write(dir.path().join("from/a"), "1").expect("written");
        fs::write(dir.path().join("absent"), "").expect("written");
        assert!(!stamp.fits(), "a new source is a change");
    }

    #[test]
    fn what_somebody_else_made_or_removed_does_not_fit() {
        let (dir, stamp) = made();
        stamp.set().expect("set");
        fs::write(dir.path().join("made/b"), "made of 2").expect("written");
        assert!(!stamp.fits());
        stamp.set().expect("set");
        fs::remove_dir_all(dir.path().join("made")).expect("removed");
        assert!(!stamp.fits());
    }
}
