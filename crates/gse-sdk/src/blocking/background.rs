//! The runtime behind the blocking calls: one thread that answers callbacks, and a way to wait for a future.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::{Builder, Runtime};

use crate::error::{ErrorName, GseError};

/// The runtime, shared by everything that one process was given. It ends with the last of them.
#[derive(Clone)]
pub(super) struct Background(Arc<Owner>);

/// `None` only while it is dropped.
struct Owner(Option<Runtime>);

impl Drop for Owner {
    fn drop(&mut self) {
        // Without waiting: the last handle may be dropped inside another runtime, where waiting would panic.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Background").finish_non_exhaustive()
    }
}

impl Background {
    pub(super) fn start() -> Result<Self, GseError> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("gse-sdk").enable_all().build();
        let runtime = runtime.map_err(|error| {
            let text = format!("the system gives no thread for the agent's callbacks: {error}");
            GseError::new(ErrorName::InternalServiceException, text)
        })?;
        Ok(Self(Arc::new(Owner(Some(runtime)))))
    }

    /// Waits for a future on this thread. Unlike `Runtime::block_on` it works inside another runtime as well, where it
    /// holds up that runtime's thread.
    pub(super) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let _entered = self.0.0.as_ref().map(Runtime::enter);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            thread::park();
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
