//! Text from the platform is hostile on its way to a terminal (rule 11, A3), in both forms.

use crate::platform_desk::{Desk, LINE};
use serde_json::Value;
use support::platform::Action;
use support::{Stream, hostile};

#[tokio::test]
async fn rule_11_no_hidden_character_of_a_request_reaches_the_terminal_raw() {
    let desk = Desk::open().await;
    let error = hostile::ALL.join(" ");
    desk.platform.add_action(&desk.pipeline, Action::low("odd").saying(&error).on(hostile::BIDI));
    let mut watch = desk.watch().await;
    let request = desk.platform.raise(&desk.pipeline, &error, 0.41, &["odd"]);
    desk.platform.notice(&desk.pipeline, hostile::ANSI, hostile::ZERO_WIDTH);
    watch.wait_for(Stream::Out, LINE, |line| line.contains("approval_required")).await;
    let id = request.as_str();
    for command in
        [vec!["show", id], vec!["pending"], vec!["history", "search", "good"], vec!["runbooks", "list"]]
    {
        for json in [vec![], vec!["--json"]] {
            let ended = desk.read(command.iter().copied().chain(json.iter().copied())).await;
            assert_eq!(ended.code, Some(0), "{command:?}: {ended:?}");
            assert_eq!(hostile::raw_in(&(ended.stdout + &ended.stderr)), Vec::<char>::new(), "{command:?}");
        }
    }
    let watched = watch.terminate().await;
    assert_eq!(hostile::raw_in(&watched.stdout), Vec::<char>::new());
    let shown = desk.show(&request).await;
    assert_eq!(shown["error_message"], Value::from(error), "and as JSON nothing of it is lost");
}

#[tokio::test]
async fn rule_11_hidden_characters_are_counted_on_the_card() {
    let desk = Desk::open().await;
    let request = desk.platform.raise(&desk.pipeline, "dry\u{202e}\u{1b}[2J", 0.41, &["look"]);
    let card = desk.read(["show", request.as_str()]).await.stdout;
    assert!(card.contains("2 hidden characters") && card.contains("⟨U+202E⟩"), "{card}");
}
