//! `gse local`: the whole service in one process, on this machine.
//!
//! When everything listens, exactly one line of JSON goes to standard output; all else goes to standard error.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use gse_api::admission::AuthMode;
use gse_api::rate_limit::Factor;
use gse_core::quota::Quotas;
use gse_server::account::file::AccessFile;
use gse_server::config::{Config, parse_adoption};
use gse_server::limits::parse_rate;
use gse_server::otlp::Collector;
use gse_server::quota_file;
use gse_server::server::{Ready, Server};
use gse_server::tls::TlsSource;
use serde::Serialize;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// What the log shows when nothing else is said.
const DEFAULT_LOG: &str = "info";
/// Chooses what the log shows, in the syntax of `RUST_LOG`.
const LOG_VARIABLE: &str = "GSE_LOG";

/// How often a port that is taken is tried again before that is an error.
const BIND_TRIES: u32 = 50;
const BIND_PAUSE: Duration = Duration::from_millis(10);

/// Run the whole service on this machine: control plane, cloud API, object store and agent.
#[derive(Args, Debug)]
pub(crate) struct LocalArgs {
    /// Where the cloud API and the object endpoint listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) api: String,

    /// Where game servers reach the agent (gRPC); port 0 takes the one of the last start if it can, else a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5758")]
    pub(crate) agent: String,

    /// Where everything is kept: state, keys, uploads, running games. Made where it does not exist.
    #[arg(long, value_name = "DIR", default_value = "gse-data")]
    pub(crate) data_dir: PathBuf,

    /// Who must sign requests: required (everybody), optional (a signature that is there is checked), off (nobody).
    #[arg(long, value_name = "MODE", default_value = "required", value_parser = parse_auth)]
    pub(crate) auth: AuthMode,

    /// Serve the cloud API and the object endpoint by HTTPS, with a certificate that is made here and kept in the data
    /// directory. The only MODE is self-signed; for a certificate of your own give --tls-cert and --tls-key.
    #[arg(long, value_name = "MODE", value_parser = ["self-signed"], conflicts_with_all = ["tls_cert", "tls_key"])]
    pub(crate) tls: Option<String>,

    /// Serve by HTTPS with the certificate in this file (PEM), followed by those that lead to the one clients trust.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The key of the certificate of --tls-cert (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// A name that clients call this service by and a proxy in front of it may hide, such as `gse.example.org`: signatures
    /// over it are good, forms of the console may come from it, and with `--auth off` it is answered. May be given many
    /// times.
    #[arg(long = "public-host", value_name = "NAME")]
    pub(crate) public_hosts: Vec<String>,

    /// Limit how often an action may be called: off, or a factor for the vendor's limits (20 a second; 1000 for the
    /// calls of matchmaking). Past it the answer is RequestLimitExceeded. Without it `--quota` decides, else off.
    #[arg(long, value_name = "FACTOR|off")]
    pub(crate) rate_limit: Option<String>,

    /// Let other accounts and users in, with their own keys and policies: a file that docs/running.md describes. Without
    /// it there is the local account alone, whose key may do everything.
    #[arg(long, value_name = "FILE")]
    pub(crate) access: Option<PathBuf>,

    /// How much an account may have in a region: gse (the vendor's quotas, and its rates), off (neither), or a file that
    /// changes quotas by their names. Without it the vendor's quotas hold, and no rates.
    #[arg(long, value_name = "gse|off|FILE")]
    pub(crate) quota: Option<String>,

    /// What becomes of a game server that you start by hand, in an IDE, under a debugger, from a shell: on (it joins the
    /// fleet that GSE_FLEET_ID in its environment names, or the only one), off (it is refused), or the id of a fleet (it
    /// joins that one, for which the service launches nothing).
    #[arg(long, value_name = "on|off|FLEET", default_value = "on")]
    pub(crate) adopt: String,

    /// Run `install.sh` of packages that have one, once for each instance, with bash, as the user that this program runs as.
    #[arg(long)]
    pub(crate) run_install_script: bool,

    /// Send the spans of each session's timeline to the OpenTelemetry collector at this address, such as
    /// http://127.0.0.1:4318: OTLP over HTTP. A collector that is away costs nothing but the spans.
    #[arg(long, value_name = "URL", env = "GSE_OTLP", value_parser = Collector::parse)]
    pub(crate) otlp: Option<Collector>,

    /// What the first button of the console's "Getting started" uploads: the program of the sample game server, or a zip
    /// with `game-server` at its root. Without it the program `game-server` that lies beside this one.
    #[arg(long, value_name = "FILE")]
    pub(crate) demo_package: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) regions: RegionArgs,
    /// How long what only a cloud had to wait for takes: instant (no time), or real (a minute for a machine, and so on).
    #[arg(long, value_name = "instant|real", default_value = "instant", value_parser = ["instant", "real"])]
    pub(crate) pace: String,

    /// Change a clock or a limit, such as `health.interval=2s` or `limit.calls=256`; may be given many times. An
    /// unknown KEY lists the known ones.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
}

mod regions;

use regions::RegionArgs;

fn parse_auth(text: &str) -> Result<AuthMode, String> {
    match text {
        "required" => Ok(AuthMode::Required),
        "optional" => Ok(AuthMode::Optional),
        "off" => Ok(AuthMode::Off),
        _ => Err("use required, optional or off".to_owned()),
    }
}

/// Runs until SIGTERM or Ctrl-C.
///
/// # Errors
/// A setting is wrong, a port is taken, the data directory cannot be used, or a part of the service failed.
pub(crate) async fn run(args: LocalArgs) -> anyhow::Result<()> {
    let mut config = Config::new(&args.data_dir);
    config.auth = args.auth;
    config.tls = tls(&args);
    config.public_hosts.clone_from(&args.public_hosts);
    if let Some(quota) = &args.quota {
        (config.quotas, config.limits.rate) = quotas(quota)?;
    }
    if let Some(rate) = &args.rate_limit {
        config.limits.rate = parse_rate(rate).map_err(anyhow::Error::msg)?;
    }
    if let Some(path) = &args.access {
        config.access = access(path)?;
    }
    config.run_install_scripts = args.run_install_script;
    config.otlp.clone_from(&args.otlp);
    config.demo_package = args.demo_package.clone().or_else(demo_package);
    config.adoption = parse_adoption(&args.adopt).map_err(anyhow::Error::msg)?;
    args.regions.apply(&mut config)?;
    if args.pace == "real" {
        config.clocks.keep_pace_of_a_cloud();
    }
    // After the pace, which they may change in part.
    config.set_all(&args.settings)?;
    start_log();
    if let Some(path) = &args.access {
        warn_of_readers(path);
    }
    make_room_for_connections(&mut config);
    // Before anything is launched, so that no signal finds a half-started service.
    let shutdown = shutdown_signal()?;
    let api = listen(&args.api, "the cloud API", "--api").await?;
    let agent = listen_for_games(&args.agent, gse_agent::last_address(&args.data_dir)).await?;
    warn_of_strangers(&api, &agent, args.auth);
    let beacons = args.regions.bind(&config, &api).await?;
    let server =
        Server::build_with_beacons(config, api, agent, beacons).context("the service cannot be started")?;
    announce(&server.ready())?;
    server.run(shutdown).await.context("the service ended because of a fault")
}

/// The sample game server, where it would have been built or installed to. Whether it is there is looked at when it is
/// asked for.
fn demo_package() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    Some(program.with_file_name(format!("game-server{}", std::env::consts::EXE_SUFFIX)))
}

fn tls(args: &LocalArgs) -> Option<TlsSource> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(TlsSource::Files { certificate: certificate.clone(), key: key.clone() })
        }
        _ => args.tls.as_ref().map(|_| TlsSource::SelfSigned),
    }
}

/// The quotas and rates that a word or a file names.
fn quotas(quota: &str) -> anyhow::Result<(Quotas, Option<Factor>)> {
    match quota {
        "gse" => Ok((Quotas::default(), Factor::new(1.0))),
        "off" => Ok((Quotas::none(), None)),
        path => {
            let wanted = || {
                format!("cannot read the quotas of `{path}`\nhint: write `gse`, `off`, or the name of a file")
            };
            let text = std::fs::read_to_string(path).with_context(wanted)?;
            let parsed = quota_file::parse(&text);
            parsed.with_context(|| format!("the quotas in `{path}` cannot be used"))
        }
    }
}

/// Who may call besides the local account.
fn access(path: &Path) -> anyhow::Result<AccessFile> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("cannot read the access file `{shown}`\nhint: docs/running.md, \"Accounts and access\", says what is in it")
    })?;
    AccessFile::parse(&text).with_context(|| format!("the access file `{shown}` cannot be used"))
}

/// Its secret keys are as good as those of the data directory, which only its owner can read.
#[cfg(unix)]
fn warn_of_readers(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map_or(0, |file| file.permissions().mode());
    if mode & 0o077 != 0 {
        tracing::warn!(
            "the access file `{shown}` holds secret keys, and others than its owner may read it\nhint: chmod 600 {shown}",
            shown = path.display()
        );
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_path: &Path) {}

/// Files that are open besides connections: the store, objects, logs of games, pipes.
const OTHER_FILES: u64 = 1024;

/// Raises the limit of open files to what the connections need, or lowers the connections to what it allows.
fn make_room_for_connections(config: &mut Config) {
    let (api, agent) = (config.limits.connections, config.limits.agent_connections);
    let open_files =
        gse_agent::open_files::raise((api as u64).saturating_add(agent as u64).saturating_add(OTHER_FILES));
    config.open_files_of_games = Some(open_files.before);
    // Half to each, and some for other files even where there are few.
    let most = open_files.now.saturating_sub(OTHER_FILES).max(open_files.now / 2) / 2;
    let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
    (config.limits.connections, config.limits.agent_connections) = (api.min(most), agent.min(most));
    if most < api.max(agent) {
        tracing::warn!(
            open_files = open_files.now,
            connections = most,
            "the limit of open files allows fewer connections than are set\nhint: raise it with `ulimit -n`"
        );
    }
}

fn start_log() {
    start_log_as(DEFAULT_LOG);
}

/// Logs to standard error what the environment asks for, or else this.
pub(crate) fn start_log_as(default: &str) {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A log that exists already is as good.
    let _ = log.with_ansi(std::io::stderr().is_terminal()).try_init();
}

pub(crate) async fn listen(address: &str, what: &str, flag: &str) -> anyhow::Result<TcpListener> {
    bind_soon(address).await.with_context(|| {
        format!(
            "cannot listen on `{address}` for {what}\nhint: stop what uses it, or choose another address with \
             `{flag} ADDR` (port 0 takes a free one)"
        )
    })
}

/// A service that is killed while it starts a process leaves its ports to that process until this one has become another
/// program, which is a matter of milliseconds.
async fn bind_soon(address: impl tokio::net::ToSocketAddrs) -> std::io::Result<TcpListener> {
    for _ in 0..BIND_TRIES {
        match TcpListener::bind(&address).await {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                tokio::time::sleep(BIND_PAUSE).await;
            }
            other => return other,
        }
    }
    TcpListener::bind(&address).await
}

/// The agent's port. Game servers that kept running since the last start were told its address: with port 0 that one is
/// tried first.
async fn listen_for_games(address: &str, last: Option<SocketAddr>) -> anyhow::Result<TcpListener> {
    let wanted = address.parse::<SocketAddr>().ok().filter(|wanted| wanted.port() == 0);
    if let Some(last) = wanted.and(last).filter(|last| wanted.is_some_and(|wanted| wanted.ip() == last.ip()))
    {
        match bind_soon(last).await {
            Ok(listener) => return Ok(listener),
            Err(error) => {
                tracing::warn!(
                    "the agent's address of the last start, `{last}`, cannot be had again ({error}): game servers that \
                     kept running cannot reach the agent"
                );
            }
        }
    }
    listen(address, "the agent", "--agent").await
}

fn warn_of_strangers(api: &TcpListener, agent: &TcpListener, auth: AuthMode) {
    let is_open =
        |listener: &TcpListener| listener.local_addr().is_ok_and(|address| !address.ip().is_loopback());
    if is_open(agent) {
        tracing::warn!("the agent's port can be reached from other machines, and it asks for no password");
    }
    if is_open(api) && auth != AuthMode::Required {
        tracing::warn!(
            "the cloud API can be reached from other machines, and unsigned requests are accepted"
        );
    }
}

/// What whoever started the service has to know to use it.
#[derive(Serialize)]
struct ReadyLine<'a> {
    ready: bool,
    api: &'a str,
    agent: String,
    objects: &'a str,
    region: &'a str,
    secret_id: &'a str,
    secret_key: &'a str,
    data_dir: String,
    pid: u32,
    /// The certificate to trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<String>,
    /// The regions that are served; the default one is `region`.
    regions: &'a [String],
    /// Where the latency beacon of a region is, for UDP and for `GET /v1/ping`.
    beacons: BTreeMap<&'a str, String>,
}

/// The one line on standard output, and some help for a person at a terminal.
fn announce(ready: &Ready) -> anyhow::Result<()> {
    let line = ReadyLine {
        ready: true,
        api: &ready.api_url,
        agent: ready.agent_address.to_string(),
        objects: &ready.objects_url,
        region: &ready.region,
        secret_id: &ready.account.secret_id,
        secret_key: &ready.account.secret_key,
        data_dir: ready.data_dir.display().to_string(),
        pid: std::process::id(),
        ca: ready.certificate.as_ref().map(|path| path.display().to_string()),
        regions: &ready.regions,
        beacons: ready
            .beacons
            .iter()
            .map(|beacon| (beacon.region.as_str(), beacon.udp.to_string()))
            .collect(),
    };
    let line = serde_json::to_string(&line).context("cannot write the ready line as JSON")?;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).context("cannot write the ready line")?;
    tracing::info!(api = ready.api_url, agent = %ready.agent_address, "ready");
    if let Some(certificate) = &ready.certificate {
        tracing::info!(
            "the certificate is self-signed: have clients trust `{}` (gse call --ca, curl --cacert, REQUESTS_CA_BUNDLE)",
            certificate.display()
        );
    }
    if std::io::stderr().is_terminal() {
        eprintln!();
        eprintln!("  cloud API    {}", ready.api_url);
        eprintln!("  game servers {}", ready.agent_address);
        eprintln!("  uploads      {}", ready.objects_url);
        eprintln!("  kept in      {}", ready.data_dir.display());
        for beacon in &ready.beacons {
            eprintln!("  beacon       {} of {}", beacon.udp, beacon.region);
        }
        if let Some(certificate) = &ready.certificate {
            eprintln!("  certificate  {}", certificate.display());
            eprintln!();
            eprintln!("  its certificate is its own; have clients trust it:");
            eprintln!("    export GSE_CA={ca} REQUESTS_CA_BUNDLE={ca}", ca = certificate.display());
        }
        eprintln!();
        eprintln!("  try in another terminal, with the key of the line above:");
        eprintln!("    export GSE_ENDPOINT={} GSE_SECRET_ID=... GSE_SECRET_KEY=...", ready.api_url);
        eprintln!("    gse call DescribeFleetAttributes");
        eprintln!();
        eprintln!("  stop with Ctrl-C");
        eprintln!();
    }
    Ok(())
}

/// Completes with the first SIGTERM or Ctrl-C.
#[cfg(unix)]
pub(crate) fn shutdown_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Completes with the first Ctrl-C.
#[cfg(not(unix))]
pub(crate) fn shutdown_signal() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a signal to wait for, the process is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        local: LocalArgs,
    }

    fn parse(flags: &[&str]) -> Result<LocalArgs, String> {
        let words = std::iter::once(&"gse-local").chain(flags);
        Program::try_parse_from(words).map(|program| program.local).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let local = parse(&[]).unwrap();
        assert_eq!((local.api.as_str(), local.agent.as_str()), ("127.0.0.1:8080", "127.0.0.1:5758"));
        assert_eq!((local.auth, local.data_dir), (AuthMode::Required, PathBuf::from("gse-data")));
    }

    #[test]
    fn settings_add_up_and_modes_are_words() {
        let local = parse(&["--set", "a=1", "--set", "b=2", "--auth", "off"]).unwrap();
        assert_eq!((local.settings, local.auth), (vec!["a=1".to_owned(), "b=2".to_owned()], AuthMode::Off));
        let error = parse(&["--auth", "maybe"]).unwrap_err();
        assert!(error.contains("required, optional or off"), "{error}");
    }

    #[test]
    fn https_is_self_signed_or_of_two_files() {
        assert_eq!(tls(&parse(&[]).unwrap()), None);
        assert_eq!(tls(&parse(&["--tls", "self-signed"]).unwrap()), Some(TlsSource::SelfSigned));
        let files = TlsSource::Files { certificate: "c.pem".into(), key: "k.pem".into() };
        assert_eq!(tls(&parse(&["--tls-cert", "c.pem", "--tls-key", "k.pem"]).unwrap()), Some(files));
        assert!(parse(&["--tls-cert", "c.pem"]).unwrap_err().contains("--tls-key"));
        assert!(parse(&["--tls", "on"]).unwrap_err().contains("self-signed"));
        assert!(parse(&["--tls", "self-signed", "--tls-cert", "c", "--tls-key", "k"]).is_err());
    }

    #[test]
    fn quotas_are_a_word_or_a_file() {
        assert_eq!(quotas("gse").unwrap(), (Quotas::default(), Factor::new(1.0)));
        assert_eq!(quotas("off").unwrap(), (Quotas::none(), None));
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("quotas.toml");
        let wrong = format!("{:#}", quotas(path.to_str().unwrap()).unwrap_err());
        assert!(wrong.contains("quotas.toml") && wrong.contains("hint: write `gse`, `off`"), "{wrong}");
        std::fs::write(&path, "fleets = 50\nrate = 0.5\n").unwrap();
        let (set, rate) = quotas(path.to_str().unwrap()).unwrap();
        assert_eq!((set, rate), (Quotas { fleets: 50, ..Quotas::default() }, Factor::new(0.5)));
        std::fs::write(&path, "fleet = 50\n").unwrap();
        let wrong = format!("{:#}", quotas(path.to_str().unwrap()).unwrap_err());
        assert!(wrong.contains("line 1") && wrong.contains("did you mean `fleets`?"), "{wrong}");
    }

    #[test]
    fn a_wrong_access_file_is_named_and_said() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("access.toml");
        let wrong = format!("{:#}", access(&path).unwrap_err());
        assert!(wrong.contains("access.toml") && wrong.contains("docs/running.md"), "{wrong}");
        std::fs::write(&path, "[[account]]\nuim = \"1\"\n").unwrap();
        let wrong = format!("{:#}", access(&path).unwrap_err());
        assert!(wrong.contains("line 2") && wrong.contains("did you mean `uin`?"), "{wrong}");
        std::fs::write(&path, "[[account]]\nuin = \"1\"\n").unwrap();
        access(&path).unwrap();
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_what_to_do() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let error = listen(&address, "the agent", "--agent").await.unwrap_err().to_string();
        assert!(error.contains(&address) && error.contains("`--agent ADDR`"), "{error}");
    }

    #[tokio::test]
    async fn port_0_takes_the_last_port_again_if_it_can() {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let last = first.local_addr().unwrap();
        let other = listen_for_games("127.0.0.1:0", Some(last)).await.unwrap();
        assert_ne!(other.local_addr().unwrap(), last, "it is taken");
        drop(first);
        let again = listen_for_games("127.0.0.1:0", Some(last)).await.unwrap();
        assert_eq!(again.local_addr().unwrap(), last);
        let fixed = other.local_addr().unwrap().to_string();
        drop(other);
        let asked = listen_for_games(&fixed, Some(last)).await.unwrap();
        assert_eq!(asked.local_addr().unwrap().to_string(), fixed, "an address that is asked for is taken");
    }

    #[test]
    fn the_ready_line_has_its_members_in_order() {
        let line = ReadyLine {
            ready: true,
            api: "http://127.0.0.1:1",
            agent: "127.0.0.1:2".into(),
            objects: "http://127.0.0.1:1/objects",
            region: "ap-shanghai",
            secret_id: "id",
            secret_key: "key",
            data_dir: "/data".into(),
            pid: 3,
            ca: None,
            regions: &["ap-shanghai".to_owned()],
            beacons: BTreeMap::from([("ap-shanghai", "127.0.0.1:4".to_owned())]),
        };
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            "{\"ready\":true,\"api\":\"http://127.0.0.1:1\",\"agent\":\"127.0.0.1:2\",\
             \"objects\":\"http://127.0.0.1:1/objects\",\"region\":\"ap-shanghai\",\"secret_id\":\"id\",\
             \"secret_key\":\"key\",\"data_dir\":\"/data\",\"pid\":3,\"regions\":[\"ap-shanghai\"],\
             \"beacons\":{\"ap-shanghai\":\"127.0.0.1:4\"}}"
        );
    }
}
