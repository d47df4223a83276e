//! A player of the game servers in `tests/interop`: lines over TCP, one answer to each.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::flow::Stage;
use crate::flow::record::Call;

/// An answer takes one call to the agent; this is for a very busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connected player.
pub(super) struct LinePlayer {
    name: &'static str,
    stream: BufReader<TcpStream>,
}

impl LinePlayer {
    /// Connects to an address that the cloud API gave.
    pub(super) fn connect(name: &'static str, address: &str) -> Result<Self> {
        let connect = || -> std::io::Result<TcpStream> {
            let address: SocketAddr = address.parse().map_err(std::io::Error::other)?;
            let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let stream = connect().with_context(|| format!("`{name}` cannot connect to `{address}`"))?;
        Ok(Self { name, stream: BufReader::new(stream) })
    }

    /// Says a line and gives the answer.
    pub(super) fn ask(&mut self, line: &str) -> Result<String> {
        let mut answer = String::new();
        let stream = self.stream.get_mut();
        stream
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| self.stream.read_line(&mut answer))
            .with_context(|| format!("`{}` said `{line}` and got no answer", self.name))?;
        if answer.is_empty() {
            bail!("`{}` said `{line}` and the connection was closed", self.name);
        }
        Ok(answer.trim_end().to_owned())
    }

    /// Says a line whose answer must begin in this way; both are told.
    pub(super) fn say(&mut self, stage: &mut Stage<'_>, line: &str, expected: &str) -> Result<String> {
        let command = format!("{}: {line}", self.name);
        stage.show(&command);
        let answer = self.ask(line)?;
        stage.answer(&answer);
        if !answer.starts_with(expected) {
            bail!("`{}` said `{line}` and was answered `{answer}`, expected `{expected}…`", self.name);
        }
        stage.record(Call::command(command, Some(answer.clone().into())));
        Ok(answer)
    }
}
