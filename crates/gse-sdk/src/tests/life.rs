//! The life of a process from ready to ending, as the agent sees it.

use std::collections::BTreeSet;
use std::ffi::OsString;

use super::*;
use crate::testing::Answer;
use crate::{
    ErrorName, PlayerSession, PlayerSessionCreationPolicy, PlayerSessionFilter, PlayerSessionStatus,
};

#[tokio::test]
async fn a_process_sends_its_calls_in_order_with_its_identity() {
    let agent = ScriptedAgent::start();
    let builder = agent.builder().client_port(3237).log_path("./logs").log_path("/local/game/log.txt");
    let mut process = within(builder.ready()).await.unwrap();
    within(agent.start_game_server_session(&info("gs-1"))).await.unwrap();
    let handle = process.handle();
    let starting = next_session(&mut process).await;
    assert_eq!(starting.info(), &info("gs-1"));
    let session = within(starting.activate()).await.unwrap();
    within(session.accept_player_session("psess-1")).await.unwrap();
    within(session.update_player_session_creation_policy(PlayerSessionCreationPolicy::DenyAll))
        .await
        .unwrap();
    within(handle.report_custom_data(3, 10)).await.unwrap();
    within(session.remove_player_session("psess-1")).await.unwrap();
    within(session.terminate()).await.unwrap();
    let grpc_port = process.grpc_port().to_string();
    within(process.ending()).await.unwrap();

    let calls = agent.calls();
    let fields: Vec<_> = calls
        .iter()
        .map(|c| (c.call, c.fields.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")))
        .collect();
    let expected = [
        (
            Call::ProcessReady,
            format!("clientPort=3237 grpcPort={grpc_port} logPathsToUpload=./logs,/local/game/log.txt"),
        ),
        (Call::ActivateGameServerSession, "gameServerSessionId=gs-1 maxPlayers=5".into()),
        (Call::AcceptPlayerSession, "gameServerSessionId=gs-1 playerSessionId=psess-1".into()),
        (
            Call::UpdatePlayerSessionCreationPolicy,
            "gameServerSessionId=gs-1 newPlayerSessionCreationPolicy=DENY_ALL".into(),
        ),
        (Call::ReportCustomData, "currentCustomCount=3 maxCustomCount=10".into()),
        (Call::RemovePlayerSession, "gameServerSessionId=gs-1 playerSessionId=psess-1".into()),
        (Call::TerminateGameServerSession, "gameServerSessionId=gs-1".into()),
        (Call::ProcessEnding, String::new()),
    ];
    assert_eq!(fields, expected);
    let pid = std::process::id().to_string();
    assert!(calls.iter().all(|c| c.pid.as_ref() == Some(&pid) && c.process_token.is_none()), "{calls:?}");
    let ids: BTreeSet<_> = calls.iter().map(|c| c.request_id.clone().unwrap()).collect();
    assert_eq!(ids.len(), calls.len(), "a fresh request id per call");
}

#[tokio::test]
async fn address_and_token_come_from_the_environment() {
    let agent = ScriptedAgent::start_on_loopback().await.unwrap();
    let address = OsString::from(agent.address().unwrap());
    let environment = move |name: &str| match name {
        "GSE_AGENT_ADDRESS" => Some(address.clone()),
        "GSE_PROCESS_TOKEN" => Some("token-1".into()),
        _ => None,
    };
    let process = within(Sdk::builder().client_port(3237).ready_in(environment)).await.unwrap();
    within(process.ending()).await.unwrap();
    for call in agent.calls() {
        assert_eq!(call.process_token.as_deref(), Some("token-1"), "{:?}", call.call);
    }
}

#[tokio::test]
async fn the_current_session_is_known_until_it_is_terminated() {
    let (agent, mut process) = pair().await;
    assert_eq!(process.game_server_session_id(), None);
    within(agent.start_game_server_session(&info("gs-1"))).await.unwrap();
    assert_eq!(process.game_server_session_id().as_deref(), Some("gs-1"));
    let first = within(next_session(&mut process).await.activate()).await.unwrap();

    // The agent may hand over the next session before the process has read the end of the last one.
    within(agent.start_game_server_session(&info("gs-2"))).await.unwrap();
    within(first.terminate()).await.unwrap();
    assert_eq!(process.handle().game_server_session_id().as_deref(), Some("gs-2"));
    within(next_session(&mut process).await.terminate()).await.unwrap();
    assert_eq!(process.game_server_session_id(), None);
    let expected = [
        Call::ProcessReady,
        Call::ActivateGameServerSession,
        Call::TerminateGameServerSession,
        Call::TerminateGameServerSession,
    ];
    assert_eq!(sequence(&agent), expected);
}

#[tokio::test]
async fn connection_tasks_share_the_players() {
    let (agent, mut process) = pair().await;
    let session = active(&agent, &mut process).await;
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let players = session.players();
            tokio::spawn(async move { players.accept_player_session(&format!("psess-{n}")).await })
        })
        .collect();
    for task in tasks {
        within(task).await.unwrap().unwrap();
    }
    let accepted: BTreeSet<_> = agent
        .calls()
        .iter()
        .filter(|c| c.call == Call::AcceptPlayerSession)
        .map(|c| c.field("playerSessionId").to_string())
        .collect();
    assert_eq!(accepted.len(), 20);
}

#[tokio::test]
async fn describe_follows_the_pages_and_sends_the_filter() {
    let (agent, mut process) = pair().await;
    let session = active(&agent, &mut process).await;
    let page = |ids: &[&str], next_token: &str| Answer::Page {
        players: ids
            .iter()
            .map(|id| PlayerSession { player_session_id: (*id).into(), ..Default::default() })
            .collect(),
        next_token: next_token.into(),
    };
    agent.answer_next(Call::DescribePlayerSessions, page(&["p1", "p2"], "more"));
    agent.answer_next(Call::DescribePlayerSessions, page(&["p3"], ""));
    let filter = PlayerSessionFilter {
        player_id: Some("anna".into()),
        status: Some(PlayerSessionStatus::Reserved),
        ..Default::default()
    };
    let players = within(session.describe_player_sessions(filter)).await.unwrap();
    let ids: Vec<_> = players.iter().map(|p| p.player_session_id.as_str()).collect();
    assert_eq!(ids, ["p1", "p2", "p3"]);
    let calls: Vec<_> =
        agent.calls().into_iter().filter(|c| c.call == Call::DescribePlayerSessions).collect();
    let tokens: Vec<_> = calls.iter().map(|c| c.field("nextToken")).collect();
    assert_eq!(tokens, ["", "more"]);
    for call in &calls {
        assert_eq!((call.field("playerId"), call.field("playerSessionStatusFilter")), ("anna", "RESERVED"));
        assert_eq!(call.field("gameServerSessionId"), "gs-1");
    }

    agent.answer_next(Call::DescribePlayerSessions, page(&["p1"], "same"));
    agent.answer_next(Call::DescribePlayerSessions, page(&["p1"], "same"));
    let error = within(session.describe_player_sessions(PlayerSessionFilter::default())).await.unwrap_err();
    assert_eq!(error.name, ErrorName::ServiceCallFailed);
    assert!(error.detail.contains("`nextToken` twice"), "{error}");
}

#[tokio::test]
async fn the_second_process_at_one_agent_is_refused_until_the_first_has_ended() {
    let (agent, process) = pair().await;
    let second = || agent.builder().client_port(3238).ready();
    let error = within(second()).await.unwrap_err();
    assert_eq!(error.name, ErrorName::AlreadyInitialized, "{error}");
    assert_eq!(sequence(&agent), [Call::ProcessReady], "the second one was not announced");
    within(process.ending()).await.unwrap();
    within(within(second()).await.unwrap().ending()).await.unwrap();
}

#[tokio::test]
async fn wrong_settings_are_named_before_anything_is_sent() {
    let agent = ScriptedAgent::start();
    let builder = || agent.builder();
    let many = (0..33).fold(builder(), |builder, n| builder.log_path(format!("log-{n}")));
    let table = [
        (builder().client_port(0), "client port `0`"),
        (builder().client_port(1).log_path(""), "log path ``"),
        (builder().client_port(1).log_path("a\0b"), "log path `a"),
        (builder().client_port(1).log_path("x".repeat(1025)), "1 to 1024 bytes"),
        (many.client_port(1), "`33` log paths"),
        (builder().client_port(1).agent_address("nowhere"), "agent address `nowhere`"),
    ];
    for (builder, text) in table {
        let error = within(builder.ready()).await.unwrap_err();
        assert_eq!(error.name, ErrorName::BadRequestException);
        assert!(error.detail.contains(text), "{error}");
    }
    assert_eq!(agent.calls(), []);
}

/// R121: the trace of the request comes with the session. An agent that knows no moments is not asked twice.
#[tokio::test]
async fn a_session_has_the_trace_of_its_request_and_moments_that_nobody_hears() {
    let agent = ScriptedAgent::start();
    let mut process = within(agent.builder().client_port(3237).ready()).await.unwrap();
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned();
    for (given, trace) in [
        (traceparent.clone(), Some("4bf92f3577b34da6a3ce929d0e0e4736")),
        ("00-odd".into(), None),
        (String::new(), None),
    ] {
        let session = crate::GameServerSession { traceparent: given.clone(), ..info("gs-1") };
        within(agent.start_game_server_session(&session)).await.unwrap();
        let starting = next_session(&mut process).await;
        assert_eq!((starting.info().traceparent.as_str(), starting.info().trace_id()), (&*given, trace));
        let session = within(starting.activate()).await.unwrap();
        for _ in 0..2 {
            within(session.tell_milestone(crate::FIRST_TICK)).await.unwrap();
        }
        within(session.terminate()).await.unwrap();
    }
    let long = info("gs-1").in_trace(Some(&"x".repeat(257)));
    assert_eq!(
        (long.traceparent.as_str(), info("gs-1").in_trace(Some("a b")).traceparent.as_str()),
        ("", "")
    );
}
