//! A player's side of the connection, as plain as possible: quinn and `game_net`, no engine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use game_net::handshake::{EXPORTER_CONTEXT, EXPORTER_LABEL, ResumeToken, Secret, client_proof};
use game_net::protocol::frame::FrameReader;
use game_net::protocol::{ClientMessage, Hosting, PROTOCOL, ServerMessage};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{
    ClientConfig, Connection, ConnectionError, Endpoint, RecvStream, SendStream, TransportConfig, VarInt,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::time::timeout;

/// Nothing on loopback takes longer.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// A connection with its stream.
pub(super) struct Player {
    pub(super) connection: Connection,
    pub(super) send: SendStream,
    pub(super) recv: RecvStream,
    pub(super) reader: FrameReader,
    /// For coming back; of the last Welcome.
    pub(super) token: Option<ResumeToken>,
    /// Lives as long as the connection.
    pub(super) endpoint: Endpoint,
}

/// What came of a Hello.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Joined {
    In(Hosting),
    Refused(String),
    /// A Welcome whose proof is wrong: this is not the server.
    Impostor,
}

impl Player {
    /// Connects and opens the stream; says nothing yet.
    pub(super) async fn connect(port: u16) -> Player {
        let (endpoint, connection) = connect(port, PROTOCOL).await;
        let connection = connection.unwrap();
        let (send, recv) = connection.open_bi().await.unwrap();
        Player { connection, send, recv, reader: FrameReader::from_server(), token: None, endpoint }
    }

    /// Connects and joins; the player must be let in.
    pub(super) async fn join(port: u16, player_id: &str, player_session_id: &str) -> Player {
        let mut player = Player::connect(port).await;
        let joined = player.say_hello(player_id, player_session_id).await;
        assert!(matches!(joined, Joined::In(_)), "{joined:?}");
        player
    }

    pub(super) fn exporter(&self) -> [u8; 32] {
        let mut exporter = [0; 32];
        self.connection.export_keying_material(&mut exporter, EXPORTER_LABEL, EXPORTER_CONTEXT).unwrap();
        exporter
    }

    /// The Hello for this connection.
    pub(super) fn hello(&self, player_id: &str, player_session_id: &str) -> ClientMessage {
        let proof = client_proof(Secret::PlayerSessionId(player_session_id), &self.exporter());
        ClientMessage::Hello { player_id: player_id.to_owned(), proof }
    }

    pub(super) async fn say_hello(&mut self, player_id: &str, player_session_id: &str) -> Joined {
        self.say(&self.hello(player_id, player_session_id)).await;
        self.joined(player_session_id).await
    }

    /// Connects and asks for the seat of this token.
    pub(super) async fn resume(port: u16, player_id: &str, token: ResumeToken) -> (Player, Joined) {
        let mut player = Player::connect(port).await;
        let proof = client_proof(Secret::ResumeToken(&token), &player.exporter());
        player.say(&ClientMessage::Resume { player_id: player_id.to_owned(), proof }).await;
        let joined = player.proven(Secret::ResumeToken(&token)).await;
        (player, joined)
    }

    /// Connects and asks to watch.
    pub(super) async fn watch(port: u16, key: &str) -> (Player, Joined) {
        let mut player = Player::connect(port).await;
        let proof = client_proof(Secret::SpectatorKey(key), &player.exporter());
        player.say(&ClientMessage::Watch { proof }).await;
        let joined = player.proven(Secret::SpectatorKey(key)).await;
        (player, joined)
    }

    /// Reads the answer to a Hello and checks the server's proof.
    pub(super) async fn joined(&mut self, player_session_id: &str) -> Joined {
        self.proven(Secret::PlayerSessionId(player_session_id)).await
    }

    async fn proven(&mut self, secret: Secret<'_>) -> Joined {
        match self.hear().await.unwrap() {
            ServerMessage::Welcome { proof, hosting, resume } if proof.verify(secret, &self.exporter()) => {
                self.token = resume;
                Joined::In(hosting)
            }
            ServerMessage::Welcome { .. } => Joined::Impostor,
            ServerMessage::Refused { reason } => Joined::Refused(reason),
            other => panic!("`{other:?}` as first message"),
        }
    }

    pub(super) async fn say(&mut self, message: &ClientMessage) {
        self.send.write_all(&message.to_frame().unwrap()).await.unwrap();
    }

    /// The next message; `None` at the end of the stream.
    pub(super) async fn hear(&mut self) -> Option<ServerMessage> {
        loop {
            if let Some(content) = self.reader.next_content().unwrap() {
                return Some(ServerMessage::from_content(&content).unwrap());
            }
            let chunk =
                timeout(DEADLINE, self.recv.read_chunk(4096, true)).await.expect("nothing more comes");
            match chunk {
                Ok(Some(chunk)) => self.reader.push(&chunk.bytes),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

/// A connection with this ALPN protocol, or why there is none.
pub(super) async fn connect(port: u16, protocol: &[u8]) -> (Endpoint, Result<Connection, ConnectionError>) {
    let mut endpoint = Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    endpoint.set_default_client_config(client_config(protocol));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let connecting = endpoint.connect(address, "opengse-arena").unwrap();
    let connection = timeout(DEADLINE, connecting).await.expect("no answer from the server");
    (endpoint, connection)
}

pub(super) fn client_config(protocol: &[u8]) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    tls.alpn_protocols = vec![protocol.to_vec()];
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    // What is not read soon waits at the server.
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(VarInt::from_u32(16 * 1024));
    config.transport_config(Arc::new(transport));
    config
}

/// Takes any certificate but checks that the peer holds its key: the exporter value is worth nothing otherwise.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2 is not offered".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
