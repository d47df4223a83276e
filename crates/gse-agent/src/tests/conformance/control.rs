//! The control plane behind the agent: the real core with rows in memory, one owner task, and a clock that a test may
//! stop. What gse-server does with a store, an engine and a backend.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gse_core::capacity::UpdateFleetCapacity;
use gse_core::game_server_session::{
    CreateGameServerSession, GameServerSession, GameServerSessionStatus, Target,
};
use gse_core::id::{FleetId, GameServerSessionId, PlayerSessionId, Region, Scope, Uin};
use gse_core::player_session::{JoinGameServerSession, Joining, PlayerSession, PlayerSessionStatus};
use gse_core::{Clocks, Command, ControlPlane, Cx, Error, Quotas, State, Step, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::host::DEADLINE;
use crate::random::RandomIds;
use crate::{AgentHandle, UplinkMessage};

type Job = Box<dyn FnOnce(&mut Core) + Send>;

/// What the owner task owns.
struct Core {
    control_plane: ControlPlane,
    /// How many zips with the logs of a session were stored.
    logs: u32,
    clocks: Clocks,
    quotas: Quotas,
    ids: RandomIds,
    agent: AgentHandle,
    /// Stopped at this time.
    stopped: Option<Timestamp>,
    /// Whether what is due happens by itself.
    timers: bool,
}

/// What callers of the cloud API can do.
#[derive(Clone)]
pub(super) struct Control {
    jobs: mpsc::Sender<Job>,
    steps: watch::Receiver<u64>,
}

pub(super) fn scope() -> Scope {
    Scope { uin: Uin::new("100000000001"), region: Region::new("ap-shanghai") }
}

impl Core {
    fn now(&self) -> Timestamp {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        self.stopped.unwrap_or(Timestamp::from_millis(i64::try_from(real.as_millis()).unwrap()))
    }

    fn step<R>(&mut self, run: impl FnOnce(&mut ControlPlane, Cx<'_>) -> Step<R>) -> R {
        let now = self.now();
        let cx = Cx::new(now, &mut self.ids, &self.clocks, &self.quotas);
        let step = run(&mut self.control_plane, cx);
        for reason in step.reasons {
            tracing::info!(reason, "step");
        }
        for (instance, order) in step.orders {
            self.agent.send(instance, order);
        }
        step.reply
    }

    fn resync(&mut self) {
        let now = self.now();
        let cx = Cx::new(now, &mut self.ids, &self.clocks, &self.quotas);
        let instances: Vec<_> = self.control_plane.state().instances.values().map(|row| &row.id).collect();
        let orders: Vec<_> = instances.iter().flat_map(|id| self.control_plane.resync(&cx, id)).collect();
        for (instance, order) in orders {
            self.agent.send(instance, order);
        }
    }

    fn take(&mut self, message: UplinkMessage) {
        match message {
            UplinkMessage::Report { report, reply } => {
                let answer = self.step(|control_plane, cx| control_plane.on_report(cx, report));
                let _ = reply.send(answer);
            }
            // Kept nowhere; which one it is says how many there were.
            UplinkMessage::KeepLog { reply, .. } => {
                self.logs += 1;
                let _ = reply.send(Ok(gse_core::id::BlobId::new(format!("log-{}", self.logs))));
            }
            UplinkMessage::Measured { .. } => {}
            UplinkMessage::PlayerSessions { query, reply } => {
                let state = self.control_plane.state();
                let _ = reply.send(gse_core::player_session::describe_for_process(state, &query));
            }
        }
    }

    async fn run(
        mut self,
        mut jobs: mpsc::Receiver<Job>,
        mut uplink: mpsc::Receiver<UplinkMessage>,
        steps: watch::Sender<u64>,
    ) {
        let mut resync = tokio::time::interval(self.clocks.host_resync);
        loop {
            let wakeup = self.control_plane.next_wakeup().filter(|_| self.timers);
            let pause = wakeup.map_or(DEADLINE, |at| at.since(self.now()));
            tokio::select! {
                Some(job) = jobs.recv() => job(&mut self),
                message = uplink.recv() => match message {
                    Some(message) => self.take(message),
                    // The agent has ended.
                    None => return,
                },
                _ = resync.tick() => self.resync(),
                () = tokio::time::sleep(pause), if self.timers => self.step(ControlPlane::on_timer),
            }
            steps.send_modify(|step| *step += 1);
        }
    }
}

impl Control {
    /// Answers an agent, until it is gone.
    pub(super) fn behind(
        agent: AgentHandle,
        uplink: mpsc::Receiver<UplinkMessage>,
        clocks: Clocks,
    ) -> (Self, JoinHandle<()>) {
        let (jobs, queue) = mpsc::channel(64);
        let (step, steps) = watch::channel(0);
        let core = Core {
            control_plane: ControlPlane::default(),
            logs: 0,
            clocks,
            quotas: Quotas::default(),
            ids: RandomIds,
            agent,
            stopped: None,
            timers: true,
        };
        (Self { jobs, steps }, tokio::spawn(core.run(queue, uplink, step)))
    }

    async fn with<R: Send + 'static>(&self, job: impl FnOnce(&mut Core) -> R + Send + 'static) -> R {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |core| drop(reply.send(job(core))));
        assert!(self.jobs.send(job).await.is_ok(), "the core runs");
        timeout(DEADLINE, answer).await.expect("an answer in time").expect("the core runs")
    }

    pub(super) async fn apply<C>(&self, command: C) -> Result<C::Reply, Error>
    where
        C: Command,
    {
        self.with(move |core| core.step(|control_plane, cx| control_plane.apply(cx, command))).await
    }

    pub(super) async fn read<R: Send + 'static>(&self, read: impl FnOnce(&State) -> R + Send + 'static) -> R {
        self.with(move |core| read(core.control_plane.state())).await
    }

    /// Stops the clock of the control plane at a time; the agent's goes on. What is due then has happened.
    pub(super) async fn stop_clock(&self, at: Timestamp) {
        self.with(move |core| {
            core.stopped = Some(at);
            core.step(ControlPlane::on_timer);
        })
        .await;
    }

    /// As `stop_clock`, but nothing happens by itself any more.
    pub(super) async fn stop_clock_and_timers(&self, at: Timestamp) {
        self.with(move |core| (core.stopped, core.timers) = (Some(at), false)).await;
    }

    /// Waits until something has happened, or a moment.
    pub(super) async fn next_step(&self) {
        let mut steps = self.steps.clone();
        steps.mark_unchanged();
        let _ = timeout(Duration::from_millis(5), steps.changed()).await;
    }

    /// Waits until the rows say so.
    pub(super) async fn until<R: Send + 'static>(
        &self,
        read: impl Fn(&State) -> Option<R> + Send + Sync + Clone + 'static,
    ) -> R {
        let mut steps = self.steps.clone();
        let wait = async {
            loop {
                steps.mark_unchanged();
                if let Some(value) = self.read(read.clone()).await {
                    return value;
                }
                steps.changed().await.expect("the core runs");
            }
        };
        timeout(DEADLINE, wait).await.expect("the rows in time")
    }

    pub(super) async fn create(&self, fleet: &FleetId) -> Result<GameServerSession, Error> {
        self.create_for(fleet, 10).await
    }

    pub(super) async fn create_for(
        &self,
        fleet: &FleetId,
        max_players: u32,
    ) -> Result<GameServerSession, Error> {
        self.apply(CreateGameServerSession {
            scope: scope(),
            target: Target { fleet: Some(fleet.clone()), alias: None },
            max_players,
            creator: String::new(),
            properties: vec![],
            data: String::new(),
            custom_id: None,
            idempotency_token: None,
            name: String::new(),
        })
        .await
    }

    pub(super) async fn join(
        &self,
        session: &GameServerSessionId,
        player: &str,
    ) -> Result<PlayerSession, Error> {
        let players = vec![Joining { player: player.into(), data: String::new() }];
        let joined =
            self.apply(JoinGameServerSession { scope: scope(), session: session.clone(), players }).await?;
        Ok(joined.into_iter().next().expect("one seat for one player"))
    }

    /// The session, without what was observed of it for people.
    pub(super) async fn session(&self, id: &GameServerSessionId) -> GameServerSession {
        let id = id.clone();
        self.read(move |state| {
            let mut session = state.game_server_sessions.get(&id).unwrap().clone();
            session.observations = Default::default();
            session
        })
        .await
    }

    pub(super) async fn player(&self, id: &PlayerSessionId) -> PlayerSessionStatus {
        let id = id.clone();
        self.read(move |state| state.player_sessions.get(&id).unwrap().status).await
    }

    /// The session when it is in that state.
    pub(super) async fn until_status(
        &self,
        id: &GameServerSessionId,
        status: GameServerSessionStatus,
    ) -> GameServerSession {
        let id = id.clone();
        self.until(move |state| {
            state.game_server_sessions.get(&id).filter(|session| session.status == status).cloned()
        })
        .await
    }

    /// The event codes of a fleet, oldest first.
    pub(super) async fn events(&self, fleet: &FleetId) -> Vec<&'static str> {
        let fleet = fleet.clone();
        self.read(move |state| event_codes(state, &fleet)).await
    }

    /// Waits for an event of a fleet.
    pub(super) async fn until_event(&self, fleet: &FleetId, code: &'static str) {
        let fleet = fleet.clone();
        self.until(move |state| event_codes(state, &fleet).contains(&code).then_some(())).await;
    }

    /// Scale-in to nothing.
    pub(super) async fn scale_in(&self, fleet: &FleetId) {
        let capacity = UpdateFleetCapacity {
            scope: scope(),
            fleet: fleet.clone(),
            desired: Some(0),
            min: None,
            max: None,
            scaling_interval_minutes: None,
        };
        self.apply(capacity).await.unwrap();
    }
}

fn event_codes(state: &State, fleet: &FleetId) -> Vec<&'static str> {
    let mut events: Vec<_> = state.events.values().filter(|event| event.fleet == *fleet).collect();
    events.sort_by_key(|event| event.sequence);
    events.iter().map(|event| event.code.as_str()).collect()
}
