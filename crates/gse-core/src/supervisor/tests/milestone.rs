//! What a host tells of the start of a session, and of the moments that a game server names (R120).

use std::time::Duration;

use super::host::{Host, pid, record, seconds};
use crate::error::Error;
use crate::host::{ReportKind, SessionCall};
use crate::supervisor::{CallError, CallbackKind, CallbackOutcome, Input, RpcRequest};
use crate::timeline::{MILESTONES_MOST, StartTimes};

fn tell(host: &mut Host, session: &str, name: &str) -> Option<Result<(), CallError>> {
    host.call(pid(101), RpcRequest::Milestone { session: session.into(), name: name.into() })
}

fn told(host: &Host) -> Vec<String> {
    let name = |kind| match kind {
        ReportKind::Call { call: SessionCall::Milestone { name, .. }, .. } => Some(name),
        _ => None,
    };
    host.reports().into_iter().filter_map(name).collect()
}

#[test]
fn the_activation_says_how_long_ago_the_order_came_and_was_sent() {
    let mut host = Host::with_ready_process();
    host.listens = false;
    host.start_session(&record(1), "gs-1", seconds(60));
    host.advance(Duration::from_millis(300));
    host.input(Input::StartSending { process: record(1) });
    host.advance(Duration::from_millis(700));
    host.forget().call(pid(101), RpcRequest::Activate { session: "gs-1".into(), max_players: 0 });
    let [ReportKind::Call { call: SessionCall::Activate { start, .. }, .. }] = &host.reports()[..] else {
        panic!("{:?}", host.reports())
    };
    let ago = |millis| Some(Duration::from_millis(millis));
    assert_eq!(*start, StartTimes { ordered_ago: ago(1000), sent_ago: ago(700) });
}

#[test]
fn a_start_that_returned_says_so_too() {
    let mut host = Host::with_ready_process();
    host.listens = false;
    host.start_session(&record(1), "gs-1", seconds(60));
    host.advance(Duration::from_millis(300));
    host.callback_done(&record(1), CallbackKind::Start, CallbackOutcome::Done);
    let observed = format!("{:?}", host.observations());
    assert!(observed.contains("ordered_ago: Some(300ms), sent_ago: None"), "{observed}");
}

#[test]
fn a_moment_goes_up_once_and_again_only_when_it_was_not_recorded() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", seconds(60));
    host.answer = Box::new(|_| None);
    assert!(matches!(tell(&mut host, "gs-1", "first-tick"), Some(Err(CallError::Unavailable(_)))));
    host.answer = Box::new(|_| Some(Ok(())));
    for _ in 0..5 {
        assert_eq!(tell(&mut host, "gs-1", "first-tick"), Some(Ok(())));
    }
    assert_eq!(told(&host), ["first-tick", "first-tick"], "the first was lost");
}

#[test]
fn moments_are_bounded_in_form_and_number() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", seconds(60));
    for name in ["", "First", "a b", "a\n", &"x".repeat(33), &"x".repeat(8 << 20)] {
        let answer = tell(&mut host, "gs-1", name);
        assert!(matches!(answer, Some(Err(CallError::BadRequest(_)))), "{answer:?}");
    }
    for number in 0..40 {
        let is_taken = tell(&mut host, "gs-1", &format!("moment-{number}")) == Some(Ok(()));
        assert_eq!(is_taken, number < MILESTONES_MOST, "{number}");
    }
    assert_eq!(told(&host).len(), MILESTONES_MOST);
}

#[test]
fn whether_another_session_may_be_named_is_the_control_planes_word() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", seconds(60));
    host.answer = Box::new(|_| Some(Err(Error::BadToken)));
    for _ in 0..2 {
        assert_eq!(tell(&mut host, "gs-9", "x"), Some(Err(CallError::Refused(Error::BadToken))));
    }
    assert_eq!(told(&host).len(), 2);
}
