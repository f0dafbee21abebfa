//! The fixtures: each file one exchange (`request`, `status`, `body`) or the `frames` of a socket.

use serde_json::Value;
use std::path::PathBuf;

/// All of them by name, in order of name.
pub(crate) fn all() -> Vec<(String, Value)> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/fixtures/wire"));
    let files = std::fs::read_dir(&folder).expect("the fixtures' folder");
    let mut all: Vec<(String, Value)> = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
            let text = std::fs::read_to_string(&path).expect("readable");
            (name, serde_json::from_str(&text).expect("JSON"))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!all.is_empty());
    all
}

/// The answer's body, or the frames.
pub(crate) fn content(fixture: &Value) -> &Value {
    fixture.get("body").or_else(|| fixture.get("frames")).expect("a body or frames")
}

/// One of them.
pub(crate) fn named(name: &str) -> Value {
    let found = all().into_iter().find(|(known, _)| known == name);
    found.map(|(_, fixture)| fixture).expect("a fixture of that name")
}
