//! Cases 36 to 38: health.

use std::time::{Duration, Instant};

use gse_core::{Error, State};
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use super::super::game::Incoming;
use super::log::Log;
use super::service::{FleetForm, Service, clocks};

/// Whether the process with this pid is unhealthy, once it has a row.
fn is_unhealthy(pid: u32) -> impl Fn(&State) -> Option<bool> + Send + Sync + Clone + 'static {
    move |state| state.processes.values().find(|row| row.pid == pid).map(|row| row.unhealthy)
}

#[tokio::test]
async fn case_36_three_strikes() {
    let mut service = Service::start(clocks(&[("health.interval", "50ms")])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    for healthy in [false, false, true, false, false, true] {
        peer.next_health().await.send(healthy).unwrap();
        assert_eq!(service.read(is_unhealthy(peer.pid)).await, Some(false));
    }
    for _ in 0..3 {
        assert_eq!(service.read(is_unhealthy(peer.pid)).await, Some(false));
        peer.next_health().await.send(false).unwrap();
    }
    let pid = peer.pid;
    service.until(move |state| is_unhealthy(pid)(state).filter(|unhealthy| *unhealthy)).await;
    let refusal = service.create(&fleet).await.unwrap_err();
    assert!(matches!(refusal, Error::NoIdleProcess { .. }), "{refusal}");
    assert!(refusal.to_string().contains("unhealthy"), "{refusal}");
    let (_, reply) = peer.next_terminate(true).await;
    reply.send(super::peer::ok()).unwrap();
    // It does not come back.
    for _ in 0..4 {
        peer.next_health().await.send(true).unwrap();
    }
    assert_eq!(service.read(is_unhealthy(pid)).await, Some(true));
    service.end().await;
}

/// A server that has the generated base class without overrides.
async fn serve_nothing() -> i32 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = Server::builder().add_routes(Routes::default());
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    i32::from(port)
}

#[tokio::test]
async fn case_37_kinds_of_failure() {
    let log = Log::start();
    // Long enough for those that do answer, because the words are those of the last of three failures.
    let changes = [("health.interval", "50ms"), ("health.timeout", "1s"), ("callback.dial", "1s")];
    let mut service = Service::start(clocks(&changes)).await;
    service.fleet(FleetForm { processes: 4, ..FleetForm::default() }).await;
    let unimplemented = service.launched().await;
    unimplemented.ready_on(unimplemented.client_port, serve_nothing().await).await.unwrap();
    let mut hanging = service.launched().await;
    hanging.ready().await.unwrap();
    let (hanging_pid, mut held) = (hanging.pid, Vec::new());
    tokio::spawn(async move {
        while let Some(callback) = hanging.callbacks.recv().await {
            held.push(callback);
        }
    });
    let closed = service.launched().await;
    closed.ready_on(closed.client_port, 1).await.unwrap();
    let mut empty = service.launched().await;
    empty.ready().await.unwrap();
    let empty_pid = empty.pid;
    tokio::spawn(async move {
        while let Some(callback) = empty.callbacks.recv().await {
            if let Incoming::Health(reply) = callback {
                let _ = reply.send(false);
            }
        }
    });
    for (pid, words) in [
        (unimplemented.pid, "base class was registered unchanged"),
        (hanging_pid, "no answer in time"),
        (closed.pid, "no connection"),
        (empty_pid, "answered, but healthStatus is false or absent"),
    ] {
        let process = service
            .until(move |state| {
                let row = state.processes.values().find(|row| row.pid == pid && row.unhealthy);
                row.map(|row| row.id.clone())
            })
            .await;
        let line = log.until(&[process.as_str(), "is unhealthy"]).await;
        assert!(line.contains("3 failed health checks in a row") && line.contains(words), "{line}");
    }
    service.end().await;
}

#[tokio::test]
async fn case_38_first_check() {
    let interval = Duration::from_millis(400);
    let mut service = Service::start(clocks(&[("health.interval", "400ms")])).await;
    service.fleet(FleetForm::default()).await;
    let mut peer = service.launched().await;
    let before = Instant::now();
    peer.ready().await.unwrap();
    let reply = peer.next_health().await;
    assert!(before.elapsed() >= interval, "the first check came after {:?}", before.elapsed());
    reply.send(true).unwrap();
    service.end().await;
}
