//! One cell of a CSV table (RFC 4180) that no spreadsheet takes for a formula. Pure.

use domain::escape;

/// What makes a spreadsheet calculate instead of show.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The cell: always quoted; a text that would be a formula gets an apostrophe in front, hostile characters are made
/// visible.
pub(super) fn cell(text: &str) -> String {
    let shown = escape::visible(text).text;
    // Blanks in front are skipped by some programs; full-width signs are read as the plain ones by others.
    let first = text.trim_start_matches([' ', '\u{a0}', '\u{3000}', '\n']).chars().next();
    let formula = first.is_some_and(|c| FORMULA.contains(&c) || matches!(c, '＝' | '＋' | '－' | '＠'));
    let mark = if formula { "'" } else { "" };
    format!("\"{mark}{}\"", shown.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_a_text_and_anything_else_is_itself() {
        for bad in ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1", "=HYPERLINK(\"http://x\",\"y\")"]
        {
            let made = cell(bad);
            assert!(made.starts_with("\"'"), "{made}");
        }
        for good in ["", "plain", "a=b", "2026-01-01T00:00:00Z", "1,5"] {
            assert_eq!(cell(good), format!("\"{good}\""));
        }
        assert_eq!(cell("say \"no\""), "\"say \"\"no\"\"\"");
        assert_eq!(cell("two\nlines"), "\"two\nlines\"", "a line end inside quotes is a line end");
        assert!(!cell("a\u{202e}b").contains('\u{202e}'), "hostile characters are made visible");
    }
}
