//! The callbacks, and the session that they are about.

use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use gse_proto::grpcsdk as proto;
use gse_proto::grpcsdk::game_server_grpc_sdk_service_server::GameServerGrpcSdkService;
use tokio::sync::broadcast;
use tonic::{Request, Response, Status};

use crate::agent::Agent;
use crate::{FOR_EVER, Options};

/// The game.
pub(crate) struct Game {
    pub(crate) options: Options,
    pub(crate) agent: Agent,
    session: Mutex<Sessions>,
    /// What is said to all.
    pub(crate) voices: broadcast::Sender<String>,
    health_checks: AtomicU32,
}

#[derive(Default)]
struct Sessions {
    first: Option<String>,
    current: Option<String>,
    players: u32,
}

impl Game {
    pub(crate) fn new(options: Options, agent: Agent) -> Self {
        let (voices, health_checks) = (broadcast::Sender::new(100), AtomicU32::new(0));
        Self { options, agent, session: Mutex::default(), voices, health_checks }
    }

    fn sessions<R>(&self, look: impl FnOnce(&mut Sessions) -> R) -> R {
        look(&mut self.session.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The id that goes into calls.
    pub(crate) fn session(&self) -> Option<String> {
        let stale = self.options.has("stale-session");
        self.sessions(|sessions| if stale { sessions.first.clone() } else { sessions.current.clone() })
    }

    /// A player came.
    pub(crate) fn came(&self) {
        self.sessions(|sessions| sessions.players += 1);
    }

    /// A player left. A match is over when the last one has.
    pub(crate) async fn left(&self) {
        let is_empty = self.sessions(|sessions| {
            sessions.players = sessions.players.saturating_sub(1);
            sessions.players == 0
        });
        if is_empty && let Some(session) = self.session() {
            // What is refused was written out.
            let _ = self.agent.terminate_session(&session).await;
            self.sessions(|sessions| sessions.current = None);
        }
    }

    /// The match is over.
    pub(crate) async fn end(&self) -> bool {
        let Some(session) = self.session() else { return false };
        self.note(&format!("{session} is over"));
        let is_done = self.agent.terminate_session(&session).await.is_ok();
        self.sessions(|sessions| sessions.current = None);
        is_done
    }

    /// For those outside who wait for some of them.
    fn tell_health_checks(&self, count: u32) {
        let (agent, count) = (self.agent.clone(), i32::try_from(count).unwrap_or(i32::MAX));
        tokio::spawn(async move { agent.custom_counts(count, i32::MAX).await });
    }

    /// A line for the file that is uploaded.
    fn note(&self, line: &str) {
        if let Some(directory) = &self.options.log {
            let written = std::fs::create_dir_all(directory)
                .and_then(|()| {
                    File::options().create(true).append(true).open(format!("{directory}/game.log"))
                })
                .and_then(|mut file| writeln!(file, "{line}"));
            written.unwrap_or_else(|error| eprintln!("the log cannot be written: {error}"));
        }
    }

    /// What the generated base class says.
    fn is_implemented(&self) -> Result<(), Status> {
        if self.options.has("unimplemented") { Err(Status::unimplemented("")) } else { Ok(()) }
    }
}

#[tonic::async_trait]
impl GameServerGrpcSdkService for Game {
    async fn on_health_check(
        &self,
        _request: Request<proto::HealthCheckRequest>,
    ) -> Result<Response<proto::HealthCheckResponse>, Status> {
        self.is_implemented()?;
        if self.options.has("health-hangs") {
            tokio::time::sleep(FOR_EVER).await;
        }
        let earlier = self.health_checks.fetch_add(1, Ordering::Relaxed);
        if self.options.has("health-recovers") {
            self.tell_health_checks(earlier + 1);
        }
        let health_status =
            !(self.options.has("health-false") || self.options.has("health-recovers") && earlier < 2);
        Ok(Response::new(proto::HealthCheckResponse { health_status }))
    }

    async fn on_start_game_server_session(
        &self,
        request: Request<proto::StartGameServerSessionRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        self.is_implemented()?;
        let session = request.into_inner().game_server_session.unwrap_or_default().game_server_session_id;
        if self.options.has("crash-on-session") {
            crate::crash();
        }
        if self.options.has("start-fails") {
            return Err(Status::unknown("no memory for the map"));
        }
        if self.options.has("start-hangs") {
            tokio::time::sleep(FOR_EVER).await;
        }
        let is_second = self.sessions(|sessions| {
            let is_second = sessions.first.is_some();
            sessions.first.get_or_insert_with(|| session.clone());
            sessions.current = Some(session.clone());
            is_second
        });
        if is_second && self.options.has("no-reuse") {
            return Err(Status::resource_exhausted("one match is enough"));
        }
        let (agent, session) = (self.agent.clone(), self.session().unwrap_or(session));
        if !self.options.has("no-activate") {
            let delay = Duration::from_secs(self.options.activate_delay_s);
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                agent.activate(&session).await
            });
        }
        Ok(Response::new(proto::GseResponse::default()))
    }

    async fn on_process_terminate(
        &self,
        _request: Request<proto::ProcessTerminateRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        self.is_implemented()?;
        if self.options.has("no-ending") {
            std::process::exit(0);
        }
        if !self.options.has("ignores-terminate") {
            let session = self.sessions(|sessions| sessions.current.take());
            let (agent, goes_on) = (self.agent.clone(), self.options.has("does-not-exit"));
            tokio::spawn(async move {
                if let Some(session) = session {
                    let _ = agent.terminate_session(&session).await;
                }
                let _ = agent.ending().await;
                if !goes_on {
                    std::process::exit(0);
                }
            });
        }
        Ok(Response::new(proto::GseResponse::default()))
    }
}
