//! As much of Teeworlds' protocol (0.7) as it takes to ask a server what it is: a token, then a question without a
//! connection, as the game's server browser does.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::interrupt;

const CONNECTIONLESS: u8 = 0x21;
/// The flag of a control packet, above two bits of the acknowledged number.
const CONTROL: u8 = 1 << 2;
const CONTROL_TOKEN: u8 = 5;
const NO_TOKEN: [u8; 4] = [0xff; 4];
/// A question is as long as its answer may be, so that a forged sender gains nothing.
const TOKEN_REQUEST_BYTES: usize = 512;
const GET_INFO: &[u8] = b"\xff\xff\xff\xffgie3";
const INFO: &[u8] = b"\xff\xff\xff\xffinf3";
/// Numbers below 64 are one byte in the game's own coding.
const QUESTION: u8 = 7;
/// UDP may lose a question; then it is asked again.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a server says about itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerInfo {
    pub(super) version: String,
    pub(super) name: String,
    pub(super) map: String,
    pub(super) game_type: String,
}

/// Asks the server at an address until it answers.
pub(super) fn ask(address: &str, deadline: Duration) -> Result<ServerInfo> {
    let socket = UdpSocket::bind("127.0.0.1:0").context("cannot bind a port")?;
    socket.connect(address).with_context(|| format!("`{address}` is no address"))?;
    socket.set_read_timeout(Some(PATIENCE)).context("cannot limit a wait")?;
    let ours = *b"gse!";
    let until = Instant::now() + deadline;
    loop {
        if let Some(theirs) = exchange(&socket, &token_request(ours), |answer| token(answer, ours))
            && let Some(info) = exchange(&socket, &question(theirs, ours), |answer| server_info(answer, ours))
        {
            return Ok(info);
        }
        if Instant::now() > until {
            bail!("the server at `{address}` does not say what it is");
        }
        interrupt::pause(Duration::from_millis(50))?;
    }
}

/// One question, and the first answer that `read` takes.
fn exchange<T>(socket: &UdpSocket, question: &[u8], read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    // A closed port is told here by the system; the caller asks again.
    socket.send(question).ok()?;
    let mut buffer = [0; 1500];
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let length = socket.recv(&mut buffer).ok()?;
        if let Some(found) = read(&buffer[..length]) {
            return Some(found);
        }
    }
    None
}

fn token_request(ours: [u8; 4]) -> Vec<u8> {
    let mut packet = vec![CONTROL, 0, 0];
    packet.extend(NO_TOKEN);
    packet.push(CONTROL_TOKEN);
    packet.extend(ours);
    packet.resize(packet.len() + TOKEN_REQUEST_BYTES, 0);
    packet
}

fn token(answer: &[u8], ours: [u8; 4]) -> Option<[u8; 4]> {
    let head = [CONTROL, 0, 0];
    let rest = answer.strip_prefix(&head)?.strip_prefix(&ours)?.strip_prefix(&[CONTROL_TOKEN])?;
    rest.get(..4)?.try_into().ok()
}

fn question(theirs: [u8; 4], ours: [u8; 4]) -> Vec<u8> {
    [&[CONNECTIONLESS][..], &theirs, &ours, GET_INFO, &[QUESTION]].concat()
}

fn server_info(answer: &[u8], ours: [u8; 4]) -> Option<ServerInfo> {
    let rest = answer.strip_prefix(&[CONNECTIONLESS])?.strip_prefix(&ours)?;
    let rest = rest.get(4..)?.strip_prefix(INFO)?.strip_prefix(&[QUESTION])?;
    let mut texts = rest.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    let (version, name, _host) = (texts.next()?, texts.next()?, texts.next()?);
    Some(ServerInfo { version, name, map: texts.next()?, game_type: texts.next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: [u8; 4] = *b"gse!";

    #[test]
    fn a_token_is_taken_only_as_an_answer_to_ours() {
        let answer = [&[4, 0, 0][..], &OURS, &[5, 1, 2, 3, 4]].concat();
        assert_eq!(token(&answer, OURS), Some([1, 2, 3, 4]));
        assert_eq!(token(&answer, *b"else"), None);
        assert_eq!(token(&answer[..answer.len() - 1], OURS), None);
    }

    #[test]
    fn the_texts_of_a_server_are_read() {
        let answer =
            [&[0x21][..], &OURS, &[1, 2, 3, 4], INFO, &[QUESTION], b"0.7.5\0friday\0\0dm1\0DM\0\x01rest"]
                .concat();
        let expected = ServerInfo {
            version: "0.7.5".into(),
            name: "friday".into(),
            map: "dm1".into(),
            game_type: "DM".into(),
        };
        assert_eq!(server_info(&answer, OURS), Some(expected));
        assert_eq!(server_info(&answer[..20], OURS), None);
        assert_eq!(server_info(b"", OURS), None);
    }
}
