//! One desktop: an X server without a screen, a window manager, a session bus, directories.

use crate::directories::Directories;
use crate::process::Running;
use anyhow::{Context, Result, bail, ensure};
use std::env;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The size of the screen, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
}

/// What of the outer environment reaches the desktop; all else might change what is seen on it.
const KEPT: [&str; 4] = ["PATH", "RUST_BACKTRACE", "CARGO_HOME", "RUSTUP_HOME"];

/// See the module. Dropped, all on it ends and its directories go.
#[derive(Debug)]
pub struct Session {
    display: String,
    bus: String,
    directories: Directories,
    // In the order in which they are to end.
    _manager: Running,
    _bus: Running,
    _server: Running,
}

impl Session {
    /// Makes one. The X server chooses a display number that is free.
    ///
    /// # Errors
    /// One of the programs is not there, or did not start.
    pub fn open(screen: Screen) -> Result<Self> {
        let directories = Directories::make()?;
        let (server, number) = server(screen, &directories)?;
        let display = format!(":{number}");
        let (bus, address) = bus(&directories)?;
        let mut manager = Command::new("openbox");
        surroundings(&mut manager, &display, &address, &directories);
        let manager = Running::start(manager, Stdio::null(), &directories.log("openbox"))?;
        Ok(Self { display, bus: address, directories, _manager: manager, _bus: bus, _server: server })
    }

    /// A command that will run on this desktop, and knows nothing of the one outside.
    #[must_use]
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        surroundings(&mut command, &self.display, &self.bus, &self.directories);
        command
    }

    /// Starts a program on this desktop.
    ///
    /// # Errors
    /// It is not there.
    pub fn start(&self, command: Command) -> Result<Running> {
        let name = Path::new(command.get_program()).file_name().unwrap_or_default();
        let log = self.directories.log(&name.to_string_lossy());
        Running::start(command, Stdio::null(), &log)
    }

    /// Starts a program on this desktop that reads `input` from its standard input, to the end.
    ///
    /// # Errors
    /// It is not there, or does not read.
    pub fn start_with(&self, command: Command, input: &str) -> Result<Running> {
        let path = self.directories.at("run").join("input");
        std::fs::write(&path, input).context("the input cannot be put by")?;
        let file = std::fs::File::open(&path).context("the input cannot be read")?;
        // Open is enough: what may be a password does not stay behind.
        std::fs::remove_file(&path).context("the input cannot be taken away")?;
        let name = Path::new(command.get_program()).file_name().unwrap_or_default();
        let log = self.directories.log(&name.to_string_lossy());
        Running::start(command, file.into(), &log)
    }

    /// Runs a program on this desktop to its end and takes what it printed.
    ///
    /// # Errors
    /// It is not there, or did not end well.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let output = self
            .command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("{program} cannot be started"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} {arguments:?} ended with {}: {said}", output.status);
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The address of the session bus.
    #[must_use]
    pub fn bus(&self) -> &str {
        &self.bus
    }

    /// The X display.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// A path of this desktop alone.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directories.at(name)
    }

    /// Where a program that was started on it writes what it has to say.
    pub(crate) fn log(&self, program: &str) -> PathBuf {
        self.directories.log(program)
    }

    /// What has been said on it so far, for an error.
    #[must_use]
    pub fn said(&self) -> String {
        self.directories.said()
    }

    /// A picture of the whole screen, as PNG.
    ///
    /// # Errors
    /// `import` of ImageMagick is not there, or the file cannot be written.
    pub fn picture(&self, to: &Path) -> Result<()> {
        let Some(path) = to.to_str() else { bail!("{} is no text", to.display()) };
        self.run("import", &["-silent", "-window", "root", path]).map(|_| ())
    }
}

fn surroundings(command: &mut Command, display: &str, bus: &str, directories: &Directories) {
    command.env_clear();
    command.envs(KEPT.iter().filter_map(|name| Some((name, env::var_os(name)?))));
    let private = [
        ("HOME", "home"),
        ("XDG_RUNTIME_DIR", "run"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_STATE_HOME", "state"),
    ];
    command.envs(private.map(|(name, place)| (name, directories.at(place))));
    command.env("DISPLAY", display).env("DBUS_SESSION_BUS_ADDRESS", bus);
    // No accessibility bus and no settings daemon are here: asking for them costs seconds.
    command.env("NO_AT_BRIDGE", "1").env("GSETTINGS_BACKEND", "memory").env("GDK_BACKEND", "x11");
    command.env("LANG", "C.UTF-8").env("TZ", "UTC");
}

fn server(screen: Screen, directories: &Directories) -> Result<(Running, String)> {
    let mut command = Command::new("Xvfb");
    let size = format!("{}x{}x24", screen.width, screen.height);
    command.args(["-displayfd", "1", "-screen", "0", &size, "-nolisten", "tcp"]);
    started(command, "Xvfb", directories)
}

fn bus(directories: &Directories) -> Result<(Running, String)> {
    let mut command = Command::new("dbus-daemon");
    command.args(["--nofork", "--nopidfile", "--print-address"]);
    command.arg(format!("--config-file={}", directories.bus_config()?.display()));
    started(command, "dbus-daemon", directories)
}

/// Starts what tells on its first line where it can be found.
fn started(mut command: Command, name: &str, directories: &Directories) -> Result<(Running, String)> {
    let log = std::fs::File::create(directories.log(name)).context("a log cannot be written")?;
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut child = command
        .spawn()
        .with_context(|| format!("{name} cannot be started; cargo xtask setup installs what is missing"))?;
    let line = first_line(&mut child);
    let running = Running::of(child);
    match line {
        Some(line) => Ok((running, line)),
        None => bail!("{name} did not say where it listens{}", directories.said()),
    }
}

fn first_line(child: &mut Child) -> Option<String> {
    let stdout: ChildStdout = child.stdout.take()?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).ok()?;
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}
