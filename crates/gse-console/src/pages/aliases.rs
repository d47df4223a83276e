//! Aliases (operations.md 8.5).

use gse_api::types as wire;
use maud::{Markup, html};

use super::ROWS;
use crate::cloud::Refusal;
use crate::html::{act, id, named, pager, plain, table, tags, time};
use crate::page::Page;
use crate::text;
use crate::visit::{Visit, escaped};

/// The quota of aliases.
const ALIASES: u64 = 3;

pub(super) async fn list(v: &Visit) -> Result<Page, Refusal> {
    let request = wire::ListAliasesRequest {
        limit: Some(ROWS),
        offset: Some(v.offset()),
        name: v.asked("name").map(str::to_owned),
        routing_strategy_type: v.asked("type").map(str::to_owned),
        ..Default::default()
    };
    let aliases = v.cloud.call(&request).await?;
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
    let body = html! {
        div.head { h1 { (v.t(text::ALIASES)) } (act(v, text::CREATE, "CreateAlias", &[])) }
        (super::quota(v, ALIASES).await)
        form.filter method="get" {
            label for="name" { (v.t(text::NAME)) }
            input id="name" name="name" value=(v.asked("name").unwrap_or_default());
            label for="type" { (v.t(text::TYPE)) }
            select id="type" name="type" data-submit {
                option value="" { (v.t(text::ALL)) }
                @for (kind, name) in kinds {
                    option value=(kind) selected[v.asked("type") == Some(kind)] { (v.t(name)) }
                }
            }
            button.quiet { (v.t(text::FILTER)) }
        }
        (table(v, &columns, &rows))
        (pager(v, rows.len(), ROWS, aliases.total_count))
    };
    Ok(Page::live(v.t(text::ALIASES), body))
}

fn row(v: &Visit, alias: &wire::Alias) -> Vec<Markup> {
    let strategy = &alias.routing_strategy;
    let is_terminal = strategy.r#type == "TERMINAL";
    let named_id = [("AliasId", &*alias.alias_id)];
    vec![
        html! { (id(&alias.alias_id)) br; (plain(&alias.name)) },
        html! { (v.t(if is_terminal { text::TERMINAL } else { text::COMMON })) },
        if is_terminal {
            plain(&strategy.message)
        } else {
            named(&format!("/console/fleets/{}", escaped(&strategy.fleet_id)), &strategy.fleet_id, "")
        },
        plain(&alias.description),
        tags(&alias.tags),
        time(&alias.creation_time),
        time(&alias.last_updated_time),
        html! {
            (act(v, text::MODIFY, "UpdateAlias", &named_id)) " " (act(v, text::DELETE, "DeleteAlias", &named_id))
        },
    ]
}
