//! What becomes of messages between the control plane and its hosts: lost, repeated, late, and so out of order.

use gse_core::Timestamp;

use crate::random::Random;

/// How bad the network is for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// Lost messages of a thousand.
    pub lost: u32,
    /// Messages of a thousand that arrive twice.
    pub repeated: u32,
    /// The longest delay, milliseconds. Messages overtake each other within it.
    pub late_ms: u64,
}

impl Weather {
    /// Nothing is lost, and the delay is that of a machine room.
    pub const FINE: Self = Self { lost: 0, repeated: 0, late_ms: 4 };
}

/// The way between the control plane and the hosts.
#[derive(Debug)]
pub struct Network {
    random: Random,
    weather: Weather,
    until: Timestamp,
}

impl Network {
    /// A network in fine weather.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::stream(seed, "network", 0),
            weather: Weather::FINE,
            until: Timestamp::default(),
        }
    }

    /// Bad weather for a while; a later one replaces it.
    pub fn set(&mut self, weather: Weather, until: Timestamp) {
        self.weather = weather;
        self.until = until;
    }

    /// When the copies of a message arrive: none, one or two.
    pub fn arrivals(&mut self, now: Timestamp) -> Vec<Timestamp> {
        let weather = if now < self.until { self.weather } else { Weather::FINE };
        let mut copies = 1;
        if self.random.in_thousand(weather.lost) {
            copies = 0;
        } else if self.random.in_thousand(weather.repeated) {
            copies = 2;
        }
        (0..copies).map(|_| crate::after(now, self.random.within(1, weather.late_ms))).collect()
    }
}
