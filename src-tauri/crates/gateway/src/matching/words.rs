//! Words of an error text: split at punctuation and camel case, lower case, without filler, reduced to stems. English
//! only; other languages are compared word by word as they stand.

use std::collections::BTreeMap;

/// Words that say nothing about which error it is.
const FILLER: &[&str] = &[
    "a",
    "about",
    "after",
    "again",
    "all",
    "also",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "because",
    "been",
    "but",
    "by",
    "can",
    "cannot",
    "could",
    "did",
    "do",
    "does",
    "due",
    "during",
    "error",
    "errors",
    "exception",
    "fail",
    "failed",
    "failing",
    "fails",
    "failure",
    "for",
    "from",
    "get",
    "got",
    "had",
    "has",
    "have",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "may",
    "more",
    "most",
    "no",
    "not",
    "occurred",
    "of",
    "on",
    "or",
    "other",
    "our",
    "out",
    "over",
    "please",
    "so",
    "some",
    "such",
    "than",
    "that",
    "the",
    "their",
    "then",
    "there",
    "these",
    "they",
    "this",
    "to",
    "too",
    "try",
    "unable",
    "up",
    "warn",
    "warning",
    "was",
    "we",
    "were",
    "when",
    "where",
    "which",
    "while",
    "will",
    "with",
    "would",
    "you",
    "your",
];

/// Endings that are taken off, longest first; at least three letters must stay.
const ENDINGS: &[&str] =
    &["ations", "ation", "ions", "ings", "ion", "ing", "ies", "ied", "ed", "es", "s", "e", "y"];

/// The words that count, each under its stem.
pub(super) fn content(text: &str) -> BTreeMap<String, String> {
    split(text).into_iter().filter(|word| !is_filler(word)).map(|word| (stem(&word), word)).collect()
}

/// All words in order, lower case, nothing left out, in their smallest pieces.
pub(super) fn all_words(text: &str) -> Vec<String> {
    split(text)
}

/// Lower-case words: runs of letters and digits, cut before a capital that follows a small letter or digit, and before
/// the last capital of a run (`HTTPError` is `http error`).
fn split(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut word = String::new();
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            out.extend(take(&mut word));
            continue;
        }
        let before = at.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(at + 1);
        let starts_word = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase()
                    || b.is_numeric()
                    || (b.is_uppercase() && after.is_some_and(|a| a.is_lowercase()))
            });
        if starts_word {
            out.extend(take(&mut word));
        }
        word.extend(c.to_lowercase());
    }
    out.extend(take(&mut word));
    out
}

fn take(word: &mut String) -> Option<String> {
    (!word.is_empty()).then(|| std::mem::take(word))
}

/// Filler, a single letter, or a number too short to be a code.
fn is_filler(word: &str) -> bool {
    let length = word.chars().count();
    length < 2 || (length < 3 && word.chars().all(char::is_numeric)) || FILLER.binary_search(&word).is_ok()
}

fn stem(word: &str) -> String {
    if word.is_ascii() && word.bytes().all(|b| b.is_ascii_lowercase()) {
        for ending in ENDINGS {
            if let Some(root) = word.strip_suffix(ending).filter(|root| root.len() >= 3) {
                // `stopped`, `running`: the doubled letter belongs to the ending.
                let bytes = root.as_bytes();
                let doubled = matches!(*ending, "ed" | "ing" | "ings")
                    && bytes.len() > 3
                    && bytes[bytes.len() - 1] == bytes[bytes.len() - 2]
                    && !b"ls".contains(&bytes[bytes.len() - 1]);
                return root[..root.len() - usize::from(doubled)].to_owned();
            }
        }
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filler_words_are_sorted_for_the_search() {
        assert!(FILLER.is_sorted());
    }

    #[test]
    fn words_are_cut_at_punctuation_and_camel_case() {
        assert_eq!(
            split("PoolExhausted: HTTPError2 in db_pool-v2"),
            ["pool", "exhausted", "http", "error2", "in", "db", "pool", "v2"]
        );
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        for pair in [
            ("exhausted", "exhaustion"),
            ("connections", "connect"),
            ("running", "runs"),
            ("stopped", "stops"),
            ("queries", "query"),
            ("timeouts", "timeout"),
            ("refused", "refuses"),
        ] {
            assert_eq!(stem(pair.0), stem(pair.1), "{pair:?}");
        }
    }

    #[test]
    fn short_numbers_and_filler_do_not_count_but_codes_do() {
        let words: Vec<String> = content("all 8 of the slots, error 503").into_keys().collect();
        assert_eq!(words, ["503", "slot"]);
    }
}
