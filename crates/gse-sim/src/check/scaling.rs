//! Checkers of scale-in (operations.md 3.6).

use gse_core::host::HostOrder;
use gse_core::id::InstanceId;
use gse_core::instance::{Instance, InstanceStatus};
use gse_core::{Row, State};

use super::{Look, ensure, is_live};

/// Instances that the step made leave.
pub(super) fn leavers<'a>(look: &Look<'a>) -> Vec<&'a Instance> {
    let leaving = look.changed().filter_map(|(before, row)| match (before, row) {
        (Some(Row::Instance(old)), Row::Instance(new))
            if !old.is_leaving() && new.status == InstanceStatus::Leaving =>
        {
            Some(&**new)
        }
        _ => None,
    });
    leaving.collect()
}

pub(super) fn sessions_on(state: &State, instance: &InstanceId) -> usize {
    let live = state.game_server_sessions.values();
    live.filter(|session| session.instance == *instance && is_live(session)).count()
}

pub(super) fn order(look: &Look<'_>) -> Result<(), String> {
    for gone in leavers(look) {
        let busy = sessions_on(look.state, &gone.id);
        let staying = look
            .state
            .instances_of(&gone.fleet)
            .filter(|instance| !instance.is_leaving() && !instance.reserved);
        for instance in staying {
            let sessions = sessions_on(look.state, &instance.id);
            let better = (sessions, instance.weight) < (busy, gone.weight);
            ensure(!better, || {
                format!("{} with {busy} session(s) leaves, {} with {sessions} stays", gone.id, instance.id)
            })?;
        }
    }
    Ok(())
}

pub(super) fn reserved_stays(look: &Look<'_>) -> Result<(), String> {
    for gone in leavers(look) {
        ensure(!gone.reserved, || format!("{} leaves", gone.id))?;
    }
    Ok(())
}

pub(super) fn reserved_is_left_alone(look: &Look<'_>) -> Result<(), String> {
    let newly = look.changed().filter_map(|(before, row)| match (before, row) {
        (Some(Row::Process(old)), Row::Process(new)) if !old.draining && new.draining => Some(new),
        _ => None,
    });
    for process in newly {
        let instance = look.state.instances.get(&process.instance);
        let is_kept = instance.is_some_and(|row| row.reserved && row.status == InstanceStatus::Active);
        let is_told = look.orders.iter().any(|(_, order)| {
            matches!(order, HostOrder::TerminateProcess { process: told, .. } if *told == process.id)
        });
        ensure(!is_kept || !is_told, || format!("{} on {} is told", process.id, process.instance))?;
    }
    Ok(())
}

pub(super) fn leaving_takes_nobody(look: &Look<'_>) -> Result<(), String> {
    for gone in leavers(look) {
        for process in look.state.processes_of(&gone.id) {
            let session = process.load.session().and_then(|id| look.state.game_server_sessions.get(id));
            ensure(process.draining && session.is_none_or(|session| !session.enabled), || {
                format!("{} on {} is not told", process.id, gone.id)
            })?;
        }
        let told = look
            .orders
            .iter()
            .any(|(id, order)| *id == gone.id && matches!(order, HostOrder::DrainInstance { .. }));
        ensure(told, || format!("the host of {} is not told", gone.id))?;
    }
    Ok(())
}
