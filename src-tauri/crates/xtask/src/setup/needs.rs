//! The table of what is needed, for what, and what it is good for here. It installs nothing.

use super::Probe::{self, CargoCommand, Library, Package, Program};
use super::Purpose::{self, Build, Check, Play};
use super::Source;

/// One thing that is needed.
pub(super) struct Need {
    /// Its name, as it is told.
    pub(super) what: &'static str,
    /// What it is good for.
    pub(super) why: &'static str,
    pub(super) present: Probe,
    pub(super) source: Source,
    purpose: Purpose,
}

/// What `purpose` needs on this system.
pub(super) fn of(purpose: Purpose) -> impl Iterator<Item = &'static Need> {
    let desktop: &[Need] = if cfg!(target_os = "linux") { &LINUX } else { &[] };
    EVERYWHERE.iter().chain(desktop).filter(move |need| need.purpose <= purpose)
}

const fn apt(purpose: Purpose, package: &'static str, why: &'static str, present: Probe) -> Need {
    Need { what: package, why, present, source: Source::Apt(package), purpose }
}

const fn rustup(purpose: Purpose, component: &'static str, why: &'static str, present: Probe) -> Need {
    Need { what: component, why, present, source: Source::Rustup(component), purpose }
}

static EVERYWHERE: [Need; 4] = [
    apt(
        Build,
        "build-essential",
        "SQLite and ring are compiled from source",
        Program(&["cc", "gcc", "clang"]),
    ),
    rustup(Check, "rustfmt", "the format is checked", CargoCommand("fmt")),
    rustup(Check, "clippy", "the lints are checked", CargoCommand("clippy")),
    Need {
        what: "Node.js 20.19 or newer with npm",
        why: "the window's page is built with it",
        present: Probe::Node,
        source: Source::Node,
        purpose: Build,
    },
];

/// Installed by their Debian names.
static LINUX: [Need; 32] = [
    apt(Build, "pkg-config", "the window's libraries are found by it", Program(&["pkg-config"])),
    apt(Build, "libwebkit2gtk-4.1-dev", "the window shows a page", Library("webkit2gtk-4.1")),
    apt(Build, "libjavascriptcoregtk-4.1-dev", "the page's scripts", Library("javascriptcoregtk-4.1")),
    apt(Build, "libsoup-3.0-dev", "the page is handed over by it", Library("libsoup-3.0")),
    apt(Build, "libgtk-3-dev", "the window itself", Library("gtk+-3.0")),
    apt(Build, "libayatana-appindicator3-dev", "the icon in the tray", Library("ayatana-appindicator3-0.1")),
    apt(Build, "librsvg2-dev", "the window library draws icons by it", Library("librsvg-2.0")),
    apt(Build, "librsvg2-bin", "icons are made from their drawings", Program(&["rsvg-convert"])),
    apt(Build, "libdbus-1-dev", "the tray speaks D-Bus", Library("dbus-1")),
    apt(Build, "xdg-utils", "links open in the person's browser", Program(&["xdg-open"])),
    apt(Build, "file", "packages are made with it", Program(&["file"])),
    apt(Build, "patchelf", "packages are made with it", Program(&["patchelf"])),
    apt(Play, "xvfb", "a display where there is no screen", Program(&["Xvfb"])),
    apt(Play, "openbox", "a window manager on that display", Program(&["openbox"])),
    apt(Play, "dbus", "a session bus of its own for every window", Program(&["dbus-run-session"])),
    apt(Play, "imagemagick", "pictures of the window", Program(&["import", "magick"])),
    apt(Play, "fonts-dejavu-core", "letters where no font is installed", Package("fonts-dejavu-core")),
    apt(Play, "adwaita-icon-theme", "the window's own buttons and pointers", Package("adwaita-icon-theme")),
    apt(Play, "webkit2gtk-driver", "the window is driven through WebDriver", Program(&["WebKitWebDriver"])),
    apt(Play, "dunst", "notifications are shown by a real daemon", Program(&["dunst"])),
    apt(Play, "xdotool", "windows are found, and real clicks and keys given", Program(&["xdotool"])),
    apt(Check, "systemd", "dunst tells its history through it", Program(&["busctl"])),
    apt(Check, "dbus-x11", "buses that belong to a display", Program(&["dbus-launch"])),
    apt(Check, "x11-utils", "windows are looked for and described", Program(&["xwininfo"])),
    apt(Check, "notification-daemon", "and by another one with real buttons", Package("notification-daemon")),
    apt(Check, "gnome-keyring", "a real Secret Service", Program(&["gnome-keyring-daemon"])),
    apt(Check, "libsecret-tools", "what is in it is looked at from outside", Program(&["secret-tool"])),
    apt(Check, "libglib2.0-bin", "D-Bus is asked from outside", Program(&["gdbus"])),
    apt(Check, "at-spi2-core", "what a screen reader is told", Package("at-spi2-core")),
    apt(Check, "gir1.2-atspi-2.0", "the tests read that", Package("gir1.2-atspi-2.0")),
    apt(Check, "python3-gi", "they read it through this", Package("python3-gi")),
    apt(Check, "chromium", "the page alone is photographed and checked for access", Program(&["chromium"])),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_purpose_needs_all_that_a_narrower_one_does() {
        let names = |purpose| of(purpose).map(|need| need.what).collect::<Vec<_>>();
        let (build, play, check) = (names(Build), names(Play), names(Check));
        assert!(build.iter().all(|name| play.contains(name)) && play.iter().all(|name| check.contains(name)));
        assert!(build.len() < check.len());
        assert_eq!(check.len(), if cfg!(target_os = "linux") { 36 } else { 4 });
    }
}
