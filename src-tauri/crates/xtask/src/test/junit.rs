//! Reading the JUnit record that cargo-nextest writes (`[profile.xtask.junit]` in `.config/nextest.toml`).
//!
//! Not an XML parser: nextest escapes every `<` in names and outputs, so each tag in the file is one of its own.

use super::tally::Tally;

/// Counts the test cases of a record.
pub(super) fn read(record: &str) -> Tally {
    let mut tally = Tally::default();
    for case in record.split("<testcase ").skip(1) {
        let body = case.split_once("</testcase>").map_or(case, |(body, _)| body);
        let head = body.split('>').next().unwrap_or_default();
        let (body, is_empty) = (&body[head.len()..], head.ends_with('/'));
        if is_empty {
            tally.passed += 1;
        } else if body.contains("<failure") || body.contains("<error") {
            tally.failures.push(name(head));
        } else if body.contains("<skipped") {
            tally.skipped += 1;
        } else {
            tally.passed += 1;
        }
    }
    tally
}

/// `package::binary test::path` as nextest names it on the terminal.
fn name(head: &str) -> String {
    let attribute = |key: &str| {
        let start = head.find(&format!("{key}=\""))? + key.len() + 2;
        head[start..].split('"').next()
    };
    let (binary, test) = (attribute("classname"), attribute(" name").or_else(|| attribute("name")));
    let whole = format!("{} {}", binary.unwrap_or("?"), test.unwrap_or("?"));
    whole
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="xtask" tests="4" failures="1" errors="1">
  <testsuite name="domain" tests="3" failures="1" errors="1">
    <testcase name="law::tests::a" classname="domain" time="0.1">
    </testcase>
    <testcase name="law::tests::b" classname="domain" time="0.1"/>
    <testcase name="law::tests::c&lt;T&gt;" classname="domain" time="0.1">
      <failure type="test failure">thread panicked: &lt;error&gt;</failure>
      <system-out>&lt;testcase name=&quot;fake&quot;&gt;</system-out>
    </testcase>
    <testcase name="d" classname="tests::it" time="300.0">
      <error type="test timeout"/>
    </testcase>
  </testsuite>
</testsuites>"#;

    #[test]
    fn each_case_is_counted_once_and_failures_are_named() {
        let tally = read(RECORD);
        assert_eq!(tally.passed, 2);
        assert_eq!(tally.failures, ["domain law::tests::c<T>", "tests::it d"]);
    }

    #[test]
    fn an_empty_record_counts_nothing() {
        assert_eq!(read("<testsuites/>"), Tally::default());
    }
}
