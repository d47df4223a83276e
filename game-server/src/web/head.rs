//! The head of an HTTP/1.1 request at the bridge: read within bounds, and what it asks for.

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::PATH;

/// Largest head in bytes; browsers send about one thousand.
const HEAD_MAX: usize = 8 * 1024;
/// Header fields at most.
const FIELDS_MAX: usize = 64;

/// What a request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// What the server offers to browsers.
    Offer,
    /// A WebSocket, with the key that the answer is made of.
    WebSocket { key: String },
    /// Nothing that is here: the status that says so.
    Refused(u16),
}

/// Reads a head. `None`: the peer went away, or this is no HTTP.
pub(super) async fn read(stream: &mut TcpStream) -> Option<Wish> {
    let mut head = Vec::new();
    loop {
        match wish(&head) {
            Reading::Wish(wish) => return Some(wish),
            Reading::Incomplete if head.len() < HEAD_MAX => {}
            Reading::Incomplete => return Some(Wish::Refused(431)),
            Reading::NotHttp => return None,
        }
        let mut chunk = [0; 1024];
        let length = stream.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        head.extend_from_slice(&chunk[..length]);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Reading {
    Wish(Wish),
    Incomplete,
    NotHttp,
}

fn wish(head: &[u8]) -> Reading {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut request = httparse::Request::new(&mut fields);
    let length = match request.parse(head) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Reading::Incomplete,
        Err(httparse::Error::TooManyHeaders) => return Reading::Wish(Wish::Refused(431)),
        Err(_) => return Reading::NotHttp,
    };
    let field = |name: &str| {
        let found = request.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        found.and_then(|field| std::str::from_utf8(field.value).ok()).unwrap_or_default()
    };
    let names =
        |name: &str, word: &str| field(name).split(',').any(|part| part.trim().eq_ignore_ascii_case(word));
    if request.path.map(|path| path.split('?').next().unwrap_or_default()) != Some(PATH) {
        return Reading::Wish(Wish::Refused(404));
    }
    if request.method != Some("GET") {
        return Reading::Wish(Wish::Refused(405));
    }
    if field("upgrade").is_empty() {
        return Reading::Wish(Wish::Offer);
    }
    let key = field("sec-websocket-key").trim();
    let is_good = names("upgrade", "websocket") && names("connection", "upgrade") && !key.is_empty();
    // Who sends more before the answer came is no browser.
    if !is_good || length != head.len() {
        return Reading::Wish(Wish::Refused(400));
    }
    if field("sec-websocket-version").trim() != "13" {
        return Reading::Wish(Wish::Refused(426));
    }
    Reading::Wish(Wish::WebSocket { key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(lines: &[&str]) -> Reading {
        wish((lines.join("\r\n") + "\r\n\r\n").as_bytes())
    }

    #[test]
    fn a_head_says_what_is_wanted() {
        let upgrade = [
            "GET /web HTTP/1.1",
            "Host: a",
            "Upgrade: WebSocket",
            "Connection: keep-alive, Upgrade",
            "Sec-WebSocket-Version: 13",
            "sec-websocket-key: k",
        ];
        let wanted = |wish| Reading::Wish(wish);
        assert_eq!(asked(&upgrade), wanted(Wish::WebSocket { key: "k".to_owned() }));
        assert_eq!(asked(&["GET /web?x=1 HTTP/1.1", "Host: a"]), wanted(Wish::Offer));
        for (lines, status) in [
            (&["GET / HTTP/1.1"][..], 404),
            (&["POST /web HTTP/1.1"], 405),
            (&upgrade[..4], 400),
            (&["GET /web HTTP/1.1", "Upgrade: h2c", "Connection: Upgrade", "Sec-WebSocket-Key: k"], 400),
            (&[&upgrade[..4], &["Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: k"]].concat(), 426),
        ] {
            assert_eq!(asked(lines), wanted(Wish::Refused(status)), "{lines:?}");
        }
        let early = (upgrade.join("\r\n") + "\r\n\r\nmore").into_bytes();
        assert_eq!(wish(&early), wanted(Wish::Refused(400)));
    }

    #[test]
    fn what_is_no_head_is_not_waited_for() {
        assert_eq!(wish(b""), Reading::Incomplete);
        assert_eq!(wish(b"GET /web HTTP/1.1\r\nHost"), Reading::Incomplete);
        assert_eq!(wish(b"\x16\x03\x01\x02\x00\x01"), Reading::NotHttp);
        let fields = format!("GET /web HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(FIELDS_MAX + 1));
        assert_eq!(wish(fields.as_bytes()), Reading::Wish(Wish::Refused(431)));
    }
}
