//! `PUT` of an object or a part of one, with an authorisation that this service handed out or the key of the account.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use gse_store::{BlobError, BlobStore, Stored, Upload};
use http::{HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Refusal;
use super::authorize::authorize;
use super::multipart::{self, Operation};
use crate::http::Api;
use crate::limits::{Pace, Progress};

/// Chunks that wait for the disk; more than that wait in the network.
const QUEUED_CHUNKS: usize = 8;
const DRAINED_BYTES: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Serves a request that is for an object or a bucket.
pub(super) async fn serve(
    api: &Api,
    bucket: &str,
    path: &str,
    head: &http::request::Parts,
    mut body: Body,
) -> Result<Response, Refusal> {
    let operation = match check(api, bucket, path, head) {
        Ok(operation) => operation,
        Err(refusal) => {
            drain(&mut body).await;
            return Err(refusal);
        }
    };
    let key = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy().into_owned();
    let object = (bucket.to_owned(), key);
    match operation {
        Operation::Put => store(api, object, None, body).await,
        Operation::PutPart { id, number } => store(api, object, Some((id, number)), body).await,
        other => multipart::serve(api, object, other, body).await,
    }
}

/// Writes an object, or a part of one.
async fn store(
    api: &Api,
    (bucket, key): (String, String),
    part: Option<(String, u32)>,
    mut body: Body,
) -> Result<Response, Refusal> {
    let Some(_room) = api.gate.upload() else {
        drain(&mut body).await;
        let text = "the service receives as many objects as it can; try again later";
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text));
    };
    let max_bytes = api.config.max_object_bytes;
    let (of_bucket, of_key) = (bucket.clone(), key.clone());
    let begin = move |blobs: &BlobStore| match part {
        Some((id, number)) => blobs.begin_part((&of_bucket, &of_key), &id, number, max_bytes),
        None => blobs.begin(&of_bucket, &of_key, max_bytes),
    };
    let stored = receive(&api.blobs, begin, api.config.limits.upload_pace, body).await?;
    tracing::info!(bucket, key, size = stored.size_bytes, "object uploaded");
    let mut response = super::text(StatusCode::OK, format!("{} bytes\n", stored.size_bytes));
    let etag = HeaderValue::from_str(&format!("\"{}\"", stored.etag)).expect("hexadecimal digits");
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}

/// Everything that can be refused before a byte of the body is looked at.
fn check(api: &Api, bucket: &str, path: &str, head: &http::request::Parts) -> Result<Operation, Refusal> {
    let (operation, signed) = Operation::of(head)?;
    authorize(api, bucket, path, head, signed)?;
    let max_bytes = api.config.max_object_bytes;
    let announced = head.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > max_bytes) {
        return Err(refuse(&BlobError::TooLarge { max_bytes }));
    }
    Ok(operation)
}

/// A client that is still sending does not look at an answer, so a bounded rest is read and thrown away first.
async fn drain(body: &mut Body) {
    let mut rest = DRAINED_BYTES;
    let read = async {
        while let Some(Ok(frame)) = body.frame().await {
            rest = rest.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if rest == 0 {
                break;
            }
        }
    };
    // Too slow: the answer is given anyway, and the connection ends.
    let _ = tokio::time::timeout(DRAIN_TIME, read).await;
}

/// Chunks go through a short queue to a thread that may block on the disk. A client that goes away, or a disk that
/// refuses, leaves no object.
async fn receive(
    blobs: &Arc<BlobStore>,
    begin: impl FnOnce(&BlobStore) -> Result<Upload, BlobError> + Send + 'static,
    pace: Pace,
    mut body: Body,
) -> Result<Stored, Refusal> {
    let blobs = Arc::clone(blobs);
    let (chunks, queue) = mpsc::channel(QUEUED_CHUNKS);
    let writer = tokio::task::spawn_blocking(move || write(begin(&blobs)?, queue));
    let mut broken = None;
    let start = Instant::now();
    let mut progress = Progress::new(pace, start.elapsed());
    loop {
        let Ok(frame) = tokio::time::timeout_at(start + progress.deadline(), body.frame()).await else {
            let text =
                format!("the body came too slowly: less than {} bytes in {:?}", pace.bytes, pace.period);
            broken = Some(Refusal::new(StatusCode::REQUEST_TIMEOUT, text));
            break;
        };
        let Some(frame) = frame else { break };
        match frame {
            Ok(frame) => {
                let Ok(chunk) = frame.into_data() else { continue };
                progress.add(chunk.len(), start.elapsed());
                if chunks.send(Chunk::Data(chunk)).await.is_err() {
                    // The writer gave up; it says why.
                    drain(&mut body).await;
                    break;
                }
            }
            Err(error) => {
                broken = Some(Refusal::new(
                    StatusCode::BAD_REQUEST,
                    format!("the body could not be read: {error}"),
                ));
                break;
            }
        }
    }
    if broken.is_none() {
        // The writer may have given up; it says why.
        let _ = chunks.send(Chunk::End).await;
    }
    drop(chunks);
    let written = writer.await.map_err(|_| {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the object could not be written; the log says why")
    })?;
    match (broken, written) {
        (Some(broken), _) => Err(broken),
        (None, Ok(Some(stored))) => Ok(stored),
        (None, Ok(None)) => Err(Refusal::new(StatusCode::BAD_REQUEST, "the body ended too early")),
        (None, Err(error)) => Err(refuse(&error)),
    }
}

/// What the network hands to the disk. Without an `End` the object was not complete.
enum Chunk {
    Data(Bytes),
    End,
}

fn write(mut upload: Upload, mut queue: mpsc::Receiver<Chunk>) -> Result<Option<Stored>, BlobError> {
    while let Some(chunk) = queue.blocking_recv() {
        match chunk {
            Chunk::Data(bytes) => upload.write(&bytes)?,
            Chunk::End => return upload.finish().map(Some),
        }
    }
    Ok(None)
}

pub(super) fn refuse(error: &BlobError) -> Refusal {
    match error {
        BlobError::TooLarge { .. } => Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
        BlobError::BadBucket { .. } | BlobError::NoObject { .. } | BlobError::NoUpload { .. } => {
            Refusal::new(StatusCode::NOT_FOUND, error.to_string())
        }
        BlobError::BadPart { .. } => Refusal::new(StatusCode::BAD_REQUEST, error.to_string()),
        BlobError::TooManyUploads { .. } => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        BlobError::Io { source, .. } => {
            tracing::error!(%error, %source, "an object could not be written");
            Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the object could not be written; the log says why",
            )
        }
    }
}
