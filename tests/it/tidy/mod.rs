//! The rules of this repository that a compiler does not know, checked over the tree as it is.
//!
//! Each rule is a function from values to violations, with a test that a planted violation is caught; the sentence of
//! a violation names the file and what to do. Exceptions stand in small lists with their reasons; an exception that
//! nothing needs any more is a violation too.

mod arrows;
mod files;
mod functions;
mod lock;
mod readme;
mod scan;
mod tree;
mod words;

/// An exception from a rule: where, and why it is right there.
type Exception = (&'static str, &'static str);

/// Fails with all violations at once.
fn none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// Exceptions that nothing needs.
fn idle(exceptions: &[Exception], needed: impl Fn(&str) -> bool) -> Vec<String> {
    let idle = exceptions.iter().filter(|(what, _)| !needed(what));
    idle.map(|(what, _)| format!("{what}: the exception is needed no more, take it off the list")).collect()
}

#[test]
fn an_exception_that_nothing_needs_is_a_violation() {
    let exceptions: [Exception; 2] = [("a.rs", "long table"), ("b.rs", "gone")];
    assert_eq!(idle(&exceptions, |what| what == "a.rs").len(), 1);
}
