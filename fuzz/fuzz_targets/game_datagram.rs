//! Datagrams in the middle of a match, at the server and at a player: made up, damaged, repeated, late or early.
//! Neither side falls over, and a refused datagram changes nothing.

#![no_main]

use game_net::client::{AHEAD_MAX_TICKS, Client};
use game_net::protocol::DATAGRAM_MAX;
use game_net::protocol::input::InputDatagram;
use game_net::protocol::snapshot::{Header, Snapshot};
use game_net::server::Server;
use game_sim::{Direction, MatchConfig, PlayerInput, PlayerSlot, World};
use libfuzzer_sys::fuzz_target;

/// Steps of one run: enough for a dash, a stun and a shield.
const STEPS: usize = 120;

fuzz_target!(|data: &[u8]| {
    let [players, seed, script @ ..] = data else { return };
    let config = MatchConfig {
        players: (0..2 + players % 15).map(|number| number.to_string()).collect(),
        ticks_max: 300,
        score_to_win: 5,
    };
    let server = Server::new(&config, u64::from(*seed)).expect("a good configuration");
    let client = Client::new(&config, PlayerSlot(0)).expect("a good configuration");
    let mut game = Game { config, server, client, snapshot: Vec::new(), inputs: Vec::new() };
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
    /// The last that the server sent to the player.
    snapshot: Vec<u8>,
    /// The last that the player sent.
    inputs: Vec<u8>,
}

impl Game {
    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let step = script.byte()?;
        match step % 8 {
            0 => self.to_server(step, script.bytes()?.to_vec()),
            1 => self.to_client(script.bytes()?.to_vec()),
            2 => self.to_server(step, script.damage(&self.inputs)?),
            3 => self.to_client(script.damage(&self.snapshot)?),
            4 => self.to_server(0, self.inputs.clone()),
            5 => self.to_client(self.snapshot.clone()),
            6 => self.client_tick(script.byte()?),
            _ => self.server_tick(),
        }
        Some(())
    }

    fn to_server(&mut self, step: u8, datagram: Vec<u8>) {
        if let Ok(read) = InputDatagram::decode(&datagram) {
            assert_eq!(read.encode(), datagram, "one form only");
        }
        let before = self.server.world().clone();
        let _ = self.server.on_datagram(PlayerSlot(step / 8), &datagram);
        assert_eq!(*self.server.world(), before, "only a tick moves the world");
    }

    fn to_client(&mut self, datagram: Vec<u8>) {
        // Against the start; those with a baseline are read by the player.
        let start = World::new(&self.config).expect("a good configuration");
        if let Ok(read) = Snapshot::decode(&datagram, start.state()) {
            assert_eq!(read.encode(start.state()), datagram, "one form only");
            assert_eq!(Header::decode(&datagram), Ok(read.header));
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
            ..PlayerInput::default()
        });
        assert!(InputDatagram::decode(&self.inputs).is_ok(), "the player sends nonsense");
        let ahead = self.client.predicted().tick().saturating_sub(self.client.confirmed().tick());
        assert!(ahead <= AHEAD_MAX_TICKS + 1, "predicts {ahead} ticks");
    }

    fn server_tick(&mut self) {
        for outgoing in self.server.tick() {
            assert!(outgoing.datagram.len() <= DATAGRAM_MAX);
            if outgoing.slot == PlayerSlot(0) {
                self.snapshot = outgoing.datagram;
            }
        }
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
