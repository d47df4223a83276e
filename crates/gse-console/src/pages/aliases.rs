//! Aliases (operations.md 8.5), and the canary of one (R78).

use gse_api::extension::{AliasCanary, DescribeAliasCanaryRequest, SetAliasCanaryRequest};
use gse_api::types as wire;
use maud::{Markup, html};

use super::{ROWS, all_fleets, fleet_link, list_filters, tag_filter};
use crate::cloud::Refusal;
use crate::form::values::invalid;
use crate::html::{act, fields, id, named, pager, plain, refusal, table, tags, time};
use crate::page::{Outcome, Page};
use crate::text;
use crate::visit::{Visit, escaped, find};

/// The quota of aliases.
const ALIASES: u64 = 3;

pub(super) async fn list(v: &Visit) -> Result<Page, Refusal> {
    let request = wire::ListAliasesRequest {
        limit: Some(ROWS),
        offset: Some(v.offset()),
        name: v.asked("name").map(str::to_owned),
        routing_strategy_type: v.asked("type").map(str::to_owned),
        filters: tag_filter(v),
        ..Default::default()
    };
    let (aliases, quota) = tokio::join!(v.cloud.call(&request), super::quota(v, ALIASES));
    let aliases = aliases?;
    let rows: Vec<_> = aliases.aliases.iter().map(|alias| row(v, alias)).collect();
    let columns = [
        text::ID_NAME,
        text::TYPE,
        text::TARGET,
        text::DESCRIPTION,
        text::TAGS,
        text::CREATED,
        text::LAST_UPDATED,
        text::OPERATIONS,
    ];
    let kinds = [("SIMPLE", text::COMMON), ("TERMINAL", text::TERMINAL)];
    let kind = html! {
        label for="type" { (v.t(text::TYPE)) }
        select id="type" name="type" data-submit {
            option value="" { (v.t(text::ALL)) }
            @for (kind, name) in kinds {
                option value=(kind) selected[v.asked("type") == Some(kind)] { (v.t(name)) }
            }
        }
    };
    let create = act(v, text::CREATE, "CreateAlias", &[]);
    let body = html! {
        div.head.list { h1 { (v.t(text::ALIASES)) } (create) }
        (quota)
        (list_filters(v, &kind))
        (table(v, &columns, &rows))
        (pager(v, rows.len(), ROWS, aliases.total_count))
    };
    Ok(Page::live(v.t(text::ALIASES), body))
}

fn target(strategy: &wire::RoutingStrategy) -> Markup {
    if strategy.r#type == "TERMINAL" { plain(&strategy.message) } else { fleet_link(&strategy.fleet_id) }
}

fn kind(v: &Visit, strategy: &wire::RoutingStrategy) -> &'static str {
    v.t(if strategy.r#type == "TERMINAL" { text::TERMINAL } else { text::COMMON })
}

fn row(v: &Visit, alias: &wire::Alias) -> Vec<Markup> {
    vec![
        named(&format!("/console/aliases/{}", escaped(&alias.alias_id)), &alias.alias_id, &alias.name),
        html! { (kind(v, &alias.routing_strategy)) },
        target(&alias.routing_strategy),
        plain(&alias.description),
        tags(&alias.tags),
        time(&alias.creation_time),
        time(&alias.last_updated_time),
        operations(v, &alias.alias_id),
    ]
}

/// A session by the alias is how its route is tried, and seen to have moved.
fn operations(v: &Visit, alias: &str) -> Markup {
    let named_id = [("AliasId", alias)];
    html! {
        (act(v, text::CREATE_SESSION, "CreateGameServerSession", &named_id)) " "
        (act(v, text::MODIFY, "UpdateAlias", &named_id)) " "
        (act(v, text::DELETE, "DeleteAlias", &named_id))
    }
}

/// A change of a canary that the service refused, and what was filled in.
type Refused<'a> = (&'a Refusal, &'a [(String, String)]);

/// One alias and its canary; `refused` is shown with what was filled in, and stays until the next button.
pub(super) async fn show(v: &Visit, asked: &str, refused: Option<Refused<'_>>) -> Result<Outcome, Refusal> {
    let alias = wire::DescribeAliasRequest { alias_id: asked.to_owned() };
    let canary = DescribeAliasCanaryRequest { alias_id: asked.to_owned() };
    let (alias, canary, fleets) =
        tokio::join!(v.cloud.call(&alias), v.cloud.call_extension(&canary), all_fleets(&v.cloud));
    let Some(alias) = alias?.alias else { return Ok(Outcome::NotFound) };
    let fleets = fleets.unwrap_or_default();
    let body = html! {
        div.head {
            h1 { bdi.user { (alias.name) } }
            div { (operations(v, &alias.alias_id)) }
        }
        @if let Some((refused, _)) = refused { (refusal(v, refused)) }
        (fields(v, &[
            (text::ID, id(&alias.alias_id)),
            (text::TYPE, html! { (kind(v, &alias.routing_strategy)) }),
            (text::TARGET, target(&alias.routing_strategy)),
            (text::DESCRIPTION, plain(&alias.description)),
            (text::TAGS, tags(&alias.tags)),
            (text::CREATED, time(&alias.creation_time)),
            (text::LAST_UPDATED, time(&alias.last_updated_time)),
        ]))
        @if alias.routing_strategy.r#type != "TERMINAL" {
            h2 { (v.t(text::CANARY)) }
            p.note { (v.t(text::CANARY_NOTE)) }
            @match canary {
                Ok(canary) => (canary_part(v, &alias, &canary, &fleets, refused.map(|(_, form)| form))),
                Err(error) => (refusal(v, &error)),
            }
        }
    };
    Ok(Outcome::Page(Page::live(alias.name.clone(), body).unless(refused.is_some())))
}

fn canary_part(
    v: &Visit,
    alias: &wire::Alias,
    canary: &AliasCanary,
    fleets: &[wire::FleetAttributes],
    filled: Option<&[(String, String)]>,
) -> Markup {
    let is_other = |fleet: &&wire::FleetAttributes| {
        fleet.status == "ACTIVE" && fleet.fleet_id != alias.routing_strategy.fleet_id
    };
    let choices: Vec<_> = fleets.iter().filter(is_other).collect();
    let post = format!("/console/aliases/{}/canary", escaped(&alias.alias_id));
    let percent = if canary.percent == 0 { 10 } else { canary.percent }.to_string();
    let typed = |name, now| filled.map_or(now, |form| find(form, name).unwrap_or_default());
    let (chosen, percent) = (typed("fleet", &*canary.fleet_id), typed("percent", &*percent));
    html! {
        @if canary.percent > 0 {
            (fields(v, &[
                (text::FLEET, fleet_link(&canary.fleet_id)),
                (text::SHARE, html! { (canary.percent) " %" }),
                (text::SINCE, time(&canary.since)),
                (text::SESSIONS_SINCE, html! { (canary.created) }),
                (text::SESSIONS_OF_CANARY, html! { (canary.given) }),
            ]))
        }
        @if choices.is_empty() && canary.percent == 0 {
            p.empty { (v.t(text::NO_OTHER_FLEET)) }
        } @else {
            form.filter #form-canary method="post" action=(post) {
                (crate::html::own(v))
                label for="canary-fleet" { (v.t(text::FLEET)) }
                select id="canary-fleet" name="fleet" required {
                    @for fleet in choices {
                        option value=(fleet.fleet_id) selected[fleet.fleet_id == chosen] {
                            (fleet.name) " · " (fleet.fleet_id)
                        }
                    }
                }
                label for="canary-percent" { (v.t(text::PERCENT_OF_NEW)) }
                input id="canary-percent" name="percent" type="number" min="1" max="99" required value=(percent);
                button name="do" value="set" {
                    @if canary.percent > 0 { (v.t(text::CHANGE_CANARY)) } @else { (v.t(text::BEGIN_CANARY)) }
                }
                @if canary.percent > 0 {
                    button.quiet.keep name="do" value="end" formnovalidate { (v.t(text::END_CANARY)) }
                }
            }
        }
    }
}

/// Begins, changes or ends a canary.
pub(super) async fn set_canary(
    v: &Visit,
    alias: &str,
    form: &[(String, String)],
) -> Result<Outcome, Refusal> {
    let is_end = find(form, "do") == Some("end");
    // Without a percentage this would end the canary.
    let percent = match find(form, "percent").unwrap_or_default().trim().parse() {
        _ if is_end => 0,
        Ok(percent) => percent,
        Err(_) => {
            let refused = invalid(
                "`percent` is to be a whole number from 1 to 99; another button ends the canary.".into(),
            );
            return show(v, alias, Some((&refused, form))).await;
        }
    };
    let request = SetAliasCanaryRequest {
        alias_id: alias.to_owned(),
        fleet_id: find(form, "fleet").filter(|_| !is_end).map(str::to_owned),
        percent,
    };
    match v.cloud.call_extension(&request).await {
        Ok(_) => Ok(Outcome::Elsewhere(format!("/console/aliases/{}", escaped(alias)))),
        Err(refused) => show(v, alias, Some((&refused, form))).await,
    }
}
