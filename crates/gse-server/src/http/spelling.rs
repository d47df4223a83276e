//! The letters of `ETag`. Names of headers have no case, but `cos-python-sdk-v5` makes a plain dictionary of them and
//! looks for `ETag`: its `upload_file_from_buffer` fails with `etag`, and so does everybody's `response['ETag']`.
//!
//! hyper writes names in lower case, unless an answer has the extension in which it keeps how the names of a request
//! were spelled. That extension is private, so one request is read from memory to get it.

use std::convert::Infallible;

use axum::body::Body;
use http::{Extensions, Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: spelling\r\nETag: -\r\nConnection: close\r\n\r\n";
/// Room for that request, and for its answer.
const BUFFER: usize = 1024;

/// How names of headers are spelled.
#[derive(Clone, Debug, Default)]
pub(super) struct Spelling(Extensions);

impl Spelling {
    /// Reads it from a request.
    pub(super) async fn learn() -> Self {
        let (mut client, server) = tokio::io::duplex(BUFFER);
        let (sender, mut learned) = mpsc::channel(1);
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            // There is one request, and room for one.
            let _ = sender.try_send(Self(request.into_parts().0.extensions));
            std::future::ready(Ok::<_, Infallible>(Response::new(Body::empty())))
        });
        let served =
            http1::Builder::new().preserve_header_case(true).serve_connection(TokioIo::new(server), service);
        let sent = client.write_all(REQUEST).await;
        if let Err(error) =
            sent.map_err(|error| error.to_string()).and(served.await.map_err(|e| e.to_string()))
        {
            tracing::warn!(error, "headers are spelled in lower case, which some clients do not understand");
        }
        learned.try_recv().unwrap_or_default()
    }

    /// Spells the names of an answer.
    pub(super) fn apply(&self, answer: &mut Response<Body>) {
        if answer.headers().contains_key(header::ETAG) {
            answer.extensions_mut().extend(self.0.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn etag_is_spelled_as_the_vendors_store_did() {
        let spelling = Spelling::learn().await;
        let (mut client, server) = tokio::io::duplex(BUFFER);
        let service = hyper::service::service_fn(move |_: Request<Incoming>| {
            let mut answer = Response::builder().header("etag", "\"a\"").body(Body::empty()).unwrap();
            spelling.apply(&mut answer);
            std::future::ready(Ok::<_, Infallible>(answer))
        });
        client.write_all(b"PUT /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        http1::Builder::new().serve_connection(TokioIo::new(server), service).await.unwrap();
        let mut said = String::new();
        client.read_to_string(&mut said).await.unwrap();
        assert!(said.contains("\r\nETag: \"a\"\r\n"), "{said}");
    }
}
