//! How near an error is to a mapping: 0 (the same) to 1 (nothing in common), always for a reason that can be told.
//!
//! Three steps, from sure to vague. The *same* text: 0. The mapping's name *contained* as words in the error: 0.05 to
//! 0.2, nearer the more of the error it covers. *Shared words* with the name and description: 0.3 and up, under 0.5
//! only where at least two words agree and the cosine of the word sets reaches [`MEDIUM_FROM`]. So words alone never
//! give high confidence, and never run anything unasked (CONTRACT 1a). No I/O, no learning, no state.

mod words;

use domain::registry::ErrorMapping;
use serde::Serialize;
use std::collections::BTreeMap;
use words::{all_words, content};

/// Cosine of the word sets from which a match by words counts as medium.
pub const MEDIUM_FROM: f64 = 0.6;

/// Bytes of an error that are looked at: its beginning names it, the rest is stack trace.
const MAX_LOOKED_AT: usize = 16 * 1024;

/// The nearest mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Match<'a> {
    /// The mapping.
    pub mapping: &'a ErrorMapping,
    /// 0 (same) to 1.
    pub distance: f64,
}

/// Why a mapping is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The same but for case and blanks.
    Same,
    /// The mapping's name stands in the error, as words.
    Contained,
    /// Some words agree.
    SharedWords,
}

/// A mapping, how near it is and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation<'a> {
    /// The mapping.
    pub mapping: &'a ErrorMapping,
    /// 0 (same) to 1.
    pub distance: f64,
    /// The step that decided.
    pub how: How,
    /// The words in common, as they stand in the error but in lower case.
    pub matched_words: Vec<String>,
}

/// The nearest of `mappings`; `None` when none has anything in common with `error`. Equally near ones go by name.
pub fn nearest<'a>(error: &str, mappings: &'a [ErrorMapping]) -> Option<Match<'a>> {
    let best = explain(error, mappings).into_iter().next()?;
    Some(Match { mapping: best.mapping, distance: best.distance })
}

/// All mappings that have something in common with `error`, nearest first, each with the reason.
pub fn explain<'a>(error: &str, mappings: &'a [ErrorMapping]) -> Vec<Explanation<'a>> {
    let error = Text::of(error);
    let mut found: Vec<_> = mappings.iter().filter_map(|mapping| compare(&error, mapping)).collect();
    found.sort_by(|a, b| {
        let name = |e: &Explanation<'a>| (&e.mapping.error, &e.mapping.description, &e.mapping.actions);
        a.distance.total_cmp(&b.distance).then_with(|| name(a).cmp(&name(b)))
    });
    found
}

/// Words by stem.
type Words = BTreeMap<String, String>;

/// An error, taken apart once for all mappings.
struct Text {
    normal: String,
    tokens: Vec<String>,
    words: Words,
    first_line: Words,
}

impl Text {
    fn of(error: &str) -> Self {
        let mut end = error.len().min(MAX_LOOKED_AT);
        while !error.is_char_boundary(end) {
            end -= 1;
        }
        let head = &error[..end];
        let first_line = head.trim_start().lines().next().unwrap_or_default();
        Self {
            normal: normal(error),
            tokens: all_words(head),
            words: content(head),
            first_line: content(first_line),
        }
    }
}

fn compare<'a>(error: &Text, mapping: &'a ErrorMapping) -> Option<Explanation<'a>> {
    let name = content(&mapping.error);
    let mut all = name.clone();
    all.extend(content(mapping.description.as_deref().unwrap_or_default()));
    let shared = || error.words.iter().filter(|(stem, _)| all.contains_key(*stem));
    let explanation = |distance, how| Explanation {
        mapping,
        distance,
        how,
        matched_words: shared().map(|(_, word)| word.clone()).collect(),
    };

    if !error.normal.is_empty() && error.normal == normal(&mapping.error) {
        return Some(explanation(0.0, How::Same));
    }
    if !name.is_empty()
        && let Some(covered) = contained(&all_words(&mapping.error).concat(), &error.tokens)
    {
        return Some(explanation(0.05 + 0.15 * (1.0 - covered), How::Contained));
    }
    let count = shared().count();
    if count == 0 {
        return None;
    }
    let sets =
        [(&error.words, &name), (&error.words, &all), (&error.first_line, &name), (&error.first_line, &all)];
    let similarity = sets.into_iter().map(|(a, b)| cosine(a, b)).fold(0.0, f64::max);
    let distance = by_words(similarity);
    // One word in common is a hint at most.
    let distance = if count < 2 { distance.max(0.5) } else { distance };
    Some(explanation(distance, How::SharedWords))
}

/// The share of the error's tokens that the name covers, if its letters stand in the error as whole tokens in a row.
/// `PoolExhausted`, `pool exhausted` and `pool-exhausted` are the same row.
fn contained(name: &str, tokens: &[String]) -> Option<f64> {
    if name.is_empty() {
        return None;
    }
    (0..tokens.len()).find_map(|start| {
        let mut left = name;
        for (taken, token) in tokens[start..].iter().enumerate() {
            left = left.strip_prefix(token.as_str())?;
            if left.is_empty() {
                return Some((taken + 1) as f64 / tokens.len() as f64);
            }
        }
        None
    })
}

/// Straight lines: 1 gives 0.3, [`MEDIUM_FROM`] gives 0.5, 0 gives 1.
fn by_words(similarity: f64) -> f64 {
    if similarity >= MEDIUM_FROM {
        0.5 - 0.2 * ((similarity - MEDIUM_FROM) / (1.0 - MEDIUM_FROM)).min(1.0)
    } else {
        1.0 - 0.5 * (similarity / MEDIUM_FROM)
    }
}

/// Cosine of two word sets (each word counts once).
fn cosine(a: &Words, b: &Words) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    a.keys().filter(|stem| b.contains_key(*stem)).count() as f64 / ((a.len() * b.len()) as f64).sqrt()
}

/// Lower case, runs of blanks as one.
fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests;
