//! The stage on which a rehearsal is played: its processes, what they have said so far, and waiting for what comes.
//!
//! Everything said is kept with the time it was heard, so that a step can be awaited after it has happened.

use crate::child::{Child, Event, Inbox, Voice};
use crate::clock::Deadline;
use crate::rehearsal::Step;
use anyhow::{Result, anyhow, bail};
use serde_json::Value;
use std::time::Duration;

/// One line that was heard.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) from: Voice,
    /// Since the start of the play.
    pub(crate) at: Duration,
    /// The line, or its text as a string where it is not JSON.
    pub(crate) line: Value,
}

/// What came within a time.
pub(crate) enum Heard {
    Line(Said),
    Nothing,
}

/// See the module.
pub(crate) struct Stage {
    pub(crate) inbox: Inbox,
    /// In the order they entered; who entered last depends on those before and is ended first.
    players: Vec<(Voice, Child)>,
    said: Vec<Said>,
}

impl Stage {
    /// A stage with nobody on it. Ctrl-C is heard from now on.
    pub(crate) fn open() -> Result<Self> {
        let inbox = Inbox::new();
        inbox.hear_interrupts()?;
        Ok(Stage { inbox, players: Vec::new(), said: Vec::new() })
    }

    /// Puts a started child on the stage.
    pub(crate) fn enter(&mut self, voice: Voice, child: Child) {
        self.players.push((voice, child));
    }

    /// Tells a child something.
    pub(crate) fn tell(&mut self, voice: Voice, line: &str) -> Result<()> {
        let player = self.players.iter_mut().find(|(player, _)| *player == voice);
        player.map_or_else(|| Err(anyhow!("{} is not there", voice.program())), |(_, child)| child.tell(line))
    }

    /// Ends a child and waits until it has ended.
    pub(crate) fn leave(&mut self, voice: Voice) {
        if let Some(child) = self.take(voice) {
            child.end(voice, &self.inbox);
        }
    }

    /// Since the start of the play.
    pub(crate) fn now(&self) -> Duration {
        self.inbox.started.elapsed()
    }

    /// Waits until the rehearsal has reported `step`, and takes what it carries.
    pub(crate) fn step(&mut self, step: Step, within: Duration) -> Result<(Duration, String)> {
        let found = self.until(step.word(), within, |said| {
            matches!(said.from, Voice::Rehearsal | Voice::App) && step.read(&said.line).is_some()
        })?;
        let carried = step.read(&found.line).unwrap_or_default().to_owned();
        Ok((found.at, carried))
    }

    /// Waits until something has been said that `is` what is awaited; `what` names it in the error.
    pub(crate) fn until(&mut self, what: &str, within: Duration, is: impl Fn(&Said) -> bool) -> Result<Said> {
        let deadline = Deadline::within(within);
        let mut heard = 0;
        loop {
            if let Some(found) = self.said[heard..].iter().find(|said| is(said)) {
                return Ok(found.clone());
            }
            heard = self.said.len();
            let Some(event) = self.inbox.next(deadline) else {
                bail!("\"{what}\" did not come within {} s{}", within.as_secs(), self.last_words());
            };
            self.hear(event)?;
        }
    }

    /// Listens for as long as `time`, for a wait on something that says nothing by itself.
    pub(crate) fn listen(&mut self, time: Duration) -> Result<()> {
        let deadline = Deadline::within(time);
        while let Some(event) = self.inbox.next(deadline) {
            self.hear(event)?;
        }
        Ok(())
    }

    /// Takes the next event in, if one comes within `time`.
    pub(crate) fn next_within(&mut self, time: Duration) -> Result<Heard> {
        let Some(event) = self.inbox.next(Deadline::within(time)) else { return Ok(Heard::Nothing) };
        let known = self.said.len();
        self.hear(event)?;
        Ok(self.said.get(known).cloned().map_or(Heard::Nothing, Heard::Line))
    }

    /// Takes the next event in, however long it takes; the line, if it was one.
    pub(crate) fn next(&mut self) -> Result<Option<Said>> {
        let event = self.inbox.wait();
        let known = self.said.len();
        self.hear(event)?;
        Ok(self.said.get(known).cloned())
    }

    fn hear(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Line { from, at, text } => {
                let line = serde_json::from_str(&text).unwrap_or(Value::String(text));
                self.said.push(Said { from, at, line });
                Ok(())
            }
            Event::Ended { from } => Err(self.left_early(from)),
            Event::Interrupted => Err(anyhow!(Interrupted)),
        }
    }

    fn left_early(&mut self, voice: Voice) -> anyhow::Error {
        let name = voice.program();
        match self.take(voice).map(|mut child| (child.status(), child.last_words())) {
            // The window's app ends well when its person quits it.
            Some((Ok(status), _)) if status.success() && voice == Voice::App => anyhow!(Interrupted),
            Some((Ok(status), words)) => anyhow!("{name} ended before its time: {status}{words}"),
            _ => anyhow!("{name} ended before its time"),
        }
    }

    fn last_words(&self) -> String {
        let quoted = self.players.iter().map(|(voice, child)| (voice.program(), child.last_words()));
        let quoted = quoted.filter(|(_, words)| !words.is_empty());
        quoted.map(|(name, words)| format!("\n{name} said last:{words}")).collect()
    }

    fn take(&mut self, voice: Voice) -> Option<Child> {
        let place = self.players.iter().position(|(player, _)| *player == voice)?;
        Some(self.players.remove(place).1)
    }
}

impl Drop for Stage {
    /// The console goes before its gateway, each with its time to write down what it knows.
    fn drop(&mut self) {
        while let Some((voice, child)) = self.players.pop() {
            child.end(voice, &self.inbox);
        }
    }
}

/// The person ended it, at the terminal or by quitting the app.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ended by the person")
    }
}

impl std::error::Error for Interrupted {}
