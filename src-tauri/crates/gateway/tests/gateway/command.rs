//! The program itself: users from the command line, a real process, a real kill.

use crate::support::{Answer, House, PASSWORD, action, actions, mappings, runbook, soon, yes};
use crate::target::Target;
use gateway::reqwest::{self, Client, Method};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

fn program(database: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdpoint-gateway"));
    command.env("HOLDPOINT_GATEWAY_DATABASE", format!("sqlite:{}", database.display()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn add_user(database: &Path, email: &str, role: &str) -> bool {
    let mut command = program(database);
    let mut child =
        command.args(["user", "add", email, "--role", role, "--password-stdin"]).spawn().expect("starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that refuses its arguments ends without reading; its exit code is what counts.
    let _ = stdin.write_all(format!("{PASSWORD}\n").as_bytes()).await;
    drop(stdin);
    soon(child.wait()).await.expect("ends").success()
}

/// Serves on a free port; the origin comes from the line it prints.
async fn serve(database: &Path) -> (Child, String) {
    let mut child = program(database).args(["serve", "--listen", "127.0.0.1:0"]).spawn().expect("starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let line = soon(lines.next_line()).await.expect("reads").expect("a line");
    let origin = line.strip_prefix("listening on ").expect("the line").to_owned();
    (child, origin)
}

/// A client in a process of its own: nobody else has chosen how TLS is done.
fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

async fn sign_in(origin: &str, email: &str) -> String {
    let form = [("username", email), ("password", PASSWORD)];
    let request = client().post(format!("{origin}/auth/login")).form(&form);
    let request = request.header("accept", "application/json").header("x-holdpoint-client", "test");
    let answer = Answer::read(soon(request.send()).await.expect("an answer")).await.expect(200);
    answer["access_token"].as_str().expect("a token").to_owned()
}

async fn call(origin: &str, token: &str, method: Method, path: &str, body: &Value) -> Answer {
    let path = path.replace("payments", "default");
    let request = client().request(method, format!("{origin}{path}")).bearer_auth(token).json(body);
    Answer::read(soon(request.header("prefer", "respond-async").send()).await.expect("an answer")).await
}

#[tokio::test]
async fn a_newcomer_adds_a_user_and_serves_and_a_signal_ends_it_well() {
    let dir = tempfile::tempdir().expect("a directory");
    let database = dir.path().join("gateway.db");
    assert!(add_user(&database, "owner@example.com", "owner").await);
    assert!(!add_user(&database, "owner@example.com", "owner").await, "an address is taken once");
    assert!(!add_user(&database, "x@example.com", "emperor").await);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&database).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let (mut child, origin) = serve(&database).await;
    let token = sign_in(&origin, "owner@example.com").await;
    let seen = call(&origin, &token, Method::GET, "/workflows", &Value::Null).await.expect(200);
    assert_eq!(seen[0]["id"], "default");
    let pid = child.id().expect("a pid").to_string();
    assert!(soon(Command::new("kill").args(["-TERM", &pid]).status()).await.expect("kills").success());
    assert!(soon(child.wait()).await.expect("ends").success());
    assert!(reqwest::get(format!("{origin}/health")).await.is_err());
}

#[tokio::test]
async fn f22_a_killed_gateway_loses_nothing_it_acknowledged_and_runs_nothing_twice() {
    let dir = tempfile::tempdir().expect("a directory");
    let database = dir.path().join("gateway.db");
    let target = Target::start().await;
    for (email, role) in [("owner@example.com", "owner"), ("machine@example.com", "machine")] {
        assert!(add_user(&database, email, role).await);
    }
    let (mut child, origin) = serve(&database).await;
    let owner = sign_in(&origin, "owner@example.com").await;
    let machine = sign_in(&origin, "machine@example.com").await;
    let entry = action(&target, "POST", "/slow", "medium");
    call(&origin, &owner, Method::PUT, &actions("slow"), &entry).await.expect(201);
    let mapping = json!({"error": "QueueStuck", "actions": ["slow"], "description": "x"});
    call(&origin, &owner, Method::POST, &mappings(""), &mapping).await.expect(201);
    let raised =
        call(&origin, &machine, Method::POST, &runbook("remediate"), &json!({"error": "QueueStuck"})).await;
    let id = raised.expect(200)["request_id"].as_str().expect("an id").to_owned();
    let path = runbook(&format!("approvals/{id}"));
    let approval = call(&origin, &owner, Method::GET, &path, &Value::Null).await.expect(200);
    let body = yes(&approval["approval_request"]);
    call(&origin, &owner, Method::POST, &runbook("remediate/approve"), &body).await.expect(202);
    target.reached(1).await;
    soon(child.kill()).await.expect("kills");
    let (_child, origin) = serve(&database).await;
    let after = call(&origin, &owner, Method::GET, &path, &Value::Null).await.expect(200);
    let after = &after["approval_request"];
    assert_eq!(
        (after["status"].as_str(), after["decided_by"].as_str()),
        (Some("interrupted"), Some("owner@example.com"))
    );
    let result =
        call(&origin, &owner, Method::GET, &format!("{path}/results/slow"), &Value::Null).await.expect(200);
    assert_eq!(result["status"], "unknown");
    assert_eq!(target.calls().len(), 1);
}

#[tokio::test]
async fn a_user_added_while_it_serves_can_sign_in_at_once() {
    let house = House::open().await;
    let database = house.config.database.strip_prefix("sqlite:").expect("a path").to_owned();
    assert!(add_user(Path::new(&database), "late@example.com", "viewer").await);
    let token = sign_in(&house.origin, "late@example.com").await;
    let request = client().get(format!("{}/workflows", house.origin)).bearer_auth(token);
    let seen = Answer::read(soon(request.send()).await.expect("an answer")).await.expect(200);
    assert_eq!(seen.as_array().expect("a list").len(), 2);
}

#[tokio::test]
async fn it_says_that_it_listens_only_when_it_does() {
    let dir = tempfile::tempdir().expect("a directory");
    let database = dir.path().join("gateway.db");
    let (_first, _) = serve(&database).await;
    for address in ["127.0.0.1:0", "0.0.0.0:0"] {
        let mut command = program(&database);
        let ended = soon(command.args(["serve", "--listen", address]).output()).await.expect("ends");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success(), "{said}");
        assert!(!said.contains("listening on http"), "{said}");
    }
}
