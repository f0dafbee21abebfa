//! Hostile text made visible (rule 11): every character of Unicode Cc, Cf, Zl or Zp but newline and tab is shown as
//! `⟨U+XXXX⟩` and counted, so that nothing can reorder, hide or colour what a person reads.

use std::borrow::Cow;
use std::fmt::Write;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// A text fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Safe to print.
    pub text: Cow<'a, str>,
    /// How many characters had to be made visible.
    pub hidden: usize,
}

/// Is this a character that must not reach a terminal or a screen raw?
pub fn is_hostile(c: char) -> bool {
    !matches!(c, '\n' | '\t')
        && matches!(
            c.general_category(),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}

/// Makes every hostile character visible.
pub fn visible(text: &str) -> Shown<'_> {
    if !text.chars().any(is_hostile) {
        return Shown { text: Cow::Borrowed(text), hidden: 0 };
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut hidden = 0;
    for c in text.chars() {
        if is_hostile(c) {
            hidden += 1;
            // Writing to a String cannot fail.
            let _ = write!(out, "⟨U+{:04X}⟩", c as u32);
        } else {
            out.push(c);
        }
    }
    Shown { text: Cow::Owned(out), hidden }
}

/// The same on one line: newline and tab become visible too. For table cells and headings.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).text.chars() {
        match c {
            '\n' => out.push('⏎'),
            '\t' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The visible characters of a name that are not ASCII, each once and with its code point; `None` if there are none. A
/// letter of another script can look like one of ours (A3).
pub fn beyond_ascii(name: &str) -> Option<String> {
    let mut seen = Vec::new();
    for c in name.chars().filter(|c| !c.is_ascii() && !is_hostile(*c)) {
        if !seen.contains(&c) {
            seen.push(c);
        }
    }
    let told: Vec<String> = seen.into_iter().map(|c| format!("{c} U+{:04X}", c as u32)).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// Serialised JSON in which hostile characters stand as `\uXXXX`: the same value, safe to print.
pub fn json(serialised: &str) -> Cow<'_, str> {
    if !serialised.chars().any(is_hostile) {
        return Cow::Borrowed(serialised);
    }
    let mut out = String::with_capacity(serialised.len() + 16);
    let mut units = [0u16; 2];
    for c in serialised.chars() {
        if is_hostile(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rule_11_ansi_bidi_and_zero_width_are_shown_and_counted() {
        let shown = visible("ok\u{1b}[31m\u{202e}evil\u{200b}\u{2028}\nnext\t.");
        assert_eq!(shown.text, "ok⟨U+001B⟩[31m⟨U+202E⟩evil⟨U+200B⟩⟨U+2028⟩\nnext\t.");
        assert_eq!(shown.hidden, 4);
    }

    #[test]
    fn a3_letters_that_look_like_ours_are_told_by_their_code_points() {
        assert_eq!(
            beyond_ascii("\u{440}\u{430}yments \u{430}").as_deref(),
            Some("\u{440} U+0440, \u{430} U+0430")
        );
        assert_eq!(beyond_ascii("payments-db\u{202e}"), None);
    }

    proptest! {
        #[test]
        fn rule_11_no_text_gets_through_raw(text in "\\PC*|[\\x00-\\x{10ffff}]*") {
            prop_assert!(!visible(&text).text.chars().any(is_hostile));
            let line = one_line(&text);
            prop_assert!(!line.chars().any(|c| is_hostile(c) || c == '\n' || c == '\t'));
        }

        #[test]
        fn rule_11_json_is_made_safe_without_changing_its_value(text in "[\\x00-\\x{10ffff}]*") {
            let serialised = serde_json::to_string(&text).expect("a string");
            let safe = json(&serialised);
            prop_assert!(!safe.chars().any(is_hostile));
            prop_assert_eq!(serde_json::from_str::<String>(&safe).expect("same"), text);
        }
    }
}
