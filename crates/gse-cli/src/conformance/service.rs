//! A whole service for one game server: in this process, on free ports, in a directory that goes away with it.

use std::io::{Cursor, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use gse_client::{Client, put_object};
use gse_server::backend::local::Witnessed;
use gse_server::config::Config;
use gse_server::server::{RunError, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Plan;
use crate::failure::Failure;

/// How long a game server may take to answer a health check; it is asked each second.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a game server may take to end when it is told to.
pub(super) const TERMINATION: Duration = Duration::from_secs(30);
/// A placeholder waits for longer than anybody.
const FOR_EVER: Duration = Duration::from_secs(7 * 86_400);

/// A running service.
pub(super) struct Service {
    client: Client,
    /// Where game servers call.
    pub(super) agent: SocketAddr,
    objects: String,
    region: String,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), RunError>>,
    /// What the agent tells.
    pub(super) witness: mpsc::Receiver<Witnessed>,
    _directory: TempDir,
}

impl Service {
    pub(super) async fn start(plan: &Plan) -> Result<Self, Failure> {
        let directory = tempfile::Builder::new().prefix("gse-conformance-").tempdir();
        let directory = directory.context("cannot make a directory for the service")?;
        let mut config = Config::new(directory.path());
        let clocks = &mut config.clocks;
        clocks.health_interval = Duration::from_secs(1);
        clocks.health_timeout = HEALTH_TIMEOUT;
        // Bad health is told, and does not keep the rest from being looked at.
        clocks.health_failures = u32::MAX;
        clocks.process_ready = if plan.is_attached { FOR_EVER } else { plan.timeout };
        clocks.protection_none = TERMINATION.min(plan.timeout);
        let api = TcpListener::bind("127.0.0.1:0").await.context("cannot listen for the cloud API")?;
        let agent = crate::local::listen(&plan.agent, "the agent", "--agent").await?;
        let mut server = Server::build(config, api, agent).context("the service cannot be started")?;
        let witness = server.witness();
        let ready = server.ready();
        let account = &ready.account;
        let client = Client::new(&ready.api_url, &account.secret_id, &account.secret_key, &ready.region)?;
        let (stop, stopped) = oneshot::channel();
        // A dropped sender stops it too.
        let running = tokio::spawn(server.run(async { drop(stopped.await) }));
        let (objects, region, agent) = (ready.objects_url, ready.region, ready.agent_address);
        Ok(Self { client, agent, objects, region, stop: Some(stop), running, witness, _directory: directory })
    }

    /// Uploads the package and makes a fleet of one process; gives its id.
    pub(super) async fn deploy(&self, plan: &Plan) -> Result<String, Failure> {
        let key = "conformance/1.zip";
        let request = json!({"AssetRegion": self.region, "BucketKey": key});
        let granted = self.call("GetUploadCredentials", request).await?;
        let text = |member: &str| granted[member].as_str().unwrap_or_default().to_owned();
        let package = package(plan).context("cannot make a package")?;
        put_object(&self.objects, &text("BucketName"), key, &text("BucketAuth"), package).await?;
        let request = json!({
            "AssetName": "conformance", "AssetVersion": "1", "AssetRegion": self.region, "BucketKey": key,
            "OperateSystem": "CentOS7.16",
        });
        let asset = self.call("CreateAsset", request).await?;
        let process =
            json!({"LaunchPath": "/local/game/start.sh", "Parameters": "", "ConcurrentExecutions": 1});
        let request = json!({
            "Name": "conformance",
            "AssetId": asset["AssetId"],
            "InstanceType": "S5.LARGE8",
            "NewGameServerSessionProtectionPolicy": "NoProtection",
            "RuntimeConfiguration": {
                "GameServerSessionActivationTimeoutSeconds": plan.timeout.as_secs().clamp(1, 600),
                "ServerProcesses": [process],
            },
            "InboundPermissions": [
                {"FromPort": 1025, "ToPort": 60000, "Protocol": "UDP", "IpRange": "0.0.0.0/0"},
            ],
        });
        let fleet = self.call("CreateFleet", request).await?;
        Ok(fleet["FleetAttributes"]["FleetId"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn call(&self, action: &str, request: Value) -> Result<Value, Failure> {
        let answer = self.client.call_json(action, &request.to_string()).await?;
        Ok(answer.response)
    }

    /// Ends everything, and what the agent launched with it.
    pub(super) async fn stop(mut self) -> Result<()> {
        drop(self.stop.take());
        // What is still told must not fill the pipe.
        let mut witness = self.witness;
        let reader = tokio::spawn(async move { while witness.recv().await.is_some() {} });
        let ended = self.running.await.context("the service ended unexpectedly")?;
        reader.abort();
        ended.context("the service ended because of a fault")
    }
}

/// A package of one script that becomes the game server, in the directory that we were started in.
fn package(plan: &Plan) -> Result<Vec<u8>> {
    let script = if plan.is_attached {
        "#!/bin/sh\nexec sleep 604800\n".to_owned()
    } else {
        let here = std::env::current_dir().context("the working directory is not known")?;
        script(&here, &plan.command)
    };
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("start.sh", SimpleFileOptions::default().unix_permissions(0o755))?;
    zip.write_all(script.as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

fn script(directory: &Path, command: &[String]) -> String {
    let words: Vec<String> = command.iter().map(|word| quoted(word)).collect();
    format!("#!/bin/sh\ncd {} && exec {}\n", quoted(&directory.display().to_string()), words.join(" "))
}

/// A word that the shell leaves alone.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
