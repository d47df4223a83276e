//! Datagrams in the middle of a match, at the server, at a player and at a spectator: made up, damaged, repeated, late or early.
//! No side falls over, and a refused datagram changes nothing.

#![no_main]

use game_net::client::{AHEAD_MAX_TICKS, Client};
use game_net::protocol::input::InputDatagram;
use game_net::protocol::seen::SeenDatagram;
use game_net::protocol::snapshot::{Header, Snapshot};
use game_net::protocol::{DATAGRAM_MAX, SnapshotRate};
use game_net::server::{Receiver, Server, WatcherId};
use game_net::watcher::Watcher;
use game_sim::{Aim, Direction, MatchConfig, PlayerInput, PlayerSlot, World};
use libfuzzer_sys::fuzz_target;

/// Steps of one run: enough for a dash, a stun and a shield.
const STEPS: usize = 120;
const WATCHER: WatcherId = WatcherId(1);

fuzz_target!(|data: &[u8]| {
    let [players, seed, script @ ..] = data else { return };
    let config = MatchConfig {
        players: (0..2 + players % 15).map(|number| number.to_string()).collect(),
        ticks_max: 300,
        score_to_win: 5,
    };
    let rate = SnapshotRate::ALL[usize::from(*seed) % 3];
    let mut server = Server::new(&config, u64::from(*seed), rate).expect("a good configuration");
    server.watch(WATCHER);
    let client = Client::new(&config, PlayerSlot(0), rate).expect("a good configuration");
    let watcher = Watcher::new(&config, rate).expect("a good configuration");
    let mut game = Game { config, server, client, watcher, snapshot: Vec::new(), inputs: Vec::new() };
    let mut script = Script(script);
    for _ in 0..STEPS {
        if game.step(&mut script).is_none() {
            break;
        }
    }
});

struct Game {
    config: MatchConfig,
    server: Server,
    client: Client,
    watcher: Watcher,
    /// The last that the server sent to the player.
    snapshot: Vec<u8>,
    /// The last that the player sent.
    inputs: Vec<u8>,
}

impl Game {
    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let step = script.byte()?;
        match step % 11 {
            0 => self.to_server(step, script.bytes()?.to_vec()),
            1 => self.to_client(script.bytes()?.to_vec()),
            2 => self.to_server(step, script.damage(&self.inputs)?),
            3 => self.to_client(script.damage(&self.snapshot)?),
            4 => self.to_server(0, self.inputs.clone()),
            5 => self.to_client(self.snapshot.clone()),
            6 => self.client_tick(script.byte()?),
            7 => self.server_tick(),
            8 => self.line(step / 11, script.byte()?),
            9 => self.watched(script.bytes()?.to_vec()),
            _ => self.watched(script.damage(&self.snapshot)?),
        }
        Some(())
    }

    fn to_server(&mut self, step: u8, datagram: Vec<u8>) {
        if let Ok(read) = InputDatagram::decode(&datagram) {
            assert_eq!(read.encode(), datagram, "one form only");
        }
        let before = self.server.world().clone();
        let _ = self.server.on_datagram(PlayerSlot(step / 11), &datagram);
        assert_eq!(*self.server.world(), before, "only a tick moves the world");
    }

    fn to_client(&mut self, datagram: Vec<u8>) {
        // Against the start; those with a baseline are read by the player.
        let start = World::new(&self.config).expect("a good configuration");
        if let Ok(read) = Snapshot::decode(&datagram, start.state()) {
            assert_eq!(read.encode(start.state()), datagram, "one form only");
            assert_eq!(Header::decode(&datagram), Ok(read.header));
        }
        // Spectators read the same snapshots.
        let confirmed = self.watcher.confirmed().clone();
        if self.watcher.on_datagram(&datagram) != Ok(true) {
            assert_eq!(*self.watcher.confirmed(), confirmed);
        }
        let before = self.client.clone();
        match self.client.on_datagram(&datagram) {
            Ok(true) => {
                assert!(self.client.confirmed().tick() >= before.confirmed().tick(), "time runs back")
            }
            Ok(false) | Err(_) => {
                assert_eq!(self.client.confirmed(), before.confirmed());
                assert_eq!(self.client.predicted(), before.predicted());
            }
        }
    }

    fn client_tick(&mut self, bits: u8) {
        let direction = Direction { x: (bits & 3) as i8 - 1, y: (bits >> 2 & 3) as i8 - 1 };
        self.inputs = self.client.tick(PlayerInput {
            direction,
            dash: bits & 16 != 0,
            shoot: bits & 32 != 0,
            aim: (bits & 64 != 0).then_some(Aim(bits)),
            ..PlayerInput::default()
        });
        assert!(InputDatagram::decode(&self.inputs).is_ok(), "the player sends nonsense");
        let ahead = self.client.predicted().tick().saturating_sub(self.client.confirmed().tick());
        assert!(ahead <= AHEAD_MAX_TICKS + 1, "predicts {ahead} ticks");
    }

    fn server_tick(&mut self) {
        for outgoing in self.server.tick() {
            assert!(outgoing.datagram.len() <= DATAGRAM_MAX);
            match outgoing.receiver {
                Receiver::Player(PlayerSlot(0)) => self.snapshot = outgoing.datagram,
                Receiver::Player(_) => (),
                Receiver::Watcher(id) => {
                    assert_eq!(id, WATCHER);
                    let _ = self.watcher.on_datagram(&outgoing.datagram);
                }
            }
        }
        assert!(!self.watcher.shown().is_empty() && !self.client.shown().is_empty());
    }

    /// A connection is lost, comes back, or is gone for good.
    fn line(&mut self, slot: u8, what: u8) {
        let before = self.server.world().state().players.iter().filter(|player| player.present).count();
        match what % 3 {
            0 => self.server.away(PlayerSlot(slot)),
            1 => self.server.back(PlayerSlot(slot)),
            _ => self.server.leave(PlayerSlot(slot)),
        }
        let after = self.server.world().state().players.iter().filter(|player| player.present).count();
        assert!(after + usize::from(what % 3 == 2) >= before, "only who leaves is gone");
    }

    /// A spectator says something.
    fn watched(&mut self, datagram: Vec<u8>) {
        if let Ok(read) = SeenDatagram::decode(&datagram) {
            assert_eq!(read.encode(), datagram, "one form only");
        }
        let before = self.server.world().clone();
        let _ = self.server.on_watcher_datagram(WATCHER, &datagram);
        if let Some(seen) = self.watcher.tick() {
            assert_eq!(self.server.on_watcher_datagram(WATCHER, &seen), Ok(()));
        }
        assert_eq!(*self.server.world(), before, "spectators move nothing");
    }
}

/// What the fuzzer decides.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// A length and so many bytes.
    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?).min(self.0.len());
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(bytes)
    }

    /// A real datagram with one byte changed.
    fn damage(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        let (at, change) = (self.byte()?, self.byte()?);
        let mut datagram = datagram.to_vec();
        if !datagram.is_empty() {
            let at = usize::from(at) % datagram.len();
            datagram[at] ^= change;
        }
        Some(datagram)
    }
}
