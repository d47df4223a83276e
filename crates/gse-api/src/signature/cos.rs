//! The authorisation of one upload (§2.1, GetUploadCredentials): `q-sign-algorithm=sha1&…`, for both sides.
//! It is bound to a method, a key, a host and a time; the body is not part of it. What this service hands out signs no
//! other header and no parameter; clients that have a key, such as that of GetUploadFederationToken, may sign more.

use std::fmt;

use hmac::Mac as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::{Digest as _, Sha1};

use super::{hmac_sha1, lower_hex, tc3::Key};

#[cfg(test)]
mod tests;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// Names that one authorisation may list; each is looked for in the request.
const NAMES_MOST: usize = 64;
/// Methods that an authorisation may have been made for, to tell a wrong method from a wrong signature.
const METHODS: [&str; 5] = ["put", "get", "head", "post", "delete"];

/// What is authorised.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// The HTTP method, in any letter case.
    pub method: &'a str,
    /// The object's key, decoded, without a leading `/`.
    pub object_key: &'a str,
    /// The value of the `Host` header that the upload is made with.
    pub host: &'a str,
    /// First second it is valid, UNIX time.
    pub from: i64,
    /// Last second it is valid, UNIX time.
    pub to: i64,
}

/// The text that GetUploadCredentials answers as `BucketAuth`.
pub fn sign(grant: &Grant<'_>, key: Key<'_>) -> String {
    let time = format!("{};{}", grant.from, grant.to);
    let path = format!("/{}", grant.object_key);
    let headers = format!("host={}", encode(&grant.host.trim().to_ascii_lowercase()));
    let signature = signature(key.secret_key, &time, &http_string(grant.method, &path, "", &headers));
    format!(
        "q-sign-algorithm=sha1&q-ak={}&q-sign-time={time}&q-key-time={time}&q-header-list=host&q-url-param-list=\
         &q-signature={}",
        key.secret_id,
        hex::encode(signature.finalize().into_bytes())
    )
}

/// A request that is to be signed as a whole, as the SDKs of the object store do it.
#[derive(Debug, Clone, Copy)]
pub struct Signable<'a> {
    /// The HTTP method, in any letter case.
    pub method: &'a str,
    /// The object's path inside its bucket, percent-encoded, with its leading `/`.
    pub path: &'a str,
    /// The query, without `?`; every parameter is signed.
    pub query: &'a str,
    /// The headers to sign, names in lower case; `host` is one of them.
    pub headers: &'a [(&'a str, &'a str)],
    /// First second it is valid, UNIX time.
    pub from: i64,
    /// Last second it is valid, UNIX time.
    pub to: i64,
}

/// The value of the header `Authorization`.
pub fn sign_request(request: &Signable<'_>, key: Key<'_>) -> String {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = request.query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let params = sorted(pairs.map(|(name, value)| (decode(name), decode(value))));
    let headers = request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.trim().to_owned()));
    let headers = sorted(headers);
    let time = format!("{};{}", request.from, request.to);
    let text = http_string(request.method, &decode(request.path), &joined(&params), &joined(&headers));
    let names = |pairs: &[(String, String)]| {
        pairs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";")
    };
    format!(
        "q-sign-algorithm=sha1&q-ak={}&q-sign-time={time}&q-key-time={time}&q-header-list={}&q-url-param-list={}\
         &q-signature={}",
        key.secret_id,
        names(&headers),
        names(&params),
        hex::encode(signature(key.secret_key, &time, &text).finalize().into_bytes())
    )
}

/// Encoded, names in lower case, in their order.
fn sorted(pairs: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut pairs: Vec<_> =
        pairs.map(|(name, value)| (encode(&name).to_ascii_lowercase(), encode(&value))).collect();
    pairs.sort();
    pairs
}

fn joined(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Why an upload is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Not the form that this service hands out; the text says what is wrong.
    Malformed(&'static str),
    /// `now` is after the end, or before the start.
    Expired {
        /// First second it was valid.
        from: i64,
        /// Last second it was valid.
        to: i64,
        /// The server's clock.
        now: i64,
    },
    /// Good, but for another method.
    WrongMethod {
        /// The method it was made for, in lower case.
        granted: &'static str,
    },
    /// Another key of the object, another host, another secret, or a forgery.
    Mismatch,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "the authorization is malformed: {what}"),
            Self::Expired { from, to, now } => {
                write!(f, "the authorization is valid from `{from}` to `{to}`, and the clock shows `{now}`")
            }
            Self::WrongMethod { granted } => write!(f, "the authorization is for the method `{granted}`"),
            Self::Mismatch => f.write_str("the signature does not fit this object, host and key"),
        }
    }
}

impl std::error::Error for Refusal {}

/// The parts of an authorisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// Names the key.
    pub secret_id: &'a str,
    /// First second it is valid, UNIX time.
    pub from: i64,
    /// Last second it is valid, UNIX time.
    pub to: i64,
    time: &'a str,
    headers: Vec<&'a str>,
    params: Vec<&'a str>,
    signature: [u8; 20],
}

/// A request to the object endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Upload<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The object's path inside its bucket, as it came in the request line: with its leading `/`, percent-encoded.
    pub path: &'a str,
    /// The hosts it may have been signed for: the `Host` header, and the public name of the bucket.
    pub hosts: &'a [&'a str],
    /// All headers, names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The query as it came, without `?`.
    pub query: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads the text.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        let part = |name: &str| {
            let mut parts = text.trim().split('&').filter_map(|part| part.split_once('='));
            parts.find(|(found, _)| *found == name).map(|(_, value)| value)
        };
        let need = |name, what| part(name).ok_or(Refusal::Malformed(what));
        if need("q-sign-algorithm", "it has no `q-sign-algorithm`")? != "sha1" {
            return Err(Refusal::Malformed("`q-sign-algorithm` is not `sha1`"));
        }
        let secret_id = need("q-ak", "it has no `q-ak`")?;
        let time = need("q-sign-time", "it has no `q-sign-time`")?;
        if need("q-key-time", "it has no `q-key-time`")? != time {
            return Err(Refusal::Malformed("`q-key-time` differs from `q-sign-time`"));
        }
        let headers = list(need("q-header-list", "it has no `q-header-list`")?);
        let params = list(need("q-url-param-list", "it has no `q-url-param-list`")?);
        // Else it would be good for every bucket.
        if !headers.contains(&"host") {
            return Err(Refusal::Malformed("it must sign the header `host`"));
        }
        if headers.len() + params.len() > NAMES_MOST {
            return Err(Refusal::Malformed("it signs too many headers and parameters"));
        }
        let seconds =
            time.split_once(';').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        let (from, to) = seconds.ok_or(Refusal::Malformed("`q-sign-time` is not `<from>;<to>`"))?;
        let signature = lower_hex(need("q-signature", "it has no `q-signature`")?)
            .ok_or(Refusal::Malformed("`q-signature` is not 40 lower-case hexadecimal digits"))?;
        Ok(Self { secret_id, from, to, time, headers, params, signature })
    }

    /// Whether a parameter of the query is signed; letter case does not count.
    pub fn signs_parameter(&self, name: &str) -> bool {
        self.params.iter().any(|signed| signed.eq_ignore_ascii_case(name))
    }

    /// Compares the signature with what the upload should have, at `now` (UNIX seconds).
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify(&self, upload: &Upload<'_>, secret_key: &str, now: i64) -> Result<(), Refusal> {
        if !(self.from..=self.to).contains(&now) {
            return Err(Refusal::Expired { from: self.from, to: self.to, now });
        }
        let decoded = percent_decode_str(upload.path).decode_utf8();
        let path = decoded.map_err(|_| Refusal::Malformed("the object's key is not UTF-8"))?;
        let params = self.params(upload.query);
        let fits = |method: &str| {
            upload.hosts.iter().any(|host| {
                let headers = self.headers(upload.headers, host);
                let mac = signature(secret_key, self.time, &http_string(method, &path, &params, &headers));
                // Compares in constant time.
                mac.verify_slice(&self.signature).is_ok()
            })
        };
        if fits(upload.method) {
            return Ok(());
        }
        match METHODS.into_iter().find(|method| fits(method)) {
            Some(granted) => Err(Refusal::WrongMethod { granted }),
            None => Err(Refusal::Mismatch),
        }
    }

    /// What is signed of the headers, in the order in which they were signed.
    fn headers(&self, headers: &[(&str, &str)], host: &str) -> String {
        let value = |name: &str| match name {
            "host" => encode(&host.trim().to_ascii_lowercase()),
            name => {
                let decoded = percent_decode_str(name).decode_utf8_lossy();
                let found = headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(&decoded));
                encode(found.map_or("", |(_, value)| value.trim()))
            }
        };
        let parts: Vec<String> = self.headers.iter().map(|name| format!("{name}={}", value(name))).collect();
        parts.join("&")
    }

    /// The same of the parameters, whose names and values come encoded.
    fn params(&self, query: &str) -> String {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs: Vec<(String, String)> = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name).to_ascii_lowercase(), decode(value)))
            .collect();
        let value = |name: &str| {
            let name = decode(name).to_ascii_lowercase();
            encode(pairs.iter().find(|(found, _)| *found == name).map_or("", |(_, value)| value))
        };
        let parts: Vec<String> = self.params.iter().map(|name| format!("{name}={}", value(name))).collect();
        parts.join("&")
    }
}

fn list(text: &str) -> Vec<&str> {
    text.split(';').filter(|name| !name.is_empty()).collect()
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

fn http_string(method: &str, path: &str, params: &str, headers: &str) -> String {
    format!("{}\n{path}\n{params}\n{headers}\n", method.to_ascii_lowercase())
}

fn signature(secret_key: &str, time: &str, http_string: &str) -> hmac::Hmac<Sha1> {
    let sign_key = hex::encode(hmac_sha1(secret_key.as_bytes(), time.as_bytes()).finalize().into_bytes());
    let text = format!("sha1\n{time}\n{}\n", hex::encode(Sha1::digest(http_string)));
    hmac_sha1(sign_key.as_bytes(), text.as_bytes())
}
