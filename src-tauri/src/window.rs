//! The one window: made on demand, denied to go anywhere, closed or minimised. What it shows is the page's.

use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Emitter, Manager, Url, WebviewWindowBuilder};

use engine::window::WindowView;

/// Its name in the configuration.
const LABEL: &str = "main";
/// The page's proxy: a port that nobody can listen on. The page asks for nothing over the network; what its engine does by
/// itself, as looking up a name or connecting before a navigation is denied, ends here (A5).
const NOWHERE: &str = "http://127.0.0.1:0";

/// Brings it to the front, making it if there is none. Not to be called from within an event of the framework.
pub(crate) fn bring_up(app: &AppHandle) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        window.unminimize()?;
        window.show()?;
        return window.set_focus();
    }
    let config = app.config().app.windows.iter().find(|config| config.label == LABEL);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    let mut builder = WebviewWindowBuilder::from_config(app, config)?;
    // In development the page comes from a server.
    if !cfg!(dev)
        && let Ok(nowhere) = Url::parse(NOWHERE)
    {
        builder = builder.proxy_url(nowhere);
    }
    builder
        .on_navigation(|url| {
            let own = is_own(url);
            if !own {
                tracing::warn!(%url, "the page was kept from going elsewhere");
            }
            own
        })
        .on_new_window(|url, _| {
            tracing::warn!(%url, "the page was kept from opening a window");
            NewWindowResponse::Deny
        })
        .build()?;
    Ok(())
}

/// Ends it, and with it the page's process.
pub(crate) fn end(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.destroy()
    {
        tracing::warn!(%error, "the window could not be closed");
    }
}

/// Puts it away where there is no tray to bring it back from.
pub(crate) fn minimise(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.minimize()
    {
        tracing::warn!(%error, "the window could not be minimised");
    }
}

/// Tells the page the whole view. Without a page nobody hears it: a new one asks.
pub(crate) fn tell(app: &AppHandle, view: &WindowView) {
    if let Err(error) = app.emit_to(LABEL, "view", view) {
        tracing::debug!(%error, "the page was not told");
    }
}

/// Our own page, and in development the server that serves it.
fn is_own(url: &Url) -> bool {
    match (url.scheme(), url.host_str()) {
        ("tauri", Some("localhost")) => true,
        ("http", Some("localhost")) => cfg!(dev) && url.port() == Some(5173),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a5_only_our_own_page_may_be_gone_to() {
        let own = |url: &str| is_own(&Url::parse(url).expect("an address"));
        assert!(own("tauri://localhost/index.html"));
        for foreign in [
            "https://evil.example/",
            "tauri://evil.example/",
            "http://localhost/",
            "data:text/html,x",
            "file:///etc/passwd",
            "about:blank",
        ] {
            assert!(!own(foreign), "{foreign}");
        }
    }
}
