//! The control plane as a process: steps form groups, a group is committed, then orders go out, then answers.
//!
//! The same order as `gse-server`'s engine, on a store that is a map. Killed between two steps, or when a group is about
//! to be committed, it loses exactly what was not committed.

use std::collections::BTreeMap;

use gse_core::game_server_session::GameServerSessionStatus;
use gse_core::host::{HostOrder, HostReport};
use gse_core::id::InstanceId;
use gse_core::placement::PlacementStatus;
use gse_core::trace_context::TraceContext;
use gse_core::{Change, Command, ControlPlane, Cx, Error, Row, RowKind, Step, Timestamp};

use crate::after;
use crate::check::{self, Cause, Look};
use crate::claims::Ack;
use crate::world::{Event, Waiting, World, order_words, report_words};

/// What the store holds.
pub type Rows = BTreeMap<(RowKind, String), Row>;

/// The control plane, its store, and what is under way between them.
#[derive(Default)]
pub struct Engine {
    /// `None`: it does not run.
    pub control_plane: Option<ControlPlane>,
    /// What is committed.
    pub stored: Rows,
    /// What is committed, and what the present group will add.
    pub live: Rows,
    /// The next commit kills it, for so many milliseconds.
    pub dies_at_commit: Option<u64>,
    /// How often it was started.
    pub starts: u64,
    group: Group,
}

#[derive(Default)]
struct Group {
    steps: u64,
    changes: Vec<Change>,
    orders: Vec<(InstanceId, HostOrder)>,
    acks: Vec<Ack>,
    answers: Vec<(Waiting, Result<(), Error>)>,
}

impl Engine {
    /// When the control plane wants to be woken.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.control_plane.as_ref()?.next_wakeup()
    }
}

fn put(rows: &mut Rows, change: &Change) -> Option<Row> {
    match change {
        Change::Put(row) => rows.insert((row.kind(), row.key()), row.clone()),
        Change::Delete(kind, key) => rows.remove(&(*kind, key.clone())),
        Change::Archive { row, .. } => rows.remove(&(row.kind(), row.key())),
    }
}

impl World {
    /// Somebody calls the cloud API. The answer is given after the commit.
    pub fn command<C: Command>(&mut self, command: C, ack: impl FnOnce(C::Reply) -> Ack) {
        let Some(control_plane) = &mut self.engine.control_plane else {
            self.note(format_args!("{}: the control plane is not there", C::NAME));
            return;
        };
        let before = check::before_command(control_plane.state(), self.now);
        let trace = TraceContext::of_request(&format!("{} at {}", C::NAME, self.now.millis()));
        let cx = Cx::new(self.now, &mut self.ids, &self.clocks, &self.quotas).in_trace(Some(trace));
        let step = control_plane.apply(cx, command);
        let reply = step.reply.map(ack);
        match &reply {
            Ok(_) => self.note(format_args!("{}: ok", C::NAME)),
            Err(error) => self.note(format_args!("{}: {error}", C::NAME)),
        }
        let step = Step { reply: (), changes: step.changes, orders: step.orders, reasons: step.reasons };
        let (refusal, ack) = match reply {
            Ok(ack) => (None, Some(ack)),
            Err(error) => (Some(error), None),
        };
        let cause = Cause::Command { refusal: refusal.as_ref(), before: &before };
        self.took(cause, step);
        self.engine.group.acks.extend(ack);
    }

    /// A report has arrived.
    pub(crate) fn take_report(&mut self, number: usize, report: HostReport, waiting: Option<Waiting>) {
        let Some(control_plane) = &mut self.engine.control_plane else { return };
        let words = format!("from host{number} {} {}", report.instance, report_words(&report.kind));
        let cx = Cx::new(self.now, &mut self.ids, &self.clocks, &self.quotas);
        let Step { reply, changes, orders, reasons } = control_plane.on_report(cx, report);
        match &reply {
            Ok(()) => self.note(format_args!("{words}")),
            Err(error) => self.note(format_args!("{words}: {error}")),
        }
        self.took(Cause::Report, Step { reply: (), changes, orders, reasons });
        if let Some(waiting) = waiting {
            self.engine.group.answers.push((waiting, reply));
        }
    }

    /// Something is due.
    pub(crate) fn wake_control_plane(&mut self) {
        let Some(control_plane) = &mut self.engine.control_plane else { return };
        let cx = Cx::new(self.now, &mut self.ids, &self.clocks, &self.quotas);
        let step = control_plane.on_timer(cx);
        let next = control_plane.next_wakeup();
        self.note(format_args!("timer"));
        if let Some(next) = next.filter(|&next| next <= self.now) {
            self.violation("rule 5: after on_timer nothing is due", format!("{next:?}"));
        }
        self.took(Cause::Timer, step);
    }

    /// A step was made: look at it, and add it to the group.
    fn took(&mut self, cause: Cause<'_>, step: Step<()>) {
        for reason in &step.reasons {
            self.note(format_args!("  because {reason}"));
        }
        let engine = &mut self.engine;
        let before: Vec<Option<Row>> =
            step.changes.iter().map(|change| put(&mut engine.live, change)).collect();
        let Some(control_plane) = &engine.control_plane else { return };
        let look = Look {
            now: self.now,
            clocks: &self.clocks,
            state: control_plane.state(),
            changes: &step.changes,
            before: &before,
            orders: &step.orders,
            cause,
        };
        if let Some(violation) = check::step(&look) {
            self.violation(violation.rule, violation.detail);
        }
        let group = &mut self.engine.group;
        group.steps += 1;
        group.changes.extend(step.changes);
        group.orders.extend(step.orders);
        if group.steps == 1 {
            let after_ms = self.random.within(0, 4);
            self.at(after(self.now, after_ms), Event::Commit);
        }
    }

    /// The group becomes durable; then its orders go out, then its answers.
    pub(crate) fn commit(&mut self) {
        if self.engine.control_plane.is_none() || self.engine.group.steps == 0 {
            return;
        }
        if let Some(down_ms) = self.engine.dies_at_commit.take() {
            self.kill_control_plane(down_ms);
            return;
        }
        let group = std::mem::take(&mut self.engine.group);
        for change in &group.changes {
            put(&mut self.engine.stored, change);
        }
        for (instance, order) in &group.orders {
            self.note(format_args!("order {instance} {}", order_words(order)));
            self.send_order(instance, order);
        }
        for ack in group.acks {
            self.acknowledge(ack);
        }
        for (waiting, answer) in group.answers {
            self.send_answer(waiting, answer);
        }
        self.tell_players(&group.changes);
    }

    fn acknowledge(&mut self, ack: Ack) {
        let Some(control_plane) = &self.engine.control_plane else { return };
        if let Ack::Players(players) = &ack {
            let seats: Vec<_> =
                players.iter().map(|player| (player.session.clone(), player.id.clone())).collect();
            self.known.learn(ack.clone(), control_plane.state());
            for (session, player) in seats {
                self.send_player(&session, &player);
            }
            return;
        }
        self.known.learn(ack, control_plane.state());
    }

    /// Some players come at once, some late, some never.
    fn send_player(
        &mut self,
        session: &gse_core::id::GameServerSessionId,
        player: &gse_core::id::PlayerSessionId,
    ) {
        let Some(control_plane) = &self.engine.control_plane else { return };
        let Some(row) = control_plane.state().game_server_sessions.get(session) else { return };
        let process = row.process.clone();
        if self.random.in_thousand(150) {
            return;
        }
        let after_ms = self.random.within(20, 12_000);
        self.at(after(self.now, after_ms), Event::Knock(process, session.clone(), player.clone()));
    }

    /// Who waits for a placement sees what became of it.
    fn tell_players(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Put(Row::Placement(placement)) if placement.status == PlacementStatus::Fulfilled => {
                    let Some(fulfilment) = placement.fulfilment.clone() else { continue };
                    for seat in fulfilment.players {
                        self.send_player(&fulfilment.session, &seat.player_session);
                    }
                }
                Change::Put(Row::GameServerSession(session))
                    if session.placement.is_some() && session.status == GameServerSessionStatus::Active =>
                {
                    self.known.learn_session(session);
                }
                Change::Put(_) | Change::Delete(..) | Change::Archive { .. } => {}
            }
        }
    }

    /// Orders can be lost, so they are derived again for every instance that exists.
    pub(crate) fn resync(&mut self) {
        let period_ms = u64::try_from(self.clocks.host_resync.as_millis()).unwrap_or(1_000);
        self.at(after(self.now, period_ms), Event::Resync);
        if self.engine.starts == 0 {
            self.restart();
        }
        self.repeat_orders();
    }

    fn repeat_orders(&mut self) {
        // What is not committed is not told to anybody.
        if self.engine.group.steps > 0 {
            self.commit();
        }
        let Some(control_plane) = &self.engine.control_plane else { return };
        let cx = Cx::new(self.now, &mut self.ids, &self.clocks, &self.quotas);
        let instances = control_plane.state().instances.values();
        let orders: Vec<_> = instances.flat_map(|instance| control_plane.resync(&cx, &instance.id)).collect();
        for (instance, order) in orders {
            self.send_order(&instance, &order);
        }
    }

    pub(crate) fn kill_control_plane(&mut self, down_ms: u64) {
        if self.engine.control_plane.take().is_none() {
            return;
        }
        let lost = std::mem::take(&mut self.engine.group);
        self.note(format_args!("control plane killed; {} step(s) lost", lost.steps));
        self.at(after(self.now, down_ms), Event::Restart);
    }

    /// The control plane starts from what the store has.
    pub(crate) fn restart(&mut self) {
        if self.engine.control_plane.is_some() {
            return;
        }
        self.engine.starts += 1;
        self.engine.live.clone_from(&self.engine.stored);
        let control_plane = ControlPlane::restore(self.engine.stored.values().cloned());
        self.note(format_args!("control plane started from {} row(s)", self.engine.stored.len()));
        if let Some(broken) = self.known.first_broken(control_plane.state()) {
            self.violation("durable before visible: an acknowledged change survives", broken);
        }
        self.engine.control_plane = Some(control_plane);
        self.repeat_orders();
    }
}
