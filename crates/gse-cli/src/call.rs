//! `gse call`: signs a request, sends it and prints the answer. What it prints on stdout is the object under
//! `Response`, or what `--query` finds in it, and nothing else; words for people go to stderr.

mod command;
mod flags;
pub(crate) mod nearest;
mod query;
#[cfg(test)]
mod tests;

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use gse_api::Action;
use gse_client::{CallError, Client, Credentials, Retry, Trust, variable};
use serde_json::{Map, Value};

use crate::failure::Failure;

pub(crate) use flags::unfold;

/// Where and as whom to call.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Where the cloud API listens.
    #[arg(long, env = "GSE_ENDPOINT", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub(crate) endpoint: String,
    /// The region to call; without it and `TENCENTCLOUD_REGION`, `ap-shanghai`.
    #[arg(long, env = "GSE_REGION", default_value_t = region(), hide_default_value = true, value_name = "REGION")]
    pub(crate) region: String,
    /// Names the key that signs; `gse local` prints one when it is ready. Without it and the key, those of the vendor's
    /// clients count: `TENCENTCLOUD_SECRET_ID` and `TENCENTCLOUD_SECRET_KEY`, then `~/.tencentcloud/credentials`.
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

fn region() -> String {
    std::env::var(variable::REGION).ok().filter(|region| !region.is_empty()).unwrap_or("ap-shanghai".into())
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
        let given = (!self.is_unsigned()).then(|| Credentials {
            secret_id: self.secret_id.clone(),
            secret_key: self.secret_key.clone(),
            token: String::new(),
        });
        let key = match given {
            Some(key) => Some(key),
            None => Credentials::find().map_err(CallError::from)?,
        };
        let (secret_id, secret_key, token) =
            key.map_or_else(Default::default, |key| (key.secret_id, key.secret_key, key.token));
        let mut client = Client::trusting(
            &self.endpoint,
            secret_id,
            secret_key,
            &self.region,
            &self.certificates.trust()?,
        )?;
        client.token = token;
        Ok(client)
    }
}

/// Calls one action of the cloud API and prints the answer.
///
/// `gse call ACTION --help` shows the members of its request, which are flags: `--Name arena`. Lists and structures are
/// JSON, or have dotted names: `--RuntimeConfiguration.ServerProcesses.0.LaunchPath /local/game/server`.
#[derive(Debug, Args)]
struct Common {
    /// The request: JSON, `@FILE` to read it from a file, or `-` to read it from stdin. Flags change it.
    #[arg(long, default_value = "{}", value_name = "JSON|@FILE|-")]
    json: String,
    /// A nested member of the request; `--PATH VALUE` is the same.
    #[arg(long = flags::MEMBER, value_name = "PATH=VALUE")]
    members: Vec<String>,
    /// Prints what a path finds in the answer, like `Fleets[?Status == 'ACTIVE'].FleetId` (JMESPath without functions).
    #[arg(long, value_name = "PATH")]
    query: Option<String>,
    /// Calls again and again, and prints the answer when it has changed, until it is interrupted.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2",
          value_parser = clap::value_parser!(u64).range(1..))]
    watch: Option<u64>,
    /// How often a call is tried that was throttled or lost, if it is harmless to repeat.
    #[arg(long, default_value_t = 1, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,
    /// Prints the answer on one line.
    #[arg(long)]
    compact: bool,
    #[command(flatten)]
    connection: Connection,
}

/// See [`Common`]; the actions and their flags come from the schema.
#[derive(Debug)]
pub(crate) struct CallArgs {
    action: String,
    /// The members that were given as flags, with their texts.
    flags: Vec<(String, String)>,
    common: Common,
}

impl Args for CallArgs {
    fn augment_args(command: Command) -> Command {
        Common::augment_args(command)
            .mut_args(|argument| argument.global(true))
            .subcommand_value_name("ACTION")
            .subcommand_help_heading("Actions")
            .disable_help_subcommand(true)
            .arg_required_else_help(true)
            .subcommand_required(true)
            // So that a mistyped action is answered in our words.
            .allow_external_subcommands(true)
            .subcommands(Action::ALL.map(command::of))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for CallArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let missing = || clap::Error::new(clap::error::ErrorKind::MissingSubcommand);
        let (name, members) = matches.subcommand().ok_or_else(missing)?;
        let Some(action) = Action::parse(name) else {
            let common = Common::from_arg_matches(matches)?;
            return Ok(Self { action: name.to_owned(), flags: Vec::new(), common });
        };
        let given = action.request_schema().members.iter().flat_map(|member| {
            let texts = members.get_many::<String>(member.name).into_iter().flatten();
            texts.map(|text| (member.name.to_owned(), text.clone()))
        });
        let common = Common::from_arg_matches(members)?;
        Ok(Self { action: name.to_owned(), flags: given.collect(), common })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Calls and prints.
pub(crate) async fn run(args: CallArgs) -> Result<(), Failure> {
    let action = action(&args.action)?;
    let body = request(&args, action)?;
    let query = args.common.query.as_deref().map(query::parse).transpose();
    let query = query.map_err(|error| Failure::usage(anyhow::Error::new(error)).hint(QUERY_HINT))?;
    let mut client = args.common.connection.client()?;
    client.retry = Retry { attempts: args.common.attempts, ..Retry::STANDARD };
    let look = async || -> Result<Value, Failure> {
        let mut answer = client.send(action.name(), &body).await?;
        if let Some(refusal) = answer.refusal() {
            crate::print_json(&answer.response, args.common.compact)?;
            let (code, message, request_id) = (refusal.code, refusal.message, answer.request_id);
            let error = CallError::Api { code, message, request_id };
            return Err(args.common.connection.explain(error).action(action));
        }
        Ok(match &query {
            Some(query) => query.find(&answer.response),
            None => answer.response.take(),
        })
    };
    match args.common.watch {
        None => crate::print_json(&look().await?, args.common.compact),
        Some(seconds) => watch(action, Duration::from_secs(seconds), args.common.compact, look).await,
    }
}

const QUERY_HINT: &str =
    "paths are like `Fleets[0].FleetId`, `Fleets[*].Status`, `Fleets[?Status == 'ACTIVE'].FleetId`";

/// Prints what changed, until it is interrupted or nobody reads any more.
async fn watch(
    action: Action,
    period: Duration,
    compact: bool,
    look: impl AsyncFn() -> Result<Value, Failure>,
) -> Result<(), Failure> {
    if !reads(action) {
        let text = format!("`{}` changes something; it is not called again and again", action.name());
        return Err(
            Failure::usage(text).hint("watch an action that reads, such as one of the Describe actions")
        );
    }
    let mut shown = None;
    loop {
        let found = look().await?;
        if shown.as_ref().is_none_or(|shown| is_other(shown, &found)) {
            let text =
                if compact { serde_json::to_string(&found) } else { serde_json::to_string_pretty(&found) };
            let text = text.context("cannot write the answer as JSON")?;
            match writeln!(std::io::stdout(), "{text}") {
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
                written => written.context("cannot write to stdout")?,
            }
            shown = Some(found);
        }
        tokio::time::sleep(period).await;
    }
}

/// Whether an action changes nothing.
fn reads(action: Action) -> bool {
    ["Describe", "List", "Search", "Resolve"].iter().any(|beginning| action.name().starts_with(beginning))
}

/// Whether two answers say different things; each has a request id of its own.
fn is_other(before: &Value, after: &Value) -> bool {
    let without_id = |value: &Value| match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(name, _)| *name != "RequestId");
            Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        other => other.clone(),
    };
    without_id(before) != without_id(after)
}

/// The JSON of `--json`, changed by the flags. Without flags it goes as it was written.
fn request(args: &CallArgs, action: Action) -> Result<String, Failure> {
    let text = body(&args.common.json)?;
    if args.flags.is_empty() && args.common.members.is_empty() {
        return Ok(text);
    }
    let no_object = || Failure::usage("the request of `--json` is no object, so flags cannot change it");
    let mut request = serde_json::from_str::<Map<String, Value>>(&text).map_err(|_| no_object())?;
    for (name, _) in &args.flags {
        request.remove(name);
    }
    let schema = action.request_schema();
    for (name, text) in &args.flags {
        flags::set(&mut request, schema, name, text)?;
    }
    for member in &args.common.members {
        let (path, text) = member
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("`--{} {member}` is not `PATH=VALUE`", flags::MEMBER)))?;
        flags::set(&mut request, schema, path, text)?;
    }
    Ok(Value::Object(request).to_string())
}

/// The action of that name; the letter case is not guessed, because the wire is strict about it.
fn action(name: &str) -> Result<Action, Failure> {
    Action::parse(name).ok_or_else(|| {
        let near: Vec<_> = nearest::names(name).into_iter().map(|name| format!("`{name}`")).collect();
        let failure = Failure::usage(format!("there is no action `{name}`"));
        match near.as_slice() {
            [] => failure.hint("`gse call --help` lists the 74 actions"),
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
