//! The shell around `life.rs`: one loop that observes what happens, asks what to do, and does it.

use std::path::Path;
use std::pin::pin;
use std::process::{ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use gse_sdk::{GameServerSession, PlayerSessionFilter, PlayerSessionStatus, Players, Sdk};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use crate::agent::{Agent, Asked};
use crate::health::Health;
use crate::life::{Action, Event, Life};
use crate::options::{self, PortChoice, Settings};
use crate::port::Port;
use crate::program::Program;
use crate::{procfs, session_file, sockets};

/// How often the program's sockets are looked at until its port is open.
const LOOK_PERIOD: Duration = Duration::from_millis(100);
/// How many looks in a row must see the same before a port is taken as the one: programs open several after another.
const SAME_LOOKS: u32 = 4;
/// How often reservations are asked for.
const PLAYERS_PERIOD: Duration = Duration::from_secs(1);

/// Runs the program's whole life and gives the status to end with.
///
/// # Errors
/// The program cannot be started, the agent does not take the process, or the session file cannot be written. The
/// program is killed then.
pub(crate) async fn wrap(settings: Settings, mut asked_to_end: mpsc::Receiver<()>) -> Result<ExitCode> {
    let mut wrap = Wrap::new(settings)?;
    let mut event = Event::Begin;
    loop {
        if let Some(code) = wrap.step(event).await? {
            return Ok(code);
        }
        event = wrap.next(&mut asked_to_end).await?;
    }
}

struct Wrap {
    settings: Settings,
    life: Life,
    /// Where players connect, once it is known.
    port: Option<u16>,
    /// The port of `--port auto`, which is held while the program does not run.
    chosen: Option<Port>,
    health: Arc<Health>,
    program: Option<Program>,
    agent: Option<Agent>,
    /// The session that was handed over.
    session: Option<Box<GameServerSession>>,
    /// Its players, while it is active.
    players: Option<Players>,
    /// What happens then if nothing else does before.
    deadline: Option<(Instant, Event)>,
    look: Interval,
    seen: Vec<u16>,
    seen_looks: u32,
    poll: Interval,
    poll_error: Option<String>,
}

impl Wrap {
    fn new(settings: Settings) -> Result<Self> {
        let chosen = match settings.port {
            PortChoice::Auto => Some(Port::choose().context("there is no port for the program")?),
            PortChoice::Number(_) | PortChoice::Detect => None,
        };
        let port = match settings.port {
            PortChoice::Number(port) => Some(port),
            PortChoice::Auto | PortChoice::Detect => chosen.as_ref().map(Port::number),
        };
        Ok(Self {
            life: Life::new(settings.start, settings.failed_exit),
            port,
            chosen,
            health: Arc::new(Health::new(settings.health_command.clone())),
            program: None,
            agent: None,
            session: None,
            players: None,
            deadline: None,
            look: ticks(LOOK_PERIOD),
            seen: Vec::new(),
            seen_looks: 0,
            poll: ticks(PLAYERS_PERIOD),
            poll_error: None,
            settings,
        })
    }

    /// Waits for what happens next.
    async fn next(&mut self, asked_to_end: &mut mpsc::Receiver<()>) -> Result<Event> {
        loop {
            let opening = matches!(self.deadline, Some((_, Event::StartTimePassed)));
            let polling = self.players.is_some() && self.settings.players == options::Players::Poll;
            tokio::select! {
                biased;
                Some(()) = asked_to_end.recv() => return Ok(Event::Terminate),
                asked = asked(&mut self.agent) => return self.asked(asked),
                status = exited(&mut self.program) => return Ok(self.gone(status)),
                event = passed(self.deadline) => {
                    self.deadline = None;
                    if event == Event::StartTimePassed {
                        self.explain_closed_port();
                    }
                    return Ok(event);
                }
                _ = self.look.tick(), if opening => if self.port_is_open() {
                    return Ok(Event::PortOpen);
                },
                _ = self.poll.tick(), if polling => self.accept_reservations().await,
            }
        }
    }

    fn asked(&mut self, asked: Option<Asked>) -> Result<Event> {
        match asked {
            Some(Asked::Host(session)) => {
                say(&format!("session `{}` was handed over", session.game_server_session_id));
                self.session = Some(session);
                Ok(Event::SessionStart)
            }
            Some(Asked::Terminate) => {
                say("the agent asks for the end");
                Ok(Event::Terminate)
            }
            None => bail!("the agent cannot call this process any more"),
        }
    }

    fn gone(&mut self, status: std::io::Result<ExitStatus>) -> Event {
        self.program = None;
        self.deadline = None;
        self.health.rest();
        if let Some(port) = &mut self.chosen {
            port.hold();
        }
        match status {
            Ok(status) => {
                say(&format!("the program has ended: {status}"));
                Event::Exited { clean: status.success() }
            }
            Err(error) => {
                say(&format!("the end of the program could not be observed: {error}"));
                Event::Exited { clean: false }
            }
        }
    }

    async fn step(&mut self, event: Event) -> Result<Option<ExitCode>> {
        if event == Event::PortOpen {
            self.deadline = None;
        }
        let mut actions = self.life.on(event);
        let mut done = 0;
        while let Some(action) = actions.get(done).copied() {
            done += 1;
            match action {
                Action::WriteSession => self.write_session()?,
                Action::Launch => self.launch()?,
                Action::AnnounceReady => self.announce().await?,
                Action::Activate => {
                    if !self.activate().await {
                        actions.extend(self.life.on(Event::ActivationRefused));
                    }
                }
                Action::TerminateSession => self.terminate_session().await,
                Action::AskToEnd => self.ask_to_end(),
                Action::Kill => self.kill(),
                Action::End => return self.end().await.map(Some),
                Action::Fail(why) => {
                    say(&format!("the program has failed: {why}"));
                    return Ok(Some(ExitCode::FAILURE));
                }
            }
        }
        Ok(None)
    }

    fn write_session(&mut self) -> Result<()> {
        let (Some(path), Some(session)) = (&self.settings.session_file, &self.session) else { return Ok(()) };
        let path = path.fill(self.port, None);
        session_file::write(Path::new(&path), session)
            .with_context(|| format!("cannot write the session to `{path}`"))
    }

    fn launch(&mut self) -> Result<()> {
        if let Some(port) = &mut self.chosen {
            port.release();
        }
        let program = Program::start(&self.settings, self.port, self.session.as_deref())
            .with_context(|| format!("cannot start `{}`", self.settings.program))?;
        say(&format!("`{}` runs as process {}", self.settings.program, program.pid()));
        self.health.watch(program.pid(), self.port.unwrap_or_default());
        self.program = Some(program);
        self.deadline = Some((Instant::now() + self.settings.start_time, Event::StartTimePassed));
        Ok(())
    }

    async fn announce(&mut self) -> Result<()> {
        let port = self.port.context("the port is known before the process is ready")?;
        let (health, told) = (self.health.clone(), AtomicBool::new(false));
        let mut builder =
            Sdk::builder().client_port(port).health(move || health.is_well()).on_retry(move |error| {
                if !told.swap(true, Ordering::Relaxed) {
                    say(&format!("waiting for the agent: {error}"));
                }
            });
        for path in &self.settings.log_paths {
            builder = builder.log_path(path);
        }
        if let Some(agent) = &self.settings.agent {
            builder = builder.agent_address(agent);
        }
        self.agent = Some(Agent::ready(builder).await?);
        say(&format!("ready: players connect to port {port}"));
        Ok(())
    }

    /// Whether the session takes players now.
    async fn activate(&mut self) -> bool {
        let Some(agent) = &self.agent else { return false };
        match agent.activate().await {
            Ok(players) => {
                say(&format!("session `{}` is active", players.info().game_server_session_id));
                self.players = Some(players);
                self.poll.reset_immediately();
                true
            }
            Err(error) => {
                say(&format!("the session cannot be activated: {error:#}"));
                false
            }
        }
    }

    async fn terminate_session(&mut self) {
        self.session = None;
        self.players = None;
        let Some(agent) = &self.agent else { return };
        match agent.terminate_session().await {
            Ok(()) => say("the session has ended"),
            Err(error) => say(&format!("the session cannot be terminated: {error:#}")),
        }
    }

    fn ask_to_end(&mut self) {
        if let Some(program) = &self.program {
            program.ask_to_end();
        }
        let stopping = matches!(self.deadline, Some((_, Event::StopTimePassed)));
        if !stopping {
            self.deadline = Some((Instant::now() + self.settings.stop_time, Event::StopTimePassed));
        }
    }

    fn kill(&mut self) {
        if let Some(program) = &self.program {
            say("the program is killed");
            program.kill();
        }
        self.deadline = None;
    }

    async fn end(&mut self) -> Result<ExitCode> {
        if let Some(agent) = self.agent.take()
            && let Err(error) = agent.end().await
        {
            say(&format!("{error:#}"));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn port_is_open(&mut self) -> bool {
        let Some(program) = &self.program else { return false };
        let open = procfs::open_sockets(program.pid());
        if let Some(port) = self.port {
            return sockets::is_open(&open, port, self.settings.protocol);
        }
        let seen = sockets::candidates(&open, self.settings.protocol);
        self.seen_looks = if seen == self.seen { self.seen_looks + 1 } else { 1 };
        self.seen = seen;
        let Some(&port) = self.seen.first().filter(|_| self.seen_looks >= SAME_LOOKS) else { return false };
        if self.seen.len() > 1 {
            say(&format!(
                "the program has the ports {:?} open, `{port}` is taken as the players'; hint: `--port N` says which",
                self.seen
            ));
        }
        self.port = Some(port);
        self.health.watch(program.pid(), port);
        true
    }

    fn explain_closed_port(&self) {
        let Some(program) = &self.program else { return };
        let open = sockets::candidates(&procfs::open_sockets(program.pid()), None);
        let wanted = self.port.map_or("no port".to_owned(), |port| format!("port `{port}` not"));
        say(&format!(
            "the program has {wanted} open after {} s, its open ports are {open:?}; hint: `--start-time`, `--port`, `--udp` and `--tcp` say what to wait for",
            self.settings.start_time.as_secs()
        ));
    }

    /// The program cannot say who has come, so a seat that was reserved counts as taken.
    async fn accept_reservations(&mut self) {
        let Some(players) = &self.players else { return };
        let reserved = PlayerSessionFilter {
            status: Some(PlayerSessionStatus::Reserved),
            ..PlayerSessionFilter::default()
        };
        let error = match players.describe_player_sessions(reserved).await {
            Ok(reserved) => {
                let mut failed = None;
                for player in reserved {
                    match players.accept_player_session(&player.player_session_id).await {
                        Ok(()) => say(&format!("the seat of player {:?} counts as taken", player.player_id)),
                        Err(error) => failed = Some(error.to_string()),
                    }
                }
                failed
            }
            Err(error) => Some(error.to_string()),
        };
        if error != self.poll_error
            && let Some(error) = &error
        {
            say(&format!("reservations cannot be taken: {error}"));
        }
        self.poll_error = error;
    }
}

fn ticks(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

async fn asked(agent: &mut Option<Agent>) -> Option<Asked> {
    match agent {
        Some(agent) => agent.asked().await,
        None => std::future::pending().await,
    }
}

async fn exited(program: &mut Option<Program>) -> std::io::Result<ExitStatus> {
    match program {
        Some(program) => program.exited().await,
        None => std::future::pending().await,
    }
}

async fn passed(deadline: Option<(Instant, Event)>) -> Event {
    match deadline {
        Some((at, event)) => {
            pin!(sleep_until(at)).await;
            event
        }
        None => std::future::pending().await,
    }
}

/// Standard output belongs to the program.
fn say(text: &str) {
    eprintln!("gse-wrap: {text}");
}
