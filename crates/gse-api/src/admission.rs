//! Steps 1 to 11 of §1.9: from a received request to who calls which action in which region.
//! Rate limits (step 12) need counters, so they are the server's; the body (13 to 17) is [`crate::decode`].

use crate::{Action, ApiError, ErrorCode, VERSION, error::shown, signature::tc3::Authorization};

#[cfg(test)]
mod tests;

/// §1.5, bytes of a query.
pub const MAX_QUERY_BYTES: usize = 32 * 1024;
/// §1.5, bytes of a body with a TC3 signature.
pub const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// A request as it came over the wire. Header names may be in any letter case; values are not changed.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// In upper case.
    pub method: &'a str,
    /// From the request line, percent-encoded.
    pub path: &'a str,
    /// From the request line, without `?`, not decoded.
    pub query: &'a str,
    /// Name and value; `Host` must be among them, verbatim.
    pub headers: &'a [(&'a str, &'a str)],
    /// The raw bytes.
    pub body: &'a [u8],
}

impl<'a> Received<'a> {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// A header that is not empty.
    fn given(&self, name: &str) -> Option<&'a str> {
        self.header(name).map(str::trim).filter(|value| !value.is_empty())
    }
}

/// §1.11
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuthMode {
    /// Every request is signed.
    #[default]
    Required,
    /// A request without a signature acts for the default account; a present one is verified.
    Optional,
    /// Signatures are ignored.
    Off,
}

/// What the service is set up with.
#[derive(Clone, Copy)]
pub struct Gate<'a> {
    /// Who must sign.
    pub mode: AuthMode,
    /// The key of an enabled SecretId.
    pub secret_key: &'a dyn Fn(&str) -> Option<String>,
    /// The regions that this service answers for.
    pub regions: &'a [String],
    /// Used when a request names no region.
    pub default_region: Option<&'a str>,
    /// Names of this service that clients may have signed, behind a proxy.
    pub public_hosts: &'a [String],
}

/// A request that may go on to its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted<A = Action> {
    /// What is asked for.
    pub action: A,
    /// Where.
    pub region: String,
    /// Whose key signed it; `None` stands for the default account.
    pub secret_id: Option<String>,
}

/// Decides who calls which action in which region, at `now` (UNIX seconds).
///
/// # Errors
/// The first failing step of §1.9.
pub fn admit(received: &Received<'_>, gate: &Gate<'_>, now: i64) -> Result<Admitted, ApiError> {
    admit_named(received, gate, now, Action::parse)
}

/// The same for actions beside the cloud API: `parse` knows their names.
///
/// # Errors
/// The first failing step of §1.9.
pub fn admit_named<A>(
    received: &Received<'_>,
    gate: &Gate<'_>,
    now: i64,
    parse: impl Fn(&str) -> Option<A>,
) -> Result<Admitted<A>, ApiError> {
    method(received)?;
    size(received)?;
    let shape = shape(received)?;
    let action = received.given("x-tc-action").ok_or_else(|| ApiError::missing("Action"))?;
    let secret_id = signer(received, gate, now)?;
    let version = received.given("x-tc-version");
    if version.is_some_and(|version| version != VERSION) {
        let message =
            format!("The version `{}` does not exist; use `{VERSION}`.", shown(version.unwrap_or_default()));
        return Err(ApiError::new(ErrorCode::NoSuchVersion, message));
    }
    let action = parse(action).ok_or_else(|| {
        let message = format!("The action `{}` does not exist in version `{VERSION}`.", shown(action));
        ApiError::new(ErrorCode::InvalidAction, message)
    })?;
    let region = region(received, gate)?;
    match shape {
        Shape::Json => Ok(Admitted { action, region, secret_id }),
        Shape::Other(what) => Err(not_read_yet(what)),
        Shape::Unknown(kind) => {
            let message =
                format!("The content type `{}` is not supported; use `application/json`.", shown(&kind));
            Err(ApiError::new(ErrorCode::InvalidParameter, message))
        }
    }
}

/// Step 1.
fn method(received: &Received<'_>) -> Result<(), ApiError> {
    if matches!(received.method, "GET" | "POST") {
        return Ok(());
    }
    let method = shown(received.method);
    let message = format!("The method `{method}` is not supported; use `POST` or `GET`.");
    Err(ApiError::new(ErrorCode::UnsupportedProtocol, message))
}

/// Step 2.
fn size(received: &Received<'_>) -> Result<(), ApiError> {
    let (what, bytes, most) = match received.method {
        "GET" => ("query", received.query.len(), MAX_QUERY_BYTES),
        _ => ("body", received.body.len(), MAX_BODY_BYTES),
    };
    if bytes <= most {
        return Ok(());
    }
    let message = format!("The {what} has {bytes} bytes; at most {most} are allowed.");
    Err(ApiError::new(ErrorCode::RequestSizeLimitExceeded, message))
}

/// How the parameters travel (§1.2).
enum Shape {
    /// R1.
    Json,
    /// R2, R5, R6: signed with TC3, so the signature is still checked, but the parameters are not read yet.
    Other(&'static str),
    /// A content type that no request has.
    Unknown(String),
}

fn shape(received: &Received<'_>) -> Result<Shape, ApiError> {
    let v3 = received.header("authorization").is_some() || received.header("x-tc-action").is_some();
    let kind = received.given("content-type").unwrap_or("application/json");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !v3 {
        // A v1 request has no header of ours; its action is a parameter.
        let form: &[u8] = if kind == "application/x-www-form-urlencoded" { received.body } else { &[] };
        let parameters = if received.method == "GET" { received.query.as_bytes() } else { form };
        if parameters.split(|byte| *byte == b'&').any(|pair| pair.starts_with(b"Action=")) {
            return Err(not_read_yet("signature version 1 (`HmacSHA1`, `HmacSHA256`)"));
        }
        return Err(ApiError::missing("Action"));
    }
    match (received.method, kind.as_str()) {
        ("GET", _) => Ok(Shape::Other("GET requests")),
        (_, "application/json") => Ok(Shape::Json),
        (_, "application/x-www-form-urlencoded") => Ok(Shape::Other("form bodies")),
        (_, "multipart/form-data") => Ok(Shape::Other("multipart bodies")),
        (_, kind) => Ok(Shape::Unknown(kind.to_owned())),
    }
}

fn not_read_yet(what: &str) -> ApiError {
    let message = format!(
        "This service does not read {what} yet; send a JSON body with `POST`, signed with `TC3-HMAC-SHA256`."
    );
    ApiError::new(ErrorCode::UnsupportedOperation, message)
}

/// Steps 3 to 8: the SecretId that signed, or `None` where nobody needs to.
fn signer(received: &Received<'_>, gate: &Gate<'_>, now: i64) -> Result<Option<String>, ApiError> {
    let authorization = received.given("authorization");
    let skip = matches!(authorization, None | Some("SKIP"));
    match gate.mode {
        AuthMode::Off => return Ok(None),
        AuthMode::Optional if skip => return Ok(None),
        AuthMode::Optional | AuthMode::Required => {}
    }
    received.given("x-tc-version").ok_or_else(|| ApiError::missing("Version"))?;
    let timestamp = received.given("x-tc-timestamp").ok_or_else(|| ApiError::missing("Timestamp"))?;
    let authorization = authorization.ok_or_else(|| ApiError::missing("Authorization"))?;
    let timestamp: i64 =
        timestamp.parse().map_err(|_| ApiError::wrong_type("Timestamp", "UNIX seconds as an integer"))?;
    let authorization = Authorization::parse(authorization)?;
    let secret_key = (gate.secret_key)(authorization.secret_id).ok_or_else(|| {
        let message = "The SecretId is not found, please ensure that your SecretId is correct.";
        ApiError::new(ErrorCode::AuthFailureSecretIdNotFound, message)
    })?;
    authorization.verify(received, &secret_key, timestamp, now, gate.public_hosts)?;
    // §1.10: temporary keys are for the upload store only, so no token is ever right here.
    if received.given("x-tc-token").is_some() {
        let message = "The key of this request is permanent and takes no `Token`.";
        return Err(ApiError::new(ErrorCode::AuthFailureTokenFailure, message));
    }
    Ok(Some(authorization.secret_id.to_owned()))
}

/// Step 11, §1.12.
fn region(received: &Received<'_>, gate: &Gate<'_>) -> Result<String, ApiError> {
    let named = received.given("x-tc-region").or(gate.default_region);
    let region = named.ok_or_else(|| ApiError::missing("Region"))?;
    if gate.regions.iter().any(|enabled| enabled == region) {
        return Ok(region.to_owned());
    }
    let (region, enabled) = (shown(region), gate.regions.join("`, `"));
    let message = format!("The region `{region}` is not enabled here; enabled: `{enabled}`.");
    Err(ApiError::new(ErrorCode::UnsupportedRegion, message))
}
