//! Reads the body of a call, within its limit (cloud-api.md 1.5).

use axum::body::Body;
use gse_api::admission::MAX_BODY_BYTES;
use gse_api::{ApiError, ErrorCode};
use http_body_util::BodyExt as _;

/// How far past the limit is read, so that the client gets to reading the answer.
const DRAINED_BYTES: usize = 1 << 20;
/// Room that is taken before anything came.
const FIRST_BYTES: usize = 64 << 10;

/// The whole body, or why it is refused.
pub(super) async fn read(head: &http::request::Parts, mut body: Body) -> Result<Vec<u8>, ApiError> {
    let announced = head.headers.get(http::header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok()).unwrap_or(0);
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(usize::MAX).min(FIRST_BYTES));
    let mut count = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            ApiError::new(ErrorCode::InvalidRequest, format!("The request body could not be read: {error}."))
        })?;
        let Ok(chunk) = frame.into_data() else { continue };
        count += chunk.len();
        if count <= MAX_BODY_BYTES {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = Vec::new();
        }
        if count > MAX_BODY_BYTES + DRAINED_BYTES {
            break;
        }
    }
    if count <= MAX_BODY_BYTES {
        return Ok(bytes);
    }
    let message =
        format!("The body has more than {MAX_BODY_BYTES} bytes, which is the most that is allowed.");
    Err(ApiError::new(ErrorCode::RequestSizeLimitExceeded, message))
}
