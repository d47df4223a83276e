//! Processes that a child started and that left its group, with `setsid` or as a daemon: found by the token that they
//! inherited from what was launched here, and ended with it.
//!
//! Which tokens are over is decided by the supervisor. Nothing is signalled that does not carry one of them. A program
//! that clears its environment and its group is out of reach; the process group and this are all that is done about it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::procfs;

/// The variable that tells a child who it is; what it starts inherits it.
pub(crate) const TOKEN: &str = "GSE_PROCESS_TOKEN";
/// A killed process is gone within milliseconds, unless a device holds it.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many looks in a row find nothing before it is believed.
const QUIET_LOOKS: u32 = 2;
const PAUSE: Duration = Duration::from_millis(2);

/// Kills whatever carries one of the tokens, until looks at all processes find nothing more. Blocking.
pub(crate) fn end(tokens: &BTreeSet<String>) {
    let give_up = Instant::now() + PATIENCE;
    // A stray may start another one while this looks, so one look is not enough when it found something. Nor is one that
    // found nothing: a process that is just becoming another program has no environment for a moment.
    let mut quiet_looks = 0;
    while quiet_looks < QUIET_LOOKS {
        let found = procfs::pids().into_iter().filter(|pid| kill(*pid, tokens)).count();
        quiet_looks = if found == 0 { quiet_looks + 1 } else { 0 };
        if found > 0 && Instant::now() > give_up {
            tracing::warn!("processes that a game server started are still there after they were killed");
            return;
        }
        if quiet_looks < QUIET_LOOKS {
            std::thread::sleep(PAUSE);
        }
    }
}

/// Whether the process carried one of the tokens, and was signalled if it still is that process.
fn kill(pid: u32, tokens: &BTreeSet<String>) -> bool {
    if !carries_one_of(pid, tokens) {
        return false;
    }
    let Some(number) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    // The handle comes before the look that counts: should the number be given to somebody else in between, the handle
    // still means the one that is gone, and the signal reaches nobody.
    let Ok(handle) = pidfd_open(number, PidfdFlags::empty()) else { return false };
    if !carries_one_of(pid, tokens) {
        return true;
    }
    tracing::info!(pid, "a process that a game server started outside its group is ended");
    pidfd_send_signal(&handle, Signal::KILL).is_ok()
}

fn carries_one_of(pid: u32, tokens: &BTreeSet<String>) -> bool {
    let token = procfs::variable(pid, TOKEN).and_then(|value| String::from_utf8(value).ok());
    token.is_some_and(|token| !token.is_empty() && tokens.contains(&token))
}

/// Whether the group of a leader that is gone is still that leader's group: the system gives its number to nobody as long
/// as the group exists, and a member carries the token.
pub(crate) fn is_group_of(leader: u32, token: &str) -> bool {
    let tokens = BTreeSet::from([token.to_owned()]);
    procfs::started(leader).is_none()
        && procfs::group_members(leader).into_iter().any(|member| carries_one_of(member, &tokens))
}
