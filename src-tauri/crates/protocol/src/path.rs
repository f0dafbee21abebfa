//! Path segments: ids and error names of any form, percent-encoded so that none of them can change a path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One path segment. `.` and `..` are encoded too; a URL parser swallows them even so, and an empty one makes another
/// path: whoever sends compares the path before and after, and refuses.
pub fn segment(text: &str) -> String {
    match text {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        text => utf8_percent_encode(text, SEGMENT).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_can_change_the_path() {
        assert_eq!(segment("a/b?c%d"), "a%2Fb%3Fc%25d");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment("APR-5c6be236f85a"), "APR-5c6be236f85a");
    }
}
