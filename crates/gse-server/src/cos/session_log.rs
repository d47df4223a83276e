//! `GET` of the logs of a session, by an address that is signed and valid for some minutes (G-22).
//!
//! The address names the object itself, so nothing is looked up; what is gone after its retention time is not found.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use gse_core::game_server_session::GameServerSession;
use gse_core::log::SessionLog;
use gse_core::time::Timestamp;
use http::{HeaderValue, StatusCode, header};
use hyper::body::{Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead as _, ReadBuf};

use super::{Refusal, SESSION_LOGS, check_signed, signed_url};
use crate::http::Api;
use crate::http::gate::Room;

/// What is read of the file at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Where the logs of a session can be read from `now` on. The name at the end is for who saves them.
pub(crate) fn presigned_url(
    api: &Api,
    session: &GameServerSession,
    log: &SessionLog,
    now: Timestamp,
) -> String {
    let suffix = session.id.as_str().split('/').find(|part| part.starts_with("gssess-"));
    signed_url(api, &format!("{SESSION_LOGS}/{}/{}.zip", log.blob, suffix.unwrap_or("session")), now)
}

pub(super) async fn serve(api: &Api, key: &str, request: Request) -> Result<Response, Refusal> {
    check_signed(api, &format!("{SESSION_LOGS}/{key}"), &request, "call GetGameServerSessionLogUrl")?;
    // A body that cannot be shared must not be held while waiting.
    drop(request);
    let busy = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "as many objects are on their way as can be");
    let room = api.gate.upload().ok_or_else(busy)?;
    let missing = || Refusal::new(StatusCode::NOT_FOUND, "the log is not kept any more");
    let blob = key.split('/').next().unwrap_or_default();
    let path = api.blobs.log_path(blob).ok_or_else(missing)?;
    let file = File::open(path).await.map_err(|_| missing())?;
    let length = file.metadata().await.map_err(|_| missing())?.len();
    let mut response = Response::new(Body::new(FileBody { file, rest: length, _room: room }));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// A file that is read as fast as the peer takes it.
struct FileBody {
    file: File,
    rest: u64,
    _room: Room,
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.rest == 0 {
            return Poll::Ready(None);
        }
        let length = usize::try_from(self.rest).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        let mut chunk = vec![0; length];
        let mut buffer = ReadBuf::new(&mut chunk);
        ready!(Pin::new(&mut self.file).poll_read(cx, &mut buffer))?;
        let read = buffer.filled().len();
        if read == 0 {
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        self.rest -= read as u64;
        chunk.truncate(read);
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest)
    }
}
