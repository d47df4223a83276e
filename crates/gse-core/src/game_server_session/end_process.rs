//! Ending a session with its process, by request (G-15).

use super::{GameServerSession, SessionEnd, end, find};
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::ProtectionPolicy;
use crate::id::{GameServerSessionId, ProcessId, Scope};
use crate::process::{self, Process};
use crate::state::State;

/// Ends a process at once, without OnProcessTerminate; with it its session and its players. The host starts another one.
#[derive(Clone, Debug)]
pub struct EndGameServerSessionAndProcess {
    /// The account and region.
    pub scope: Scope,
    /// GameServerSessionId; it decides when both are given.
    pub session: Option<GameServerSessionId>,
    /// IpAddress and Port of the process, which may have no session.
    pub address: Option<(String, u16)>,
}

impl Command for EndGameServerSessionAndProcess {
    type Reply = ();
    const NAME: &'static str = "EndGameServerSessionAndProcess";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        let processes = match (&self.session, &self.address) {
            (Some(id), _) => {
                let session = find(state, &self.scope, id)?;
                // The process of a session that is over may host another one, which nobody named.
                if session.status.is_over() {
                    return Ok(());
                }
                vec![session.process.clone()]
            }
            (None, Some((ip_address, port))) => self.at(state, ip_address, *port)?,
            (None, None) => return Err(Error::Missing { member: "GameServerSessionId" }),
        };
        for process in &processes {
            if let Some(session) = hosted(state, process)
                && session.protection == ProtectionPolicy::FullProtection
            {
                return Err(Error::SessionProtected(session.id.clone()));
            }
        }
        for process in processes {
            end_process(state, cx, &process);
        }
        Ok(())
    }
}

impl EndGameServerSessionAndProcess {
    /// The processes of that address. More than one when they share the number as TCP and UDP (R15).
    fn at(&self, state: &State, ip_address: &str, port: u16) -> Result<Vec<ProcessId>, Error> {
        let instances = state.instances.values().filter(|instance| instance.scope == self.scope);
        let processes = instances.flat_map(|instance| state.processes_of(&instance.id));
        let is_there = |process: &&Process| process.client_port == port && process.ip_address == ip_address;
        let found: Vec<ProcessId> = processes.filter(is_there).map(|process| process.id.clone()).collect();
        if found.is_empty() {
            let (member, value) = ("IpAddress", format!("{ip_address}:{port}"));
            let expected = "the address and port of a process; see DescribeGameServerSessions".into();
            return Err(Error::Invalid { member, value, expected });
        }
        Ok(found)
    }
}

fn hosted<'a>(state: &'a State, process: &ProcessId) -> Option<&'a GameServerSession> {
    state.game_server_sessions.get(state.processes.get(process)?.load.session()?)
}

/// Killed first: ending the session frees the process, and it must not be chosen again.
fn end_process(state: &mut State, cx: &mut Cx<'_>, id: &ProcessId) {
    let session = hosted(state, id).map(|session| session.id.clone());
    process::kill(state, cx, id, "by request");
    if let Some(session) = session {
        end(state, cx, &session, SessionEnd::Terminated, "it was ended with its process by request");
    }
}

#[cfg(test)]
mod tests;
