//! `gse call`: signs a request, sends it and prints the answer. What it prints on stdout is the object under
//! `Response` and nothing else; words for people go to stderr.

mod nearest;
#[cfg(test)]
mod tests;

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use gse_api::Action;
use gse_client::{CallError, Client, Trust};
use serde_json::Value;

use crate::failure::Failure;

/// Where and as whom to call.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Where the cloud API listens.
    #[arg(long, env = "GSE_ENDPOINT", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub(crate) endpoint: String,
    /// The region to call.
    #[arg(long, env = "GSE_REGION", default_value = "ap-shanghai", value_name = "REGION")]
    pub(crate) region: String,
    /// Names the key that signs; `gse local` prints one when it is ready.
    #[arg(long, env = "GSE_SECRET_ID", default_value = "", hide_default_value = true, value_name = "ID")]
    pub(crate) secret_id: String,
    /// The key that signs. Better given by the environment, where `ps` does not show it.
    #[arg(
        long,
        env = "GSE_SECRET_KEY",
        default_value = "",
        hide_default_value = true,
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub(crate) secret_key: String,
    #[command(flatten)]
    pub(crate) certificates: Certificates,
}

/// What an `https://` address must show.
#[derive(Debug, Default, Args)]
pub(crate) struct Certificates {
    /// The certificates (PEM) that `https://` addresses are trusted by, instead of those that this machine trusts:
    /// `gse local --tls self-signed` prints its own as `ca`.
    #[arg(long, env = "GSE_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

impl Certificates {
    /// As a client wants it.
    pub(crate) fn trust(&self) -> Result<Trust, Failure> {
        let Some(path) = &self.ca else { return Ok(Trust::default()) };
        let shown = path.display();
        let read = std::fs::read(path).with_context(|| format!("cannot read the certificates of `{shown}`"));
        let text = read.map_err(Failure::usage)?;
        Trust::only(&text).map_err(|problem| {
            Failure::usage(format!("`{shown}` has no certificates to trust: {problem}")).hint(
                "`--ca` takes PEM text; `gse local --tls self-signed` prints the name of its file as `ca`",
            )
        })
    }
}

const KEY_HINT: &str = "`gse local` prints `secret_id` and `secret_key` when it is ready; \
                        set `GSE_SECRET_ID` and `GSE_SECRET_KEY` to them";

impl Connection {
    /// Whether the calls are not signed; a service with `--auth required` refuses them.
    fn is_unsigned(&self) -> bool {
        self.secret_id.is_empty() && self.secret_key.is_empty()
    }

    /// Why a call failed; one that needs a key says where to get it.
    pub(crate) fn explain(&self, error: CallError) -> Failure {
        let wants_key =
            self.is_unsigned() && error.code().is_some_and(|code| code.starts_with("AuthFailure"));
        let failure = Failure::from(error);
        if wants_key { failure.hint(KEY_HINT) } else { failure }
    }

    /// A client for it.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        if self.secret_id.is_empty() != self.secret_key.is_empty() {
            let missing = if self.secret_id.is_empty() { "secret id" } else { "secret key" };
            return Err(
                Failure::usage(format!("half a key cannot sign: the {missing} is missing")).hint(KEY_HINT)
            );
        }
        let trust = self.certificates.trust()?;
        Client::trusting(&self.endpoint, &self.secret_id, &self.secret_key, &self.region, &trust)
            .map_err(Failure::from)
    }
}

/// Calls one action of the cloud API and prints the answer.
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// The action, like `CreateFleet`.
    action: String,
    /// The request: JSON, `@FILE` to read it from a file, or `-` to read it from stdin.
    #[arg(long, default_value = "{}", value_name = "JSON|@FILE|-")]
    json: String,
    /// Prints the answer on one line.
    #[arg(long)]
    compact: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Calls and prints.
pub(crate) async fn run(args: CallArgs) -> Result<(), Failure> {
    let action = action(&args.action)?;
    let body = body(&args.json)?;
    let client = args.connection.client()?;
    let answer = client.send(action.name(), &body).await?;
    crate::print_json(&answer.response, args.compact)?;
    match answer.refusal() {
        None => Ok(()),
        Some(refusal) => {
            let (code, message, request_id) = (refusal.code, refusal.message, answer.request_id);
            let wants_key = args.connection.is_unsigned() && code.starts_with("AuthFailure");
            let failure = Failure::from(CallError::Api { code, message, request_id }).action(action);
            Err(if wants_key { failure.hint(KEY_HINT) } else { failure })
        }
    }
}

/// The action of that name; the letter case is not guessed, because the wire is strict about it.
fn action(name: &str) -> Result<Action, Failure> {
    Action::parse(name).ok_or_else(|| {
        let near: Vec<_> = nearest::names(name).into_iter().map(|name| format!("`{name}`")).collect();
        let failure = Failure::usage(format!("there is no action `{name}`"));
        match near.as_slice() {
            [] => failure.hint("docs/spec/cloud-api.md lists the 74 actions"),
            near => failure.hint(format!("did you mean {}?", near.join(" or "))),
        }
    })
}

/// The text of `--json`, checked to be JSON; whether it is the right JSON the service decides.
fn body(argument: &str) -> Result<String, Failure> {
    let text = if argument == "-" {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.context("cannot read the request from stdin").map_err(Failure::usage)?;
        text
    } else if let Some(path) = argument.strip_prefix('@') {
        let read = std::fs::read_to_string(path);
        read.with_context(|| format!("cannot read the request from `{path}`")).map_err(Failure::usage)?
    } else {
        argument.to_owned()
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            let error = anyhow::Error::new(error).context("the request of `--json` is not JSON");
            Err(Failure::usage(error).hint("quote it for the shell, like --json '{\"FleetIds\":[\"…\"]}'"))
        }
    }
}
