//! An agent on a port of its own, with the control plane played by the test.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gse_core::clocks::Clocks;
use gse_core::error::Error;
use gse_core::fleet::ServerProcess;
use gse_core::host::{HostOrder, InstanceSpec, ProcessEnd, ReadyProcess, ReportKind, SessionCall};
use gse_core::id::{BlobId, FleetId, InstanceId, ProcessId, Region};
use gse_core::log::SessionLog;
use gse_core::monitoring::InstanceUsage;
use gse_core::player_session::{PlayerSessionPage, ProcessQuery};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use zip::write::SimpleFileOptions;

use crate::{AgentConfig, AgentError, AgentHandle, PackagePaths, UplinkMessage, build};

/// Long enough for a loaded machine; nothing waits so long when it works.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// What is left of a host that was killed.
pub(crate) struct Killed {
    pub(crate) data: TempDir,
    pub(crate) address: SocketAddr,
}

impl Killed {
    /// The text of a file of the slot, changed.
    pub(crate) fn edit(&self, name: &str, change: impl FnOnce(String) -> String) {
        let path = self.data.path().join("slots/ins-1").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        let changed = change(text.clone());
        assert_ne!(text, changed, "nothing to change in {name}");
        std::fs::write(path, changed).unwrap();
    }
}

type Answers = Box<dyn Fn(&ReportKind) -> Result<(), Error> + Send>;

pub(crate) struct Host {
    pub(crate) data: TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) handle: AgentHandle,
    uplink: mpsc::Receiver<UplinkMessage>,
    answers: Answers,
    /// The zips that were stored.
    pub(crate) logs: Vec<Vec<u8>>,
    /// What was reported of the logs of sessions, by their ids.
    collected: Vec<(String, Result<SessionLog, String>)>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), AgentError>>,
}

/// Clocks of a hasty world.
pub(crate) fn hasty() -> Clocks {
    let mut clocks = Clocks::default();
    for (key, value) in [
        ("process.exit", "200ms"),
        ("process.kill", "300ms"),
        ("protection.none", "1s"),
        ("launch.backoff.first", "100ms"),
        ("launch.backoff.most", "400ms"),
        ("callback.dial", "5s"),
    ] {
        clocks.set(key, value).unwrap();
    }
    clocks
}

pub(crate) fn instance() -> InstanceId {
    InstanceId::new("ins-1")
}

/// A zip of files, all without the execute bit, as made on Windows.
pub(crate) fn zip_of(path: &Path, files: &[(&str, &str)]) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default().unix_permissions(0o644)).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

impl Host {
    pub(crate) async fn start(clocks: Clocks) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), clocks).await
    }

    pub(crate) async fn start_in(data: TempDir, clocks: Clocks) -> Self {
        Self::start_with(data, clocks, |config| config).await
    }

    pub(crate) async fn start_with(
        data: TempDir,
        clocks: Clocks,
        change: impl FnOnce(AgentConfig) -> AgentConfig,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::start_at(data, clocks, listener, change).await
    }

    /// The next life in the same directory, at the same address.
    pub(crate) async fn follow(killed: Killed, clocks: Clocks) -> Self {
        let bind = async {
            loop {
                match TcpListener::bind(killed.address).await {
                    Ok(listener) => return listener,
                    // The server of the first life is a task of this process; it goes a moment later.
                    Err(_) => sleep(Duration::from_millis(5)).await,
                }
            }
        };
        let listener = timeout(DEADLINE, bind).await.expect("the port is free again");
        Self::start_at(killed.data, clocks, listener, |config| config).await
    }

    async fn start_at(
        data: TempDir,
        clocks: Clocks,
        listener: TcpListener,
        change: impl FnOnce(AgentConfig) -> AgentConfig,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let root = data.path().to_owned();
        let packages = PackagePaths::new(move |blob| root.join(blob.as_str()));
        let (sender, uplink) = mpsc::channel(64);
        let (handle, agent) =
            build(change(AgentConfig::new(data.path(), packages, clocks)), listener, sender).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(agent.run(async move {
            let _ = stopped.await;
        }));
        let (logs, collected) = (Vec::new(), Vec::new());
        let answers = Box::new(|_: &ReportKind| Ok(()));
        Self { data, address, handle, uplink, answers, logs, collected, stop: Some(stop), running }
    }

    /// What the control plane says to reports from now on.
    pub(crate) fn answer_with(
        &mut self,
        answers: impl Fn(&ReportKind) -> Result<(), Error> + Send + 'static,
    ) {
        self.answers = Box::new(answers);
    }

    pub(crate) fn order(&self, order: HostOrder) {
        self.handle.send(instance(), order);
    }

    /// A slot with one launch entry whose package has these files.
    pub(crate) fn start_instance(&self, files: &[(&str, &str)], launch_path: &str, parameters: &str) {
        zip_of(&self.data.path().join("blob-1"), files);
        self.start_instance_of("blob-1", launch_path, parameters);
    }

    pub(crate) fn start_instance_of(&self, blob: &str, launch_path: &str, parameters: &str) {
        self.start_processes_of(blob, launch_path, parameters, 1);
    }

    pub(crate) fn start_processes_of(&self, blob: &str, launch_path: &str, parameters: &str, count: u32) {
        self.order(Self::start_order_of(blob, launch_path, parameters, count));
    }

    pub(crate) fn start_order(&self, blob: &str, launch_path: &str, parameters: &str) -> HostOrder {
        Self::start_order_of(blob, launch_path, parameters, 1)
    }

    fn start_order_of(blob: &str, launch_path: &str, parameters: &str, count: u32) -> HostOrder {
        HostOrder::StartInstance(InstanceSpec {
            fleet: FleetId::new("fleet-1"),
            region: Region::new("ap-shanghai"),
            package: BlobId::new(blob),
            runtime_version: 1,
            server_processes: vec![ServerProcess {
                launch_path: launch_path.into(),
                parameters: parameters.into(),
                concurrent_executions: count,
            }],
            trial: false,
            reserved: false,
        })
    }

    pub(crate) fn slot(&self) -> PathBuf {
        self.data.path().join("slots/ins-1")
    }

    /// Where the output of a process is kept; `stdout` or `stderr`.
    pub(crate) fn output(&self, process: &ProcessId, kind: &str) -> PathBuf {
        self.data.path().join(format!("logs/fleet-1/ins-1/{process}.{kind}"))
    }

    /// The next message; logs are stored on the way, in `self.logs`.
    pub(crate) async fn message(&mut self) -> UplinkMessage {
        loop {
            let message = timeout(DEADLINE, self.uplink.recv()).await.expect("a message in time");
            match message.expect("the agent runs") {
                UplinkMessage::KeepLog { file, reply } => self.keep_log(&file, reply),
                UplinkMessage::Report { report, reply } => {
                    let ReportKind::LogsCollected { session, outcome } = report.kind else {
                        return UplinkMessage::Report { report, reply };
                    };
                    let _ = reply.send(Ok(()));
                    self.collected.push((session.to_string(), outcome));
                }
                UplinkMessage::Measured { .. } => {}
                message @ UplinkMessage::PlayerSessions { .. } => return message,
            }
        }
    }

    fn keep_log(&mut self, file: &Path, reply: oneshot::Sender<Result<BlobId, String>>) {
        self.logs.push(std::fs::read(file).unwrap());
        let _ = reply.send(Ok(BlobId::new(format!("log-{}", self.logs.len()))));
    }

    /// What came of the logs of the next session that is over. No other report that decides something may come before;
    /// what was observed comes when it was observed, such as how long a start took.
    pub(crate) async fn logs_collected(&mut self) -> (String, Result<SessionLog, String>) {
        while self.collected.is_empty() {
            let message = timeout(DEADLINE, self.uplink.recv()).await.expect("a message in time");
            match message.expect("the agent runs") {
                UplinkMessage::KeepLog { file, reply } => self.keep_log(&file, reply),
                UplinkMessage::Report { report, reply } => {
                    let _ = reply.send(Ok(()));
                    match report.kind {
                        ReportKind::LogsCollected { session, outcome } => {
                            self.collected.push((session.to_string(), outcome));
                        }
                        ReportKind::Observed { .. } => {}
                        other => panic!("expected logs, got {other:?}"),
                    }
                }
                UplinkMessage::Measured { .. } => {}
                UplinkMessage::PlayerSessions { query, .. } => panic!("unexpected query {query:?}"),
            }
        }
        self.collected.remove(0)
    }

    /// The next report that decides something, answered.
    pub(crate) async fn report(&mut self) -> ReportKind {
        loop {
            match self.message().await {
                UplinkMessage::Report { report, reply } => {
                    assert_eq!(report.instance, instance());
                    let _ = reply.send((self.answers)(&report.kind));
                    if !matches!(report.kind, ReportKind::Observed { .. }) {
                        return report.kind;
                    }
                }
                UplinkMessage::PlayerSessions { query, .. } => panic!("unexpected query {query:?}"),
                UplinkMessage::KeepLog { .. } | UplinkMessage::Measured { .. } => {
                    unreachable!("`message` takes these")
                }
            }
        }
    }

    /// A measurement of the slot that is as it is waited for. No report that decides something may come before.
    pub(crate) async fn usage_that(&mut self, is_it: impl Fn(&InstanceUsage) -> bool) -> InstanceUsage {
        let mut last = None;
        let search = async {
            loop {
                match self.uplink.recv().await.expect("the agent runs") {
                    UplinkMessage::Measured { usages } => {
                        last = usages.into_iter().find(|(of, _)| *of == instance()).map(|(_, usage)| usage);
                        if let Some(usage) = last.filter(&is_it) {
                            return usage;
                        }
                    }
                    UplinkMessage::Report { report, reply }
                        if matches!(report.kind, ReportKind::Observed { .. }) =>
                    {
                        let _ = reply.send(Ok(()));
                    }
                    other => panic!("expected a measurement, got {other:?}"),
                }
            }
        };
        let found = timeout(DEADLINE, search).await;
        found.unwrap_or_else(|_| panic!("the last measurement is {last:?}"))
    }

    pub(crate) async fn query(
        &mut self,
        answer: impl FnOnce(ProcessQuery) -> Result<PlayerSessionPage, Error>,
    ) {
        loop {
            match self.message().await {
                UplinkMessage::PlayerSessions { query, reply } => {
                    let _ = reply.send(answer(query));
                    return;
                }
                UplinkMessage::Report { report, reply }
                    if matches!(report.kind, ReportKind::Observed { .. }) =>
                {
                    let _ = reply.send(Ok(()));
                }
                UplinkMessage::Report { report, .. } => panic!("unexpected report {report:?}"),
                UplinkMessage::KeepLog { .. } | UplinkMessage::Measured { .. } => {
                    unreachable!("`message` takes these")
                }
            }
        }
    }

    /// The next report about a package that is a note.
    pub(crate) async fn noted(&mut self) -> String {
        match self.report().await {
            ReportKind::PreparationNoted { text } => text,
            other => panic!("expected a note, got {other:?}"),
        }
    }

    /// PreparationStarted, PackageExtracted, LaunchPathsChecked; the logs of the last two.
    pub(crate) async fn prepared(&mut self) -> (String, String) {
        assert_eq!(self.report().await, ReportKind::PreparationStarted);
        let ReportKind::PackageExtracted { log: extraction } = self.report().await else {
            panic!("not extracted")
        };
        let ReportKind::LaunchPathsChecked { missing, log } = self.report().await else {
            panic!("not checked")
        };
        assert_eq!(missing, Vec::<String>::new());
        (extraction, log)
    }

    pub(crate) async fn ready(&mut self) -> ReadyProcess {
        match self.report().await {
            ReportKind::ProcessReady(ready) => ready,
            other => panic!("expected ProcessReady, got {other:?}"),
        }
    }

    pub(crate) async fn ended(&mut self) -> (ProcessId, ProcessEnd, String) {
        match self.report().await {
            ReportKind::ProcessEnded { process, end, log } => (process, end, log),
            other => panic!("expected ProcessEnded, got {other:?}"),
        }
    }

    pub(crate) async fn session_call(&mut self) -> (ProcessId, SessionCall) {
        match self.report().await {
            ReportKind::Call { process, call } => (process, call),
            other => panic!("expected a call, got {other:?}"),
        }
    }

    /// The pid that the script of a child wrote with `echo $$ >pid.tmp; mv pid.tmp pid`.
    pub(crate) async fn child_pid(&self) -> u32 {
        until_file(&self.slot().join("game/pid")).await.trim().parse().unwrap()
    }

    /// Tells the agent to end, and does not wait.
    pub(crate) fn begin_stop(&mut self) {
        self.stop.take().expect("it is told once").send(()).unwrap();
    }

    /// Ends like a service that is killed: nothing of the agent runs any more, its children do.
    pub(crate) async fn kill(self) -> Killed {
        self.running.abort();
        assert!(self.running.await.unwrap_err().is_cancelled());
        Killed { data: self.data, address: self.address }
    }

    /// Shuts down; reports that still come are answered. Panics when it takes too long or fails.
    pub(crate) async fn stop(mut self) -> TempDir {
        self.stop.take().into_iter().for_each(|stop| stop.send(()).unwrap());
        let drain = async {
            while let Some(message) = self.uplink.recv().await {
                if let UplinkMessage::Report { reply, .. } = message {
                    let _ = reply.send(Ok(()));
                }
            }
        };
        let both = async { tokio::join!(self.running, drain) };
        let (ran, ()) = timeout(DEADLINE, both).await.expect("the agent ends in time");
        ran.unwrap().unwrap();
        self.data
    }

    /// Lets the control plane disappear.
    pub(crate) fn close_uplink(&mut self) {
        self.uplink.close();
    }
}

/// The content of a file, once it exists.
pub(crate) async fn until_file(path: &Path) -> String {
    until(|| std::fs::read_to_string(path).ok().filter(|text| !text.is_empty())).await
}

pub(crate) async fn until_gone(pid: u32) {
    until(|| (!is_running(pid)).then_some(())).await;
}

/// A zombie that nobody collected counts as gone: nothing of it runs.
pub(crate) fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

pub(crate) async fn until<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(value) = condition() {
                return value;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, wait).await.expect("the condition in time")
}
