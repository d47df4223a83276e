//! What the agent says to the control plane, as messages: whoever embeds the agent carries them.

use std::path::PathBuf;

use gse_core::error::Error;
use gse_core::host::HostReport;
use gse_core::id::{BlobId, InstanceId};
use gse_core::monitoring::InstanceUsage;
use gse_core::player_session::{PlayerSessionPage, ProcessQuery};
use tokio::sync::oneshot;

/// A message to the control plane, or to who keeps objects for it. Messages arrive in the order in which things happened.
#[derive(Debug)]
pub enum UplinkMessage {
    /// Something happened on this host.
    Report {
        /// What and where.
        report: HostReport,
        /// The control plane's word, which a game server hears as the answer of its call. Dropped: not recorded.
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// The logs of a session wait to be stored. The file belongs to the agent, which removes it after the answer.
    KeepLog {
        /// A zip.
        file: PathBuf,
        /// Where it lies now, or why it could not be stored. Dropped: nobody stores it.
        reply: oneshot::Sender<Result<BlobId, String>>,
    },
    /// A game server lists player sessions (DescribePlayerSessions).
    PlayerSessions {
        /// What it asks for.
        query: ProcessQuery,
        /// The page.
        reply: oneshot::Sender<Result<PlayerSessionPage, Error>>,
    },
    /// What the processes of each slot use, once per `metrics.period` (9.3). It decides nothing, so it is no report: nobody
    /// answers, and none is missed.
    Measured {
        /// The slots with processes.
        usages: Vec<(InstanceId, InstanceUsage)>,
    },
}
