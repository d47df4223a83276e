//! What must be true after every step of the control plane. One function per checker; each is written from the spec,
//! names its rule, and does not use the function of the core that it checks.

mod placement;
mod policy;
mod scaling;
mod timer;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use gse_core::fleet::{Fleet, FleetStatus, ProtectionPolicy};
use gse_core::game_server_session::{GameServerSession, GameServerSessionStatus};
use gse_core::host::HostOrder;
use gse_core::id::{FleetId, InstanceId, ProcessId};
use gse_core::instance::{Instance, InstanceStatus};
use gse_core::placement::PlacementStatus;
use gse_core::player_session::{PlayerSessionCreationPolicy, PlayerSessionStatus};
use gse_core::process::Load;
use gse_core::{Change, Clocks, Error, Row, State, Timestamp};

use crate::game_server::GameServer;

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// What was seen.
    pub detail: String,
}

/// What made a step.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'a> {
    /// A command, refused or not.
    Command {
        /// Why it was refused.
        refusal: Option<&'a Error>,
        /// What could have been chosen.
        before: &'a Before,
    },
    /// A report of a host.
    Report,
    /// Time.
    Timer,
}

/// The processes of each fleet that could have got a session, best first.
pub type Before = BTreeMap<FleetId, Vec<ProcessId>>;

/// One step, as a checker sees it.
pub struct Look<'a> {
    /// When it was made.
    pub now: Timestamp,
    /// The durations.
    pub clocks: &'a Clocks,
    /// Everything, after the step.
    pub state: &'a State,
    /// The rows that changed.
    pub changes: &'a [Change],
    /// What each of them was before.
    pub before: &'a [Option<Row>],
    /// What it wants from hosts.
    pub orders: &'a [(InstanceId, HostOrder)],
    /// What made it.
    pub cause: Cause<'a>,
}

type Checker = fn(&Look<'_>) -> Result<(), String>;

/// All checkers of a step, with their rules.
pub const CHECKERS: &[(&str, Checker)] = &[
    ("rule 2: a refused command changes nothing", refused_changes_nothing),
    ("M-1: at most one live session per process", one_session_per_process),
    ("G-3: sessions are placed on eligible processes only", placed_on_eligible),
    ("R9: the process is the one that the ruling names", chosen_by_r9),
    ("G-5: ResourceInsufficient only when no process is eligible", insufficient_is_true),
    ("G-9: a repeated token gives the same session", tokens),
    ("G-10: a creator makes as many sessions as allowed", creators),
    ("Y-10: seats are counted and never exceed the maximum", seats),
    ("Y-3: joins are taken only when they may be", joins),
    ("Y-6, Y-7: a seat is accepted in time and in an ACTIVE session", acceptance),
    ("G-14, R6: players of a session that is over are over", players_end_with_session),
    ("rule 5: every waiting state has its deadline", deadlines),
    ("rule 8: terminal states are final", terminal_is_final),
    ("P-5: a fulfilled placement has an ACTIVE session with every player seated", placement::fulfilment),
    ("P-11, P-12: a placement goes where every player may, by the policy in force", placement::latency),
    ("P-11: no placement waits beside a process that it could have", placement::waits_in_vain),
    (
        "P-13, P-14: no placement fails or times out beside a process that it could have",
        placement::ends_in_vain,
    ),
    ("P-17: who has waited longer for a fleet is served first", placement::order),
    ("R80: the trace of a search is bounded", placement::trace),
    ("R10, P-6: a placement that is over has no session under way", placement::lets_go),
    ("S-22, S-23: scale-in takes idle instances first", scaling::order),
    ("S-21, F-32: a reserved instance does not leave by scale-in", scaling::reserved_stays),
    ("F-32: no process of a reserved instance is asked to end", scaling::reserved_is_left_alone),
    ("S-24: a leaving instance takes nobody", scaling::leaving_takes_nobody),
    ("S-1: the desired number is inside the range", policy::range),
    (
        "3.1, S-4: policies are asked in the automatic mode of an ACTIVE fleet",
        policy::asked_in_the_automatic_mode,
    ),
    ("S-7: policies wait for the cool-down", policy::cool_down_is_kept),
    ("S-11: a target-based policy removes unused instances only", policy::target_removes_unused),
    ("S-12: a target-based policy keeps its share free", policy::target_is_kept),
    ("T-2, T-3: a timer runs when the calendar says so", timer::next_run),
    ("T-1, T-6, T-7: each due run is taken once, or skipped, and told", timer::each_run_once),
    ("T-5: the last writer wins", timer::last_writer_wins),
    ("F-28: only an empty fleet is deleted", deletion),
    ("G-3: a session that failed to start is not followed by another on its process", tainted_is_replaced),
];

/// The first checker that objects.
pub fn step(look: &Look<'_>) -> Option<Violation> {
    CHECKERS.iter().find_map(|(rule, checker)| checker(look).err().map(|detail| Violation { rule, detail }))
}

fn ensure(holds: bool, detail: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(detail()) }
}

impl<'a> Look<'a> {
    /// Rows that exist after the step and changed in it, with what they were.
    fn changed(&self) -> impl Iterator<Item = (Option<&'a Row>, &'a Row)> {
        self.changes.iter().zip(self.before).filter_map(|(change, before)| match change {
            Change::Put(row) => Some((before.as_ref(), row)),
            Change::Delete(..) | Change::Archive { .. } => None,
        })
    }

    fn sessions(&self) -> impl Iterator<Item = (Option<&'a GameServerSession>, &'a GameServerSession)> {
        self.changed().filter_map(|(before, row)| match row {
            Row::GameServerSession(session) => {
                let before = match before {
                    Some(Row::GameServerSession(before)) => Some(&**before),
                    Some(_) | None => None,
                };
                Some((before, &**session))
            }
            _ => None,
        })
    }
}

fn refused_changes_nothing(look: &Look<'_>) -> Result<(), String> {
    let Cause::Command { refusal: Some(refusal), .. } = look.cause else { return Ok(()) };
    ensure(look.changes.is_empty() && look.orders.is_empty(), || {
        format!("{} change(s), {} order(s) with: {refusal}", look.changes.len(), look.orders.len())
    })
}

fn is_live(session: &GameServerSession) -> bool {
    matches!(session.status, GameServerSessionStatus::Activating | GameServerSessionStatus::Active)
}

fn one_session_per_process(look: &Look<'_>) -> Result<(), String> {
    for (_, row) in look.changed() {
        let (process, session) = match row {
            Row::Process(process) => (Some(&**process), process.load.session().cloned()),
            Row::GameServerSession(session) if is_live(session) => {
                (look.state.processes.get(&session.process), Some(session.id.clone()))
            }
            _ => continue,
        };
        let Some(process) = process else {
            return Err(format!("live session {session:?} is on a process that does not exist"));
        };
        let live =
            look.state.sessions_of(&process.fleet).filter(|row| row.process == process.id && is_live(row));
        let live: Vec<_> = live.collect();
        ensure(live.len() <= 1, || format!("{} has {} live sessions", process.id, live.len()))?;
        let hosted = live.first().map(|session| &session.id);
        ensure(process.load.session() == hosted, || {
            format!("{} says {:?} and hosts {hosted:?}", process.id, process.load)
        })?;
        let reserved = matches!(process.load, Load::Reserved(_));
        let activating = live.first().is_some_and(|row| row.status == GameServerSessionStatus::Activating);
        ensure(reserved == activating, || {
            format!("{}: {:?} is not the session's state", process.id, process.load)
        })?;
    }
    Ok(())
}

fn activating_on(state: &State, instance: &InstanceId) -> usize {
    let sessions = state.processes_of(instance).filter_map(|process| match &process.load {
        Load::Reserved(session) => state.game_server_sessions.get(session),
        Load::Idle(_) | Load::Hosting(_) => None,
    });
    sessions.filter(|session| session.status == GameServerSessionStatus::Activating).count()
}

/// G-3, what an instance must be; `extra` sessions are activating besides those that count.
fn instance_is_eligible(state: &State, fleet: &Fleet, instance: &Instance, less: usize) -> bool {
    let limit = fleet.runtime.max_concurrent_activations as usize;
    instance.status == InstanceStatus::Active
        && !instance.reserved
        && instance.weight > 0
        && (limit == 0 || activating_on(state, &instance.id) - less < limit)
}

fn placed_on_eligible(look: &Look<'_>) -> Result<(), String> {
    let new = look.sessions().filter(|(before, session)| before.is_none() && is_live(session));
    for (_, session) in new {
        let state = look.state;
        let process = state.processes.get(&session.process).ok_or("the process does not exist")?;
        let fleet = state.fleets.get(&session.fleet).ok_or("the fleet does not exist")?;
        let instance = state.instances.get(&process.instance).ok_or("the instance does not exist")?;
        ensure(fleet.status == FleetStatus::Active, || format!("fleet {} is {}", fleet.id, fleet.status))?;
        ensure(process.fleet == fleet.id, || format!("{} is of another fleet", process.id))?;
        let fine = !process.unhealthy && !process.draining && !process.tainted;
        ensure(fine && process.runtime_version == fleet.runtime.version, || format!("on {process:?}"))?;
        ensure(instance_is_eligible(state, fleet, instance, 1), || format!("on {instance:?}"))?;
    }
    Ok(())
}

/// R9, written again: which processes of each fleet may get a session, best first.
pub fn before_command(state: &State, now: Timestamp) -> Before {
    let fleets = state.fleets.values().filter(|fleet| fleet.status == FleetStatus::Active);
    fleets.map(|fleet| (fleet.id.clone(), eligible(state, fleet, now))).collect()
}

fn eligible(state: &State, fleet: &Fleet, now: Timestamp) -> Vec<ProcessId> {
    let mut found = Vec::new();
    for process in state.processes.values().filter(|process| process.fleet == fleet.id) {
        let Some(instance) = state.instances.get(&process.instance) else { continue };
        let Load::Idle(since) = process.load else { continue };
        let fine = !process.unhealthy && !process.draining && !process.tainted;
        if !fine
            || process.runtime_version != fleet.runtime.version
            || !instance_is_eligible(state, fleet, instance, 0)
        {
            continue;
        }
        let busy = state.processes_of(&instance.id).filter(|other| !matches!(other.load, Load::Idle(_)));
        let fresh = now.since(since) < Duration::from_secs(1);
        let key = (Reverse(instance.weight), Reverse(busy.count()), fresh, since, process.id.clone());
        found.push(key);
    }
    found.sort();
    found.into_iter().map(|(.., process)| process).collect()
}

fn chosen_by_r9(look: &Look<'_>) -> Result<(), String> {
    let Cause::Command { refusal: None, before } = look.cause else { return Ok(()) };
    for (_, session) in look.sessions().filter(|(old, session)| old.is_none() && is_live(session)) {
        let best = before.get(&session.fleet).and_then(|processes| processes.first());
        ensure(best == Some(&session.process), || format!("{} instead of {best:?}", session.process))?;
    }
    Ok(())
}

fn insufficient_is_true(look: &Look<'_>) -> Result<(), String> {
    let Cause::Command { refusal: Some(Error::NoIdleProcess { fleet, reason }), .. } = look.cause else {
        return Ok(());
    };
    let Some(row) = look.state.fleets.get(fleet) else { return Ok(()) };
    let eligible = eligible(look.state, row, look.now);
    ensure(eligible.is_empty(), || format!("{eligible:?} could have taken it, and it was refused: {reason}"))
}

fn tokens(look: &Look<'_>) -> Result<(), String> {
    for (_, session) in look.sessions().filter(|(before, _)| before.is_none()) {
        let Some(token) = &session.idempotency_token else { continue };
        let same = look.state.sessions_of(&session.fleet);
        let same = same.filter(|other| other.idempotency_token.as_ref() == Some(token)).count();
        ensure(same == 1, || format!("{same} sessions of {} have token {token}", session.fleet))?;
    }
    Ok(())
}

fn creators(look: &Look<'_>) -> Result<(), String> {
    for (_, session) in look.sessions().filter(|(before, _)| before.is_none()) {
        let Some(fleet) = look.state.fleets.get(&session.fleet) else { continue };
        if session.creator.is_empty() || session.placement.is_some() {
            continue;
        }
        let period = Duration::from_secs(u64::from(fleet.creator_limit.period_minutes) * 60);
        let made = look.state.sessions_of(&session.fleet).filter(|other| {
            other.creator == session.creator
                && other.placement.is_none()
                && look.now.since(other.created) < period
        });
        let made = made.count();
        ensure(made <= fleet.creator_limit.sessions as usize, || format!("{} made {made}", session.creator))?;
    }
    Ok(())
}

fn seats(look: &Look<'_>) -> Result<(), String> {
    for (_, session) in look.sessions() {
        let holds = |status| matches!(status, PlayerSessionStatus::Reserved | PlayerSessionStatus::Active);
        let taken = look.state.players_of(&session.id).filter(|player| holds(player.status)).count();
        ensure(session.seats_taken as usize == taken, || {
            format!("{} says {} and {taken} hold a seat", session.id, session.seats_taken)
        })?;
        ensure(session.seats_taken <= session.max_players, || {
            format!("{}: {} of {}", session.id, session.seats_taken, session.max_players)
        })?;
    }
    Ok(())
}

fn joins(look: &Look<'_>) -> Result<(), String> {
    if !matches!(look.cause, Cause::Command { .. }) {
        return Ok(());
    }
    for (before, row) in look.changed() {
        let (None, Row::PlayerSession(player)) = (before, row) else { continue };
        let session = look.state.game_server_sessions.get(&player.session).ok_or("no such session")?;
        ensure(
            session.status == GameServerSessionStatus::Active
                && session.enabled
                && session.policy == PlayerSessionCreationPolicy::AcceptAll,
            || format!("{} joined {} which is {}", player.id, session.id, session.status),
        )?;
    }
    Ok(())
}

fn acceptance(look: &Look<'_>) -> Result<(), String> {
    for (before, row) in look.changed() {
        let (Some(Row::PlayerSession(before)), Row::PlayerSession(player)) = (before, row) else { continue };
        if player.status == PlayerSessionStatus::Active && before.status != PlayerSessionStatus::Active {
            let session = look.state.game_server_sessions.get(&player.session);
            let in_time = look.now.since(before.created) < look.clocks.player_reserve;
            ensure(before.status == PlayerSessionStatus::Reserved && in_time, || {
                format!("{} was {} and is accepted", player.id, before.status)
            })?;
            ensure(session.is_some_and(|session| session.status == GameServerSessionStatus::Active), || {
                format!("{} is accepted in {}", player.id, player.session)
            })?;
        }
        if player.status == PlayerSessionStatus::TimedOut && before.status == PlayerSessionStatus::Reserved {
            let over = look.state.game_server_sessions.get(&player.session).is_none_or(|row| !is_live(row));
            let late = look.now.since(before.created) >= look.clocks.player_reserve;
            ensure(late || over, || format!("{} timed out early", player.id))?;
        }
    }
    Ok(())
}

fn players_end_with_session(look: &Look<'_>) -> Result<(), String> {
    for (before, session) in look.sessions().filter(|(_, session)| !is_live(session)) {
        let ends_now = before.is_none_or(is_live);
        for player in look.state.players_of(&session.id) {
            let over =
                matches!(player.status, PlayerSessionStatus::Completed | PlayerSessionStatus::TimedOut);
            ensure(over, || format!("{} is {} in a session that is over", player.id, player.status))?;
        }
        ensure(session.terminated.is_some() && !session.enabled, || format!("{} has no end", session.id))?;
        ensure(!ends_now || session.terminated == Some(look.now), || format!("{} ended when?", session.id))?;
    }
    Ok(())
}

fn deadlines(look: &Look<'_>) -> Result<(), String> {
    for (_, row) in look.changed() {
        let limit = match row {
            Row::Fleet(fleet) => match fleet.status {
                FleetStatus::New | FleetStatus::Downloading => {
                    Some(after(look.now, look.clocks.fleet_deploy))
                }
                FleetStatus::Validating | FleetStatus::Building | FleetStatus::Activating => {
                    Some(after(look.now, look.clocks.process_ready * 3))
                }
                FleetStatus::Deleting => {
                    // It waits for its instances, and they have deadlines.
                    let waits = look.state.instances_of(&fleet.id).next().is_some();
                    if waits { None } else { Some(look.now) }
                }
                FleetStatus::Active | FleetStatus::Error | FleetStatus::Terminated => None,
            },
            Row::Instance(instance) => match instance.status {
                InstanceStatus::Pending | InstanceStatus::Leaving | InstanceStatus::Stopping => {
                    Some(after(look.now, look.clocks.host_resync))
                }
                InstanceStatus::Active => None,
            },
            Row::GameServerSession(session) => match session.status {
                GameServerSessionStatus::Activating | GameServerSessionStatus::Terminating => {
                    let fleet = look.state.fleets.get(&session.fleet);
                    let timeout_s = fleet.map_or(0, |fleet| fleet.runtime.activation_timeout_s);
                    Some(after(session.created, Duration::from_secs(timeout_s.into())))
                }
                GameServerSessionStatus::Active
                | GameServerSessionStatus::Terminated
                | GameServerSessionStatus::Error => None,
            },
            Row::PlayerSession(player) => (player.status == PlayerSessionStatus::Reserved)
                .then(|| after(player.created, look.clocks.player_reserve)),
            Row::Placement(placement) => {
                (placement.status == PlacementStatus::Pending).then_some(placement.timeout)
            }
            Row::Timer(timer) => timer.next,
            Row::Scaling(scaling) => scaling.evaluate_at.map(|_| after(look.now, look.clocks.scaling_tick)),
            Row::Asset(_)
            | Row::Process(_)
            | Row::Alias(_)
            | Row::Queue(_)
            | Row::DecisionLog(_)
            | Row::RegionFault(_)
            | Row::Event(_)
            | Row::Bucket(_)
            | Row::Demo(_)
            | Row::InstanceLife(_) => None,
        };
        let Some(limit) = limit else { continue };
        let deadline = row.deadline();
        ensure(deadline.is_some_and(|deadline| deadline <= limit), || {
            format!("{:?} {} waits until {deadline:?}, which should be by {limit:?}", row.kind(), row.key())
        })?;
    }
    Ok(())
}

fn after(start: Timestamp, duration: Duration) -> Timestamp {
    start.plus(duration)
}

fn terminal_is_final(look: &Look<'_>) -> Result<(), String> {
    for (before, row) in look.changed() {
        let same = match (before, row) {
            (Some(Row::GameServerSession(old)), Row::GameServerSession(new)) if !is_live(old) => {
                (old.status, &old.status_reason, old.terminated)
                    == (new.status, &new.status_reason, new.terminated)
            }
            (Some(Row::PlayerSession(old)), Row::PlayerSession(new))
                if matches!(old.status, PlayerSessionStatus::Completed | PlayerSessionStatus::TimedOut) =>
            {
                (old.status, old.terminated) == (new.status, new.terminated)
            }
            // R4: a finished id may be used again, for a new placement.
            (Some(Row::Placement(old)), Row::Placement(new)) if old.status != PlacementStatus::Pending => {
                let again = matches!(look.cause, Cause::Command { .. })
                    && new.status == PlacementStatus::Pending
                    && new.started == look.now;
                again || (old.status, old.ended, &old.fulfilment) == (new.status, new.ended, &new.fulfilment)
            }
            (Some(Row::Fleet(old)), Row::Fleet(new)) if old.status == FleetStatus::Terminated => {
                old.status == new.status
            }
            // F-8: there is no retry; an ERROR fleet can only be deleted.
            (Some(Row::Fleet(old)), Row::Fleet(new)) if old.status == FleetStatus::Error => {
                matches!(new.status, FleetStatus::Error | FleetStatus::Deleting | FleetStatus::Terminated)
            }
            (Some(Row::Process(old)), Row::Process(new)) => {
                // F-16, S-24: what is unhealthy or told to end stays so.
                old.unhealthy <= new.unhealthy && old.draining <= new.draining
            }
            (Some(Row::Instance(old)), Row::Instance(new)) => old.is_leaving() <= new.is_leaving(),
            _ => true,
        };
        ensure(same, || format!("{:?} {} changed after its end", row.kind(), row.key()))?;
    }
    let gone = look.changes.iter().find_map(|change| match change {
        Change::Delete(kind, key) => {
            use gse_core::RowKind::{
                Alias, DecisionLog, Demo, Instance, Process, RegionFault, Scaling, Timer,
            };
            (!matches!(kind, Alias | DecisionLog | Demo | Instance | Process | RegionFault | Scaling | Timer))
                .then(|| format!("{kind:?} {key} was removed"))
        }
        Change::Put(_) | Change::Archive { .. } => None,
    });
    gone.map_or(Ok(()), Err)
}

fn deletion(look: &Look<'_>) -> Result<(), String> {
    for (before, row) in look.changed() {
        let (Some(Row::Fleet(old)), Row::Fleet(new)) = (before, row) else { continue };
        if new.status == FleetStatus::Terminated && old.status != new.status {
            let left = look.state.instances_of(&new.id).count();
            ensure(left == 0, || format!("{} is TERMINATED with {left} instance(s)", new.id))?;
        }
        if new.status == FleetStatus::Deleting && old.status == FleetStatus::Active {
            let used = look.state.aliases.values().any(|alias| alias.routes_to(new));
            let left = look.state.instances_of(&new.id).count();
            ensure(!used && left == 0, || format!("{} is deleted while it is used", new.id))?;
        }
    }
    Ok(())
}

/// P10, G-7: the process gets no other session, and is told to end, unless its instance is reserved (F-32).
fn tainted_is_replaced(look: &Look<'_>) -> Result<(), String> {
    for (before, session) in look.sessions() {
        let failed = before.is_some_and(|before| before.status == GameServerSessionStatus::Activating)
            && session.status == GameServerSessionStatus::Error;
        let Some(process) = look.state.processes.get(&session.process).filter(|_| failed) else { continue };
        let instance = look.state.instances.get(&process.instance);
        let is_kept = instance.is_some_and(|instance| instance.reserved) && process.tainted;
        ensure((process.draining || is_kept) && matches!(process.load, Load::Idle(_)), || {
            format!("{} failed {} and is {:?}", process.id, session.id, process.load)
        })?;
    }
    Ok(())
}

/// 3.4: whether a game server is killed although its session is protected.
pub fn kill_is_wrong(state: &State, server: &GameServer) -> Option<String> {
    let process = state.processes.get(&server.process)?;
    let session = state.game_server_sessions.get(process.load.session()?)?;
    let instance = state.instances.get(&process.instance)?;
    let wrong = session.protection == ProtectionPolicy::FullProtection
        && session.status == GameServerSessionStatus::Active
        && instance.status != InstanceStatus::Stopping
        && !server.is_ending;
    wrong.then(|| format!("{} plays {}", process.id, session.id))
}
