//! Words that must not stand in the code: sleeps in tests, names that say nothing, paths of one machine.

use super::scan::code;
use super::tree::{self, Source};
use super::{Exception, idle, none};
use std::path::Path;

/// Tests that let time itself pass, each with its reason.
const SLEEPING: [Exception; 2] = [
    (
        "tests/support/platform/socket.rs",
        "the platform closes an idle socket after a time: that is what it is",
    ),
    ("tests/support/chaos/relay.rs", "delay and drip are the faults themselves"),
];
/// Type names that end in a forbidden word and are right all the same, as `path::name`.
const NAMED: [Exception; 0] = [];
/// Folders in which `Service` is the thing itself.
const REAL_SERVICES: [Exception; 1] =
    [("src-tauri/crates/rehearsal/", "it runs a real HTTP service, which is what is rehearsed on")];

/// A type of such a name holds whatever nobody found a place for.
const EMPTY_WORDS: [&str; 7] = ["Manager", "Service", "Helper", "Helpers", "Util", "Utils", "Common"];
/// A file of such a name too.
const EMPTY_FILES: [&str; 7] = ["manager", "service", "helper", "helpers", "util", "utils", "common"];

fn sleeps(sources: &[Source], exceptions: &[Exception]) -> Vec<String> {
    let sleeping = |source: &&Source| {
        let code = code(&source.text);
        let tests = if source.path.starts_with("tests/") { Some(0) } else { code.find("#[cfg(test)]") };
        tests.is_some_and(|start| calls(&code[start..], "sleep") || calls(&code[start..], "sleep_until"))
    };
    let excepted = |path: &str| exceptions.iter().any(|(excepted, _)| *excepted == path);
    let mut found: Vec<String> = sources
        .iter()
        .filter(sleeping)
        .filter(|source| !excepted(&source.path))
        .map(|source| format!("{}: a test sleeps; wait for a state instead", source.path))
        .collect();
    found.extend(idle(exceptions, |path| sources.iter().filter(sleeping).any(|source| source.path == path)));
    found
}

fn unfinished(sources: &[Source]) -> Vec<String> {
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X"].concat()];
    let mut found = Vec::new();
    for source in sources {
        let code = code(&source.text);
        let macros = ["todo", "unimplemented"].iter().any(|name| word_then(&code, name, "!"));
        if macros || marks.iter().any(|mark| word_then(&source.text, mark, "")) {
            found.push(format!("{}: it is unfinished and says so; finish it or open an issue", source.path));
        }
    }
    found
}

fn names(sources: &[Source], exceptions: &[Exception]) -> Vec<String> {
    let mut empty = Vec::new();
    for source in sources {
        let real = REAL_SERVICES.iter().any(|(folder, _)| source.path.starts_with(folder));
        let allowed = |word: &str| real && word.eq_ignore_ascii_case("service");
        let code = code(&source.text);
        let types = declared_types(&code);
        empty.extend(
            types
                .into_iter()
                .filter(|name| last_word(name).is_some_and(|w| !allowed(w)))
                .map(|name| format!("{}::{name}", source.path)),
        );
        let stem = Path::new(&source.path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let empty_file = |stem: &String| EMPTY_FILES.contains(&stem.as_str()) && !allowed(stem);
        empty.extend(stem.filter(empty_file).map(|stem| format!("{}::{stem}", source.path)));
    }
    let excepted = |name: &str| exceptions.iter().any(|(excepted, _)| *excepted == name);
    let mut found: Vec<String> = empty
        .iter()
        .filter(|name| !excepted(name))
        .map(|name| format!("{name}: the name says nothing; name it after what it is or does"))
        .collect();
    found.extend(idle(exceptions, |name| empty.iter().any(|empty| empty == name)));
    found
}

/// Names after `struct`, `enum`, `trait` and `type`.
fn declared_types(code: &str) -> Vec<&str> {
    let words: Vec<&str> =
        code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
    let declares = |word: &str| matches!(word, "struct" | "enum" | "trait" | "type");
    words.windows(2).filter(|pair| declares(pair[0])).map(|pair| pair[1]).collect()
}

/// The forbidden word that a CamelCase name ends in.
fn last_word(name: &str) -> Option<&str> {
    let start = name.rfind(|c: char| c.is_ascii_uppercase())?;
    EMPTY_WORDS.contains(&&name[start..]).then_some(&name[start..])
}

/// Paths that exist on one machine only: people's homes, and wherever this checkout happens to lie.
fn machine_paths(sources: &[Source], checkout: &Path) -> Vec<String> {
    let homes = [["/ho", "me/"].concat(), ["/Us", "ers/"].concat(), ["/ro", "ot/"].concat()];
    // A checkout right under the root has a name too short to be looked for.
    let here = (checkout.components().count() > 2).then(|| checkout.display().to_string());
    let mut found = Vec::new();
    for source in sources {
        let named = homes.iter().chain(&here).find(|path| source.text.contains(path.as_str()));
        found.extend(named.map(|path| format!("{}: {path} exists on one machine only", source.path)));
    }
    found
}

fn calls(code: &str, name: &str) -> bool {
    word_then(code, name, "(")
}

/// Whether `word` stands there as a whole word, directly followed by `next`.
fn word_then(text: &str, word: &str, next: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let rest = &text[at + word.len()..];
        !text[..at].ends_with(is_word) && !rest.starts_with(is_word) && rest.starts_with(next)
    })
}

#[test]
fn no_test_sleeps() {
    none(&sleeps(&tree::rust(), &SLEEPING));
}

#[test]
fn nothing_is_left_unfinished() {
    none(&unfinished(&tree::rust()));
}

#[test]
fn every_type_and_file_is_named_after_what_it_is() {
    none(&names(&tree::rust(), &NAMED));
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    none(&machine_paths(&tree::texts(), &tree::root()));
}

#[test]
fn a_sleep_in_a_test_is_caught_and_one_in_the_product_is_not() {
    let product = "async fn wait() { tokio::time::sleep(d).await }";
    let tested = format!("{product}\n#[cfg(test)]\nmod tests {{ fn t() {{ std::thread::sleep(d) }} }}");
    let spoken = "// sleep(1)\nlet a = \"sleep(1)\"; asleep(2)";
    let found = sleeps(
        &[
            Source::planted("src/a.rs", product),
            Source::planted("src/b.rs", &tested),
            Source::planted("tests/c.rs", product),
            Source::planted("tests/d.rs", spoken),
        ],
        &[],
    );
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn an_unfinished_place_is_caught() {
    let mark = format!("// {}: later", ["TO", "DO"].concat());
    let found = unfinished(&[
        Source::planted("a.rs", "fn a() { todo!() }"),
        Source::planted("b.rs", &mark),
        Source::planted("c.rs", "let s = \"todo!()\"; // mastodons"),
    ]);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn a_name_that_says_nothing_is_caught_and_a_real_service_is_not() {
    let found = names(
        &[
            Source::planted("a.rs", "pub struct SessionManager; enum ServiceName {} // struct FooHelper"),
            Source::planted("src-tauri/crates/rehearsal/src/service.rs", "struct Service;"),
            Source::planted("src/utils.rs", "fn f<T>() {}"),
        ],
        &[],
    );
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn a_path_of_one_machine_is_caught() {
    let home = format!("see {}me/ada/x", "/ho");
    let sources = [
        Source::planted("a.md", &home),
        Source::planted("b.md", "cd /checkouts/one/holdpoint"),
        Source::planted("c.md", "GET /homes, /users/1"),
    ];
    assert_eq!(machine_paths(&sources, Path::new("/checkouts/one/holdpoint")).len(), 2);
}
