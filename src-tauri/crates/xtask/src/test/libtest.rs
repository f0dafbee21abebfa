//! Reading what `cargo test` prints, for machines without cargo-nextest and for doc tests.
//!
//! Only lines that libtest writes itself count; they start at the margin.

use super::tally::Tally;

/// Takes one line of output in.
pub(super) fn read(line: &str, tally: &mut Tally) {
    if let Some(numbers) = line.strip_prefix("test result: ") {
        tally.passed += number(numbers, " passed");
        tally.skipped += number(numbers, " ignored");
    } else if let Some(test) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
        tally.failures.push(test.to_owned());
    }
}

fn number(text: &str, unit: &str) -> usize {
    text.split(['.', ';'])
        .find_map(|part| part.strip_suffix(unit))
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_binaries_add_up_and_failures_are_named() {
        let output = "running 3 tests\n\
            test a::one ... ok\n\
            test a::two ... FAILED\n\
            test src/lib.rs - thing (line 3) ... FAILED\n\
            test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            \x20test result: ok. 99 passed; 0 failed\n\
            test result: ok. 14 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        let mut tally = Tally::default();
        output.lines().for_each(|line| read(line, &mut tally));
        assert_eq!((tally.passed, tally.skipped), (15, 2));
        assert_eq!(tally.failures, ["a::two", "src/lib.rs - thing (line 3)"]);
    }
}
