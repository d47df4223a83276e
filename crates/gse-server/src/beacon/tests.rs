use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use gse_core::time::Timestamp;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough that an answer on its way would have come, on a machine that is not busy: a test that waits for nothing
/// can only be wrong in the harmless way.
const SILENCE: Duration = Duration::from_millis(200);

struct Region1 {
    udp: SocketAddr,
    http: SocketAddr,
    faults: watch::Sender<Faults>,
    tasks: Vec<JoinHandle<()>>,
}

impl Region1 {
    async fn start(ours: Vec<SocketAddr>) -> Self {
        let region = Region::new("ap-shanghai");
        let sockets = BeaconSockets::bind(region.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = sockets.address().unwrap();
        let faults = watch::Sender::new(Faults::new());
        let tasks = vec![
            tokio::spawn(udp::run(sockets.udp, region.clone(), faults.subscribe(), ours)),
            tokio::spawn(http::run(sockets.http, region, faults.subscribe())),
        ];
        Self { udp: address.udp, http: address.http, faults, tasks }
    }

    fn is(&self, down: bool, delay_ms: u64) {
        let region = Region::new("ap-shanghai");
        let fault = RegionFault { region: region.clone(), down, delay_ms, since: Timestamp::default() };
        self.faults.send_replace(Faults::from([(region, fault)]));
    }
}

impl Drop for Region1 {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn client(to: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(to).await.unwrap();
    socket
}

async fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 2048];
    let length = timeout(PATIENCE, socket.recv(&mut buffer)).await.unwrap().unwrap();
    buffer[..length].to_vec()
}

async fn ping(to: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

const GET: &str = "GET /v1/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn z3_a_datagram_comes_back_unchanged_and_only_up_to_512_bytes() {
    let beacon = Region1::start(vec![]).await;
    let socket = client(beacon.udp).await;
    for datagram in [vec![7; 512], b"x".to_vec(), Vec::new()] {
        socket.send(&datagram).await.unwrap();
        assert_eq!(receive(&socket).await, datagram);
    }
    // What is too long has no answer at all; the one after it is answered.
    socket.send(&[1; 513]).await.unwrap();
    socket.send(b"after").await.unwrap();
    assert_eq!(receive(&socket).await, b"after");
}

#[tokio::test]
async fn z3_ping_answers_pong_that_nobody_keeps() {
    let beacon = Region1::start(vec![]).await;
    let answer = ping(beacon.http, GET).await.to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 200") && answer.ends_with("\r\n\r\npong"), "{answer}");
    for header in ["cache-control: no-store", "access-control-allow-origin: *"] {
        assert!(answer.contains(header), "{answer}");
    }
    assert!(ping(beacon.http, &GET.replace("ping", "other")).await.starts_with("HTTP/1.1 404"));
    assert!(ping(beacon.http, &GET.replace("GET", "POST")).await.starts_with("HTTP/1.1 405"));
}

#[tokio::test]
async fn a_region_that_is_down_is_silent_and_a_slow_one_late() {
    let beacon = Region1::start(vec![]).await;
    beacon.is(true, 0);
    let socket = client(beacon.udp).await;
    // The fault travels beside the datagrams: what was sent before it was seen may still be answered.
    let silent = async {
        loop {
            socket.send(b"?").await.unwrap();
            let mut buffer = [0; 8];
            if timeout(SILENCE, socket.recv(&mut buffer)).await.is_err() {
                return;
            }
        }
    };
    timeout(PATIENCE, silent).await.unwrap();
    assert!(ping(beacon.http, GET).await.starts_with("HTTP/1.1 503"), "late, and not `pong`");

    beacon.is(false, 80);
    let late = async {
        loop {
            let sent = Instant::now();
            socket.send(b"slow").await.unwrap();
            if receive(&socket).await == b"slow" && sent.elapsed() >= Duration::from_millis(80) {
                return;
            }
        }
    };
    timeout(PATIENCE, late).await.unwrap();
    let sent = Instant::now();
    assert!(ping(beacon.http, GET).await.ends_with("pong"));
    assert!(sent.elapsed() >= Duration::from_millis(80));
}

/// Two beacons that answer each other would never stop; a forged sender is all it takes.
#[tokio::test]
async fn a_beacon_does_not_answer_a_beacon() {
    let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let beacon = Region1::start(vec![other.local_addr().unwrap()]).await;
    other.connect(beacon.udp).await.unwrap();
    other.send(b"?").await.unwrap();
    // The one after it is answered, so the first one was seen.
    let socket = client(beacon.udp).await;
    socket.send(b"!").await.unwrap();
    assert_eq!(receive(&socket).await, b"!");
    assert!(timeout(SILENCE, other.recv(&mut [0; 8])).await.is_err());
}

#[test]
fn what_listens_everywhere_is_told_by_the_public_address() {
    let check = |address: &str, wanted| assert_eq!(told(address.parse().unwrap(), "203.0.113.9"), wanted);
    check("127.0.0.1:8888", "127.0.0.1:8888");
    check("0.0.0.0:8888", "203.0.113.9:8888");
    check("[::]:8888", "203.0.113.9:8888");
}
