//! Files: what lies at the top, how a module opens, how long it may be.

use super::tree::{self, Source};
use super::{Exception, idle, none};

/// The top level, fixed by the product's owner. Dotfiles are free; `target` is made.
const TOP: [&str; 9] =
    ["Cargo.toml", "Cargo.lock", "src-tauri", "ui", "icons", "tests", "README.md", "LICENSE", "target"];
/// A longer file wants splitting.
const LONGEST_FILE_LINES: usize = 400;
/// Longer files, each with its reason.
const LONG_FILES: [Exception; 0] = [];

fn top_level<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let foreign = names.into_iter().filter(|name| !name.starts_with('.') && !TOP.contains(name));
    foreign
        .map(|name| format!("{name}: the top level is fixed; put it inside one of {}", TOP.join(" ")))
        .collect()
}

fn openings(sources: &[Source]) -> Vec<String> {
    let silent = sources.iter().filter(|source| !source.text.starts_with("//!"));
    silent.map(|source| format!("{}: it must open with //! and say what it owns", source.path)).collect()
}

fn lengths(sources: &[Source], exceptions: &[Exception]) -> Vec<String> {
    let long = |source: &&Source| source.text.lines().count() > LONGEST_FILE_LINES;
    let excepted = |path: &str| exceptions.iter().any(|(excepted, _)| *excepted == path);
    let mut found: Vec<String> = sources
        .iter()
        .filter(long)
        .filter(|source| !excepted(&source.path))
        .map(|source| {
            let lines = source.text.lines().count();
            format!("{}: {lines} lines, more than {LONGEST_FILE_LINES}; split it", source.path)
        })
        .collect();
    found.extend(idle(exceptions, |path| sources.iter().filter(long).any(|source| source.path == path)));
    found
}

#[test]
fn the_top_level_holds_only_what_the_owner_named() {
    let entries = std::fs::read_dir(tree::root()).expect("the root");
    let names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    none(&top_level(names.iter().map(String::as_str)));
}

#[test]
fn every_module_says_what_it_owns() {
    none(&openings(&tree::rust()));
}

#[test]
fn no_file_is_too_long_to_be_understood_in_one_sitting() {
    none(&lengths(&tree::rust(), &LONG_FILES));
}

#[test]
fn a_foreign_name_at_the_top_is_caught() {
    assert_eq!(top_level(["docs", ".github", "ui", "package.json"]).len(), 2);
}

#[test]
fn a_module_that_opens_with_code_is_caught() {
    assert_eq!(
        openings(&[Source::planted("a.rs", "use b;\n//! late"), Source::planted("b.rs", "//! B")]).len(),
        1
    );
}

#[test]
fn a_long_file_is_caught_unless_it_has_a_reason_and_a_reason_without_one_is_too() {
    let long = Source::planted("long.rs", &"x\n".repeat(LONGEST_FILE_LINES + 1));
    let short = Source::planted("short.rs", &"x\n".repeat(LONGEST_FILE_LINES));
    let both = [long, short];
    assert_eq!(lengths(&both, &[]).len(), 1);
    assert!(lengths(&both, &[("long.rs", "one table")]).is_empty());
    assert_eq!(lengths(&both, &[("long.rs", "one table"), ("short.rs", "was long")]).len(), 1);
}
