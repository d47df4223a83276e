//! What goes wrong, and when. All of it is part of the plan, so that a failing scenario can be made smaller.

use crate::network::Weather;
use crate::random::Random;

/// Something goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The network between the control plane and the hosts is bad for a while.
    Weather {
        /// How bad.
        weather: Weather,
        /// For how long.
        for_ms: u64,
    },
    /// A host loses its power: its processes are gone, and its agent knows nothing when it is back.
    StopHost {
        /// Which one, modulo their number.
        host: u32,
        /// When it is back.
        down_ms: u64,
    },
    /// A host does nothing for a while; what arrives waits.
    HangHost {
        /// Which one, modulo their number.
        host: u32,
        /// For how long.
        for_ms: u64,
    },
    /// The control plane is killed and starts again from what the store has.
    KillControlPlane {
        /// When it is back.
        down_ms: u64,
        /// It is killed when the next group of steps is about to be committed, which is lost.
        before_commit: bool,
    },
    /// Game servers that are started in this time have bad manners.
    BadManners {
        /// For how long.
        for_ms: u64,
        /// So many of a thousand.
        share: u32,
    },
    /// A game server crashes.
    Crash {
        /// Which one, modulo their number.
        process: u32,
    },
    /// A game server answers nothing any more.
    Hang {
        /// Which one, modulo their number.
        process: u32,
    },
    /// Packages cannot be unpacked for a while.
    BadDisk {
        /// For how long.
        for_ms: u64,
    },
}

/// One fault.
pub fn draw(random: &mut Random) -> Fault {
    let weather = Weather {
        lost: random.one_of(&[0, 50, 200, 500]),
        repeated: random.one_of(&[0, 50, 300]),
        late_ms: random.one_of(&[10, 300, 2_500, 6_000]),
    };
    match random.within(0, 15) {
        0..=3 => Fault::Weather { weather, for_ms: random.within(2_000, 30_000) },
        4 => Fault::StopHost { host: random.count(0, 9), down_ms: random.within(500, 15_000) },
        5 | 6 => Fault::HangHost { host: random.count(0, 9), for_ms: random.within(500, 12_000) },
        7..=9 => Fault::KillControlPlane {
            down_ms: random.within(1, 4_000),
            before_commit: random.in_thousand(700),
        },
        10 | 11 => Fault::BadManners {
            for_ms: random.within(5_000, 60_000),
            share: random.one_of(&[200, 500, 1000]),
        },
        12 | 13 => Fault::Crash { process: random.count(0, 99) },
        14 => Fault::Hang { process: random.count(0, 99) },
        _ => Fault::BadDisk { for_ms: random.within(1_000, 10_000) },
    }
}
