//! Aliases.

use gse_api::types as wire;
use gse_core::alias::{Alias, AliasOrder, AliasQuery, CreateAlias, RoutingStrategy, UpdateAlias};
use gse_core::id::{AliasId, FleetId, Scope};
use gse_core::page::OffsetPage;

use super::{filters, offset_and_limit, tags_in, tags_out};

const SIMPLE: &str = "SIMPLE";
const TERMINAL: &str = "TERMINAL";

pub(crate) fn create(request: wire::CreateAliasRequest, scope: Scope) -> CreateAlias {
    CreateAlias {
        scope,
        name: request.name,
        description: request.description.unwrap_or_default(),
        routing: routing_in(request.routing_strategy),
        tags: tags_in(request.tags),
    }
}

pub(crate) fn update(request: wire::UpdateAliasRequest, scope: Scope) -> UpdateAlias {
    UpdateAlias {
        scope,
        alias: AliasId::new(request.alias_id),
        name: request.name,
        description: request.description,
        routing: request.routing_strategy.map(routing_in),
    }
}

/// A fleet that is sent with TERMINAL is kept and echoed (2.7).
fn routing_in(routing: wire::RoutingStrategyInput) -> RoutingStrategy {
    let fleet = routing.fleet_id.filter(|id| !id.is_empty()).map(FleetId::new);
    if routing.r#type == SIMPLE {
        return RoutingStrategy::Simple(fleet.unwrap_or_else(|| FleetId::new("")));
    }
    RoutingStrategy::Terminal { message: routing.message.unwrap_or_default(), fleet }
}

fn routing_out(routing: &RoutingStrategy) -> wire::RoutingStrategy {
    match routing {
        RoutingStrategy::Simple(fleet) => wire::RoutingStrategy {
            fleet_id: fleet.to_string(),
            message: String::new(),
            r#type: SIMPLE.into(),
        },
        RoutingStrategy::Terminal { message, fleet } => wire::RoutingStrategy {
            fleet_id: fleet.as_ref().map(ToString::to_string).unwrap_or_default(),
            message: message.clone(),
            r#type: TERMINAL.into(),
        },
    }
}

pub(crate) fn one(alias: &Alias) -> wire::Alias {
    wire::Alias {
        alias_arn: alias.resource_name(),
        alias_id: alias.id.to_string(),
        creation_time: alias.created.to_iso(),
        description: alias.description.clone(),
        last_updated_time: alias.updated.to_iso(),
        name: alias.name.clone(),
        routing_strategy: routing_out(&alias.routing),
        tags: tags_out(&alias.tags),
    }
}

pub(crate) fn query(request: wire::ListAliasesRequest, scope: Scope) -> AliasQuery {
    let (offset, limit) = offset_and_limit(request.offset, request.limit);
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    AliasQuery {
        scope,
        name: given(request.name),
        simple: given(request.routing_strategy_type).map(|text| text == SIMPLE),
        filters: filters(request.filters),
        order: match request.order_by.as_deref() {
            Some("LastUpdatedTime") => AliasOrder::LastUpdatedTime,
            Some("Name") => AliasOrder::Name,
            Some("AliasId") => AliasOrder::AliasId,
            _ => AliasOrder::CreationTime,
        },
        ascending: request.order_way.as_deref() == Some("asc"),
        offset,
        limit,
    }
}

pub(crate) fn page(page: &OffsetPage<&Alias>) -> wire::ListAliasesResponse {
    wire::ListAliasesResponse {
        aliases: page.items.iter().map(|alias| one(alias)).collect(),
        total_count: page.total as u64,
    }
}
