//! The gateway as a value: opened on a database, given users and workflows, and served on a listener.

use crate::auth::{password, role::Role};
use crate::config::Config;
use crate::core::{App, Core};
use crate::db::audit::Note;
use crate::db::meta::{self, RIGHTS};
use crate::db::sqlite::{self, OpenFailure, Place};
use crate::db::users::{self, UserRow};
use crate::db::workflows::{self as rows, WorkflowRow};
use crate::db::{Db, events};
use crate::executor::outward;
use crate::executor::vault::Vault;
use crate::fault::Fault;
use crate::http::limits::RateLimit;
use crate::registry::workflows;
use crate::serve;
use crate::stream::hub::Hub;
use serde_json::json;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Shortest password, in characters.
const PASSWORD_CHARS: usize = 8;
/// Stands in the audit chain for what is done at the gateway's own machine.
const OPERATOR: &str = "operator";

/// An open gateway. Cheap to clone; all clones are the same gateway.
#[derive(Clone)]
pub struct Gateway {
    app: App,
    place: Place,
}

/// Why a gateway could not be opened. The sentence names the database.
#[derive(Debug, thiserror::Error)]
#[error("the database \"{database}\" could not be opened: {cause}")]
pub struct OpenError {
    database: String,
    cause: String,
}

/// Why a user or workflow was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The address has no `@`, or is empty.
    #[error("\"{0}\" is no e-mail address")]
    Address(String),
    /// Too short to be worth hashing.
    #[error("a password needs at least {PASSWORD_CHARS} characters")]
    ShortPassword,
    /// There is an account of that address.
    #[error("there is a user \"{0}\" already")]
    Taken(String),
    /// A workflow that was named does not exist.
    #[error("there is no workflow \"{0}\"")]
    NoSuchWorkflow(String),
    /// The gateway says no, in its own words.
    #[error("{0}")]
    Refused(String),
}

/// Why serving ended or did not begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Plain http is for loopback only.
    #[error("{0} is not a loopback address: put a TLS proxy in front and listen on 127.0.0.1 behind it")]
    NotLoopback(std::net::IpAddr),
    /// Two would both run what was approved.
    #[error("another gateway serves this database already (it holds {0})")]
    AlreadyServed(std::path::PathBuf),
    /// The listener or the lock file failed.
    #[error("the gateway could not be served")]
    Io(#[from] std::io::Error),
    /// The database failed at start or end.
    #[error("the gateway's database failed: {0}")]
    Database(String),
}

/// A workflow to be added.
#[derive(Clone, Debug, Default)]
pub struct NewWorkflow {
    /// Made up when absent.
    pub id: Option<String>,
    /// For people; must not be empty.
    pub name: String,
    /// Users' ids or e-mail addresses: those who decide.
    pub owners: Vec<String>,
    /// Users' ids or e-mail addresses: those who read, and machines that raise.
    pub viewers: Vec<String>,
    /// See [`domain::law::Asking`].
    pub asking: Asking,
}

/// Whether certain and harmless actions of a workflow run by themselves (CONTRACT 1a).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asking {
    /// As the law says.
    #[default]
    WhenNeeded,
    /// Every match asks.
    Always,
}

impl Gateway {
    /// Opens the database, creating it and bringing its schema up to date. An empty one gets the workflow `default`, so
    /// that there is something to start with.
    ///
    /// # Errors
    /// [`OpenError`] when the address is not understood or the database cannot be opened.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        let failed = |cause: String| OpenError { database: config.database.clone(), cause };
        let place = sqlite::place(&config.database).map_err(|error| failed(error.to_string()))?;
        let open = |error: OpenFailure| failed(error.to_string());
        let db = sqlite::open(&place, config.retained_events).await.map_err(open)?;
        let app = core(config.clone(), db).await.map_err(|error| failed(error.to_string()))?;
        let gateway = Self { app: Arc::new(app), place };
        gateway.add_default_workflow().await.map_err(|error| failed(error.to_string()))?;
        Ok(gateway)
    }

    /// Serves until `closing` is cancelled, then says so to every socket, lets running executions finish within the grace
    /// time and marks the rest as interrupted. What a process that died left executing is marked at the start. A gateway
    /// serves once.
    ///
    /// # Errors
    /// [`ServeError`] when the listener is not on loopback or the database is served already.
    pub async fn serve(&self, listener: TcpListener, closing: CancellationToken) -> Result<(), ServeError> {
        self.serve_telling(listener, closing, || {}).await
    }

    /// As [`Gateway::serve`]; `told` is called once the database is this gateway's own and calls will be answered.
    ///
    /// # Errors
    /// See [`Gateway::serve`].
    pub async fn serve_telling(
        &self,
        listener: TcpListener,
        closing: CancellationToken,
        told: impl FnOnce() + Send,
    ) -> Result<(), ServeError> {
        serve::serve(&self.app, &self.place, listener, closing, told).await
    }

    /// Adds a user as a member of every workflow there is: an owner as owner, everyone else as viewer (an admin needs no
    /// membership). Returns the user's id.
    ///
    /// # Errors
    /// See [`AddError`].
    pub async fn add_user(&self, email: &str, role: Role, password: &str) -> Result<String, AddError> {
        self.add(email, role, password, None).await
    }

    /// Adds a user as a member of the workflows named.
    ///
    /// # Errors
    /// See [`AddError`].
    pub async fn add_user_to(
        &self,
        email: &str,
        role: Role,
        password: &str,
        named: &[String],
    ) -> Result<String, AddError> {
        self.add(email, role, password, Some(named)).await
    }

    /// Adds a workflow and returns its id.
    ///
    /// # Errors
    /// [`AddError::Refused`] when the id is taken or the name is empty.
    pub async fn add_workflow(&self, new: NewWorkflow) -> Result<String, AddError> {
        let workflow = WorkflowRow {
            id: new.id.unwrap_or_else(|| self.app.config.entropy.uuid().to_string()),
            name: new.name,
            status: "active".to_owned(),
            always_ask: new.asking == Asking::Always,
            owners: new.owners,
            viewers: new.viewers,
        };
        workflows::create(&self.app, OPERATOR, &workflow).await?;
        Ok(workflow.id)
    }

    async fn add(
        &self,
        email: &str,
        role: Role,
        secret: &str,
        named: Option<&[String]>,
    ) -> Result<String, AddError> {
        let email = email.trim().to_lowercase();
        if !email.contains('@') || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AddError::Address(email));
        }
        if secret.chars().count() < PASSWORD_CHARS {
            return Err(AddError::ShortPassword);
        }
        let (entropy, secret) = (Arc::clone(&self.app.config.entropy), secret.to_owned());
        let hash = tokio::task::spawn_blocking(move || password::hash(&secret, entropy.as_ref()))
            .await
            .map_err(|error| AddError::Refused(error.to_string()))?
            .map_err(|error| AddError::Refused(error.to_string()))?;
        let id = self.app.config.entropy.uuid().to_string();
        let user = UserRow { id: id.clone(), email, role, password_hash: hash };
        let mut write = self.app.write().await.map_err(Fault::from)?;
        if users::by_email(write.conn(), &user.email).await.map_err(Fault::from)?.is_some() {
            return Err(AddError::Taken(user.email));
        }
        for workflow in named.unwrap_or_default() {
            if rows::one(write.conn(), workflow).await.map_err(Fault::from)?.is_none() {
                return Err(AddError::NoSuchWorkflow(workflow.clone()));
            }
        }
        let at = write.now_ms();
        users::insert(write.conn(), &user, at).await.map_err(Fault::from)?;
        let detail = json!({"email": user.email, "role": role.word()});
        let note = Note { actor: OPERATOR, action: "user_added", subject: &id, detail };
        write.audit(note).await.map_err(Fault::from)?;
        workflows::join(&mut write, OPERATOR, (&user.email, role), named).await?;
        write.commit().await.map_err(Fault::from)?;
        Ok(id)
    }

    async fn add_default_workflow(&self) -> Result<(), sqlx::Error> {
        let mut write = self.app.write().await?;
        if rows::all(write.conn()).await?.is_empty() {
            let workflow = WorkflowRow {
                id: "default".to_owned(),
                name: "Default".to_owned(),
                status: "active".to_owned(),
                ..WorkflowRow::default()
            };
            workflows::create_in(&mut write, OPERATOR, &workflow).await?;
            write.commit().await?;
        }
        Ok(())
    }
}

impl From<Fault> for AddError {
    fn from(fault: Fault) -> Self {
        AddError::Refused(fault.problem.detail)
    }
}

async fn core(config: Config, db: Db) -> Result<Core, Box<dyn std::error::Error + Send + Sync>> {
    let mut tx = db.write.begin_with(sqlite::BEGIN_WRITE).await?;
    let identity = meta::identity(&mut tx, config.entropy.as_ref()).await?;
    let head = events::head(&mut tx).await?;
    let rights = u64::try_from(meta::counter(&mut tx, RIGHTS).await?).unwrap_or(0);
    tx.commit().await?;
    Ok(Core {
        hub: Arc::new(Hub::new(config.reader_backlog, head, rights)),
        vault: Vault::new(config.secrets.clone()),
        limit: RateLimit::new(config.requests_per_min),
        outward: outward::client()?,
        password_checks: Semaphore::new(2),
        runs: TaskTracker::new(),
        sockets: TaskTracker::new(),
        rested: Notify::new(),
        cut_off: CancellationToken::new(),
        closing: CancellationToken::new(),
        expiry_moved: Notify::new(),
        identity,
        db,
        config,
    })
}
