//! Rules about the three callbacks: the kinds of failure of server-sdk.md 3.1 and case 37, told apart.

use std::collections::BTreeSet;

use super::{Facts, Finding, Rule, Severity, Subject, ago, finding, grouped};
use crate::id::ProcessId;
use crate::observation::{CallbackFailure, CallbackTrouble, times};
use crate::process::Process;
use crate::supervisor::CallbackKind;
use crate::time::Timestamp;

pub(super) const READY_BEFORE_LISTENING: Rule = Rule {
    name: "ready-before-listening",
    section: "server-sdk.md 4.5 and 7",
    check: |facts| of_failure(facts, CallbackFailure::NoConnection),
};
pub(super) const CALLBACK_UNIMPLEMENTED: Rule = Rule {
    name: "callback-unimplemented",
    section: "server-sdk.md 3.1 and 7",
    check: |facts| of_failure(facts, CallbackFailure::Unimplemented),
};
pub(super) const HEALTH_ANSWERED_FALSE: Rule = Rule {
    name: "health-answered-false",
    section: "server-sdk.md 3.1, P12",
    check: |facts| of_failure(facts, CallbackFailure::AnsweredFalse),
};
pub(super) const HEALTH_NO_ANSWER: Rule = Rule {
    name: "callback-no-answer",
    section: "server-sdk.md 3.1 and 4.5",
    check: |facts| of_failure(facts, CallbackFailure::NoAnswer),
};
pub(super) const CALLBACK_FAILED: Rule = Rule {
    name: "callback-failed",
    section: "server-sdk.md 1.4 and 4.5",
    check: |facts| of_failure(facts, CallbackFailure::Failed),
};

/// One callback that failed in one way.
struct Trouble<'a> {
    subject: Subject,
    callback: CallbackKind,
    severity: Severity,
    /// In words, with the number.
    words: String,
    process: Option<&'a Process>,
    last: Timestamp,
}

fn of_failure(facts: &Facts<'_>, failure: CallbackFailure) -> Vec<Finding> {
    let found = troubles(facts, failure).into_iter().map(|trouble| {
        let (why, fix) = advice(failure, trouble.callback);
        let pid = trouble.process.map_or(String::new(), |process| format!(" of pid {}", process.pid));
        let port = trouble.process.filter(|_| failure == CallbackFailure::NoConnection);
        let port =
            port.map_or(String::new(), |process| format!(", announced grpcPort {}", process.grpc_port));
        let what = format!(
            "{}{pid} {}{port} (last {} ago)",
            trouble.callback.as_str(),
            trouble.words,
            ago(facts.now, trouble.last)
        );
        let found = finding(trouble.subject, trouble.last, what, why, fix);
        Finding { severity: trouble.severity, ..found }
    });
    found.collect()
}

/// What processes have now, what sessions keep of processes that are gone, and what events tell of those.
fn troubles<'a>(facts: &'a Facts<'_>, failure: CallbackFailure) -> Vec<Trouble<'a>> {
    let mut troubles = Vec::new();
    for process in &facts.processes {
        let seen = &process.observations;
        let by_kind = [
            (CallbackKind::Health, &seen.health),
            (CallbackKind::Start, &seen.start),
            (CallbackKind::Terminate, &seen.terminate),
        ];
        for (callback, trouble) in by_kind {
            let Some(trouble) = trouble.as_ref().filter(|trouble| trouble.failure == failure) else {
                continue;
            };
            // One failed check is bad luck; three in a row end the process.
            let passing = callback == CallbackKind::Health && trouble.count < facts.clocks.health_failures;
            troubles.push(Trouble {
                subject: Subject::process(&process.id),
                callback,
                severity: if passing { Severity::Warning } else { Severity::Error },
                words: words(trouble),
                process: Some(process),
                last: trouble.last,
            });
        }
    }
    for session in &facts.sessions {
        let trouble = session.row.observations.start.as_ref().filter(|trouble| trouble.failure == failure);
        let Some(trouble) = trouble.filter(|_| !facts.is_known(Some(&session.row.process))) else { continue };
        troubles.push(Trouble {
            subject: Subject::session(session.row),
            callback: CallbackKind::Start,
            severity: Severity::Error,
            words: words(trouble),
            process: None,
            last: trouble.last,
        });
    }
    troubles.extend(troubles_of_the_gone(facts, failure));
    troubles
}

/// Of processes that are gone the last one stands for those before it.
fn troubles_of_the_gone<'a>(facts: &'a Facts<'_>, failure: CallbackFailure) -> Vec<Trouble<'a>> {
    let gone = facts.events.iter().filter_map(|event| {
        let (callback, found) = event.observations.callback?;
        let process = event.observations.process.as_ref()?;
        // A failed start is kept with its session.
        let counts = found == failure && callback != CallbackKind::Start && !facts.is_known(Some(process));
        counts.then_some((callback, process, *event))
    });
    let of_callback = grouped(gone, |(callback, ..)| *callback);
    let troubles = of_callback.into_iter().map(|(callback, told)| {
        let (_, newest, event) = told[0];
        let before: BTreeSet<&ProcessId> = told.iter().map(|(_, process, _)| *process).collect();
        let more = match before.len() {
            0 | 1 => String::new(),
            count => format!("; so did {} before it", count - 1),
        };
        Trouble {
            subject: Subject::process(newest),
            callback,
            severity: Severity::Error,
            words: format!("failed: {}{more}", event.message),
            process: None,
            last: event.time,
        }
    });
    troubles.collect()
}

fn words(trouble: &CallbackTrouble) -> String {
    // The words of the observation carry a hint of their own for the log; the fix says more.
    let words = trouble.words.split(" (hint:").next().unwrap_or_default();
    let in_a_row = if trouble.count > 1 { " in a row" } else { "" };
    format!("failed {}{in_a_row}: {words}", times(trouble.count))
}

fn advice(failure: CallbackFailure, callback: CallbackKind) -> (&'static str, &'static str) {
    match (failure, callback) {
        (CallbackFailure::NoConnection, _) => (
            "nothing listens on the announced port: ProcessReady was called before the game server's gRPC server was \
             bound, with a wrong grpcPort, or that server has ended",
            "bind first, on 127.0.0.1 or 0.0.0.0 without TLS, then call ProcessReady with the port that was bound",
        ),
        (CallbackFailure::Unimplemented, _) => (
            "the generated base class was registered without overriding the method, or another service listens there",
            "override all three callbacks (OnHealthCheck, OnStartGameServerSession, OnProcessTerminate) in the class \
             that is registered, for the package and service of the proto file",
        ),
        (CallbackFailure::AnsweredFalse, _) => (
            "an empty answer (`{}`) means unhealthy, because false is the default of protobuf; three in a row end the process",
            "answer `healthStatus: true` while the game is fine",
        ),
        (CallbackFailure::NoAnswer, CallbackKind::Health) => (
            "the call arrived and was not answered in time: the thread that runs callbacks is blocked, or the game is hung",
            "answer OnHealthCheck from a thread of its own; do not wait for the game loop in it",
        ),
        (CallbackFailure::NoAnswer, CallbackKind::Start) => (
            "the call arrived and was not answered before the activation time-out",
            "return from OnStartGameServerSession at once, load in the background, and call ActivateGameServerSession when \
             players can connect",
        ),
        (CallbackFailure::NoAnswer, CallbackKind::Terminate) => (
            "the call arrived and was not answered",
            "return from OnProcessTerminate at once, and end in the background before terminationTime",
        ),
        (CallbackFailure::Failed, CallbackKind::Start) => (
            "the game server answered with an error: the session became ERROR, and the process is replaced",
            "see the words above and the game server's own log; a null reference in the handler looks like this",
        ),
        (CallbackFailure::Failed, CallbackKind::Health | CallbackKind::Terminate) => (
            "the game server answered with an error: an exception in the handler, or a status other than OK",
            "see the words above and the game server's own log; a null reference in the handler looks like this",
        ),
    }
}
