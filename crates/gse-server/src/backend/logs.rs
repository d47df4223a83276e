//! Keeping the logs of sessions that an agent has packed, for as long as they may be read.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gse_core::id::BlobId;
use gse_store::BlobStore;
use tokio::sync::oneshot;

/// How often it is looked for logs that are too old or too many.
const SWEEP_PERIOD: Duration = Duration::from_secs(600);

/// Stores a log beside everything else that goes on.
pub(super) fn keep(blobs: &Arc<BlobStore>, file: PathBuf, reply: oneshot::Sender<Result<BlobId, String>>) {
    let blobs = Arc::clone(blobs);
    tokio::task::spawn_blocking(move || {
        let stored = blobs.keep_log(&file).map_err(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the logs of a session could not be stored"
            );
            error.to_string()
        });
        // The agent may have waited long enough.
        let _ = reply.send(stored);
    });
}

/// Removes logs that are older than `oldest`, and the oldest of those that are more than `most_bytes` together.
pub async fn sweep(blobs: Arc<BlobStore>, oldest: Duration, most_bytes: u64, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    let mut period = tokio::time::interval(SWEEP_PERIOD);
    loop {
        tokio::select! {
            () = &mut stop => return,
            _ = period.tick() => {}
        }
        let blobs = Arc::clone(&blobs);
        match tokio::task::spawn_blocking(move || blobs.prune_logs(oldest, most_bytes)).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(count)) => tracing::info!(count, "old logs of sessions were removed"),
            Ok(Err(error)) => tracing::warn!(error = &error as &dyn std::error::Error, "old logs stay"),
        }
    }
}
