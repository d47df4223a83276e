//! What the standalone agent knows and decides: one session at a time, and a seat for whoever comes.
//!
//! No IO here; the time is an argument.

use std::collections::BTreeMap;
use std::time::SystemTime;

use gse_proto::grpcsdk as wire;
use tonic::{Code, Status};

use crate::error::ErrorName;
use crate::model::{GameServerSession, PlayerSession, PlayerSessionCreationPolicy, PlayerSessionStatus};

/// What the ticket of a player begins with; the player's id follows.
pub(crate) const TICKET: &str = "psess-standalone-";

/// Sessions of one process, one after the other.
#[derive(Debug)]
pub(super) struct Sessions {
    pattern: GameServerSession,
    client_port: u16,
    grpc_port: Option<u16>,
    handed_out: u32,
    current: Option<Session>,
    /// The session before: ending it twice is harmless (4.3).
    last_id: String,
}

#[derive(Debug)]
struct Session {
    id: String,
    active: bool,
    open: bool,
    /// Who is in, by ticket.
    players: BTreeMap<String, PlayerSession>,
}

/// Why a call is refused: the published name and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) name: ErrorName,
    pub(super) text: String,
}

impl Refusal {
    fn new(code: Code, name: ErrorName, text: impl Into<String>) -> Self {
        Self { code, name, text: text.into() }
    }

    pub(super) fn bad_request(text: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, ErrorName::BadRequestException, text)
    }

    fn player(text: impl Into<String>) -> Self {
        Self::new(Code::FailedPrecondition, ErrorName::UnexpectedPlayerSession, text)
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Status::new(refusal.code, format!("{}: {}", refusal.name, refusal.text))
    }
}

impl Sessions {
    pub(super) fn new(pattern: GameServerSession) -> Self {
        Self {
            pattern,
            client_port: 0,
            grpc_port: None,
            handed_out: 0,
            current: None,
            last_id: String::new(),
        }
    }

    /// Whether this is the first time: then a session is wanted.
    pub(super) fn ready(&mut self, client_port: i32, grpc_port: i32) -> Result<bool, Refusal> {
        let port = |port| u16::try_from(port).map_err(|_| Refusal::bad_request(format!("no port: `{port}`")));
        self.client_port = port(client_port)?;
        Ok(self.grpc_port.replace(port(grpc_port)?).is_none())
    }

    pub(super) fn grpc_port(&self) -> u16 {
        self.grpc_port.unwrap_or_default()
    }

    /// Makes the next session and forgets the last one.
    pub(super) fn next_session(&mut self) -> wire::GameServerSession {
        self.end();
        self.handed_out += 1;
        let id =
            format!("qcs::gse:standalone::gameserversession/fleet-standalone/gssess-{}", self.handed_out);
        self.current = Some(Session { id: id.clone(), active: false, open: true, players: BTreeMap::new() });
        GameServerSession { game_server_session_id: id, port: self.client_port, ..self.pattern.clone() }
            .to_wire()
    }

    pub(super) fn end(&mut self) {
        if let Some(session) = self.current.take() {
            self.last_id = session.id;
        }
    }

    fn session(&mut self, id: &str) -> Result<&mut Session, Refusal> {
        let here = match &self.current {
            Some(session) => format!("hosts `{}`", session.id),
            None => "hosts none".to_owned(),
        };
        self.current.as_mut().filter(|session| session.id == id).ok_or_else(|| {
            let text = format!("`{id}` is not hosted by this process, which {here}");
            Refusal::new(Code::NotFound, ErrorName::BadRequestException, text)
        })
    }

    fn active(&mut self, id: &str) -> Result<&mut Session, Refusal> {
        let session = self.session(id)?;
        if !session.active {
            let text = format!("`{id}` is not active yet");
            let name = ErrorName::GameServerSessionNotReady;
            return Err(Refusal::new(Code::FailedPrecondition, name, text));
        }
        Ok(session)
    }

    pub(super) fn activate(&mut self, id: &str) -> Result<(), Refusal> {
        self.session(id)?.active = true;
        Ok(())
    }

    pub(super) fn accept(&mut self, id: &str, ticket: &str, now: SystemTime) -> Result<(), Refusal> {
        let seats = self.pattern.max_players as usize;
        let player = self.reservation(id, player_of(ticket)?);
        let session = self.active(id)?;
        if session.players.contains_key(ticket) {
            return Err(Refusal::player("this ticket is in use already"));
        }
        if session.players.len() >= seats {
            return Err(Refusal::player(format!("all `{seats}` seats are taken")));
        }
        let player =
            PlayerSession { status: PlayerSessionStatus::Active, creation_time: Some(now), ..player };
        session.players.insert(ticket.to_owned(), player);
        Ok(())
    }

    /// The seat can be taken again at once, with the same ticket.
    pub(super) fn remove(&mut self, id: &str, ticket: &str) -> Result<(), Refusal> {
        if self.last_id == id && self.current.is_none() {
            return Ok(());
        }
        player_of(ticket)?;
        self.session(id)?.players.remove(ticket);
        Ok(())
    }

    pub(super) fn policy(&mut self, id: &str, policy: &str) -> Result<(), Refusal> {
        let session = self.session(id)?;
        session.open = match policy {
            policy if policy == PlayerSessionCreationPolicy::AcceptAll.as_str() => true,
            policy if policy == PlayerSessionCreationPolicy::DenyAll.as_str() => false,
            other => return Err(Refusal::bad_request(format!("no such policy: `{other}`"))),
        };
        Ok(())
    }

    /// Whether the session ended by this call: then another one is wanted.
    pub(super) fn terminate(&mut self, id: &str) -> Result<bool, Refusal> {
        if self.last_id == id {
            return Ok(false);
        }
        self.session(id)?;
        self.end();
        Ok(true)
    }

    /// Who is in, and whoever is asked for by name: everybody has a reservation while the door is open.
    pub(super) fn describe(
        &mut self,
        request: &wire::DescribePlayerSessionsRequest,
    ) -> Result<Vec<PlayerSession>, Refusal> {
        let id = request.game_server_session_id.clone();
        let mut asked = Vec::new();
        if !request.player_id.is_empty() {
            asked.push(self.reservation(&id, &request.player_id));
        } else if !request.player_session_id.is_empty() {
            let player = player_of(&request.player_session_id);
            asked.extend(player.ok().map(|player| self.reservation(&id, player)));
        }
        let session = self.session(&id)?;
        let open = session.open;
        let reserved =
            asked.into_iter().filter(|p| open && !session.players.contains_key(&p.player_session_id));
        let wanted = |player: &PlayerSession| {
            let matches = |filter: &str, value: &str| filter.is_empty() || filter == value;
            matches(&request.player_id, &player.player_id)
                && matches(&request.player_session_id, &player.player_session_id)
                && matches(&request.player_session_status_filter, player.status.as_str())
        };
        Ok(session.players.values().cloned().chain(reserved).filter(wanted).collect())
    }

    fn reservation(&self, id: &str, player_id: &str) -> PlayerSession {
        PlayerSession {
            player_session_id: format!("{TICKET}{player_id}"),
            player_id: player_id.to_owned(),
            game_server_session_id: id.to_owned(),
            fleet_id: self.pattern.fleet_id.clone(),
            ip_address: self.pattern.ip_address.clone(),
            port: self.client_port,
            ..PlayerSession::default()
        }
    }
}

/// The player whom a ticket names.
fn player_of(ticket: &str) -> Result<&str, Refusal> {
    match ticket.strip_prefix(TICKET) {
        Some(player) if !player.is_empty() => Ok(player),
        _ => Err(Refusal::player(format!(
            "standalone, the ticket of player `anna` is `{TICKET}anna`; hint: use such a one"
        ))),
    }
}
