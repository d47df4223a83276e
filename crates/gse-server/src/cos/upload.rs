//! `PUT` of an object, with the authorisation that GetUploadCredentials handed out.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use gse_api::signature::cos::{Authorization, Upload as SignedUpload};
use gse_api::{Action, ApiError};
use gse_core::id::{Region, Uin};
use gse_store::{BlobError, BlobStore, Upload};
use http::{Method, StatusCode, header};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Refusal, bucket_host, bucket_name};
use crate::account::Caller;
use crate::http::{Api, access};
use crate::limits::{Pace, Progress};

/// Chunks that wait for the disk; more than that wait in the network.
const QUEUED_CHUNKS: usize = 8;
const DRAINED_BYTES: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);

pub(super) async fn serve(
    api: &Api,
    bucket: &str,
    path: &str,
    request: Request,
) -> Result<Response, Refusal> {
    let checked = check(api, bucket, path, &request);
    let mut body = request.into_body();
    if let Err(refusal) = checked {
        drain(&mut body).await;
        return Err(refusal);
    }
    let Some(_room) = api.gate.upload() else {
        drain(&mut body).await;
        let text = "the service receives as many objects as it can; try again later";
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text));
    };
    let max_bytes = api.config.max_object_bytes;
    let key = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy().into_owned();
    let size = receive(&api.blobs, bucket, &key, max_bytes, api.config.limits.upload_pace, body).await?;
    tracing::info!(bucket, key, size, "object uploaded");
    Ok(super::text(StatusCode::OK, format!("{size} bytes\n")))
}

/// Everything that can be refused before a byte of the body is looked at.
fn check(api: &Api, bucket: &str, path: &str, request: &Request) -> Result<(), Refusal> {
    if request.method() != Method::PUT {
        return Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "objects can only be uploaded here; use PUT",
        ));
    }
    authorize(api, bucket, path, request)?;
    let max_bytes = api.config.max_object_bytes;
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > max_bytes) {
        return Err(refuse(&BlobError::TooLarge { max_bytes }));
    }
    Ok(())
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

/// The region whose bucket it is.
fn region_of<'a>(api: &'a Api, uin: &Uin, bucket: &str) -> Option<&'a Region> {
    api.config.regions.iter().find(|region| bucket_name(uin, region) == bucket)
}

fn authorize(api: &Api, bucket: &str, path: &str, request: &Request) -> Result<(), Refusal> {
    let forbidden = |text: String| {
        Refusal::new(
            StatusCode::FORBIDDEN,
            format!("{text}; call GetUploadCredentials for a new authorization"),
        )
    };
    let headers = request.headers();
    let text = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let text = text.ok_or_else(|| forbidden("the header `Authorization` is missing".to_owned()))?;
    let authorization = Authorization::parse(text).map_err(|error| forbidden(error.to_string()))?;
    let Some(signer) = api.accounts.signer(authorization.secret_id) else {
        return Err(forbidden("the authorization is for an unknown key".to_owned()));
    };
    // Of a bucket of another account is said what is said of one that does not exist.
    let Some(region) = region_of(api, &signer.caller.uin, bucket) else {
        let text = format!("there is no bucket `{bucket}`; call GetUploadCredentials for its name");
        return Err(Refusal::new(StatusCode::NOT_FOUND, text));
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let public_host = bucket_host(bucket, region);
    let upload = SignedUpload { method: request.method().as_str(), path, hosts: &[host, &public_host] };
    let verified = authorization.verify(&upload, &signer.secret_key, api.clock.now().seconds());
    verified.map_err(|error| forbidden(error.to_string()))?;
    // Whoever has a key can sign, so the grant alone does not show that it was given.
    may_upload(&signer.caller, region).map_err(|error| forbidden(error.message))
}

fn may_upload(caller: &Caller, region: &Region) -> Result<(), ApiError> {
    access::judge(caller, region.as_str(), Action::GetUploadCredentials.name(), None)
}

/// Chunks go through a short queue to a thread that may block on the disk. A client that goes away, or a disk that
/// refuses, leaves no object.
async fn receive(
    blobs: &Arc<BlobStore>,
    bucket: &str,
    key: &str,
    max_bytes: u64,
    pace: Pace,
    mut body: Body,
) -> Result<u64, Refusal> {
    let (blobs, bucket, key) = (Arc::clone(blobs), bucket.to_owned(), key.to_owned());
    let (chunks, queue) = mpsc::channel(QUEUED_CHUNKS);
    let writer = tokio::task::spawn_blocking(move || {
        let upload = blobs.begin(&bucket, &key, max_bytes)?;
        write(upload, queue)
    });
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
        (None, Ok(Some(size))) => Ok(size),
        (None, Ok(None)) => Err(Refusal::new(StatusCode::BAD_REQUEST, "the body ended too early")),
        (None, Err(error)) => Err(refuse(&error)),
    }
}

/// What the network hands to the disk. Without an `End` the object was not complete.
enum Chunk {
    Data(Bytes),
    End,
}

fn write(mut upload: Upload, mut queue: mpsc::Receiver<Chunk>) -> Result<Option<u64>, BlobError> {
    while let Some(chunk) = queue.blocking_recv() {
        match chunk {
            Chunk::Data(bytes) => upload.write(&bytes)?,
            Chunk::End => return upload.finish().map(Some),
        }
    }
    Ok(None)
}

fn refuse(error: &BlobError) -> Refusal {
    match error {
        BlobError::TooLarge { .. } => Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
        BlobError::BadBucket { .. } | BlobError::NoObject { .. } => {
            Refusal::new(StatusCode::NOT_FOUND, error.to_string())
        }
        BlobError::Io { source, .. } => {
            tracing::error!(%error, %source, "an object could not be written");
            Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the object could not be written; the log says why",
            )
        }
    }
}
