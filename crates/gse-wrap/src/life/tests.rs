//! Lives as tables: what happens, and what is done about it.

use super::Action::{
    Activate, AnnounceReady, AskToEnd, End, Fail, Kill, Launch, TerminateSession, WriteSession,
};
use super::Event::{
    ActivationRefused, Begin, Exited, PortOpen, SessionStart, StartTimePassed, StopTimePassed, Terminate,
};
use super::{Action, Event, FailedExit, Life, Start};

const CLEAN: Event = Exited { clean: true };
const FAILED: Event = Exited { clean: false };

#[track_caller]
fn check(start: Start, failed_exit: FailedExit, course: &[(Event, &[Action])]) {
    let mut life = Life::new(start, failed_exit);
    for (step, (event, expected)) in course.iter().enumerate() {
        assert_eq!(life.on(*event), *expected, "step {step}, {event:?}, of {course:?}");
    }
}

#[test]
fn at_launch_one_process_is_one_session() {
    check(
        Start::AtLaunch,
        FailedExit::Crash,
        &[
            (Begin, &[Launch]),
            (PortOpen, &[AnnounceReady]),
            (SessionStart, &[WriteSession, Activate]),
            (CLEAN, &[TerminateSession, End]),
        ],
    );
}

#[test]
fn on_session_the_program_is_started_for_each_session() {
    let session: &[(Event, &[Action])] =
        &[(SessionStart, &[WriteSession, Launch]), (PortOpen, &[Activate]), (CLEAN, &[TerminateSession])];
    let course = [&[(Begin, &[AnnounceReady][..])], session, session, &[(Terminate, &[End])]].concat();
    check(Start::OnSession, FailedExit::Crash, &course);
}

#[test]
fn asked_to_end_the_program_goes_first() {
    let begin: &[(Event, &[Action])] = &[
        (Begin, &[Launch]),
        (PortOpen, &[AnnounceReady]),
        (SessionStart, &[WriteSession, Activate]),
        (Terminate, &[AskToEnd]),
    ];
    let over: &[Action] = &[TerminateSession, End];
    for rest in [
        &[(CLEAN, over)][..],
        // A signal that it does not handle is a way to end, too.
        &[(FAILED, over)],
        &[(StopTimePassed, &[Kill]), (FAILED, over)],
        &[(Terminate, &[AskToEnd]), (StopTimePassed, &[Kill]), (FAILED, over)],
    ] {
        check(Start::AtLaunch, FailedExit::Crash, &[begin, rest].concat());
    }
}

#[test]
fn asked_to_end_without_a_session_there_is_none_to_terminate() {
    check(
        Start::AtLaunch,
        FailedExit::Crash,
        &[(Begin, &[Launch]), (PortOpen, &[AnnounceReady]), (Terminate, &[AskToEnd]), (FAILED, &[End])],
    );
    check(Start::OnSession, FailedExit::Crash, &[(Begin, &[AnnounceReady]), (Terminate, &[End])]);
}

#[test]
fn asked_to_end_while_the_port_is_not_open_yet() {
    check(
        Start::OnSession,
        FailedExit::Crash,
        &[
            (Begin, &[AnnounceReady]),
            (SessionStart, &[WriteSession, Launch]),
            (Terminate, &[AskToEnd]),
            (PortOpen, &[]),
            (StartTimePassed, &[]),
            (FAILED, &[TerminateSession, End]),
        ],
    );
}

#[test]
fn a_status_other_than_0_is_a_crash_unless_it_is_the_programs_habit() {
    let course = |exit: &'static [Action]| {
        [
            (Begin, &[AnnounceReady][..]),
            (SessionStart, &[WriteSession, Launch]),
            (PortOpen, &[Activate]),
            (FAILED, exit),
        ]
    };
    check(Start::OnSession, FailedExit::Crash, &course(&[Fail("it has crashed")]));
    check(Start::OnSession, FailedExit::End, &course(&[TerminateSession]));
}

#[test]
fn a_program_that_ends_before_its_port_is_open_has_failed() {
    for failed_exit in [FailedExit::Crash, FailedExit::End] {
        check(
            Start::AtLaunch,
            failed_exit,
            &[(Begin, &[Launch]), (CLEAN, &[Fail("it ended before its port was open")])],
        );
    }
}

#[test]
fn a_program_whose_port_does_not_open_is_killed() {
    check(
        Start::AtLaunch,
        FailedExit::End,
        &[
            (Begin, &[Launch]),
            (StartTimePassed, &[Kill]),
            (StartTimePassed, &[]),
            (FAILED, &[Fail("its port did not open in time")]),
        ],
    );
}

#[test]
fn a_session_that_failed_before_it_was_active_takes_the_process_along() {
    check(
        Start::AtLaunch,
        FailedExit::Crash,
        &[
            (Begin, &[Launch]),
            (PortOpen, &[AnnounceReady]),
            (SessionStart, &[WriteSession, Activate]),
            (ActivationRefused, &[AskToEnd]),
            (CLEAN, &[End]),
        ],
    );
}

#[test]
fn what_comes_late_or_twice_changes_nothing() {
    check(
        Start::AtLaunch,
        FailedExit::Crash,
        &[
            (Begin, &[Launch]),
            (StopTimePassed, &[]),
            (PortOpen, &[AnnounceReady]),
            (PortOpen, &[]),
            (StartTimePassed, &[]),
            (SessionStart, &[WriteSession, Activate]),
            (SessionStart, &[]),
            (Terminate, &[AskToEnd]),
            (SessionStart, &[]),
            (CLEAN, &[TerminateSession, End]),
            (CLEAN, &[]),
        ],
    );
}
