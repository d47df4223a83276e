use super::*;
use crate::fixture::{World, scope, scope_in};

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

fn update(name: &str) -> UpdateGameServerSessionQueue {
    let (destinations, policies, timeout_s) = (None, None, None);
    UpdateGameServerSessionQueue {
        scope: scope(),
        name: QueueName::new(name),
        destinations,
        policies,
        timeout_s,
    }
}

/// S54.
#[test]
fn q5_what_is_absent_stays_and_a_given_list_replaces() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let destination = world.fleet(&fleet).resource_name();
    let policy = |maximum_latency_ms| LatencyPolicy { maximum_latency_ms, duration_s: 10 };
    let made = world
        .apply(CreateGameServerSessionQueue {
            destinations: vec![destination.clone()],
            policies: vec![policy(80)],
            timeout_s: Some(60),
            ..request("q")
        })
        .unwrap();
    assert_eq!(world.apply(update("q")).unwrap(), made);
    // 0 is no timeout (cloud-api.md 2.8).
    let shorter = UpdateGameServerSessionQueue { timeout_s: Some(0), ..update("q") };
    assert_eq!(world.apply(shorter).unwrap().timeout_s, 60);
    let changed = UpdateGameServerSessionQueue {
        destinations: Some(vec![]),
        policies: Some(vec![policy(100), policy(150)]),
        timeout_s: Some(30),
        ..update("q")
    };
    let changed = world.apply(changed).unwrap();
    assert_eq!((changed.destinations.len(), changed.policies.len(), changed.timeout_s), (0, 2, 30));
    assert_eq!(find(world.control_plane.state(), &scope(), &changed.name), Ok(&changed));
}

#[test]
fn q5_what_a_queue_could_not_be_made_with_it_is_not_changed_to() {
    let mut world = World::new();
    let made = world.apply(request("q")).unwrap();
    let gone = "qcs::gse:ap-shanghai:uin/:fleet/fleet-gone".to_string();
    let policy = |maximum_latency_ms| LatencyPolicy { maximum_latency_ms, duration_s: 10 };
    let refused = [
        UpdateGameServerSessionQueue { timeout_s: Some(601), ..update("q") },
        UpdateGameServerSessionQueue { policies: Some(vec![policy(80), policy(80)]), ..update("q") },
        UpdateGameServerSessionQueue { destinations: Some(vec![gone]), ..update("q") },
        update("other"),
    ];
    let words = ["`TimeoutInSeconds`", "more than the 80", "fleet-gone", "queue `other` does not exist"];
    for (request, words) in refused.into_iter().zip(words) {
        let refused = world.apply(request).unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
    assert_eq!(find(world.control_plane.state(), &scope(), &made.name), Ok(&made));
}

#[test]
fn queues_are_listed_by_name_and_filtered() {
    let mut world = World::new();
    let tagged = |name: &str, value: &str| CreateGameServerSessionQueue {
        tags: vec![Tag { key: "env".into(), value: value.into() }],
        ..request(name)
    };
    for queue in [request("b"), tagged("c", "test"), tagged("a", "prod")] {
        world.apply(queue).unwrap();
    }
    world.apply(CreateGameServerSessionQueue { scope: scope_in("ap-beijing"), ..request("d") }).unwrap();
    let check = |names: &[&str], filters: &[Filter], offset, limit, wanted: &[&str], total| {
        let names = names.iter().map(|name| QueueName::new(*name)).collect();
        let query = QueueQuery { scope: scope(), names, filters: filters.to_vec(), offset, limit };
        let page = describe(world.control_plane.state(), &query);
        let found: Vec<_> = page.items.iter().map(|queue| queue.name.as_str()).collect();
        assert_eq!((found.as_slice(), page.total), (wanted, total), "{query:?}");
    };
    check(&[], &[], 0, 20, &["a", "b", "c"], 3);
    check(&[], &[], 1, 1, &["b"], 3);
    check(&["c", "nobody", "a"], &[], 0, 20, &["a", "c"], 2);
    check(&[], &[Filter::TagKey(vec!["env".into()])], 0, 20, &["a", "c"], 2);
    let prod = Filter::Tag(vec![Tag { key: "env".into(), value: "prod".into() }]);
    check(&["c"], &[prod], 0, 20, &[], 0);
    check(&[], &[Filter::Name(vec!["b".into()])], 0, 0, &[], 1);
}
