//! The tray icon and its menu: rule 9's five states by shape and colour, a mark when something waits. Owns how a view
//! looks there; what a click does is the desk's.

mod face;

use crate::desk::{Desk, Mail};
pub(crate) use face::Face;
use face::Shape;
use tauri::image::Image;
use tauri::include_image;
use tauri::menu::{Menu, MenuBuilder, MenuEvent, MenuItemBuilder};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager, Wry};

const ID: &str = "holdpoint";
const OPEN: &str = "open";
const QUIT: &str = "quit";
/// Stands before a request's key.
const REQUEST: &str = "request:";

/// Makes the icon; it shows "stale" until the first view.
pub(crate) fn make(app: &AppHandle) -> tauri::Result<()> {
    let face = Face::default();
    TrayIconBuilder::with_id(ID)
        .icon(picture(&face))
        .title("Holdpoint")
        .tooltip(&face.state)
        .menu(&menu(app, &face)?)
        .on_menu_event(|app, event| clicked(app, &event))
        .build(app)?;
    Ok(())
}

/// Makes it look like `face`.
pub(crate) fn show(app: &AppHandle, face: &Face) {
    let shown = || -> tauri::Result<()> {
        let Some(tray) = app.tray_by_id(ID) else { return Ok(()) };
        tray.set_icon(Some(picture(face)))?;
        tray.set_tooltip(Some(&face.state))?;
        tray.set_menu(Some(menu(app, face)?))
    };
    if let Err(error) = shown() {
        tracing::warn!(%error, "the tray could not be changed");
    }
}

fn menu(app: &AppHandle, face: &Face) -> tauri::Result<Menu<Wry>> {
    let line = |id: &str, text: &str| MenuItemBuilder::with_id(id, text).enabled(false).build(app);
    let mut menu =
        MenuBuilder::new(app).item(&line("state", &face.state)?).item(&line("pending", &face.pending)?);
    for (key, text) in &face.first {
        menu = menu.text(format!("{REQUEST}{key}"), text);
    }
    menu.separator().text(OPEN, "Open Holdpoint").text(QUIT, face.quit()).build()
}

fn clicked(app: &AppHandle, event: &MenuEvent) {
    let desk = app.state::<Desk>();
    match event.id().as_ref() {
        OPEN => desk.tell(Mail::Open(None)),
        QUIT => desk.tell(Mail::Quit),
        other => {
            // A request is named by its key, never by its place in the menu (rule 2).
            let key = other.strip_prefix(REQUEST).and_then(|key| serde_json::from_str(key).ok());
            if let Some(seen) = key {
                desk.tell(Mail::Open(Some(seen)));
            }
        }
    }
}

fn picture(face: &Face) -> Image<'static> {
    use face::Mark::{None, Pending};
    match (face.shape, face.mark) {
        (Shape::Live, None) => include_image!("../icons/tray/live.png"),
        (Shape::Live, Pending) => include_image!("../icons/tray/live-pending.png"),
        (Shape::CatchingUp, None) => include_image!("../icons/tray/catching-up.png"),
        (Shape::CatchingUp, Pending) => include_image!("../icons/tray/catching-up-pending.png"),
        (Shape::Stale, None) => include_image!("../icons/tray/stale.png"),
        (Shape::Stale, Pending) => include_image!("../icons/tray/stale-pending.png"),
        (Shape::SignIn, None) => include_image!("../icons/tray/sign-in.png"),
        (Shape::SignIn, Pending) => include_image!("../icons/tray/sign-in-pending.png"),
        (Shape::Refused, None) => include_image!("../icons/tray/refused.png"),
        (Shape::Refused, Pending) => include_image!("../icons/tray/refused-pending.png"),
    }
}
