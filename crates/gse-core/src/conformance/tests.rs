use super::*;

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

fn session(name: &str) -> GameServerSessionId {
    GameServerSessionId::new(name)
}

fn called(rpc: Rpc, name: &str) -> Moment {
    Moment::Called { rpc, session: session(name), refusal: None }
}

fn ready() -> Moment {
    Moment::Ready { client_port: 4000, grpc_port: 5000, refusal: None }
}

fn ended(end: ProcessEnd) -> Moment {
    Moment::Ended { end, output: Vec::new() }
}

/// The life of a game server that does everything right.
fn good_life() -> Vec<Moment> {
    vec![
        ready(),
        Moment::HealthSucceeded,
        Moment::SessionCreated(session("one")),
        Moment::StartReturned,
        called(Rpc::Activate, "one"),
        Moment::PlayerJoined,
        called(Rpc::AcceptPlayer, "one"),
        Moment::PlayerLeft("ended with exit status: 0".into()),
        called(Rpc::RemovePlayer, "one"),
        called(Rpc::Terminate, "one"),
        Moment::SessionCreated(session("two")),
        called(Rpc::Activate, "two"),
        Moment::ToldToEnd,
        Moment::TerminateReturned,
        called(Rpc::Terminate, "two"),
        Moment::Ending,
        ended(ProcessEnd::Clean),
    ]
}

fn trace(moments: Vec<Moment>) -> Trace {
    let at = (0..).map(|number| ms(number * 100));
    Trace { moments: at.zip(moments).collect(), is_attached: false }
}

#[track_caller]
fn check(moments: Vec<Moment>, expectation: Expectation, outcome: Outcome, words: &str) {
    let verdicts = judge(&trace(moments), Expectation::ALL);
    let verdict = verdicts.iter().find(|verdict| verdict.expectation == expectation).unwrap();
    assert_eq!(verdict.outcome, outcome, "{verdict:?}");
    assert!(verdict.seen.contains(words), "`{words}` is missing: {}", verdict.seen);
    assert_eq!(verdict.is_failure(), outcome != Outcome::Ok);
}

/// The good life, without what matches.
fn without(unwanted: impl Fn(&Moment) -> bool) -> Vec<Moment> {
    good_life().into_iter().filter(|moment| !unwanted(moment)).collect()
}

/// The good life up to what matches, and then this.
fn until(last: impl Fn(&Moment) -> bool, then: Vec<Moment>) -> Vec<Moment> {
    good_life().into_iter().take_while(|moment| !last(moment)).chain(then).collect()
}

fn failed(callback: CallbackKind, failure: CallbackFailure) -> Moment {
    Moment::CallbackFailed { callback, failure, words: "words".into() }
}

fn calls(moment: &Moment, wanted: Rpc) -> bool {
    matches!(moment, Moment::Called { rpc, .. } if *rpc == wanted)
}

#[test]
fn a_good_life_meets_every_expectation() {
    let verdicts = judge(&trace(good_life()), Expectation::ALL);
    assert_eq!(verdicts.len(), Expectation::ALL.len());
    for verdict in verdicts {
        assert_eq!(verdict.outcome, Outcome::Ok, "{verdict:?}");
    }
    check(good_life(), Expectation::Ready, Outcome::Ok, "clientPort 4000, grpcPort 5000");
    check(good_life(), Expectation::Exit, Outcome::Ok, "100 ms after ProcessEnding");
    check(good_life(), Expectation::EndSession, Outcome::Ok, "by itself");
}

#[test]
fn a_start_that_fails_is_told_by_its_cause() {
    let expectation = Expectation::Ready;
    check(vec![Moment::WaitedFor(expectation, ms(60_000))], expectation, Outcome::Missing, "within 60.0 s");
    let refused = |rpc, words: &str| Moment::Refused { rpc, refusal: Refusal::NotReady, words: words.into() };
    check(
        vec![refused(Rpc::ReportCustomData, "x")],
        expectation,
        Outcome::Missing,
        "called ReportCustomData",
    );
    check(vec![refused(Rpc::ProcessReady, "taken")], expectation, Outcome::Wrong, "refused: taken");
    let crash = ended(ProcessEnd::Crashed("exit status: 3".into()));
    check(vec![crash.clone()], expectation, Outcome::Missing, "exit status: 3");
    // What cannot be seen any more is not held against it twice.
    let later = [
        Expectation::Listening,
        Expectation::Start,
        Expectation::Terminate,
        Expectation::Ending,
        Expectation::Exit,
    ];
    for later in later {
        check(vec![crash.clone()], later, Outcome::NotDriven, "it never was ready");
    }
    check(vec![ready(), crash.clone()], Expectation::Exit, Outcome::Wrong, "exit status: 3");
    // Its trouble is not the contract yet.
    let verdict = |moments| judge(&trace(moments), &[]).remove(0);
    assert!(verdict(vec![crash.clone()]).fix.contains("why it ended"));
    let taken = refused(Rpc::ProcessReady, "taken");
    assert_eq!(verdict(vec![taken, crash]).fix, expectation.fix());
}

#[test]
fn callbacks_that_fail_are_wrong_by_their_kind() {
    let life = |callback, failure| {
        until(|moment| *moment == Moment::HealthSucceeded, vec![failed(callback, failure)])
    };
    let no_connection = life(CallbackKind::Health, CallbackFailure::NoConnection);
    check(no_connection.clone(), Expectation::Listening, Outcome::Wrong, "words");
    check(no_connection, Expectation::Health, Outcome::NotDriven, "no callback reaches it");
    let unimplemented = life(CallbackKind::Health, CallbackFailure::Unimplemented);
    check(unimplemented.clone(), Expectation::Listening, Outcome::Ok, "");
    check(unimplemented, Expectation::Health, Outcome::Wrong, "without overriding");
    let after_session = |moment: Moment| vec![ready(), Moment::SessionCreated(session("one")), moment];
    let start = failed(CallbackKind::Start, CallbackFailure::Failed);
    check(after_session(start), Expectation::Start, Outcome::Wrong, "words");
    let terminate = failed(CallbackKind::Terminate, CallbackFailure::NoAnswer);
    check(vec![ready(), Moment::ToldToEnd, terminate], Expectation::Terminate, Outcome::Wrong, "words");
}

#[test]
fn what_is_not_called_is_missing_and_what_is_refused_is_wrong() {
    for (rpc, expectation) in [
        (Rpc::Activate, Expectation::Activate),
        (Rpc::AcceptPlayer, Expectation::Accept),
        (Rpc::RemovePlayer, Expectation::Remove),
        (Rpc::Terminate, Expectation::EndSession),
    ] {
        check(without(|moment| calls(moment, rpc)), expectation, Outcome::Missing, "not called");
        let refused = |moment: Moment| match moment {
            Moment::Called { rpc: found, session, .. } if found == rpc => {
                Moment::Called { rpc, session, refusal: Some("no such session".into()) }
            }
            other => other,
        };
        let life: Vec<Moment> = good_life().into_iter().map(refused).collect();
        check(life.clone(), expectation, Outcome::Wrong, "refused: no such session");
        check(life, Expectation::Calls, Outcome::Wrong, "no such session");
    }
}

#[test]
fn players_and_second_sessions_need_an_occasion() {
    let life = without(|moment| matches!(moment, Moment::PlayerJoined));
    check(life.clone(), Expectation::Accept, Outcome::NotDriven, "--client");
    check(life, Expectation::Remove, Outcome::NotDriven, "--client");
    let one = until(
        |moment| *moment == Moment::SessionCreated(session("two")),
        vec![Moment::WaitedFor(Expectation::Reuse, ms(3000)), Moment::ToldToEnd],
    );
    check(one, Expectation::Reuse, Outcome::NotDriven, "within 3.0 s");
    let none = without(|moment| calls(moment, Rpc::Activate));
    check(none, Expectation::Reuse, Outcome::NotDriven, "no session was active");
    let stale: Vec<Moment> = good_life()
        .into_iter()
        .map(|moment| match moment {
            Moment::Called { rpc: Rpc::Activate, session: named, .. } if named == session("two") => {
                let refusal = Some("session `one` has ended".into());
                Moment::Called { rpc: Rpc::Activate, session: session("one"), refusal }
            }
            other => other,
        })
        .collect();
    check(stale, Expectation::Reuse, Outcome::Wrong, "session `one` has ended");
}

#[test]
fn the_ways_to_end() {
    let life = |then: Vec<Moment>| until(|moment| *moment == Moment::TerminateReturned, then);
    let killed = life(vec![Moment::TerminateReturned, ended(ProcessEnd::ForceTerminated)]);
    check(killed.clone(), Expectation::Terminate, Outcome::Ok, "answered");
    check(killed.clone(), Expectation::Ending, Outcome::Missing, "killed at its deadline");
    check(killed, Expectation::Exit, Outcome::Wrong, "killed at its deadline");
    let silent = life(vec![ended(ProcessEnd::Terminated)]);
    check(silent.clone(), Expectation::Terminate, Outcome::Ok, "ended in it");
    check(silent.clone(), Expectation::Ending, Outcome::Missing, "without ProcessEnding");
    check(silent, Expectation::Exit, Outcome::Ok, "");
    let stays = life(vec![Moment::Ending, ended(ProcessEnd::ExitTimeout)]);
    check(stays, Expectation::Exit, Outcome::Wrong, "went on, and was killed");
    let attached = Trace { is_attached: true, ..trace(good_life()) };
    let verdicts = judge(&attached, &[]);
    assert!(verdicts.iter().any(|verdict| verdict.outcome == Outcome::NotDriven && !verdict.is_failure()));
}

#[test]
fn usual_expectations_leave_out_what_is_the_games_choice() {
    let names = |has_client| {
        let usual = Expectation::usual(has_client);
        usual.iter().map(|expectation| expectation.as_str()).collect::<Vec<_>>().join(",")
    };
    assert_eq!(names(false), "ready,listening,health,start,activate,terminate,ending,exit,calls");
    assert!(names(true).contains("activate,accept,remove,"));
}
