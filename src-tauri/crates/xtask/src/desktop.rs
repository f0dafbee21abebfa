//! A desktop without a screen, with a real notification daemon on it: for the demo, and for a run where there is no
//! display. What happens on it is theirs.

use anyhow::{Context, Result};
use headless::{Running, Screen, Session};
use std::fs;
use std::path::Path;

const SCREEN: Screen = Screen { width: 1440, height: 900 };
/// The daemon's notifications stay until they are answered, and look the same on every machine.
const DAEMON: &str = "[global]\nfont = Sans 11\norigin = top-right\noffset = 24x24\nwidth = 380\nheight = 200\n\
                      frame_width = 1\nframe_color = \"#c8c9cf\"\npadding = 14\nhorizontal_padding = 16\n\
                      [urgency_low]\nbackground = \"#ffffff\"\nforeground = \"#1c1c21\"\n\
                      [urgency_normal]\nbackground = \"#ffffff\"\nforeground = \"#1c1c21\"\ntimeout = 0\n\
                      [urgency_critical]\nbackground = \"#ffffff\"\nforeground = \"#1c1c21\"\ntimeout = 0\n";

/// See the module.
pub(crate) struct Desktop {
    _daemon: Running,
    pub(crate) session: Session,
}

impl Desktop {
    /// Makes one.
    pub(crate) fn open() -> Result<Self> {
        let session = Session::open(SCREEN)?;
        let settings = session.path("config").join("dunstrc");
        fs::write(&settings, DAEMON).with_context(|| format!("{} cannot be written", settings.display()))?;
        let mut daemon = session.command("dunst");
        daemon.arg("-config").arg(&settings);
        let daemon = session.start(daemon)?;
        Ok(Self { _daemon: daemon, session })
    }

    /// A picture of the app's window, without the frame that the window manager draws, as PNG.
    pub(crate) fn window(&self, to: &Path) -> Result<()> {
        let found = self.session.run("xdotool", &["search", "--onlyvisible", "--name", "^Holdpoint$"])?;
        let window = found.lines().last().context("there is no window to be seen")?;
        let path = to.to_str().with_context(|| format!("{} is no text", to.display()))?;
        self.session.run("import", &["-silent", "-window", window, path]).map(drop)
    }

    /// How many notifications stand; `None` while the daemon does not answer.
    pub(crate) fn displayed(&self) -> Option<u32> {
        self.session.run("dunstctl", &["count", "displayed"]).ok()?.trim().parse().ok()
    }
}
