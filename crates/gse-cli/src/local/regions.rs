//! Which regions `gse local` serves, and where their latency beacons listen.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context as _;
use clap::Args;
use gse_server::beacon::BeaconSockets;
use gse_server::config::Config;
use tokio::net::TcpListener;

#[derive(Args, Debug, Default)]
pub(crate) struct RegionArgs {
    /// Serve this region; may be given many times, and the first is that of a request that names none. Each is a namespace
    /// of its own: fleets, aliases, queues, sessions; queues reach across them. Each has a latency beacon. Without it the
    /// fifteen regions of the documentation are served, and the default one has a beacon.
    #[arg(long = "region", value_name = "REGION")]
    regions: Vec<String>,

    /// Where the latency beacon of a region listens, for UDP and for `GET /v1/ping`; without it the address of the cloud
    /// API and a free port. May be given many times.
    #[arg(long = "beacon", value_name = "REGION=ADDR", value_parser = parse_beacon)]
    beacons: Vec<(String, SocketAddr)>,
}

fn parse_beacon(text: &str) -> Result<(String, SocketAddr), String> {
    let parsed = text.split_once('=').and_then(|(region, address)| Some((region, address.parse().ok()?)));
    let (region, address) =
        parsed.ok_or("write REGION=ADDR, such as ap-shanghai=127.0.0.1:8888 (port 0 takes a free one)")?;
    Ok((region.to_owned(), address))
}

impl RegionArgs {
    /// Has the configuration serve them.
    pub(crate) fn apply(&self, config: &mut Config) -> anyhow::Result<()> {
        config.set_regions(&self.regions).map_err(anyhow::Error::msg)?;
        for (region, _) in &self.beacons {
            if !config.regions.iter().any(|served| served.as_str() == region) {
                anyhow::bail!(
                    "the beacon of `{region}` has no region to answer for\nhint: serve it with `--region {region}`"
                );
            }
        }
        Ok(())
    }

    /// The sockets of the beacons.
    pub(crate) async fn bind(
        &self,
        config: &Config,
        api: &TcpListener,
    ) -> anyhow::Result<Vec<BeaconSockets>> {
        let ip = api.local_addr().map_or(IpAddr::from([127, 0, 0, 1]), |address| address.ip());
        let asked = |name: &str| self.beacons.iter().find(|(region, _)| region == name).map(|(_, at)| *at);
        let mut sockets = Vec::new();
        for region in &config.regions {
            let asked = asked(region.as_str());
            if self.regions.is_empty() && asked.is_none() && *region != config.default_region {
                continue;
            }
            let address = asked.unwrap_or(SocketAddr::new(ip, 0));
            let bound = BeaconSockets::bind(region.clone(), address).await.with_context(|| {
                format!(
                    "cannot listen on `{address}` for the latency beacon of `{region}`\nhint: stop what uses it, or \
                     choose another address with `--beacon {region}=ADDR` (port 0 takes a free one)"
                )
            })?;
            sockets.push(bound);
        }
        Ok(sockets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(regions: &[&str], beacons: &[&str]) -> RegionArgs {
        RegionArgs {
            regions: regions.iter().map(ToString::to_string).collect(),
            beacons: beacons.iter().map(|text| parse_beacon(text).unwrap()).collect(),
        }
    }

    async fn bound(args: &RegionArgs) -> Vec<(String, SocketAddr)> {
        let mut config = Config::new("data");
        args.apply(&mut config).unwrap();
        let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sockets = args.bind(&config, &api).await.unwrap();
        for socket in &sockets {
            assert_eq!(socket.udp.local_addr().unwrap(), socket.http.local_addr().unwrap());
        }
        sockets.iter().map(|one| (one.region.to_string(), one.udp.local_addr().unwrap())).collect()
    }

    #[tokio::test]
    async fn each_region_that_is_named_has_a_beacon() {
        let beacons = bound(&args(&["ap-tokyo", "eu-frankfurt"], &[])).await;
        let names: Vec<_> = beacons.iter().map(|(region, _)| region.as_str()).collect();
        assert_eq!(names, ["ap-tokyo", "eu-frankfurt"]);
        assert_ne!(beacons[0].1.port(), beacons[1].1.port());
    }

    #[tokio::test]
    async fn without_names_the_default_has_one_and_others_can_be_asked_for() {
        let beacons = bound(&args(&[], &["ap-seoul=127.0.0.1:0"])).await;
        let names: Vec<_> = beacons.iter().map(|(region, _)| region.as_str()).collect();
        assert_eq!(names, ["ap-shanghai", "ap-seoul"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let mut config = Config::new("data");
        let wrong = args(&["ap-tokyo"], &["ap-seoul=127.0.0.1:0"]).apply(&mut config).unwrap_err();
        assert!(wrong.to_string().contains("hint: serve it with `--region ap-seoul`"), "{wrong}");
        assert!(args(&["tokyo"], &[]).apply(&mut Config::new("data")).is_err());
        for bad in ["ap-tokyo", "ap-tokyo=", "ap-tokyo=here", "=127.0.0.1"] {
            assert!(parse_beacon(bad).unwrap_err().contains("REGION=ADDR"), "{bad}");
        }
    }
}
