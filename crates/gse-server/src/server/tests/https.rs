//! HTTPS on real sockets: good calls, and peers that do not get through their handshake.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::tls::TlsSource;

async fn https(directory: &TempDir, change: impl FnOnce(&mut Config)) -> Running {
    start_with(directory, |config| {
        config.tls = Some(TlsSource::SelfSigned);
        change(config);
    })
    .await
}

impl Running {
    fn address(&self) -> &str {
        self.ready.api_url.strip_prefix("https://").unwrap()
    }

    /// A connection of who trusts the certificate and calls the service by that name.
    async fn secure(&self, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
        let path = self.ready.certificate.as_ref().unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(path).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(self.address()).await?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        tokio::time::timeout(DEADLINE, connecting).await.unwrap()
    }

    /// A good call; the answer.
    async fn secure_call(&self, name: &str) -> String {
        let mut stream = self.secure(name).await.unwrap();
        let (timestamp, host, body) = (Clock::system().now().seconds(), self.address(), "{}");
        let content_type = "application/json";
        let call = tc3::Call { method: "POST", host, query: "", content_type, body: body.as_bytes() };
        let account = &self.ready.account;
        let key = tc3::Key { secret_id: &account.secret_id, secret_key: &account.secret_key };
        let text = format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: {content_type}\r\nX-TC-Action: ListAliases\r\n\
             X-TC-Version: 2019-11-12\r\nX-TC-Timestamp: {timestamp}\r\nAuthorization: {}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            tc3::sign(&call, key, "gse", timestamp),
            body.len()
        );
        let exchange = async {
            stream.write_all(text.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            String::from_utf8(answer).unwrap()
        };
        tokio::time::timeout(DEADLINE, exchange).await.unwrap()
    }
}

/// Waits for the end of a connection; gives what was sent before.
async fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn calls_are_answered_under_the_names_of_the_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let running = https(&directory, |config| config.public_hosts = vec!["gse.example.org".into()]).await;
    assert!(running.ready.objects_url.starts_with("https://"), "{}", running.ready.objects_url);
    for name in ["127.0.0.1", "localhost", "gse.example.org"] {
        let answer = running.secure_call(name).await;
        assert!(answer.contains(r#""Aliases":[]"#), "{name}: {answer}");
    }
    assert!(running.secure("other.example.org").await.is_err());
    let certificate = std::fs::read(running.ready.certificate.as_ref().unwrap()).unwrap();
    running.end().await;

    let running = https(&directory, |_| {}).await;
    let path = running.ready.certificate.clone().unwrap();
    assert_eq!(std::fs::read(path).unwrap(), certificate, "who trusted it trusts it still");
    running.end().await;
}

/// Who speaks HTTP, says nothing, or stops in the middle of a handshake is given up.
#[tokio::test]
async fn a_peer_without_a_handshake_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let running = https(&directory, |config| config.limits.head_time = Duration::from_secs(1)).await;
    let mut plain = TcpStream::connect(running.address()).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let answer = until_closed(&mut plain).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    // The head of a handshake that says how much would follow.
    for begun in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00"] {
        let mut stream = TcpStream::connect(running.address()).await.unwrap();
        stream.write_all(begun).await.unwrap();
        assert!(running.secure_call("localhost").await.contains(r#""Aliases":[]"#));
        assert_eq!(until_closed(&mut stream).await, b"");
    }
    running.end().await;
}

/// A handshake takes one of the connections, and gives it back.
#[tokio::test]
async fn handshakes_count_as_connections() {
    let directory = tempfile::tempdir().unwrap();
    let running = https(&directory, |config| {
        config.limits.connections = 1;
        config.limits.head_time = Duration::from_secs(2);
    })
    .await;
    let mut silent = TcpStream::connect(running.address()).await.unwrap();
    // It is accepted first, so the next one is one too many.
    assert!(running.secure("localhost").await.is_err());
    until_closed(&mut silent).await;
    let again = async {
        // The slot is free a moment after the peer hears of it.
        while running.secure("localhost").await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, again).await.unwrap();
    running.end().await;
}

#[tokio::test]
async fn a_handshake_does_not_hold_the_end_up() {
    let directory = tempfile::tempdir().unwrap();
    let running = https(&directory, |config| {
        config.limits.head_time = Duration::from_secs(3600);
        config.shutdown_grace = Duration::from_secs(3600);
    })
    .await;
    let mut silent = TcpStream::connect(running.address()).await.unwrap();
    running.secure_call("localhost").await;
    running.end().await;
    until_closed(&mut silent).await;
}
