//! The reference for the game server's cost: bare quinn with the same packets, and no game.
//!
//! `serve --every 3 --bytes 40` answers every third datagram with one of 40 bytes; `drive ADDRESS --players 8 --bytes 34
//! --seconds 20` sends sixty a second for each of 8 players and says what came back. `cargo xtask bench game` runs both,
//! with the sizes and rates that it has just measured of the game.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::{Parser, Subcommand};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{ClientConfig, Connection, Endpoint, ServerConfig, TransportConfig, VarInt};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout};

/// Inputs of a player are so far apart.
const TICK: Duration = Duration::from_nanos(1_000_000_000 / 60);
const NAME: &str = "echo";
const ALPN: &[u8] = b"opengse-bare-echo";

#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve {
        /// Answers one of so many datagrams
        #[arg(long)]
        every: u32,
        /// Size of an answer
        #[arg(long)]
        bytes: usize,
        /// Where to leave the certificate
        #[arg(long)]
        certificate: std::path::PathBuf,
    },
    Drive {
        server: SocketAddr,
        #[arg(long)]
        certificate: std::path::PathBuf,
        #[arg(long)]
        players: usize,
        /// Size of an input
        #[arg(long)]
        bytes: usize,
        #[arg(long)]
        seconds: u64,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Options::parse().command {
        Command::Serve { every, bytes, certificate } => serve(every, bytes, &certificate).await,
        Command::Drive { server, certificate, players, bytes, seconds } => {
            let certificate = CertificateDer::from(std::fs::read(certificate)?);
            drive(server, certificate, players, bytes, Duration::from_secs(seconds)).await
        }
    }
}

async fn serve(every: u32, bytes: usize, certificate: &std::path::Path) -> anyhow::Result<()> {
    let key = rcgen::generate_simple_self_signed(vec![NAME.to_owned()])?;
    std::fs::write(certificate, key.cert.der())?;
    let private_key = PrivateKeyDer::Pkcs8(key.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private_key)?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    let config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    let endpoint = Endpoint::server(config, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    println!("{}", json!({ "listening": endpoint.local_addr()? }));
    while let Some(incoming) = endpoint.accept().await {
        tokio::spawn(async move {
            let Ok(connection) = incoming.await else { return };
            let answer = Bytes::from(vec![0; bytes]);
            let mut count = 0_u32;
            // Until the player is gone.
            while connection.read_datagram().await.is_ok() {
                count = count.wrapping_add(1);
                if count.is_multiple_of(every) && connection.send_datagram(answer.clone()).is_err() {
                    break;
                }
            }
        });
    }
    Ok(())
}

async fn drive(
    server: SocketAddr,
    certificate: CertificateDer<'static>,
    players: usize,
    bytes: usize,
    time: Duration,
) -> anyhow::Result<()> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![ALPN.to_vec()];
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    config.transport_config(Arc::new(TransportConfig::default()));
    let mut running = JoinSet::new();
    for _ in 0..players {
        let config = config.clone();
        running.spawn(async move {
            let mut endpoint = Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            endpoint.set_default_client_config(config);
            let connection = endpoint.connect(server, NAME)?.await?;
            let came = play(&connection, bytes, time).await?;
            let stats = connection.stats();
            connection.close(VarInt::from_u32(0), b"done");
            // The close should go out; nothing depends on it.
            let _ = timeout(Duration::from_secs(1), endpoint.wait_idle()).await;
            anyhow::Ok((came, stats.udp_rx.bytes, stats.udp_tx.bytes))
        });
    }
    let (mut came, mut down, mut up) = (0, 0, 0);
    while let Some(player) = running.join_next().await {
        let player = player??;
        (came, down, up) = (came + player.0, down + player.1, up + player.2);
    }
    let seconds = time.as_secs_f64() * players as f64;
    let per_second = |count: u64| (count as f64 / seconds * 100.0).round() / 100.0;
    println!(
        "{}",
        json!({
            "answers_per_player_s": per_second(came),
            "bytes_down_per_player_s": per_second(down),
            "bytes_up_per_player_s": per_second(up),
        })
    );
    Ok(())
}

/// Sends and counts what comes back.
async fn play(connection: &Connection, bytes: usize, time: Duration) -> anyhow::Result<u64> {
    let input = Bytes::from(vec![0; bytes]);
    let end = Instant::now() + time;
    let (mut ticks, mut came) = (interval(TICK), 0);
    while Instant::now() < end {
        tokio::select! {
            _ = ticks.tick() => connection.send_datagram(input.clone())?,
            datagram = connection.read_datagram() => {
                datagram?;
                came += 1;
            }
        }
    }
    Ok(came)
}
