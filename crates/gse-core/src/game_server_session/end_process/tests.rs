use super::*;
use crate::fixture::{World, scope, scope_in};
use crate::game_server_session::GameServerSessionStatus;
use crate::game_server_session::update::UpdateGameServerSession;
use crate::host::{HostOrder, ProcessEnd, ReportKind, SessionCall};
use crate::player_session::PlayerSessionStatus;

fn by_id(session: &GameServerSession) -> EndGameServerSessionAndProcess {
    EndGameServerSessionAndProcess { scope: scope(), session: Some(session.id.clone()), address: None }
}

fn by_address(ip_address: &str, port: u16) -> EndGameServerSessionAndProcess {
    let address = Some((ip_address.to_string(), port));
    EndGameServerSessionAndProcess { scope: scope(), session: None, address }
}

/// The processes that are to be killed.
fn killed(world: &mut World) -> Vec<ProcessId> {
    let killed = world.orders.drain(..).filter_map(|(_, order)| match order {
        HostOrder::KillProcess { process, .. } => Some(process),
        _ => None,
    });
    killed.collect()
}

/// S30, by id.
#[test]
fn g15_a_session_ends_with_its_players_and_its_process() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    let player = world.join(&session.id, &["ada"]).unwrap().remove(0);
    world.orders.clear();
    world.apply(by_id(&session)).unwrap();
    let ended = world.session(&session.id);
    assert_eq!((ended.status, ended.terminated), (GameServerSessionStatus::Terminated, Some(world.now)));
    assert_eq!(world.player(&player.id).status, PlayerSessionStatus::TimedOut);
    assert!(matches!(world.create_session(&fleet), Err(Error::NoIdleProcess { .. })), "it gets no other one");
    // No OnProcessTerminate, which TerminateProcess would be.
    assert!(matches!(&world.orders[..], [(_, HostOrder::KillProcess { .. })]), "{:?}", world.orders);
    assert_eq!(killed(&mut world), std::slice::from_ref(&session.process));
    // The order may have been lost.
    world.restart();
    let cx = Cx::new(world.now, &mut world.ids, &world.clocks, &world.quotas);
    let orders = world.control_plane.resync(&cx, &session.instance);
    assert!(orders.iter().any(|(_, order)| matches!(order, HostOrder::KillProcess { .. })), "{orders:?}");

    let (process, end) = (session.process.clone(), ProcessEnd::ForceTerminated);
    world.report(&session.instance, ReportKind::ProcessEnded { process, end, log: String::new() }).unwrap();
    assert_eq!(world.events(&fleet).last(), Some(&"SERVER_PROCESS_FORCE_TERMINATED"));
    let newest = world.control_plane.state().events.values().max_by_key(|event| event.sequence);
    assert!(newest.unwrap().message.contains("by request"), "{newest:?}");
    assert_eq!(world.session(&session.id), ended);
    world.apply(by_id(&session)).unwrap();
    assert_eq!(killed(&mut world), []);
}

#[test]
fn g15_an_address_ends_a_process_without_a_session_too() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let busy = world.active_session(&fleet);
    let idle =
        world.control_plane.state().processes.values().find(|row| row.id != busy.process).unwrap().clone();
    world.orders.clear();
    world.apply(by_address("127.0.0.1", idle.client_port)).unwrap();
    assert_eq!(killed(&mut world), [idle.id]);
    assert_eq!(world.session(&busy.id).status, GameServerSessionStatus::Active);
    world.apply(by_address("127.0.0.1", busy.port)).unwrap();
    assert_eq!(killed(&mut world), [busy.process]);
    assert_eq!(world.session(&busy.id).status, GameServerSessionStatus::Terminated);
    let nobody = world.apply(by_address("127.0.0.1", 1025)).unwrap_err();
    assert!(nobody.to_string().contains("`127.0.0.1:1025`"), "{nobody}");
    // M-5: another region's processes are not there.
    let elsewhere = EndGameServerSessionAndProcess {
        scope: scope_in("ap-beijing"),
        ..by_address("127.0.0.1", idle.client_port)
    };
    assert!(matches!(world.apply(elsewhere), Err(Error::Invalid { .. })));
}

/// The id decides; a session that is over is left alone, and so is what its process hosts now.
#[test]
fn g15_the_id_decides_and_what_is_over_stays() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let first = world.active_session(&fleet);
    world.call(&first, SessionCall::Terminate { session: first.id.clone() }).unwrap();
    let second = world.active_session(&fleet);
    assert_eq!(first.process, second.process);
    world.orders.clear();
    let both =
        EndGameServerSessionAndProcess { session: Some(first.id), ..by_address("127.0.0.1", second.port) };
    world.apply(both).unwrap();
    assert_eq!(killed(&mut world), []);
    assert_eq!(world.session(&second.id).status, GameServerSessionStatus::Active);
    let neither = EndGameServerSessionAndProcess { scope: scope(), session: None, address: None };
    assert_eq!(world.apply(neither).unwrap_err(), Error::Missing { member: "GameServerSessionId" });
}

/// R1: FullProtection forbids it; the other two do not.
#[test]
fn g15_protection() {
    for (protection, is_allowed) in [
        (ProtectionPolicy::NoProtection, true),
        (ProtectionPolicy::TimeLimitProtection, true),
        (ProtectionPolicy::FullProtection, false),
    ] {
        let mut world = World::new();
        let fleet = world.active_fleet(&scope(), 1);
        let session = world.active_session(&fleet);
        let change = UpdateGameServerSession {
            scope: scope(),
            session: session.id.clone(),
            max_players: None,
            name: None,
            policy: None,
            protection: Some(protection),
        };
        world.apply(change).unwrap();
        world.orders.clear();
        for command in [by_address("127.0.0.1", session.port), by_id(&session)] {
            match world.apply(command) {
                // By its id it is over already.
                Ok(()) => {
                    assert!(is_allowed || world.session(&session.id).status.is_over(), "{protection:?}")
                }
                Err(error) => {
                    assert_eq!((error, is_allowed), (Error::SessionProtected(session.id.clone()), false))
                }
            }
        }
        assert_eq!(killed(&mut world).len(), usize::from(is_allowed), "{protection:?}");
    }
}
