//! A fake game server: what it does by itself, and what it answers. Its manners are drawn when it is started.
//!
//! It speaks the nine calls and three callbacks of server-sdk.md, and takes itself at its word: it plays a session from
//! OnStartGameServerSession until it has called TerminateGameServerSession or ProcessEnding.

use gse_core::id::{GameServerSessionId, InstanceId, PlayerSessionId, ProcessId};
use gse_core::supervisor::{CallbackOutcome, Caller, RpcRequest};

use crate::random::Random;

/// How it behaves.
#[derive(Clone, Debug)]
pub struct Manners {
    /// From its start to ProcessReady; `None`: never.
    pub ready_after_ms: Option<u64>,
    /// It claims a gRPC port that another process has.
    pub clashes: bool,
    /// It calls ProcessReady a second time.
    pub ready_twice: bool,
    /// From OnStartGameServerSession to ActivateGameServerSession; `None`: never.
    pub activates_after_ms: Option<u64>,
    /// It refuses OnStartGameServerSession.
    pub refuses_start: bool,
    /// maxPlayers of ActivateGameServerSession.
    pub max_players: i32,
    /// It answers health checks with false.
    pub ill: bool,
    /// It does nothing when it is told to end.
    pub ignores_termination: bool,
    /// It crashes this long after its start.
    pub crashes_after_ms: Option<u64>,
    /// How long it plays.
    pub plays_ms: u64,
    /// After a session: it ends itself instead of waiting for the next one.
    pub one_session: bool,
    /// It does not exit after ProcessEnding.
    pub lingers: bool,
    /// Moments that it names in each session; 16 may be kept.
    pub names: u64,
}

impl Manners {
    /// Manners of a server as it should be, with some variety.
    pub fn good(random: &mut Random) -> Self {
        Self {
            ready_after_ms: Some(random.within(20, 900)),
            clashes: false,
            ready_twice: random.in_thousand(100),
            activates_after_ms: Some(random.within(0, 600)),
            refuses_start: false,
            max_players: if random.in_thousand(200) {
                i32::try_from(random.within(1, 4)).unwrap_or(1)
            } else {
                0
            },
            ill: false,
            ignores_termination: false,
            crashes_after_ms: None,
            plays_ms: random.within(300, 20_000),
            one_session: random.in_thousand(300),
            lingers: false,
            names: 0,
        }
        .naming()
    }

    /// A few moments, and now and then too many.
    fn naming(mut self) -> Self {
        self.names = if self.plays_ms % 10 == 0 { 20 } else { self.plays_ms % 3 };
        self
    }

    /// Something is wrong with it.
    pub fn bad(random: &mut Random) -> Self {
        let mut manners = Self::good(random);
        for _ in 0..random.within(1, 2) {
            match random.within(0, 9) {
                0 => manners.ready_after_ms = None,
                1 => manners.clashes = true,
                2 | 3 => manners.activates_after_ms = None,
                4 => manners.refuses_start = true,
                5 => manners.ill = true,
                6 => manners.ignores_termination = true,
                7 => manners.crashes_after_ms = Some(random.within(0, 20_000)),
                8 => manners.lingers = true,
                _ => manners.activates_after_ms = Some(random.within(1_000, 25_000)),
            }
        }
        manners
    }

    /// What was wrong with it is over.
    pub fn heal(&mut self) {
        self.ill = false;
        self.ignores_termination = false;
        self.refuses_start = false;
        self.lingers = false;
        self.plays_ms = self.plays_ms.min(5_000);
    }
}

/// What it means to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a call or an end of the process")]
pub enum Intent {
    Ready,
    Activate(GameServerSessionId),
    Accept(GameServerSessionId, PlayerSessionId),
    Remove(GameServerSessionId, PlayerSessionId),
    Milestone(GameServerSessionId, u64),
    Terminate(GameServerSessionId),
    Ending,
    Crash,
    Exit,
}

/// The session that it plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Play {
    /// Which.
    pub session: GameServerSessionId,
    /// The control plane said yes to ActivateGameServerSession.
    pub active: bool,
}

/// One game server process.
#[derive(Clone, Debug)]
pub struct GameServer {
    /// The record that the agent made for it.
    pub process: ProcessId,
    /// Where it runs.
    pub instance: InstanceId,
    /// What it was started from.
    pub program: String,
    /// The operating system's number.
    pub pid: u32,
    /// GSE_PROCESS_TOKEN.
    pub token: String,
    /// How it behaves.
    pub manners: Manners,
    /// What it plays.
    pub play: Option<Play>,
    /// ProcessReady was answered with OK.
    pub is_ready: bool,
    /// It does nothing.
    pub hangs: bool,
    /// OnProcessTerminate was called.
    pub told_to_end: bool,
    /// It called ProcessEnding.
    pub is_ending: bool,
}

/// What a callback makes it do.
#[derive(Debug, Default)]
pub struct Reaction {
    /// The answer, after so many milliseconds; `None`: it never answers.
    pub answer: Option<(u64, CallbackOutcome)>,
    /// What it will do by itself, and after how many milliseconds.
    pub intents: Vec<(u64, Intent)>,
}

impl GameServer {
    /// How it identifies itself.
    pub fn caller(&self, request: u64) -> Caller {
        Caller {
            pid: Some(self.pid.to_string()),
            request_id: format!("request-{request}"),
            token: Some(self.token.clone()),
            ancestors: vec![],
            started: None,
            ..Caller::default()
        }
    }

    /// It begins to do it: whoever says that a session is over does not play it any more, whatever the answer.
    pub fn begin(&mut self, intent: &Intent) {
        let over = match intent {
            Intent::Terminate(session) => self.play.as_ref().is_some_and(|play| play.session == *session),
            Intent::Ending => true,
            Intent::Ready
            | Intent::Activate(_)
            | Intent::Accept(..)
            | Intent::Remove(..)
            | Intent::Milestone(..)
            | Intent::Crash
            | Intent::Exit => false,
        };
        if over {
            self.play = None;
        }
        self.is_ending |= *intent == Intent::Ending;
    }

    /// The call of an intent; ends of the process are none.
    pub fn request(&self, intent: &Intent, grpc_port: u16) -> Option<RpcRequest> {
        Some(match intent {
            Intent::Ready => RpcRequest::ProcessReady {
                log_paths: vec![],
                client_port: i32::from(grpc_port) + 10_000,
                grpc_port: i32::from(grpc_port),
            },
            Intent::Activate(session) => {
                RpcRequest::Activate { session: session.to_string(), max_players: self.manners.max_players }
            }
            Intent::Accept(session, player) => {
                RpcRequest::AcceptPlayer { session: session.to_string(), player_session: player.to_string() }
            }
            Intent::Remove(session, player) => {
                RpcRequest::RemovePlayer { session: session.to_string(), player_session: player.to_string() }
            }
            Intent::Milestone(session, number) => {
                RpcRequest::Milestone { session: session.to_string(), name: format!("moment-{number}") }
            }
            Intent::Terminate(session) => RpcRequest::Terminate { session: session.to_string() },
            Intent::Ending => RpcRequest::ProcessEnding,
            Intent::Crash | Intent::Exit => return None,
        })
    }

    /// OnHealthCheck.
    pub fn on_health(&self) -> Reaction {
        if self.hangs {
            return Reaction::default();
        }
        Reaction { answer: Some((2, CallbackOutcome::Health(!self.manners.ill))), intents: vec![] }
    }

    /// OnStartGameServerSession. `Err`: it was given a session while it plays another one.
    pub fn on_start(&mut self, session: &GameServerSessionId) -> Result<Reaction, GameServerSessionId> {
        // Not even the one that it plays: repeated orders end at the agent (P8).
        if let Some(play) = &self.play {
            return Err(play.session.clone());
        }
        if self.hangs {
            return Ok(Reaction::default());
        }
        if self.manners.refuses_start {
            let outcome = CallbackOutcome::Rejected("no".into());
            return Ok(Reaction { answer: Some((3, outcome)), intents: vec![] });
        }
        self.play = Some(Play { session: session.clone(), active: false });
        let activate =
            self.manners.activates_after_ms.map(|after_ms| (after_ms, Intent::Activate(session.clone())));
        Ok(Reaction { answer: Some((5, CallbackOutcome::Done)), intents: activate.into_iter().collect() })
    }

    /// OnProcessTerminate: it ends at once when it plays nothing, else after its game.
    pub fn on_terminate(&mut self) -> Reaction {
        if self.hangs {
            return Reaction::default();
        }
        self.told_to_end = true;
        let ends = !self.manners.ignores_termination && self.play.as_ref().is_none_or(|play| !play.active);
        let intents = if ends { vec![(50, Intent::Ending)] } else { vec![] };
        Reaction { answer: Some((2, CallbackOutcome::Done)), intents }
    }

    /// A call was answered; what it does next.
    pub fn on_answer(&mut self, intent: &Intent, ok: bool) -> Vec<(u64, Intent)> {
        match intent {
            Intent::Ready if ok => {
                let again = self.manners.ready_twice && !self.is_ready;
                self.is_ready = true;
                if again { vec![(100, Intent::Ready)] } else { vec![] }
            }
            Intent::Activate(session) => {
                let Some(play) = self.play.as_mut().filter(|play| play.session == *session) else {
                    return vec![];
                };
                if ok {
                    play.active = true;
                    let mut next = vec![(self.manners.plays_ms, Intent::Terminate(session.clone()))];
                    if self.manners.names > 0 {
                        next.push((3, Intent::Milestone(session.clone(), 1)));
                    }
                    next
                } else {
                    // Too late: the control plane ends this process (G-7).
                    self.play = None;
                    vec![]
                }
            }
            Intent::Milestone(session, number) if ok && *number < self.manners.names => {
                let is_played = self.play.as_ref().is_some_and(|play| play.session == *session);
                if is_played { vec![(3, Intent::Milestone(session.clone(), number + 1))] } else { vec![] }
            }
            Intent::Terminate(_) => {
                let leaves =
                    self.manners.one_session || (self.told_to_end && !self.manners.ignores_termination);
                if leaves { vec![(20, Intent::Ending)] } else { vec![] }
            }
            Intent::Ending if !self.manners.lingers => vec![(100, Intent::Exit)],
            Intent::Ready
            | Intent::Ending
            | Intent::Accept(..)
            | Intent::Remove(..)
            | Intent::Milestone(..)
            | Intent::Crash
            | Intent::Exit => vec![],
        }
    }
}
