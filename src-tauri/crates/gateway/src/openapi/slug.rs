//! Names fit for an id: lower-case ASCII letters, digits and single dashes.

use std::collections::BTreeMap;

/// Characters an id made here has at most, before a number that makes it unique.
const MAX_CHARS: usize = 120;

/// `restartPool` is `restart-pool`, `GET /pools/{id}` is `get-pools-id`; empty if nothing is left.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    let chars: Vec<char> = text.chars().take(1_000).collect();
    for (at, &c) in chars.iter().enumerate() {
        let next_is_small = chars.get(at + 1).is_some_and(char::is_ascii_lowercase);
        let starts_word = c.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && next_is_small));
        if (starts_word || !c.is_ascii_alphanumeric()) && !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        }
        before = c;
        if out.len() >= MAX_CHARS {
            break;
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// The names that were given out, each with the number that comes next.
#[derive(Debug, Default)]
pub(super) struct Taken(BTreeMap<String, u32>);

impl Taken {
    /// `wanted`, or with the first free number from 2.
    pub(super) fn unique(&mut self, wanted: String) -> String {
        let mut name = wanted.clone();
        while self.0.contains_key(&name) {
            let next = self.0.entry(wanted.clone()).or_insert(2);
            name = format!("{wanted}-{next}");
            *next += 1;
        }
        self.0.insert(name.clone(), 2);
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_ids() {
        for (text, id) in [
            ("restartPool", "restart-pool"),
            ("getHTTPStatus", "get-http-status"),
            ("post /pools/{id}/restart", "post-pools-id-restart"),
            ("repos/list-for-user", "repos-list-for-user"),
            ("Überprüfen", "berpr-fen"),
            ("日本", ""),
        ] {
            assert_eq!(slug(text), id);
        }
        assert!(slug(&"ab".repeat(1_000)).len() <= MAX_CHARS);
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let mut taken = Taken::default();
        let names: Vec<_> = ["a", "a", "a-2", "a"].map(|name| taken.unique(name.into())).into();
        assert_eq!(names, ["a", "a-2", "a-2-2", "a-3"]);
    }
}
