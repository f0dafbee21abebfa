//! The scripted incident: service, gateway, runbook, load, probe, in that order; and the end of it, in the opposite one.
//! Decides nothing about the request it raises.

mod runbook;
mod watch;

use crate::account::{Account, CallError};
use crate::load::Load;
use crate::service::{Restart, SERVICE_NAME, SLOTS, Service};
use crate::step::{Reported, Reporter, Step};
use crate::wire;
use gateway::{AddError, Config, Gateway, NewWorkflow, OpenError, Role, ServeError};
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The pipeline that the service belongs to.
pub const PIPELINE: &str = "payments-prod";

/// What is played.
#[derive(Clone, Debug)]
pub struct Script {
    /// Where the gateway's database lies; `None` keeps it in memory.
    pub directory: Option<PathBuf>,
    /// Of the person who decides; becomes an owner of [`PIPELINE`].
    pub email: String,
    /// That person's, at least 8 characters.
    pub password: String,
    /// Whether the restart helps.
    pub restart: Restart,
    /// When the service breaks.
    pub begin: Begin,
}

/// When the load starts.
#[derive(Clone, Debug)]
pub enum Begin {
    /// As soon as all else is ready.
    AtOnce,
    /// Once this is cancelled: whoever watches has taken a seat.
    When(CancellationToken),
}

impl Begin {
    async fn come(&self) {
        match self {
            Begin::AtOnce => {}
            Begin::When(begun) => begun.cancelled().await,
        }
    }
}

/// Why an incident could not be played.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// The directory cannot be made.
    #[error("the directory {path} cannot be used: {source}")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No port of 127.0.0.1 can be had.
    #[error("nothing can listen on 127.0.0.1: {0}")]
    Listen(#[source] io::Error),
    /// The HTTP client cannot be set up.
    #[error("no HTTP client can be set up: {0}")]
    Client(String),
    /// The gateway does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An account cannot be added.
    #[error(transparent)]
    Add(#[from] AddError),
    /// The person who decides cannot sign in.
    #[error(
        "{email} cannot sign in: {source}; if the directory holds an earlier rehearsal, use its password"
    )]
    SignIn {
        /// Who.
        email: String,
        /// Why.
        source: CallError,
    },
    /// The gateway refused a step of the preparation.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The gateway stopped serving.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// An incident under way.
pub struct Incident {
    gateway_origin: String,
    service: Service,
    serving: JoinHandle<Result<(), ServeError>>,
    // Dropped last, in this order: the gateway first, so that what it executes still finds the service.
    stop_gateway: DropGuard,
    _stop_service: DropGuard,
}

impl Incident {
    /// Sets everything up; the service breaks when the script says, and the probe raises the alarm by itself. Each step
    /// goes to `steps`.
    ///
    /// # Errors
    /// See [`IncidentError`]; what was started ends then.
    pub async fn start(
        script: Script,
        steps: mpsc::UnboundedSender<Reported>,
    ) -> Result<Self, IncidentError> {
        let config = Config::new(database(script.directory)?);
        let reporter = {
            let clock = Arc::clone(&config.clock);
            Reporter { now: Arc::new(move || clock.now()), out: steps }
        };
        let entropy = Arc::clone(&config.entropy);
        let client = wire::client().map_err(|error| IncidentError::Client(error.to_string()))?;

        let stop_service = CancellationToken::new();
        let end_of_service = stop_service.clone().drop_guard();
        let started = Service::start(SLOTS, script.restart, stop_service).await;
        let service = started.map_err(IncidentError::Listen)?;
        reporter.report(Step::ServiceUp {
            origin: service.origin().to_owned(),
            service: SERVICE_NAME.to_owned(),
            health_url: format!("{}/health", service.origin()),
        });

        let probe = watch::Machine {
            // Random, so that a database of an earlier rehearsal can be used again.
            email: format!("probe-{}@rehearsal.invalid", entropy.uuid()),
            password: entropy.uuid().to_string(),
        };
        let gateway = Gateway::open(config).await?;
        add_accounts(&gateway, &script.email, &script.password, &probe).await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(IncidentError::Listen)?;
        let origin = format!("http://{}", listener.local_addr().map_err(IncidentError::Listen)?);
        let stop = CancellationToken::new();
        let stop_gateway = stop.clone().drop_guard();
        let serving = tokio::spawn({
            let stop = stop.clone();
            async move { gateway.serve(listener, stop).await }
        });
        let owner = Account::sign_in(&client, &origin, &script.email, &script.password)
            .await
            .map_err(|source| IncidentError::SignIn { email: script.email.clone(), source })?;
        reporter.report(Step::GatewayUp {
            origin: origin.clone(),
            email: script.email,
            pipeline: PIPELINE.to_owned(),
        });

        runbook::prepare(&owner, &service.document_url(), &reporter).await?;
        let (service_origin, gateway_origin) = (service.origin().to_owned(), origin.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = script.begin.come() => {}
                () = stop.cancelled() => return,
            }
            let load = Load::start(&client, &service_origin, SLOTS);
            reporter.report(Step::LoadStarted { leaks: SLOTS });
            let new_key = Box::new(move || entropy.uuid().to_string());
            let machine = probe;
            let watch =
                watch::Watch { client, service_origin, gateway_origin, machine, new_key, load, reporter };
            watch.run(stop).await;
        });
        Ok(Self { gateway_origin: origin, service, serving, stop_gateway, _stop_service: end_of_service })
    }

    /// `http://127.0.0.1:PORT` of the gateway.
    pub fn gateway_origin(&self) -> &str {
        &self.gateway_origin
    }

    /// The service.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Goes on until `stop`, then ends everything in good order.
    ///
    /// # Errors
    /// When the gateway ends by itself or badly.
    pub async fn run_until(mut self, stop: impl Future<Output = ()>) -> Result<(), IncidentError> {
        tokio::select! {
            ended = &mut self.serving => return Ok(flat(ended)?),
            () = stop => {}
        }
        drop(self.stop_gateway);
        Ok(flat(self.serving.await)?)
    }
}

fn flat(ended: Result<Result<(), ServeError>, tokio::task::JoinError>) -> Result<(), ServeError> {
    ended.unwrap_or_else(|error| Err(ServeError::Io(io::Error::other(error))))
}

fn database(directory: Option<PathBuf>) -> Result<String, IncidentError> {
    let Some(path) = directory else { return Ok("sqlite::memory:".to_owned()) };
    match std::fs::create_dir_all(&path) {
        Ok(()) => Ok(format!("sqlite:{}", path.join("gateway.db").display())),
        Err(source) => Err(IncidentError::Directory { path, source }),
    }
}

/// The pipeline, the person who decides and the machine that raises. In a database of an earlier rehearsal the first two
/// are there already.
async fn add_accounts(
    gateway: &Gateway,
    email: &str,
    password: &str,
    probe: &watch::Machine,
) -> Result<(), IncidentError> {
    let workflow = NewWorkflow {
        id: Some(PIPELINE.to_owned()),
        name: "Payments, production".to_owned(),
        ..NewWorkflow::default()
    };
    match gateway.add_workflow(workflow).await {
        // Refused is what an existing one is; any other reason shows when the accounts join it.
        Ok(_) | Err(AddError::Refused(_)) => {}
        Err(other) => return Err(other.into()),
    }
    let named = [PIPELINE.to_owned()];
    match gateway.add_user_to(email, Role::Owner, password, &named).await {
        Ok(_) | Err(AddError::Taken(_)) => {}
        Err(other) => return Err(other.into()),
    }
    gateway.add_user_to(&probe.email, Role::Machine, &probe.password, &named).await?;
    Ok(())
}
