//! A player: a command of the user's, which knows how to speak to the game.

use std::process::Stdio;

use anyhow::{Context as _, Result};
use tokio::process::{Child, Command};

/// A running client.
pub(super) struct Player {
    child: Child,
}

impl Player {
    /// Starts the command for a seat.
    pub(super) fn start(command: &str, seat: &serde_json::Value) -> Result<Self> {
        let text = |member: &str| seat[member].as_str().unwrap_or_default();
        let child = Command::new("sh")
            .args(["-c", command])
            .env("IP", text("IpAddress"))
            .env("PORT", seat["Port"].to_string())
            .env("PLAYER_SESSION_ID", text("PlayerSessionId"))
            .stdin(Stdio::null())
            // Our stdout is for the result.
            .stdout(std::io::stderr())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start the client `{command}`"))?;
        Ok(Self { child })
    }

    /// Waits for its end; says how it ended.
    pub(super) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => format!("ended with {status}"),
            Err(error) => format!("is lost: {error}"),
        }
    }
}

impl Drop for Player {
    /// What it started goes with it.
    fn drop(&mut self) {
        let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) else { return };
        if let Some(group) = rustix::process::Pid::from_raw(pid) {
            // It may have ended this moment.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}
