//! Sessions that are asked for as of GSE Local, the vendor's emulator (server-sdk.md 6.1): it had no fleets and took any
//! fleet id. Here a real fleet stands behind every such id, and the session says the one that was asked for.

use super::{CreateGameServerSession, GameServerSession};
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::FleetStatus;
use crate::id::{FleetId, GameServerSessionId, Scope};
use crate::state::State;

const PREFIX: &str = "qcs::gse:local::gameserversession/";
const SESSION: &str = "/gssess-";
/// Bytes of a UUID.
const UUID_BYTES: usize = 16;

/// The fleet behind an id that the emulator would have taken (R46): the fleet of that id, else `preferred`, else the only
/// one that runs.
///
/// # Errors
/// How many fleets run, when that is not one.
pub fn fleet(
    state: &State,
    scope: &Scope,
    asked: &FleetId,
    preferred: Option<&FleetId>,
) -> Result<FleetId, usize> {
    let own = || state.fleets.values().filter(|fleet| fleet.scope == *scope);
    let lives = |id: &FleetId| own().any(|fleet| fleet.id == *id && fleet.status != FleetStatus::Terminated);
    if let Some(found) = [Some(asked), preferred].into_iter().flatten().find(|id| lives(id)) {
        return Ok(found.clone());
    }
    let mut running = own().filter(|fleet| fleet.status == FleetStatus::Active);
    match (running.next(), running.count()) {
        (Some(only), 0) => Ok(only.id.clone()),
        (first, others) => Err(usize::from(first.is_some()) + others),
    }
}

/// The id of a session of that form; `tail` is a custom id. The suffix is what makes it unique, so the UUID is its
/// letters and digits as bytes.
pub(super) fn session_id(called: &FleetId, suffix: &str, tail: Option<&str>) -> GameServerSessionId {
    let letters: Vec<u8> = suffix.bytes().filter(u8::is_ascii_alphanumeric).collect();
    let digits: String = letters.iter().map(|letter| format!("{letter:02x}")).collect();
    let digits = format!("{digits:0>width$}", width = 2 * UUID_BYTES);
    let uuid = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-");
    let tail = tail.map(|tail| format!("/{tail}")).unwrap_or_default();
    GameServerSessionId::new(format!("{PREFIX}{called}{SESSION}{uuid}{tail}"))
}

/// What the fleet is called in an id of that form.
pub fn called(id: &str) -> Option<&str> {
    let (called, _) = id.strip_prefix(PREFIX)?.split_once(SESSION)?;
    Some(called)
}

/// Makes a session whose id has the form of the emulator's.
#[derive(Clone, Debug)]
pub struct CreateEmulatedSession {
    /// Everything else; its target is the real fleet.
    pub create: CreateGameServerSession,
    /// The fleet id that was asked for.
    pub called: FleetId,
}

impl Command for CreateEmulatedSession {
    type Reply = GameServerSession;
    const NAME: &'static str = "CreateEmulatedSession";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<GameServerSession, Error> {
        self.create.create(state, cx, Some(self.called))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_form_of_the_emulators_and_say_the_fleet() {
        let called_so = FleetId::new("fleet-any/thing");
        let id = session_id(&called_so, "abcdefgh-01234567", None);
        let uuid = "61626364-6566-6768-3031-323334353637";
        assert_eq!(id.as_str(), format!("qcs::gse:local::gameserversession/fleet-any/thing/gssess-{uuid}"));
        assert_eq!(called(id.as_str()), Some("fleet-any/thing"));
        let named = session_id(&called_so, "0001", Some("mine"));
        assert!(named.as_str().ends_with("/gssess-00000000-0000-0000-0000-000030303031/mine"), "{named}");
        assert_eq!(called(named.as_str()), Some("fleet-any/thing"));
        assert_eq!(called("qcs::gse:ap-shanghai:uin/1:gameserversession/fleet-1/gssess-1-2"), None);
    }
}
