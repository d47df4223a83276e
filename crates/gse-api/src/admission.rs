//! Steps 1 to 11 of §1.9: from a received request to who calls which action in which region.
//! Rate limits (step 12) need counters, so they are the server's; the body (13 to 17) is [`Shape::json`], then
//! [`crate::decode`].

use crate::{
    Action, ApiError, ErrorCode, VERSION,
    error::shown,
    own_host,
    shape::{self, Shape, Travelling},
    signature::{
        tc3::Authorization,
        v1::{Algorithm, Parameter, Signed},
    },
};

#[cfg(test)]
mod tests;

/// §1.5, bytes of a query.
pub const MAX_QUERY_BYTES: usize = 32 * 1024;
/// §1.5, bytes of a body with a TC3 signature.
pub const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// §1.5, bytes of a body with a v1 signature.
pub const MAX_V1_BODY_BYTES: usize = 1024 * 1024;

/// How large a body may be: what has neither the header `Authorization` nor `X-TC-Action` can only be signed with v1.
pub fn most_body_bytes(has_headers: bool) -> usize {
    if has_headers { MAX_BODY_BYTES } else { MAX_V1_BODY_BYTES }
}

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
    /// Where the parameters of the action are.
    pub shape: Shape,
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
    let (shape, parameters) = match shape::select(received)? {
        Travelling::Headers(shape) => (shape, None),
        Travelling::Parameters(parameters) => (Shape::signed(&parameters), Some(parameters)),
        Travelling::Nothing => return Err(ApiError::missing("Action")),
    };
    let common = Common { received, parameters: parameters.as_deref() };
    let action = common.action().ok_or_else(|| ApiError::missing("Action"))?;
    let secret_id = signer(&common, gate, now)?;
    let version = common.version();
    if version.is_some_and(|version| version != VERSION) {
        let message =
            format!("The version `{}` does not exist; use `{VERSION}`.", shown(version.unwrap_or_default()));
        return Err(ApiError::new(ErrorCode::NoSuchVersion, message));
    }
    let action = parse(action).ok_or_else(|| {
        let message = format!("The action `{}` does not exist in version `{VERSION}`.", shown(action));
        ApiError::new(ErrorCode::InvalidAction, message)
    })?;
    let region = region(&common, gate)?;
    Ok(Admitted { action, region, secret_id, shape })
}

/// The common parameters (§1.3), which are headers or, with a v1 signature, parameters.
struct Common<'a> {
    received: &'a Received<'a>,
    parameters: Option<&'a [Parameter]>,
}

impl<'a> Common<'a> {
    /// One that is not empty.
    fn given(&self, header: &str, parameter: &str) -> Option<&'a str> {
        match self.parameters {
            None => self.received.given(header),
            Some(parameters) => given(parameters, parameter),
        }
    }

    fn action(&self) -> Option<&'a str> {
        self.given("x-tc-action", "Action")
    }

    fn version(&self) -> Option<&'a str> {
        self.given("x-tc-version", "Version")
    }

    fn timestamp(&self) -> Option<&'a str> {
        self.given("x-tc-timestamp", "Timestamp")
    }

    fn region(&self) -> Option<&'a str> {
        self.given("x-tc-region", "Region")
    }

    fn token(&self) -> Option<&'a str> {
        self.given("x-tc-token", "Token")
    }
}

fn given<'a>(parameters: &'a [Parameter], name: &str) -> Option<&'a str> {
    let (_, value) = parameters.iter().find(|(found, _)| found == name)?;
    (!value.is_empty()).then_some(value)
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
        _ => ("body", received.body.len(), most_body_bytes(shape::has_headers(received))),
    };
    if bytes <= most {
        return Ok(());
    }
    let message = format!("The {what} has {bytes} bytes; at most {most} are allowed.");
    Err(ApiError::new(ErrorCode::RequestSizeLimitExceeded, message))
}

/// Steps 3 to 8: the SecretId that signed, or `None` where nobody needs to.
fn signer(common: &Common<'_>, gate: &Gate<'_>, now: i64) -> Result<Option<String>, ApiError> {
    let is_unsigned = match common.parameters {
        None => matches!(common.received.given("authorization"), None | Some("SKIP")),
        Some(parameters) => ["SecretId", "Signature"].iter().all(|name| given(parameters, name).is_none()),
    };
    match gate.mode {
        // R140.
        AuthMode::Off => {
            return answers_for(common.received.header("host"), gate.public_hosts).map(|()| None);
        }
        AuthMode::Optional if is_unsigned => return Ok(None),
        AuthMode::Optional | AuthMode::Required => {}
    }
    common.version().ok_or_else(|| ApiError::missing("Version"))?;
    let secret_id = match common.parameters {
        None => signer_of_headers(common, gate, now)?,
        Some(parameters) => signer_of_parameters(common, parameters, gate, now)?,
    };
    // §1.10: temporary keys are for the upload store only, so no token is ever right here.
    if common.token().is_some() {
        let message = "The key of this request is permanent and takes no `Token`.";
        return Err(ApiError::new(ErrorCode::AuthFailureTokenFailure, message));
    }
    Ok(Some(secret_id))
}

/// Whether a request that nobody has to sign is addressed to this service.
///
/// # Errors
/// `UnauthorizedOperation`, with the flag that allows the host.
pub fn answers_for(host: Option<&str>, public_hosts: &[String]) -> Result<(), ApiError> {
    own_host::check(host, public_hosts)
        .map_err(|foreign| ApiError::new(ErrorCode::UnauthorizedOperation, foreign.to_string()))
}

/// Steps 3 to 7 of TC3-HMAC-SHA256.
fn signer_of_headers(common: &Common<'_>, gate: &Gate<'_>, now: i64) -> Result<String, ApiError> {
    let received = common.received;
    let timestamp = common.timestamp().ok_or_else(|| ApiError::missing("Timestamp"))?;
    let authorization = received.given("authorization").ok_or_else(|| ApiError::missing("Authorization"))?;
    let timestamp = seconds(timestamp)?;
    let authorization = Authorization::parse(authorization)?;
    let secret_key = secret_key(gate, authorization.secret_id)?;
    authorization.verify(received, &secret_key, timestamp, now, gate.public_hosts)?;
    Ok(authorization.secret_id.to_owned())
}

/// Steps 3 to 7 of HmacSHA1 and HmacSHA256.
fn signer_of_parameters(
    common: &Common<'_>,
    parameters: &[Parameter],
    gate: &Gate<'_>,
    now: i64,
) -> Result<String, ApiError> {
    for name in ["Timestamp", "SecretId", "Nonce", "Signature"] {
        given(parameters, name).ok_or_else(|| ApiError::missing(name))?;
    }
    let needed = |name| given(parameters, name).unwrap_or_default();
    let timestamp = seconds(needed("Timestamp"))?;
    needed("Nonce").parse::<u64>().map_err(|_| ApiError::wrong_type("Nonce", "a positive integer"))?;
    let algorithm = match given(parameters, "SignatureMethod") {
        None => Algorithm::default(),
        Some(name) => Algorithm::parse(name).ok_or_else(|| {
            let expected = "Expected one of `HmacSHA1`, `HmacSHA256`.";
            ApiError::invalid_value("SignatureMethod", name, expected)
        })?,
    };
    let secret_id = needed("SecretId");
    let secret_key = secret_key(gate, secret_id)?;
    let signed = Signed { algorithm, parameters, signature: needed("Signature"), timestamp };
    signed.verify(common.received, &secret_key, now, gate.public_hosts)?;
    Ok(secret_id.to_owned())
}

fn seconds(timestamp: &str) -> Result<i64, ApiError> {
    timestamp.parse().map_err(|_| ApiError::wrong_type("Timestamp", "UNIX seconds as an integer"))
}

/// Step 5.
fn secret_key(gate: &Gate<'_>, secret_id: &str) -> Result<String, ApiError> {
    (gate.secret_key)(secret_id).ok_or_else(|| {
        let message = "The SecretId is not found, please ensure that your SecretId is correct.";
        ApiError::new(ErrorCode::AuthFailureSecretIdNotFound, message)
    })
}

/// Step 11, §1.12.
fn region(common: &Common<'_>, gate: &Gate<'_>) -> Result<String, ApiError> {
    let named = common.region().or(gate.default_region);
    let region = named.ok_or_else(|| ApiError::missing("Region"))?;
    if gate.regions.iter().any(|enabled| enabled == region) {
        return Ok(region.to_owned());
    }
    let (region, enabled) = (shown(region), gate.regions.join("`, `"));
    let message = format!("The region `{region}` is not enabled here; enabled: `{enabled}`.");
    Err(ApiError::new(ErrorCode::UnsupportedRegion, message))
}
