//! The handle: what is shared between the calls to one gateway, and the one path every call under a session takes.

use crate::capability::Capabilities;
use crate::failure::{Failure, Unclear};
use crate::session::{Changes, Generation, Session, SessionSecret, Tokens};
use crate::settings::{Dialect, Settings};
use crate::wire::call::{Answer, Auth, Call};
use crate::wire::transport::Transport;
use crate::wire::verdict;
use domain::PipelineId;
use domain::connection::SignIn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Mutex, Notify};

/// One gateway seen from outside. Cheap to clone; all clones share the session.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) transport: Transport,
    pub(crate) session: Session,
    /// What `/health` said in this run; nothing goes out under a session before it did.
    pub(crate) checked: RwLock<Option<Dialect>>,
    capabilities: RwLock<Option<Capabilities>>,
    renewal: Mutex<LastRenewal>,
    renewals: AtomicU64,
    pub(crate) wake: Notify,
    /// Pipelines that persons named, beside those the gateway lists.
    pub(crate) by_hand: RwLock<Vec<PipelineId>>,
}

/// The last renewal that was tried: those who waited for it take its result.
#[derive(Default)]
struct LastRenewal {
    failure: Option<Failure>,
}

impl Gateway {
    /// A client of the gateway at that origin. Sends nothing yet.
    ///
    /// # Errors
    /// [`Failure::NotSent`] if TLS cannot be set up, for example because this machine has no roots.
    pub fn new(settings: Settings) -> Result<Self, Failure> {
        let inner = Inner {
            transport: Transport::new(&settings)?,
            session: Session::new(),
            checked: RwLock::new(None),
            capabilities: RwLock::new(None),
            renewal: Mutex::default(),
            renewals: AtomicU64::new(0),
            wake: Notify::new(),
            by_hand: RwLock::new(settings.pipelines_by_hand.clone()),
            settings,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What it can do: what its last `hello` said, before that what its dialect lets expect.
    pub fn capabilities(&self) -> Capabilities {
        let told = self.inner.capabilities.read().unwrap_or_else(PoisonError::into_inner).clone();
        told.unwrap_or_else(|| self.known_dialect().map(Capabilities::of).unwrap_or_default())
    }

    /// The session as it is now, for the keychain.
    pub fn session(&self) -> Option<SessionSecret> {
        self.inner.session.secret()
    }

    /// Takes up a session that was kept. `false` if the secret is none of ours; nothing changes then.
    pub fn restore(&self, secret: &SessionSecret) -> bool {
        self.inner.session.restore(secret)
    }

    /// Tells whenever the session changes: tokens rotate, and the keychain's copy must keep up.
    pub fn session_changes(&self) -> Changes {
        self.inner.session.changes()
    }

    /// The machine woke up, or the network changed: the stream looks at once whether its connection still lives.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
    }

    pub(crate) fn learn(&self, capabilities: Capabilities) {
        *self.inner.capabilities.write().unwrap_or_else(PoisonError::into_inner) = Some(capabilities);
    }

    /// What it speaks, as far as that is known without asking: what it said in this run, or what was pinned.
    pub fn known_dialect(&self) -> Option<Dialect> {
        let checked = *self.inner.checked.read().unwrap_or_else(PoisonError::into_inner);
        checked.or(self.inner.settings.pinned)
    }

    /// The dialect, asked for once per run. What fails here failed before anything of the call itself was sent.
    pub(crate) async fn dialect(&self) -> Result<Dialect, Failure> {
        let checked = *self.inner.checked.read().unwrap_or_else(PoisonError::into_inner);
        match checked {
            Some(dialect) => Ok(dialect),
            None => self.probe().await.map(|probe| probe.dialect).map_err(Failure::before),
        }
    }

    /// Sends a call under the session. A 401 renews the session once and sends the same call once more: a refusal of
    /// the session is no answer to the call.
    pub(crate) async fn call(&self, call: &Call) -> Result<Answer, Failure> {
        let dialect = self.dialect().await?;
        let transport = &self.inner.transport;
        let (tokens, generation) = self.tokens(dialect)?;
        let mut answer = transport.send(call, Some(&tokens)).await?;
        if answer.status == 401 && call.auth == Auth::Access {
            self.renew(generation).await.map_err(Failure::before)?;
            let (tokens, _) = self.tokens(dialect)?;
            answer = transport.send(call, Some(&tokens)).await?;
        }
        if answer.status == 401 {
            return Err(Failure::SignIn(SignIn::Expired));
        }
        verdict::read(dialect, answer, transport.now())
    }

    /// The tokens in hand; a secret of the other dialect is none.
    pub(crate) fn tokens(&self, dialect: Dialect) -> Result<(Tokens, Generation), Failure> {
        match self.inner.session.current() {
            (Ok(tokens), generation) if tokens.dialect == dialect => Ok((tokens, generation)),
            (Ok(_), _) => Err(Failure::SignIn(SignIn::NoSession)),
            (Err(why), _) => Err(Failure::SignIn(why)),
        }
    }

    /// Renews the session that a 401 was about, unless someone else has done so already. However many ask at once, one
    /// call goes out. It runs to its end even if nobody waits for it any more: a rotated token must not get lost.
    pub(crate) async fn renew(&self, used: Generation) -> Result<(), Failure> {
        let before = self.inner.renewals.load(Ordering::Acquire);
        let gateway = self.clone();
        let renewal = tokio::spawn(async move { gateway.renew_alone(used, before).await });
        renewal.await.unwrap_or_else(|error| {
            Err(Failure::Unclear { why: Unclear::Broken(format!("renewing the session: {error}")) })
        })
    }

    async fn renew_alone(&self, used: Generation, before: u64) -> Result<(), Failure> {
        let mut last = self.inner.renewal.lock().await;
        let (tokens, now) = self.inner.session.current();
        let tokens = tokens.map_err(Failure::SignIn)?;
        if now != used {
            return Ok(());
        }
        if let Some(failure) = &last.failure
            && self.inner.renewals.load(Ordering::Acquire) != before
        {
            return Err(failure.clone());
        }
        let renewed = self.refresh(&tokens).await;
        last.failure = renewed.as_ref().err().cloned();
        self.inner.renewals.fetch_add(1, Ordering::Release);
        match renewed {
            Ok(tokens) => self.inner.session.replace_if(now, Ok(tokens)),
            Err(Failure::SignIn(why)) => self.inner.session.replace_if(now, Err(why)),
            Err(_) => {}
        }
        match &last.failure {
            None => Ok(()),
            Some(failure) => Err(failure.clone()),
        }
    }
}
