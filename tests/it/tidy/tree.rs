//! Reading the repository: its root and its text files. It judges nothing.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are made, not written.
const MADE: [&str; 4] = ["target", "node_modules", "dist", ".git"];

/// One text file of the repository.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// From the root, with `/` between its parts.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// One that exists only in a test of a rule.
    pub(super) fn planted(path: &str, text: &str) -> Self {
        Source { path: path.into(), text: text.into() }
    }
}

/// The repository's root.
pub(super) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the tests lie in the repository").to_path_buf()
}

/// All Rust files.
pub(super) fn rust() -> Vec<Source> {
    let all = texts();
    let rust: Vec<Source> = all.into_iter().filter(|source| source.path.ends_with(".rs")).collect();
    assert!(rust.len() > 20, "only {} Rust files were found: the walk itself is broken", rust.len());
    rust
}

/// All files that are text, in the order of their paths.
pub(super) fn texts() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(root: &Path, dir: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(dir).expect("a folder of the repository").map(|entry| entry.expect("an entry"))
    {
        let (path, name) = (entry.path(), entry.file_name());
        if MADE.iter().any(|made| name == *made) {
            continue;
        }
        if entry.file_type().expect("a type").is_dir() {
            walk(root, &path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let inside = path.strip_prefix(root).expect("inside the root");
            found.push(Source { path: inside.to_string_lossy().replace('\\', "/"), text });
        }
    }
}
