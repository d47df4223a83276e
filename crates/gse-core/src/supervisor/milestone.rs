//! Moments that a game server names (`timeline`): what is kept of them here so that one that tells in a loop costs
//! nothing above, and what a host tells of the start of a session.

use crate::host::{ReportKind, SessionCall};
use crate::id::{GameServerSessionId, ProcessId};
use crate::planted::planted;
use crate::supervisor::call::{What, bad};
use crate::supervisor::record::Hosted;
use crate::supervisor::{CallError, CallId, Effect, HostCx, Supervisor};
use crate::timeline::{MILESTONES_MOST, StartTimes, is_milestone_name};

impl Supervisor {
    /// What was done to start the session that this process hosts.
    pub(super) fn start_times(
        &self,
        cx: &HostCx<'_>,
        process: &ProcessId,
        session: &GameServerSessionId,
    ) -> StartTimes {
        let hosted = self.processes.get(process).and_then(|record| record.hosted.as_ref());
        let hosted = hosted.filter(|hosted| hosted.id == *session);
        hosted.map_or_else(StartTimes::default, |hosted| hosted.start_times(cx.now))
    }

    /// A name that was told before is answered here; too many are refused here. The rest is the control plane's.
    pub(super) fn milestone(
        &mut self,
        cx: &mut HostCx<'_>,
        call: CallId,
        process: ProcessId,
        session: GameServerSessionId,
        name: String,
    ) -> Result<(), CallError> {
        if !is_milestone_name(&name) {
            return Err(bad("name", &name, "1 to 32 of `a` to `z`, `0` to `9` and `-`"));
        }
        let hosted = self.hosted_mut(&process, &session);
        let Some(hosted) = hosted else {
            // Which session it may have meant is the control plane's word.
            let kind =
                ReportKind::Call { process: process.clone(), call: SessionCall::Milestone { session, name } };
            self.ask(cx, call, process, kind, What::Nothing);
            return Ok(());
        };
        if hosted.milestones.contains(&name) {
            cx.want(Effect::Answer { call, result: Ok(()) });
            return Ok(());
        }
        if hosted.milestones.len() >= MILESTONES_MOST && !planted!(MilestonesUnbounded) {
            return Err(bad("name", &name, &format!("at most {MILESTONES_MOST} names in one session")));
        }
        hosted.milestones.push(name.clone());
        let what = What::Milestone(session.clone(), name.clone());
        let kind =
            ReportKind::Call { process: process.clone(), call: SessionCall::Milestone { session, name } };
        self.ask(cx, call, process, kind, what);
        Ok(())
    }

    /// It was not recorded, so it may be told again.
    pub(super) fn forget_milestone(
        &mut self,
        process: &ProcessId,
        session: &GameServerSessionId,
        name: &str,
    ) {
        if let Some(hosted) = self.hosted_mut(process, session) {
            hosted.milestones.retain(|known| known != name);
        }
    }

    fn hosted_mut(&mut self, process: &ProcessId, session: &GameServerSessionId) -> Option<&mut Hosted> {
        let hosted = self.alive_mut(process).and_then(|record| record.hosted.as_mut());
        hosted.filter(|hosted| hosted.id == *session)
    }
}
