//! `holdctl login`.

use crate::args::Args;
use crate::exit::{Exit, Stop};
use crate::gate::Gate;
use crate::out::Out;
use crate::place;
use engine::Purpose;
use serde_json::json;
use std::io::{BufRead, IsTerminal};

/// Signs in and says whether the session is kept.
pub(crate) async fn run(args: &Args, password_stdin: bool, out: &Out) -> Result<Exit, Stop> {
    let email =
        args.email.clone().ok_or_else(|| Stop::usage("Say who signs in: --email or HOLDPOINT_EMAIL."))?;
    let password = password(&email, password_stdin)?;
    let gate = Gate::open(args, Purpose::Read).await?;
    let who = gate.sign_in(email, password).await?;
    let origin = gate.view().await?.origin;
    // Beside a running console the session lives there; alone and without a keychain it ends with this program.
    let kept = match (&who.not_kept, gate.console.owns()) {
        (None, _) => json!("keychain"),
        (Some(_), false) => json!("running console"),
        (Some(_), true) => json!("this run only"),
    };
    out.print(&json!({"email": who.email, "gateway": origin, "kept": kept, "note": who.not_kept}), || {
        let mut text = format!("Signed in to {origin} as {}.", who.email);
        match (&who.not_kept, gate.console.owns()) {
            (None, _) => text.push_str(" The session is kept in the keychain."),
            (Some(_), false) => text.push_str(" The session lives as long as the running console."),
            (Some(why), true) => text.push_str(&format!(
                "\nThe session ends with this command: {why}\nIn scripts set HOLDPOINT_EMAIL and HOLDPOINT_PASSWORD, or sign in beside a running `holdctl watch`."
            )),
        }
        text
    });
    gate.console.close().await;
    Ok(Exit::Done)
}

fn password(email: &str, from_stdin: bool) -> Result<String, Stop> {
    let unreadable = |error: std::io::Error| Stop::usage(format!("The password could not be read: {error}"));
    if from_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(unreadable)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    match place::password() {
        Some(password) => Ok(password),
        None if std::io::stdin().is_terminal() => {
            rpassword::prompt_password(format!("Password of {email}: ")).map_err(unreadable)
        }
        None => Err(Stop::usage(
            "No password: set HOLDPOINT_PASSWORD, pass --password-stdin, or run it in a terminal.",
        )),
    }
}
