//! Step 12 of cloud-api.md 1.9: the task that owns the counters of `gse_api::rate_limit`, and the door to it.
//!
//! A call asks the owner and hears at once. When so many ask that its queue is full, the answer is known without it.

use gse_api::rate_limit::{Factor, RateLimiter};
use gse_api::{Action, ApiError, ErrorCode};
use gse_core::id::Uin;
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;

/// Calls that wait for the owner; it works for less than a microsecond on each.
const QUEUE_LENGTH: usize = 1024;

/// Asks whether a call is within its rate. Cheap to clone; the owner ends when the last one is gone.
#[derive(Clone, Debug)]
pub struct RateGate {
    /// `None`: rates are not limited.
    questions: Option<mpsc::Sender<Question>>,
}

/// Owns the counters; run it as a task.
#[derive(Debug)]
pub struct RateOwner {
    limiter: RateLimiter,
    clock: Clock,
    questions: mpsc::Receiver<Question>,
}

#[derive(Debug)]
struct Question {
    account: Uin,
    action: Action,
    reply: oneshot::Sender<Result<(), ApiError>>,
}

impl RateGate {
    /// Rates are not limited.
    pub fn off() -> Self {
        Self { questions: None }
    }

    /// Limits rates by the vendor's numbers times the factor.
    pub fn new(factor: Factor, clock: Clock) -> (Self, RateOwner) {
        let (sender, questions) = mpsc::channel(QUEUE_LENGTH);
        (Self { questions: Some(sender) }, RateOwner { limiter: RateLimiter::new(factor), clock, questions })
    }

    /// Counts a call, or refuses it.
    pub(crate) async fn admit(&self, account: &Uin, action: Action) -> Result<(), ApiError> {
        let Some(questions) = &self.questions else { return Ok(()) };
        let (reply, answer) = oneshot::channel();
        let question = Question { account: account.clone(), action, reply };
        if questions.try_send(question).is_err() {
            return Err(super::gate::too_many("The service has too many calls to count; call again later."));
        }
        let stopped =
            |_| ApiError::new(ErrorCode::ServiceUnavailable, "the service is stopping; try again later");
        answer.await.map_err(stopped)?
    }
}

impl RateOwner {
    /// Answers until nobody can ask any more.
    pub async fn run(mut self) {
        while let Some(Question { account, action, reply }) = self.questions.recv().await {
            let now_ms = self.clock.now().millis();
            // The caller may have gone away; the call counts all the same.
            let _ = reply.send(self.limiter.admit(account.as_str(), action, now_ms));
        }
    }
}
