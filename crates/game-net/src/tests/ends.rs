//! The end of a match as players see it: when it has come, and not before.

use game_sim::{COINS, Direction, EndReason, MatchConfig, PlayerInput, PlayerSlot, WorldState, arena};

use super::{RATE, config};
use crate::client::Client;
use crate::protocol::input::InputDatagram;
use crate::protocol::snapshot::{Header, Snapshot};

#[test]
fn a_point_that_is_only_foreseen_does_not_end_the_match() {
    let config = MatchConfig { score_to_win: 1, ..config(2) };
    let mut client = Client::new(&config, PlayerSlot(0), RATE).unwrap();
    let start = client.confirmed().state().clone();
    // The other walks towards a coin; in a few ticks they will have it, or turn away.
    let mut state = WorldState { tick: 30, ..start.clone() };
    let right = Direction { x: 1, y: 0 };
    state.players[1].position = arena::centre(5, 11);
    state.players[1].direction = right;
    state.pickups[COINS - 1] = Some(arena::centre(7, 11));
    let header = Header { lead: None, tick: 30, baseline_tick: None };
    assert_eq!(client.on_datagram(&Snapshot { header, state: state.clone() }.encode(&start)), Ok(true));

    let walk = PlayerInput { direction: right, ..PlayerInput::default() };
    let mut place = client.predicted().players()[0].position;
    for tick in 30..70 {
        let sent = InputDatagram::decode(&client.tick(walk)).unwrap();
        assert_eq!((sent.newest_tick, client.predicted().tick()), (tick, tick + 1), "it stands still");
        let now = client.predicted().players()[0].position;
        assert!(now.x > place.x, "the player is held at {now:?} in tick {tick}");
        place = now;
    }
    assert!(client.predicted().players()[1].score > 0, "the coin was never reached: this proves nothing");
    assert_eq!(client.outcome(), None);

    // When it has come it is the end here as well.
    state.tick = 42;
    state.players[1].score = 1;
    let header = Header { tick: 42, ..header };
    assert_eq!(client.on_datagram(&Snapshot { header, state }.encode(&start)), Ok(true));
    assert_eq!(client.outcome().unwrap().reason, EndReason::ScoreReached);
    client.tick(walk);
    assert_eq!(client.predicted().tick(), 42);
}
