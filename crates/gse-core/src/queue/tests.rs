use super::*;
use crate::fixture::{World, scope};

fn request(name: &str) -> CreateGameServerSessionQueue {
    CreateGameServerSessionQueue {
        scope: scope(),
        name: QueueName::new(name),
        destinations: vec![],
        policies: vec![],
        timeout_s: None,
        tags: vec![],
    }
}

fn refusal(world: &mut World, request: CreateGameServerSessionQueue) -> String {
    world.apply(request).unwrap_err().to_string()
}

/// R28, R29, S53.
#[test]
fn q1_q3_q4_limits() {
    let mut world = World::new();
    assert_eq!(world.apply(request("plain")).unwrap().timeout_s, 600);
    assert_eq!(world.apply(request("plain")).unwrap_err(), Error::QueueNameTaken(QueueName::new("plain")));
    world.apply(request(&"x".repeat(128))).unwrap();
    assert!(refusal(&mut world, request(&"x".repeat(129))).contains("`Name`"));
    assert!(refusal(&mut world, request("a_b")).contains("`Name`"));
    world.apply(CreateGameServerSessionQueue { timeout_s: Some(600), ..request("q600") }).unwrap();
    let long = CreateGameServerSessionQueue { timeout_s: Some(601), ..request("q601") };
    assert!(refusal(&mut world, long).contains("`TimeoutInSeconds`"));
    let policy = |maximum_latency_ms| LatencyPolicy { maximum_latency_ms, duration_s: 10 };
    let falling =
        CreateGameServerSessionQueue { policies: vec![policy(100), policy(80)], ..request("falling") };
    assert!(refusal(&mut world, falling).contains("more than the 100"));
}

#[test]
fn q2_destinations_must_exist_and_be_different() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let name = world.fleet(&fleet).resource_name();
    let with = |destinations: &[&str]| CreateGameServerSessionQueue {
        destinations: destinations.iter().map(|name| name.to_string()).collect(),
        ..request("q")
    };
    assert!(refusal(&mut world, with(&["fleet-1"])).contains("resource name"));
    assert!(refusal(&mut world, with(&[&name, &name])).contains("once"));
    let gone = "qcs::gse:ap-shanghai:uin/:fleet/fleet-gone";
    assert_eq!(world.apply(with(&[gone])).unwrap_err(), Error::DestinationNotFound { name: gone.into() });
    assert_eq!(world.apply(with(&[&name])).unwrap().destinations, [name]);
}
