//! A client over a socket that knows HTTP and the envelope, and nothing of the service.

use std::time::Duration;

use axum::extract::Request;
use http::HeaderMap;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};

use crate::http::router;
use crate::http::serve::{Listener, serve};
use crate::http::tests::stack::Stack;

/// Everything here is done in milliseconds; a wait that takes longer hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// One connection to a server of its own over the state of a stack.
pub(in crate::http::tests) struct Wire {
    stream: BufStream<TcpStream>,
}

/// An error as it was answered.
#[derive(Debug)]
pub(in crate::http::tests) struct Refusal {
    pub(in crate::http::tests) code: String,
    pub(in crate::http::tests) message: String,
    /// Head and body.
    pub(in crate::http::tests) text: String,
}

impl Wire {
    pub(in crate::http::tests) async fn open(stack: &Stack) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (router, limits) = (router(stack.api.clone()), stack.api.config.limits.clone());
        tokio::spawn(async move {
            serve(Listener { tcp: listener, tls: None }, router, &limits, std::future::pending()).await
        });
        Self { stream: BufStream::new(TcpStream::connect(address).await.unwrap()) }
    }

    /// Sends a request and reads its answer, which must be an envelope (1.8).
    pub(in crate::http::tests) async fn call(&mut self, request: Request) -> Result<Value, Refusal> {
        let exchange = async {
            self.send(request).await;
            self.receive().await
        };
        tokio::time::timeout(DEADLINE, exchange).await.expect("an answer in time")
    }

    async fn send(&mut self, request: Request) {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let mut text = format!("{} {} HTTP/1.1\r\nContent-Length: {}\r\n", head.method, head.uri, body.len());
        push_headers(&mut text, &head.headers);
        self.stream.write_all(text.as_bytes()).await.unwrap();
        // The server may answer before it has read a body that is too large, and close.
        let _ = self.stream.write_all(&body).await;
        let _ = self.stream.flush().await;
    }

    async fn receive(&mut self) -> Result<Value, Refusal> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.stream.read_line(&mut head).await.unwrap(), 0, "the connection ended: {head}");
        }
        let lower = head.to_ascii_lowercase();
        assert!(lower.starts_with("http/1.1 200 ok\r\n"), "{head}");
        assert!(lower.contains("\r\ncontent-type: application/json\r\n"), "{head}");
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.stream.read_exact(&mut body).await.unwrap();
        let body = String::from_utf8(body).unwrap();
        let mut envelope: Value = serde_json::from_str(&body).unwrap();
        let mut response = envelope["Response"].take();
        assert_eq!(envelope.as_object().unwrap().len(), 1, "{body}");
        let request_id = response.as_object_mut().unwrap().remove("RequestId").unwrap();
        assert!(
            lower.contains(&format!("\r\nx-tc-requestid: {}\r\n", request_id.as_str().unwrap())),
            "{head}"
        );
        let Some(error) = response.as_object_mut().unwrap().remove("Error") else { return Ok(response) };
        assert_eq!(response, serde_json::json!({}), "an error has no other members");
        let of = |name: &str| error[name].as_str().unwrap().to_owned();
        Err(Refusal { code: of("Code"), message: of("Message"), text: head + &body })
    }
}

fn push_headers(text: &mut String, headers: &HeaderMap) {
    for (name, value) in headers {
        *text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    *text += "\r\n";
}
