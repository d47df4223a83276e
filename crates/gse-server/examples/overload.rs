//! How much good work a running service does when it is asked for five times as much as it can do.
//!
//! Run it against a service of its own: `GSE_ENDPOINT=… GSE_SECRET_ID=… GSE_SECRET_KEY=… cargo run --release -p gse-server
//! --example overload`. It makes one alias and updates it, so each good answer is one durable change. The requests are
//! signed once, so that the generator costs little.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gse_api::signature::tc3;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Connections for load that comes whether or not it is answered.
const CONNECTIONS: usize = 4000;
const PHASE: Duration = Duration::from_secs(5);
const SLICE: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Counts {
    good: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    fn good(&self) -> u64 {
        self.good.load(Ordering::Relaxed)
    }
}

struct Target {
    host: String,
    secret_id: String,
    secret_key: String,
}

impl Target {
    fn from_environment() -> Result<Self, Failure> {
        let host =
            std::env::var("GSE_ENDPOINT")?.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Ok(Self {
            host,
            secret_id: std::env::var("GSE_SECRET_ID")?,
            secret_key: std::env::var("GSE_SECRET_KEY")?,
        })
    }

    /// A signed request, head and body.
    fn request(&self, action: &str, body: &str) -> Result<Vec<u8>, Failure> {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
        let (host, content_type) = (self.host.as_str(), "application/json");
        let call = tc3::Call { method: "POST", host, query: "", content_type, body: body.as_bytes() };
        let key = tc3::Key { secret_id: &self.secret_id, secret_key: &self.secret_key };
        let authorization = tc3::sign(&call, key, "gse", now);
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: {content_type}\r\nX-TC-Action: {action}\r\n\
             X-TC-Version: 2019-11-12\r\nX-TC-Timestamp: {now}\r\nAuthorization: {authorization}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        Ok([head.as_bytes(), body.as_bytes()].concat())
    }

    async fn connect(&self) -> Result<TcpStream, Failure> {
        let stream = TcpStream::connect(&self.host).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// One request and its whole answer.
async fn exchange(stream: &mut TcpStream, request: &[u8]) -> Result<String, Failure> {
    stream.write_all(request).await?;
    let mut answer = Vec::with_capacity(2048);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err("the service closed the connection".into());
        }
        let text = std::str::from_utf8(&answer)?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0_usize) {
            return Ok(body.to_owned());
        }
    }
}

async fn count(stream: &mut TcpStream, request: &[u8], counts: &Counts) {
    let counter = match exchange(stream, request).await {
        Ok(answer) if !answer.contains("\"Error\"") => &counts.good,
        Ok(answer) if answer.contains("RequestLimitExceeded") => &counts.refused,
        Ok(_) | Err(_) => &counts.failed,
    };
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Good answers a second when so many callers each wait for their answer.
async fn closed(target: &Target, request: &Arc<Vec<u8>>, callers: usize) -> Result<f64, Failure> {
    let counts = Arc::new(Counts::default());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (mut stream, request, counts) =
            (target.connect().await?, Arc::clone(request), Arc::clone(&counts));
        tasks.spawn(async move {
            loop {
                count(&mut stream, &request, &counts).await;
            }
        });
    }
    tokio::time::sleep(PHASE / 5).await;
    let (start, before) = (Instant::now(), counts.good());
    tokio::time::sleep(PHASE).await;
    Ok((counts.good() - before) as f64 / start.elapsed().as_secs_f64())
}

/// Callers that come at a rate, whether or not others are answered.
struct Open {
    requests: mpsc::Sender<()>,
    counts: Arc<Counts>,
    /// Requests that found no free connection.
    unsent: u64,
}

impl Open {
    async fn connect(target: &Target, request: &Arc<Vec<u8>>) -> Result<Self, Failure> {
        let counts = Arc::new(Counts::default());
        let (requests, queue) = mpsc::channel::<()>(CONNECTIONS);
        let queue = Arc::new(tokio::sync::Mutex::new(queue));
        let connected = Arc::new(Semaphore::new(0));
        for _ in 0..CONNECTIONS {
            let (mut stream, request, counts) =
                (target.connect().await?, Arc::clone(request), Arc::clone(&counts));
            let (queue, connected) = (Arc::clone(&queue), Arc::clone(&connected));
            tokio::spawn(async move {
                connected.add_permits(1);
                loop {
                    let next = queue.lock().await.recv().await;
                    let Some(()) = next else { return };
                    count(&mut stream, &request, &counts).await;
                }
            });
        }
        let all = connected.acquire_many(u32::try_from(CONNECTIONS)?).await?;
        drop(all);
        Ok(Self { requests, counts, unsent: 0 })
    }

    /// Offers a rate for a time; gives what was good in each slice.
    async fn offer(&mut self, rate: f64, time: Duration) -> Vec<u64> {
        let start = Instant::now();
        let (mut sent, mut slices, mut before) = (0_u64, Vec::new(), self.counts.good());
        while start.elapsed() < time {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let due = (start.elapsed().as_secs_f64() * rate) as u64;
            for _ in sent..due {
                self.unsent += u64::from(self.requests.try_send(()).is_err());
            }
            sent = due;
            if start.elapsed() >= SLICE * (u32::try_from(slices.len()).unwrap_or(u32::MAX) + 1) {
                slices.push(self.counts.good() - before);
                before = self.counts.good();
            }
        }
        slices
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let target = Target::from_environment()?;
    let create = r#"{"Name":"load","RoutingStrategy":{"Type":"TERMINAL","Message":"closed"}}"#;
    let created = exchange(&mut target.connect().await?, &target.request("CreateAlias", create)?).await?;
    let (_, rest) = created.split_once(r#""AliasId":""#).ok_or(created.as_str())?;
    let id = rest.split('"').next().unwrap_or_default();
    let request = Arc::new(target.request("UpdateAlias", &format!(r#"{{"AliasId":"{id}","Name":"load"}}"#))?);

    let mut best = 0_f64;
    for callers in [1, 8, 32, 128, 512] {
        let rate = closed(&target, &request, callers).await?;
        println!("{callers:>5} callers that wait: {rate:>8.0} good a second");
        best = best.max(rate);
    }
    let mut open = Open::connect(&target, &request).await?;
    for factor in [0.5, 1.0, 2.0, 5.0] {
        let (good, refused, failed) = (
            open.counts.good(),
            open.counts.refused.load(Ordering::Relaxed),
            open.counts.failed.load(Ordering::Relaxed),
        );
        open.unsent = 0;
        open.offer(best * factor, PHASE).await;
        let seconds = PHASE.as_secs_f64();
        let rate = (open.counts.good() - good) as f64 / seconds;
        println!(
            "{factor:>5} times the best offered: {rate:>8.0} good a second, {:.0} % of the best; {:.0} refused, {:.0} unsent, {} failed",
            100.0 * rate / best,
            (open.counts.refused.load(Ordering::Relaxed) - refused) as f64 / seconds,
            open.unsent as f64 / seconds,
            open.counts.failed.load(Ordering::Relaxed) - failed,
        );
    }
    let offered = best * 0.5;
    let slices = open.offer(offered, PHASE).await;
    let enough = (offered * SLICE.as_secs_f64() * 0.9) as u64;
    let recovered = slices.iter().position(|&good| good >= enough);
    println!(
        "after it, with half of the best offered, good in each tenth of a second: {:?}",
        &slices[..10.min(slices.len())]
    );
    println!("as much as is offered again after {:?} tenths of a second", recovered);
    Ok(())
}
