//! Reading the JUnit records that cargo-nextest (`[profile.xtask.junit]` in `.config/nextest.toml`) and vitest write.
//!
//! Not an XML parser: both escape every `<` in names and outputs, so each tag in the file is one of their own.

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

/// `package::binary test::path`, or `file.test.ts path > of > it`, as they are named on the terminal.
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

    const RECORD_OF_THE_PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<testsuites name="vitest tests" tests="4" failures="2" errors="0" time="0.03">
    <testsuite name="test/card.test.ts" tests="3" failures="1" errors="0" skipped="1" time="0.03">
        <testcase classname="test/card.test.ts" name="a card &gt; says &lt;b&gt;" time="0.03">
            <failure message="expected 1 to be 2" type="AssertionError">
 ❯ test/card.test.ts:3:40
            </failure>
        </testcase>
        <testcase classname="test/card.test.ts" name="a card &gt; is left out" time="0">
            <skipped/>
        </testcase>
        <testcase classname="test/card.test.ts" name="a card &gt; is read" time="0.001">
            <system-out>
&lt;testcase name=&quot;x&quot;&gt;&lt;failure&gt;
            </system-out>
        </testcase>
    </testsuite>
    <testsuite name="test/lost.test.ts" tests="1" failures="1" errors="0" skipped="0" time="0">
        <testcase classname="test/lost.test.ts" name="test/lost.test.ts" time="0">
            <failure message="Failed to resolve import" type="Error"></failure>
        </testcase>
    </testsuite>
</testsuites>"#;

    #[test]
    fn the_pages_cases_and_files_that_do_not_load_are_counted_too() {
        let tally = read(RECORD_OF_THE_PAGE);
        assert_eq!((tally.passed, tally.skipped), (1, 1));
        assert_eq!(
            tally.failures,
            ["test/card.test.ts a card > says <b>", "test/lost.test.ts test/lost.test.ts"]
        );
    }

    #[test]
    fn an_empty_record_counts_nothing() {
        assert_eq!(read("<testsuites/>"), Tally::default());
    }
}
