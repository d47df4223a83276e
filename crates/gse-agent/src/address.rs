//! The address of the agent, remembered for the next start: game servers that keep running were told it once.

use std::net::SocketAddr;
use std::path::Path;

use crate::notes::write_whole;

const FILE: &str = "agent-address";

/// Where the agent of this data directory listened last; `None`: there was none.
pub fn last_address(data_dir: &Path) -> Option<SocketAddr> {
    std::fs::read_to_string(data_dir.join("slots").join(FILE)).ok()?.trim().parse().ok()
}

/// Remembers where the agent listens.
pub(crate) fn remember(slots: &Path, address: SocketAddr) -> std::io::Result<()> {
    write_whole(&slots.join(FILE), address.to_string().as_bytes())
}
