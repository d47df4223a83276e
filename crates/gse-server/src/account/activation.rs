//! Which accounts activated the service by SetOpenStatus: the task that owns the list and its file, and the door to it.
//!
//! An account is closed when the access file says so and nobody has activated it since. It is never closed again: the
//! vendor had no way back either.

use std::collections::BTreeSet;
use std::sync::Arc;

use gse_core::id::Uin;
use gse_store::{DataDir, DataDirError};
use tokio::sync::{mpsc, oneshot, watch};

use super::AccountError;

/// The accounts, as JSON.
const FILE: &str = "activations.json";
/// Wishes that wait for the disk; more wait at the caller.
const QUEUE_LENGTH: usize = 16;

type Opened = Arc<BTreeSet<Uin>>;

/// Asks and changes. The owner ends when the last one is gone.
#[derive(Clone, Debug)]
pub struct Activations {
    opened: watch::Receiver<Opened>,
    wishes: mpsc::Sender<Wish>,
}

/// Owns the list; run it as a task.
#[derive(Debug)]
pub struct ActivationOwner {
    data_dir: Arc<DataDir>,
    opened: watch::Sender<Opened>,
    wishes: mpsc::Receiver<Wish>,
}

#[derive(Debug)]
struct Wish {
    account: Uin,
    reply: oneshot::Sender<Result<(), DataDirError>>,
}

/// Why an account could not be activated.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// It cannot be kept, so it was not done.
    #[error("the activation cannot be kept")]
    Keep(#[from] DataDirError),
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopping,
}

impl Activations {
    /// With what is kept in the data directory.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn of(data_dir: Arc<DataDir>) -> Result<(Self, ActivationOwner), AccountError> {
        let opened: BTreeSet<Uin> = match data_dir.read_private(FILE)? {
            Some(text) => serde_json::from_str(&text).map_err(AccountError::Activations)?,
            None => BTreeSet::new(),
        };
        let (sender, receiver) = watch::channel(Arc::new(opened));
        let (wishes, queue) = mpsc::channel(QUEUE_LENGTH);
        Ok((Self { opened: receiver, wishes }, ActivationOwner { data_dir, opened: sender, wishes: queue }))
    }

    /// Whether an account was activated.
    pub(crate) fn has(&self, account: &Uin) -> bool {
        self.opened.borrow().contains(account)
    }

    /// Activates an account; it is kept when this returns.
    pub(crate) async fn open(&self, account: Uin) -> Result<(), ActivationError> {
        let (reply, done) = oneshot::channel();
        let sent = self.wishes.send(Wish { account, reply }).await;
        sent.map_err(|_| ActivationError::Stopping)?;
        Ok(done.await.map_err(|_| ActivationError::Stopping)??)
    }
}

impl ActivationOwner {
    /// Serves until nobody can ask any more.
    pub async fn run(mut self) {
        while let Some(Wish { account, reply }) = self.wishes.recv().await {
            // The caller may have gone away; the account is activated all the same.
            let _ = reply.send(self.open(account).await);
        }
    }

    /// Kept first, visible after.
    async fn open(&mut self, account: Uin) -> Result<(), DataDirError> {
        let mut opened = BTreeSet::clone(&self.opened.borrow());
        if !opened.insert(account) {
            return Ok(());
        }
        let text = serde_json::to_string(&opened).expect("a list of texts always has a JSON form") + "\n";
        let data_dir = Arc::clone(&self.data_dir);
        let written = tokio::task::spawn_blocking(move || data_dir.write_private(FILE, &text)).await;
        written.expect("writing a small file does not panic")?;
        self.opened.send_replace(Arc::new(opened));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_activation_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = Arc::new(DataDir::open(directory.path()).unwrap());
        let (first, second) = (Uin::new("100000000011"), Uin::new("100000000012"));
        let (activations, owner) = Activations::of(Arc::clone(&data_dir)).unwrap();
        let owner = tokio::spawn(owner.run());
        assert!(!activations.has(&first));
        for account in [&first, &second, &first] {
            activations.open(account.clone()).await.unwrap();
            assert!(activations.has(account));
        }
        drop(activations);
        owner.await.unwrap();
        let (again, _owner) = Activations::of(Arc::clone(&data_dir)).unwrap();
        assert!(again.has(&first) && again.has(&second) && !again.has(&Uin::new("100000000013")));
        data_dir.write_private(FILE, "{").unwrap();
        assert!(Activations::of(data_dir).unwrap_err().to_string().contains(FILE));
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_not_done() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = Arc::new(DataDir::open(&directory.path().join("data")).unwrap());
        let (activations, owner) = Activations::of(data_dir).unwrap();
        tokio::spawn(owner.run());
        std::fs::remove_dir_all(directory.path().join("data")).unwrap();
        let account = Uin::new("100000000011");
        let error = activations.open(account.clone()).await.unwrap_err();
        assert!(matches!(error, ActivationError::Keep(_)) && !activations.has(&account), "{error}");
    }
}
