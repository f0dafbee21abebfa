//! The one task that owns the state: takes an input, steps, has the effects done, publishes the view (DESIGN 4).
//! It awaits nothing but its next input.

mod ask;
mod audit;
mod events;
mod fetch;
mod ingest;
mod outgoing;
mod past;
mod query;
mod reach;
mod session;
mod watchman;

use crate::banner::Banner;
use crate::command::{Answer, Code, Command, Query, Refused};
use crate::effect::{CallId, Effect, SurfaceId};
use crate::failure::store_refused;
use crate::input::{Done, Fresh, Input, Now};
use crate::outbox::CallEnd;
use crate::state::State;
use crate::step::step;
use crate::view::AppView;
use domain::{Clock, DecisionId, Entropy, GatewayId};
use ingest::Job;
use keychain::Keychain;
use reach::Reach;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use store::Store;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Inputs that may wait.
const WAITING: usize = 256;
/// A new view at most this often.
const VIEW_EVERY_MS: u64 = 100;
/// Batches of one gateway that may wait to be committed: the socket waits beyond that (I8).
const BATCHES: usize = 32;

/// What reaches the loop.
pub(crate) enum Mail {
    /// An input for `step`.
    Input(Input),
    /// A command with its way back.
    Command {
        /// From which surface.
        surface: SurfaceId,
        /// What.
        command: Command,
        /// Answered once.
        reply: oneshot::Sender<Result<Answer, Refused>>,
    },
    /// A query with its way back.
    Query {
        /// What.
        query: Query,
        /// Answered once.
        reply: oneshot::Sender<Result<Answer, Refused>>,
    },
    /// A gateway can be talked to from now on.
    Reachable(Box<client::Gateway>, store::GatewayRecord),
    /// A gateway is to be talked to elsewhere from now on, with the session that was kept.
    Moved(Box<client::Gateway>, store::GatewayRecord, Option<crate::input::SignedInAs>),
    /// A surface is gone.
    SurfaceGone(SurfaceId),
    /// What is to be known about the files, from now on.
    Banners(Vec<Banner>),
    /// The cache was begun anew: all that is open is read again.
    Doubt,
    /// The machine woke up, or the network changed.
    Woke,
}

/// What varies, given to the engine.
#[derive(Clone)]
pub(crate) struct Ports {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) keychain: Arc<Keychain>,
    pub(crate) network: client::Network,
    pub(crate) store: Arc<Store>,
}

/// See the module.
pub(crate) struct Runtime {
    state: State,
    ports: Ports,
    mail: mpsc::Sender<Mail>,
    inbox: mpsc::Receiver<Mail>,
    view: watch::Sender<Arc<AppView>>,
    published_ms: u64,
    banners: Vec<Banner>,
    links: BTreeMap<GatewayId, Link>,
    replies: HashMap<CallId, oneshot::Sender<Result<Answer, Refused>>>,
    next_call: u64,
    cancel: CancellationToken,
}

/// One gateway's client and the queue of what is to be committed from it.
struct Link {
    client: client::Gateway,
    jobs: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
    /// Ends the stream that runs over it.
    stream: CancellationToken,
    /// Ends what runs over this link alone.
    _end: DropGuard,
    cancel: CancellationToken,
}

impl Runtime {
    /// Everything is in place; nothing runs yet.
    pub(crate) fn new(state: State, ports: Ports, cancel: CancellationToken) -> Self {
        let (mail, inbox) = mpsc::channel(WAITING);
        let (view, _) = watch::channel(Arc::new(state.view()));
        Self {
            state,
            ports,
            mail,
            inbox,
            view,
            published_ms: 0,
            banners: Vec::new(),
            links: BTreeMap::new(),
            replies: HashMap::new(),
            next_call: 0,
            cancel,
        }
    }

    /// The way in.
    pub(crate) fn handle(&self) -> crate::handle::Handle {
        crate::handle::Handle {
            mail: self.mail.clone(),
            view: self.view.subscribe(),
            // 0 is the process itself.
            surfaces: Arc::new(AtomicU64::new(1)),
        }
    }

    /// Makes a known gateway reachable again at start: its client, and the session the keychain kept.
    pub(crate) async fn link_known(&mut self, record: store::GatewayRecord) -> Result<(), Refused> {
        if self.ports.store.read_only().is_some() {
            crate::step::add(&mut self.state, record.clone());
            return self.recall(record.id).await;
        }
        let (client, restored) = session::open(&self.ports, &record).await?;
        crate::step::add(&mut self.state, record.clone());
        self.recall(record.id).await?;
        self.link(client, &record);
        if let Some(who) = restored {
            self.input(Input::Done(Done::SignedIn { call: None, gateway: record.id, result: Ok(who) }));
        }
        Ok(())
    }

    /// What was open when the last run ended.
    async fn recall(&mut self, gateway: GatewayId) -> Result<(), Refused> {
        let reader = self.ports.store.reader();
        let cached = reader.open_approvals(gateway).await.map_err(|error| store_refused(&error))?;
        let complete = reader.open_read_at(gateway).await.map_err(|error| store_refused(&error))?;
        let open = cached.into_iter().map(|kept| (kept.approval, kept.as_of)).collect();
        crate::step::recall(&mut self.state, gateway, open, complete);
        Ok(())
    }

    /// Runs until cancelled.
    pub(crate) async fn run(mut self) {
        watchman::watch(self.ports.clone(), self.mail.clone(), self.state.purpose, self.cancel.clone());
        self.input(Input::Tick);
        loop {
            let wait = self.wait_ms();
            tokio::select! {
                () = self.cancel.cancelled() => return,
                mail = self.inbox.recv() => match mail {
                    Some(mail) => self.take(mail),
                    None => return,
                },
                () = tokio::time::sleep(Duration::from_millis(wait)) => self.input(Input::Tick),
            }
            self.publish();
        }
    }

    /// Until the next thing is due: a decision, or a view held back to keep the rate. An hour if nothing is: an idle
    /// engine sleeps (P13).
    fn wait_ms(&self) -> u64 {
        let now = self.ports.clock.boot_ms();
        let due = self.state.next_due_ms().map_or(u64::MAX, |due| due.saturating_sub(now).max(1));
        let unpublished = self.view.borrow().rev != self.state.rev;
        let publish = if unpublished {
            (self.published_ms + VIEW_EVERY_MS).saturating_sub(now).max(1)
        } else {
            u64::MAX
        };
        due.min(publish).min(3_600_000)
    }

    fn publish(&mut self) {
        let now = self.ports.clock.boot_ms();
        let changed = self.view.borrow().rev != self.state.rev;
        if changed && now >= self.published_ms + VIEW_EVERY_MS {
            self.published_ms = now;
            self.view.send_replace(Arc::new(self.look()));
        }
    }

    fn look(&self) -> AppView {
        AppView { banners: self.banners.clone(), ..self.state.view() }
    }

    fn take(&mut self, mail: Mail) {
        match mail {
            Mail::Banners(banners) => {
                self.banners = banners;
                self.state.rev += 1;
            }
            Mail::Doubt => {
                for gateway in self.state.order.clone() {
                    self.input(Input::Done(Done::Incomplete { gateway }));
                }
            }
            Mail::Command { reply, .. } if self.read_only().is_some() => {
                let _ = reply.send(self.read_only().map_or(Ok(Answer::Done), Err));
            }
            Mail::Input(input) => self.input(input),
            Mail::SurfaceGone(surface) => self.input(Input::SurfaceGone(surface)),
            Mail::Woke => {
                self.links.values().for_each(|link| link.client.wake());
                self.input(Input::Tick);
            }
            Mail::Reachable(client, record) => self.link(*client, &record),
            Mail::Moved(client, record, who) => {
                self.links.remove(&record.id);
                self.link(*client, &record);
                if let Some(who) = who {
                    let done = Done::SignedIn { call: None, gateway: record.id, result: Ok(who) };
                    self.input(Input::Done(done));
                }
            }
            Mail::Query { query, reply } => self.query(query, reply),
            Mail::Command { command: Command::Printed { key, digest, approval }, reply, .. } => {
                let store = Arc::clone(&self.ports.store);
                tokio::spawn(async move {
                    let kept = store.remember_printed(&key, &digest, &approval).await;
                    let _ = reply
                        .send(kept.map(|()| Answer::Done).map_err(|e| crate::failure::store_refused(&e)));
                });
            }
            Mail::Command { command: Command::AskAlso { gateway, pipeline }, reply, .. } => {
                let link = self.links.get(&gateway).ok_or_else(|| reach::unknown_gateway(gateway));
                let _ = reply.send(link.map(|link| {
                    link.client.also_ask(pipeline);
                    Answer::Done
                }));
            }
            Mail::Command { surface, command, reply } => {
                self.next_call += 1;
                let call = CallId(self.next_call);
                self.replies.insert(call, reply);
                let fresh = self.fresh();
                self.input(Input::Command { call, surface, command, fresh });
            }
        }
    }

    /// Why nothing can be changed here, if nothing can (F41).
    fn read_only(&self) -> Option<Refused> {
        let why = self.ports.store.read_only()?;
        Some(Refused::new(Code::Store, format!("Nothing can be decided here and nothing was sent. {why}.")))
    }

    fn fresh(&self) -> Fresh {
        let mut bytes = [0; 16];
        self.ports.entropy.fill(&mut bytes);
        Fresh {
            nonce: crate::command::Nonce(hex::encode(bytes)),
            decision: DecisionId(self.ports.entropy.uuid()),
        }
    }

    fn input(&mut self, input: Input) {
        let now = Now { wall: self.ports.clock.now(), boot_ms: self.ports.clock.boot_ms() };
        for effect in step(&mut self.state, input, now) {
            self.perform(effect);
        }
    }

    fn link(&mut self, client: client::Gateway, record: &store::GatewayRecord) {
        if self.links.contains_key(&record.id) {
            return;
        }
        let cancel = self.cancel.child_token();
        session::keep(&self.ports, record.id, &client, &cancel);
        let (jobs, queue) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(BATCHES));
        let reach = self.reach_of(record.id, client.clone());
        tokio::spawn(ingest::work(reach, queue, Arc::clone(&room)));
        let stream = cancel.child_token();
        let link = Link { client, jobs, room, stream, _end: cancel.clone().drop_guard(), cancel };
        self.links.insert(record.id, link);
    }

    fn reach_of(&self, id: GatewayId, client: client::Gateway) -> Reach {
        Reach { id, client, ports: self.ports.clone(), mail: self.mail.clone() }
    }

    fn reach(&self, id: GatewayId) -> Option<Reach> {
        self.links.get(&id).map(|link| self.reach_of(id, link.client.clone()))
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Reply(call, result) => {
                if let Some(reply) = self.replies.remove(&call) {
                    let _ = reply.send(result);
                }
            }
            Effect::AddGateway { call, address } => {
                session::add(self.ports.clone(), self.mail.clone(), call, address);
            }
            Effect::Host { call, gateway, name, address } => {
                session::host(self.ports.clone(), self.mail.clone(), call, gateway, name, address);
            }
            Effect::SignIn { call, gateway, email, password } => match self.reach(gateway) {
                Some(reach) => session::sign_in(reach, call, email, password),
                None => self.input(Input::Done(Done::SignedIn {
                    call: Some(call),
                    gateway,
                    result: Err(reach::unknown_gateway(gateway)),
                })),
            },
            Effect::OpenStream { gateway } => {
                if let (Some(reach), Some(link)) = (self.reach(gateway), self.links.get_mut(&gateway)) {
                    // At most one at a time, however often it is asked for.
                    link.stream.cancel();
                    link.stream = link.cancel.child_token();
                    events::follow(reach, Arc::clone(&link.room), link.stream.clone());
                }
            }
            Effect::Reconcile { gateway, round } => self.queue(gateway, Job::Reconcile(round)),
            Effect::Ingest { gateway, batch } => self.queue(gateway, Job::Batch(batch)),
            Effect::Read { gateway, pipeline, request, why } => match self.reach(gateway) {
                Some(reach) => fetch::read(reach, pipeline, request, why),
                None => self.input(Input::Done(Done::Read {
                    gateway,
                    request,
                    why,
                    result: Err(reach::unknown_gateway(gateway)),
                })),
            },
            Effect::Decide { call, row, shown, typed } => {
                outgoing::decide(self.ports.clone(), self.mail.clone(), call, row, shown, typed);
            }
            Effect::Advance { decision, turn, status, results } => {
                outgoing::advance(self.ports.clone(), self.mail.clone(), decision, turn, status, results);
            }
            Effect::KeepPolicy { call, policy } => {
                outgoing::keep_policy(self.ports.clone(), self.mail.clone(), call, policy);
            }
            Effect::Send { row } => match self.reach(row.key.gateway) {
                Some(reach) => outgoing::send(reach, row),
                None => {
                    let why = reach::unknown_gateway(row.key.gateway).message;
                    let end = CallEnd::NotSent { why, code: crate::command::Code::NotFound };
                    self.input(Input::Done(Done::Sent { decision: row.id, end }));
                }
            },
        }
    }

    fn queue(&self, gateway: GatewayId, job: Job) {
        if let Some(link) = self.links.get(&gateway) {
            // The worker lives as long as the link.
            let _ = link.jobs.send(job);
        }
    }
}
