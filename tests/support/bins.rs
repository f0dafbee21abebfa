//! The built binaries, run as a person or a supervisor runs them: with nothing in the environment but what is given.

use crate::serve::lock;
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Longest run of a command that is waited for: an approve waits 65 s for its outcome by itself.
const RUN_LIMIT: Duration = Duration::from_secs(90);

/// A binary of this project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bin {
    /// `holdctl`.
    Holdctl,
    /// `holdpoint-gateway`.
    Gateway,
    /// `holdpoint-rehearsal`.
    Rehearsal,
    /// `holdpoint`, the desktop app.
    App,
}

/// Which of a process's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A home directory of its own, with a data directory in it; gone when dropped.
#[derive(Debug)]
pub struct Home {
    root: TempDir,
}

/// A command about to be run.
#[derive(Debug)]
pub struct Run {
    command: Command,
    told: String,
    input: Option<String>,
}

/// A command that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A process that runs. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    told: String,
    out: Lines,
    err: Lines,
}

#[derive(Debug)]
struct Lines {
    seen: watch::Receiver<usize>,
    lines: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

impl Bin {
    fn name(self) -> &'static str {
        match self {
            Bin::Holdctl => "holdctl",
            Bin::Gateway => "holdpoint-gateway",
            Bin::Rehearsal => "holdpoint-rehearsal",
            Bin::App => "holdpoint",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Bin::Holdctl => "HOLDCTL_BIN",
            Bin::Gateway => "HOLDPOINT_GATEWAY_BIN",
            Bin::Rehearsal => "HOLDPOINT_REHEARSAL_BIN",
            Bin::App => "HOLDPOINT_BIN",
        }
    }

    /// Where it lies: as the environment says, else beside the test executable's own directory.
    ///
    /// # Panics
    /// When it is not built.
    pub fn path(self) -> PathBuf {
        let path = match std::env::var_os(self.variable()) {
            Some(told) => PathBuf::from(told),
            None => beside_the_tests().join(self.name()),
        };
        assert!(
            path.is_file(),
            "{} is not built: run `cargo build --workspace` first, or name it in {} (looked at {})",
            self.name(),
            self.variable(),
            path.display()
        );
        path
    }
}

impl Home {
    /// A new one.
    pub fn new() -> Self {
        let root = tempfile::Builder::new().prefix("hp").tempdir().expect("a temporary directory");
        std::fs::create_dir(root.path().join("home")).expect("a home directory");
        Self { root }
    }

    /// `$HOME`.
    pub fn path(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// `$HOLDPOINT_DATA_DIR`; not made yet.
    pub fn data_dir(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// A path in here for something else.
    pub fn file(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Run {
    /// A binary with `PATH` and `HOME` in its environment and nothing else.
    pub fn new(bin: Bin, home: &Home) -> Self {
        Self::program(&bin.path(), home)
    }

    /// `holdctl` on the data directory of `home`.
    pub fn holdctl(home: &Home) -> Self {
        Self::new(Bin::Holdctl, home).env("HOLDPOINT_DATA_DIR", home.data_dir())
    }

    /// Any program, in the same way.
    pub fn program(path: &Path, home: &Home) -> Self {
        let mut command = Command::new(path);
        command.env_clear().env("HOME", home.path()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        Self { command, told: path.display().to_string(), input: None }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<str>) -> Self {
        self.told.push(' ');
        self.told.push_str(arg.as_ref());
        self.command.arg(arg.as_ref());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<'a>(self, args: impl IntoIterator<Item = &'a str>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// One more variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it reads from standard input; nothing otherwise.
    #[must_use]
    pub fn input(mut self, text: impl Into<String>) -> Self {
        self.command.stdin(Stdio::piped());
        self.input = Some(text.into());
        self
    }

    /// Runs to the end.
    ///
    /// # Panics
    /// When it cannot be started or does not end within 90 s.
    pub async fn output(self) -> Finished {
        self.spawn().await.finish().await
    }

    /// Starts it and lets it run.
    pub async fn spawn(mut self) -> Running {
        let mut child =
            self.command.spawn().unwrap_or_else(|error| panic!("cannot start {}: {error}", self.told));
        if let (Some(text), Some(mut stdin)) = (self.input, child.stdin.take()) {
            // A program that does not read its input is judged by what it answers.
            let _ = stdin.write_all(text.as_bytes()).await;
        }
        let out = Lines::read(child.stdout.take());
        let err = Lines::read(child.stderr.take());
        Running { child, told: self.told, out, err }
    }
}

impl Running {
    /// The first line, past or coming, of which `is_it` is true.
    ///
    /// # Panics
    /// When the stream ends or `deadline` passes without one.
    pub async fn wait_for(
        &mut self,
        stream: Stream,
        deadline: Duration,
        is_it: impl Fn(&str) -> bool,
    ) -> String {
        let lines = match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        };
        match tokio::time::timeout(deadline, lines.find(is_it)).await {
            Ok(Some(line)) => line,
            Ok(None) => panic!("{} ended without that line; {}", self.told, self.so_far()),
            Err(_) => panic!("{} did not say that within {deadline:?}; {}", self.told, self.so_far()),
        }
    }

    /// What it has said until now.
    pub fn lines(&self, stream: Stream) -> Vec<String> {
        match stream {
            Stream::Out => lock(&self.out.lines).clone(),
            Stream::Err => lock(&self.err.lines).clone(),
        }
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// SIGKILL, and waits until it is gone.
    pub async fn kill_9(mut self) -> Finished {
        self.signal(Signal::KILL);
        self.end().await
    }

    /// SIGTERM, and waits until it has ended.
    pub async fn terminate(mut self) -> Finished {
        self.signal(Signal::TERM);
        self.end().await
    }

    /// Waits until it ends by itself.
    pub async fn finish(mut self) -> Finished {
        self.end().await
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id as i32));
        if let Some(pid) = pid {
            // It may have ended in this moment.
            let _ = kill_process(pid, signal);
        }
    }

    async fn end(&mut self) -> Finished {
        let status = match tokio::time::timeout(RUN_LIMIT, self.child.wait()).await {
            Ok(status) => status.expect("a child can be waited for"),
            Err(_) => panic!("{} did not end within {RUN_LIMIT:?}; {}", self.told, self.so_far()),
        };
        Finished {
            code: status.code(),
            stdout: self.out.whole(&self.told).await,
            stderr: self.err.whole(&self.told).await,
        }
    }

    fn so_far(&self) -> String {
        format!(
            "it said so far:\n{}\n-- and on stderr:\n{}",
            self.lines(Stream::Out).join("\n"),
            self.lines(Stream::Err).join("\n")
        )
    }
}

impl Lines {
    fn read(pipe: Option<impl AsyncRead + Unpin + Send + 'static>) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (count, seen) = watch::channel(0);
        let kept = lines.clone();
        let reader = tokio::spawn(async move {
            let Some(pipe) = pipe else { return };
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line);
                // Only the line's own end is taken off: what else a program sends must stay to be judged.
                lock(&kept).push(text.strip_suffix('\n').unwrap_or(&text).to_owned());
                count.send_modify(|count| *count += 1);
                line.clear();
            }
        });
        Self { seen, lines, reader }
    }

    async fn find(&mut self, is_it: impl Fn(&str) -> bool) -> Option<String> {
        loop {
            self.seen.mark_unchanged();
            if let Some(line) = lock(&self.lines).iter().find(|line| is_it(line)) {
                return Some(line.clone());
            }
            if self.seen.changed().await.is_err() {
                // The last line may have come with the end.
                return lock(&self.lines).iter().find(|line| is_it(line)).cloned();
            }
        }
    }

    /// All of it, once the process is gone. A grandchild that holds the pipe open is not waited for.
    async fn whole(&mut self, told: &str) -> String {
        if tokio::time::timeout(Duration::from_secs(5), &mut self.reader).await.is_err() {
            panic!("{told} ended, but something still holds its output open");
        }
        let lines = lock(&self.lines);
        lines.iter().fold(String::new(), |all, line| all + line + "\n")
    }
}

fn beside_the_tests() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows where it lies");
    let own_dir = own.parent().expect("an executable lies in a directory");
    match own_dir.ends_with("deps") {
        true => own_dir.parent().unwrap_or(own_dir).to_owned(),
        false => own_dir.to_owned(),
    }
}
