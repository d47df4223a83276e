//! How many files this process may open. Every connection is one, and the usual soft limit is 1024.
//!
//! Games do not inherit the raised limit: a program that uses `select` must not get a number above 1023.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

/// The soft limit, before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    /// What the process was started with; games get it back.
    pub before: u64,
    /// What holds now.
    pub now: u64,
}

/// Raises the soft limit to `wanted`, or as far as the hard limit lets it. Never lowers it.
pub fn raise(wanted: u64) -> OpenFiles {
    let limit = getrlimit(Resource::Nofile);
    let before = limit.current.unwrap_or(u64::MAX);
    let now = wanted.min(limit.maximum.unwrap_or(u64::MAX)).max(before);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.current.map(|_| now), ..limit });
    OpenFiles { before, now: if raised.is_ok() { now } else { before } }
}

/// Gives a child its own soft limit. A child that is gone already needs none.
pub(crate) fn set_for(child: u32, open_files: u64) {
    let Some(pid) = i32::try_from(child).ok().and_then(Pid::from_raw) else { return };
    let limit = Rlimit { current: Some(open_files), maximum: getrlimit(Resource::Nofile).maximum };
    if let Err(error) = prlimit(Some(pid), Resource::Nofile, limit) {
        tracing::debug!(pid = child, %error, "the limit of open files could not be set");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_and_never_lowered() {
        let first = raise(0);
        assert_eq!(first.now, first.before);
        let second = raise(first.now.saturating_add(1));
        assert_eq!(second.before, first.now);
        assert!(second.now >= first.now && second.now <= first.now + 1, "{second:?}");
    }
}
