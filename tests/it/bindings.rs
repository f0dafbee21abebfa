//! The window's types are those of the engine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn committed(place: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(place).expect("ui/src/bindings is there: cargo xtask bindings");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let text = fs::read_to_string(entry.path()).expect("text");
            (entry.file_name().to_string_lossy().into_owned(), text)
        })
        .collect()
}

#[test]
fn the_windows_types_are_those_of_the_engine() {
    let scratch = tempfile::tempdir().expect("a directory");
    let due = engine::bindings::generate(scratch.path()).expect("every type has a form in TypeScript");
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/bindings");
    let committed = committed(&place);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&due), "run cargo xtask bindings");
    let stale: Vec<_> = due.iter().filter(|(name, text)| committed.get(*name) != Some(text)).collect();
    assert!(stale.is_empty(), "run cargo xtask bindings; stale: {:?}", stale[0].0);
}
