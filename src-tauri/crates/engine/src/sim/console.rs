//! One simulated console: the real state and the real step, a model store that outlives it, and every effect carried out
//! on the simulated world. It dies between two effects and comes back through the real `restore` and `recall`.

use super::dice::Dice;
use super::ledger::{self, Message};
use super::net::{self, PATIENCE_MS, Repeat};
use super::plan::{Kept, Side};
use super::planted::{self, Plant};
use super::store::ModelStore;
use super::wire::{self, Wire};
use super::work::{self, Job};
use super::world::{World, time_at};
use super::{platform, saving};
use crate::command::{Answer, Command, Nonce, Refused};
use crate::effect::{CallId, Effect, SurfaceId};
use crate::failure::{call_end, refused};
use crate::input::{Done, Fresh, Input, Now, SignedInAs};
use crate::notices::Told;
use crate::outbox::CallEnd;
use crate::policy::Policy;
use crate::state::{Purpose, State};
use crate::step::{Row, add, recall, restore, step};
use crate::view::DecisionView;
use client::failure::Unclear;
use client::{Dialect, Failure, StreamEvent};
use domain::registry::RemediationResponse;
use domain::{DecisionId, GatewayId, RequestId};
use std::collections::{BTreeMap, VecDeque};
use store::GatewayRecord;
use uuid::Uuid;

/// The one gateway.
pub(super) const GATEWAY: GatewayId = GatewayId(Uuid::from_u128(7));

/// Waits for the answer to a command.
type Waiting = Box<dyn FnOnce(&mut World, Result<Answer, Refused>)>;

/// See the module.
pub(super) struct Console {
    /// Who sits there.
    pub(super) email: String,
    /// Grows with each start.
    pub(super) life: u64,
    pub(super) running: Option<Running>,
    pub(super) store: ModelStore,
    /// Whose session it holds.
    pub(super) session: Option<String>,
    pub(super) asleep_until_ms: u64,
    pub(super) parted_until_ms: u64,
    pub(super) wall_offset_ms: i64,
    /// Dies when so many more effects were carried out, for so long.
    pub(super) doom: Option<(u64, u64, Kept)>,
    pub(super) wire: Option<Wire>,
    pub(super) streams: u64,
    pub(super) surfaces: u64,
    /// What the person has set about decisions.
    pub(super) policy: Policy,
}

/// What a process holds in memory.
pub(super) struct Running {
    pub(super) state: State,
    pub(super) told: Told,
    pub(super) jobs: VecDeque<Job>,
    pub(super) work: Work,
    pub(super) waiting: BTreeMap<CallId, Waiting>,
    calls: u64,
    tick_ms: u64,
    /// When the open requests were asked for, of the asking that was answered last.
    pub(super) asked_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Idle,
    Busy,
}

impl Console {
    pub(super) fn new(side: Side, dice: &mut Dice) -> Self {
        let email = format!("{side:?}@x").to_lowercase();
        Self {
            session: Some(email.clone()),
            email,
            life: 0,
            running: None,
            store: ModelStore::default(),
            asleep_until_ms: 0,
            parted_until_ms: 0,
            wall_offset_ms: dice.between(0, 3_000).cast_signed() - 1_500,
            doom: None,
            wire: None,
            streams: 0,
            surfaces: 10,
            policy: Policy { undo_s: dice.pick(&[0, 0, 5]), ..Policy::default() },
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.running.is_some()
    }
}

impl World {
    pub(super) fn clock_of(&mut self, side: Side) -> Now {
        let offset_ms = self.console(side).wall_offset_ms;
        let wall = time_at(self.now_ms) + chrono::Duration::milliseconds(offset_ms);
        Now { wall, boot_ms: self.now_ms + 1_000 }
    }

    /// Starts the console from what is on its disk.
    pub(super) fn open(&mut self, side: Side) {
        let (now, dialect) = (self.clock_of(side), self.dialect);
        let console = self.console(side);
        if console.is_up() {
            return;
        }
        console.life += 1;
        let mut state = State::new(Purpose::Act);
        state.last_row = console.store.last_row();
        state.policy = console.policy;
        let rows = console.store.open_decisions().into_iter();
        let rows =
            rows.map(|row| Row { created_at: row.created_at, view: DecisionView::of_row(row) }).collect();
        restore(&mut state, rows, now);
        let record = GatewayRecord {
            id: GATEWAY,
            origin: "http://127.0.0.1:1".to_owned(),
            name: "gateway".to_owned(),
            dialect: Some(dialect.to_string()),
            account: console.session.clone(),
            pipelines_by_hand: Vec::new(),
        };
        add(&mut state, record);
        let open =
            console.store.open_approvals().into_iter().map(|kept| (kept.approval, kept.as_of)).collect();
        recall(&mut state, GATEWAY, open, console.store.open_read_at);
        let session = console.session.clone();
        console.running = Some(Running {
            state,
            told: Told::default(),
            jobs: VecDeque::new(),
            work: Work::Idle,
            waiting: BTreeMap::new(),
            calls: 0,
            tick_ms: u64::MAX,
            asked_ms: 0,
        });
        self.note(|| format!("{side:?} opens"));
        super::judge::reopened(self, side);
        if let Some(email) = session {
            let who = SignedInAs { email, dialect, not_kept: None };
            let done = Done::SignedIn { call: None, gateway: GATEWAY, result: Ok(who) };
            input(self, side, Input::Done(done));
        }
        input(self, side, Input::Tick);
        self.command(side, SurfaceId(0), Command::Connect { gateway: GATEWAY }, |_, _| {});
    }

    /// The process is killed. It is opened again after a while, with what is left of its session.
    pub(super) fn die(&mut self, side: Side, down_ms: u64, session: Kept) {
        self.note(|| format!("{side:?} dies"));
        let console = self.console(side);
        console.running = None;
        console.doom = None;
        console.asleep_until_ms = 0;
        match session {
            Kept::Yes => {}
            Kept::No => console.session = None,
            Kept::Another => {
                console.session = None;
                console.email = format!("other-{}", console.email);
            }
        }
        wire::broke(self, side);
        self.console(side).wire = None;
        self.after(down_ms, move |world| world.open(side));
    }

    /// A surface asks for something.
    pub(super) fn command(
        &mut self,
        side: Side,
        surface: SurfaceId,
        command: Command,
        then: impl FnOnce(&mut World, Result<Answer, Refused>) + 'static,
    ) {
        let nonce = Nonce(format!("{:032x}", self.dice.uuid().as_u128()));
        let fresh = Fresh { nonce, decision: DecisionId(self.dice.uuid()) };
        let Some(running) = &mut self.console(side).running else { return };
        running.calls += 1;
        let call = CallId(running.calls);
        running.waiting.insert(call, Box::new(then));
        input(self, side, Input::Command { call, surface, command, fresh });
    }
}

/// Takes an input and has done what follows.
pub(super) fn input(world: &mut World, side: Side, input: Input) {
    let now = world.clock_of(side);
    let life = world.console(side).life;
    let Some(running) = &mut world.console(side).running else { return };
    let effects = step(&mut running.state, input, now);
    for effect in effects {
        let console = world.console(side);
        if console.life != life || !console.is_up() {
            return;
        }
        match &mut console.doom {
            Some((0, down_ms, session)) => {
                let (down_ms, session) = (*down_ms, *session);
                return world.die(side, down_ms, session);
            }
            Some((left, ..)) => *left -= 1,
            None => {}
        }
        world.note(|| format!("{side:?} does {:.300}", format!("{effect:?}")));
        perform(world, side, effect);
    }
    tick_in_time(world, side);
}

fn tick_in_time(world: &mut World, side: Side) {
    let now_ms = world.clock_of(side).boot_ms;
    let Some(running) = &mut world.console(side).running else { return };
    let Some(due_ms) = running.state.next_due_ms() else { return };
    let due_ms = due_ms.max(now_ms + 1);
    if running.tick_ms > now_ms && running.tick_ms <= due_ms {
        return;
    }
    running.tick_ms = due_ms;
    world.on(side, due_ms - now_ms, move |world| self::input(world, side, Input::Tick));
}

fn perform(world: &mut World, side: Side, effect: Effect) {
    match effect {
        Effect::Reply(call, result) => {
            let waiting = world.console(side).running.as_mut().and_then(|run| run.waiting.remove(&call));
            if let Some(waiting) = waiting {
                waiting(world, result);
            }
        }
        Effect::SignIn { call, email, .. } => sign_in(world, side, call, email),
        Effect::OpenStream { .. } => wire::open(world, side),
        Effect::Reconcile { round, .. } => work::queue(world, side, Job::Reconcile(round)),
        Effect::Ingest { batch, .. } => work::queue(world, side, Job::Batch(batch)),
        Effect::Read { request, why, .. } => work::read(world, side, request, why),
        Effect::Decide { call, row, shown, typed } => saving::decide(world, side, call, row, shown, typed),
        Effect::Advance { decision, turn, status, results } => {
            saving::advance(world, side, decision, turn, status, results);
        }
        Effect::KeepPolicy { call, policy } => {
            world.on(side, 1, move |world| {
                let done = Done::PolicyKept { call, policy, result: Ok(()) };
                input(world, side, Input::Done(done));
            });
        }
        Effect::Send { row } => send(world, side, &row),
        // Gateways are known from the start here.
        Effect::AddGateway { .. } | Effect::Host { .. } => {}
    }
}

fn sign_in(world: &mut World, side: Side, call: CallId, email: String) {
    let ms = world.dice.between(5, world.rates.way_ms);
    world.on(side, ms, move |world| {
        let dialect = world.dialect;
        let result = if world.reaches(side) {
            world.gateway.ended.remove(&email);
            world.console(side).session = Some(email.clone());
            Ok(SignedInAs { email, dialect, not_kept: None })
        } else {
            Err(refused(&net::unreachable()))
        };
        let done = Done::SignedIn { call: Some(call), gateway: GATEWAY, result };
        input(world, side, Input::Done(done));
    });
}

/// Puts a decision on the wire, as the client would.
fn send(world: &mut World, side: Side, row: &DecisionView) {
    super::judge::leaves(world, side, row);
    let key = if planted::has(Plant::NewKeyOnRetry) { DecisionId(world.dice.uuid()) } else { row.id };
    let message = Message {
        decision: row.id,
        key,
        request: row.key.request.clone(),
        point: row.point.clone(),
        verdict: row.verdict.clone(),
        shown: row.digest.clone(),
        identity: row.identity.clone(),
    };
    let (decision, request, sent) = (row.id, row.key.request.clone(), message.clone());
    let repeat = match world.dialect {
        Dialect::Holdpoint => Repeat::Maybe,
        Dialect::Platform => Repeat::Never,
    };
    let serve = move |world: &mut World, subject: &str| {
        super::judge::arrives(world, side, subject, &sent);
        let told = |told| Failure::told(told, None);
        match world.dialect {
            Dialect::Holdpoint => ledger::take(world, subject, &sent).map(Some).map_err(told).into(),
            Dialect::Platform => platform::take(world, &sent).transpose().map_err(told).into(),
        }
    };
    net::call(world, side, repeat, serve, move |world, result| match result {
        Ok(None) => await_rest(world, side, decision, request),
        Ok(Some(response)) => ends(world, side, decision, Ok(response)),
        Err(failure) => ends(world, side, decision, Err(failure)),
    });
}

/// The platform answers when the execution rests, or with an empty reason when that takes too long.
fn await_rest(world: &mut World, side: Side, decision: DecisionId, request: RequestId) {
    let (until_ms, life) = (world.now_ms + PATIENCE_MS, world.gateway.life);
    fn look(
        world: &mut World,
        side: Side,
        decision: DecisionId,
        request: RequestId,
        until_ms: u64,
        life: u64,
    ) {
        let reaches = world.reaches(side) && world.gateway.life == life;
        let rested = if reaches { platform::rested(world, &request) } else { None };
        if let Some(response) = rested {
            return ends(world, side, decision, Ok(response));
        }
        if world.now_ms >= until_ms || world.gateway.life != life {
            let why = Unclear::NoReason { status: 500 };
            return ends(world, side, decision, Err(Failure::Unclear { why }));
        }
        world.on(side, 500, move |world| look(world, side, decision, request, until_ms, life));
    }
    look(world, side, decision, request, until_ms, life);
}

fn ends(world: &mut World, side: Side, decision: DecisionId, end: Result<RemediationResponse, Failure>) {
    let end = match end {
        Ok(response) => CallEnd::Taken(Box::new(response)),
        Err(failure) => call_end(&failure),
    };
    world.note(|| format!("{side:?} call ends {:.200}", format!("{end:?}")));
    input(world, side, Input::Done(Done::Sent { decision, end }));
}

/// A report of the stream in few words.
pub(super) fn brief(event: &StreamEvent) -> String {
    match event {
        StreamEvent::Events { events, cursor } => {
            let seqs: Vec<_> = events.iter().filter_map(|event| event.seq).collect();
            format!("events {seqs:?} to {:?}", cursor.as_ref().map(|cursor| (&cursor.epoch, cursor.seq)))
        }
        other => format!("{:.160}", format!("{other:?}")),
    }
}
