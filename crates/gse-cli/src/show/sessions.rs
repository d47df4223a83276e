//! `gse sessions`.

use clap::Args;
use gse_api::types::{DescribeGameServerSessionsRequest, GameServerSession};

use super::{Showing, Table, age, now, short, show};
use crate::failure::Failure;
use crate::service::Service;

/// What is shown without `--all`; the API filters by one of them at a time.
const LIVE: [&str; 3] = ["ACTIVATING", "ACTIVE", "TERMINATING"];
/// Sessions of a page.
const PAGE: u64 = 100;

/// Shows game server sessions, newest first.
#[derive(Debug, Args)]
pub(crate) struct SessionsArgs {
    /// Only of this fleet.
    #[arg(long, value_name = "FLEET_ID", conflicts_with = "alias")]
    fleet: Option<String>,
    /// Only of the fleet that this alias leads to now; its name or its id.
    #[arg(long, value_name = "ALIAS")]
    alias: Option<String>,
    /// Ended ones too.
    #[arg(long)]
    all: bool,
    /// At most so many of each fleet.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    #[command(flatten)]
    showing: Showing,
}

pub(crate) async fn run(args: SessionsArgs) -> Result<(), Failure> {
    let json = args.showing.json;
    let service = Service::new(args.showing.connection)?;
    let of =
        |fleet_id, alias_id| DescribeGameServerSessionsRequest { fleet_id, alias_id, ..Default::default() };
    let asked = match (args.fleet, args.alias) {
        (None, None) => {
            let fleets = service.fleets().await?.into_iter();
            fleets.map(|fleet| of(Some(fleet.fleet_id), None)).collect()
        }
        (fleet, None) => vec![of(fleet, None)],
        (_, Some(alias)) => vec![of(None, Some(id_of(&service, alias).await?))],
    };
    let filters: Vec<Option<&str>> =
        if args.all { vec![None] } else { LIVE.iter().copied().map(Some).collect() };
    let mut sessions = Vec::new();
    for request in &asked {
        let mut of_fleet = Vec::new();
        for filter in &filters {
            let status_filter = filter.map(str::to_owned);
            let request = DescribeGameServerSessionsRequest { status_filter, ..request.clone() };
            of_fleet.extend(read(&service, request, args.limit).await?);
        }
        newest_first(&mut of_fleet);
        of_fleet.truncate(usize::try_from(args.limit).unwrap_or(usize::MAX));
        sessions.extend(of_fleet);
    }
    newest_first(&mut sessions);
    let (nothing, hint) = match args.all {
        true => ("there were no sessions", "CreateGameServerSession makes one: `gse fleets` shows where"),
        false => ("there are no live sessions", "`--all` shows those that have ended"),
    };
    show(json, &sessions, &table(&sessions), nothing, hint)
}

/// Of an alias that may be named; what is no name is taken for an id.
async fn id_of(service: &Service, alias: String) -> Result<String, Failure> {
    let mut named = service.aliases(Some(&alias)).await?.into_iter();
    match (named.next(), named.next()) {
        (None, _) => Ok(alias),
        (Some(only), None) => Ok(only.alias_id),
        (Some(first), Some(second)) => {
            let error =
                format!("two aliases are called `{alias}`: `{}` and `{}`", first.alias_id, second.alias_id);
            Err(Failure::usage(error).hint("give the id of one of them"))
        }
    }
}

fn newest_first(sessions: &mut [GameServerSession]) {
    sessions.sort_by(|a, b| b.creation_time.cmp(&a.creation_time));
}

async fn read(
    service: &Service,
    mut request: DescribeGameServerSessionsRequest,
    limit: u64,
) -> Result<Vec<GameServerSession>, Failure> {
    let mut sessions = Vec::new();
    loop {
        let missing = limit - sessions.len() as u64;
        request.limit = Some(missing.min(PAGE));
        let answer = service.call(&request).await?;
        let is_last = answer.game_server_sessions.is_empty() || answer.next_token.is_empty();
        sessions.extend(answer.game_server_sessions);
        if is_last || sessions.len() as u64 >= limit {
            return Ok(sessions);
        }
        request.next_token = Some(answer.next_token);
    }
}

fn table(sessions: &[GameServerSession]) -> Table {
    let titles = ["STATUS", "PLAYERS", "ADDRESS", "AGE", "NAME", "REASON", "SESSION"];
    let (mut table, now) = (Table::new(&titles), now());
    for session in sessions {
        let blocked = if session.availability_status == "Disable" { " (leaving)" } else { "" };
        table.row([
            format!("{}{blocked}", session.status),
            format!("{}/{}", session.current_player_session_count, session.maximum_player_session_count),
            format!("{}:{}", session.ip_address, session.port),
            age(&session.creation_time, now),
            short(&session.name),
            short(&session.status_reason),
            session.game_server_session_id.clone(),
        ]);
    }
    table
}
