//! Which calls are repeated, and when: as the vendor's SDKs do it when they are told to, but for what must not happen
//! twice (cloud-api.md §4.6). Nothing here waits or sends.

use std::time::Duration;

use gse_api::Action;
use serde_json::{Map, Value};

/// How often a call is tried, and the pause between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, at least 1.
    pub attempts: u32,
    /// Before the second attempt; each later pause is twice as long.
    pub first_pause: Duration,
}

impl Retry {
    /// One attempt, which is what the vendor's SDKs do unless they are told otherwise.
    pub const NEVER: Self = Self { attempts: 1, first_pause: Duration::ZERO };
    /// What the SDKs do when told to: three attempts, with 1 s and 2 s between them.
    pub const STANDARD: Self = Self { attempts: 3, first_pause: Duration::from_secs(1) };

    /// The pause before the next attempt after `done` of them, or `None` if that was the last.
    pub fn pause(&self, done: u32) -> Option<Duration> {
        let factor = 1_u32.checked_shl(done.saturating_sub(1)).unwrap_or(u32::MAX);
        (done < self.attempts).then(|| self.first_pause.saturating_mul(factor))
    }
}

/// How far an attempt came that brought no answer to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Nothing was done: no connection, or refused by a rate limit.
    NothingDone,
    /// It may have been done, and the answer was lost.
    Unknown,
    /// It would end in the same way again.
    Final,
}

/// Whether it is worth another attempt, and right to make one.
pub(crate) fn again(reach: Reach, is_harmless: bool) -> bool {
    match reach {
        Reach::NothingDone => true,
        Reach::Unknown => is_harmless,
        Reach::Final => false,
    }
}

/// The codes that the SDKs repeat a call for (§1.8).
pub(crate) fn is_throttled(code: &str) -> bool {
    ["", ".UinLimitExceeded", ".GlobalRegionUinLimitExceeded"]
        .iter()
        .any(|end| code.strip_prefix("RequestLimitExceeded") == Some(end))
}

/// Whether a call that may have been done can be made again and leave the same state (§4.6).
///
/// A deletion cannot: the second one is told that there is nothing. Neither can a placement: a finished id may be used
/// again, so a late repetition would place a second session (R4).
pub(crate) fn is_harmless(action: Action, request: &Map<String, Value>) -> bool {
    let given = |name: &str| request.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    let timer = || request.get("TimerScalingPolicy").and_then(|timer| timer.get("TimerId"));
    match action {
        Action::CreateGameServerSession => given("IdempotencyToken") || given("GameServerSessionId"),
        Action::PutScalingPolicy => given("Name"),
        Action::PutTimerScalingPolicy => timer().and_then(Value::as_str).is_some_and(|id| !id.is_empty()),
        // A rule that was taken away cannot be taken away again.
        Action::UpdateFleetPortSettings => !request.contains_key("InboundPermissionRevocations"),
        Action::StartFleetActions | Action::StopFleetActions | Action::DetachCcnInstances => true,
        _ => ["Describe", "List", "Search", "Resolve", "Get", "Update", "SetServer"]
            .iter()
            .any(|beginning| action.name().starts_with(beginning)),
    }
}

/// Lets a session that is made be made again: a token of random `bits` that no other call has, unless there is one.
pub(crate) fn with_token(action: Action, request: &mut Map<String, Value>, bits: impl FnOnce() -> u128) {
    if action == Action::CreateGameServerSession && !is_harmless(action, request) {
        request.insert("IdempotencyToken".to_owned(), format!("{:032x}", bits()).into());
    }
}

#[cfg(test)]
mod tests;
