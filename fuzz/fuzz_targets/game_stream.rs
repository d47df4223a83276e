//! The stream between player and server, either way, however it is chunked: bytes become messages or an error, and
//! messages survive being written again.

#![no_main]

use game_net::client::Client;
use game_net::protocol::frame::FrameReader;
use game_net::protocol::{ClientMessage, Presence, ServerMessage};
use game_net::watcher::Watcher;
use game_sim::PlayerInput;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [chunk, from_server, stream @ ..] = data else { return };
    let from_server = from_server % 2 == 1;
    let reader = || if from_server { FrameReader::from_server() } else { FrameReader::from_client() };
    let whole = contents(reader(), stream.len().max(1), stream);
    let cut = contents(reader(), usize::from(*chunk).max(1), stream);
    assert_eq!(whole, cut, "chunks make a difference");
    for content in whole {
        if from_server { server_message(&content) } else { client_message(&content) }
    }
});

/// The contents of the frames up to the first error.
fn contents(mut reader: FrameReader, chunk: usize, stream: &[u8]) -> Vec<Vec<u8>> {
    let mut contents = Vec::new();
    for chunk in stream.chunks(chunk) {
        reader.push(chunk);
        loop {
            match reader.next_content() {
                Ok(Some(content)) => contents.push(content),
                Ok(None) => break,
                Err(_) => return contents,
            }
        }
    }
    contents
}

fn client_message(content: &[u8]) {
    let Ok(message) = ClientMessage::from_content(content) else { return };
    let frame = message.to_frame().expect("what was read can be written");
    let again = contents(FrameReader::from_client(), frame.len(), &frame);
    assert_eq!(ClientMessage::from_content(&again[0]), Ok(message));
}

fn server_message(content: &[u8]) {
    let Ok(message) = ServerMessage::from_content(content) else { return };
    let frame = message.to_frame().expect("what was read can be written");
    let again = contents(FrameReader::from_server(), frame.len(), &frame);
    assert_eq!(ServerMessage::from_content(&again[0]).as_ref(), Ok(&message));
    match message {
        ServerMessage::MatchStart { slot, config, snapshot_rate } => {
            let Ok(mut client) = Client::new(&config, slot, snapshot_rate) else { return };
            for _ in 0..3 {
                client.tick(PlayerInput::default());
            }
        }
        ServerMessage::WatchStart { config, snapshot_rate } => {
            let Ok(mut watcher) = Watcher::new(&config, snapshot_rate) else { return };
            for _ in 0..3 {
                watcher.tick();
            }
        }
        ServerMessage::Presence(Presence::Here { player_ids }) => {
            for list in Presence::here(player_ids.iter().map(String::as_str)) {
                ServerMessage::Presence(list).to_frame().expect("lists are cut to fit");
            }
        }
        ServerMessage::Welcome { .. }
        | ServerMessage::Refused { .. }
        | ServerMessage::MatchEnd { .. }
        | ServerMessage::Presence(_)
        | ServerMessage::Chat { .. }
        | ServerMessage::Countdown { .. }
        | ServerMessage::Closing { .. } => {}
    }
}
