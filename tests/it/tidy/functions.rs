//! How long a function may be.

use super::scan::code;
use super::tree::{self, Source};
use super::{Exception, idle, none};

/// A longer function wants splitting. Counted from `fn` to its closing brace.
const LONGEST_FUNCTION_LINES: usize = 70;
/// Longer functions as `path::name`, each with its reason.
const LONG_FUNCTIONS: [Exception; 0] = [];

/// A function with a body.
struct Function {
    name: String,
    lines: usize,
}

fn lengths(sources: &[Source], exceptions: &[Exception]) -> Vec<String> {
    let mut long = Vec::new();
    for source in sources {
        let too_long = functions(&source.text).into_iter().filter(|one| one.lines > LONGEST_FUNCTION_LINES);
        long.extend(too_long.map(|one| (format!("{}::{}", source.path, one.name), one.lines)));
    }
    let excepted = |name: &str| exceptions.iter().any(|(excepted, _)| *excepted == name);
    let mut found: Vec<String> = long
        .iter()
        .filter(|(name, _)| !excepted(name))
        .map(|(name, lines)| format!("{name}: {lines} lines, more than {LONGEST_FUNCTION_LINES}; split it"))
        .collect();
    found.extend(idle(exceptions, |name| long.iter().any(|(long, _)| long == name)));
    found
}

fn functions(text: &str) -> Vec<Function> {
    let code = code(text);
    code.match_indices("fn ")
        .filter(|(at, _)| *at == 0 || !is_word(code.as_bytes()[at - 1]))
        .filter_map(|(at, _)| function(&code[at..]))
        .collect()
}

fn function(code: &str) -> Option<Function> {
    let name: String =
        code["fn ".len()..].bytes().take_while(|byte| is_word(*byte)).map(char::from).collect();
    let end = body_end(code)?;
    (!name.is_empty()).then(|| Function { name, lines: code[..end].lines().count() })
}

/// Behind the brace that closes the body; `None` for a declaration without one.
fn body_end(code: &str) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.checked_sub(1)?,
            b';' if braces == 0 && brackets == 0 => return None,
            b'{' => braces += 1,
            b'}' => {
                braces = braces.checked_sub(1)?;
                if braces == 0 && brackets == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[test]
fn no_function_is_longer_than_a_screen() {
    none(&lengths(&tree::rust(), &LONG_FUNCTIONS));
}

#[test]
fn a_long_function_is_caught_by_its_name() {
    let body = "    call(\"}\");\n".repeat(LONGEST_FUNCTION_LINES - 1);
    let text = format!(
        "fn long(a: [u8; 2]) -> u8 {{\n{body}}}\nfn short() {{\n}}\ntrait T {{ fn declared(&self); }}\n"
    );
    let found = lengths(&[Source::planted("a.rs", &text)], &[]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("a.rs::long: 71 lines"), "{found:?}");
    assert!(lengths(&[Source::planted("a.rs", &text)], &[("a.rs::long", "a table")]).is_empty());
}

#[test]
fn each_function_is_measured_alone() {
    let names = |text| functions(text).into_iter().map(|one| (one.name, one.lines)).collect::<Vec<_>>();
    assert_eq!(
        names("impl A {\n  fn a() { fn b() {} }\n  pub fn c()\n  {\n  }\n}"),
        [("a".to_owned(), 1), ("b".to_owned(), 1), ("c".to_owned(), 3)]
    );
}
