//! Cases 39 to 42, and 45: processes are told to end, and end or do not.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gse_core::State;
use gse_core::fleet::ProtectionPolicy;
use gse_core::game_server_session::GameServerSessionStatus;
use gse_core::id::FleetId;
use gse_core::time::Timestamp;
use rustix::process::{Pid, Signal, kill_process};

use super::super::host::{is_running, until_gone};
use super::peer::{Peer, ok};
use super::service::{FleetForm, Service, clocks};

/// SIGKILL to a child of the agent: a crash.
pub(super) fn kill(pid: u32) {
    // Gone already is as good.
    let _ = kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL);
}

fn no_instance(fleet: &FleetId) -> impl Fn(&State) -> Option<()> + Send + Sync + Clone + 'static {
    let fleet = fleet.clone();
    move |state| state.instances_of(&fleet).next().is_none().then_some(())
}

#[tokio::test]
async fn case_39_nested_end() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let id = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    service.scale_in(&fleet).await;
    let (_, reply) = peer.next_terminate(true).await;
    peer.terminate(&id).await.unwrap();
    peer.ending().await.unwrap();
    assert!(is_running(peer.pid), "the answer comes first");
    reply.send(ok()).unwrap();
    assert_eq!(service.session(&id).await.status, GameServerSessionStatus::Terminated);
    service.until_event(&fleet, "SERVER_PROCESS_PROCESS_EXIT_TIMEOUT").await;
    until_gone(peer.pid).await;
    service.until(no_instance(&fleet)).await;
    service.end().await;
}

#[tokio::test]
async fn case_40_dies_in_the_callback() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let id = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    service.scale_in(&fleet).await;
    let (_, reply) = peer.next_terminate(true).await;
    kill(peer.pid);
    service.until(no_instance(&fleet)).await;
    assert_eq!(service.session(&id).await.status, GameServerSessionStatus::Terminated);
    let events = service.events(&fleet).await;
    assert!(!events.iter().any(|code| code.starts_with("SERVER_PROCESS")), "{events:?}");
    drop(reply);
    service.end().await;
}

/// A process that hosts a session, is told to end by a scale-in, and does nothing. Gives how long it was left.
async fn left_alone(form: FleetForm, changes: &[(&str, &str)]) -> Duration {
    let mut service = Service::start(clocks(changes)).await;
    let (fleet, mut peer) = service.fleet_of_one(form).await;
    let id = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    let began = Instant::now();
    service.scale_in(&fleet).await;
    // What the C# demo says without a session; it is not asked again.
    peer.next_terminate(true).await.1.send(Err(tonic::Status::unknown("null reference"))).unwrap();
    until_gone(peer.pid).await;
    let lived = began.elapsed();
    service.until_event(&fleet, "SERVER_PROCESS_FORCE_TERMINATED").await;
    let session = service.session(&id).await;
    assert_eq!(session.status, GameServerSessionStatus::Error);
    let reason = &session.status_reason;
    assert!(reason.starts_with("SERVER_PROCESS_FORCE_TERMINATED: OnProcessTerminate answered"), "{reason}");
    service.end().await;
    lived
}

#[tokio::test]
async fn case_41_no_protection() {
    let lived = left_alone(FleetForm::default(), &[("protection.none", "600ms")]).await;
    assert!(lived >= Duration::from_millis(600), "{lived:?}");
}

#[tokio::test]
async fn case_41_time_limit_protection() {
    let form = FleetForm {
        protection: ProtectionPolicy::TimeLimitProtection,
        protection_minutes: 7,
        ..FleetForm::default()
    };
    let lived = left_alone(form, &[("protection.minute", "100ms"), ("protection.none", "200ms")]).await;
    assert!(lived >= Duration::from_millis(700), "{lived:?}");
}

/// What a process is told under the documented clocks, by a control plane whose clock stands still.
async fn told(protection: ProtectionPolicy, hosts: bool) -> (i64, Timestamp) {
    let mut service = Service::start(clocks(&[])).await;
    let form = FleetForm { protection, protection_minutes: 7, ..FleetForm::default() };
    let (fleet, mut peer) = service.fleet_of_one(form).await;
    let now = service.create(&fleet).await.unwrap().created.plus(Duration::from_secs(1));
    let id = peer.host().await;
    if !hosts {
        peer.terminate(&id).await.unwrap();
    }
    service.stop_clock(now).await;
    service.scale_in(&fleet).await;
    let (time, reply) = peer.next_terminate(true).await;
    reply.send(ok()).unwrap();
    service.end().await;
    (time, now)
}

#[tokio::test]
async fn case_41_termination_time() {
    for (protection, hosts, seconds) in [
        (ProtectionPolicy::NoProtection, true, 300),
        (ProtectionPolicy::TimeLimitProtection, true, 420),
        (ProtectionPolicy::TimeLimitProtection, false, 300),
    ] {
        let (time, now) = told(protection, hosts).await;
        assert_eq!(time, now.seconds() + seconds, "{protection:?}, hosts: {hosts}");
    }
    assert_eq!(told(ProtectionPolicy::FullProtection, true).await.0, 253_402_300_799);
}

async fn fail_three_checks(peer: &mut Peer) -> i64 {
    for _ in 0..3 {
        peer.next_health().await.send(false).unwrap();
    }
    let (time, reply) = peer.next_terminate(false).await;
    reply.send(ok()).unwrap();
    time
}

#[tokio::test]
async fn case_41_full_protection() {
    let changes = [("health.interval", "50ms"), ("protection.none", "400ms")];
    let mut service = Service::start(clocks(&changes)).await;
    let form =
        FleetForm { processes: 2, protection: ProtectionPolicy::FullProtection, ..FleetForm::default() };
    let (fleet, mut peers) = service.fleet_of(form).await;
    let session = service.create(&fleet).await.unwrap();
    let host = peers.iter().position(|peer| peer.client_port == i32::from(session.port)).unwrap();
    let (mut host, mut idle) = (peers.remove(host), peers.remove(0));
    host.host_between_checks().await;
    assert_eq!(fail_three_checks(&mut host).await, 253_402_300_799);
    // Told to end after the other one, without a session: when it is killed, the other one has outlived its time.
    assert!(fail_three_checks(&mut idle).await < 253_402_300_799);
    until_gone(idle.pid).await;
    service.until_event(&fleet, "SERVER_PROCESS_TERMINATED_UNHEALTHY").await;
    assert!(is_running(host.pid));
    assert_eq!(service.session(&session.id).await.status, GameServerSessionStatus::Active);
    let refusal = service.create(&fleet).await.unwrap_err();
    assert!(refusal.to_string().contains("1 unhealthy"), "no new session: {refusal}");
    // Without a session it is not protected any more.
    host.terminate(&session.id).await.unwrap();
    assert!(service.create(&fleet).await.is_err());
    until_gone(host.pid).await;
    service.end().await;
}

#[tokio::test]
async fn case_42_idle_under_full_protection() {
    let mut service = Service::start(clocks(&[("protection.none", "400ms")])).await;
    let form = FleetForm { protection: ProtectionPolicy::FullProtection, ..FleetForm::default() };
    let (fleet, mut peer) = service.fleet_of_one(form).await;
    let began = Instant::now();
    service.scale_in(&fleet).await;
    peer.next_terminate(true).await.1.send(ok()).unwrap();
    until_gone(peer.pid).await;
    assert!(began.elapsed() >= Duration::from_millis(400), "{:?}", began.elapsed());
    service.until_event(&fleet, "SERVER_PROCESS_FORCE_TERMINATED").await;
    service.until(no_instance(&fleet)).await;
    service.end().await;
    let (time, now) = told(ProtectionPolicy::FullProtection, false).await;
    assert_eq!(time, now.seconds() + 300);
}

#[tokio::test]
async fn case_45_adopted_process() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut launched) = service.fleet_of_one(FleetForm::default()).await;
    service.create(&fleet).await.unwrap();
    launched.host().await;
    let mut by_hand = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
    let mut peer = service.stranger(by_hand.id()).await;
    peer.ready().await.unwrap();
    let id = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    peer.ending().await.unwrap();
    assert_eq!(service.session(&id).await.status, GameServerSessionStatus::Terminated);
    let pid = by_hand.id();
    service.until(move |state| state.processes.values().all(|row| row.pid != pid).then_some(())).await;
    peer.ending().await.unwrap();
    let late = peer.report(1, 1).await;
    super::peer::refused(late, tonic::Code::FailedPrecondition, "PROCESS_NOT_ACTIVE");
    // The exit grace and the time to a kill of one that was launched are over, and were for this one.
    launched.ending().await.unwrap();
    until_gone(launched.pid).await;
    assert!(by_hand.try_wait().unwrap().is_none(), "no signal");
    by_hand.kill().unwrap();
    by_hand.wait().unwrap();
    service.end().await;
}

/// 4.2, step 2: who is told to end may finish what it does, and begin nothing.
#[tokio::test]
async fn a_terminating_process_may_use_every_call_but_process_ready() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let id = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    let player = service.join(&id, "anna").await.unwrap().id;
    service.scale_in(&fleet).await;
    peer.next_terminate(true).await.1.send(ok()).unwrap();
    let again = peer.ready().await;
    super::peer::refused(again, tonic::Code::FailedPrecondition, "PROCESS_READY_FAILED");
    assert!(service.join(&id, "bert").await.is_err(), "no new players");
    peer.accept(&id, &player).await.expect("who has a ticket may enter");
    peer.update_policy(&id, "DENY_ALL").await.unwrap();
    peer.report(1, 2).await.unwrap();
    peer.describe(gse_proto::grpcsdk::DescribePlayerSessionsRequest::default()).await.unwrap();
    peer.remove(&id, &player).await.unwrap();
    peer.terminate(&id).await.unwrap();
    peer.ending().await.unwrap();
    service.end().await;
}
