//! When a package's file is removed: as soon as no asset refers to it, and never one that an asset refers to.
//!
//! A file is named by its content, so several assets may share it, and CreateAsset makes the file before the row that
//! refers to it. In between nobody could tell that it is wanted. So registering and removing take turns: many may
//! register at a time, and a removal waits until none does. It then asks the engine by a command, which is answered after
//! every CreateAsset that was given before, those included whose caller went away. No game server waits for a turn.
//! What a kill leaves behind is removed at the next start, before anything is served.

use std::collections::BTreeSet;
use std::sync::Arc;

use gse_core::asset::{self, IsPackageUsed};
use gse_core::id::BlobId;
use gse_store::BlobStore;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::EngineHandle;

/// Packages that may be registered at a time; more calls than this are never worked on at a time.
const REGISTRATIONS: u32 = 1 << 16;

/// Who may touch the files of packages now.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Semaphore>);

/// A turn, given back when it is dropped.
#[must_use]
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Turns {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(REGISTRATIONS as usize)))
    }

    /// From before a package's file is made until the row that refers to it is stored.
    pub(crate) async fn register(&self) -> Turn {
        self.take(1).await
    }

    /// While nobody registers.
    async fn remove(&self) -> Turn {
        self.take(REGISTRATIONS).await
    }

    async fn take(&self, count: u32) -> Turn {
        let permit = Arc::clone(&self.0).acquire_many_owned(count).await;
        Turn(permit.expect("the semaphore is never closed"))
    }
}

/// Removes the file of a package, unless an asset refers to it. Beside everything else that goes on: what keeps it from
/// being removed now is in the log, and the next start removes it.
pub(crate) fn release(turns: &Turns, engine: &EngineHandle, blobs: &Arc<BlobStore>, package: BlobId) {
    let (turns, engine, blobs) = (turns.clone(), engine.clone(), Arc::clone(blobs));
    tokio::spawn(async move {
        let _turn = turns.remove().await;
        let question = IsPackageUsed { package: package.clone() };
        match engine.submit("package", question).await {
            Ok(false) => {}
            // The service is stopping.
            Ok(true) | Err(_) => return,
        }
        match tokio::task::spawn_blocking(move || blobs.remove_blob(&package)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the file of a deleted package stays"
                );
            }
            Err(panic) => tracing::error!(%panic, "removing a package ended unexpectedly"),
        }
    });
}

/// Removes the files of packages that no asset refers to. Called before anything is served.
pub(crate) async fn sweep(engine: &EngineHandle, blobs: &Arc<BlobStore>) {
    let wanted =
        engine.query(|state, _now| asset::packages(state).cloned().collect::<BTreeSet<BlobId>>()).await;
    // When the engine has ended, whoever runs it finds that.
    let Ok(wanted) = wanted else { return };
    let blobs = Arc::clone(blobs);
    match tokio::task::spawn_blocking(move || blobs.retain_blobs(|blob| wanted.contains(blob))).await {
        Ok(Ok(0)) => {}
        Ok(Ok(count)) => tracing::info!(count, "packages that no asset refers to were removed"),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "packages of deleted assets stay");
        }
        Err(panic) => tracing::error!(%panic, "removing packages ended unexpectedly"),
    }
}
