//! Game server sessions of a fleet (operations.md 8.4).

use gse_api::types as wire;
use maud::{Markup, html};

use super::{ROWS, run_time};
use crate::cloud::Refusal;
use crate::html::{act, named, plain, state_name, status, table, time, token_pager};
use crate::text;
use crate::visit::{Visit, address};

const STATES: [&str; 5] = ["ACTIVATING", "ACTIVE", "TERMINATING", "TERMINATED", "ERROR"];

pub(super) async fn tab(v: &Visit, fleet: &wire::FleetAttributes) -> Result<Markup, Refusal> {
    let request = wire::DescribeGameServerSessionsRequest {
        fleet_id: Some(fleet.fleet_id.clone()),
        limit: Some(ROWS),
        next_token: v.asked("next").map(str::to_owned),
        status_filter: v.asked("status").map(str::to_owned),
        ..Default::default()
    };
    let sessions = v.cloud.call(&request).await?;
    let rows: Vec<_> = sessions.game_server_sessions.iter().map(|session| row(v, session)).collect();
    let columns = [
        text::ID_NAME,
        text::STATUS,
        text::INSTANCE_TYPE,
        text::IP,
        text::PORT,
        text::PLAYER_SESSIONS,
        text::CREATED,
        text::RUN_TIME,
    ];
    Ok(html! {
        div.head {
            form.filter method="get" {
                label for="status" { (v.t(text::STATUS)) }
                select id="status" name="status" data-submit {
                    option value="" { (v.t(text::ALL)) }
                    @for state in STATES {
                        option value=(state) selected[v.asked("status") == Some(state)] { (state_name(v, state)) }
                    }
                }
                button.quiet { (v.t(text::FILTER)) }
            }
            (act(v, text::CREATE_SESSION, "CreateGameServerSession", &[("FleetId", &fleet.fleet_id)]))
        }
        (table(v, &columns, &rows))
        (token_pager(v, &sessions.next_token))
    })
}

fn row(v: &Visit, session: &wire::GameServerSession) -> Vec<Markup> {
    let href = address("/console/session", &[("id", &session.game_server_session_id)]);
    vec![
        named(&href, &session.game_server_session_id, &session.name),
        status(v, &session.status),
        plain(&session.instance_type),
        plain(&session.ip_address),
        html! { (session.port) },
        html! { (session.current_player_session_count) " / " (session.maximum_player_session_count) },
        time(&session.creation_time),
        run_time(v, &session.creation_time, session.termination_time.as_deref()),
    ]
}
