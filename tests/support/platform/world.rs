//! Everything the platform fixture knows: users, sessions, pipelines, documents, open sockets, and what is to go wrong.

use super::action::Answer;
use super::document::{Document, Workflow};
use super::received::{Instead, Received, Route};
use super::refuse::{self, Refused};
use super::request::Request;
use super::socket::Say;
use crate::now::System;
use crate::serve::lock;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::Clock;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Shared by all handlers.
#[derive(Debug)]
pub(super) struct World {
    pub(super) state: Mutex<State>,
    /// Ids of the actions that may not come back yet.
    pub(super) held: watch::Sender<BTreeSet<String>>,
    /// Calls what actions act upon.
    pub(super) http: reqwest::Client,
}

/// What changes.
#[derive(Debug)]
pub(super) struct State {
    made: u64,
    pub(super) users: Vec<User>,
    /// User by access token that is still good.
    pub(super) access: BTreeMap<String, User>,
    /// User by refresh token that is still good.
    pub(super) refresh: BTreeMap<String, User>,
    /// Every token ever given out.
    pub(super) issued: Vec<String>,
    pub(super) pipelines: BTreeMap<String, Pipeline>,
    pub(super) documents: Vec<Document>,
    pub(super) sockets: BTreeMap<u64, mpsc::UnboundedSender<Say>>,
    pub(super) received: Vec<Received>,
    pub(super) instead: BTreeMap<Route, Instead>,
    pub(super) approve_fault: ApproveFault,
    pub(super) idle_after: Duration,
    /// Ids of actions, in the order they were started.
    pub(super) started: Vec<String>,
    /// Ids of actions, in the order they took effect.
    pub(super) executed: Vec<String>,
}

/// Someone who can sign in.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) password: String,
    pub(super) role: Role,
}

/// What a user is to every pipeline here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sees and decides.
    Owner,
    /// Sees, if it knows the pipeline's id: `retrieve_all` shows it nothing.
    Viewer,
    /// Has no rights, yet gets every frame.
    Stranger,
}

/// What goes wrong with a decision on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApproveFault {
    /// 500 with an empty reason after so long, while execution goes on. The platform's own is 60 s.
    GivesUpAfter(Duration),
    /// 500 with an empty reason at once; nothing was taken.
    NotTaken,
    /// The decision is taken, execution goes on, the connection is reset before an answer.
    ResetOnceTaken,
    /// The connection is reset; nothing was taken.
    ResetBeforeTaken,
    /// The decision is taken; no answer ever comes.
    Silent,
}

/// A monitored workflow with its container.
#[derive(Clone, Debug)]
pub(super) struct Pipeline {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) container: Container,
    pub(super) created_at: DateTime<Utc>,
    pub(super) registry: BTreeMap<String, Registered>,
    pub(super) mappings: Vec<Value>,
    /// Lost when the container restarts.
    pub(super) requests: Vec<Request>,
}

/// Is its container there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Running,
    Stopped,
}

/// A registry entry.
#[derive(Clone, Debug)]
pub(super) struct Registered {
    pub(super) entry: Value,
    pub(super) answer: Answer,
}

impl World {
    pub(super) fn new(http: reqwest::Client) -> Self {
        let state = State {
            made: 0,
            users: Vec::new(),
            access: BTreeMap::new(),
            refresh: BTreeMap::new(),
            issued: Vec::new(),
            pipelines: BTreeMap::new(),
            documents: Vec::new(),
            sockets: BTreeMap::new(),
            received: Vec::new(),
            instead: BTreeMap::new(),
            approve_fault: ApproveFault::GivesUpAfter(Duration::from_secs(60)),
            idle_after: Duration::from_secs(300),
            started: Vec::new(),
            executed: Vec::new(),
        };
        Self { state: Mutex::new(state), held: watch::channel(BTreeSet::new()).0, http }
    }

    /// Runs `change` on the locked state; never across an await.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut lock(&self.state))
    }
}

impl State {
    /// So many hex digits, never the same twice and with no order to be relied on.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        self.made += 1;
        let high = self.made.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let low = high.rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        format!("{high:016x}{low:016x}").chars().take(digits).collect()
    }

    /// A number never given before.
    pub(super) fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// The pipeline, if this user may use it and its container runs; the errors in the platform's order.
    pub(super) fn pipeline(&mut self, user: &User, id: &str) -> Result<&mut Pipeline, Refused> {
        if id.len() != 24 || !id.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(refuse::bad_id(id));
        }
        let gone =
            || refuse::plain(StatusCode::NOT_FOUND, "Workflow not found or agentic container not running");
        let pipeline = self.pipelines.get_mut(id).ok_or_else(gone)?;
        if user.role == Role::Stranger {
            return Err(refuse::plain(StatusCode::FORBIDDEN, "You are not allowed to access this workflow"));
        }
        match pipeline.container {
            Container::Running => Ok(pipeline),
            Container::Stopped => Err(gone()),
        }
    }

    /// The request and the pipeline it is in.
    pub(super) fn request(&mut self, id: &str) -> Option<&mut Request> {
        self.pipelines
            .values_mut()
            .find_map(|pipeline| pipeline.requests.iter_mut().find(|request| request.id == id))
    }

    /// How frames and lists show a pipeline.
    pub(super) fn workflow(&self, id: &str) -> Option<Workflow> {
        let ids = |role| -> Vec<String> {
            self.users.iter().filter(|user| user.role == role).map(|user| user.id.clone()).collect()
        };
        self.pipelines.get(id).map(|pipeline| Workflow {
            id: pipeline.id.clone(),
            name: pipeline.name.clone(),
            owners: ids(Role::Owner),
            viewers: ids(Role::Viewer),
            status: match pipeline.container {
                Container::Running => "Running",
                Container::Stopped => "Stopped",
            },
            updated_at: pipeline.created_at,
        })
    }

    /// Stores a document, or overwrites the one of the same id, and sends it to everybody.
    pub(super) fn publish(&mut self, document: Document) {
        self.say(&Say::Text(document.frame().to_string()));
        match self.documents.iter_mut().find(|old| old.id == document.id) {
            Some(old) => *old = document,
            None => self.documents.push(document),
        }
    }

    /// Tells every open socket.
    pub(super) fn say(&mut self, what: &Say) {
        self.sockets.retain(|_, socket| socket.send(what.clone()).is_ok());
    }
}

/// The wall clock.
pub(super) fn now() -> DateTime<Utc> {
    System.now()
}
