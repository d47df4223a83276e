//! What is in packages: the task that reads them, one after the other, and keeps what it read.
//!
//! Unpacking the programs of a large package takes the better part of a second, and a package never changes: it is named
//! by its content. So each is read once as long as it is remembered, whatever is asked about it. What this machine has to
//! do with it (its libraries, say) may change and is asked each time, in `extension/lint.rs`.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gse_agent::inspection::{self, Contents};
use gse_agent::package::PackageError;
use gse_core::id::BlobId;
use gse_store::BlobStore;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};

/// Questions that wait for a package; those for one that is remembered never wait.
const WAITING: usize = 64;
/// Bytes that what is remembered may take; what was read last is remembered even if it alone takes more.
const KEPT_BYTES: usize = 16 << 20;
/// Packages that are remembered.
const KEPT: usize = 64;
/// How long a request waits. Reading goes on after that, so the next one hears.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is known of a package.
#[derive(Debug)]
pub(crate) enum Inspected {
    /// It can be unpacked.
    Contents(Contents),
    /// It is no package; why.
    Unusable(String),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It was not read in time.
    Late,
    /// A fault of this machine; the log says which.
    Unreadable,
    /// A bug; the log says more.
    Unexpected,
    /// The service is stopping.
    Stopped,
}

type Answer = Result<Arc<Inspected>, Unread>;

/// Asks what is in a package. Cheap to clone; the owner ends when the last one is gone.
#[derive(Clone, Debug)]
pub struct Inspections(mpsc::Sender<Question>);

/// Reads packages; run it as a task.
#[derive(Debug)]
pub struct InspectionOwner {
    blobs: Arc<BlobStore>,
    questions: mpsc::Receiver<Question>,
    waiting: VecDeque<Question>,
    kept: Kept,
}

#[derive(Debug)]
struct Question {
    package: BlobId,
    reply: oneshot::Sender<Answer>,
}

/// A package that is being read.
struct Reading {
    package: BlobId,
    task: JoinHandle<Result<Inspected, std::io::Error>>,
}

impl Inspections {
    /// For the packages that are kept there.
    pub fn new(blobs: Arc<BlobStore>) -> (Self, InspectionOwner) {
        let (sender, questions) = mpsc::channel(WAITING);
        let owner = InspectionOwner { blobs, questions, waiting: VecDeque::new(), kept: Kept::default() };
        (Self(sender), owner)
    }

    /// What is in a package that the store has.
    pub(crate) async fn of(&self, package: BlobId) -> Answer {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(Question { package, reply }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Unread::Late,
            mpsc::error::TrySendError::Closed(_) => Unread::Stopped,
        })?;
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        answer.map_err(|_| Unread::Late)?.map_err(|_| Unread::Stopped)?
    }
}

impl InspectionOwner {
    /// Answers until nobody can ask any more.
    pub async fn run(mut self) {
        let mut reading = None;
        loop {
            if reading.is_none() {
                reading = self.begin();
            }
            tokio::select! {
                question = self.questions.recv() => match question {
                    Some(question) => self.take(question),
                    None => return,
                },
                (package, read) = ended(&mut reading) => {
                    reading = None;
                    self.answer(&package, read);
                }
            }
        }
    }

    fn take(&mut self, question: Question) {
        // Whoever asked may be gone, here and below.
        if let Some(known) = self.kept.get(&question.package) {
            let _ = question.reply.send(Ok(known));
        } else if self.waiting.len() < WAITING {
            self.waiting.push_back(question);
        } else {
            let _ = question.reply.send(Err(Unread::Late));
        }
    }

    /// Begins with the package that somebody has waited for longest.
    fn begin(&mut self) -> Option<Reading> {
        self.waiting.retain(|question| !question.reply.is_closed());
        let package = self.waiting.front()?.package.clone();
        let path = self.blobs.blob_path(&package);
        Some(Reading { package, task: tokio::task::spawn_blocking(move || read(&path)) })
    }

    /// Answers everybody who waits for it.
    fn answer(&mut self, package: &BlobId, read: Result<Result<Inspected, std::io::Error>, JoinError>) {
        let answer = match read {
            Ok(Ok(inspected)) => Ok(Arc::new(inspected)),
            Ok(Err(error)) => {
                tracing::error!(%package, %error, "a package cannot be read");
                Err(Unread::Unreadable)
            }
            Err(panic) => {
                tracing::error!(%package, %panic, "looking into a package ended unexpectedly");
                Err(Unread::Unexpected)
            }
        };
        if let Ok(inspected) = &answer {
            self.kept.keep(package.clone(), Arc::clone(inspected));
        }
        let (asked, others) = self.waiting.drain(..).partition(|question| question.package == *package);
        self.waiting = others;
        let asked: VecDeque<Question> = asked;
        for question in asked {
            let _ = question.reply.send(answer.clone());
        }
    }
}

/// What came of the package that is being read; waits for ever when there is none.
async fn ended(
    reading: &mut Option<Reading>,
) -> (BlobId, Result<Result<Inspected, std::io::Error>, JoinError>) {
    match reading {
        Some(Reading { package, task }) => (package.clone(), task.await),
        None => std::future::pending().await,
    }
}

/// The error is a fault of ours; what is wrong with the package is a result.
fn read(path: &Path) -> Result<Inspected, std::io::Error> {
    match inspection::package(path) {
        Ok(contents) => Ok(Inspected::Contents(contents)),
        Err(PackageError::Io(error)) => Err(error),
        Err(problem) => Ok(Inspected::Unusable(problem.to_string())),
    }
}

/// What is remembered, the one that was asked for longest ago first.
#[derive(Debug, Default)]
struct Kept {
    packages: VecDeque<(BlobId, Arc<Inspected>)>,
}

impl Kept {
    fn get(&mut self, package: &BlobId) -> Option<Arc<Inspected>> {
        let at = self.packages.iter().position(|(kept, _)| kept == package)?;
        let found = self.packages.remove(at)?;
        let inspected = Arc::clone(&found.1);
        self.packages.push_back(found);
        Some(inspected)
    }

    fn keep(&mut self, package: BlobId, inspected: Arc<Inspected>) {
        self.packages.push_back((package, inspected));
        while self.packages.len() > KEPT || (self.packages.len() > 1 && self.bytes() > KEPT_BYTES) {
            self.packages.pop_front();
        }
    }

    fn bytes(&self) -> usize {
        let weight = |inspected: &Inspected| match inspected {
            Inspected::Contents(contents) => contents.weight(),
            Inspected::Unusable(text) => text.len(),
        };
        self.packages.iter().map(|(_, inspected)| weight(inspected)).sum()
    }
}

#[cfg(test)]
mod tests;
