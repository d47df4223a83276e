//! The net thread against a game server of a few lines, over real sockets on the loopback.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use game_net::{
    handshake::{
        ClientProof, EXPORTER_CONTEXT, EXPORTER_LABEL, EXPORTER_LENGTH, ResumeToken, Secret, ServerProof,
        client_proof, server_proof,
    },
    protocol::{ClientMessage, Hosting, PROTOCOL, Presence, ServerMessage, frame::FrameReader},
};
use quinn::{Connection, Endpoint, RecvStream, SendStream, crypto::rustls::QuicServerConfig};
use rustls::{
    crypto::ring,
    pki_types::PrivatePkcs8KeyDer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{task::JoinHandle, time::timeout};

use super::{Link, Outgoing, Received};
use crate::options::Destination;

const PLAYER: &str = "ada";
const SECRET: &str = "psess-0123456789abcdef0123456789abcdef";
/// Far more than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// One player's connection as the server sees it, after the Hello.
struct Guest {
    connection: Connection,
    send: SendStream,
    receive: RecvStream,
    frames: FrameReader,
    exporter: [u8; EXPORTER_LENGTH],
    player_id: String,
    proof: ClientProof,
}

impl Guest {
    async fn accept(endpoint: &Endpoint) -> Guest {
        let connection = endpoint.accept().await.unwrap().await.unwrap();
        let mut exporter = [0; EXPORTER_LENGTH];
        connection.export_keying_material(&mut exporter, EXPORTER_LABEL, EXPORTER_CONTEXT).unwrap();
        let (send, receive) = connection.accept_bi().await.unwrap();
        let frames = FrameReader::from_client();
        let nobody = ClientProof([0; 32]);
        let mut guest =
            Guest { connection, send, receive, frames, exporter, player_id: String::new(), proof: nobody };
        match guest.hear().await {
            Some(ClientMessage::Hello { player_id, proof } | ClientMessage::Resume { player_id, proof }) => {
                Guest { player_id, proof, ..guest }
            }
            Some(ClientMessage::Watch { proof }) => Guest { proof, ..guest },
            other => panic!("the first message is the Hello: {other:?}"),
        }
    }

    async fn hear(&mut self) -> Option<ClientMessage> {
        loop {
            if let Some(content) = self.frames.next_content().unwrap() {
                return Some(ClientMessage::from_content(&content).unwrap());
            }
            let chunk = self.receive.read_chunk(4096, true).await.ok()??;
            self.frames.push(&chunk.bytes);
        }
    }

    async fn say(&mut self, message: ServerMessage) {
        self.send.write_all(&message.to_frame().unwrap()).await.unwrap();
    }

    async fn welcome(&mut self) {
        assert_eq!(self.player_id, PLAYER);
        assert!(
            self.proof.verify(Secret::PlayerSessionId(SECRET), &self.exporter),
            "the player proves that it knows the secret"
        );
        let proof = server_proof(Secret::PlayerSessionId(SECRET), &self.exporter);
        self.say(ServerMessage::Welcome { proof, hosting: Hosting::Lobby, resume: None }).await;
    }
}

type SelfSigned = rcgen::CertifiedKey<rcgen::KeyPair>;

/// A self-signed certificate, and a key that need not be its own.
#[derive(Debug)]
struct Identity(Arc<CertifiedKey>);

impl Identity {
    fn new(certificate: &SelfSigned, key: &SelfSigned) -> Identity {
        let key = PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()).into();
        let key = ring::sign::any_supported_type(&key).unwrap();
        Identity(Arc::new(CertifiedKey::new(vec![certificate.cert.der().clone()], key)))
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn certificate() -> SelfSigned {
    rcgen::generate_simple_self_signed(["game-server".to_owned()]).unwrap()
}

fn open_server(protocol: &[u8], identity: Identity) -> (Endpoint, SocketAddr) {
    open_server_with(protocol, identity, |_| {})
}

fn open_server_with(
    protocol: &[u8],
    identity: Identity,
    set: impl FnOnce(&mut quinn::TransportConfig),
) -> (Endpoint, SocketAddr) {
    let config = server_config(protocol, identity, set);
    let endpoint = Endpoint::server(config, "127.0.0.1:0".parse().unwrap()).unwrap();
    let address = endpoint.local_addr().unwrap();
    (endpoint, address)
}

fn server_config(
    protocol: &[u8],
    identity: Identity,
    set: impl FnOnce(&mut quinn::TransportConfig),
) -> quinn::ServerConfig {
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(identity));
    tls.alpn_protocols = vec![protocol.to_vec()];
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).unwrap()));
    let mut transport = quinn::TransportConfig::default();
    set(&mut transport);
    config.transport_config(Arc::new(transport));
    config
}

fn honest() -> Identity {
    let certificate = certificate();
    Identity::new(&certificate, &certificate)
}

/// A server that does this with its first guest.
fn serve<F>(host: impl FnOnce(Guest) -> F + Send + 'static) -> (SocketAddr, JoinHandle<()>)
where
    F: Future<Output = ()> + Send,
{
    let (endpoint, address) = open_server(PROTOCOL, honest());
    let served = tokio::spawn(async move {
        host(Guest::accept(&endpoint).await).await;
        endpoint.wait_idle().await;
    });
    (address, served)
}

fn start(address: SocketAddr) -> Link {
    let destination = Destination::Address { address, player_session_id: SECRET.to_owned(), session: None };
    Link::start(destination, PLAYER.to_owned()).unwrap()
}

/// What comes next, but for the round-trip times.
async fn next(link: &mut Link) -> Option<Received> {
    loop {
        match timeout(PATIENCE, link.incoming.recv()).await.expect("something comes in time") {
            Some(Received::Line { .. } | Received::Placed(_)) => {}
            other => return other,
        }
    }
}

async fn finish(link: Link, served: JoinHandle<()>) {
    tokio::task::spawn_blocking(move || drop(link)).await.unwrap();
    timeout(PATIENCE, served).await.expect("the server ends").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joins_talks_and_leaves() {
    let (address, served) = serve(async |mut guest| {
        guest.welcome().await;
        let here = Presence::Here { player_ids: vec![PLAYER.to_owned()] };
        guest.say(ServerMessage::Presence(here)).await;
        guest.connection.send_datagram(vec![1, 2, 3].into()).unwrap();
        assert_eq!(guest.hear().await, Some(ClientMessage::ChatSend { text: "hello".to_owned() }));
        assert_eq!(guest.connection.read_datagram().await.unwrap().as_ref(), [4, 5, 6]);
        assert_eq!(guest.hear().await, Some(ClientMessage::ChatSend { text: "bye".to_owned() }));
        assert_eq!(guest.hear().await, Some(ClientMessage::Leave), "what was said before leaving arrives");
    });
    let mut link = start(address);
    assert_eq!(next(&mut link).await, Some(Received::Welcome { hosting: Hosting::Lobby }));
    let (mut presence, mut datagram) = (None, None);
    while presence.is_none() || datagram.is_none() {
        match next(&mut link).await.unwrap() {
            Received::Message(message) => presence = Some(message),
            Received::Datagram(bytes) => datagram = Some(bytes),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        presence,
        Some(ServerMessage::Presence(Presence::Here { player_ids: vec![PLAYER.to_owned()] }))
    );
    assert_eq!(datagram.unwrap().as_ref(), [1, 2, 3]);
    let say = |text: &str| Outgoing::Message(ClientMessage::ChatSend { text: text.to_owned() });
    link.send(say("hello"));
    link.send(Outgoing::Datagram(vec![4, 5, 6]));
    link.send(say("bye"));
    finish(link, served).await;
}

/// The server answers the Hello with this; the client must not take it for the server.
async fn check_refusal(answer: impl Fn(&Guest) -> ServerMessage + Send + 'static, expected: &str) {
    let (address, served) = serve(async move |mut guest| {
        let answer = answer(&guest);
        guest.say(answer).await;
        // A liar would go on talking; nothing of it may arrive.
        let chat = ServerMessage::Chat { from: "mallory".to_owned(), text: "trust me".to_owned() };
        guest.say(chat).await;
        guest.connection.closed().await;
    });
    let mut link = start(address);
    match next(&mut link).await {
        Some(Received::Refused { reason }) => assert!(reason.starts_with(expected), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(next(&mut link).await, None, "nothing comes after the refusal");
    finish(link, served).await;
}

const NO_PROOF: &str = "the server could not prove that it knows this player session";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_a_server_without_the_secret() {
    let welcome = |proof| ServerMessage::Welcome { proof, hosting: Hosting::Lobby, resume: None };
    check_refusal(move |_| welcome(ServerProof([7; 32])), NO_PROOF).await;
    check_refusal(
        move |guest| welcome(server_proof(Secret::PlayerSessionId("psess-another"), &guest.exporter)),
        NO_PROOF,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_its_own_proof_and_one_from_another_connection() {
    let welcome = |proof| ServerMessage::Welcome { proof, hosting: Hosting::Lobby, resume: None };
    // Reflection: what the client sent comes back.
    check_refusal(move |guest| welcome(ServerProof(guest.proof.0)), NO_PROOF).await;
    check_refusal(
        move |guest| welcome(ServerProof(client_proof(Secret::PlayerSessionId(SECRET), &guest.exporter).0)),
        NO_PROOF,
    )
    .await;
    // Man in the middle, or replay: a true proof over the exporter value of another connection.
    check_refusal(
        move |_| welcome(server_proof(Secret::PlayerSessionId(SECRET), &[9; EXPORTER_LENGTH])),
        NO_PROOF,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn believes_nothing_before_the_proof() {
    let early = |_: &Guest| ServerMessage::Chat { from: "mallory".to_owned(), text: "hello".to_owned() };
    check_refusal(early, NO_PROOF).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shows_the_reason_of_a_refusal_without_control_characters() {
    let refused = |_: &Guest| ServerMessage::Refused { reason: "the match is \x1b[31mfull".to_owned() };
    check_refusal(refused, "the server refused the join: the match is  [31mfull").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tells_the_last_message_before_the_end_of_the_connection() {
    let closing = ServerMessage::Closing { reason: "maintenance".to_owned() };
    let said = closing.clone();
    let (address, served) = serve(async move |mut guest| {
        guest.welcome().await;
        guest.say(said).await;
        guest.send.finish().unwrap();
        guest.send.stopped().await.unwrap();
        guest.connection.close(0u32.into(), b"good night");
    });
    let mut link = start(address);
    assert_eq!(next(&mut link).await, Some(Received::Welcome { hosting: Hosting::Lobby }));
    assert_eq!(next(&mut link).await, Some(Received::Message(closing)));
    let reason = "the server closed the connection: good night".to_owned();
    assert_eq!(next(&mut link).await, Some(Received::Closed { reason }));
    finish(link, served).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_another_version() {
    let (endpoint, address) = open_server(b"opengse-arena/0", honest());
    let served = tokio::spawn(async move {
        assert!(endpoint.accept().await.unwrap().await.is_err(), "there is no common protocol");
    });
    let mut link = start(address);
    match next(&mut link).await {
        Some(Received::Closed { reason }) => {
            let ours = String::from_utf8_lossy(PROTOCOL);
            assert!(reason.contains(&format!("does not speak `{ours}`\nhint: ")), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    finish(link, served).await;
}

/// A man in the middle can show anybody's certificate; without its key he must not get as far as an exporter value.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_a_server_that_does_not_hold_the_key_of_its_certificate() {
    let (endpoint, address) = open_server(PROTOCOL, Identity::new(&certificate(), &certificate()));
    let served = tokio::spawn(async move {
        assert!(endpoint.accept().await.unwrap().await.is_err(), "the client goes away");
    });
    let mut link = start(address);
    match next(&mut link).await {
        Some(Received::Closed { reason }) => assert!(reason.contains("BadSignature"), "{reason}"),
        other => panic!("{other:?}"),
    }
    finish(link, served).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn can_be_dropped_while_connecting() {
    // A socket that answers nothing.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let link = start(silent.local_addr().unwrap());
    let dropped = tokio::task::spawn_blocking(move || drop(link));
    timeout(Duration::from_secs(5), dropped).await.expect("dropping does not wait for an answer").unwrap();
}

/// A token of a resume, as a server makes them at random.
const TOKEN: ResumeToken = ResumeToken([5; 16]);

/// What the app hears, but for how the line is.
async fn next_event(link: &mut Link) -> Option<Received> {
    loop {
        match next(link).await {
            Some(Received::Line { .. } | Received::Placed(_)) => {}
            other => return other,
        }
    }
}

/// A server that lets the player in and falls silent, and answers the one who comes back with this.
fn serve_with_a_gap(answer: ServerMessageFor) -> (SocketAddr, JoinHandle<()>) {
    let (endpoint, address) = open_server_with(PROTOCOL, honest(), |transport| {
        // Long before the client's own patience ends, and before it says that it is still there.
        transport.max_idle_timeout(Some(Duration::from_millis(300).try_into().unwrap()));
    });
    let served = tokio::spawn(async move {
        let mut guest = Guest::accept(&endpoint).await;
        let proof = server_proof(Secret::PlayerSessionId(SECRET), &guest.exporter);
        guest.say(ServerMessage::Welcome { proof, hosting: Hosting::Lobby, resume: Some(TOKEN) }).await;
        guest.connection.closed().await;
        let mut guest = Guest::accept(&endpoint).await;
        assert!(guest.proof.verify(Secret::ResumeToken(&TOKEN), &guest.exporter), "the token is proved");
        let answer = answer(&guest);
        guest.say(answer).await;
        guest.connection.closed().await;
    });
    (address, served)
}

type ServerMessageFor = fn(&Guest) -> ServerMessage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comes_back_with_the_token_when_the_connection_is_lost() {
    let (address, served) = serve_with_a_gap(|guest| {
        let proof = server_proof(Secret::ResumeToken(&TOKEN), &guest.exporter);
        ServerMessage::Welcome { proof, hosting: Hosting::Lobby, resume: None }
    });
    let mut link = start(address);
    assert!(matches!(next_event(&mut link).await, Some(Received::Welcome { .. })));
    assert_eq!(next_event(&mut link).await, Some(Received::Lost));
    assert_eq!(next_event(&mut link).await, Some(Received::Resumed));
    // Without another token the next loss is the end.
    let Some(Received::Closed { reason }) = next_event(&mut link).await else { panic!("it is over") };
    assert!(reason.contains("the connection was lost"), "{reason}");
    finish(link, served).await;
}

/// Longer than the handshake of somebody who comes back may take, and shorter than a join.
const SLOW_ANSWER: Duration = Duration::from_secs(2);

/// The server may have given the seat to the new connection long before its answer arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_waits_for_a_slow_answer() {
    let (endpoint, address) = open_server_with(PROTOCOL, honest(), |transport| {
        transport.max_idle_timeout(Some(Duration::from_millis(300).try_into().unwrap()));
    });
    let served = tokio::spawn(async move {
        let mut guest = Guest::accept(&endpoint).await;
        let proof = server_proof(Secret::PlayerSessionId(SECRET), &guest.exporter);
        guest.say(ServerMessage::Welcome { proof, hosting: Hosting::Lobby, resume: Some(TOKEN) }).await;
        endpoint.set_server_config(Some(server_config(PROTOCOL, honest(), |_| {})));
        guest.connection.closed().await;
        let mut guest = Guest::accept(&endpoint).await;
        let is_patient = timeout(SLOW_ANSWER, guest.connection.closed()).await.is_err();
        assert!(is_patient, "who gives up here gives up the seat");
        let proof = server_proof(Secret::ResumeToken(&TOKEN), &guest.exporter);
        guest.say(ServerMessage::Welcome { proof, hosting: Hosting::Lobby, resume: Some(TOKEN) }).await;
        guest.connection.closed().await;
    });
    let mut link = start(address);
    assert!(matches!(next_event(&mut link).await, Some(Received::Welcome { .. })));
    assert_eq!(next_event(&mut link).await, Some(Received::Lost));
    assert_eq!(next_event(&mut link).await, Some(Received::Resumed));
    finish(link, served).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seat_that_was_not_kept_is_told() {
    let (address, served) =
        serve_with_a_gap(|_| ServerMessage::Refused { reason: "that seat is free again".to_owned() });
    let mut link = start(address);
    assert!(matches!(next_event(&mut link).await, Some(Received::Welcome { .. })));
    assert_eq!(next_event(&mut link).await, Some(Received::Lost));
    let Some(Received::Closed { reason }) = next_event(&mut link).await else { panic!("it is over") };
    assert!(reason.contains("the seat is gone: the server refused the join: that seat is free"), "{reason}");
    finish(link, served).await;
}

/// A bug ends the thread without a word: that is told, once, and nothing hangs.
#[test]
fn a_thread_that_dies_is_told_once() {
    let (mut link, to_app, _from_app) = Link::in_memory();
    to_app.try_send(Received::Lost).unwrap();
    drop(to_app);
    assert_eq!(link.try_receive(), Some(Received::Lost));
    let Some(Received::Closed { reason }) = link.try_receive() else { panic!("it is told") };
    assert!(reason.contains("has stopped\nhint: "), "{reason}");
    assert_eq!(link.try_receive(), None);
    assert_eq!(Link::idle().try_receive(), None, "no connection is no error");
}

const KEY: &str = "a spectator key of some length";

fn start_watching(address: SocketAddr) -> Link {
    let destination = Destination::Watch { address, spectator_key: KEY.to_owned(), session: None };
    Link::start(destination, PLAYER.to_owned()).unwrap()
}

/// Who watches says no name, proves to know the key, and has no seat to lose: they come again by the same key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watches_by_the_key_and_comes_again_by_it() {
    let (endpoint, address) = open_server_with(PROTOCOL, honest(), |transport| {
        transport.max_idle_timeout(Some(Duration::from_millis(300).try_into().unwrap()));
    });
    let served = tokio::spawn(async move {
        let hosting = Hosting::Match { players_wanted: 2 };
        for _ in 0..2 {
            let mut guest = Guest::accept(&endpoint).await;
            assert_eq!(guest.player_id, "");
            assert!(guest.proof.verify(Secret::SpectatorKey(KEY), &guest.exporter), "the key is proved");
            let proof = server_proof(Secret::SpectatorKey(KEY), &guest.exporter);
            guest.say(ServerMessage::Welcome { proof, hosting, resume: None }).await;
            guest.connection.closed().await;
        }
        let mut guest = Guest::accept(&endpoint).await;
        guest.say(ServerMessage::Refused { reason: "no place is left".to_owned() }).await;
        guest.connection.closed().await;
    });
    let mut link = start_watching(address);
    assert_eq!(next_event(&mut link).await, Some(Received::Watching));
    assert!(matches!(next_event(&mut link).await, Some(Received::Welcome { .. })));
    for event in [Received::Lost, Received::Resumed, Received::Lost] {
        assert_eq!(next_event(&mut link).await, Some(event));
    }
    let Some(Received::Closed { reason }) = next_event(&mut link).await else { panic!("it is over") };
    assert!(reason.contains("the place is gone: the server refused the join: no place is left"), "{reason}");
    finish(link, served).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn does_not_watch_at_a_server_without_the_key() {
    let (address, served) = serve(async |mut guest| {
        // A proof, but of the kind that players are shown.
        let proof = server_proof(Secret::PlayerSessionId(KEY), &guest.exporter);
        guest.say(ServerMessage::Welcome { proof, hosting: Hosting::Lobby, resume: None }).await;
        guest.connection.closed().await;
    });
    let mut link = start_watching(address);
    assert_eq!(next_event(&mut link).await, Some(Received::Watching));
    let Some(Received::Refused { reason }) = next_event(&mut link).await else { panic!("not let in") };
    assert!(reason.starts_with("the server could not prove that it knows this spectator key\n"), "{reason}");
    finish(link, served).await;
}
