//! What follows when a connection cannot be made, ends or breaks: renew, wait, poll, or say that a person is needed.

use crate::failure::Failure;
use crate::settings::Dialect;
use crate::stream::inout::{Leg, Output};
use crate::stream::line::Carrier;
use crate::stream::machine::Machine;
use crate::stream::state::{Pause, Refusing, State};
use crate::stream::{Ended, Now, Phase, StreamEvent, backoff};
use domain::connection::{RefusedBy, SignIn, Staleness};

/// A renewed session that is refused within this time was renewed in vain.
const RENEWAL_MS: u64 = 60_000;

impl Machine {
    /// The handshake or the renewal did not go through.
    pub(super) fn failed(&mut self, failure: &Failure, now: Now, out: &mut Vec<Output>) {
        let since_ms = match self.state {
            State::Dialing { since_ms } => Some(since_ms),
            State::Renewing => None,
            _ => return,
        };
        tracing::debug!(%failure, "the stream could not be opened");
        if let Some(since_ms) = since_ms.filter(|_| is_about_the_socket(failure)) {
            self.trouble.met(since_ms);
            if self.trouble.is_enough(now.boot_ms, &self.pace) {
                return self.fall_back(now, out);
            }
        }
        match (failure.sign_in(), failure.refused_by(), failure.status()) {
            (Some(why), _, _) => self.sign_in_needed(why, out),
            (_, Some(by), _) => self.refused(by, now, out),
            (_, _, Some(401)) => self.unauthorised(now, out),
            _ if failure.is_not_allowed() => self.sign_in_needed(SignIn::NotAllowed, out),
            _ => self.lose(Staleness::Unreachable, 1006, failure.retry_after_ms(), now, out),
        }
    }

    /// A page or a snapshot could not be had: another connection begins anew.
    pub(super) fn read_failed(&mut self, failure: &Failure, now: Now, out: &mut Vec<Output>) {
        tracing::debug!(%failure, "the stream could not catch up");
        if let Some(why) = failure.sign_in() {
            return self.sign_in_needed(why, out);
        }
        if matches!(failure, Failure::BadAnswer { .. } | Failure::TooLarge { .. }) {
            self.count_malformed(&failure.to_string(), out);
            self.unreadable.met(self.cursor.as_ref().map(|cursor| cursor.seq));
        }
        match failure.refused_by() {
            Some(by) => self.refused(by, now, out),
            None => self.lose(Staleness::Lost, 1000, failure.retry_after_ms(), now, out),
        }
    }

    pub(super) fn closed(&mut self, code: Option<u16>, reason: &str, now: Now, out: &mut Vec<Output>) {
        tracing::debug!(code, reason, "the stream was closed");
        let platform = self.dialect == Dialect::Platform;
        match code {
            Some(4401) => self.unauthorised(now, out),
            Some(4403) => self.sign_in_needed(SignIn::NotAllowed, out),
            // The platform opens first and asks who it is afterwards (CONTRACT 3).
            Some(1008) if platform => self.unauthorised(now, out),
            // Its close of an idle socket is no failure.
            Some(1000) if platform && reason.contains("inactive") => self.lose_idle(now, out),
            Some(1012 | 1013) => self.lose(Staleness::GoingAway, 1000, None, now, out),
            _ => self.lose(Staleness::Lost, 1000, None, now, out),
        }
    }

    /// The session was not taken: it is renewed; if that was just done, a person has to sign in.
    fn unauthorised(&mut self, now: Now, out: &mut Vec<Output>) {
        self.hang_up(1000, out);
        match self.renewed_ms {
            Some(renewed) if now.boot_ms < renewed + RENEWAL_MS => self.sign_in_needed(SignIn::Expired, out),
            _ => {
                self.state = State::Renewing;
                // It is not connected now, however long the renewal takes.
                out.push(Output::Emit(StreamEvent::Phase(Phase::Connecting)));
                out.push(Output::Renew);
            }
        }
    }

    pub(super) fn sign_in_needed(&mut self, why: SignIn, out: &mut Vec<Output>) {
        self.hang_up(1000, out);
        self.state = State::Over;
        out.push(Output::Emit(StreamEvent::Phase(Phase::SignInNeeded(why))));
        out.push(Output::End(Ended::SignInNeeded(why)));
    }

    pub(super) fn refused(&mut self, by: RefusedBy, now: Now, out: &mut Vec<Output>) {
        self.hang_up(1000, out);
        self.rest(None, now);
        self.refusing = Refusing::Yes;
        out.push(Output::Emit(StreamEvent::Phase(Phase::Refused(by))));
    }

    /// The connection is gone, or never came: another that stands takes over, or wait, then try again.
    pub(super) fn lose(
        &mut self,
        why: Staleness,
        code: u16,
        wish_ms: Option<u64>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        if self.next.is_open() && matches!(self.state, State::Open(_)) {
            return self.succeed(now, out);
        }
        let (mut why, mut wish_ms) = (why, wish_ms);
        let (mut sound, mut mute) = (false, false);
        if let State::Open(line) = &self.state {
            sound = line.was_sound(now.boot_ms);
            mute = line.carrier == Carrier::Socket && !line.is_live();
            if let Some(back_at_ms) = line.back_at_ms {
                why = Staleness::GoingAway;
                wish_ms = Some(back_at_ms.saturating_sub(now.boot_ms));
            }
        }
        self.hang_up(code, out);
        if mute {
            self.trouble.met(now.boot_ms);
        }
        if mute && self.trouble.is_enough(now.boot_ms, &self.pace) {
            return self.fall_back(now, out);
        }
        self.refusing = Refusing::No;
        let until_boot_ms = match sound {
            // What worked until now is tried again at once, unless it wished otherwise.
            true => self.rest_after_success(wish_ms, now),
            false => self.rest(wish_ms, now),
        };
        let failures = self.failures;
        out.push(Output::Emit(StreamEvent::Phase(Phase::Waiting { until_boot_ms, failures, why })));
    }

    /// The other side ended what had nothing to say: tried again at once.
    fn lose_idle(&mut self, now: Now, out: &mut Vec<Output>) {
        self.hang_up(1000, out);
        let until_boot_ms = self.rest_after_success(None, now);
        let waiting = Phase::Waiting { until_boot_ms, failures: 0, why: Staleness::Lost };
        out.push(Output::Emit(StreamEvent::Phase(waiting)));
    }

    fn rest_after_success(&mut self, wish_ms: Option<u64>, now: Now) -> u64 {
        (self.failures, self.failing_since_ms) = (0, None);
        let until_ms = now.boot_ms + wish_ms.unwrap_or(0);
        self.state = State::Resting { until_ms, pause: pause(wish_ms) };
        until_ms
    }

    /// Counts a failure and rests.
    fn rest(&mut self, wish_ms: Option<u64>, now: Now) -> u64 {
        let since = *self.failing_since_ms.get_or_insert(now.boot_ms);
        self.failures = self.failures.saturating_add(1);
        let failing_ms = now.boot_ms.saturating_sub(since);
        let delay_ms = backoff::delay_ms(self.failures, failing_ms, now.draw).max(wish_ms.unwrap_or(0));
        let until_ms = now.boot_ms + delay_ms;
        self.state = State::Resting { until_ms, pause: pause(wish_ms) };
        until_ms
    }

    /// Ends both connections.
    fn hang_up(&mut self, code: u16, out: &mut Vec<Output>) {
        self.drop_next(1000, out);
        if let State::Open(line) = &self.state {
            self.ticket += 1;
            if line.carrier == Carrier::Socket {
                out.push(Output::Close(Leg::Main, code));
            }
            self.state = State::Resting { until_ms: 0, pause: Pause::Own };
        }
    }
}

fn pause(wish_ms: Option<u64>) -> Pause {
    if wish_ms.is_some() { Pause::Asked } else { Pause::Own }
}

/// The gateway, or something in between, answered, and no WebSocket came of it. Nobody was reached, or a wish to be left
/// alone, is another matter; a refused session too.
fn is_about_the_socket(failure: &Failure) -> bool {
    let session = failure.sign_in().is_some() || failure.status() == Some(401) || failure.is_not_allowed();
    let answered = match failure {
        Failure::Told { retry_after_ms, .. } => retry_after_ms.is_none(),
        Failure::Unclear { .. } | Failure::Proxy { .. } => true,
        _ => false,
    };
    answered && !session
}
