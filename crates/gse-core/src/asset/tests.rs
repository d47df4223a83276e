use super::*;
use crate::fixture::{World, scope, scope_in};
use crate::fleet::DeleteFleet;
use crate::host::ReportKind;

fn delete(asset: &AssetId) -> DeleteAsset {
    DeleteAsset { scope: scope(), asset: asset.clone() }
}

fn is_used(world: &mut World) -> bool {
    // What the fixture's assets are made of.
    world.apply(IsPackageUsed { package: BlobId::new("blob") }).unwrap()
}

#[test]
fn a11_name_and_version_change_and_nothing_else() {
    let mut world = World::new();
    let id = world.asset(&scope(), Ok(()));
    let before = world.control_plane.state().assets.get(&id).unwrap().clone();
    let update = |scope: Scope, asset: &AssetId| UpdateAsset {
        scope,
        asset: asset.clone(),
        name: "other".into(),
        version: "2.0".into(),
    };
    // As DescribeAsset: from any region of the account.
    world.apply(update(scope_in("ap-beijing"), &id)).unwrap();
    let after = world.control_plane.state().assets.get(&id).unwrap().clone();
    assert_eq!(after, Asset { name: "other".into(), version: "2.0".into(), ..before });
    let unknown = AssetId::new("asset-none");
    assert_eq!(world.apply(update(scope(), &unknown)).unwrap_err(), Error::AssetNotFound(unknown));
    let stranger = Scope { uin: crate::id::Uin::new("2"), ..scope() };
    assert_eq!(world.apply(update(stranger, &id)).unwrap_err(), Error::AssetNotFound(id));
}

/// BindFleetNum above 0 forbids it; a fleet that is being deleted still counts, one that is gone does not.
#[test]
fn a12_an_asset_goes_when_no_fleet_uses_it() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1);
    let in_use = Error::AssetInUse { asset: fleet.asset.clone(), fleet: fleet.id.clone(), count: 1 };
    assert_eq!(world.apply(delete(&fleet.asset)).unwrap_err(), in_use);
    let instance = world.instances(&fleet.id)[0].clone();
    let missing = vec!["/local/game/server".to_owned()];
    world.report(&instance, ReportKind::LaunchPathsChecked { missing, log: String::new() }).unwrap();
    world.apply(DeleteFleet { scope: scope(), fleet: fleet.id.clone() }).unwrap();
    assert_eq!(world.fleet(&fleet.id).status, FleetStatus::Deleting);
    assert_eq!(world.apply(delete(&fleet.asset)).unwrap_err(), in_use);
    world.report(&instance, ReportKind::InstanceStopped).unwrap();
    assert_eq!(world.apply(delete(&fleet.asset)).unwrap(), Some(BlobId::new("blob")));
    let gone = Error::AssetNotFound(fleet.asset.clone());
    assert_eq!(world.apply(delete(&fleet.asset)).unwrap_err(), gone);
    world.restart();
    assert!(world.control_plane.state().assets.get(&fleet.asset).is_none());
}

#[test]
fn r98_an_asset_is_found_from_any_region_and_used_in_its_own() {
    let mut world = World::new();
    let id = world.asset(&scope_in("ap-beijing"), Ok(()));
    let elsewhere = world.apply(crate::fixture::fleet_request(&scope(), &id, 1));
    assert_eq!(elsewhere.unwrap_err(), Error::AssetNotFound(id.clone()));
    assert!(world.apply(crate::fixture::fleet_request(&scope_in("ap-beijing"), &id, 1)).is_ok());
    let other = world.asset(&scope_in("ap-beijing"), Ok(()));
    assert_eq!(find(world.control_plane.state(), &scope(), &other).unwrap().id, other);
    world.apply(delete(&other)).unwrap();
    let stranger = Scope { uin: crate::id::Uin::new("2"), ..scope() };
    assert!(world.apply(DeleteAsset { scope: stranger, asset: id }).is_err());
}

/// A package is named by its content, so two assets can share one.
#[test]
fn a12_a_package_is_used_until_its_last_asset_is_gone() {
    let mut world = World::new();
    let first = world.asset(&scope(), Ok(()));
    let second = world.asset(&scope_in("ap-beijing"), Err("no zip".into()));
    assert!(is_used(&mut world));
    world.apply(delete(&first)).unwrap();
    assert!(is_used(&mut world));
    world.apply(delete(&second)).unwrap();
    assert!(!is_used(&mut world));
}

#[test]
fn a14_systems_are_selected_exactly() {
    let found = |os_type, bits| systems(os_type, bits).map(|system| system.version).collect::<Vec<_>>();
    for (os_type, bits) in
        [(None, None), (Some("CentOS"), None), (None, Some(64)), (Some("CentOS"), Some(64))]
    {
        assert_eq!(found(os_type, bits), [DEFAULT_SYSTEM]);
    }
    for (os_type, bits) in
        [(Some("Windows"), None), (Some("centos"), None), (None, Some(32)), (None, Some(-1))]
    {
        assert!(found(os_type, bits).is_empty(), "{os_type:?} {bits:?}");
    }
}

fn image(id: &str) -> CreateAssetWithImage {
    CreateAssetWithImage {
        scope: scope(),
        name: "image".into(),
        version: "1".into(),
        image_id: id.into(),
        operate_system: "CentOS 7.6".into(),
        image: Image { size: "40GB".into(), os_type: "CentOS".into(), bits: 64 },
    }
}

/// A-17, R63.
#[test]
fn an_image_is_an_asset_of_which_no_fleet_is_made() {
    let mut world = World::new();
    let asset = world.apply(image("img-1")).unwrap();
    assert_eq!((asset.size_text(), asset.package.as_ref()), ("40GB".to_owned(), None));
    let again = Error::ImageRegistered { image: "img-1".into(), asset: asset.id.clone() };
    assert_eq!(world.apply(image("img-1")).unwrap_err(), again);
    let elsewhere = CreateAssetWithImage { scope: scope_in("ap-beijing"), ..image("img-1") };
    world.apply(elsewhere).unwrap();
    let refused = world.apply(crate::fixture::fleet_request(&scope(), &asset.id, 1)).unwrap_err();
    assert_eq!(refused, Error::ImageNotShared { asset: asset.id.clone(), image: "img-1".into() });
    world.quotas.assets = 1;
    assert_eq!(world.apply(image("img-2")).unwrap_err(), Error::Quota { what: "assets", limit: 1 });
    world.restart();
    assert_eq!(find(world.control_plane.state(), &scope(), &asset.id), Ok(&asset));
    assert_eq!(world.apply(delete(&asset.id)).unwrap(), None);
    world.apply(image("img-1")).unwrap();
}

#[test]
fn an_image_of_a_package_is_one_of_the_catalogue() {
    let mut world = World::new();
    let mut create = |operate_system: &str, image_id: &str| {
        let (operate_system, image_id) = (operate_system.to_owned(), image_id.to_owned());
        world.apply(CreateAsset {
            scope: scope(),
            name: "demo".into(),
            version: "1.0".into(),
            operate_system,
            image_id,
            bucket_key: "server.zip".into(),
            package: BlobId::new("blob"),
            size_bytes: 1,
            inspection: Ok(()),
            tags: vec![],
        })
    };
    assert!(create(DEFAULT_SYSTEM, "").is_ok());
    assert!(create(DEFAULT_SYSTEM, SYSTEMS[0].image_id).is_ok());
    assert!(create("CentOS 7.16 64-bit", SYSTEMS[0].image_id).is_ok());
    for (system, image) in [(DEFAULT_SYSTEM, "img-none"), ("Windows", "img-none"), ("Windows", "")] {
        let unknown = Error::ImageUnknown { image: image.into() };
        assert_eq!(create(system, image).unwrap_err(), unknown, "{system} {image}");
    }
}
