//! A private stack: one `gse local` on free ports with a data directory of its own.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::programs::program;

/// How long anything may take that has no deadline of its own. Far more than it takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);
const PERIOD: Duration = Duration::from_millis(50);

/// A refused call: what the service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The error code.
    pub code: String,
    /// The text.
    pub message: String,
}

/// A running service. Dropping it ends the service and, if that should fail, what it launched.
#[derive(Debug)]
pub struct Stack {
    child: Child,
    /// The line that it printed when it was ready.
    pub ready: Value,
    directory: TempDir,
    settings: Vec<String>,
    filter: Option<&'static str>,
}

impl Stack {
    /// A service as a user starts it.
    #[must_use]
    pub fn start() -> Self {
        Self::with_settings(&[])
    }

    /// A service with some clocks changed, for example `process.ready=2s`, or with flags, which begin with `--`.
    #[must_use]
    pub fn with_settings(settings: &[&str]) -> Self {
        Self::launched_with(None, settings)
    }

    /// A service that logs as much as this filter lets it, and so do the game servers that it launches and the
    /// clients of its players.
    #[must_use]
    pub fn with_log(filter: &'static str, settings: &[&str]) -> Self {
        Self::launched_with(Some(filter), settings)
    }

    fn launched_with(filter: Option<&'static str>, settings: &[&str]) -> Self {
        let directory =
            tempfile::Builder::new().prefix("opengse-").tempdir().expect("a directory for the service");
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let (child, ready) = launch(directory.path(), &settings, filter);
        Self { child, ready, directory, settings, filter }
    }

    /// A directory that belongs to this stack, for packages and the like.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Where the service keeps everything.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A text of the ready line.
    #[must_use]
    pub fn said(&self, member: &str) -> &str {
        self.ready[member]
            .as_str()
            .unwrap_or_else(|| panic!("the ready line has no `{member}`: {}", self.ready))
    }

    /// Runs `gse` with the variables that point it at this service.
    #[must_use]
    pub fn gse(&self, arguments: &[&str]) -> Output {
        self.gse_command(arguments).output().expect("`gse` starts")
    }

    /// The same for another region.
    #[must_use]
    pub fn gse_in(&self, region: &str, arguments: &[&str]) -> Output {
        self.gse_command(arguments).env("GSE_REGION", region).output().expect("`gse` starts")
    }

    /// The command that runs `gse` with the variables that point it at this service.
    #[must_use]
    pub fn gse_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("gse"));
        command
            .args(arguments)
            .env("GSE_ENDPOINT", self.said("api"))
            .env("GSE_SECRET_ID", self.said("secret_id"))
            .env("GSE_SECRET_KEY", self.said("secret_key"))
            .env("GSE_REGION", self.said("region"))
            .stdin(Stdio::null());
        command
    }

    /// Calls an action.
    ///
    /// # Errors
    /// What the service answered, if it refused.
    pub fn try_call(&self, action: &str, request: &Value) -> Result<Value, Refusal> {
        self.try_call_in(self.said("region"), action, request)
    }

    fn try_call_in(&self, region: &str, action: &str, request: &Value) -> Result<Value, Refusal> {
        let output = self.gse_in(region, &["call", action, "--json", &request.to_string()]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            panic!("`gse call {action}` gave no answer: {}", String::from_utf8_lossy(&output.stderr))
        });
        match answer.get("Error") {
            None => Ok(answer),
            Some(error) => {
                assert_eq!(output.status.code(), Some(1), "a refused call ends with 1: {answer}");
                let text = |member: &str| error[member].as_str().unwrap_or_default().to_owned();
                Err(Refusal { code: text("Code"), message: text("Message") })
            }
        }
    }

    /// Calls an action that is not refused.
    ///
    /// # Panics
    /// If it is.
    #[must_use]
    pub fn call(&self, action: &str, request: &Value) -> Value {
        self.try_call(action, request).unwrap_or_else(|refusal| panic!("`{action}` was refused: {refusal:?}"))
    }

    /// Calls an action of a region that is not refused.
    ///
    /// # Panics
    /// If it is.
    #[must_use]
    pub fn call_in(&self, region: &str, action: &str, request: &Value) -> Value {
        let answer = self.try_call_in(region, action, request);
        answer.unwrap_or_else(|refusal| panic!("`{action}` in {region} was refused: {refusal:?}"))
    }

    /// Calls an action that is refused, and gives the error code.
    ///
    /// # Panics
    /// If it is not.
    #[must_use]
    pub fn refused(&self, action: &str, request: &Value) -> String {
        match self.try_call(action, request) {
            Err(refusal) => refusal.code,
            Ok(answer) => panic!("`{action}` should be refused, it answered {answer}"),
        }
    }

    /// Calls an action until its answer pleases.
    ///
    /// # Panics
    /// If it does not within [`PATIENCE`], with the last answer and the log of the service.
    pub fn until(&self, action: &str, request: &Value, pleases: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.call(action, request);
            if pleases(&answer) {
                return answer;
            }
            assert!(
                Instant::now() < deadline,
                "`{action}` {request} still answers {answer}\n{}",
                tail(&self.log(), 30)
            );
            std::thread::sleep(PERIOD);
        }
    }

    /// What the programs of this stack log; nothing for their own choice.
    #[must_use]
    pub fn filter(&self) -> Option<&'static str> {
        self.filter
    }

    /// Where the service logs.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.directory.path().join("service.log")
    }

    /// Kills the service without a warning, and starts it again with the same data.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        self.start_again();
    }

    /// Kills the service without a warning. What it launched goes on.
    pub fn kill(&mut self) {
        self.child.kill().expect("the service can be killed");
        self.child.wait().expect("the killed service is gone");
    }

    /// Starts the service that was killed, with the same data.
    pub fn start_again(&mut self) {
        (self.child, self.ready) = launch(self.directory.path(), &self.settings, self.filter);
    }

    /// Asks the service to end, and waits until it has.
    ///
    /// # Panics
    /// If it does not within [`PATIENCE`].
    pub fn terminate(&mut self) -> ExitStatus {
        send(&self.child, Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the state of the service is known") {
                return status;
            }
            assert!(Instant::now() < deadline, "the service does not end\n{}", tail(&self.log(), 30));
            std::thread::sleep(PERIOD);
        }
    }

    /// The processes that work in the data directory of this stack: the game servers it launched.
    #[must_use]
    pub fn launched(&self) -> Vec<u32> {
        working_in(&self.data())
    }

    /// Uploads a zip and registers it. The asset may turn out to be unusable; the caller looks.
    #[must_use]
    pub fn create_asset(&self, zip: &Path) -> String {
        self.create_asset_in(self.said("region"), zip)
    }

    /// The same for another region.
    #[must_use]
    pub fn create_asset_in(&self, region: &str, zip: &Path) -> String {
        let key = zip.file_name().and_then(|name| name.to_str()).expect("a zip has a name").to_owned();
        let credentials =
            self.call("GetUploadCredentials", &json!({"AssetRegion": region, "BucketKey": key}));
        let text = |member: &str| credentials[member].as_str().expect("credentials are text").to_owned();
        let (bucket, authorization) = (text("BucketName"), text("BucketAuth"));
        let zip = zip.display().to_string();
        let arguments = ["asset", "put", "--zip", &zip, "--bucket", &bucket, "--key", &key];
        let more = ["--authorization", &authorization, "--objects", self.said("objects")];
        let output = self.gse(&[&arguments[..], &more].concat());
        assert!(output.status.success(), "the upload failed: {}", String::from_utf8_lossy(&output.stderr));
        let answer = self.call(
            "CreateAsset",
            &json!({
                "AssetName": "story", "AssetVersion": "1", "AssetRegion": region, "BucketKey": key,
                "OperateSystem": "CentOS7.16",
            }),
        );
        answer["AssetId"].as_str().expect("an asset has an id").to_owned()
    }

    /// Waits until an asset is checked, and gives its state: 1 unusable, 2 usable.
    #[must_use]
    pub fn checked_asset(&self, asset: &str) -> i64 {
        let state = |answer: &Value| answer["Asset"]["Stauts"].as_i64().expect("an asset has a state");
        state(&self.until("DescribeAsset", &json!({"AssetId": asset}), |answer| state(answer) != 0))
    }

    /// Makes a fleet of a usable asset, and gives its id at once.
    #[must_use]
    pub fn create_fleet(&self, asset: &str, process: &Value) -> String {
        assert_eq!(self.checked_asset(asset), 2, "the package is usable");
        let answer = self.call("CreateFleet", &fleet_request(asset, process));
        answer["FleetAttributes"]["FleetId"].as_str().expect("a fleet has an id").to_owned()
    }

    /// Waits until a fleet is ACTIVE.
    ///
    /// # Panics
    /// If it is ERROR instead.
    pub fn active(&self, fleet: &str) {
        let state = self.settled(fleet);
        assert_eq!(state, "ACTIVE", "events of {fleet}: {:?}\n{}", self.events(fleet), tail(&self.log(), 30));
    }

    /// Waits until a fleet is ACTIVE or ERROR, and says which.
    #[must_use]
    pub fn settled(&self, fleet: &str) -> String {
        let state =
            |answer: &Value| answer["FleetAttributes"][0]["Status"].as_str().unwrap_or_default().to_owned();
        state(&self.until("DescribeFleetAttributes", &json!({"FleetIds": [fleet]}), |answer| {
            ["ACTIVE", "ERROR"].contains(&state(answer).as_str())
        }))
    }

    /// The codes of a fleet's events, oldest first.
    #[must_use]
    pub fn events(&self, fleet: &str) -> Vec<String> {
        let answer = self.call("DescribeFleetEvents", &json!({"FleetId": fleet, "Limit": 100}));
        let events = answer["Events"].as_array().expect("events are a list");
        events.iter().rev().map(|event| event["EventCode"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Creates a session and waits until it is ACTIVE; gives its id.
    #[must_use]
    pub fn active_session(&self, fleet: &str, seats: u32) -> String {
        let request = json!({"FleetId": fleet, "MaximumPlayerSessionCount": seats});
        let answer = self.call("CreateGameServerSession", &request);
        let id = answer["GameServerSession"]["GameServerSessionId"]
            .as_str()
            .expect("a session has an id")
            .to_owned();
        self.until("DescribeGameServerSessions", &json!({"GameServerSessionId": id}), |answer| {
            answer["GameServerSessions"][0]["Status"] == "ACTIVE"
        });
        id
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            send(&self.child, Signal::TERM);
            let deadline = Instant::now() + Duration::from_secs(30);
            while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(PERIOD);
            }
        }
        // What it did not end, because it was killed or hangs, works in the private directory of this stack.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for pid in self.launched() {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
    }
}

/// A CreateFleet request with one kind of process.
#[must_use]
pub fn fleet_request(asset: &str, process: &Value) -> Value {
    json!({
        "Name": "story",
        "AssetId": asset,
        "InstanceType": "S5.LARGE8",
        "RuntimeConfiguration": {"ServerProcesses": [process]},
        "InboundPermissions": [
            {"FromPort": 1025, "ToPort": 60000, "Protocol": "UDP", "IpRange": "0.0.0.0/0"},
        ],
    })
}

/// The command that starts a service.
#[must_use]
pub fn local(directory: &Path, api: &str, settings: &[String]) -> Command {
    local_at(directory, api, "127.0.0.1:0", settings)
}

/// As `local`, with the address that game servers call.
#[must_use]
pub fn local_at(directory: &Path, api: &str, agent: &str, settings: &[String]) -> Command {
    let mut command = Command::new(program("gse"));
    command.args(["local", "--api", api, "--agent", agent, "--data-dir"]).arg(directory.join("data"));
    for setting in settings {
        match setting.strip_prefix("--") {
            Some(_) => command.arg(setting),
            None => command.args(["--set", setting]),
        };
    }
    command.stdin(Stdio::null()).process_group(0);
    command
}

fn launch(directory: &Path, settings: &[String], filter: Option<&str>) -> (Child, Value) {
    let out = directory.join("ready.out");
    let log =
        File::options().create(true).append(true).open(directory.join("service.log")).expect("a log file");
    writeln!(&log, "--- the service starts").expect("the log is writable");
    let mut child = local(directory, "127.0.0.1:0", settings)
        .envs(filter.into_iter().flat_map(log_variables))
        .stdout(File::create(&out).expect("a file for the ready line"))
        .stderr(log)
        .spawn()
        .expect("`gse local` starts");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said = fs::read_to_string(&out).unwrap_or_default();
        if let Some((line, rest)) = said.split_once('\n') {
            assert_eq!(rest, "", "exactly one line goes to standard output");
            return (child, serde_json::from_str(line).expect("the ready line is JSON"));
        }
        let ended = child.try_wait().expect("the state of the service is known");
        let log = || tail(&directory.join("service.log"), 30);
        assert!(ended.is_none(), "`gse local` ended: {ended:?}\n{}", log());
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("`gse local` is not ready\n{}", log());
        }
        std::thread::sleep(PERIOD);
    }
}

/// What makes every program log as much as a filter lets it; game servers inherit it from the service.
pub fn log_variables(filter: &str) -> [(&'static str, &str); 2] {
    [("GSE_LOG", filter), ("RUST_LOG", filter)]
}

/// Sends a signal to a child.
pub fn send(child: &Child, signal: Signal) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// The processes whose working directory is inside this one.
#[must_use]
pub fn working_in(directory: &Path) -> Vec<u32> {
    let directory = directory.canonicalize().expect("the directory is there");
    let entries = fs::read_dir("/proc").expect("these stories need /proc");
    let mut pids: Vec<u32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|path| path.starts_with(&directory))
        })
        .collect();
    pids.sort_unstable();
    pids
}

/// The last lines of a file, for a message.
#[must_use]
pub fn tail(path: &Path, count: usize) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
