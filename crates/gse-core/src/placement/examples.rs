//! The worked examples of operations.md 5.4, all ten in one table, each played over two fleets in two regions.

use std::time::Duration;

use super::latency::PlayerLatency;
use super::{PlacementRequest, PlacementStatus, StartGameServerSessionPlacement, find};
use crate::fixture::{World, scope, scope_in, session_request};
use crate::host::SessionCall;
use crate::id::{PlacementId, QueueName, Region};
use crate::queue::{CreateGameServerSessionQueue, LatencyPolicy};

const SH: &str = "ap-shanghai";
const SV: &str = "na-siliconvalley";

/// What becomes of a placement, and how many seconds after its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// In F1, Shanghai.
    F1(u64),
    /// In F2, Silicon Valley.
    F2(u64),
    TimedOut(u64),
    Failed(u64),
}

use Outcome::{F1, F2, Failed, TimedOut};

struct Example {
    name: &'static str,
    /// (player, region, ms)
    latencies: &'static [(&'static str, &'static str, u64)],
    /// (most ms, seconds)
    policies: &'static [(u64, u64)],
    timeout_s: u32,
    /// Whether F1 and F2 have a free process.
    free: [bool; 2],
    outcome: Outcome,
}

/// The players of PX1.
const TWO: &[(&str, &str, u64)] = &[("1", SH, 100), ("1", SV, 50), ("2", SH, 60), ("2", SV, 80)];
/// The players of PX3: Shanghai is down.
const DOWN: &[(&str, &str, u64)] = &[("1", SH, 0), ("1", SV, 50), ("2", SH, 0), ("2", SV, 80)];
const WIDER: &[(u64, u64)] = &[(80, 10), (100, 10), (150, 0)];
const ONE: &[(u64, u64)] = &[(150, 0)];

#[rustfmt::skip]
const EXAMPLES: &[Example] = &[
    Example { name: "PX1 nearby", latencies: TWO, policies: WIDER, timeout_s: 30, free: [true, true], outcome: F2(0) },
    Example { name: "PX2 normal", latencies: TWO, policies: ONE, timeout_s: 30, free: [true, true], outcome: F1(0) },
    Example { name: "PX3 region down", latencies: DOWN, policies: ONE, timeout_s: 30, free: [true, true], outcome: F2(0) },
    Example { name: "PX4 no data", latencies: &[], policies: WIDER, timeout_s: 30, free: [true, true], outcome: F1(0) },
    Example { name: "PX4 no data, F1 full", latencies: &[], policies: WIDER, timeout_s: 30, free: [false, true], outcome: F2(0) },
    Example {
        name: "PX5 data, no policy", latencies: &[("1", SH, 30), ("1", SV, 200), ("2", SV, 190)], policies: &[],
        timeout_s: 600, free: [true, true], outcome: F2(0),
    },
    Example { name: "PX6 relax by time", latencies: TWO, policies: WIDER, timeout_s: 30, free: [true, false], outcome: F1(10) },
    Example {
        name: "PX7 skip", latencies: &[("1", SH, 120), ("2", SH, 110)], policies: &[(60, 10), (100, 10), (150, 0)],
        timeout_s: 30, free: [true, true], outcome: F1(0),
    },
    Example {
        name: "PX8 hopeless", latencies: &[("1", SH, 400), ("1", SV, 300)], policies: ONE, timeout_s: 30,
        free: [true, true], outcome: Failed(0),
    },
    Example { name: "PX9 busy", latencies: TWO, policies: ONE, timeout_s: 30, free: [false, false], outcome: TimedOut(30) },
    Example {
        name: "PX10 disjoint", latencies: &[("1", SH, 30), ("2", SV, 30)], policies: ONE, timeout_s: 30,
        free: [true, true], outcome: Failed(0),
    },
    // P-7: absurdly large is as good as no entry.
    Example {
        name: "infinite", latencies: &[("1", SH, u64::MAX), ("1", SV, 150)], policies: ONE, timeout_s: 30,
        free: [true, true], outcome: F2(0),
    },
    // P-12, Q-4: the last policy lasts until the timeout, and the timeout counts from the start.
    Example {
        name: "busy through all policies", latencies: TWO, policies: &[(80, 1), (100, 1), (150, 1)], timeout_s: 5,
        free: [false, false], outcome: TimedOut(5),
    },
];

#[test]
fn the_worked_examples() {
    for example in EXAMPLES {
        assert_eq!(play(example), example.outcome, "{}", example.name);
    }
}

fn play(example: &Example) -> Outcome {
    let mut world = World::new();
    let scopes = [scope_in(SH), scope_in(SV)];
    let fleets = scopes.clone().map(|scope| world.active_fleet(&scope, 1));
    for (number, scope) in scopes.iter().enumerate().filter(|(number, _)| !example.free[*number]) {
        world.apply(session_request(scope, &fleets[number])).unwrap();
        // Else its process is replaced when the activation takes too long.
        let session = world.control_plane.state().sessions_of(&fleets[number]).next().unwrap().clone();
        world
            .call(
                &session,
                SessionCall::Activate {
                    session: session.id.clone(),
                    max_players: 0,
                    start: Default::default(),
                },
            )
            .unwrap();
    }
    let policy =
        |&(maximum_latency_ms, duration_s): &(u64, u64)| LatencyPolicy { maximum_latency_ms, duration_s };
    let queue = CreateGameServerSessionQueue {
        scope: scope(),
        name: QueueName::new("q"),
        destinations: fleets.iter().map(|fleet| world.fleet(fleet).resource_name()).collect(),
        policies: example.policies.iter().map(policy).collect(),
        timeout_s: Some(example.timeout_s),
        tags: vec![],
    };
    world.apply(queue).unwrap();
    let latency = |&(player, region, latency_ms): &(&str, &str, u64)| PlayerLatency {
        player: player.into(),
        region: Region::new(region),
        latency_ms,
    };
    let request = PlacementRequest {
        queue: QueueName::new("q"),
        max_players: 2,
        players: vec![],
        latencies: example.latencies.iter().map(latency).collect(),
        properties: vec![],
        data: String::new(),
        name: String::new(),
        matchmaker_data: String::new(),
    };
    let id = PlacementId::new("px");
    let start = StartGameServerSessionPlacement { scope: scope(), id: id.clone(), request };
    let started = world.apply(start).unwrap().started;
    for _ in 0..=600_u32 {
        world.pass(Duration::ZERO);
        let row = find(world.control_plane.state(), &scope(), &id).unwrap().clone();
        let after_s = world.now.since(started).as_secs();
        let ended_s = row.ended.map_or(after_s, |ended| ended.since(started).as_secs());
        match (row.status, row.activating) {
            (PlacementStatus::Pending, None) => {}
            (PlacementStatus::Pending, Some(session)) => {
                return if world.session(&session).fleet == fleets[0] { F1(after_s) } else { F2(after_s) };
            }
            (PlacementStatus::Failed, _) => return Failed(ended_s),
            (PlacementStatus::TimedOut, _) => return TimedOut(ended_s),
            (PlacementStatus::Fulfilled | PlacementStatus::Cancelled, _) => panic!("nobody did that"),
        }
        world.pass(Duration::from_secs(1));
    }
    panic!("{} does not end", example.name)
}
