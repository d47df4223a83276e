use super::*;
use crate::fixture::{World, fleet_request, scope};
use crate::fleet::CreateFleet;

fn name(id: &str) -> CcnName {
    CcnName { id: id.into(), account: "100000000002".into() }
}

fn attach(fleet: &FleetId, id: &str) -> AttachCcn {
    AttachCcn { scope: scope(), fleet: fleet.clone(), name: name(id) }
}

#[test]
fn f25_networks_are_recorded_and_forgotten() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    world.apply(attach(&fleet, "ccn-2dsbtmo3")).unwrap();
    let detach = DetachCcns { scope: scope(), fleet: fleet.clone() };
    let [ccn] = &world.fleet(&fleet).ccns[..] else { panic!("one is attached") };
    assert_eq!((&ccn.name, ccn.attachment), (&name("ccn-2dsbtmo3"), CcnAttachment::AfterCreate));
    // R35
    let again = world.apply(attach(&fleet, "ccn-2dsbtmo3")).unwrap_err();
    assert_eq!(again, Error::CcnAttached { fleet: fleet.to_string(), ccn: "ccn-2dsbtmo3".into() });
    for number in 1..5 {
        world.apply(attach(&fleet, &format!("ccn-{number}"))).unwrap();
    }
    assert_eq!(world.apply(attach(&fleet, "ccn-5")).unwrap_err(), Error::CcnQuota { limit: 5 });
    for _ in 0..2 {
        world.apply(detach.clone()).unwrap();
        assert_eq!(world.fleet(&fleet).ccns, []);
    }
    world.apply(attach(&fleet, "ccn-2dsbtmo3")).unwrap();
}

#[test]
fn f25_names_and_accounts_have_a_form() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    for bad in ["", "ccn-", "2dsbtmo3", "ccn-A", "ccn-a b", "vpc-1"] {
        assert_eq!(world.apply(attach(&fleet, bad)).unwrap_err(), Error::CcnNotFound(bad.into()));
    }
    let stranger = CcnName { id: "ccn-1".into(), account: "me".into() };
    let refused = world.apply(AttachCcn { name: stranger, ..attach(&fleet, "") }).unwrap_err();
    assert_eq!(refused, Error::CcnAccountNotFound("me".into()));
    let unknown = FleetId::new("fleet-none");
    assert_eq!(world.apply(attach(&unknown, "ccn-1")).unwrap_err(), Error::FleetNotFound(unknown.clone()));
    let detach = DetachCcns { scope: scope(), fleet: unknown.clone() };
    assert_eq!(world.apply(detach).unwrap_err(), Error::FleetNotFound(unknown));
}

#[test]
fn f25_a_fleet_can_be_made_with_networks() {
    let mut world = World::new();
    let asset = world.asset(&scope(), Ok(()));
    let make = |names: &[&str]| CreateFleet {
        ccns: names.iter().map(|id| name(id)).collect(),
        ..fleet_request(&scope(), &asset, 1)
    };
    let fleet = world.apply(make(&["ccn-1", "ccn-2"])).unwrap();
    let attached: Vec<_> = fleet.ccns.iter().map(|ccn| (ccn.name.id.as_str(), ccn.attachment)).collect();
    let before = CcnAttachment::BeforeCreate;
    assert_eq!(attached, [("ccn-1", before), ("ccn-2", before)]);
    assert!(matches!(world.apply(make(&["ccn-1", "ccn-1"])), Err(Error::CcnAttached { .. })));
    let six = ["ccn-1", "ccn-2", "ccn-3", "ccn-4", "ccn-5", "ccn-6"];
    assert_eq!(world.apply(make(&six)).unwrap_err(), Error::CcnQuota { limit: 5 });
    assert!(matches!(world.apply(make(&["x"])), Err(Error::CcnNotFound(_))));
}
