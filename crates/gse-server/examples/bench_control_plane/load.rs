//! The load: connections that stay open, each with one request in flight.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use gse_api::signature::tc3;
use gse_core::host::{ReportKind, SessionCall};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Failure;
use crate::host::{number, suffix, tell};
use crate::service::Service;

/// What came of a run.
pub(crate) struct Load {
    pub(crate) pairs: u64,
    pub(crate) retries: u64,
    pub(crate) duration: Duration,
    latencies_us: Vec<u32>,
}

impl Load {
    pub(crate) fn percentile(&self, percent: usize) -> u32 {
        let at = self.latencies_us.len() * percent / 100;
        self.latencies_us.get(at.min(self.latencies_us.len().saturating_sub(1))).copied().unwrap_or(0)
    }
}

/// Requests that are made and signed beforehand.
pub(crate) struct Requests {
    create: Vec<u8>,
    /// By the number of the session, from `first`.
    joins: Vec<Vec<u8>>,
    first: u64,
}

/// Sessions that a run may make at most.
const SESSIONS: u64 = 60_000;

/// Makes and signs the requests of a run.
pub(crate) async fn prepare(service: &Service) -> Result<Arc<Requests>, Failure> {
    let newest = |state: &gse_core::State, _| {
        state.game_server_sessions.values().map(|session| number(session.id.as_str())).max().unwrap_or(0)
    };
    let newest = service.engine.query(newest).await?;
    Ok(Arc::new(make_requests(service, newest + 1)))
}

/// Runs until the time is over or the prepared requests are used up.
pub(crate) async fn run(
    service: &Service,
    address: SocketAddr,
    requests: Arc<Requests>,
    in_flight: usize,
    duration: Duration,
) -> Result<Load, Failure> {
    let since = Instant::now();
    let mut connections = Vec::new();
    for _ in 0..in_flight {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let ends = (address == service.api).then(|| (service.engine.clone(), Arc::clone(&service.places)));
        connections.push(tokio::spawn(work(stream, Arc::clone(&requests), since + duration, ends)));
    }
    let mut load = Load { pairs: 0, retries: 0, duration: Duration::ZERO, latencies_us: Vec::new() };
    for connection in connections {
        let done = connection.await??;
        load.pairs += done.pairs;
        load.retries += done.retries;
        load.latencies_us.extend(done.latencies_us);
    }
    load.duration = since.elapsed();
    load.latencies_us.sort_unstable();
    Ok(load)
}

fn make_requests(service: &Service, first: u64) -> Requests {
    let create = format!(
        r#"{{"FleetId":"{}","MaximumPlayerSessionCount":8,"Name":"match","GameServerSessionData":"map=arena","GameProperties":[{{"Key":"mode","Value":"deathmatch"}}]}}"#,
        service.fleet
    );
    let join = |number: u64| {
        let id = service.scope.game_server_session_id(&service.fleet, &suffix(number), None);
        let body = format!(r#"{{"GameServerSessionId":"{id}","PlayerId":"player"}}"#);
        request(service, "JoinGameServerSession", &body)
    };
    Requests {
        create: request(service, "CreateGameServerSession", &create),
        joins: (first..first + SESSIONS).map(join).collect(),
        first,
    }
}

fn request(service: &Service, action: &str, body: &str) -> Vec<u8> {
    const HOST: &str = "gse.tencentcloudapi.com";
    let timestamp = gse_server::clock::Clock::system().now().seconds();
    let call = tc3::Call {
        method: "POST",
        host: HOST,
        query: "",
        content_type: "application/json",
        body: body.as_bytes(),
    };
    let key = tc3::Key { secret_id: &service.account.secret_id, secret_key: &service.account.secret_key };
    let authorization = tc3::sign(&call, key, "gse", timestamp);
    format!(
        "POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         X-TC-Action: {action}\r\nX-TC-Version: 2019-11-12\r\nX-TC-Region: ap-shanghai\r\n\
         X-TC-Timestamp: {timestamp}\r\nAuthorization: {authorization}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

type Ends = (gse_server::engine::EngineHandle, crate::host::Places);

async fn work(
    mut stream: TcpStream,
    requests: Arc<Requests>,
    until: Instant,
    ends: Option<Ends>,
) -> Result<Load, Failure> {
    let mut load = Load { pairs: 0, retries: 0, duration: Duration::ZERO, latencies_us: Vec::new() };
    let mut buffer = Vec::with_capacity(4096);
    let mut earlier: Option<u64> = None;
    let mut made = requests.first;
    while Instant::now() < until {
        let since = Instant::now();
        exchange(&mut stream, &requests.create, &mut buffer).await?;
        load.latencies_us.push(elapsed_us(since));
        if ends.is_some() {
            made = session_number(&buffer)?;
        }
        // The one before: its game had the time of a request to activate it.
        let joined = earlier.unwrap_or(made);
        let at = usize::try_from(joined - requests.first)?;
        let Some(join) = requests.joins.get(at) else { break };
        loop {
            let since = Instant::now();
            exchange(&mut stream, join, &mut buffer).await?;
            if !contains(&buffer, b"\"Error\"") {
                load.latencies_us.push(elapsed_us(since));
                break;
            }
            load.retries += 1;
            if load.retries > 1000 {
                return Err(String::from_utf8_lossy(&buffer).into_owned().into());
            }
        }
        load.pairs += 1;
        if let (Some((engine, places)), Some(ended)) = (&ends, earlier) {
            let place = places.lock().unwrap_or_else(PoisonError::into_inner).remove(&ended);
            if let Some((session, instance, process)) = place {
                let call = SessionCall::Terminate { session };
                tell(engine, &instance, ReportKind::Call { process, call }).await;
            }
        }
        earlier = Some(made);
    }
    Ok(load)
}

fn elapsed_us(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn session_number(answer: &[u8]) -> Result<u64, Failure> {
    let text = std::str::from_utf8(answer)?;
    let (_, rest) = text.split_once("/gssess-").ok_or_else(|| text.to_owned())?;
    Ok(number(rest.split('"').next().unwrap_or_default()))
}

/// One request and its whole answer.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> Result<(), Failure> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the connection was closed".into());
        }
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head])?;
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let length: usize = length.ok_or("no content-length")?.parse()?;
        if buffer.len() >= head + 4 + length {
            return Ok(());
        }
    }
}
