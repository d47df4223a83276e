//! A server and its clients on a link that loses, delays, reorders and duplicates, all from a seed; and the proofs.

use std::collections::BTreeMap;

use game_sim::{Aim, Direction, MatchConfig, PlayerInput, PlayerSlot, WorldState};

use crate::client::{AHEAD_MAX_TICKS, Client, LEAD_ACCEPTED_TICKS};
use crate::handshake::{ResumeToken, Secret, client_proof, server_proof};
use crate::protocol::snapshot::{Header, Snapshot};
use crate::protocol::{ProtocolError, SnapshotRate};
use crate::server::{INPUT_WINDOW_TICKS, Receiver, Server};

/// A small generator for tests (SplitMix64).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }

    /// Any input, shots more often than dashes.
    pub(crate) fn input(&mut self) -> PlayerInput {
        let direction = Direction { x: self.below(3) as i8 - 1, y: self.below(3) as i8 - 1 };
        let (dash, shoot) = (self.below(60) == 0, self.below(6) == 0);
        let aim = (self.below(2) == 0).then(|| Aim(self.below(256) as u8));
        PlayerInput { direction, dash, shoot, aim, rewind_ticks: self.below(13) as u8 }
    }
}

pub(crate) fn config(players: usize) -> MatchConfig {
    let players = (0..players).map(|index| format!("player-{index}")).collect();
    MatchConfig { players, ticks_max: 36_000, score_to_win: 9_999 }
}

/// What the link does to datagrams.
#[derive(Clone, Copy)]
struct Weather {
    loss_percent: u64,
    /// Chance of each datagram that it and all that are sent in the next [`BURST_TICKS`] are lost.
    burst_percent: u64,
    duplicate_percent: u64,
    latency_ticks: (u64, u64),
}

const CALM: Weather =
    Weather { loss_percent: 0, burst_percent: 0, duplicate_percent: 0, latency_ticks: (4, 4) };
const BURST_TICKS: u64 = 5;
const RATE: SnapshotRate = SnapshotRate::Hz20;

/// A server, its clients, and what is on the way between them.
struct Arena {
    server: Server,
    clients: Vec<Client>,
    now: u64,
    noise: Noise,
    weather: Weather,
    /// By the tick of arrival and the order of sending: (to the server?, whose, bytes).
    on_the_way: BTreeMap<(u64, u64), (bool, usize, Vec<u8>)>,
    sent: u64,
    /// Nothing gets through until then.
    burst_until: u64,
    /// Every world the server had, by tick.
    truth: Vec<WorldState>,
    /// What spectators were sent.
    watched: Vec<Vec<u8>>,
}

impl Arena {
    fn new(players: usize, seed: u64, weather: Weather) -> Arena {
        Arena::at_rate(players, seed, weather, SnapshotRate::Hz20)
    }

    fn at_rate(players: usize, seed: u64, weather: Weather, rate: SnapshotRate) -> Arena {
        let config = config(players);
        let server = Server::new(&config, 11, rate).unwrap();
        let clients =
            (0..players).map(|slot| Client::new(&config, PlayerSlot(slot as u8), rate).unwrap()).collect();
        let truth = vec![server.world().state().clone()];
        Arena {
            server,
            clients,
            now: 0,
            noise: Noise(seed),
            weather,
            on_the_way: BTreeMap::new(),
            sent: 0,
            burst_until: 0,
            truth,
            watched: Vec::new(),
        }
    }

    fn send(&mut self, to_server: bool, whose: usize, bytes: &[u8]) {
        let Weather { loss_percent, burst_percent, duplicate_percent, latency_ticks: (least, most) } =
            self.weather;
        if self.noise.below(100) < burst_percent {
            self.burst_until = self.now + BURST_TICKS;
        }
        let copies = if self.noise.below(100) < duplicate_percent { 2 } else { 1 };
        for _ in 0..copies {
            if self.now < self.burst_until || self.noise.below(100) < loss_percent {
                continue;
            }
            let arrival = self.now + least + self.noise.below(most - least + 1);
            self.sent += 1;
            self.on_the_way.insert((arrival, self.sent), (to_server, whose, bytes.to_vec()));
        }
    }

    /// One sixtieth of a second on both sides.
    fn tick(&mut self, input: impl Fn(usize, u64) -> PlayerInput) {
        self.now += 1;
        let later = self.on_the_way.split_off(&(self.now + 1, 0));
        for (to_server, whose, bytes) in std::mem::replace(&mut self.on_the_way, later).into_values() {
            if to_server {
                self.server.on_datagram(PlayerSlot(whose as u8), &bytes).unwrap();
            } else {
                let taken = self.clients[whose].on_datagram(&bytes);
                assert!(matches!(taken, Ok(_) | Err(ProtocolError::Differs)), "{taken:?}");
            }
        }
        for outgoing in self.server.tick() {
            assert!(outgoing.datagram.len() <= crate::protocol::DATAGRAM_MAX);
            let Receiver::Player(slot) = outgoing.receiver else {
                self.watched.push(outgoing.datagram);
                continue;
            };
            self.send(false, usize::from(slot.0), &outgoing.datagram);
        }
        self.truth.push(self.server.world().state().clone());
        for whose in 0..self.clients.len() {
            let datagram = self.clients[whose].tick(input(whose, self.now));
            self.send(true, whose, &datagram);
        }
    }

    fn run(&mut self, ticks: u32, input: impl Fn(usize, u64) -> PlayerInput) {
        for _ in 0..ticks {
            self.tick(&input);
        }
    }

    /// Plays wildly in bad weather, then in calm; returns the arena when all has arrived.
    fn wild_then_calm(players: usize, seed: u64, weather: Weather) -> Arena {
        let mut arena = Arena::new(players, seed, weather);
        arena.run(300, |whose, now| wander(seed + whose as u64, now));
        arena.weather = CALM;
        arena.run(200, |_, _| PlayerInput::default());
        arena
    }
}

/// A direction for a third of a second, then another; a dash now and then.
fn wander(seed: u64, now: u64) -> PlayerInput {
    let mut noise = Noise(seed.wrapping_mul(1_000_003) + now / 20);
    let direction = Direction { x: noise.below(3) as i8 - 1, y: noise.below(3) as i8 - 1 };
    let dash = now.is_multiple_of(20) && noise.below(4) == 0;
    PlayerInput { direction, dash, shoot: noise.below(3) == 0, ..PlayerInput::default() }
}

mod bad_line;
mod bytes;
mod ends;
mod lines;
mod pace;

#[test]
fn prediction_converges_after_half_of_all_datagrams_were_lost() {
    let weather =
        Weather { loss_percent: 50, burst_percent: 1, duplicate_percent: 10, latency_ticks: (1, 12) };
    for seed in 0..50 {
        let arena = Arena::wild_then_calm(3, seed, weather);
        for client in &arena.clients {
            let confirmed = client.confirmed();
            assert_eq!(confirmed.state(), &arena.truth[confirmed.tick() as usize], "seed {seed}");
            assert!(client.statistics().stale_snapshots > 0, "seed {seed}: nothing was reordered");
            // The client is ahead; where it is now the server comes to be, bit for bit.
            let predicted = client.predicted();
            let mut future = arena.server.world().clone();
            assert!(predicted.tick() > future.tick(), "seed {seed}");
            while future.tick() < predicted.tick() {
                future.step(&[]);
            }
            assert_eq!(predicted.state(), future.state(), "seed {seed}");
        }
    }
}

#[test]
fn eight_inputs_a_datagram_make_up_for_a_fifth_of_loss() {
    // One player moves and the latency is fixed: then nothing but a lost input can prove the prediction wrong.
    let weather = Weather { loss_percent: 20, latency_ticks: (3, 3), ..CALM };
    for seed in 0..50 {
        let mut arena = Arena::new(2, seed, CALM);
        arena.weather = Weather { loss_percent: 0, ..weather };
        arena.run(60, |_, _| PlayerInput::default());
        arena.weather = weather;
        let before = arena.clients[0].statistics().mispredictions;
        let still_until = 70;
        arena.run(600, |whose, now| {
            if whose == 0 && now > still_until { wander(seed, now) } else { PlayerInput::default() }
        });
        let wrong = arena.clients[0].statistics().mispredictions - before;
        assert!(wrong <= 1, "seed {seed}: {wrong} mispredictions");
        assert_ne!(arena.server.world().players()[0].position, game_sim::arena::start(0));
    }
}

#[test]
fn a_client_finds_its_lead_whatever_the_latency() {
    for latency in [0, 1, 3, 6, 12, 24] {
        let weather = Weather { latency_ticks: (latency, latency), ..CALM };
        let mut arena = Arena::new(2, 1, weather);
        arena.run(400, |whose, now| wander(whose as u64, now));
        for client in &arena.clients {
            let statistics = client.statistics();
            let ahead = client.predicted().tick() as i32 - arena.server.world().tick() as i32;
            let lead = ahead - latency as i32;
            // The newest input is one below the predicted tick.
            let accepted = *LEAD_ACCEPTED_TICKS.start()..=LEAD_ACCEPTED_TICKS.end() + 1;
            assert!(accepted.contains(&lead), "latency {latency}: lead {lead}");
            assert!(statistics.pace_corrections <= 2, "latency {latency}: {statistics:?}");
        }
    }
}

#[test]
fn a_client_that_is_too_far_ahead_waits() {
    let mut arena = Arena::new(2, 1, CALM);
    arena.run(100, |_, _| PlayerInput::default());
    for _ in 0..40 {
        arena.clients[0].tick(PlayerInput::default());
    }
    arena.run(200, |_, _| PlayerInput::default());
    let ahead = arena.clients[0].predicted().tick() - arena.server.world().tick();
    assert!((2..=16).contains(&ahead), "{ahead} ticks ahead");
}

#[test]
fn a_client_without_snapshots_stops_predicting_and_comes_back() {
    let mut arena = Arena::new(2, 1, CALM);
    arena.run(60, |_, _| PlayerInput::default());
    arena.weather = Weather { loss_percent: 100, ..CALM };
    arena.run(400, |whose, now| wander(whose as u64, now));
    let client = &arena.clients[0];
    assert_eq!(client.predicted().tick(), client.confirmed().tick() + AHEAD_MAX_TICKS);
    arena.weather = CALM;
    arena.run(200, |_, _| PlayerInput::default());
    for client in &arena.clients {
        assert_eq!(client.confirmed().state(), &arena.truth[client.confirmed().tick() as usize]);
        assert!(client.predicted().tick() > arena.server.world().tick());
    }
}

#[test]
fn both_sides_see_the_same_end() {
    let config = MatchConfig { ticks_max: 200, ..config(4) };
    let mut arena = Arena::new(4, 3, CALM);
    arena.server = Server::new(&config, 11, RATE).unwrap();
    arena.clients = (0..4).map(|slot| Client::new(&config, PlayerSlot(slot), RATE).unwrap()).collect();
    arena.run(230, |whose, now| wander(whose as u64, now));
    let outcome = arena.server.outcome().unwrap();
    for client in &arena.clients {
        assert_eq!(client.outcome().as_ref(), Some(&outcome));
        assert_eq!(client.predicted().tick(), 200);
    }
}

#[test]
fn garbage_changes_nothing_at_either_side() {
    let mut noise = Noise(8);
    let config = config(2);
    let mut server = Server::new(&config, 11, RATE).unwrap();
    let mut client = Client::new(&config, PlayerSlot(1), RATE).unwrap();
    let foreseen = client.confirmed().state().clone();
    let header = Header { lead: Some(3), tick: 1, baseline_tick: None };
    let state = WorldState { tick: 1, ..server.world().state().clone() };
    let mut good = Snapshot { header, state }.encode(&foreseen);
    for _ in 0..5_000 {
        let length = noise.below(120);
        let bytes: Vec<u8> = (0..length).map(|_| noise.below(256) as u8).collect();
        let _ = server.on_datagram(PlayerSlot(noise.below(4) as u8), &bytes);
        let _ = client.on_datagram(&bytes);
        // One wrong byte in a real snapshot: taken or refused, never a panic, also when the match goes on.
        let place = noise.below(good.len() as u64) as usize;
        let right = std::mem::replace(&mut good[place], noise.below(256) as u8);
        let mut victim = client.clone();
        let _ = victim.on_datagram(&good);
        victim.tick(wander(1, 20));
        good[place] = right;
    }
    assert_eq!(client.statistics().snapshots, 0);
    assert_eq!(server.on_datagram(PlayerSlot(2), &client.tick(wander(1, 1))), Err(ProtocolError::Datagram));
    server.tick();
}

#[test]
fn inputs_far_ahead_or_over_are_not_kept_and_the_first_word_counts() {
    let input =
        |tick: u32, byte: u8| [&[1], tick.to_be_bytes().as_slice(), &[0, 0, 0, 0, 1, 0, 0, byte]].concat();
    let right = 0b0110;
    let left = 0b0100;
    let mut server = Server::new(&config(2), 11, RATE).unwrap();
    let start = server.world().players()[0].position;
    server.on_datagram(PlayerSlot(0), &input(u32::MAX, right)).unwrap();
    server.on_datagram(PlayerSlot(0), &input(INPUT_WINDOW_TICKS + 1, right)).unwrap();
    server.on_datagram(PlayerSlot(0), &input(1, right)).unwrap();
    server.on_datagram(PlayerSlot(0), &input(1, left)).unwrap();
    server.tick();
    assert_eq!(server.world().players()[0].position, start);
    server.tick();
    assert_eq!(server.world().players()[0].position.x, start.x + 48);
    server.on_datagram(PlayerSlot(0), &input(1, left)).unwrap();
    let outgoing = server.tick();
    assert_eq!(outgoing.len(), 2);
    let header = Header::decode(&outgoing[0].datagram).unwrap();
    assert_eq!((header.lead, header.tick), (Some((INPUT_WINDOW_TICKS - 3) as i8), 3));
    assert_eq!(Header::decode(&outgoing[1].datagram).unwrap().lead, None);
    for _ in 0..2 * INPUT_WINDOW_TICKS {
        server.tick();
    }
    let steps = server.world().tick() as i32 - 1;
    assert_eq!(server.world().players()[0].position.x, start.x + 48 * steps, "the last input goes on");
}

#[test]
fn proofs_hold_for_one_secret_one_connection_and_one_direction() {
    let (id, exporter) = ("psess-000102030405060708090a0b0c0d0e0f", [7; 32]);
    let secret = Secret::PlayerSessionId(id);
    let client = client_proof(secret, &exporter);
    let server = server_proof(secret, &exporter);
    assert!(client.verify(secret, &exporter));
    assert!(server.verify(secret, &exporter));
    assert!(!client.verify(Secret::PlayerSessionId("psess-000102030405060708090a0b0c0d0e00"), &exporter));
    assert!(!client.verify(secret, &[8; 32]));
    assert!(!server.verify(secret, &[8; 32]));
    assert_ne!(client.0, server.0, "a reflected proof is no answer");
    // The same bytes as another kind of secret prove nothing.
    let token = ResumeToken(*b"0123456789abcdef");
    let same = "0123456789abcdef";
    let kinds = [Secret::PlayerSessionId(same), Secret::ResumeToken(&token), Secret::SpectatorKey(same)];
    for (at, one) in kinds.iter().enumerate() {
        for (other_at, other) in kinds.iter().enumerate() {
            assert_eq!(client_proof(*one, &exporter).verify(*other, &exporter), at == other_at);
            assert_eq!(server_proof(*one, &exporter).verify(*other, &exporter), at == other_at);
        }
    }
    assert_eq!(format!("{token:?}"), "ResumeToken(..)");
}

#[test]
fn proofs_are_the_documented_bytes() {
    // Computed with Python's hmac module; another client must be able to do the same.
    let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let exporter: [u8; 32] = std::array::from_fn(|index| index as u8);
    let token = ResumeToken(std::array::from_fn(|index| index as u8));
    let proofs =
        [Secret::PlayerSessionId("psess-1"), Secret::ResumeToken(&token), Secret::SpectatorKey("key-1")]
            .map(|secret| (hex(client_proof(secret, &exporter).0), hex(server_proof(secret, &exporter).0)));
    assert_eq!(proofs.each_ref().map(|(client, server)| (client.as_str(), server.as_str())), PROOFS);
}

/// Of player and server, for each kind of secret.
const PROOFS: [(&str, &str); 3] = [
    (
        "cd80ed1c8669ab2e3fb1bbffbee53b88307a92e01ef6999fc35cc7481704419a",
        "4c8ebcb2350391a4e083757b64a8fd182f054f5d05763d8a585dc73294ca7059",
    ),
    (
        "39c3b53d4c16ffa3cb4cd110f496cfa5561590a459b5b807e4005206cac0e02b",
        "8f8b064e5e62d442ca57e0d9d3af501f0473ff30b3a1cdc284ee3114ea5d54fe",
    ),
    (
        "03663fb09fb2e2e0e7da6e71055c8d0cf891587ab250f902abb9d2becee95922",
        "41f9fa9515e0b4dd0afd24bb5c2f0c98f3eecddb4734290692129b7091155800",
    ),
];
