use super::*;

#[test]
fn z4_the_slowest_is_dropped_and_the_rest_is_averaged() {
    let check = |us: &[u64], wanted| {
        let times = us.iter().map(|&us| Duration::from_micros(us)).collect();
        assert_eq!(latency_ms(times), wanted, "{us:?}");
    };
    check(&[], None);
    check(&[80_400], Some(80));
    check(&[10_000, 900_000], Some(10));
    check(&[10_000, 20_000, 30_000, 40_000, 800_000], Some(25));
    check(&[10_499, 10_500, 10_501, 99_000], Some(11));
    // 0 would mean that the region cannot be reached (P-7).
    check(&[100, 200], Some(1));
}

/// A beacon of a few lines: sends back what comes, after a while.
async fn echo(delay: Duration) -> (String, tokio::task::JoinHandle<()>) {
    let socket = std::sync::Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let address = socket.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let (socket, bytes) = (std::sync::Arc::clone(&socket), buffer[..length].to_vec());
            tokio::spawn(async move {
                sleep(delay).await;
                let _ = socket.send_to(&bytes, from).await;
            });
        }
    });
    (address, task)
}

fn beacon(region: &str, udp_address: Option<String>, ping_url: Option<String>) -> Beacon {
    Beacon { region: region.into(), udp_address, ping_url }
}

#[tokio::test]
async fn all_regions_are_measured_at_once_and_the_silent_are_left_out() {
    let (near, _near) = echo(Duration::ZERO).await;
    let (far, _far) = echo(Duration::from_millis(120)).await;
    // Bound and never read: as silent as a region can be.
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let silent_address = Some(silent.local_addr().unwrap().to_string());
    let nobody = {
        let gone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        Some(gone.local_addr().unwrap().to_string())
    };
    let beacons = [
        beacon("ap-shanghai", Some(near), None),
        beacon("ap-tokyo", silent_address, None),
        beacon("na-siliconvalley", Some(far), None),
        beacon("eu-moscow", nobody, None),
        beacon("eu-frankfurt", Some("no such host:1".into()), None),
    ];
    let measured = measure(&beacons, PROBES).await;
    let names: Vec<&str> = measured.iter().map(|one| one.region.as_str()).collect();
    assert_eq!(names, ["ap-shanghai", "na-siliconvalley"]);
    // A busy machine makes it slower, never faster.
    assert!(measured[0].latency_ms >= 1, "{measured:?}");
    assert!(measured[1].latency_ms >= 120, "{measured:?}");
}

#[tokio::test]
async fn http_is_used_where_datagrams_do_not_come_back() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/ping", listener.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 2048];
                while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong";
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let silent_address = Some(silent.local_addr().unwrap().to_string());
    let beacons =
        [beacon("ap-tokyo", silent_address, Some(url.clone())), beacon("ap-seoul", None, Some(url))];
    assert_eq!(measure(&beacons, 3).await.len(), 2);
}

#[test]
fn the_answer_has_the_form_of_player_latencies() {
    let measured = [Measured { region: "ap-shanghai".into(), latency_ms: 7 }];
    let json = serde_json::to_value(player_latencies("ada", &measured)).unwrap();
    let wanted = serde_json::json!([
        { "LatencyInMilliseconds": 7, "PlayerId": "ada", "RegionIdentifier": "ap-shanghai" },
    ]);
    assert_eq!(json, wanted);
}
