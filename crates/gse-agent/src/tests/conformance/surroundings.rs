//! Cases 54 and 55: where a game server listens, and what the environment says.

use std::process::Stdio;

use gse_core::game_server_session::GameServerSessionStatus;
use tokio::process::Command;
use tokio::time::timeout;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataValue;

use super::super::host::{DEADLINE, until};
use super::peer::Peer;
use super::service::{FleetForm, Service, clocks};

#[tokio::test]
async fn case_54_ipv6_callback() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("this machine has no IPv6 loopback: nothing to show");
        return;
    }
    let mut service = Service::start(clocks(&[("health.interval", "100ms")])).await;
    let fleet = service.fleet(FleetForm::default()).await;
    let pid = service.next_pid().await;
    let mut peer = Peer::start(service.address, pid, "[::1]:0").await;
    peer.ready().await.unwrap();
    peer.next_health().await.send(true).unwrap();
    let session = service.create(&fleet).await.unwrap().id;
    assert_eq!(peer.host_between_checks().await, session);
    service.until_status(&session, GameServerSessionStatus::Active).await;
    service.end().await;
}

/// The variables of a process cannot be changed while it runs, so these cases run once more in one that has them.
#[tokio::test]
async fn case_55_proxy() {
    let dead = "http://127.0.0.1:1";
    let cases = ["identity::case_15_second_process_ready", "surroundings::child_gets_no_proxy"];
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--exact").args(cases.map(|case| format!("tests::conformance::{case}")));
    for name in ["http_proxy", "https_proxy", "all_proxy", "grpc_proxy"] {
        command.env(name, dead).env(name.to_uppercase(), dead);
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy").stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(2 * DEADLINE, command.output()).await.expect("it ends").unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("2 passed"), "{said}");
}

/// C-core clients send even loopback calls through a proxy, so the child is told not to.
#[tokio::test]
async fn child_gets_no_proxy() {
    let mut service = Service::start(clocks(&[])).await;
    service.fleet(FleetForm::default()).await;
    let pid = service.next_pid().await;
    // The script becomes another program, and has no environment for the moment of the change.
    let environment = || std::fs::read(format!("/proc/{pid}/environ")).ok().filter(|text| !text.is_empty());
    let variables = until(environment).await;
    let variables: Vec<_> = variables.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    for name in ["NO_PROXY", "no_proxy"] {
        let value = variables.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let value = value.unwrap_or_else(|| panic!("{name} is not set"));
        for host in ["127.0.0.1", "localhost", "::1"] {
            assert!(value.split(',').any(|named| named == host), "{name}={value}");
        }
    }
    service.end().await;
}

/// 2.1: accepted if the peer sends it, in both directions, and never required.
#[tokio::test]
async fn compressed_messages_are_understood() {
    let mut service = Service::start(clocks(&[])).await;
    let (_, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    peer.caller.client = peer.caller.client.clone().send_compressed(CompressionEncoding::Gzip);
    peer.report(3, 10).await.unwrap();
    let counts = service.read(|state| state.processes.values().next().map(|row| row.custom_counts)).await;
    assert_eq!(counts, Some((3, 10)));
    service.end().await;
}

/// 2.2, 2.3: the first of several pids counts, and a binary one is none.
#[tokio::test]
async fn the_first_pid_counts() {
    let mut service = Service::start(clocks(&[])).await;
    let (_, peer) = service.fleet_of_one(FleetForm::default()).await;
    let message =
        gse_proto::grpcsdk::ReportCustomDataRequest { current_custom_count: 1, max_custom_count: 2 };
    let mut request = peer.request(message);
    request.metadata_mut().append("pid", "4194997".parse().unwrap());
    request.metadata_mut().insert_bin("pid-bin", MetadataValue::from_bytes(b"7"));
    peer.client.clone().report_custom_data(request).await.unwrap();
    let mut request = peer.request(message);
    request.metadata_mut().insert("pid", "4194997".parse().unwrap());
    request.metadata_mut().append("pid", peer.pid.to_string().parse().unwrap());
    let status = peer.client.clone().report_custom_data(request).await.unwrap_err();
    assert!(status.message().starts_with("PROCESS_NOT_READY: "), "{status:?}");
    service.end().await;
}
