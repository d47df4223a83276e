//! The life that a game server is taken through, and the trace of it. Nothing is judged here.

use std::collections::BTreeSet;
use std::time::Duration;

use gse_core::conformance::{Expectation, Moment, Trace};
use gse_core::host::ReportKind;
use gse_core::id::{GameServerSessionId, ProcessId};
use gse_core::observation::{Observation, Rpc};
use gse_core::supervisor::CallbackKind;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Plan;
use super::player::Player;
use super::service::{Service, TERMINATION};
use crate::failure::Failure;

/// A health check is made each second and may take five; a port that nobody listens on is tried for fifteen.
const HEALTH: Duration = Duration::from_secs(25);
/// How long a player may take to be seen leaving.
const LEAVING: Duration = Duration::from_secs(10);
/// How long the end of a match is waited for when nobody asked for a second session.
const END_OF_MATCH: Duration = Duration::from_secs(3);
/// From the deadline of the end to the kill that follows, and what it takes to be told.
const KILL: Duration = Duration::from_secs(15);
/// How long calls that come with the answer of another may be behind it.
const SOON: Duration = Duration::from_millis(500);

/// One life of one game server, as far as it has come.
struct Life {
    service: Service,
    start: Instant,
    trace: Trace,
    /// The process that is looked at: the first that says a word.
    process: Option<ProcessId>,
    /// Processes that were launched; an attached game server is none of them.
    launched: BTreeSet<ProcessId>,
}

/// Takes a game server through a life; `None`: it was interrupted. Whatever happens, everything that was started is gone
/// in the end.
pub(super) async fn drive(
    plan: &Plan,
    interrupted: impl Future<Output = ()>,
) -> Result<Option<Trace>, Failure> {
    let service = Service::start(plan).await?;
    let trace = Trace { moments: Vec::new(), is_attached: plan.is_attached };
    let mut life = Life { service, start: Instant::now(), trace, process: None, launched: BTreeSet::new() };
    let lived = tokio::select! {
        lived = life.live(plan) => Some(lived),
        () = interrupted => None,
    };
    let Life { service, trace, .. } = life;
    service.stop().await?;
    lived.transpose().map(|lived| lived.map(|()| trace))
}

impl Life {
    async fn live(&mut self, plan: &Plan) -> Result<(), Failure> {
        let fleet = self.service.deploy(plan).await?;
        if plan.is_attached {
            self.open_the_door().await;
        }
        if !self.wait(Expectation::Ready, plan.timeout + KILL, is_ready).await {
            return Ok(());
        }
        self.wait(Expectation::Health, HEALTH.min(plan.timeout), is_health).await;
        if let Some(session) = self.session(&fleet, plan, is_settled).await? {
            self.play(plan, &session).await?;
            self.play_again(plan, &fleet).await?;
        }
        self.end(&fleet).await
    }

    /// A game server that somebody else starts joins an instance, so there has to be one.
    async fn open_the_door(&mut self) {
        while self.launched.is_empty() {
            let Some(witnessed) = self.service.witness.recv().await else { return };
            self.take(&witnessed.report.kind, witnessed.answer);
        }
        eprintln!("waiting for a game server that calls the agent at {}", self.service.agent);
    }

    /// Makes a session, and waits until it is active or never will be; its id, if it is active.
    async fn session(
        &mut self,
        fleet: &str,
        plan: &Plan,
        settled: fn(&Moment) -> bool,
    ) -> Result<Option<String>, Failure> {
        if self.is_over() {
            return Ok(None);
        }
        let request = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 4, "Name": "conformance"});
        let session = match self.service.call("CreateGameServerSession", request).await {
            Ok(answer) => {
                answer["GameServerSession"]["GameServerSessionId"].as_str().unwrap_or_default().to_owned()
            }
            Err(failure) => {
                let words = failure.to_string().lines().next().unwrap_or_default().to_owned();
                self.note(Moment::SessionRefused(words));
                return Ok(None);
            }
        };
        self.note(Moment::SessionCreated(GameServerSessionId::new(session.clone())));
        let waited = self.wait(Expectation::Activate, plan.timeout, settled).await;
        let is_failure =
            |moment: &Moment| matches!(moment, Moment::CallbackFailed { callback: CallbackKind::Start, .. });
        if !self.is_over() && (!waited || self.has_seen(is_failure)) {
            // P10: the service sees to that by itself.
            self.note(Moment::ToldToEnd);
        }
        // What OnStartGameServerSession answers comes after an activation inside it.
        self.listen(SOON).await;
        let is_active = |moment: &Moment| matches!(moment, Moment::Called { rpc: Rpc::Activate, session: named, refusal: None } if named.as_str() == session);
        Ok(self.has_seen(is_active).then_some(session))
    }

    /// A player comes and goes.
    async fn play(&mut self, plan: &Plan, session: &str) -> Result<(), Failure> {
        let Some(client) = &plan.client else { return Ok(()) };
        if self.is_over() {
            return Ok(());
        }
        let request = json!({"GameServerSessionId": session, "PlayerId": "conformance"});
        let seat: Value = self.service.call("JoinGameServerSession", request).await?["PlayerSession"].clone();
        let mut player = Player::start(client, &seat)?;
        self.note(Moment::PlayerJoined);
        let deadline = Instant::now() + plan.timeout;
        let left = loop {
            tokio::select! {
                left = player.ended() => break left,
                () = tokio::time::sleep_until(deadline) => break format!("was still there after {} s", plan.timeout.as_secs()),
                witnessed = self.service.witness.recv() => match witnessed {
                    Some(witnessed) => self.take(&witnessed.report.kind, witnessed.answer),
                    None => return Ok(()),
                },
            }
        };
        drop(player);
        self.note(Moment::PlayerLeft(left));
        self.wait(Expectation::Accept, LEAVING, |moment| is_call(moment, Rpc::AcceptPlayer)).await;
        if self.has_seen(|moment| is_call(moment, Rpc::AcceptPlayer)) {
            self.wait(Expectation::Remove, LEAVING, |moment| is_call(moment, Rpc::RemovePlayer)).await;
        }
        Ok(())
    }

    /// A game server that ended its session gets another one.
    async fn play_again(&mut self, plan: &Plan, fleet: &str) -> Result<(), Failure> {
        let asked =
            [Expectation::Reuse, Expectation::EndSession].iter().any(|one| plan.required.contains(one));
        let patience = if asked { plan.timeout } else { END_OF_MATCH.min(plan.timeout) };
        let is_end = |moment: &Moment| is_call(moment, Rpc::Terminate);
        if !self.wait(Expectation::Reuse, patience, is_end).await {
            return Ok(());
        }
        // One that plays a single match goes now.
        self.listen(SOON).await;
        let settled = |moment: &Moment| is_settled(moment);
        self.session(fleet, plan, settled).await.map(drop)
    }

    /// It is told to end.
    async fn end(&mut self, fleet: &str) -> Result<(), Failure> {
        if self.is_over() || self.has_seen(|moment| *moment == Moment::ToldToEnd) {
            let gone = |moment: &Moment| matches!(moment, Moment::Ended { .. });
            self.wait(Expectation::Exit, TERMINATION + KILL, gone).await;
            return Ok(());
        }
        self.note(Moment::ToldToEnd);
        let request = json!({"FleetId": fleet, "MinSize": 0, "DesiredInstances": 0, "MaxSize": 1});
        self.service.call("UpdateFleetCapacity", request).await?;
        let is_attached = self.trace.is_attached;
        let gone = move |moment: &Moment| {
            matches!(moment, Moment::Ended { .. }) || is_attached && *moment == Moment::Ending
        };
        // Its deadline, then the time that ProcessEnding gives.
        self.wait(Expectation::Exit, TERMINATION * 2 + KILL, gone).await;
        self.listen(SOON).await;
        Ok(())
    }

    /// It has said that it goes, or is gone.
    fn is_over(&self) -> bool {
        self.has_seen(|moment| matches!(moment, Moment::Ending | Moment::Ended { .. }))
    }

    fn has_seen(&self, is_it: impl Fn(&Moment) -> bool) -> bool {
        self.trace.moments.iter().any(|(_, moment)| is_it(moment))
    }

    fn note(&mut self, moment: Moment) {
        self.trace.moments.push((self.start.elapsed(), moment));
    }

    /// Waits until something came since the driver last did something; whether it came. The end of the process ends every
    /// wait.
    async fn wait(&mut self, what: Expectation, patience: Duration, is_it: impl Fn(&Moment) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let is_ours = |moment: &Moment| {
            matches!(moment, Moment::SessionCreated(_) | Moment::PlayerJoined | Moment::ToldToEnd)
        };
        loop {
            let since = self.trace.moments.iter().rev().take_while(|(_, moment)| !is_ours(moment));
            if since.clone().any(|(_, moment)| is_it(moment)) {
                return true;
            }
            if self.has_seen(|moment| matches!(moment, Moment::Ended { .. })) {
                return false;
            }
            match tokio::time::timeout_at(deadline, self.service.witness.recv()).await {
                Ok(Some(witnessed)) => self.take(&witnessed.report.kind, witnessed.answer),
                Ok(None) => return false,
                Err(_) => {
                    self.note(Moment::WaitedFor(what, patience));
                    return false;
                }
            }
        }
    }

    /// Takes what comes for a while.
    async fn listen(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        while let Ok(Some(witnessed)) = tokio::time::timeout_at(deadline, self.service.witness.recv()).await {
            self.take(&witnessed.report.kind, witnessed.answer);
        }
    }

    /// Adds a report of the agent, if it is about the process that is looked at.
    fn take(&mut self, kind: &ReportKind, answer: Option<Result<(), gse_core::error::Error>>) {
        if let ReportKind::Observed { process, observation: Observation::Started { .. } } = kind {
            self.launched.insert(process.clone());
        }
        let refusal = match answer {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(error.to_string()),
            None => Some("the control plane did not answer".into()),
        };
        let Some((process, moment)) = Moment::of_report(kind, refusal) else { return };
        if self.trace.is_attached && self.launched.contains(&process) {
            return;
        }
        if *self.process.get_or_insert_with(|| process.clone()) == process {
            self.note(moment);
        }
    }
}

fn is_ready(moment: &Moment) -> bool {
    matches!(moment, Moment::Ready { refusal: None, .. })
}

fn is_health(moment: &Moment) -> bool {
    matches!(moment, Moment::HealthSucceeded | Moment::CallbackFailed { callback: CallbackKind::Health, .. })
}

fn is_call(moment: &Moment, wanted: Rpc) -> bool {
    matches!(moment, Moment::Called { rpc, .. } if *rpc == wanted)
}

/// A session is active, or will not be.
fn is_settled(moment: &Moment) -> bool {
    is_call(moment, Rpc::Activate)
        || matches!(moment, Moment::CallbackFailed { callback: CallbackKind::Start, .. })
}
