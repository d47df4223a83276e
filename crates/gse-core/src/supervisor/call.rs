//! The nine active calls: identity, state, form, then the control plane's word (server-sdk.md 4.2 to 4.4).
//!
//! Not here: what is true of sessions and players. The control plane checks that and its answer is the call's.

use crate::error::Error;
use crate::host::{HostReport, ReportKind, SessionCall};
use crate::id::{GameServerSessionId, PlayerSessionId, ProcessId};
use crate::observation::Rpc;
use crate::player_session::{PlayerSessionStatus, ProcessQuery};
use crate::supervisor::identity::Identity;
use crate::supervisor::message::parse_policy;
use crate::supervisor::record::{Phase, Ready};
use crate::supervisor::{CallError, CallId, Caller, Effect, HostCx, RpcRequest, Supervisor, Ticket};
use crate::time::Timestamp;

/// A report that waits for the control plane's word.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The call to answer; `None`: it has waited too long and was told so.
    call: Option<CallId>,
    until: Timestamp,
    process: ProcessId,
    what: What,
}

/// What the answer changes here.
#[derive(Debug)]
pub(super) enum What {
    /// ProcessReady; what to go back to when it is refused.
    Ready {
        before: Option<Ready>,
        first: bool,
    },
    Activate(GameServerSessionId),
    Terminate(GameServerSessionId),
    Milestone(GameServerSessionId, String),
    Ending,
    Nothing,
}

impl RpcRequest {
    /// The session of a session-scoped call; empty text is none.
    fn session(&self) -> Option<GameServerSessionId> {
        match self {
            Self::Activate { session, .. }
            | Self::AcceptPlayer { session, .. }
            | Self::RemovePlayer { session, .. }
            | Self::DescribePlayers { session, .. }
            | Self::UpdatePolicy { session, .. }
            | Self::Terminate { session }
            | Self::Milestone { session, .. } => {
                (!session.is_empty()).then(|| GameServerSessionId::new(session.clone()))
            }
            Self::ProcessReady { .. } | Self::ProcessEnding | Self::ReportCustomData { .. } => None,
        }
    }

    /// Refused once the agent is on its way out. What a process says to come to its own end is heard to the last.
    fn begins_something(&self) -> bool {
        match self {
            Self::ProcessReady { .. } | Self::Activate { .. } | Self::AcceptPlayer { .. } => true,
            Self::RemovePlayer { .. }
            | Self::DescribePlayers { .. }
            | Self::UpdatePolicy { .. }
            | Self::Terminate { .. }
            | Self::ProcessEnding
            | Self::ReportCustomData { .. }
            | Self::Milestone { .. } => false,
        }
    }
}

impl Supervisor {
    pub(super) fn on_call(&mut self, cx: &mut HostCx<'_>, call: CallId, caller: &Caller, rpc: RpcRequest) {
        if self.stopping && rpc.begins_something() {
            let result = Err(CallError::Unavailable("the agent is shutting down".into()));
            cx.want(Effect::Answer { call, result });
            return;
        }
        let name = Rpc::of(&rpc);
        if let Err(error) = self.route(cx, call, caller, rpc) {
            self.observe_refusal(cx, caller, name, &error);
            cx.want(Effect::Answer { call, result: Err(error) });
        }
    }

    fn route(
        &mut self,
        cx: &mut HostCx<'_>,
        call: CallId,
        caller: &Caller,
        rpc: RpcRequest,
    ) -> Result<(), CallError> {
        let identity = match self.identify(cx, caller) {
            // A pid that is there and makes no sense is a mistake that must be heard of (2.3).
            identity @ (Ok(Identity::Unknown(_)) | Err(_))
                if (identity.is_ok() || caller.pid.is_none())
                    && rpc.session().is_some_and(|id| self.by_session(&id).is_some()) =>
            {
                let host = rpc.session().and_then(|id| self.by_session(&id)).expect("the guard found it");
                cx.note(format!(
                    "call `{}` without a known pid: taken for process `{host}`, which hosts the session",
                    caller.request_id
                ));
                Identity::Known(host)
            }
            identity => identity?,
        };
        if let Identity::Known(process) = &identity
            && let Some(record) = self.alive_mut(process)
        {
            record.contacted = true;
        }
        match rpc {
            RpcRequest::ProcessReady { log_paths, client_port, grpc_port } => {
                let ready = super::ready::check_ready(client_port, grpc_port, log_paths)?;
                self.process_ready(cx, call, caller, identity, ready)
            }
            RpcRequest::ProcessEnding => self.process_ending(cx, call, identity),
            rpc => {
                let process = self.active_caller(identity)?;
                self.scoped_call(cx, call, caller, process, rpc)
            }
        }
    }

    /// 4.2, step 2.
    fn active_caller(&self, identity: Identity) -> Result<ProcessId, CallError> {
        let not_ready =
            |who: String| CallError::ProcessNotReady(format!("{who} has not called ProcessReady"));
        let ended =
            |process: &ProcessId| CallError::ProcessNotActive(format!("process `{process}` has ended"));
        match identity {
            Identity::Unknown(pid) => Err(not_ready(format!("pid {pid}"))),
            Identity::Ended(process) => Err(ended(&process)),
            Identity::Known(process) => match self.processes[&process].phase {
                Phase::Active => Ok(process),
                Phase::Spawning | Phase::Activating { .. } => Err(not_ready(format!("process `{process}`"))),
                Phase::Ending { .. } | Phase::Ended { .. } => Err(ended(&process)),
            },
        }
    }

    fn scoped_call(
        &mut self,
        cx: &mut HostCx<'_>,
        call: CallId,
        caller: &Caller,
        process: ProcessId,
        rpc: RpcRequest,
    ) -> Result<(), CallError> {
        let (kind, what) = match rpc {
            RpcRequest::Activate { session, max_players } => {
                let session = session_id(session)?;
                let max_players = not_negative("maxPlayers", max_players)?;
                let what = What::Activate(session.clone());
                let start = self.start_times(cx, &process, &session);
                (SessionCall::Activate { session, max_players, start }, what)
            }
            RpcRequest::AcceptPlayer { session, player_session } => {
                let (session, player_session) = (session_id(session)?, player_session_id(player_session)?);
                // A requestid alone is not enough: somebody else may guess it, and some servers always send the same one.
                let attempt = format!("{}/{}", caller.pid.as_deref().unwrap_or("-"), caller.request_id);
                (SessionCall::AcceptPlayer { session, player_session, attempt }, What::Nothing)
            }
            RpcRequest::RemovePlayer { session, player_session } => {
                let (session, player_session) = (session_id(session)?, player_session_id(player_session)?);
                (SessionCall::RemovePlayer { session, player_session }, What::Nothing)
            }
            RpcRequest::UpdatePolicy { session, policy } => {
                let session = session_id(session)?;
                let policy = parse_policy(&policy).ok_or_else(|| {
                    bad("newPlayerSessionCreationPolicy", &policy, "`ACCEPT_ALL` or `DENY_ALL`")
                })?;
                (SessionCall::UpdatePolicy { session, policy }, What::Nothing)
            }
            RpcRequest::Terminate { session } => {
                let session = session_id(session)?;
                let what = What::Terminate(session.clone());
                (SessionCall::Terminate { session }, what)
            }
            RpcRequest::ReportCustomData { current, max } => {
                return self.custom_data(cx, call, process, current, max);
            }
            RpcRequest::Milestone { session, name } => {
                return self.milestone(cx, call, process, session_id(session)?, name);
            }
            RpcRequest::DescribePlayers { .. } => return self.describe_players(cx, call, process, rpc),
            RpcRequest::ProcessReady { .. } | RpcRequest::ProcessEnding => {
                unreachable!("`route` handles the calls that are allowed in every state")
            }
        };
        self.ask(cx, call, process.clone(), ReportKind::Call { process, call: kind }, what);
        Ok(())
    }

    fn custom_data(
        &mut self,
        cx: &mut HostCx<'_>,
        call: CallId,
        process: ProcessId,
        current: i32,
        max: i32,
    ) -> Result<(), CallError> {
        let current = not_negative("currentCustomCount", current)?;
        let max = not_negative("maxCustomCount", max)?;
        if current > max {
            cx.note(format!("process `{process}` reports {current} of {max} custom counts"));
        }
        let kind = ReportKind::CustomCounts { process: process.clone(), current, max };
        self.ask(cx, call, process, kind, What::Nothing);
        Ok(())
    }

    fn describe_players(
        &mut self,
        cx: &mut HostCx<'_>,
        call: CallId,
        process: ProcessId,
        rpc: RpcRequest,
    ) -> Result<(), CallError> {
        let RpcRequest::DescribePlayers {
            session,
            player_id,
            player_session,
            status_filter,
            next_token,
            limit,
        } = rpc
        else {
            unreachable!("`scoped_call` sends only this one here")
        };
        let status = match status_filter.as_str() {
            "" => None,
            word => Some(PlayerSessionStatus::parse(word).ok_or_else(|| {
                bad(
                    "playerSessionStatusFilter",
                    word,
                    "`RESERVED`, `ACTIVE`, `COMPLETED`, `TIMEDOUT` or nothing",
                )
            })?),
        };
        let limit = not_negative("limit", limit)?;
        let text = |text: String| (!text.is_empty()).then_some(text);
        let (player_id, player_session) = (text(player_id), text(player_session).map(PlayerSessionId::new));
        let session = if session.is_empty() { None } else { Some(session_id(session)?) };
        let next_token = text(next_token);
        let query =
            ProcessQuery { process, session, player: player_id, player_session, status, next_token, limit };
        cx.want(Effect::Query { call, query });
        Ok(())
    }

    /// P14: allowed in every state, and always answered OK.
    fn process_ending(
        &mut self,
        cx: &mut HostCx<'_>,
        call: CallId,
        identity: Identity,
    ) -> Result<(), CallError> {
        let process = match identity {
            Identity::Known(process) => process,
            Identity::Ended(_) => {
                cx.want(Effect::Answer { call, result: Ok(()) });
                return Ok(());
            }
            Identity::Unknown(pid) => {
                return Err(CallError::ProcessNotReady(format!("pid {pid} has not called ProcessReady")));
            }
        };
        let record = self.alive_mut(&process).expect("a known process lives");
        match record.phase {
            Phase::Active => {
                record.phase = Phase::Ending { exit_by: None };
                record.hosted = None;
                record.terminating = None;
                let kind = ReportKind::ProcessEnding { process: process.clone() };
                self.ask(cx, call, process, kind, What::Ending);
            }
            // The control plane never heard of it (4.4, ProcessEnding).
            Phase::Spawning | Phase::Activating { .. } => {
                record.phase = Phase::Ending { exit_by: None };
                cx.want(Effect::Answer { call, result: Ok(()) });
                self.begin_exit_grace(cx, &process);
            }
            Phase::Ending { .. } | Phase::Ended { .. } => cx.want(Effect::Answer { call, result: Ok(()) }),
        }
        Ok(())
    }

    pub(super) fn ask(
        &mut self,
        cx: &mut HostCx<'_>,
        call: CallId,
        process: ProcessId,
        kind: ReportKind,
        what: What,
    ) {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let instance = self.processes[&process].instance.clone();
        cx.want(Effect::Report { report: HostReport { instance, kind }, ticket: Some(ticket) });
        let until = cx.now.plus(cx.clocks.uplink_answer);
        self.waiting.insert(ticket, Waiting { call: Some(call), until, process, what });
    }

    /// The control plane is away or slow: who has waited long enough is told to come again. The report stays under way
    /// and its answer is still heeded, because it may have been recorded.
    pub(super) fn on_answer_time(&mut self, cx: &mut HostCx<'_>) {
        let now = cx.now;
        let mut ending = Vec::new();
        for waiting in self.waiting.values_mut().filter(|waiting| waiting.until <= now) {
            let Some(call) = waiting.call.take() else { continue };
            let result = if let What::Ending = waiting.what {
                ending.push(waiting.process.clone());
                Ok(())
            } else {
                let words = "the control plane does not answer; the call may still be recorded";
                Err(CallError::Unavailable(words.into()))
            };
            cx.want(Effect::Answer { call, result });
        }
        for process in ending {
            self.begin_exit_grace(cx, &process);
        }
    }

    /// When `on_answer_time` has something to do.
    pub(super) fn next_answer_time(&self) -> Option<Timestamp> {
        self.waiting.values().filter(|waiting| waiting.call.is_some()).map(|waiting| waiting.until).min()
    }

    pub(super) fn on_report_answered(
        &mut self,
        cx: &mut HostCx<'_>,
        ticket: Ticket,
        answer: Option<Result<(), Error>>,
    ) {
        let Some(Waiting { call, process, what, .. }) = self.waiting.remove(&ticket) else { return };
        let gone = || CallError::Unavailable("the control plane is not reachable".into());
        let mut result = answer.map_or_else(|| Err(gone()), |answer| answer.map_err(CallError::Refused));
        match what {
            What::Ready { before, first } => match result {
                Ok(()) => self.on_entry_ready(cx, &process),
                // A session came before the answer, which was lost: the control plane has accepted the process.
                Err(CallError::Unavailable(_)) if first && self.was_given_any(&process) => {
                    result = Ok(());
                    self.on_entry_ready(cx, &process);
                }
                Err(_) => self.undo_ready(cx, &process, before, first),
            },
            What::Activate(session) if result.is_ok() => {
                let hosted = self.alive_mut(&process).and_then(|record| record.hosted.as_mut());
                if let Some(hosted) = hosted.filter(|hosted| hosted.id == session) {
                    hosted.activated = true;
                }
            }
            What::Terminate(session) if result.is_ok() => self.on_session_over(cx, &process, &session),
            What::Ending => {
                if let Some(call) = call {
                    cx.want(Effect::Answer { call, result: Ok(()) });
                    self.begin_exit_grace(cx, &process);
                }
                return;
            }
            What::Milestone(session, name) if result.is_err() => {
                self.forget_milestone(&process, &session, &name);
            }
            What::Activate(_) | What::Terminate(_) | What::Milestone(..) | What::Nothing => {}
        }
        if let Some(call) = call {
            cx.want(Effect::Answer { call, result });
        }
    }
}

pub(super) fn bad(field: &str, value: &str, expected: &str) -> CallError {
    let shown: String = value.chars().take(80).flat_map(char::escape_default).collect();
    CallError::BadRequest(format!("field `{field}` is `{shown}`: expected {expected}"))
}

fn not_negative(field: &str, value: i32) -> Result<u32, CallError> {
    u32::try_from(value).map_err(|_| bad(field, &value.to_string(), "a number of at least 0"))
}

/// 4.2, step 3: the form of the id; whether it exists is the control plane's business.
fn session_id(text: String) -> Result<GameServerSessionId, CallError> {
    if text.is_empty() || text.len() > 256 || text.chars().any(char::is_control) {
        return Err(bad("gameServerSessionId", &text, "1 to 256 bytes without control characters"));
    }
    Ok(GameServerSessionId::new(text))
}

fn player_session_id(text: String) -> Result<PlayerSessionId, CallError> {
    if text.is_empty() || text.len() > 256 || text.chars().any(char::is_control) {
        return Err(bad("playerSessionId", &text, "1 to 256 bytes without control characters"));
    }
    Ok(PlayerSessionId::new(text))
}
