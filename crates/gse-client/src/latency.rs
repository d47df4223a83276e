//! How far away each region is, as a game client measures it before it asks for a place (operations.md 10, Z-4).
//!
//! All regions at once, in less than a second: the probes of a region are sent at short intervals, not one after the
//! answer to the other. Where datagrams do not come back, `GET /v1/ping` is tried in the second half of the time.

use std::time::Duration;

use gse_api::extension::{DescribeRegionsRequest, RegionInfo};
use gse_api::types::PlayerLatencyInput;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{CallError, Client};

/// Probes of a region, when nothing else is said.
pub const PROBES: u32 = 5;
/// Most probes of a region.
const PROBES_MOST: u32 = 20;
/// What was not answered by then is left out. Less than a second, so that all of it takes less than one.
const WINDOW: Duration = Duration::from_millis(900);
/// When HTTP is tried, if no datagram came back.
const SECOND_HALF: Duration = Duration::from_millis(450);
/// Between two probes of a region.
const INTERVAL: Duration = Duration::from_millis(15);
/// What probes begin with; beacons send back anything.
const MARK: &[u8; 8] = b"gse-ping";

/// What answers for a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beacon {
    /// The region.
    pub region: String,
    /// `HOST:PORT` that sends datagrams back.
    pub udp_address: Option<String>,
    /// The address that answers `pong`.
    pub ping_url: Option<String>,
}

impl Beacon {
    /// The beacon of a region of `DescribeRegions`, if it has one.
    pub fn of(region: &RegionInfo) -> Option<Self> {
        let (udp_address, ping_url) = (region.udp_address.clone(), region.ping_url.clone());
        let is_there = udp_address.is_some() || ping_url.is_some();
        is_there.then(|| Self { region: region.region.clone(), udp_address, ping_url })
    }
}

/// What answers for each region of a service, as it says itself.
///
/// # Errors
/// See [`CallError`].
pub async fn beacons(client: &Client) -> Result<Vec<Beacon>, CallError> {
    let described = client.extension(&DescribeRegionsRequest {}).await?;
    Ok(described.regions.iter().filter_map(Beacon::of).collect())
}

/// A region that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The region.
    pub region: String,
    /// Milliseconds, at least 1: 0 stands for "cannot be reached" (P-7).
    pub latency_ms: u64,
}

/// Measures all regions at once, each with so many probes (1 to 20), in less than a second. Regions that do not answer
/// are left out; the others are in the order of `beacons`.
pub async fn measure(beacons: &[Beacon], probes: u32) -> Vec<Measured> {
    let probes = probes.clamp(1, PROBES_MOST);
    let mut tasks = JoinSet::new();
    for (number, beacon) in beacons.iter().cloned().enumerate() {
        tasks.spawn(async move { (number, latency_ms(times(&beacon, probes).await), beacon.region) });
    }
    let mut measured = tasks.join_all().await;
    measured.sort();
    let answered = measured.into_iter().filter_map(|(_, latency_ms, region)| Some((latency_ms?, region)));
    answered.map(|(latency_ms, region)| Measured { region, latency_ms }).collect()
}

/// What StartGameServerSessionPlacement wants of one player.
pub fn player_latencies(player: &str, measured: &[Measured]) -> Vec<PlayerLatencyInput> {
    let one = |measured: &Measured| PlayerLatencyInput {
        latency_in_milliseconds: Some(measured.latency_ms),
        player_id: Some(player.to_owned()),
        region_identifier: Some(measured.region.clone()),
    };
    measured.iter().map(one).collect()
}

/// Z-4: without the slowest, the average, rounded, at least 1.
fn latency_ms(mut times: Vec<Duration>) -> Option<u64> {
    times.sort();
    if times.len() > 1 {
        times.pop();
    }
    let count = u32::try_from(times.len()).ok().filter(|&count| count > 0)?;
    let average = times.iter().sum::<Duration>() / count;
    let rounded = (average.as_micros() + 500) / 1000;
    Some(u64::try_from(rounded).unwrap_or(u64::MAX).max(1))
}

async fn times(beacon: &Beacon, probes: u32) -> Vec<Duration> {
    let started = Instant::now();
    let deadline = started + WINDOW;
    let by_udp = async {
        match &beacon.udp_address {
            // A region that cannot even be asked does not answer.
            Some(address) => udp(address, probes, deadline).await.unwrap_or_default(),
            None => Vec::new(),
        }
    };
    tokio::pin!(by_udp);
    let first = tokio::select! {
        times = &mut by_udp => Some(times),
        () = sleep(SECOND_HALF) => None,
    };
    match (first, &beacon.ping_url) {
        (Some(times), _) if !times.is_empty() => times,
        (Some(_), Some(url)) => http(url, probes, deadline).await,
        (Some(_), None) => Vec::new(),
        (None, None) => by_udp.await,
        (None, Some(url)) => {
            let (by_udp, by_http) = tokio::join!(by_udp, http(url, probes, deadline));
            if by_udp.is_empty() { by_http } else { by_udp }
        }
    }
}

/// The times of the datagrams that came back.
async fn udp(address: &str, probes: u32, deadline: Instant) -> std::io::Result<Vec<Duration>> {
    let any = |address: std::net::SocketAddr| if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let mut found = tokio::net::lookup_host(address).await?;
    let Some(address) = found.next() else { return Ok(Vec::new()) };
    let socket = UdpSocket::bind(any(address)).await?;
    // From here on only its datagrams are heard.
    socket.connect(address).await?;
    let mut sent: Vec<Instant> = Vec::new();
    let mut back: Vec<Option<Duration>> = vec![None; probes as usize];
    let mut buffer = [0; 64];
    let mut next = Instant::now();
    while back.iter().any(Option::is_none) && Instant::now() < deadline {
        let has_more = sent.len() < back.len();
        tokio::select! {
            () = tokio::time::sleep_until(next), if has_more => {
                let number = u32::try_from(sent.len()).unwrap_or(u32::MAX).to_be_bytes();
                sent.push(Instant::now());
                next += INTERVAL;
                // One that cannot be sent is one that does not come back.
                let _ = socket.send(&[&MARK[..], &number].concat()).await;
            }
            received = timeout_at(deadline, socket.recv(&mut buffer)) => match received {
                Ok(Ok(length)) => note(&buffer[..length], &sent, &mut back),
                // Nobody is there (yet): the next probe may find somebody.
                Ok(Err(_)) if has_more => tokio::time::sleep_until(next).await,
                Ok(Err(_)) | Err(_) => break,
            },
        }
    }
    Ok(back.into_iter().flatten().collect())
}

/// A datagram that came back for the first time.
fn note(datagram: &[u8], sent: &[Instant], back: &mut [Option<Duration>]) {
    let Some(number) = datagram.strip_prefix(MARK).and_then(|number| number.try_into().ok()) else { return };
    let number = u32::from_be_bytes(number) as usize;
    if let (Some(sent), Some(back)) = (sent.get(number), back.get_mut(number))
        && back.is_none()
    {
        *back = Some(sent.elapsed());
    }
}

/// The times of the answers to `GET /v1/ping`, one after the other on one connection. The first one has to be made, and
/// so is the slowest, which does not count.
async fn http(url: &str, probes: u32, deadline: Instant) -> Vec<Duration> {
    let Ok(address) = reqwest::Url::parse(url) else { return Vec::new() };
    let client = crate::http_client(&address, &crate::Trust::default());
    let Some(client) = client.ok().and_then(|client| client.build().ok()) else { return Vec::new() };
    let mut times = Vec::new();
    for _ in 0..probes {
        let started = Instant::now();
        let asked = timeout_at(deadline, async { client.get(url).send().await?.bytes().await }).await;
        match asked {
            Ok(Ok(body)) if *body == *b"pong" => times.push(started.elapsed()),
            _ => break,
        }
    }
    times
}

#[cfg(test)]
mod tests;
