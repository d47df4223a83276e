//! Signed requests made by hand, from the specification alone (cloud-api.md 1.6), so that they can be wrong in one
//! place and so that the product's own signing is not its only judge.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::stack::Stack;

/// A request before it is signed.
#[derive(Debug, Clone)]
pub struct RawRequest {
    /// Where it goes; the signature is always that of `/`.
    pub path: String,
    /// The action.
    pub action: String,
    /// The body, a JSON object.
    pub body: String,
    /// Seconds since 1970 that the request claims.
    pub timestamp: u64,
    /// The id of the key.
    pub secret_id: String,
    /// The key.
    pub secret_key: String,
    /// Headers that nobody signs, each `Name: value`.
    pub more_headers: Vec<String>,
}

/// What is behind an address, for who has nothing but the address: the HTTP status and the body.
///
/// # Panics
/// If there is no complete answer.
#[must_use]
pub fn get(url: &str) -> (u16, Vec<u8>) {
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
    let mut stream = TcpStream::connect(host).expect("the service listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a deadline for the answer");
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer comes");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("an answer has a status"), answer.split_off(end + 4))
}

impl RawRequest {
    /// A request that the service accepts: the right key, the right time.
    #[must_use]
    pub fn good(stack: &Stack, action: &str, body: &Value) -> Self {
        Self {
            path: "/".to_owned(),
            action: action.to_owned(),
            body: body.to_string(),
            timestamp: now(),
            secret_id: stack.said("secret_id").to_owned(),
            secret_key: stack.said("secret_key").to_owned(),
            more_headers: Vec::new(),
        }
    }

    /// Signs and sends it. Gives the HTTP status and the `Response` object.
    #[must_use]
    pub fn send(&self, stack: &Stack) -> (u16, Value) {
        let host =
            stack.said("api").strip_prefix("http://").expect("the API is plain HTTP").trim_end_matches('/');
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nAuthorization: {}\r\n\
             X-TC-Action: {}\r\nX-TC-Version: 2019-11-12\r\nX-TC-Region: {}\r\nX-TC-Timestamp: {}\r\n\
             Content-Length: {}\r\n{}Connection: close\r\n\r\n{}",
            self.path,
            self.authorization(host),
            self.action,
            stack.said("region"),
            self.timestamp,
            self.body.len(),
            self.more_headers.iter().map(|header| format!("{header}\r\n")).collect::<String>(),
            self.body
        );
        let mut stream = TcpStream::connect(host).expect("the API listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a deadline for the answer");
        stream.write_all(request.as_bytes()).expect("the request is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the answer is text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        let status =
            head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status");
        let body: Value =
            serde_json::from_str(body).unwrap_or_else(|_| panic!("the answer is JSON: {answer}"));
        (status, body["Response"].clone())
    }

    fn authorization(&self, host: &str) -> String {
        let (date, service) = (utc_date(self.timestamp), "gse");
        let scope = format!("{date}/{service}/tc3_request");
        let hashed_body = hex::encode(Sha256::digest(&self.body));
        let canonical = format!(
            "POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{hashed_body}"
        );
        let hashed = hex::encode(Sha256::digest(&canonical));
        let to_sign = format!("TC3-HMAC-SHA256\n{}\n{scope}\n{hashed}", self.timestamp);
        let key = hmac(format!("TC3{}", self.secret_key).as_bytes(), &date);
        let key = hmac(&hmac(&key, service), "tc3_request");
        let signature = hex::encode(hmac(&key, &to_sign));
        format!(
            "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=content-type;host, Signature={signature}",
            self.secret_id
        )
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Seconds since 1970.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970").as_secs()
}

/// The date of a moment, `YYYY-MM-DD` (Howard Hinnant's `civil_from_days`).
fn utc_date(timestamp: u64) -> String {
    let days = timestamp / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A moment as RFC 3339.
#[must_use]
pub fn utc(timestamp: u64) -> String {
    let (hour, minute, second) = (timestamp / 3600 % 24, timestamp / 60 % 60, timestamp % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", utc_date(timestamp))
}
