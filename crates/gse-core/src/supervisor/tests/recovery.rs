//! A host that follows another one (R21): what it goes on with, what it tells, what it never does twice.

use super::host::{Host, instance, pid, ready_on, record, seconds, spec};
use crate::host::{HostOrder, ProcessEnd, ReportKind};
use crate::supervisor::{
    Callback, CallbackKind, CallbackOutcome, Caller, Effect, Found, Input, ProcessRecord, Record, Recovered,
    RpcRequest, SlotRecord, Supervisor,
};

/// What happens before, and how the process then ended.
type Case = (fn(&mut Host), ProcessEnd);

/// What the shell has on its disk.
#[derive(Default)]
struct Disk {
    slot: Option<SlotRecord>,
    processes: Vec<ProcessRecord>,
}

impl Disk {
    /// Through JSON, as the shell keeps it.
    fn of(host: &mut Host) -> Self {
        let mut disk = Self::default();
        for change in host.supervisor.take_records() {
            match change {
                Record::Slot(slot) => {
                    disk.slot = Some(serde_json::from_str(&serde_json::to_string(&slot).unwrap()).unwrap());
                }
                Record::Process(process) => {
                    disk.processes
                        .push(serde_json::from_str(&serde_json::to_string(&process).unwrap()).unwrap());
                }
                Record::SlotGone(_) | Record::ProcessGone { .. } => {}
            }
        }
        disk
    }

    fn found(&self, gone: &[u32]) -> Vec<Recovered> {
        let found = |number: u32| match gone.contains(&number) {
            true => Found::Gone { log: "last words".into() },
            false => Found::Running { pid: 100 + number, token: Some(format!("token-{}", 100 + number)) },
        };
        let processes = (1..).zip(self.processes.iter().cloned());
        processes.map(|(number, record)| Recovered { record, found: found(number) }).collect()
    }
}

/// The host is killed with everything that was under way; a new one takes up what it wrote down.
fn follow(host: &mut Host, gone: &[u32]) {
    let disk = Disk::of(host);
    let processes = disk.found(gone);
    let slot = disk.slot.expect("the slot was written down");
    assert!(slot.can_be_taken_up(&processes));
    host.supervisor = Supervisor::new("127.0.0.1", true);
    host.forget().input(Input::Recovered { slot: Box::new(slot), processes });
}

#[test]
fn r21_what_runs_is_told_again_and_nothing_is_started() {
    let mut host = Host::with_processes(2);
    host.call(pid(101), ready_on(2000, 7000));
    follow(&mut host, &[]);
    let [ReportKind::SlotReattached { processes }, ReportKind::ProcessReady(ready)] = &host.reports()[..]
    else {
        panic!("{:?}", host.reports())
    };
    assert_eq!(processes[..], [record(1), record(2)]);
    assert_eq!(
        (&ready.process, ready.pid, ready.client_port, ready.grpc_port),
        (&record(1), 101, 2000, 7000)
    );
    host.order(HostOrder::StartInstance(spec(&[2])));
    assert_eq!(host.spawns(), []);
    assert!(!host.log.iter().any(|(_, effect)| matches!(effect, Effect::PrepareSlot { .. })));
    // By its token, and by its pid, and the one that never was ready still has its time.
    let token = Caller { token: Some("token-102".into()), ..pid(4_000_000) };
    assert_eq!(host.call(token, ready_on(2001, 7001)), Some(Ok(())));
    assert_eq!(host.call(pid(101), RpcRequest::ReportCustomData { current: 1, max: 2 }), Some(Ok(())));
}

#[test]
fn r21_a_process_that_ended_meanwhile_is_told_with_the_right_end_and_replaced() {
    let cases: [Case; 3] = [
        (|_| (), ProcessEnd::Crashed("it ended while the agent was away".into())),
        (|host| host.terminate(&record(2), Some(seconds(300))), ProcessEnd::Terminated),
        (|host| assert_eq!(host.call(pid(102), RpcRequest::ProcessEnding), Some(Ok(()))), ProcessEnd::Clean),
    ];
    for (before, end) in cases {
        let mut host = Host::with_processes(2);
        host.signals_work = false;
        host.call(pid(101), ready_on(2000, 7000));
        host.call(pid(102), ready_on(2001, 7001));
        before(&mut host);
        follow(&mut host, &[2]);
        assert_eq!(host.ends(), [end]);
        host.advance(seconds(1));
        assert_eq!(host.spawns().len(), 1, "one is missing, one is started");
    }
}

/// The kill came while the strays of an ended process were looked for, and before its end was heard.
#[test]
fn strays_that_were_being_ended_are_ended_again() {
    let mut host = Host::with_processes(2);
    host.strays_end = false;
    host.exited(&record(1), "exit code 1");
    follow(&mut host, &[1]);
    assert_eq!(host.ends(), [ProcessEnd::Crashed("exit code 1".into())]);
    assert_eq!(host.tokens_over(), ["token-101"]);
    host.advance(seconds(60));
    assert_eq!(host.spawns(), [], "a stray may hold the ports");
    host.input(Input::StraysEnded { processes: vec![record(1)] });
    assert_eq!(host.spawns().len(), 1);
    // Nothing of it is left for the next one.
    let gone =
        |change: &Record| matches!(change, Record::ProcessGone { process, .. } if *process == record(1));
    assert!(host.supervisor.take_records().iter().any(gone));
}

#[test]
fn r21_a_slot_without_a_living_process_is_made_from_nothing() {
    let mut host = Host::with_processes(1);
    let disk = Disk::of(&mut host);
    let slot = disk.slot.as_ref().unwrap();
    assert!(slot.can_be_taken_up(&disk.found(&[])));
    assert!(!slot.can_be_taken_up(&disk.found(&[1])));
    assert!(!slot.can_be_taken_up(&[]));
}

#[test]
fn a_record_of_another_version_or_slot_is_not_used() {
    let mut host = Host::with_processes(1);
    let disk = Disk::of(&mut host);
    let slot = disk.slot.as_ref().unwrap();
    assert!(disk.processes[0].fits(slot));
    let changed = |from: &str, to: &str| {
        let slot = serde_json::to_string(slot).unwrap();
        let process = serde_json::to_string(&disk.processes[0]).unwrap();
        assert!(process.contains(from), "{process}");
        let slot: SlotRecord = serde_json::from_str(&slot.replace(from, to)).unwrap();
        let process: ProcessRecord = serde_json::from_str(&process.replace(from, to)).unwrap();
        (slot, process)
    };
    let (other_slot, process) = changed("\"version\":2", "\"version\":3");
    assert!(!process.fits(slot));
    assert!(!other_slot.can_be_taken_up(&disk.found(&[])));
    let (_, process) = changed("\"ins-1\"", "\"ins-2\"");
    assert!(!process.fits(slot));
    let (_, process) = changed("{\"entry\":0}", "{\"entry\":1}");
    assert!(!process.fits(slot), "the slot has one entry");
}

#[test]
fn g3_a_session_that_was_given_is_not_given_again() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", seconds(600));
    assert_eq!(host.callbacks().len(), 1);
    follow(&mut host, &[]);
    host.start_session(&record(1), "gs-1", seconds(600));
    assert_eq!(host.callbacks(), []);
    // Its calls go through, its health is checked, and the next session comes to it.
    let activate = RpcRequest::Activate { session: "gs-1".into(), max_players: 0 };
    assert_eq!(host.call(pid(101), activate), Some(Ok(())));
    host.advance(seconds(60));
    assert!(matches!(host.callbacks()[..], [(_, Callback::Health)]));
    assert_eq!(host.call(pid(101), RpcRequest::Terminate { session: "gs-1".into() }), Some(Ok(())));
    host.forget().start_session(&record(1), "gs-2", seconds(600));
    assert!(matches!(host.callbacks()[..], [(_, Callback::Start(_))]));
}

#[test]
fn g3_a_session_that_was_never_sent_is_given_by_the_next() {
    let mut host = Host::with_ready_process();
    host.listens = false;
    host.start_session(&record(1), "gs-1", seconds(600));
    assert_eq!(host.callbacks().len(), 1, "it is being dialled");
    follow(&mut host, &[]);
    host.forget().start_session(&record(1), "gs-1", seconds(600));
    assert!(matches!(host.callbacks()[..], [(_, Callback::Start(_))]));
}

#[test]
fn g3_a_session_whose_order_was_lost_is_given_by_the_next() {
    let mut host = Host::with_ready_process();
    follow(&mut host, &[]);
    host.forget().start_session(&record(1), "gs-1", seconds(600));
    assert!(matches!(host.callbacks()[..], [(_, Callback::Start(_))]));
}

#[test]
fn p13_a_termination_that_was_not_answered_is_told_again_and_its_deadline_stands() {
    for answered in [false, true] {
        let mut host = Host::with_ready_process();
        host.terminate(&record(1), Some(seconds(300)));
        if answered {
            host.callback_done(&record(1), CallbackKind::Terminate, CallbackOutcome::Done);
        }
        host.advance(seconds(100));
        follow(&mut host, &[]);
        let again = Callback::Terminate { termination_time_s: 42 };
        let expected = if answered { vec![] } else { vec![(host.now, again)] };
        assert_eq!(host.callbacks(), expected, "answered: {answered}");
        host.advance(seconds(199));
        assert_eq!(host.ends(), []);
        host.advance(seconds(1));
        assert_eq!(host.ends(), [ProcessEnd::ForceTerminated]);
    }
}

#[test]
fn deadlines_that_passed_meanwhile_fire_once() {
    // P5: never ready. P16: told to end. P17: said its last word.
    let cases: [Case; 3] = [
        (|_| (), ProcessEnd::NoContact),
        (|host| host.terminate(&record(1), Some(seconds(300))), ProcessEnd::ForceTerminated),
        (
            |host| assert_eq!(host.call(pid(101), RpcRequest::ProcessEnding), Some(Ok(()))),
            ProcessEnd::ExitTimeout,
        ),
    ];
    for (before, end) in cases {
        let mut host = Host::with_processes(1);
        if end != ProcessEnd::NoContact {
            host.call(pid(101), ready_on(2000, 7000));
        }
        before(&mut host);
        // Nobody is there for an hour.
        host.now = host.now.plus(seconds(3600));
        follow(&mut host, &[]);
        host.wake();
        assert_eq!(host.ends(), std::slice::from_ref(&end));
        host.advance(seconds(30));
        assert_eq!(host.ends(), [end]);
        assert_eq!(host.signals().len(), 1);
    }
}

#[test]
fn a_word_that_the_control_plane_may_have_missed_is_told_again() {
    let mut host = Host::with_ready_process();
    host.health = Some(CallbackOutcome::TimedOut);
    host.advance(seconds(180));
    follow(&mut host, &[]);
    assert!(matches!(
        host.reports()[..],
        [ReportKind::SlotReattached { .. }, ReportKind::ProcessReady(_), ReportKind::ProcessUnhealthy { .. }]
    ));
    let mut host = Host::with_ready_process();
    host.answer = Box::new(|_| None);
    host.call(pid(101), RpcRequest::ProcessEnding);
    follow(&mut host, &[]);
    assert!(matches!(
        host.reports()[..],
        [ReportKind::SlotReattached { .. }, ReportKind::ProcessEnding { .. }]
    ));
}

#[test]
fn an_adopted_process_is_gone_on_with_and_never_signalled() {
    let mut host = Host::with_processes(1);
    let caller = Caller { started: Some(77), ..pid(4242) };
    assert_eq!(host.call(caller, ready_on(2001, 7001)), Some(Ok(())));
    let disk = Disk::of(&mut host);
    let adopted = disk.processes.iter().find_map(ProcessRecord::adopted);
    assert_eq!(adopted, Some((4242, Some(77))), "what the shell has to compare");
    let processes = disk.processes.iter().cloned().map(|record| {
        let (pid, token) = record.adopted().map_or((101, Some("token-101".into())), |(pid, _)| (pid, None));
        Recovered { record, found: Found::Running { pid, token } }
    });
    let processes = processes.collect();
    host.supervisor = Supervisor::new("127.0.0.1", true);
    host.forget().input(Input::Recovered { slot: Box::new(disk.slot.unwrap()), processes });
    assert_eq!(host.call(pid(4242), RpcRequest::ReportCustomData { current: 1, max: 2 }), Some(Ok(())));
    host.input(Input::ShutDown);
    let signalled = host.log.iter().filter_map(|(_, effect)| match effect {
        Effect::Signal { process, .. } => Some(process.clone()),
        _ => None,
    });
    assert_eq!(signalled.collect::<Vec<_>>(), [record(1)]);
}

#[test]
fn nothing_is_written_down_that_did_not_change() {
    let mut host = Host::with_ready_process();
    host.advance(seconds(60));
    host.supervisor.take_records();
    host.advance(seconds(600));
    host.call(pid(101), RpcRequest::ReportCustomData { current: 1, max: 2 });
    assert_eq!(host.supervisor.take_records(), [], "health checks and counts are not worth a file");
    host.start_session(&record(1), "gs-1", seconds(600));
    assert!(matches!(host.supervisor.take_records()[..], [Record::Process(_)]));
    host.exited(&record(1), "signal 11");
    let gone = Record::ProcessGone { instance: instance(), process: record(1) };
    assert!(host.supervisor.take_records().contains(&gone));
    host.order(HostOrder::StopInstance);
    assert!(host.supervisor.take_records().contains(&Record::SlotGone(instance())));
}

#[test]
fn logs_that_were_not_stored_are_collected_by_the_successor() {
    let mut host = Host::with_processes(2);
    host.logs_are_stored = false;
    for (number, port) in [(1, 0), (2, 1)] {
        host.call(pid(100 + number), ready_on(2000 + port, 7000 + port));
        host.start_session(&record(number), &format!("gs-{number}"), seconds(600));
    }
    host.call(pid(101), RpcRequest::Terminate { session: "gs-1".into() });
    host.start_session(&record(1), "gs-3", seconds(600));
    host.exited(&record(2), "signal 11");
    follow(&mut host, &[2]);
    let mut wanted: Vec<_> = host
        .log
        .iter()
        .filter_map(|(_, effect)| match effect {
            Effect::CollectLogs { session, .. } => Some(session.to_string()),
            _ => None,
        })
        .collect();
    wanted.sort();
    assert_eq!(wanted, ["gs-1", "gs-2"], "the third goes on");
}
