//! Step 12 of §1.9: how often an account may call an action (§7). The decision and its counters, without a clock.
//!
//! A sliding window: in any second, an action is admitted as often as its limit says and not once more. A refused call
//! does not count, so a client that calls too often still gets its full rate.

use std::collections::{BTreeMap, VecDeque};

use crate::{Action, ApiError, ErrorCode};

#[cfg(test)]
mod tests;

const WINDOW_MS: i64 = 1000;

/// Scales the vendor's limits; the operator's word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factor(f64);

impl Factor {
    /// A factor above zero; `None` for what is none.
    pub fn new(factor: f64) -> Option<Self> {
        (factor.is_finite() && factor > 0.0).then_some(Self(factor))
    }

    /// Calls of an action in a second; at least one, so that no action is out of reach.
    pub fn limit(self, action: Action) -> u32 {
        let scaled = f64::from(action.rate_limit_per_second()) * self.0;
        // Saturates, and a factor is positive.
        (scaled as u32).max(1)
    }
}

/// Counts the calls of the last second. Its memory is bounded by the accounts that exist: a window keeps one entry a
/// millisecond.
#[derive(Debug)]
pub struct RateLimiter {
    factor: Factor,
    windows: BTreeMap<(String, &'static str), Window>,
}

/// The admitted calls of an action within the last second.
#[derive(Debug, Default)]
struct Window {
    /// Millisecond and calls in it, oldest first.
    calls: VecDeque<(i64, u32)>,
    count: u32,
}

impl RateLimiter {
    /// Nobody has called yet.
    pub fn new(factor: Factor) -> Self {
        Self { factor, windows: BTreeMap::new() }
    }

    /// Admits a call of an account at `now_ms`, or refuses it.
    ///
    /// # Errors
    /// `RequestLimitExceeded`, with the limit: the account called the action that often within the last second.
    pub fn admit(&mut self, account: &str, action: Action, now_ms: i64) -> Result<(), ApiError> {
        let limit = self.factor.limit(action);
        let window = self.windows.entry((account.to_owned(), action.name())).or_default();
        if window.admit(limit, now_ms) {
            return Ok(());
        }
        let message = format!(
            "The action `{}` may be called {limit} times a second by an account; call again later.",
            action.name()
        );
        Err(ApiError::new(ErrorCode::RequestLimitExceeded, message))
    }
}

impl Window {
    fn admit(&mut self, limit: u32, now_ms: i64) -> bool {
        while let Some((_, count)) = self.calls.pop_front_if(|(at, _)| *at <= now_ms - WINDOW_MS) {
            self.count -= count;
        }
        if self.count >= limit {
            return false;
        }
        self.count += 1;
        match self.calls.back_mut() {
            // A clock that went back: what comes now counts with the latest.
            Some((at, count)) if *at >= now_ms => *count += 1,
            _ => self.calls.push_back((now_ms, 1)),
        }
        true
    }
}
