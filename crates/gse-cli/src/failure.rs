//! Why the program ends with another code than 0, and how that is told: the chain of causes and what to do next,
//! on stderr.

use std::fmt;

use gse_api::Action;
use gse_client::{CallError, PutError};

/// An error with its exit code, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// 1: refused or failed; 2: used wrongly; 3: not reached.
    pub(crate) exit: u8,
    error: anyhow::Error,
    request_id: Option<String>,
    hint: Option<String>,
}

impl Failure {
    /// Used wrongly.
    pub(crate) fn usage(error: impl Into<Described>) -> Self {
        Self { exit: 2, error: error.into().0, request_id: None, hint: None }
    }

    /// Says what to do, unless something better was said.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The code of the API, if the service refused a call.
    pub(crate) fn code(&self) -> Option<&str> {
        self.error.downcast_ref::<CallError>().and_then(CallError::code)
    }

    /// Points to the action's description when its request was wrong.
    pub(crate) fn action(self, action: Action) -> Self {
        let code = self.code().unwrap_or_default();
        let parameters =
            ["InvalidParameter", "InvalidParameterValue", "MissingParameter", "UnknownParameter"]
                .contains(&code);
        let name = action.name();
        match parameters {
            true => self.hint(format!("`gse call {name} --help` shows the members of the request")),
            false => self,
        }
    }

    /// Adds what was being done.
    pub(crate) fn context(mut self, doing: impl fmt::Display + Send + Sync + 'static) -> Self {
        self.error = self.error.context(doing);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.error)?;
        for cause in self.error.chain().skip(1) {
            write!(f, "\ncaused by: {cause}")?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, "\nrequest id: {request_id}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// Text or an error; `anyhow::Error` has no conversion that takes both.
pub(crate) struct Described(anyhow::Error);

impl From<&'static str> for Described {
    fn from(text: &'static str) -> Self {
        Self(anyhow::Error::msg(text))
    }
}

impl From<String> for Described {
    fn from(text: String) -> Self {
        Self(anyhow::Error::msg(text))
    }
}

impl From<anyhow::Error> for Described {
    fn from(error: anyhow::Error) -> Self {
        Self(error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { exit: 1, error, request_id: None, hint: None }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let exit = match &error {
            CallError::Api { .. } => 1,
            CallError::Endpoint { .. } | CallError::Request(_) | CallError::Credentials(_) => 2,
            CallError::Transport { .. } | CallError::Answer { .. } => 3,
        };
        let request_id = match &error {
            CallError::Api { request_id, .. } | CallError::Answer { request_id, .. } => {
                Some(request_id.clone())
            }
            CallError::Transport { .. }
            | CallError::Endpoint { .. }
            | CallError::Request(_)
            | CallError::Credentials(_) => None,
        };
        let hint = hint(&error).map(str::to_owned);
        let request_id = request_id.filter(|id| !id.is_empty());
        Self { exit, error: error.into(), request_id, hint }
    }
}

impl From<PutError> for Failure {
    fn from(error: PutError) -> Self {
        const ADDRESS: &str = "`gse local` prints the address as `objects` when it is ready";
        let (exit, hint) = match &error {
            PutError::Refused { status: 401 | 403, .. } => (
                1,
                Some("an authorization is for one key, one method and a few minutes; ask for another one"),
            ),
            PutError::Refused { .. } => (1, None),
            PutError::Address { .. } => (2, Some(ADDRESS)),
            PutError::Transport { source, .. } if is_distrust(source) => (3, Some(DISTRUST)),
            PutError::Transport { .. } => (3, Some(ADDRESS)),
        };
        Self { exit, error: error.into(), request_id: None, hint: hint.map(str::to_owned) }
    }
}

const DISTRUST: &str = "trust its certificate with `--ca FILE` or `GSE_CA`; `gse local --tls self-signed` prints its own as `ca`";

/// Whether a connection failed because of a certificate; the cause has no type that says so.
fn is_distrust(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .any(|error| error.to_string().contains("invalid peer certificate"))
}

fn hint(error: &CallError) -> Option<&'static str> {
    match error {
        CallError::Transport { source, .. } if is_distrust(source) => Some(DISTRUST),
        CallError::Transport { .. } => {
            Some("is `gse local` running? `--endpoint` or `GSE_ENDPOINT` must be the `api` of its ready line")
        }
        CallError::Endpoint { .. } => Some("an endpoint looks like `http://127.0.0.1:8080`"),
        CallError::Answer { .. } => Some("is another program listening at the endpoint?"),
        CallError::Request(_) => None,
        CallError::Credentials(_) => Some("give a whole key, or none"),
        CallError::Api { code, .. } => match code.as_str() {
            "AuthFailure.SecretIdNotFound" | "AuthFailure.SignatureFailure" => {
                Some("`GSE_SECRET_ID` and `GSE_SECRET_KEY` must be those of the service's ready line")
            }
            "AuthFailure.SignatureExpire" => {
                Some("the clocks of this machine and the service differ; set them")
            }
            "UnsupportedRegion" => Some("set `--region` or `GSE_REGION` to the `region` of the ready line"),
            "ResourceInsufficient" => Some(
                "no process or player slot is free now; DescribeFleetCapacity and DescribeInstances show what there is",
            ),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, CallError, Failure};

    fn refused(code: &str) -> CallError {
        CallError::Api { code: code.into(), message: "it is so.".into(), request_id: "r-1".into() }
    }

    #[test]
    fn a_refusal_is_told_in_words() {
        let failure = Failure::from(refused("MissingParameter")).action(Action::CreateFleet);
        assert_eq!(failure.exit, 1);
        let expected = "error: `MissingParameter`: it is so.\nrequest id: r-1\n\
                        hint: `gse call CreateFleet --help` shows the members of the request";
        assert_eq!(failure.to_string(), expected);
        let failure =
            Failure::from(refused("ResourceNotFound")).action(Action::CreateFleet).context("no asset");
        let expected = "error: no asset\ncaused by: `ResourceNotFound`: it is so.\nrequest id: r-1";
        assert_eq!(failure.to_string(), expected);
    }

    #[test]
    fn exit_codes() {
        let endpoint = CallError::Endpoint { endpoint: "x".into(), reason: "y".into() };
        let answer = CallError::Answer { reason: "x".into(), request_id: String::new() };
        assert_eq!(Failure::from(endpoint).exit, 2);
        assert_eq!(Failure::from(answer).exit, 3);
        assert_eq!(Failure::usage("x").exit, 2);
        assert_eq!(Failure::from(anyhow::anyhow!("x")).exit, 1);
    }
}
