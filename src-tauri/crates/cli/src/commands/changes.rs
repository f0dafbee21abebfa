//! What has changed of a request since it was shown here, told with the refusal to decide it (rule 3).

use crate::exit::{Exit, Stop};
use crate::gate::Gate;
use domain::{Difference, PipelineId, RequestKey};
use engine::{Answer, Code, Query};
use std::fmt::Write;

/// Longest value that is printed whole, in characters.
const LONGEST: usize = 400;

/// Adds the differences to a refusal that says "changed"; any other is left as it is. What cannot be read is not told.
pub(crate) async fn explained(
    gate: &Gate,
    key: RequestKey,
    pipeline: Option<PipelineId>,
    stop: Stop,
) -> Stop {
    if stop.exit != Exit::Conflict || stop.code != Code::Changed.word() {
        return stop;
    }
    match gate.console.query(Query::SincePrinted { key, pipeline }).await {
        Ok(Answer::Differences(Some(differences))) if !differences.is_empty() => {
            Stop { message: format!("{}\n{}", stop.message, told(&differences)), ..stop }
        }
        _ => stop,
    }
}

fn told(differences: &[Difference]) -> String {
    let mut text = String::from("What differs from what was shown here:");
    for Difference { field, before, after } in differences {
        let value = |value: &Option<String>| match value {
            Some(value) => cut(value),
            None => "(not there)".to_owned(),
        };
        let _ = write!(text, "\n  {field}\n    was {}\n    is  {}", value(before), value(after));
    }
    text
}

/// One line: what is longer than [`LONGEST`] is cut, and says so.
fn cut(value: &str) -> String {
    let line = domain::escape::one_line(value);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} (cut; `holdctl show` has it whole)", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_3_each_field_stands_with_what_it_was_and_what_it_is() {
        let differences = [
            Difference {
                field: "restart: url".into(),
                before: Some("http://a".into()),
                after: Some("http://b".into()),
            },
            Difference { field: "check: host".into(), before: Some("db1\nx".into()), after: None },
        ];
        let text = told(&differences);
        assert!(text.contains("restart: url\n    was http://a\n    is  http://b"), "{text}");
        assert!(text.contains("is  (not there)") && !text.contains("db1\nx"), "{text}");
    }
}
