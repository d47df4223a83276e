//! A headless player: one `game-client` that is given a seat, right or wrong.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::programs::program;
use crate::stack::{PATIENCE, Stack, log_variables, tail};

/// A running client. It is killed if the story ends before it does.
#[derive(Debug)]
pub struct Client {
    child: Child,
    out: PathBuf,
    log: PathBuf,
}

impl Client {
    /// Connects with a player session as the cloud API gave it, and with an id of the caller's choice.
    #[must_use]
    pub fn connect(stack: &Stack, player_session: &Value, player_session_id: &str) -> Self {
        let text = |member: &str| player_session[member].as_str().expect("a player session has text members");
        let address = format!("{}:{}", text("IpAddress"), player_session["Port"]);
        let name = format!("{}-{}", text("PlayerId"), player_session_id.len());
        let mut command = Command::new(program("game-client"));
        command
            .args(["--connect", &address, "--player-id", text("PlayerId")])
            .env("GAME_PLAYER_SESSION_ID", player_session_id);
        Self::start(stack, with_bot(command), &name)
    }

    /// Watches a session, as the cloud API describes it, by a key of the caller's choice.
    #[must_use]
    pub fn watch(stack: &Stack, session: &Value, spectator_key: &str, name: &str) -> Self {
        let ip = session["IpAddress"].as_str().expect("a session has an address");
        let mut command = Command::new(program("game-client"));
        command
            .args(["--watch", &format!("{ip}:{}", session["Port"])])
            .env("GAME_SPECTATOR_KEY", spectator_key);
        Self::start(stack, command, name)
    }

    /// Asks a matchmaker for a seat.
    #[must_use]
    pub fn search(stack: &Stack, matchmaker: &str, player_id: &str, skill: u32) -> Self {
        let mut command = Command::new(program("game-client"));
        command.args(["--matchmaker", matchmaker, "--player-id", player_id, "--skill", &skill.to_string()]);
        Self::start(stack, with_bot(command), player_id)
    }

    fn start(stack: &Stack, mut command: Command, name: &str) -> Self {
        let (out, log) =
            (stack.directory().join(format!("{name}.out")), stack.directory().join(format!("{name}.log")));
        let child = command
            .arg("--headless")
            .envs(stack.filter().into_iter().flat_map(log_variables))
            .stdin(Stdio::null())
            .stdout(File::create(&out).expect("a file for the client's report"))
            .stderr(File::create(&log).expect("a file for the client's log"))
            .spawn()
            .expect("`game-client` starts");
        Self { child, out, log }
    }

    /// The line that it wrote about an event, once it is there.
    #[must_use]
    pub fn event(&mut self, name: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.child.try_wait().expect("the state of the client is known");
            let out = fs::read_to_string(&self.out).unwrap_or_default();
            let lines = out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(line) = lines.into_iter().find(|line| line["event"] == name) {
                return line;
            }
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "the client ({ended:?}) said no `{name}`: {out}\n{}",
                tail(&self.log, 20)
            );
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end.
    #[must_use]
    pub fn ended(mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the state of the client is known") {
                return status;
            }
            assert!(Instant::now() < deadline, "the client does not end\n{}", tail(&self.log, 20));
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

fn with_bot(mut command: Command) -> Command {
    command.args(["--bot", "wander"]);
    command
}

impl Drop for Client {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
