//! Cases 10 to 15: wrappers, pids that come again, ports.

use gse_core::process::Load;
use tonic::Code;

use super::super::game::serve;
use super::log::Log;
use super::peer::{Peer, refused};
use super::service::{FleetForm, Service, clocks};

#[tokio::test]
async fn case_10_wrapper_script() {
    let script = "#!/bin/sh\n: >wrapper.$$\nsh -c ': >pid.$$; exec sleep 600' &\nwait\n";
    let mut service = Service::start(clocks(&[])).await;
    let form = FleetForm { script: script.into(), ..FleetForm::default() };
    let (fleet, mut peer) = service.fleet_of_one(form).await;
    let wrappers = || {
        let games = std::fs::read_dir(service.data.path().join("slots")).unwrap().flatten();
        let files = games.flat_map(|slot| std::fs::read_dir(slot.path().join("game")).into_iter().flatten());
        let names = files.flatten().map(|file| file.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("wrapper.")).collect::<Vec<_>>()
    };
    let pids: Vec<u32> = service.read(|state| state.processes.values().map(|row| row.pid).collect()).await;
    assert_eq!(pids, [peer.pid], "bound to the managed record");
    assert_ne!(wrappers(), [format!("wrapper.{}", peer.pid)], "the child is not the wrapper");
    let session = service.create(&fleet).await.unwrap().id;
    assert_eq!(peer.host().await, session);
    peer.terminate(&session).await.unwrap();
    assert_eq!(wrappers().len(), 1, "no second launch");
    service.end().await;
}

#[tokio::test]
async fn case_11_unknown_pid() {
    let service = Service::start(clocks(&[])).await;
    let peer = service.stranger(4_194_003).await;
    let (session, player) =
        (gse_core::id::GameServerSessionId::new("gs-9"), gse_core::id::PlayerSessionId::new("psess-9"));
    refused(peer.accept(&session, &player).await, Code::FailedPrecondition, "PROCESS_NOT_READY");
    service.end().await;
}

#[tokio::test]
async fn case_12_pid_reuse() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut launched) = service.fleet_of_one(FleetForm::default()).await;
    service.create(&fleet).await.unwrap();
    launched.host().await;
    let mut first = service.stranger(4_194_004).await;
    first.ready().await.unwrap();
    first.report(3, 10).await.unwrap();
    let old = service.create(&fleet).await.unwrap().id;
    assert_eq!(first.host().await, old);
    let player = service.join(&old, "anna").await.unwrap().id;
    first.ending().await.unwrap();

    let record = move |state: &gse_core::State| {
        let mut rows = state.processes.values();
        rows.find(|row| row.pid == 4_194_004).cloned()
    };
    assert!(service.read(record).await.is_none(), "the record has ended");
    let mut second = service.stranger(4_194_004).await;
    second.ready().await.unwrap();
    let row = service.read(record).await.unwrap();
    assert_eq!(row.custom_counts, (0, 0), "fresh counters");
    assert!(matches!(row.load, Load::Idle(_)));
    let before = service.session(&old).await;
    assert_ne!(before.process, row.id, "a new record");
    for answer in [
        second.accept(&old, &player).await,
        second.remove(&old, &player).await,
        second.update_policy(&old, "DENY_ALL").await,
        second.terminate(&old).await,
        second.activate(&old, 0).await,
    ] {
        refused(answer, Code::PermissionDenied, "BAD_REQUEST_EXCEPTION");
    }
    assert_eq!(service.session(&old).await, before);
    service.end().await;
}

#[tokio::test]
async fn case_13_port_clash() {
    let mut service = Service::start(clocks(&[])).await;
    let form = FleetForm { processes: 2, ..FleetForm::default() };
    let (_, first) = service.fleet_of_one(form).await;
    let second = service.launched().await;
    let announce = || second.ready_on(second.client_port, i32::from(first.grpc_port));
    let text = refused(announce().await, Code::FailedPrecondition, "PROCESS_READY_FAILED");
    assert!(text.contains(&first.pid.to_string()) && text.contains(&first.grpc_port.to_string()), "{text}");
    let pids: Vec<u32> = service.read(|state| state.processes.values().map(|row| row.pid).collect()).await;
    assert_eq!(pids, [first.pid], "the first one stays ACTIVE");
    first.ending().await.unwrap();
    service.until(|state| state.processes.values().next().is_none().then_some(())).await;
    announce().await.unwrap();
    service.end().await;
}

#[tokio::test]
async fn case_14_bad_ports() {
    let log = Log::start();
    let mut service = Service::start(clocks(&[])).await;
    service.fleet(FleetForm::default()).await;
    let peer = service.launched().await;
    for bad in [0, -1, 65_536] {
        for (ports, field) in [((bad, 7000), "clientPort"), ((2000, bad), "grpcPort")] {
            let answer = peer.ready_on(ports.0, ports.1).await;
            let text = refused(answer, Code::InvalidArgument, "BAD_REQUEST_EXCEPTION");
            assert!(text.contains(field) && text.contains(&bad.to_string()), "{text}");
        }
    }
    peer.ready_on(2000, 61_234).await.unwrap();
    assert!(!log.text().contains("warning"), "{}", log.text());
    peer.ready_on(80, 61_234).await.unwrap();
    log.until(&["warning", "clientPort 80"]).await;
    service.end().await;
}

#[tokio::test]
async fn case_15_second_process_ready() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let (port, callbacks) = serve("127.0.0.1:0").await.unwrap();
    let first = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    peer.ready().await.unwrap();
    let answer = peer.ready_on(peer.client_port, i32::from(port)).await;
    let text = refused(answer, Code::FailedPrecondition, "PROCESS_READY_FAILED");
    assert!(text.contains(first.as_str()), "{text}");
    peer.terminate(&first).await.unwrap();
    peer.ready_on(peer.client_port, i32::from(port)).await.unwrap();
    let second = service.create(&fleet).await.unwrap().id;
    let mut moved = Peer { callbacks, grpc_port: port, ..peer };
    assert_eq!(moved.host().await, second, "callbacks go to the new port");
    service.end().await;
}
