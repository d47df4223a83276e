//! Where the report goes, and when the app exits: the two lines on stdout, errors and progress on stderr.

use std::io::Write;

use bevy::prelude::*;

use crate::{
    navigation::Screen,
    net::{self, Received},
    options::View,
    prediction::Match,
    report::{Line, Outcome, Report},
    session::{self, Session},
};

/// The two streams of the process; in tests, buffers.
#[derive(Resource)]
pub struct Outlet {
    stdout: Box<dyn Write + Send + Sync>,
    stderr: Box<dyn Write + Send + Sync>,
    is_verbose: bool,
    is_done: bool,
}

/// When the app exits after the session is over.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// At once.
    AtEnd,
    /// When the window is closed.
    WhenClosed,
    /// When the picture is taken; `render/screenshot.rs` turns it into `AtEnd`.
    AfterPicture,
    /// When somebody else says so, and nothing is reported.
    Unreported,
}

impl Exit {
    pub(crate) fn of(view: &View) -> Exit {
        match view {
            View::Headless => Exit::AtEnd,
            View::Window => Exit::WhenClosed,
            View::Screenshot { .. } => Exit::AfterPicture,
            // The scenes end by themselves and are no session that is reported.
            View::Scenes { .. } => Exit::Unreported,
        }
    }
}

impl Outlet {
    /// Writes to these; `is_verbose` asks for progress.
    pub fn new(
        stdout: impl Write + Send + Sync + 'static,
        stderr: impl Write + Send + Sync + 'static,
        is_verbose: bool,
    ) -> Outlet {
        Outlet { stdout: Box::new(stdout), stderr: Box::new(stderr), is_verbose, is_done: false }
    }

    fn tell(&mut self, line: &Line) {
        let written = writeln!(self.stdout, "{}", line.to_json()).and_then(|()| self.stdout.flush());
        if let Err(error) = written {
            // Whoever started this does not listen any more; the exit code still tells the outcome.
            debug!("stdout is closed: {error}");
        }
    }

    fn tell_on_stderr(&mut self, text: &str) {
        if let Err(error) = writeln!(self.stderr, "{text}") {
            debug!("stderr is closed: {error}");
        }
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.add_systems(PreUpdate, tell_joined.after(net::receive).after(session::observe))
        .add_systems(Update, tell_progress.run_if(state_changed::<Screen>))
        .add_systems(Last, finish);
}

fn tell_joined(mut received: MessageReader<Received>, session: Res<Session>, mut outlet: ResMut<Outlet>) {
    for received in received.read() {
        if let Received::Welcome { hosting } = received {
            let hosting = (*hosting).into();
            outlet.tell(&match session.is_watching {
                true => Line::Watching { hosting },
                false => Line::Joined { player_id: session.player_id.clone(), hosting },
            });
        }
    }
}

fn tell_progress(screen: Res<State<Screen>>, session: Res<Session>, mut outlet: ResMut<Outlet>) {
    if outlet.is_verbose {
        let line = serde_json::json!({
            "event": "progress",
            "screen": format!("{:?}", screen.get()).to_lowercase(),
            "slot": session.slot,
            "ticks": session.ticks,
        });
        outlet.tell_on_stderr(&line.to_string());
    }
}

/// Writes the last line and exits, once it is time.
fn finish(
    mut session: ResMut<Session>,
    mut outlet: ResMut<Outlet>,
    match_: Option<Res<Match>>,
    when: Res<Exit>,
    mut exits: ResMut<Messages<AppExit>>,
) {
    if outlet.is_done || *when == Exit::Unreported {
        return;
    }
    let is_asked = !exits.is_empty();
    if is_asked && session.verdict.is_none() {
        let (outcome, reason) = match *when {
            Exit::WhenClosed => (Outcome::Left, "the window was closed"),
            Exit::AtEnd | Exit::AfterPicture | Exit::Unreported => (Outcome::Failed, "interrupted"),
        };
        session.end(outcome, reason.to_owned());
    }
    if !is_asked && (session.verdict.is_none() || *when != Exit::AtEnd) {
        return;
    }
    let Some(report) = report(&session, match_.as_deref()) else { return };
    outlet.is_done = true;
    if !report.outcome.is_success() {
        let text = format!("error: {}", report.reason);
        outlet.tell_on_stderr(&text);
    }
    exits.write(if report.outcome.is_success() { AppExit::Success } else { AppExit::error() });
    outlet.tell(&Line::Ended(report));
}

/// The report of a session that is over.
fn report(session: &Session, match_: Option<&Match>) -> Option<Report> {
    let verdict = session.verdict.clone()?;
    let statistics = match_.map(|match_| match_.statistics()).unwrap_or_default();
    Some(Report {
        outcome: verdict.outcome,
        hosting: session.hosting.map(Into::into),
        player_id: session.player_id.clone(),
        slot: session.slot,
        winner: session.winner.clone(),
        scores: scores(session, match_),
        ticks: match_.map_or(session.ticks, |match_| u64::from(match_.confirmed().tick())),
        states: match_.map(Match::states).unwrap_or_default(),
        snapshots: u64::from(statistics.snapshots),
        mispredictions: u64::from(statistics.mispredictions),
        rtt_ms: session.rtt.map(|rtt| rtt.as_micros() as f64 / 1000.0),
        peers: session.seen.iter().cloned().collect(),
        chat: session.chat.clone(),
        reason: verdict.reason,
    })
}

/// What the server said at the end, or else what the last snapshot said.
pub(crate) fn scores(session: &Session, match_: Option<&Match>) -> std::collections::BTreeMap<String, u32> {
    match (&session.final_scores, match_) {
        (Some(scores), _) => scores.clone(),
        (None, Some(match_)) => {
            let players = match_.confirmed().players().iter();
            match_.names().iter().cloned().zip(players.map(|player| u32::from(player.score))).collect()
        }
        (None, None) => std::collections::BTreeMap::new(),
    }
}
