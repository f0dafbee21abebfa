//! Texts that try to be more than text (rule 11): each must reach a person visible and harmless.

/// Markup and script.
pub const HTML: &str = "<img src=x onerror=\"fetch('//evil.test')\"><b>approved</b><script>1</script>";
/// Colours, a cleared screen, a window title and a link, as terminals understand them.
pub const ANSI: &str =
    "\u{1b}[2J\u{1b}[32mall good\u{1b}[0m\u{1b}]0;owned\u{7}\u{1b}]8;;http://evil.test\u{1b}\\link";
/// An eight-bit control sequence introducer, a carriage return and a backspace that overwrite what stands there.
pub const CONTROLS: &str = "delete\rkeep  \u{9b}31m rm\u{8}\u{8}ls\u{0}\u{7f}";
/// Text that reads backwards from here on.
pub const BIDI: &str = "restart \u{202e}gnp.txt\u{202c} \u{2066}pool\u{2069}";
/// Characters that take no room and split a word.
pub const ZERO_WIDTH: &str = "pay\u{200b}ments\u{200d}-\u{feff}db\u{2060}\u{ad}";
/// Line and paragraph separators of Unicode: Zl and Zp.
pub const SEPARATORS: &str = "first\u{2028}second\u{2029}third";
/// Letters of another script that look like ours.
pub const HOMOGLYPH: &str = "р\u{430}yments";

/// All of them.
pub const ALL: [&str; 7] = [HTML, ANSI, CONTROLS, BIDI, ZERO_WIDTH, SEPARATORS, HOMOGLYPH];

/// The characters that must never reach a terminal raw: each of the texts above that has any is told by one.
pub fn raw_in(text: &str) -> Vec<char> {
    text.chars().filter(|c| domain::escape::is_hostile(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_11_every_control_text_holds_what_must_not_get_through() {
        for text in [ANSI, CONTROLS, BIDI, ZERO_WIDTH, SEPARATORS] {
            assert!(!raw_in(text).is_empty(), "{text:?}");
        }
        assert!(raw_in(HTML).is_empty());
    }
}
