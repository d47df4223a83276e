//! One function per expectation: a trace in, an outcome and what was seen out.

use std::time::Duration;

use super::{Expectation, Moment, Outcome, Trace, Verdict};
use crate::host::ProcessEnd;
use crate::id::GameServerSessionId;
use crate::observation::{CallbackFailure, Rpc};
use crate::supervisor::CallbackKind;

/// Refusals that are quoted.
const QUOTED_MOST: usize = 3;

type Seen = (Outcome, String);

/// What the trace says of every expectation, in the order of a life.
pub fn judge(trace: &Trace, required: &[Expectation]) -> Vec<Verdict> {
    let verdict = |&expectation: &Expectation| {
        let (outcome, seen) = look(trace, expectation);
        let fix = fix(trace, expectation);
        Verdict { expectation, outcome, is_required: required.contains(&expectation), seen, fix }
    };
    Expectation::ALL.iter().map(verdict).collect()
}

/// A process that ended before it said a word has another trouble than the contract.
fn fix(trace: &Trace, expectation: Expectation) -> &'static str {
    let is_mute = || trace.end().is_some() && trace.refusal(Rpc::ProcessReady).is_none();
    if expectation == Expectation::Ready && is_mute() {
        return "find out why it ended; does it run when it is started by hand, in this directory?";
    }
    expectation.fix()
}

fn look(trace: &Trace, expectation: Expectation) -> Seen {
    match expectation {
        Expectation::Ready => ready(trace),
        Expectation::Listening => listening(trace),
        Expectation::Health => health(trace),
        Expectation::Start => start(trace),
        Expectation::Activate => activate(trace),
        Expectation::Accept => of_player(trace, Rpc::AcceptPlayer, expectation),
        Expectation::Remove => of_player(trace, Rpc::RemovePlayer, expectation),
        Expectation::EndSession => end_session(trace),
        Expectation::Reuse => reuse(trace),
        Expectation::Terminate => terminate(trace),
        Expectation::Ending => ending(trace),
        Expectation::Exit => exit(trace),
        Expectation::Calls => calls(trace),
    }
}

impl Trace {
    fn find<T>(&self, look: impl Fn(Duration, &Moment) -> Option<T>) -> Option<T> {
        self.moments.iter().find_map(|(at, moment)| look(*at, moment))
    }

    fn time_of(&self, wanted: impl Fn(&Moment) -> bool) -> Option<Duration> {
        self.find(|at, moment| wanted(moment).then_some(at))
    }

    fn is_ready(&self) -> bool {
        self.time_of(|moment| matches!(moment, Moment::Ready { refusal: None, .. })).is_some()
    }

    /// When it was called and was not refused; after `from`.
    fn done(&self, wanted: Rpc, from: Duration) -> Option<Duration> {
        let is_it =
            |moment: &Moment| matches!(moment, Moment::Called { rpc, refusal: None, .. } if *rpc == wanted);
        self.find(|at, moment| (at >= from && is_it(moment)).then_some(at))
    }

    fn refusal(&self, wanted: Rpc) -> Option<&str> {
        self.moments.iter().find_map(|(_, moment)| match moment {
            Moment::Called { rpc, refusal: Some(words), .. } | Moment::Refused { rpc, words, .. }
                if *rpc == wanted =>
            {
                Some(words.as_str())
            }
            _ => None,
        })
    }

    fn failed(&self, wanted: CallbackKind) -> Option<(CallbackFailure, &str)> {
        self.moments.iter().find_map(|(_, moment)| match moment {
            Moment::CallbackFailed { callback, failure, words } if *callback == wanted => {
                Some((*failure, words.as_str()))
            }
            _ => None,
        })
    }

    fn waited(&self, wanted: Expectation) -> Option<Duration> {
        self.find(|_, moment| match moment {
            Moment::WaitedFor(expectation, time) if *expectation == wanted => Some(*time),
            _ => None,
        })
    }

    fn end(&self) -> Option<(Duration, &ProcessEnd)> {
        self.moments.iter().find_map(|(at, moment)| match moment {
            Moment::Ended { end, .. } => Some((*at, end)),
            _ => None,
        })
    }

    fn sessions(&self) -> Vec<(Duration, &GameServerSessionId)> {
        let created = self.moments.iter().filter_map(|(at, moment)| match moment {
            Moment::SessionCreated(session) => Some((*at, session)),
            _ => None,
        });
        created.collect()
    }

    /// Why there was nothing to see, as far as it is known.
    fn gone(&self) -> Option<String> {
        self.end()
            .map(|(at, end)| format!("the process ended {} after its start: {}", time(at), end_words(end)))
    }

    fn told_to_end(&self) -> Option<Duration> {
        self.time_of(|moment| *moment == Moment::ToldToEnd)
    }
}

fn ok(seen: impl Into<String>) -> Seen {
    (Outcome::Ok, seen.into())
}

fn wrong(seen: impl Into<String>) -> Seen {
    (Outcome::Wrong, seen.into())
}

fn missing(seen: impl Into<String>) -> Seen {
    (Outcome::Missing, seen.into())
}

fn not_driven(seen: impl Into<String>) -> Seen {
    (Outcome::NotDriven, seen.into())
}

fn not_ready() -> Seen {
    not_driven("it never was ready")
}

/// `12 ms`, `3.4 s`
fn time(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds => format!("{seconds}.{} s", time.subsec_millis() / 100),
    }
}

fn end_words(end: &ProcessEnd) -> String {
    match end {
        ProcessEnd::Clean => "after ProcessEnding".into(),
        ProcessEnd::Terminated => "after OnProcessTerminate, without ProcessEnding".into(),
        ProcessEnd::InvalidPath(words) | ProcessEnd::NotExecutable(words) | ProcessEnd::Crashed(words) => {
            words.clone()
        }
        ProcessEnd::NoContact => "it was ended, because it never called the agent".into(),
        ProcessEnd::NotReady => "it was ended, because it called the agent, but not ProcessReady".into(),
        ProcessEnd::Lost => "it was lost".into(),
        ProcessEnd::ForceTerminated | ProcessEnd::UnhealthyTerminated => {
            "it was killed at its deadline".into()
        }
        ProcessEnd::ExitTimeout => "it called ProcessEnding, went on, and was killed".into(),
    }
}

fn ready(trace: &Trace) -> Seen {
    let ready = trace.find(|at, moment| match moment {
        Moment::Ready { client_port, grpc_port, refusal: None } => Some((at, *client_port, *grpc_port)),
        _ => None,
    });
    if let Some((at, client_port, grpc_port)) = ready {
        return ok(format!(
            "ProcessReady came {} after the start: clientPort {client_port}, grpcPort {grpc_port}",
            time(at)
        ));
    }
    let refused = trace.find(|_, moment| match moment {
        Moment::Ready { refusal: Some(words), .. } => Some(words.clone()),
        _ => None,
    });
    if let Some(words) = refused.or_else(|| trace.refusal(Rpc::ProcessReady).map(str::to_owned)) {
        return wrong(format!("ProcessReady was refused: {words}"));
    }
    if let Some(words) = trace.gone() {
        return missing(format!("{words}; it had not called ProcessReady"));
    }
    let waited =
        trace.waited(Expectation::Ready).map_or("in time".into(), |time_| format!("within {}", time(time_)));
    let called = trace.find(|_, moment| match moment {
        Moment::Refused { rpc, .. } => Some(*rpc),
        _ => None,
    });
    missing(match called {
        Some(rpc) => format!("it called {rpc}, but not ProcessReady, {waited}"),
        None => format!("it did not call ProcessReady {waited}"),
    })
}

fn listening(trace: &Trace) -> Seen {
    match reached(trace) {
        Some(Ok(())) => ok("callbacks reached it"),
        Some(Err(words)) => wrong(words),
        None if !trace.is_ready() => not_ready(),
        None => trace.gone().map_or_else(|| missing("no callback came to its end"), not_driven),
    }
}

/// Whether the first callback reached it, or why not.
fn reached(trace: &Trace) -> Option<Result<(), &str>> {
    trace.moments.iter().find_map(|(_, moment)| match moment {
        Moment::CallbackFailed { failure: CallbackFailure::NoConnection, words, .. } => {
            Some(Err(words.as_str()))
        }
        Moment::CallbackFailed { .. }
        | Moment::HealthSucceeded
        | Moment::StartReturned
        | Moment::TerminateReturned => Some(Ok(())),
        _ => None,
    })
}

/// A callback that failed. What nothing reaches is told once.
fn callback_failed(trace: &Trace, callback: CallbackKind) -> Option<Seen> {
    let failure = trace.failed(callback)?;
    if matches!(reached(trace), Some(Err(_))) {
        return Some(not_driven("no callback reaches it"));
    }
    Some(wrong(format!("{}: {}", callback.as_str(), failure_words(failure))))
}

fn failure_words((failure, words): (CallbackFailure, &str)) -> String {
    let words = words.split(" (hint:").next().unwrap_or_default();
    match failure {
        CallbackFailure::Unimplemented => {
            format!("{words}: the generated base class was registered without overriding the method")
        }
        CallbackFailure::AnsweredFalse
        | CallbackFailure::Failed
        | CallbackFailure::NoAnswer
        | CallbackFailure::NoConnection => words.to_owned(),
    }
}

fn health(trace: &Trace) -> Seen {
    if let Some(seen) = callback_failed(trace, CallbackKind::Health) {
        return seen;
    }
    if trace.time_of(|moment| *moment == Moment::HealthSucceeded).is_some() {
        return ok("healthStatus was true");
    }
    if !trace.is_ready() {
        return not_ready();
    }
    trace.gone().map_or_else(|| missing("OnHealthCheck was not answered"), not_driven)
}

/// `None`: a session was made, and it can be looked at.
fn without_session(trace: &Trace) -> Option<Seen> {
    if !trace.sessions().is_empty() {
        return None;
    }
    if !trace.is_ready() {
        return Some(not_ready());
    }
    let refused = trace.find(|_, moment| match moment {
        Moment::SessionRefused(words) => Some(format!("no session could be made: {words}")),
        _ => None,
    });
    Some(not_driven(refused.or_else(|| trace.gone()).unwrap_or_else(|| "no session was made".into())))
}

fn start(trace: &Trace) -> Seen {
    if let Some(seen) = without_session(trace) {
        return seen;
    }
    if let Some(seen) = callback_failed(trace, CallbackKind::Start) {
        return seen;
    }
    let returned = trace.time_of(|moment| *moment == Moment::StartReturned).is_some();
    match (returned, trace.done(Rpc::Activate, Duration::ZERO)) {
        (true, _) => ok("it returned OK"),
        (false, Some(_)) => ok("it was taken; ActivateGameServerSession came inside it"),
        (false, None) => missing(trace.gone().unwrap_or_else(|| "it has not returned".into())),
    }
}

fn activate(trace: &Trace) -> Seen {
    if let Some(seen) = without_session(trace) {
        return seen;
    }
    let created = trace.sessions().first().map_or(Duration::ZERO, |(at, _)| *at);
    if let Some(at) = trace.done(Rpc::Activate, created) {
        return ok(format!("it came {} after the session was made", time(at.saturating_sub(created))));
    }
    if let Some(words) = trace.refusal(Rpc::Activate) {
        return wrong(format!("it was refused: {words}"));
    }
    let waited = trace.waited(Expectation::Activate);
    let waited = waited.map_or_else(String::new, |waited| format!(" within {}", time(waited)));
    if matches!(reached(trace), Some(Err(_))) {
        return not_driven("no callback reaches it");
    }
    let gone = trace.gone().filter(|_| trace.told_to_end().is_none());
    let gone = gone.map_or_else(String::new, |words| format!("; {words}"));
    missing(format!("it was not called{waited}{gone}"))
}

fn of_player(trace: &Trace, rpc: Rpc, expectation: Expectation) -> Seen {
    let Some(joined) = trace.time_of(|moment| *moment == Moment::PlayerJoined) else {
        if trace.done(Rpc::Activate, Duration::ZERO).is_none() {
            return not_driven("no session was active");
        }
        return not_driven("no player came; `--client CMD` starts one");
    };
    if let Some(at) = trace.done(rpc, joined) {
        return ok(format!("{rpc} came {} after the player was started", time(at.saturating_sub(joined))));
    }
    if let Some(words) = trace.refusal(rpc) {
        return wrong(format!("{rpc} was refused: {words}"));
    }
    let client = trace.find(|_, moment| match moment {
        Moment::PlayerLeft(words) => Some(format!("; the client {words}")),
        _ => None,
    });
    let waited = trace.waited(expectation);
    let waited = waited.map_or_else(String::new, |waited| format!(" within {}", time(waited)));
    missing(format!("{rpc} was not called{waited}{}", client.unwrap_or_default()))
}

fn end_session(trace: &Trace) -> Seen {
    if trace.done(Rpc::Activate, Duration::ZERO).is_none() {
        return not_driven("no session was active");
    }
    if let Some(at) = trace.done(Rpc::Terminate, Duration::ZERO) {
        let told = trace.told_to_end().is_some_and(|told| told <= at);
        return ok(if told { "when it was told to end" } else { "by itself" });
    }
    match trace.refusal(Rpc::Terminate) {
        Some(words) => wrong(format!("TerminateGameServerSession was refused: {words}")),
        None => missing("TerminateGameServerSession was not called"),
    }
}

fn reuse(trace: &Trace) -> Seen {
    if trace.done(Rpc::Activate, Duration::ZERO).is_none() {
        return not_driven("no session was active");
    }
    let sessions = trace.sessions();
    let Some((created, second)) = sessions.get(1) else {
        let waited = trace.waited(Expectation::Reuse);
        return not_driven(match waited {
            Some(waited) => format!("its first session did not end by itself within {}", time(waited)),
            None => "its first session did not end by itself".into(),
        });
    };
    let activated = trace.find(|at, moment| match moment {
        Moment::Called { rpc: Rpc::Activate, session, refusal: None } if session == *second => Some(at),
        _ => None,
    });
    match activated {
        Some(at) => ok(format!(
            "its second session was active {} after it was made",
            time(at.saturating_sub(*created))
        )),
        None => {
            let after = |failed: Option<String>| failed.map_or(String::new(), |words| format!(": {words}"));
            let failed = trace.failed(CallbackKind::Start).map(failure_words);
            let refused = trace.refusal(Rpc::Activate).map(str::to_owned);
            wrong(format!(
                "its second session was not activated{}",
                after(failed.or(refused).or_else(|| trace.gone()))
            ))
        }
    }
}

fn terminate(trace: &Trace) -> Seen {
    let Some(told) = trace.told_to_end() else {
        return if trace.is_ready() {
            not_driven(trace.gone().unwrap_or_else(|| "it was not told to end".into()))
        } else {
            not_ready()
        };
    };
    if trace.time_of(|moment| *moment == Moment::TerminateReturned).is_some() {
        return ok("it was answered");
    }
    let ended = trace.time_of(|moment| *moment == Moment::Ending).is_some_and(|at| at >= told);
    let exited = matches!(trace.end(), Some((_, ProcessEnd::Clean | ProcessEnd::Terminated)));
    if ended || exited {
        return ok("the process ended in it");
    }
    callback_failed(trace, CallbackKind::Terminate)
        .unwrap_or_else(|| missing("OnProcessTerminate was not answered"))
}

fn ending(trace: &Trace) -> Seen {
    if !trace.is_ready() {
        return not_ready();
    }
    if let Some(at) = trace.time_of(|moment| *moment == Moment::Ending) {
        let told = trace.told_to_end().filter(|told| *told <= at);
        return ok(match told {
            Some(told) => format!("it came {} after OnProcessTerminate", time(at.saturating_sub(told))),
            None => "by itself".into(),
        });
    }
    match trace.refusal(Rpc::ProcessEnding) {
        Some(words) => wrong(format!("ProcessEnding was refused: {words}")),
        None => missing(trace.gone().unwrap_or_else(|| "ProcessEnding was not called".into())),
    }
}

fn exit(trace: &Trace) -> Seen {
    if trace.is_attached {
        return not_driven("it was started by somebody else, so its end is not seen");
    }
    // Why it went before that is told already.
    if !trace.is_ready() {
        return not_ready();
    }
    let Some((at, end)) = trace.end() else { return missing("it is still there") };
    match end {
        ProcessEnd::Clean => {
            let ending = trace.time_of(|moment| *moment == Moment::Ending).unwrap_or(at);
            ok(format!("{} after ProcessEnding", time(at.saturating_sub(ending))))
        }
        ProcessEnd::Terminated => ok("it exited when it was told to"),
        ProcessEnd::NoContact
        | ProcessEnd::NotReady
        | ProcessEnd::InvalidPath(_)
        | ProcessEnd::NotExecutable(_)
        | ProcessEnd::Lost
        | ProcessEnd::Crashed(_)
        | ProcessEnd::ForceTerminated
        | ProcessEnd::UnhealthyTerminated
        | ProcessEnd::ExitTimeout => wrong(end_words(end)),
    }
}

fn calls(trace: &Trace) -> Seen {
    let mut refused: Vec<String> = Vec::new();
    let mut count = 0;
    for (_, moment) in &trace.moments {
        let words = match moment {
            Moment::Called { rpc, refusal: Some(words), .. } | Moment::Refused { rpc, words, .. } => {
                format!("{rpc}: {words}")
            }
            Moment::Ready { refusal: Some(words), .. } => format!("ProcessReady: {words}"),
            _ => continue,
        };
        count += 1;
        if refused.len() < QUOTED_MOST && !refused.contains(&words) {
            refused.push(words);
        }
    }
    match count {
        0 if trace.is_ready() => ok("none was refused"),
        0 => not_ready(),
        1 => wrong(format!("refused: {}", refused.join("; "))),
        count => wrong(format!("{count} were refused: {}", refused.join("; "))),
    }
}
