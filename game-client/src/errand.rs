//! Threads beside the app. Whatever ends them is told in words, a panic too: nobody shall wait for an answer that does
//! not come, or look at a picture that does not move.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        mpsc::{self, Receiver, TryRecvError},
    },
    thread::{Builder, JoinHandle},
};

/// A question that is being answered on a thread of its own.
pub(crate) struct Errand<T>(
    // Only one thread locks it; the mutex makes the receiver a part of a resource.
    Mutex<Receiver<Result<T, String>>>,
);

impl<T: Send + 'static> Errand<T> {
    /// Sends somebody. What comes back is the answer, or in words why there is none: also when the system gives no
    /// thread, or when the thread panics.
    pub(crate) fn start<F>(name: &str, ask: impl FnOnce() -> F + Send + 'static) -> Errand<T>
    where
        F: Future<Output = Result<T, String>>,
    {
        let (to_app, answer) = mpsc::channel();
        let no_thread = to_app.clone();
        let panicked = to_app.clone();
        // Nobody listens any more when the app was closed meanwhile.
        let tell = move |answer| drop(to_app.send(answer));
        let work = move || tell(in_runtime(ask));
        let started = spawn(name, work, move |reason| drop(panicked.send(Err(reason))));
        if let Err(error) = started {
            drop(no_thread.send(Err(format!("the system gives no thread: {error}"))));
        }
        Errand(Mutex::new(answer))
    }

    /// The answer, once it is there; not a second time.
    pub(crate) fn answer(&self) -> Option<Result<T, String>> {
        match self.0.lock().map_or(Err(TryRecvError::Disconnected), |answer| answer.try_recv()) {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(stopped(None))),
        }
    }
}

fn in_runtime<T, F>(ask: impl FnOnce() -> F) -> Result<T, String>
where
    F: Future<Output = Result<T, String>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the system gives no runtime for the network: {error}"))?;
    runtime.block_on(ask())
}

/// Starts a thread. If it panics, `last_word` is called on it with the reason, for people.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn spawn(
    name: &str,
    work: impl FnOnce() + Send + 'static,
    last_word: impl FnOnce(String) + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        // What the work held is gone after the panic; nothing of it is looked at again.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            last_word(stopped(words(&*panic)));
        }
    })
}

/// What a panic said, if that is text.
fn words(panic: &(dyn Any + Send)) -> Option<&str> {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str))
}

/// The reason that is given when such a thread is no more: only a bug can do that.
pub(crate) fn stopped(why: Option<&str>) -> String {
    let why = why.map(|why| format!(": {}", why.replace('\n', " "))).unwrap_or_default();
    format!(
        "the part of the game that talks to the network has stopped{why}\nhint: try again; what is on the terminal tells the developers more"
    )
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc,
        time::{Duration, Instant},
    };

    use super::{Errand, spawn};

    /// Far more than anything here takes.
    const PATIENCE: Duration = Duration::from_secs(20);

    fn answer<T: Send + 'static>(errand: &Errand<T>) -> Result<T, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = errand.answer() {
                return answer;
            }
            assert!(Instant::now() < deadline, "there is an answer in time");
            std::thread::yield_now();
        }
    }

    #[test]
    fn an_errand_brings_the_answer_or_the_reason() {
        assert_eq!(answer(&Errand::start("good", || async { Ok(7) })), Ok(7));
        let failed = Errand::<u8>::start("bad", || async { Err("no answer".to_owned()) });
        assert_eq!(answer(&failed), Err("no answer".to_owned()));
        let died = Errand::<u8>::start("dead", || async { panic!("out of {}", "order") });
        let reason = answer(&died).expect_err("it panicked");
        assert!(reason.contains("has stopped: out of order\nhint: "), "{reason}");
        let reason = answer(&died).expect_err("nobody is there any more");
        assert!(reason.contains("has stopped\nhint: "), "{reason}");
    }

    #[test]
    fn a_panic_has_a_last_word_and_an_end_has_none() {
        let (told, hear) = mpsc::channel();
        let tell = told.clone();
        spawn("dead", || panic!("two\nlines"), move |reason| tell.send(reason).unwrap()).unwrap();
        let reason = hear.recv_timeout(PATIENCE).expect("the reason is told");
        assert!(
            reason.starts_with("the part of the game that talks to the network has stopped: two lines\n")
        );
        let ended = spawn("good", || (), move |reason| told.send(reason).unwrap()).unwrap();
        ended.join().expect("it ends");
        assert_eq!(hear.recv(), Err(mpsc::RecvError), "nothing was said");
    }
}
