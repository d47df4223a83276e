//! `App::update` with the scripted agent: the whole life as a server written with bevy sees it.

use std::time::Instant;

use bevy_app::Update;
use bevy_ecs::message::MessageReader;
use bevy_ecs::prelude::{IntoScheduleConfigs, resource_exists};
use bevy_ecs::system::ResMut;
use tokio::runtime::Runtime;

use super::*;
use crate::testing::{Answer, Call, Code, ScriptedAgent};

const DEADLINE: Duration = Duration::from_secs(20);

#[derive(Debug, Default, Resource)]
struct Seen(Vec<GseEvent>);

fn see(mut events: MessageReader<'_, '_, GseEvent>, mut seen: ResMut<'_, Seen>) {
    seen.0.extend(events.read().cloned());
}

fn activate(starting: Res<'_, GseStarting>) {
    starting.activate().unwrap();
}

/// A server on an agent that runs elsewhere.
struct Stage {
    app: App,
    agent: ScriptedAgent,
    runtime: Runtime,
}

impl Stage {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let agent = {
            let _entered = runtime.enter();
            ScriptedAgent::start()
        };
        let mut app = App::new();
        app.init_resource::<Seen>()
            .add_plugins(GsePlugin::new(agent.builder().client_port(3237)))
            .add_systems(Update, (activate.run_if(resource_exists::<GseStarting>), see));
        Self { app, agent, runtime }
    }

    /// Updates the app until it has seen such an event.
    fn until(&mut self, wanted: impl Fn(&GseEvent) -> bool) -> GseEvent {
        let began = Instant::now();
        loop {
            self.app.update();
            let seen = &mut self.app.world_mut().resource_mut::<Seen>().0;
            if let Some(index) = seen.iter().position(&wanted) {
                return seen.drain(..=index).next_back().unwrap();
            }
            assert!(began.elapsed() < DEADLINE, "no event before the deadline");
            thread::yield_now();
        }
    }

    fn session(&self) -> &GseSession {
        self.app.world().resource::<GseSession>()
    }

    fn hand_out(&self, id: &str) {
        let info = GameServerSession { game_server_session_id: id.into(), ..Default::default() };
        self.runtime.block_on(self.agent.start_game_server_session(&info)).unwrap();
    }

    fn calls(&self) -> Vec<Call> {
        self.agent.calls().iter().map(|recorded| recorded.call).collect()
    }
}

#[test]
fn a_whole_life_with_app_update() {
    let mut stage = Stage::new();
    stage.until(|event| *event == GseEvent::Ready);
    assert!(!stage.app.world().contains_resource::<GseSession>());
    for id in ["gs-1", "gs-2"] {
        stage.hand_out(id);
        stage.until(
            |event| matches!(event, GseEvent::SessionActive(info) if info.game_server_session_id == id),
        );
        assert_eq!(stage.session().info().game_server_session_id, id);
        assert!(!stage.app.world().contains_resource::<GseStarting>());
        stage.session().accept_player_session("psess-1").unwrap();
        stage.until(|event| *event == GseEvent::Accepted { player_session_id: "psess-1".into() });
        stage.session().terminate().unwrap();
        stage.until(|event| *event == GseEvent::SessionEnded(Ok(())));
        assert!(!stage.app.world().contains_resource::<GseSession>());
    }
    stage.runtime.block_on(stage.agent.process_terminate(1)).unwrap();
    stage.until(|event| matches!(event, GseEvent::ProcessTerminate(_)));
    stage.until(|event| *event == GseEvent::Ended(Ok(())));
    let session =
        [Call::ActivateGameServerSession, Call::AcceptPlayerSession, Call::TerminateGameServerSession];
    let expected = [&[Call::ProcessReady], &session[..], &session, &[Call::ProcessEnding]].concat();
    assert_eq!(stage.calls(), expected);
}

#[test]
fn a_bad_ticket_and_the_agents_wish_during_a_session_are_told() {
    let mut stage = Stage::new();
    stage.hand_out_when_ready("gs-1");
    stage.until(|event| matches!(event, GseEvent::SessionActive(_)));
    let refusal = Answer::Error {
        code: Code::FailedPrecondition,
        message: "UNEXPECTED_PLAYER_SESSION: used already".into(),
        error_code: None,
    };
    stage.agent.answer_next(Call::AcceptPlayerSession, refusal);
    stage.session().accept_player_session("psess-1").unwrap();
    let told = stage.until(|event| matches!(event, GseEvent::NotAccepted { .. }));
    let GseEvent::NotAccepted { error, .. } = told else { panic!("{told:?}") };
    assert_eq!(error.name, ErrorName::UnexpectedPlayerSession);
    stage.runtime.block_on(stage.agent.process_terminate(1)).unwrap();
    stage.until(|event| matches!(event, GseEvent::ProcessTerminate(_)));
    assert!(stage.app.world().contains_resource::<GseSession>(), "the game decides when");
    stage.session().terminate().unwrap();
    stage.until(|event| *event == GseEvent::Ended(Ok(())));
}

#[test]
fn an_app_that_goes_away_ends_its_session_and_its_process() {
    let mut stage = Stage::new();
    stage.hand_out_when_ready("gs-1");
    stage.until(|event| matches!(event, GseEvent::SessionActive(_)));
    let Stage { app, agent, runtime } = stage;
    drop(app);
    let ended = async { tokio::time::timeout(DEADLINE, agent.wait_for(Call::ProcessEnding, 1)).await };
    runtime.block_on(ended).unwrap();
    assert_eq!(agent.calls_of(Call::TerminateGameServerSession).len(), 1);
}

impl Stage {
    fn hand_out_when_ready(&mut self, id: &str) {
        self.until(|event| *event == GseEvent::Ready);
        self.hand_out(id);
    }
}
