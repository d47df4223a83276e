//! What is done between unpacking a package and looking up its launch paths: `install.sh` once per slot, if this host runs
//! such scripts, and `gse.yaml`. Launch paths come afterwards, because the script may make them.

use std::time::Duration;

use crate::host::{PreparationStep, ReportKind};
use crate::id::InstanceId;
use crate::package::setup::{PackageSetup, check_gse_yaml};
use crate::supervisor::slot::SlotPhase;
use crate::supervisor::{Effect, HostCx, Supervisor};

impl Supervisor {
    /// Whether this host runs install scripts; off if nothing is said, because they are somebody's programs.
    #[must_use]
    pub fn with_install_scripts(mut self, run: bool) -> Self {
        self.runs_install_scripts = run;
        self
    }

    pub(super) fn set_up(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId, setup: &PackageSetup) {
        if let Some(content) = &setup.gse_yaml {
            if let Err(problem) = check_gse_yaml(content) {
                let text = problem.to_string();
                let reason = text.lines().next().unwrap_or_default().to_owned();
                self.fail_install(cx, instance, reason, text + "\n");
                return;
            }
            let text = "gse.yaml is accepted and ignored: this host does not switch users, game servers run as the \
                        user of the service";
            cx.report(instance, ReportKind::PreparationNoted { text: text.into() });
        }
        if setup.install_script && !self.runs_install_scripts {
            let text = "install.sh is in the package and was not run, because this host runs no install scripts (hint: \
                        `gse local --run-install-script`)";
            cx.report(instance, ReportKind::PreparationNoted { text: text.into() });
        }
        let runs = setup.install_script && self.runs_install_scripts;
        let Some(slot) = self.slot_mut(instance) else { return };
        if !runs {
            slot.phase = SlotPhase::Resolving;
            self.look_up_launch_paths(cx, instance);
            return;
        }
        slot.phase = SlotPhase::Installing;
        let fleet = slot.spec.fleet.clone();
        let within = cx.clocks.install_script;
        cx.note(format!("install.sh runs on `{instance}`"));
        cx.want(Effect::RunInstallScript { instance: instance.clone(), fleet, within });
    }

    pub(super) fn on_install_script_ended(
        &mut self,
        cx: &mut HostCx<'_>,
        instance: &InstanceId,
        outcome: Result<Duration, String>,
        log: String,
    ) {
        let stopping = self.stopping;
        let Some(slot) = self.slot_mut(instance).filter(|slot| slot.phase == SlotPhase::Installing) else {
            return;
        };
        if slot.leaving || stopping {
            slot.phase = SlotPhase::Failed;
            self.remove_when_empty(cx, instance);
            return;
        }
        match outcome {
            Ok(took) => {
                slot.phase = SlotPhase::Resolving;
                cx.report(instance, ReportKind::InstallScriptRan { took, log });
                self.look_up_launch_paths(cx, instance);
            }
            Err(reason) => {
                self.fail_install(cx, instance, format!("/local/game/install.sh failed: {reason}"), log)
            }
        }
    }

    fn fail_install(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId, reason: String, log: String) {
        let step = PreparationStep::Install;
        self.on_slot_failed(cx, instance, ReportKind::PreparationFailed { step, reason, log });
    }

    /// Nobody waits for it any more.
    pub(super) fn stop_install_script(&self, cx: &mut HostCx<'_>, instance: &InstanceId) {
        if self.slots.get(instance).is_some_and(|slot| slot.phase == SlotPhase::Installing) {
            cx.want(Effect::StopInstallScript { instance: instance.clone() });
        }
    }

    /// A script that runs is a process of ours like any other.
    pub(super) fn is_installing(&self) -> bool {
        self.slots.values().any(|slot| slot.phase == SlotPhase::Installing)
    }
}
