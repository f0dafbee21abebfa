//! The README claims only what is there: each of its links leads to a file of this repository, and a link of the
//! form `path#name` to a Rust file names a test in it.

use super::none;
use super::scan::code;
use super::tree;
use std::fs;

/// Where a link leads.
#[derive(Debug, PartialEq, Eq)]
struct Link<'a> {
    path: &'a str,
    test: Option<&'a str>,
}

/// The links that stay inside the repository.
fn links(markdown: &str) -> Vec<Link<'_>> {
    let targets =
        markdown.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let local = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    local
        .map(|target| match target.split_once('#') {
            Some((path, test)) => Link { path, test: Some(test) },
            None => Link { path: target, test: None },
        })
        .collect()
}

fn violations<'a>(markdown: &'a str, read: impl Fn(&'a str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for link in links(markdown) {
        match (read(link.path), link.test) {
            (None, _) => found.push(format!("README.md links to {}, which is not there", link.path)),
            (Some(text), Some(test)) if !holds_test(&text, test) => {
                found.push(format!(
                    "README.md names the test {test} in {}, which has none of that name",
                    link.path
                ));
            }
            _ => {}
        }
    }
    found
}

/// Whether `name` is a function there that carries a test attribute.
fn holds_test(text: &str, name: &str) -> bool {
    let code = code(text);
    let head = format!("fn {name}(");
    code.match_indices(&head).any(|(at, _)| {
        let before = code[..at].trim_end_matches(|c: char| c.is_alphabetic() || c == ' ').trim_end();
        let line = before.lines().rev().map(str::trim).take_while(|line| line.starts_with("#["));
        line.into_iter().any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

/// A file's text, or nothing for a folder that exists.
fn read(path: &str) -> Option<String> {
    let whole = tree::root().join(path);
    // A picture is no text, and is there all the same.
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if whole.is_dir() { Some(String::new()) } else { fs::read(whole).ok().map(text) }
}

#[test]
fn every_claim_of_the_readme_leads_to_a_test_that_exists() {
    let readme = fs::read_to_string(tree::root().join("README.md")).expect("the README");
    let tests = links(&readme).into_iter().filter(|link| link.test.is_some()).count();
    assert!(tests >= 10, "only {tests} tests are named: the links are not recognised");
    none(&violations(&readme, read));
}

#[test]
fn a_claim_without_its_test_is_caught() {
    let file = "/// fn spoken() {\n#[test]\nfn plain() {}\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn later() {}\n\
        #[test]\n#[ignore]\n  fn inside(x in 0..4) {}\nfn bare() {}";
    let read = |path: &str| (path == "a.rs").then(|| file.to_owned());
    let found = |markdown| violations(markdown, read).len();
    assert_eq!(
        found("[x](a.rs#plain), [y](a.rs#later) and [z](a.rs#inside), [w](https://example.com/#q)"),
        0
    );
    assert_eq!(found("[x](a.rs#bare)"), 1);
    assert_eq!(found("[x](a.rs#spoken)"), 1);
    assert_eq!(found("[x](a.rs#gone)"), 1);
    assert_eq!(found("[x](b.rs)"), 1);
}
