//! Latency beacons: what a client measures its way to a region by (operations.md 10). Each has a UDP socket that sends
//! datagrams back and a listener that answers `GET /v1/ping`. They know nothing of the control plane but the faults
//! that somebody asked for: a delay, or that the region is down.

mod http;
mod udp;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use gse_core::id::Region;
use gse_core::region::RegionFault;
use gse_core::state::State;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{mpsc, oneshot, watch};

use crate::engine::EngineHandle;

/// The sockets of one region's beacon.
#[derive(Debug)]
pub struct BeaconSockets {
    /// The region.
    pub region: Region,
    /// Sends datagrams back.
    pub udp: UdpSocket,
    /// Answers `GET /v1/ping`.
    pub http: TcpListener,
}

/// Where a beacon is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeaconAddress {
    /// The region.
    pub region: Region,
    /// Of the UDP socket.
    pub udp: SocketAddr,
    /// Of the listener.
    pub http: SocketAddr,
}

impl BeaconSockets {
    /// Binds both to one address; with port 0 to one port that is free for both.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn bind(region: Region, address: SocketAddr) -> io::Result<Self> {
        const TRIES: u32 = 20;
        let mut last = None;
        for _ in 0..if address.port() == 0 { TRIES } else { 1 } {
            let http = TcpListener::bind(address).await?;
            match UdpSocket::bind(http.local_addr()?).await {
                Ok(udp) => return Ok(Self { region, udp, http }),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
    }

    fn address(&self) -> io::Result<BeaconAddress> {
        let (udp, http) = (self.udp.local_addr()?, self.http.local_addr()?);
        Ok(BeaconAddress { region: self.region.clone(), udp, http })
    }
}

/// The faults of the regions, as beacons see them.
type Faults = BTreeMap<Region, RegionFault>;

/// What a beacon does now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Condition {
    is_down: bool,
    delay: Duration,
}

fn condition(faults: &Faults, region: &Region) -> Condition {
    let fault = faults.get(region);
    fault.map_or(Condition::default(), |fault| Condition {
        is_down: fault.down,
        delay: Duration::from_millis(fault.delay_ms),
    })
}

/// The door to the beacons, for the routes: where they are, and that faults have changed.
#[derive(Clone, Debug)]
pub struct Beacons {
    addresses: Vec<BeaconAddress>,
    changed: mpsc::Sender<oneshot::Sender<()>>,
}

impl Beacons {
    /// Where the beacon of a region is, if it has one.
    pub fn of(&self, region: &Region) -> Option<&BeaconAddress> {
        self.addresses.iter().find(|address| address.region == *region)
    }

    /// All of them.
    pub fn addresses(&self) -> &[BeaconAddress] {
        &self.addresses
    }

    /// Waits until the beacons behave as the faults of the control plane say.
    pub async fn take_over_faults(&self) {
        let (done, is_done) = oneshot::channel();
        // Where no beacon runs, there is nothing to wait for.
        if self.changed.send(done).await.is_ok() {
            let _ = is_done.await;
        }
    }
}

/// The beacons of a service, ready to run.
pub struct BeaconTasks {
    sockets: Vec<BeaconSockets>,
    changed: mpsc::Receiver<oneshot::Sender<()>>,
    ours: Vec<SocketAddr>,
}

/// Takes the sockets over; gives the door to them, and what has to be run.
///
/// # Errors
/// A socket has no address.
pub fn build(sockets: Vec<BeaconSockets>) -> io::Result<(Beacons, BeaconTasks)> {
    const WAITING: usize = 8;
    let addresses: Vec<BeaconAddress> =
        sockets.iter().map(BeaconSockets::address).collect::<Result<_, _>>()?;
    let ours = addresses.iter().map(|address| address.udp).collect();
    let (sender, changed) = mpsc::channel(WAITING);
    Ok((Beacons { addresses, changed: sender }, BeaconTasks { sockets, changed, ours }))
}

impl BeaconTasks {
    /// Runs all of them until `stop`. It owns their tasks and what they know of faults.
    pub(crate) async fn run(self, engine: EngineHandle, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut changed = self.changed;
        let faults = watch::Sender::new(read(&engine).await.unwrap_or_default());
        let mut beacons = tokio::task::JoinSet::new();
        for BeaconSockets { region, udp, http } in self.sockets {
            beacons.spawn(udp::run(udp, region.clone(), faults.subscribe(), self.ours.clone()));
            beacons.spawn(http::run(http, region, faults.subscribe()));
        }
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(ended) = beacons.join_next() => {
                    tracing::error!(?ended, "a latency beacon ended");
                }
                // One read after the other, so that the newest is never followed by an older one.
                Some(done) = changed.recv() => {
                    if let Some(now) = read(&engine).await {
                        faults.send_replace(now);
                    }
                    // Whoever asked may have gone.
                    let _ = done.send(());
                }
            }
        }
        beacons.shutdown().await;
    }
}

/// The faults as committed; `None` when the service stops.
async fn read(engine: &EngineHandle) -> Option<Faults> {
    let all = |state: &State| {
        state.region_faults.values().map(|fault| (fault.region.clone(), fault.clone())).collect()
    };
    engine.query(move |state, _| all(state)).await.ok()
}

/// The address that clients are told: what listens everywhere is reached by the public one.
pub(crate) fn told(address: SocketAddr, public_ip: &str) -> String {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => format!("{public_ip}:{}", address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => format!("{public_ip}:{}", address.port()),
        _ => address.to_string(),
    }
}

#[cfg(test)]
mod tests;
