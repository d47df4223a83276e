//! Changing a session that goes on (G-16).

use super::{GameServerSession, GameServerSessionStatus, find};
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::ProtectionPolicy;
use crate::id::{GameServerSessionId, Scope};
use crate::player_session::PlayerSessionCreationPolicy;
use crate::process;
use crate::state::State;

/// Changes a session while it is ACTIVATING or ACTIVE; what is absent stays. Nobody is thrown out: a maximum below the
/// current count, and DENY_ALL, only keep out who comes now.
#[derive(Clone, Debug)]
pub struct UpdateGameServerSession {
    /// The account and region.
    pub scope: Scope,
    /// GameServerSessionId.
    pub session: GameServerSessionId,
    /// MaximumPlayerSessionCount, 0–200.
    pub max_players: Option<u32>,
    /// Name.
    pub name: Option<String>,
    /// PlayerSessionCreationPolicy.
    pub policy: Option<PlayerSessionCreationPolicy>,
    /// ProtectionPolicy, of this session only (F-21).
    pub protection: Option<ProtectionPolicy>,
}

impl Command for UpdateGameServerSession {
    type Reply = GameServerSession;
    const NAME: &'static str = "UpdateGameServerSession";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<GameServerSession, Error> {
        let session = find(state, &self.scope, &self.session)?;
        match session.status {
            GameServerSessionStatus::Activating | GameServerSessionStatus::Active => {}
            GameServerSessionStatus::Terminating
            | GameServerSessionStatus::Terminated
            | GameServerSessionStatus::Error => {
                let (session, status) = (self.session, session.status);
                return Err(Error::SessionNotActive { session, status });
            }
        }
        let most = cx.quotas.players_per_session;
        if let Some(too_many) = self.max_players.filter(|&max_players| max_players > most) {
            let (member, value) = ("MaximumPlayerSessionCount", too_many.to_string());
            return Err(Error::Invalid { member, value, expected: format!("at most {most}") });
        }
        let id = self.session.clone();
        let session = state.game_server_sessions.get_mut(&id).ok_or(Error::SessionNotFound(self.session))?;
        let is_protection_new = self.protection.is_some_and(|protection| protection != session.protection);
        session.max_players = self.max_players.unwrap_or(session.max_players);
        session.policy = self.policy.unwrap_or(session.policy);
        session.protection = self.protection.unwrap_or(session.protection);
        if let Some(name) = self.name {
            session.name = name;
        }
        let session = session.clone();
        if is_protection_new {
            process::repeat_termination(state, cx, &session.process);
        }
        Ok(session)
    }
}

#[cfg(test)]
mod tests;
