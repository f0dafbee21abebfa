//! Web addresses that a person chose to open in their browser. Owns what may be opened; the page only asks.

use engine::command::{Code, Refused};
use tauri::Url;

/// Opens it.
pub(crate) fn open(text: &str) -> Result<(), Refused> {
    let url = allowed(text).ok_or_else(|| refused("Only a web address can be opened, and this is none."))?;
    open::that_detached(url.as_str())
        .map_err(|error| refused(&format!("{url} could not be opened ({error}). Copy it instead.")))
}

/// Nothing but the web: other schemes start programs. An address with a password in it looks like another one (A5).
fn allowed(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "https" | "http") && plain && url.has_host()).then_some(url)
}

fn refused(sentence: &str) -> Refused {
    Refused::new(Code::Usage, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a5_only_plain_web_addresses_are_opened() {
        assert!(allowed("https://status.example.com/incident/7?x=1").is_some());
        for bad in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "ssh://host",
            "https://good.example@evil.example/",
            "vscode://x",
            "//evil.example",
            "",
        ] {
            assert!(allowed(bad).is_none(), "{bad}");
        }
    }
}
