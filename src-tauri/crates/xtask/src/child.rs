//! The processes this tool starts: what they say line by line, and that none of them outlives it.
//!
//! A child's stdout goes to an [`Inbox`], its stderr to a log file. Its stdin stays open as long as this process
//! lives; the rehearsal ends when it closes, so it ends even if this process is killed.

use crate::clock::{Deadline, Stopwatch};
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// How long a child has to end by itself once it was asked to.
const GRACE: Duration = Duration::from_secs(10);
/// How many lines of a log an error quotes.
const QUOTED_LINES: usize = 8;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// `holdpoint-rehearsal`.
    Rehearsal,
    /// `holdpoint`, the app.
    App,
    /// `holdctl watch`.
    Watch,
    /// Any other call of `holdctl`.
    Call,
}

impl Voice {
    /// Its program, as errors name it.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Voice::Rehearsal => "holdpoint-rehearsal",
            Voice::App => "holdpoint",
            Voice::Watch => "holdctl watch",
            Voice::Call => "holdctl",
        }
    }
}

/// What can be heard while waiting.
#[derive(Debug)]
pub(crate) enum Event {
    /// A child printed a line; `at` counts from the inbox's start.
    Line { from: Voice, at: Duration, text: String },
    /// A child closed its stdout: it has ended or is about to.
    Ended { from: Voice },
    /// The person wants it to end (Ctrl-C, or a polite kill).
    Interrupted,
}

/// Where all children of one play are heard.
pub(crate) struct Inbox {
    sender: Sender<Event>,
    receiver: Receiver<Event>,
    /// Runs from the start of the play.
    pub(crate) started: Stopwatch,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = channel();
        Inbox { sender, receiver, started: Stopwatch::start() }
    }

    /// From now on Ctrl-C is an event and no sudden end. Possible once per process.
    pub(crate) fn hear_interrupts(&self) -> Result<()> {
        let sender = self.sender.clone();
        ctrlc::set_handler(move || drop(sender.send(Event::Interrupted))).context("Ctrl-C cannot be caught")
    }

    /// The next event, or `None` when the deadline has passed first.
    pub(crate) fn next(&self, deadline: Deadline) -> Option<Event> {
        self.receiver.recv_timeout(deadline.left()?).ok()
    }

    /// The next event, however long it takes.
    pub(crate) fn wait(&self) -> Event {
        // The inbox keeps a sender itself, so the channel never closes under it.
        self.receiver.recv().unwrap_or(Event::Interrupted)
    }
}

/// One running process. Dropped, it is killed and reaped.
pub(crate) struct Child {
    process: process::Child,
    stdin: Option<ChildStdin>,
    log: PathBuf,
}

impl Child {
    /// Starts `command`; its stderr is appended to `log`.
    pub(crate) fn start(mut command: Command, from: Voice, log: &Path, inbox: &Inbox) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log);
        let file = file.with_context(|| format!("{} cannot be written", log.display()))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file);
        let mut process = command
            .spawn()
            .with_context(|| format!("{} cannot be started", command.get_program().to_string_lossy()))?;
        let (sender, started) = (inbox.sender.clone(), inbox.started);
        if let Some(stdout) = process.stdout.take() {
            thread::spawn(move || listen(stdout, from, &sender, started));
        }
        let stdin = process.stdin.take();
        Ok(Child { process, stdin, log: log.to_path_buf() })
    }

    /// Writes a line to its stdin.
    pub(crate) fn tell(&mut self, line: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().context("a child does not listen any more")?;
        writeln!(stdin, "{line}").context("a child could not be told")
    }

    /// Asks it to end: closes its stdin and sends the polite signal.
    pub(crate) fn ask_to_end(&mut self) {
        self.stdin = None;
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            // It may have ended already; that is what was asked for.
            let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        }
    }

    /// Asks it to end and waits until it has; kills it after [`GRACE`]. Its last lines are dropped.
    pub(crate) fn end(mut self, from: Voice, inbox: &Inbox) {
        self.ask_to_end();
        let deadline = Deadline::within(GRACE);
        while let Some(event) = inbox.next(deadline) {
            if matches!(event, Event::Ended { from: ended } if ended == from) {
                return drop(self.process.wait());
            }
        }
    }

    /// How it ended. Called once its stdout has closed.
    pub(crate) fn status(&mut self) -> Result<ExitStatus> {
        self.stdin = None;
        self.process.wait().context("a child could not be waited for")
    }

    /// The last lines of its log, for an error: empty, or a paragraph that starts on a line of its own.
    pub(crate) fn last_words(&self) -> String {
        last_lines(&std::fs::read_to_string(&self.log).unwrap_or_default())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a command that ran to its end left behind.
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    /// The last lines of its stderr.
    pub(crate) last_words: String,
}

/// Runs `command` to its end, or kills it when `patience` is over.
pub(crate) fn finish(command: Command, log: &Path, patience: Duration) -> Result<Finished> {
    let inbox = Inbox::new();
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = Child::start(command, Voice::Call, log, &inbox)?;
    child.stdin = None;
    let deadline = Deadline::within(patience);
    let mut stdout = String::new();
    loop {
        match inbox.next(deadline) {
            Some(Event::Line { text, .. }) => {
                stdout.push_str(&text);
                stdout.push('\n');
            }
            Some(Event::Ended { .. }) => break,
            Some(Event::Interrupted) => anyhow::bail!("interrupted"),
            None => anyhow::bail!("{name} did not end within {} s and was killed", patience.as_secs()),
        }
    }
    Ok(Finished { status: child.status()?, stdout, last_words: child.last_words() })
}

fn listen(stdout: impl Read, from: Voice, sender: &Sender<Event>, started: Stopwatch) {
    for line in BufReader::new(stdout).split(b'\n') {
        let Ok(line) = line else { break };
        let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
        if sender.send(Event::Line { from, at: started.elapsed(), text }).is_err() {
            return;
        }
    }
    let _ = sender.send(Event::Ended { from });
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(QUOTED_LINES)..].iter().map(|line| format!("\n  {line}")).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_finished_command_leaves_its_words_and_its_exit_code() {
        let dir = tempfile::tempdir().expect("a directory");
        let log = dir.path().join("log");
        let done =
            finish(shell("echo out; echo wrong >&2; exit 4"), &log, Duration::from_secs(20)).expect("ran");
        assert_eq!((done.status.code(), done.stdout.as_str()), (Some(4), "out\n"));
        assert_eq!(done.last_words, "\n  wrong");
    }

    #[test]
    fn a_command_that_never_ends_is_killed_at_its_deadline() {
        let dir = tempfile::tempdir().expect("a directory");
        let error =
            finish(shell("exec tail -f /dev/null"), &dir.path().join("log"), Duration::from_millis(50))
                .err()
                .expect("it cannot have ended");
        assert!(error.to_string().contains("was killed"), "{error}");
    }

    #[test]
    fn a_child_that_ends_when_its_input_closes_is_ended_by_asking() {
        let dir = tempfile::tempdir().expect("a directory");
        let inbox = Inbox::new();
        let log = dir.path().join("log");
        let child = Child::start(shell("trap '' TERM; echo up; cat; echo down"), Voice::Watch, &log, &inbox)
            .expect("started");
        assert!(matches!(inbox.wait(), Event::Line { text, .. } if text == "up"));
        child.end(Voice::Watch, &inbox);
        assert!(inbox.next(Deadline::within(Duration::ZERO)).is_none(), "its end was waited for");
    }

    #[test]
    fn an_error_quotes_the_last_lines_only() {
        let log: Vec<String> = (0..50).map(|n| format!("line {n}")).collect();
        let quoted = last_lines(&log.join("\n"));
        assert!(quoted.starts_with("\n  line 42") && quoted.ends_with("line 49"), "{quoted}");
    }
}
