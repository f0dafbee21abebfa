//! From what a person typed to an FTS5 expression that cannot be malformed (A31). Pure.
//!
//! Words are searched as they stand, all of them must occur, a text in double quotes must occur as a whole; the last
//! word may be the beginning of one. There are no operators: `NEAR(`, `*`, `:` and the like are just characters.

/// More words than this are not looked at: each is another list to be walked.
const MOST_WORDS: usize = 32;
/// A shorter beginning would walk too much of the index.
const SHORTEST_PREFIX: usize = 2;

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Nothing was typed: whatever is newest.
    Everything,
    /// An FTS5 expression.
    Match(String),
    /// Something was typed, but no letter and no digit: nothing can be found by it.
    Nothing,
}

/// Reads what was typed.
pub(crate) fn parse(typed: &str) -> Ask {
    if typed.trim().is_empty() {
        return Ask::Everything;
    }
    let words = words(typed);
    let Some((last, before)) = words.split_last() else { return Ask::Nothing };
    let mut expression: Vec<String> = before.iter().map(|word| quoted(&word.text)).collect();
    let beginning = last.form == Form::Open && last.text.chars().count() >= SHORTEST_PREFIX;
    expression.push(quoted(&last.text) + if beginning { " *" } else { "" });
    Ask::Match(expression.join(" "))
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Typed as it is, perhaps not to its end.
    Open,
    /// Followed by a space or put in quotes: complete.
    Complete,
}

struct Word {
    text: String,
    form: Form,
}

fn words(typed: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = typed;
    while !rest.is_empty() && words.len() < MOST_WORDS {
        // U+0000 would end the expression inside its quotes.
        let blank = |c: char| c.is_whitespace() || c == '\0';
        let (text, form, after) = match rest.strip_prefix('"') {
            Some(inside) => {
                let (text, after) = inside.split_once('"').unwrap_or((inside, ""));
                (text, Form::Complete, after)
            }
            None => {
                let end = rest.find(|c| blank(c) || c == '"').unwrap_or(rest.len());
                let form = if end == rest.len() { Form::Open } else { Form::Complete };
                (&rest[..end], form, &rest[end..])
            }
        };
        if text.chars().any(char::is_alphanumeric) {
            words.push(Word { text: text.replace('\0', " "), form });
        }
        rest = after.trim_start_matches(blank);
    }
    words
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(typed: &str) -> String {
        match parse(typed) {
            Ask::Match(expression) => expression,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn words_are_quoted_and_the_last_may_be_a_beginning() {
        assert_eq!(expression("pool exhau"), r#""pool" "exhau" *"#);
        assert_eq!(expression("pool exhausted "), r#""pool" "exhausted""#);
        assert_eq!(expression("p"), r#""p""#);
    }

    #[test]
    fn a_text_in_quotes_is_one_phrase_even_if_it_is_not_closed() {
        assert_eq!(expression(r#""pool exhausted" now"#), r#""pool exhausted" "now" *"#);
        assert_eq!(expression(r#"the "pool exh"#), r#""the" "pool exh""#);
    }

    #[test]
    fn a31_operators_are_just_characters_and_text_without_words_finds_nothing() {
        assert_eq!(expression("NEAR(a b)"), r#""NEAR(a" "b)" *"#);
        assert_eq!(expression("title:x OR y"), r#""title:x" "OR" "y""#);
        assert_eq!(expression("a\0b"), r#""a" "b""#);
        for nothing in ["*", "\"", "\"\"", ":::", "( ) - ^", "\0"] {
            assert_eq!(parse(nothing), Ask::Nothing, "{nothing:?}");
        }
        assert_eq!(parse(" \t\n"), Ask::Everything);
    }

    #[test]
    fn a31_a_long_query_is_cut() {
        assert_eq!(expression(&"ab ".repeat(5000)).split(' ').count(), MOST_WORDS);
    }
}
