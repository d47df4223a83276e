//! What the agent says to the control plane, as messages: whoever embeds the agent carries them.

use gse_core::error::Error;
use gse_core::host::HostReport;
use gse_core::player_session::{PlayerSessionPage, ProcessQuery};
use tokio::sync::oneshot;

/// A message to the control plane. Messages arrive in the order in which things happened.
#[derive(Debug)]
pub enum UplinkMessage {
    /// Something happened on this host.
    Report {
        /// What and where.
        report: HostReport,
        /// The control plane's word, which a game server hears as the answer of its call. Dropped: not recorded.
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// A game server lists player sessions (DescribePlayerSessions).
    PlayerSessions {
        /// What it asks for.
        query: ProcessQuery,
        /// The page.
        reply: oneshot::Sender<Result<PlayerSessionPage, Error>>,
    },
}
