//! The three commands of the window. Errors cross as `{code, message}`, also those of a command that cannot be read.

use crate::desk::{Desk, Mail};
use engine::command::{Answer, Code, Query, Refused};
use engine::window::{WindowView, Wish};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tauri::State;
use tokio::sync::oneshot;

/// Changes something.
#[tauri::command]
pub(crate) async fn dispatch(desk: State<'_, Desk>, command: Value) -> Result<Answer, Refused> {
    let wish: Wish = read(command)?;
    ask(&desk, |reply| Mail::Wish { wish, reply }).await?
}

/// The whole view, now.
#[tauri::command]
pub(crate) async fn view(desk: State<'_, Desk>) -> Result<WindowView, Refused> {
    ask(&desk, |reply| Mail::View { reply }).await?
}

/// Asks without changing anything.
#[tauri::command]
pub(crate) async fn query(desk: State<'_, Desk>, query: Value) -> Result<Answer, Refused> {
    let query: Query = read(query)?;
    ask(&desk, |reply| Mail::Query { query, reply }).await?
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Refused> {
    // The error may quote what was sent, and that may be a password.
    serde_json::from_value(value)
        .map_err(|_| Refused::new(Code::Usage, "The window asked for something this build does not know."))
}

async fn ask<T>(desk: &Desk, mail: impl FnOnce(oneshot::Sender<T>) -> Mail) -> Result<T, Refused> {
    let (reply, answer) = oneshot::channel();
    desk.tell(mail(reply));
    answer.await.map_err(|_| Refused::new(Code::Ended, "Holdpoint is ending."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rule_13_what_cannot_be_read_is_refused_without_quoting_it() {
        let refused = read::<Wish>(json!({"do": "sign_in", "password": "hunter2"})).err().expect("refused");
        assert_eq!(refused.code, Code::Usage);
        assert!(!refused.message.contains("hunter2"));
    }
}
