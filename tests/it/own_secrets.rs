//! Secrets are in memory or the keychain and nowhere else (rule 13, A17): canaries are looked for in every byte that the
//! console leaves behind or says.

use crate::support_caller::SOON;
use serde_json::json;
use std::path::{Path, PathBuf};
use support::account::PASSWORD;
use support::stage::{MACHINE, OWNER, PIPELINE, STUCK, Stage};
use support::{Account, Finished, Proxy, Run, Running, Seat, eventually};

/// A secret of the vault: only its name may be seen, only the target gets its value.
const VAULT: &str = "canary-vault-7f3a9c";
/// Secrets in places where nobody should have put them; each is of a known pattern.
const BEARER: &str = "canarybearer.7f3a9c5512";
const IN_TEXT: &str = "canary-in-text-55d1";
const IN_URL: &str = "canaryinurl90ab";

/// Every file below, whole. One that goes while we look is gone.
fn files(dir: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if let Ok(bytes) = std::fs::read(&path) {
            found.push((path, bytes));
        }
    }
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

/// None of `words` in what lies on disk.
fn nothing_on_disk(seat: &Seat, words: &[String]) {
    let mut found = Vec::new();
    files(&seat.data_dir(), &mut found);
    files(&seat.home().path(), &mut found);
    assert!(found.iter().any(|(path, bytes)| path.ends_with("decisions.db") && !bytes.is_empty()));
    for (path, bytes) in &found {
        for word in words {
            assert!(!holds(bytes, word), "{word} lies in {}", path.display());
        }
    }
}

/// None of `words` in what was said.
fn nothing_said(ended: &Finished, words: &[String]) {
    for word in words {
        assert!(!ended.stdout.contains(word.as_str()), "{word} was said: {}", ended.stdout);
        let line = ended.stderr.lines().find(|line| line.contains(word.as_str()));
        assert_eq!(line, None, "{word} was logged");
    }
}

/// Nor in the argument list of a running process.
fn nothing_in_argv(running: &Running, words: &[String]) {
    let line = std::fs::read(format!("/proc/{}/cmdline", running.pid().unwrap())).unwrap();
    assert!(!line.is_empty());
    for word in words {
        assert!(!holds(&line, word), "{word} stands in the argument list");
    }
}

#[tokio::test]
async fn rule_13_a17_passwords_and_tokens_are_nowhere_but_on_the_wire() {
    let stage = Stage::ready().await;
    let proxy = Proxy::start(stage.gateway.origin()).await;
    let seat = Seat::new(&proxy.origin(), OWNER);
    let loud = |args: &[&str]| seat.holdctl(["-v", "-v", "-v", "--json"]).args(args.iter().copied());
    let watch = loud(&["watch"]).spawn().await;
    eventually(SOON, async || {
        let states = support::seat::states(&watch.lines(support::Stream::Out));
        (states.last()? == "live").then_some(())
    })
    .await;
    let mut words = vec![PASSWORD.to_owned()];
    nothing_in_argv(&watch, &words);
    let id = stage.raise(STUCK).await;
    let mut said = vec![
        loud(&["login"]).output().await,
        loud(&["status"]).output().await,
        loud(&["show", &id]).output().await,
        loud(&["approve", &id, "--yes"]).output().await,
        loud(&["doctor"]).output().await,
        loud(&["history", "search", &id]).output().await,
    ];
    assert!(said.iter().all(|ended| ended.code == Some(0)), "{said:?}");
    said.push(watch.terminate().await);
    // A wrong password is a secret too: it is the right one elsewhere.
    let wrong = "canary-wrong-password";
    said.push(seat.holdctl_as(OWNER, wrong, ["-v", "-v", "-v", "status"]).output().await);
    // The password may come from standard input.
    let login =
        Run::holdctl(seat.home()).args(["-v", "-v", "-v", "--gateway", &proxy.origin(), "--email", OWNER]);
    said.push(login.args(["login", "--password-stdin"]).input(format!("{PASSWORD}\n")).output().await);
    assert_eq!(said.last().unwrap().code, Some(0), "{said:?}");

    let issued = proxy.tokens();
    assert!(issued.len() >= 2, "the test sees no tokens: it proves nothing");
    assert!(proxy.sent().contains("correct"), "the test sees no password: it proves nothing");
    words.push(wrong.to_owned());
    words.extend(["correct+horse+battery", "correct%20horse%20battery"].map(str::to_owned));
    words.extend(issued);
    for ended in &said {
        nothing_said(ended, &words);
    }
    nothing_on_disk(&seat, &words);
    // No secret travels in a URL: the word before the protocol of each request.
    let sent = proxy.sent();
    let urls = sent.split(" HTTP/1.1").filter_map(|before| before.rsplit([' ', '\n']).next());
    for url in urls.filter(|url| url.starts_with('/')) {
        assert!(words.iter().all(|word| !url.contains(word.as_str())), "{url}");
    }
}

#[tokio::test]
async fn rule_13_a_secret_of_the_vault_is_named_and_never_shown() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let (status, found) = stage
        .admin
        .post(
            &format!("/agentic/{PIPELINE}/runbook/discover/swagger"),
            &json!({"swagger_url": stage.target.openapi_url(), "service_name": "ledger", "secrets": {"ops": VAULT}}),
        )
        .await;
    assert_eq!(status, 200, "{found}");
    stage
        .put_action("unlock", |action| {
            action["secrets"] = json!(["ops"]);
            action["execution"]["security"] =
                json!([{"in": "header", "name": "x-ops-key", "scheme": "plain", "secret": "ops"}]);
        })
        .await;
    stage.map("VaultSealed", &["unlock"], "Unlock it").await;
    let watch = seat.watch().await;
    let id = stage.raise("VaultSealed").await;
    let shown = seat.ends(0, ["show", &id]).await;
    assert!(shown.stdout.contains("{secret:ops}"), "the card names the secret: {}", shown.stdout);
    let approved = seat.ends(0, ["-v", "-v", "-v", "--json", "approve", &id, "--yes"]).await;
    let sent = stage.target.calls().last().unwrap().headers["x-ops-key"].clone();
    assert_eq!(sent, VAULT, "only the target gets the value");
    let words = [VAULT.to_owned()];
    nothing_said(&shown, &words);
    nothing_said(&approved, &words);
    nothing_said(&watch.terminate().await, &words);
    nothing_on_disk(&seat, &words);
}

#[tokio::test]
async fn rule_13_a_secret_in_the_open_is_decided_on_and_not_stored() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    stage
        .put_action("careless", |action| {
            action["execution"]["headers"] = json!({"Authorization": format!("Bearer {BEARER}")});
            action["definition"] = json!(format!("Connects to postgres://ops:{IN_URL}@db.test/ledger"));
        })
        .await;
    stage.map("CarelessTrouble", &["careless"], "As it says").await;
    let watch = seat.watch().await;
    let machine = Account::sign_in(stage.gateway.origin(), MACHINE).await;
    let error = format!("CarelessTrouble: login failed with password={IN_TEXT}");
    let id = support::stage::raise(&machine, &error, json!({})).await;
    support::eventually(SOON, async || {
        watch.lines(support::Stream::Out).iter().any(|line| line.contains(&id)).then_some(())
    })
    .await;
    seat.ends(0, ["pending"]).await;
    seat.ends(0, ["show", &id]).await;
    assert_eq!(seat.json(0, ["approve", &id, "--yes"]).await["status"], "executed");
    // It was sent as it stands: redaction is of what is stored, never of what is done.
    assert_eq!(stage.target.calls().last().unwrap().headers["authorization"], format!("Bearer {BEARER}"));
    for list in [["runbooks", "list"], ["mappings", "list"]] {
        seat.ends(0, list).await;
    }
    // A reason is stored as well.
    let second = support::stage::raise(&machine, &error, json!({})).await;
    seat.ends(0, ["reject", &second, "--reason", &format!("the password={IN_TEXT} is in the log")]).await;
    let words = [BEARER, IN_TEXT, IN_URL].map(str::to_owned);
    nothing_said(&watch.terminate().await, &words);
    for search in ["CarelessTrouble", "password"] {
        nothing_said(&seat.ends(0, ["--json", "history", "search", search]).await, &words);
    }
    nothing_on_disk(&seat, &words);
    seat.ends(0, ["receipts", "verify"]).await;
    // And what was taken out says so.
    let history = seat.ends(0, ["--json", "history", "search", &id]).await;
    assert!(history.stdout.contains("[redacted]"), "{}", history.stdout);
}
