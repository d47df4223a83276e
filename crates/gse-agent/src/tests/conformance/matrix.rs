//! Rows of the failure matrix (server-sdk.md 3.6) that no case names: processes that never become ready.

use super::super::host::until_gone;
use super::service::{FleetForm, Service, clocks};

fn two() -> FleetForm {
    FleetForm { processes: 2, ..FleetForm::default() }
}

#[tokio::test]
async fn never_calls_at_all() {
    let mut service = Service::start(clocks(&[("process.ready", "2s")])).await;
    let (fleet, _peer) = service.fleet_of_one(two()).await;
    let silent = service.next_pid().await;
    until_gone(silent).await;
    service.until_event(&fleet, "SERVER_PROCESS_SDK_INITIALIZATION_TIMEOUT").await;
    assert_ne!(service.next_pid().await, silent, "relaunched");
    service.end().await;
}

#[tokio::test]
async fn calls_but_never_process_ready() {
    let mut service = Service::start(clocks(&[("process.ready", "2s")])).await;
    let (fleet, _peer) = service.fleet_of_one(two()).await;
    let shy = service.launched().await;
    let answer = shy.report(1, 2).await;
    super::peer::refused(answer, tonic::Code::FailedPrecondition, "PROCESS_NOT_READY");
    until_gone(shy.pid).await;
    service.until_event(&fleet, "SERVER_PROCESS_PROCESS_READY_TIMEOUT").await;
    assert_ne!(service.next_pid().await, shy.pid, "relaunched");
    service.end().await;
}

#[tokio::test]
async fn exits_before_process_ready() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, _peer) = service.fleet_of_one(two()).await;
    let hasty = service.next_pid().await;
    super::ending::kill(hasty);
    service.until_event(&fleet, "SERVER_PROCESS_CRASHED").await;
    assert_ne!(service.next_pid().await, hasty, "relaunched");
    service.end().await;
}

/// ProcessEnding from one that never was ready: a clean end (4.4).
#[tokio::test]
async fn ends_before_process_ready() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, _peer) = service.fleet_of_one(two()).await;
    let early = service.launched().await;
    early.ending().await.unwrap();
    super::ending::kill(early.pid);
    assert_ne!(service.next_pid().await, early.pid, "relaunched");
    let events = service.events(&fleet).await;
    assert!(!events.iter().any(|code| code.starts_with("SERVER_PROCESS")), "{events:?}");
    service.end().await;
}
