//! What happens in one run, drawn from its seed before it starts: what people do and what breaks. A plan is a list, so
//! that a failing one can be made shorter.

use super::dice::Dice;
use client::Dialect;

/// When the plan ends: from here on nothing breaks any more.
pub(super) const END_MS: u64 = 240_000;
/// Requests of one run.
const SLOTS: u64 = 4;

/// One of the two consoles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Side {
    A,
    B,
}

impl Side {
    pub(super) const BOTH: [Side; 2] = [Side::A, Side::B];

    pub(super) fn at(self) -> usize {
        self as usize
    }
}

/// A run.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) dialect: Dialect,
    pub(super) rates: Rates,
    pub(super) ops: Vec<Op>,
}

/// How unreliable the network is, in percent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// Requests that never arrive.
    pub(super) lost: u64,
    /// Answers that never come back.
    pub(super) unanswered: u64,
    /// Requests that arrive twice, and frames that come twice.
    pub(super) twice: u64,
    /// Frames that another one overtakes.
    pub(super) overtaken: u64,
    /// Frames that leave out what they are about, or lie on the platform.
    pub(super) cut: u64,
    /// Longest way of a message, one way.
    pub(super) way_ms: u64,
}

/// Something that happens at a moment.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) at_ms: u64,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    /// An error asks for approval.
    Raise {
        slot: u64,
        actions: Vec<Shape>,
        requester: Requester,
    },
    /// An action's registry entry is edited: what waits with it is rendered anew.
    Edit {
        action: u64,
    },
    Withdraw {
        slot: u64,
    },
    /// A person may only look, or decide again.
    Rights {
        side: Side,
        may: May,
    },
    /// The gateway ends and comes back.
    Restart {
        down_ms: u64,
    },
    Backup,
    /// The gateway comes back as the backup has it, in a new epoch.
    Restore,
    /// Old events are forgotten.
    Prune,
    /// Answers with this status before it does anything.
    Grumble {
        status: u16,
        for_ms: u64,
    },
    Partition {
        side: Side,
        for_ms: u64,
    },
    Cut {
        side: Side,
    },
    /// The console dies after so many more effects.
    Crash {
        side: Side,
        effects: u64,
        down_ms: u64,
        session: Kept,
    },
    Suspend {
        side: Side,
        for_ms: u64,
    },
    WallJump {
        side: Side,
        by_ms: i64,
    },
    DiskFull {
        side: Side,
        for_ms: u64,
    },
    SessionEnds {
        side: Side,
    },
    SignIn {
        side: Side,
    },
    Decide(Wish),
}

/// Who asked for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requester {
    Machine,
    Person(Side),
}

/// One action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Plain,
    Gated,
    Risky,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum May {
    Look,
    Decide,
}

/// What is left of the session when a console comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Yes,
    No,
    /// Somebody else signs in there.
    Another,
}

/// A person's wish to decide.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) side: Side,
    pub(super) slot: u64,
    pub(super) verb: Verb,
    pub(super) manner: Manner,
    /// Between looking and preparing, and between preparing and confirming.
    pub(super) think_ms: [u64; 2],
    /// Does it wait for a gateway that cannot be reached?
    pub(super) waits: Waits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    Yes,
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Approve,
    Reject,
    Stop,
}

/// How a person confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Once,
    /// Enter is held down: the same confirmation comes again.
    Repeated,
    /// From two windows at once.
    TwoWindows,
    /// From another window than the one that prepared.
    Elsewhere,
    /// And then takes it back.
    Regretted,
    /// Another target than the one that is asked for.
    WrongTarget,
    /// At a point that may not be the one that waits.
    WrongPoint,
}

impl Plan {
    /// The plan of a seed. Every third is a platform.
    pub(super) fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed);
        let dialect = if seed % 3 == 2 { Dialect::Platform } else { Dialect::Holdpoint };
        let calm = dice.percent(20);
        let mut rate = |worst: &[u64]| if calm { 0 } else { dice.pick(worst) };
        let rates = Rates {
            lost: rate(&[0, 0, 5, 20]),
            unanswered: rate(&[0, 5, 20, 40]),
            twice: rate(&[0, 0, 20]),
            overtaken: rate(&[0, 0, 20]),
            cut: rate(&[0, 20]),
            way_ms: rate(&[100, 600, 2_000]).max(20),
        };
        let mut ops = Vec::new();
        let slots = dice.between(1, SLOTS);
        for slot in 0..slots {
            let at_ms = 1_000 + slot * dice.below(20_000);
            ops.push(Op { at_ms, what: raise(slot, &mut dice) });
        }
        for _ in 0..dice.between(2, 6) {
            let slot = dice.below(slots);
            let at_ms = slot * 20_000 + dice.pick(&[3_000, 20_000, 100_000]) + dice.below(20_000);
            let wish = wish(slot, &mut dice);
            let rival = dice.percent(30).then(|| rival(&wish, &mut dice));
            ops.push(Op { at_ms, what: What::Decide(wish) });
            ops.extend(rival.map(|rival| Op { at_ms, what: What::Decide(rival) }));
        }
        for _ in 0..if calm { 2 } else { dice.between(2, 9) } {
            let at_ms = dice.between(500, END_MS - 10_000);
            ops.push(Op { at_ms, what: trouble(&mut dice) });
        }
        if dialect == Dialect::Holdpoint && dice.percent(10) {
            let (saved_ms, lost_ms) = (dice.between(2_000, 100_000), dice.between(1_000, 130_000));
            ops.push(Op { at_ms: saved_ms, what: What::Backup });
            ops.push(Op { at_ms: saved_ms + lost_ms, what: What::Restore });
        }
        ops.sort_by_key(|op| op.at_ms);
        Plan { seed, dialect, rates, ops }
    }
}

fn raise(slot: u64, dice: &mut Dice) -> What {
    let shapes = [Shape::Plain, Shape::Plain, Shape::Gated, Shape::Risky];
    let actions = (0..dice.between(1, 3)).map(|_| dice.pick(&shapes)).collect();
    let requester = match dice.below(10) {
        0 => Requester::Person(Side::A),
        1 => Requester::Person(Side::B),
        _ => Requester::Machine,
    };
    What::Raise { slot, actions, requester }
}

fn wish(slot: u64, dice: &mut Dice) -> Wish {
    use Manner as M;
    let long = [200, 200, 2_000, 2_000, 20_000, 20_000, 130_000, 310_000];
    Wish {
        side: dice.pick(&Side::BOTH),
        slot,
        verb: dice.pick(&[Verb::Approve, Verb::Approve, Verb::Approve, Verb::Reject, Verb::Stop]),
        manner: dice.pick(&[
            M::Once,
            M::Once,
            M::Once,
            M::Once,
            M::Once,
            M::Repeated,
            M::TwoWindows,
            M::Elsewhere,
            M::WrongTarget,
            M::WrongPoint,
            M::Regretted,
        ]),
        think_ms: [dice.pick(&long[..6]), dice.pick(&long)],
        waits: dice.pick(&[Waits::Yes, Waits::Yes, Waits::No]),
    }
}

/// The opposite, from the other side, at the same time.
fn rival(wish: &Wish, dice: &mut Dice) -> Wish {
    let side = if wish.side == Side::A { Side::B } else { Side::A };
    let verb = if wish.verb == Verb::Approve { Verb::Reject } else { Verb::Approve };
    let side = if dice.percent(80) { side } else { wish.side };
    Wish { side, verb, manner: Manner::Once, ..wish.clone() }
}

fn trouble(dice: &mut Dice) -> What {
    let side = dice.pick(&Side::BOTH);
    let for_ms = dice.pick(&[500, 5_000, 30_000, 90_000]);
    match dice.below(24) {
        0..=2 => What::Edit { action: dice.below(3) },
        3 => What::Withdraw { slot: dice.below(SLOTS) },
        4 => What::Rights { side, may: May::Look },
        5 => What::Rights { side, may: May::Decide },
        6 => What::Restart { down_ms: dice.between(100, 20_000) },
        7 => What::Prune,
        8..=9 => What::Edit { action: dice.below(3) },
        10 => What::Grumble { status: dice.pick(&[429, 500, 503, 502]), for_ms: for_ms / 3 },
        11..=12 => What::Partition { side, for_ms },
        13..=14 => What::Cut { side },
        15..=18 => What::Crash {
            side,
            effects: dice.below(6),
            down_ms: dice.between(50, 15_000),
            session: dice.pick(&[Kept::Yes, Kept::Yes, Kept::Yes, Kept::No, Kept::Another]),
        },
        19 => What::Suspend { side, for_ms: for_ms * 2 },
        20 => What::WallJump { side, by_ms: dice.pick(&[-86_400_000, -60_000, 40_000, 86_400_000]) },
        21 => What::DiskFull { side, for_ms },
        22 => What::SessionEnds { side },
        _ => What::SignIn { side },
    }
}
