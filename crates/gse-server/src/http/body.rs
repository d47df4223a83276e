//! Bodies of calls and of their answers: how large, how fast (cloud-api.md 1.5), and how many large ones at a time.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use gse_api::admission::most_body_bytes;
use gse_api::{ApiError, ErrorCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

use super::gate::{Gate, Room};
use crate::limits::{Pace, Progress};

/// How far past the limit is read, so that the client gets to reading the answer.
const DRAINED_BYTES: usize = 1 << 20;
/// What every call may hold; only more than that needs room.
const FREE_BYTES: usize = 16 << 10;
/// Room is taken in steps of this.
const STEP_BYTES: usize = 256 << 10;
/// What every answer may hold.
const FREE_ANSWER_BYTES: usize = 64 << 10;

/// The body of a call, and the room that it takes.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    room: Option<Room>,
    room_bytes: usize,
}

/// The whole body, or why it is refused.
pub(super) async fn read(
    head: &http::request::Parts,
    mut body: Body,
    gate: &Gate,
    pace: Pace,
) -> Result<Received, ApiError> {
    let most =
        most_body_bytes(["authorization", "x-tc-action"].iter().any(|name| head.headers.contains_key(*name)));
    let announced = head.headers.get(http::header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok()).unwrap_or(0);
    let first_bytes = usize::try_from(announced).unwrap_or(usize::MAX).min(FREE_BYTES);
    let mut received = Received { bytes: Vec::with_capacity(first_bytes), ..Received::default() };
    let mut count = 0_usize;
    let start = Instant::now();
    let mut progress = Progress::new(pace, start.elapsed());
    loop {
        let frame = tokio::time::timeout_at(start + progress.deadline(), body.frame());
        let Some(frame) = frame.await.map_err(|_| too_slow(pace))? else { break };
        let frame = frame.map_err(|error| {
            ApiError::new(ErrorCode::InvalidRequest, format!("The request body could not be read: {error}."))
        })?;
        let Ok(chunk) = frame.into_data() else { continue };
        count += chunk.len();
        progress.add(chunk.len(), start.elapsed());
        if count <= most {
            received.extend(&chunk, gate)?;
        } else {
            received = Received::default();
        }
        if count > most + DRAINED_BYTES {
            break;
        }
    }
    if count <= most {
        return Ok(received);
    }
    let message = format!("The body has more than {most} bytes, which is the most that is allowed.");
    Err(ApiError::new(ErrorCode::RequestSizeLimitExceeded, message))
}

impl Received {
    fn extend(&mut self, chunk: &[u8], gate: &Gate) -> Result<(), ApiError> {
        let needed = self.bytes.len() + chunk.len();
        while needed > FREE_BYTES + self.room_bytes {
            let more = gate.hold(STEP_BYTES)?;
            match &mut self.room {
                Some(room) => room.join(more),
                room => *room = Some(more),
            }
            self.room_bytes += STEP_BYTES;
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

fn too_slow(pace: Pace) -> ApiError {
    let message = format!(
        "The request body came too slowly: at least {} bytes in {} ms are expected.",
        pace.bytes,
        pace.period.as_millis()
    );
    ApiError::new(ErrorCode::InvalidRequest, message)
}

/// The body of an answer. A large one takes room until the last of it is on its way, and is refused where there is
/// none, unless it is `needed`: the answers to changes are, and they are never much larger than what is free.
pub(super) fn answer(text: Vec<u8>, gate: &Gate, needed: bool) -> Result<Body, ApiError> {
    if text.len() <= FREE_ANSWER_BYTES {
        return Ok(Body::from(text));
    }
    match gate.hold(text.len()) {
        Ok(room) => Ok(Body::new(LargeAnswer { rest: text.into(), _room: room })),
        Err(_) if needed => Ok(Body::from(text)),
        Err(error) => Err(error),
    }
}

/// Given out in parts, so that it lasts as long as its peer needs it.
struct LargeAnswer {
    rest: Bytes,
    _room: Room,
}

impl HttpBody for LargeAnswer {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(FREE_ANSWER_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
