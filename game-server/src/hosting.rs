//! The process's life at the agent: ready, one session after the other, ending.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use gse_sdk::{
    ActiveSession, Detected, GameProperty, GameServerSession, ProcessHandle, ProcessTerminate, Ready, Sdk,
    SdkBuilder, Standalone, StartRequested,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tracing::{error, info, warn};

use crate::config::{Args, Host, MatchSettings, fresh_seed};
use crate::lobby;
use crate::match_room;
use crate::replays::ReplayFolder;
use crate::room::{Room, RoomEnd, RoomInput};
use crate::seats;
use crate::transport::Transport;

/// After the end of a session its players have so long to read the last words.
const FAREWELL: Duration = Duration::from_secs(2);
/// A match that goes on after ProcessTerminate ends so long before the process is ended by force.
const TERMINATION_MARGIN: Duration = Duration::from_secs(10);

/// The agent is told of taken seats at most so often.
const REPORT_PERIOD: Duration = Duration::from_secs(1);
/// At the end of a session the agent has so long to hear that no seat is taken any more.
const LAST_REPORT_TIMEOUT: Duration = Duration::from_secs(1);

/// When told to stop while the agent is being told of this process: so long for its answer, because an agent that
/// knows the process wants to hear of its end.
const READY_GRACE: Duration = Duration::from_secs(1);

/// Binds the players' port, tells the agent, and hosts sessions until the agent or `told_to_stop` ends it.
///
/// # Errors
/// The port cannot be bound, or the agent does not take the process.
pub async fn run(args: &Args, told_to_stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    match Sdk::detect().await {
        Detected::Hosted(hosted) => {
            info!("{hosted}");
            run_at(args, hosted.builder(), None, told_to_stop)
                .await
                .context("hint: `GSE_STANDALONE=1` runs this server without an agent")
        }
        Detected::Standalone(standalone) => {
            info!("{standalone}");
            let standalone = for_players(standalone, args.standalone_players);
            run_at(args, standalone.builder(), Some(&standalone), told_to_stop).await
        }
    }
}

/// A developer and a friend, or two windows, do not wait for the other fourteen.
pub(crate) fn for_players(standalone: Standalone, players: u8) -> Standalone {
    let players = GameProperty { key: "players".to_owned(), value: players.to_string() };
    let session = GameServerSession { game_properties: vec![players], ..standalone.session().clone() };
    standalone.with_session(session)
}

/// The same with a builder of the caller's choice.
pub(crate) async fn run_at(
    args: &Args,
    builder: SdkBuilder,
    standalone: Option<&Standalone>,
    told_to_stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let transport = if args.web {
        anyhow::ensure!(args.host == Host::Lobby, "`--web` is for lobbies; hint: add `--host lobby`");
        Transport::bind_with_web(args.bind, args.client_port, args.players_may_end)?
    } else {
        Transport::bind(args.bind, args.client_port)?
    };
    let port = transport.port();
    let (hosted, hosted_now) = watch::channel(None);
    let (stop, stopped) = watch::channel(false);
    let connections = tokio::spawn(transport.run(hosted_now, stopped));

    let waiting = |error: &gse_sdk::GseError| info!(error = %error.name, "waiting for the agent");
    let mut told_to_stop = pin!(told_to_stop);
    let replays = ReplayFolder::new(&args.replays, port);
    let builder = match (args.host, replays.log_path()) {
        (Host::Match, Some(path)) => builder.log_path(path),
        (Host::Match, None) | (Host::Lobby, _) => builder,
    };
    let mut ready = pin!(builder.client_port(port).on_retry(waiting).ready());
    let (process, stopped) = tokio::select! {
        process = &mut ready => (process, false),
        () = &mut told_to_stop => match timeout(READY_GRACE, ready).await {
            Ok(process) => (process, true),
            Err(_) => return Ok(()),
        },
    };
    let mut process = process.context("the agent does not take this process")?;
    info!(client_port = port, host = ?args.host, web = args.web, "ready");
    if let Some(standalone) = standalone {
        invite(standalone, port);
    }

    if !stopped {
        host_sessions(args, &replays, &mut process, &hosted, told_to_stop.as_mut()).await;
    }

    // Players first: they are told before the process is.
    stop.send_replace(true);
    if let Err(error) = connections.await {
        error!(%error, "the transport's task failed");
    }
    process.ending().await.context("ProcessEnding failed")?;
    info!("ended");
    Ok(())
}

/// Tells a developer who runs this without an agent how to play here.
fn invite(standalone: &Standalone, port: u16) {
    for player in ["anna", "bert"] {
        let ticket = standalone.player_session_id(player);
        info!(
            "to play: game-client --connect 127.0.0.1:{port} --player-id {player} --player-session-id {ticket}"
        );
    }
    warn!("whoever reaches port {port} may play: these tickets can be guessed");
}

/// Hosts sessions one after the other, without another ProcessReady (M-3), until it is told to end.
async fn host_sessions(
    args: &Args,
    replays: &ReplayFolder,
    process: &mut Ready,
    hosted: &watch::Sender<Option<Room>>,
    mut told_to_stop: Pin<&mut impl Future<Output = ()>>,
) {
    let handle = process.handle();
    loop {
        let starting = tokio::select! {
            starting = process.next_session() => starting,
            () = &mut told_to_stop => return info!("told to stop while idle"),
        };
        let Some(starting) = starting else { return info!("asked to end while idle") };
        let started = Hosting::start(args, replays, starting, hosted, handle.clone()).await;
        let Some((mut session, mut hosting)) = started else { continue };
        let over = hosting.until_end(&mut session, told_to_stop.as_mut()).await;
        hosted.send_replace(None);
        terminate(session).await;
        if over == Over::Process {
            return;
        }
    }
}

/// What is over when a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Session,
    Process,
}

/// A session that is being hosted: its room and the task that owns it.
struct Hosting {
    room: Room,
    owner: JoinHandle<RoomEnd>,
    seats: JoinHandle<()>,
    report: JoinHandle<()>,
    handle: ProcessHandle,
    seats_max: u32,
}

impl Hosting {
    /// Activates a session and opens its room. `None`: the session came to nothing.
    async fn start<'p>(
        args: &Args,
        replays: &ReplayFolder,
        starting: StartRequested<'p>,
        hosted: &watch::Sender<Option<Room>>,
        handle: ProcessHandle,
    ) -> Option<(ActiveSession<'p>, Hosting)> {
        let info = starting.info().clone();
        let id = info.game_server_session_id.as_str();
        let settings = match MatchSettings::new(args, &info, fresh_seed()) {
            Ok(settings) => settings,
            Err(error) => {
                error!(session = id, %error, "the session cannot be played");
                if let Err(error) = starting.terminate().await {
                    error!(session = id, error = %error.name, "not terminated");
                }
                return None;
            }
        };
        // The room is open before the agent is told so: the first player may come at once, and then waits here.
        let (seats, requests) = seats::channel();
        let (room, taken) = Room::new(seats.clone(), settings.spectator_key.clone());
        let (occupied, count) = watch::channel(0);
        let seats_max = match args.host {
            Host::Match => settings.players_wanted as u32,
            Host::Lobby => info.max_players,
        };
        hosted.send_replace(Some(room.clone()));
        let session = match starting.activate().await {
            Ok(session) => session,
            Err(error) => {
                hosted.send_replace(None);
                error!(session = id, error = %error.name, "not activated");
                return None;
            }
        };
        let seats_task = tokio::spawn(seats::serve(session.players(), requests));
        let owner = match args.host {
            Host::Match => {
                let (replays, id) = (replays.clone(), id.to_owned());
                tokio::spawn(async move {
                    let (end, replay) = match_room::run(settings, seats, taken, occupied, FAREWELL).await;
                    if let Some(replay) = replay {
                        replays.write(&id, replay).await;
                    }
                    end
                })
            }
            Host::Lobby => {
                tokio::spawn(lobby::run(settings.spectators_max, seats, taken, occupied, FAREWELL))
            }
        };
        let report = tokio::spawn(report(handle.clone(), count, seats_max));
        info!(session = id, seats = info.max_players, trace_id = info.trace_id(), "session is active");
        Some((session, Hosting { room, owner, seats: seats_task, report, handle, seats_max }))
    }

    /// Waits for the end of the session; passes on what the agent and the operator want meanwhile.
    async fn until_end(
        &mut self,
        session: &mut ActiveSession<'_>,
        mut told_to_stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Over {
        let mut over = Over::Session;
        let mut deaf = false;
        let mut stopped = false;
        loop {
            let by = tokio::select! {
                end = &mut self.owner => {
                    match end {
                        Ok(end) => info!(?end, "session is over"),
                        Err(error) => error!(%error, "the session's task failed"),
                    }
                    self.seats.abort();
                    self.report_empty().await;
                    return over;
                }
                // It may come again with another time.
                asked = session.process_terminate(), if !deaf => match asked {
                    Some(terminate) => finish_by(terminate),
                    None => {
                        deaf = true;
                        Some(Instant::now())
                    }
                },
                () = &mut told_to_stop, if !stopped => {
                    stopped = true;
                    Some(Instant::now())
                }
            };
            over = Over::Process;
            info!("asked to end during a session");
            // A room that has ended meanwhile needs no word.
            let _ = self.room.inputs.send(RoomInput::Close { by }).await;
        }
    }

    /// The counts stay at the agent until others come, so an idle process would look as full as its last session was.
    async fn report_empty(&mut self) {
        self.report.abort();
        // It is over when this returns: an older count does not overtake the last one.
        let _ = (&mut self.report).await;
        match timeout(LAST_REPORT_TIMEOUT, self.handle.report_custom_data(0, self.seats_max)).await {
            Ok(Ok(())) => (),
            Ok(Err(error)) => warn!(error = %error.name, "ReportCustomData failed"),
            Err(_) => warn!("ReportCustomData took too long"),
        }
    }
}

/// Tells the agent how many seats are taken, of how many, so that a fleet can scale by it (G-17). Not more often than
/// [`REPORT_PERIOD`]; what changes meanwhile is told together.
async fn report(handle: ProcessHandle, mut taken: watch::Receiver<u32>, seats_max: u32) {
    let mut period = interval(REPORT_PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        period.tick().await;
        let count = *taken.borrow_and_update();
        if let Err(error) = handle.report_custom_data(count, seats_max).await {
            warn!(error = %error.name, "ReportCustomData failed");
        }
        if taken.changed().await.is_err() {
            return;
        }
    }
}

/// Until when a match may go on; `None`: as long as it takes.
fn finish_by(terminate: ProcessTerminate) -> Option<Instant> {
    let left = terminate.termination_time()?.duration_since(SystemTime::now()).unwrap_or_default();
    // Full protection gives a time that no clock of this process can hold.
    Instant::now().checked_add(left.saturating_sub(TERMINATION_MARGIN))
}

async fn terminate(session: ActiveSession<'_>) {
    let id = session.info().game_server_session_id.clone();
    match session.terminate().await {
        Ok(()) => info!(session = id, "session terminated"),
        // The process cannot tell the agent, which will see that by itself.
        Err(error) => error!(session = id, error = %error.name, "not terminated"),
    }
}
