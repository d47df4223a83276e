//! Ten thousand connections that say nothing, at each port. Those who have something to say are served.

use std::fs;
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tests::stack::Stack;

use crate::hosting::{process, stack_with_fleet};

/// Less than the service takes by default, so that there is room for good ones.
const IDLE: usize = 10_000;
/// Memory that a connection may cost the service.
const BYTES_PER_CONNECTION: u64 = 32 << 10;

/// This process opens one file for each, as does the service. Where the system allows few files, the service takes
/// fewer connections, and so there are fewer here.
fn idle_connections(address: &str) -> Vec<TcpStream> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })
        .expect("the soft limit can be raised");
    let connect = |number: usize| {
        if number.is_multiple_of(100) {
            // Faster than they are accepted, the system drops some and tries again a second later.
            std::thread::sleep(Duration::from_millis(5));
        }
        TcpStream::connect(address).expect("the service accepts a connection")
    };
    let allowed = limit
        .maximum
        .map_or(IDLE, |maximum| usize::try_from(maximum / 2).unwrap_or(IDLE).saturating_sub(1000));
    (0..IDLE.min(allowed)).map(connect).collect()
}

/// Memory that the service holds, bytes.
fn memory(stack: &Stack) -> u64 {
    let status =
        fs::read_to_string(format!("/proc/{}/status", stack.ready["pid"])).expect("the service runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has memory");
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number of kilobytes");
    kilobytes << 10
}

#[test]
fn ten_thousand_idle_connections_at_each_port_cost_little_and_delay_nobody() {
    let (stack, fleet) = stack_with_fleet(1);
    let before = memory(&stack);
    let api = stack.said("api").strip_prefix("http://").expect("the API is plain HTTP").to_owned();
    for address in [api.as_str(), stack.said("agent")] {
        let idle = idle_connections(address);
        let attributes = stack.call("DescribeFleetAttributes", &json!({"FleetIds": [fleet]}));
        assert_eq!(attributes["FleetAttributes"][0]["Status"], "ACTIVE");
        let grown = memory(&stack).saturating_sub(before);
        assert!(
            grown < IDLE as u64 * BYTES_PER_CONNECTION,
            "{IDLE} connections to {address} took {grown} bytes"
        );
        if address != api {
            // A game server is started, and calls the agent through the crowd.
            let asset = stack.create_asset(&tests::package::game_server(stack.directory()));
            stack.active(&stack.create_fleet(&asset, &process(1)));
        }
        drop(idle);
    }
    let _session = stack.active_session(&fleet, 2);
}
