use super::*;
use crate::fixture::{World, scope, session_request};
use crate::game_server_session::Target;

fn create(world: &mut World, routing: RoutingStrategy) -> Result<Alias, Error> {
    world.apply(CreateAlias {
        scope: scope(),
        name: "live".into(),
        description: String::new(),
        routing,
        tags: vec![],
    })
}

fn route(world: &mut World, alias: &AliasId, routing: RoutingStrategy) -> Alias {
    let (name, description) = (None, None);
    world
        .apply(UpdateAlias {
            scope: scope(),
            alias: alias.clone(),
            name,
            description,
            routing: Some(routing),
        })
        .unwrap()
}

/// W2: the traffic moves, what runs stays.
#[test]
fn w2_update_without_downtime() {
    let mut world = World::new();
    let (old, new) = (world.active_fleet(&scope(), 1), world.active_fleet(&scope(), 1));
    let alias = create(&mut world, RoutingStrategy::Simple(old.clone())).unwrap();
    let by_alias = || {
        let target = Target { fleet: None, alias: Some(alias.id.clone()) };
        crate::game_server_session::CreateGameServerSession { target, ..session_request(&scope(), &old) }
    };
    let first = world.apply(by_alias()).unwrap();
    assert_eq!(first.fleet, old);
    world.pass_seconds(1);
    let updated = route(&mut world, &alias.id, RoutingStrategy::Simple(new.clone()));
    assert!(updated.updated > updated.created);
    assert_eq!(resolve(world.control_plane.state(), &scope(), &alias.id).unwrap().id, new);
    assert_eq!(world.apply(by_alias()).unwrap().fleet, new);
    assert_eq!(world.session(&first.id), first);
    // W2 row 13, R26.
    let terminal = RoutingStrategy::Terminal { message: "moved".into(), fleet: None };
    route(&mut world, &alias.id, terminal);
    let refused = world.apply(by_alias()).unwrap_err();
    assert_eq!(refused, Error::AliasTerminal { alias: alias.id.clone(), message: "moved".into() });
}

#[test]
fn l2_a_simple_alias_needs_a_fleet() {
    let mut world = World::new();
    let unknown = FleetId::new("fleet-unknown");
    let refused = create(&mut world, RoutingStrategy::Simple(unknown.clone())).unwrap_err();
    assert_eq!(refused, Error::FleetNotFound(unknown.clone()));
    // A fleet sent with TERMINAL is kept but not used.
    create(&mut world, RoutingStrategy::Terminal { message: "m".into(), fleet: Some(unknown) }).unwrap();
    world.quotas.aliases = 1;
    let refused =
        create(&mut world, RoutingStrategy::Terminal { message: "m".into(), fleet: None }).unwrap_err();
    assert_eq!(refused, Error::Quota { what: "aliases", limit: 1 });
}

#[test]
fn l8_lists_go_by_the_wanted_order() {
    let mut world = World::new();
    for name in ["b", "a", "c"] {
        world.pass_seconds(1);
        let routing = RoutingStrategy::Terminal { message: "m".into(), fleet: None };
        let (name, description) = (name.to_string(), String::new());
        world.apply(CreateAlias { scope: scope(), name, description, routing, tags: vec![] }).unwrap();
    }
    let list = |order, ascending| {
        let query = AliasQuery {
            scope: scope(),
            name: None,
            simple: None,
            filters: vec![],
            order,
            ascending,
            offset: 0,
            limit: 20,
        };
        let page = super::list(world.control_plane.state(), &query);
        page.items.iter().map(|alias| alias.name.clone()).collect::<String>()
    };
    assert_eq!(list(AliasOrder::CreationTime, false), "cab");
    assert_eq!(list(AliasOrder::CreationTime, true), "bac");
    assert_eq!(list(AliasOrder::Name, true), "abc");
}
