//! What can go wrong between here and a gateway, as far as it is known. Each is a sentence that says what to do next.
//!
//! A failure is never an outcome: what became of a decision is read from the gateway, not from here (rule 5).

use domain::connection::{RefusedBy, SignIn};
use protocol::problem::{Form, Slug, Told};

/// Why a call brought no answer to work with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Failure {
    /// No byte of the request reached the gateway.
    #[error("the gateway could not be reached ({why}): nothing was sent; check the address and the network")]
    NotSent {
        /// Why.
        why: NotSent,
    },
    /// The request may have arrived; no answer did.
    #[error("no answer came ({why}): what became of it is not known here; read it again")]
    Unclear {
        /// Why.
        why: Unclear,
    },
    /// The gateway answered, and the answer is no.
    #[error("{}", .told.detail)]
    Told {
        /// Its words. Hostile text.
        told: Box<Told>,
        /// How long it asks to be left alone.
        retry_after_ms: Option<u64>,
    },
    /// Nothing goes without signing in.
    #[error("{}", sign_in_sentence(*.0))]
    SignIn(SignIn),
    /// The certificate is not to be trusted; nothing was sent.
    #[error(
        "the certificate is not trusted ({why}): check the address, the network and this machine's roots"
    )]
    Certificate {
        /// What the verifier said.
        why: String,
    },
    /// Somebody else answered with a certificate of their own, as networks do that want a sign-in first; nothing was sent.
    #[error(
        "somebody else answers in the gateway's place ({why}): sign in to the network, or check the address"
    )]
    Impostor {
        /// What the verifier said.
        why: String,
    },
    /// Something in between answered with a web page or a redirect.
    #[error(
        "a web page answered instead of the gateway: sign in to the network, or check that the address is a gateway's"
    )]
    Portal,
    /// A proxy wants credentials or forbids it.
    #[error("the proxy does not let it through ({why}): check the proxy settings")]
    Proxy {
        /// What it said.
        why: String,
    },
    /// It is not the gateway it was.
    #[error("{why}: ask who runs it, or remove it and add it again")]
    Protocol {
        /// What is otherwise.
        why: String,
    },
    /// The answer is longer than anything a gateway has reason to send.
    #[error("the answer is longer than {limit_bytes} bytes: it was not read; ask who runs the gateway")]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// An answer of success that cannot be read.
    #[error("the answer could not be read ({why}): the gateway may be of another version")]
    BadAnswer {
        /// What is wrong with it.
        why: String,
    },
    /// This gateway cannot do that; nothing was sent.
    #[error("this gateway does not offer {what}: nothing was sent")]
    NotOffered {
        /// What.
        what: &'static str,
    },
    /// An id that no path can hold; nothing was sent.
    #[error("\"{id}\" cannot be an id at a gateway: nothing was sent; check the id")]
    BadId {
        /// The path it would have made.
        id: String,
    },
}

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotSent {
    /// Refused, or no route.
    #[error("{0}")]
    Unreachable(String),
    /// No answer to the connection attempt.
    #[error("no connection in time")]
    TimedOut,
    /// The name has no address.
    #[error("the name was not found")]
    Dns,
    /// The TLS handshake failed for another reason than the certificate.
    #[error("TLS: {0}")]
    Tls(String),
    /// The request could not be built.
    #[error("{0}")]
    Local(String),
    /// What has to come first failed: asking what it is, or renewing the session.
    #[error("{0}")]
    Before(Box<Failure>),
}

/// Why it is unclear.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// No whole answer in time.
    #[error("none within {after_ms} ms")]
    TimedOut {
        /// The limit.
        after_ms: u64,
    },
    /// The connection broke.
    #[error("{0}")]
    Broken(String),
    /// It answered without saying what happened, as the platform does while the execution goes on (CONTRACT 3).
    #[error("it said {status} without a reason")]
    NoReason {
        /// HTTP status.
        status: u16,
    },
}

impl Failure {
    /// A gateway's own refusal.
    pub fn told(told: Told, retry_after_ms: Option<u64>) -> Self {
        Failure::Told { told: Box::new(told), retry_after_ms }
    }

    /// For a call that changes something: may it have taken effect all the same? Then the truth is re-read before
    /// anything else happens.
    pub fn leaves_unclear(&self) -> bool {
        match self {
            Failure::Unclear { .. }
            | Failure::Portal
            | Failure::TooLarge { .. }
            | Failure::BadAnswer { .. } => true,
            Failure::Told { told, .. } => match told.slug {
                Some(slug) if slug.status() < 500 => false,
                _ => told.status >= 500 || matches!(told.status, 408 | 425),
            },
            Failure::NotSent { .. }
            | Failure::SignIn(_)
            | Failure::Certificate { .. }
            | Failure::Impostor { .. }
            | Failure::Proxy { .. }
            | Failure::Protocol { .. }
            | Failure::NotOffered { .. }
            | Failure::BadId { .. } => false,
        }
    }

    /// Is there no gateway to talk to right now? What is cached may be shown then, marked with its age. Nothing is said
    /// with that about a decision ([`Failure::leaves_unclear`] does).
    pub fn is_unreachable(&self) -> bool {
        match self.root() {
            Failure::NotSent { why } => {
                matches!(why, NotSent::Unreachable(_) | NotSent::TimedOut | NotSent::Dns | NotSent::Tls(_))
            }
            Failure::Unclear { .. }
            | Failure::Certificate { .. }
            | Failure::Impostor { .. }
            | Failure::Portal
            | Failure::Proxy { .. } => true,
            Failure::Told { told, .. } => is_outage(told),
            _ => false,
        }
    }

    /// Has a person to sign in first?
    pub fn sign_in(&self) -> Option<SignIn> {
        match self.root() {
            Failure::SignIn(why) => Some(*why),
            _ => None,
        }
    }

    /// Is the gateway, or something in between, not to be talked to?
    pub fn refused_by(&self) -> Option<RefusedBy> {
        match self.root() {
            Failure::Certificate { .. } => Some(RefusedBy::Certificate),
            Failure::Portal | Failure::Impostor { .. } => Some(RefusedBy::Portal),
            Failure::Proxy { .. } => Some(RefusedBy::Proxy),
            Failure::Protocol { .. } => Some(RefusedBy::Protocol),
            _ => None,
        }
    }

    /// The gateway's problem slug, where it uses them or where its words are known to mean one.
    pub fn slug(&self) -> Option<Slug> {
        match self.root() {
            Failure::Told { told, .. } => told.slug,
            _ => None,
        }
    }

    /// HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self.root() {
            Failure::Told { told, .. } => Some(told.status),
            _ => None,
        }
    }

    /// How long the gateway asks to be left alone.
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self.root() {
            Failure::Told { retry_after_ms, .. } => *retry_after_ms,
            _ => None,
        }
    }

    /// The gateway itself says that there is no such thing, or not for this person to see. A bare 404 of something in
    /// between says nothing.
    pub fn is_not_found(&self) -> bool {
        self.slug() == Some(Slug::NotFound)
    }

    /// The gateway says: signed in, but not for this.
    pub fn is_not_allowed(&self) -> bool {
        matches!(self.slug(), Some(Slug::NotAllowed | Slug::PolicyDenied))
    }

    /// A word for programs: the slug where there is one.
    pub fn code(&self) -> &'static str {
        match self.root() {
            Failure::NotSent { why: NotSent::Local(_) } => "not-sent",
            Failure::NotSent { .. } => "unreachable",
            Failure::Unclear { .. } => "unclear",
            Failure::Told { told, .. } => match told.slug {
                Some(slug) => slug.word(),
                None if told.status >= 500 => "gateway-error",
                None => "gateway-refused",
            },
            Failure::SignIn(_) => "sign-in",
            Failure::Certificate { .. } => "certificate",
            Failure::Portal | Failure::Impostor { .. } => "portal",
            Failure::Proxy { .. } => "proxy",
            Failure::Protocol { .. } => "protocol",
            Failure::TooLarge { .. } => "too-large",
            Failure::BadAnswer { .. } => "bad-answer",
            Failure::NotOffered { .. } => "not-offered",
            Failure::BadId { .. } => "bad-id",
        }
    }

    /// Would the same call, if it is safe to repeat, perhaps go through a moment later? Not after a time-out: its time
    /// is used up.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self,
            Failure::NotSent { why: NotSent::Unreachable(_) | NotSent::Dns | NotSent::Tls(_) }
                | Failure::Unclear { why: Unclear::Broken(_) }
        )
    }

    /// The same, where it happened before the call itself: whatever it was, nothing of the call was sent.
    pub(crate) fn before(self) -> Self {
        match self {
            sent_nothing if !sent_nothing.leaves_unclear() => sent_nothing,
            other => Failure::NotSent { why: NotSent::Before(Box::new(other)) },
        }
    }

    fn root(&self) -> &Failure {
        match self {
            Failure::NotSent { why: NotSent::Before(inner) } => inner.root(),
            other => other,
        }
    }

    pub(crate) fn bad_answer(error: impl std::fmt::Display) -> Self {
        Failure::BadAnswer { why: error.to_string() }
    }
}

/// The gateway itself says that it is unavailable, or something in between says so for it. The platform's own 503 is no
/// proof of an outage (CONTRACT 3).
fn is_outage(told: &Told) -> bool {
    match (told.slug, told.form) {
        (Some(slug), _) => slug == Slug::Unavailable,
        (None, Form::Gateway) => false,
        (None, Form::Text | Form::Html | Form::Empty) => matches!(told.status, 502..=504),
    }
}

fn sign_in_sentence(why: SignIn) -> &'static str {
    match why {
        SignIn::NoSession => "not signed in: sign in first",
        SignIn::Expired => "the session ended and could not be renewed: sign in again",
        SignIn::WrongCredentials => {
            "the gateway did not take that name and password: check both and try again"
        }
        SignIn::NotAllowed => {
            "this account may not use this gateway: ask who runs it, or sign in with another"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::problem;

    fn told(status: u16, body: &str) -> Failure {
        Failure::told(problem::read(status, body.as_bytes()), None)
    }

    #[test]
    fn rule_5_only_a_clear_answer_closes_a_decision() {
        let broken = Failure::Unclear { why: Unclear::Broken("reset".into()) };
        let refused = Failure::NotSent { why: NotSent::Unreachable("refused".into()) };
        for (failure, unclear) in [
            (broken, true),
            (Failure::Unclear { why: Unclear::TimedOut { after_ms: 1 } }, true),
            (Failure::BadAnswer { why: String::new() }, true),
            (Failure::Portal, true),
            (told(500, "oops"), true),
            (told(503, ""), true),
            (told(408, "slow"), true),
            (told(409, r#"{"type":"x/already-decided"}"#), false),
            (told(422, "no"), false),
            (refused, false),
            (Failure::SignIn(SignIn::Expired), false),
            (Failure::NotOffered { what: "stop" }, false),
        ] {
            assert_eq!(failure.leaves_unclear(), unclear, "{failure:?}");
        }
    }

    #[test]
    fn rule_5_what_failed_before_the_call_is_no_doubt_about_the_call() {
        let health = Failure::Portal.before();
        assert!(!health.leaves_unclear());
        assert_eq!(health.refused_by(), Some(RefusedBy::Portal));
        assert_eq!(health.code(), "portal");
        assert!(!told(503, "").before().leaves_unclear());
    }

    #[test]
    fn a_slug_is_the_code_and_every_failure_has_a_sentence() {
        let decided = told(409, r#"{"type":"https://x/already-decided","detail":"Decided by b."}"#);
        assert_eq!((decided.code(), decided.to_string().as_str()), ("already-decided", "Decided by b."));
        assert_eq!(told(500, "oops").code(), "gateway-error");
        assert!(Failure::NotSent { why: NotSent::Dns }.to_string().contains("nothing was sent"));
    }

    #[test]
    fn an_outage_that_a_proxy_tells_is_no_refusal_and_still_no_outcome() {
        for (status, body) in [(502, "<html>bad gateway</html>"), (503, "no upstream"), (504, "")] {
            let outage = told(status, body);
            assert!(outage.is_unreachable() && outage.leaves_unclear(), "{outage:?}");
        }
        assert!(told(503, r#"{"type":"x/unavailable","detail":"The database is away."}"#).is_unreachable());
        assert!(!told(503, r#"{"detail":"Database connection error: refused"}"#).is_unreachable());
        assert!(!told(502, r#"{"type":"x/upstream-unreachable"}"#).is_unreachable());
        assert!(!told(500, "oops").is_unreachable());
    }
}
