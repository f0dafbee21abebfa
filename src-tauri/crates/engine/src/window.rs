//! What crosses between the window and its shell besides the engine's own commands and views. The values only: opening
//! windows, trays and gateways is the shell's.

use crate::command::Command;
use crate::view::AppView;
use domain::RequestKey;
use serde::{Deserialize, Serialize};

/// What the window may ask for: something of the shell, or of the engine.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum Wish {
    /// The shell does it.
    Shell(ShellCommand),
    /// The engine does it.
    Engine(Command),
}

/// What only the shell can do. Each answers [`crate::Answer::Gateway`], or [`crate::Answer::Done`] for an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ShellCommand {
    /// Starts the gateway that is built in, signs in and connects; from then on it starts with the app.
    StartHere,
    /// Plays the rehearsed incident in a data directory of its own and shows that one.
    Rehearse,
    /// Ends the rehearsal and shows the real console again.
    EndRehearsal,
    /// Opens a web address in the person's browser, because they chose it.
    OpenLink {
        /// `https` or `http`, without a password in it.
        url: String,
    },
    /// Ends the app: the only way where there is no tray.
    Quit,
}

/// The engine's view and what the shell knows, in one object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct WindowView {
    /// The engine's.
    #[serde(flatten)]
    pub app: AppView,
    /// Which console this is.
    pub realm: Realm,
    /// What becomes of the window when it is closed.
    pub closing: Closing,
    /// Whether a notification can be shown.
    pub notifying: Notifying,
    /// The request a person asked to see from outside the window; `None` if there was none yet.
    pub asked: Option<Asked>,
}

/// Which console is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Realm {
    /// The real one.
    #[default]
    Own,
    /// A rehearsal: marked, and counted nowhere.
    Rehearsal,
}

impl Realm {
    /// Whether the window may give this command to the console it shows. A rehearsal is thrown away with all that was
    /// decided in it, so no other gateway belongs into it; the built-in one is the app's own to make known.
    pub fn takes(self, command: &Command) -> bool {
        match command {
            Command::Host { .. } => false,
            Command::AddGateway { .. } => self == Realm::Own,
            _ => true,
        }
    }
}

/// What becomes of the window when it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// It goes; the tray stays.
    ToTray,
    /// It is minimised: this desktop shows no tray icons.
    Minimises,
}

/// Whether a notification can be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Notifying {
    /// As far as is known.
    Ready,
    /// The last one could not be shown.
    Unable {
        /// Why, for a person.
        why: String,
    },
}

/// A request that a person asked to see, from a notification or the tray.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Asked {
    /// Which.
    pub key: RequestKey,
    /// Grows with each time: the same request may be asked for twice.
    pub nth: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(json: &str) -> Wish {
        serde_json::from_str(json).expect("a wish")
    }

    #[test]
    fn a_wish_is_the_shells_or_the_engines_by_its_word() {
        assert!(matches!(wish(r#"{"do":"start_here"}"#), Wish::Shell(ShellCommand::StartHere)));
        assert!(matches!(wish(r#"{"do":"rehearse"}"#), Wish::Shell(ShellCommand::Rehearse)));
        let engine = wish(r#"{"do":"add_gateway","address":"localhost:8081"}"#);
        assert!(matches!(engine, Wish::Engine(Command::AddGateway { .. })));
        assert!(serde_json::from_str::<Wish>(r#"{"do":"decide"}"#).is_err());
    }

    #[test]
    fn rules_1_10_no_other_gateway_comes_into_a_rehearsal_whose_decisions_are_thrown_away() {
        let add = Command::AddGateway { address: "https://prod.example".into() };
        assert!(Realm::Own.takes(&add) && !Realm::Rehearsal.takes(&add));
        assert!(Realm::Rehearsal.takes(&Command::Connect { gateway: domain::GatewayId(uuid::Uuid::nil()) }));
    }

    #[test]
    fn the_windows_view_is_the_engines_with_the_shells_fields_beside_it() {
        let view = WindowView {
            app: AppView { open: 3, ..AppView::default() },
            realm: Realm::Rehearsal,
            closing: Closing::ToTray,
            notifying: Notifying::Ready,
            asked: None,
        };
        let json = serde_json::to_value(&view).expect("serialises");
        assert_eq!((&json["open"], &json["realm"]), (&3.into(), &"rehearsal".into()));
    }
}
