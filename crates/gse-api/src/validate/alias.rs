//! Aliases: what a routing strategy needs, ordering of lists.

use super::{
    Violations,
    shared::{MANY, filters, tags},
};
use crate::types::{CreateAliasRequest, ListAliasesRequest, RoutingStrategyInput, UpdateAliasRequest};

pub(crate) fn create_alias(request: &CreateAliasRequest, violations: &mut Violations) {
    strategy(&request.routing_strategy, violations);
    tags(request.tags.as_ref(), violations);
}

pub(crate) fn update_alias(request: &UpdateAliasRequest, violations: &mut Violations) {
    if let Some(routing_strategy) = &request.routing_strategy {
        strategy(routing_strategy, violations);
    }
}

/// §2.7: SIMPLE routes to a fleet, TERMINAL answers with a message. The list of codes has no `MissingParameter`.
fn strategy(strategy: &RoutingStrategyInput, violations: &mut Violations) {
    match strategy.r#type.as_str() {
        "SIMPLE" if strategy.fleet_id.is_none() => {
            violations.incomplete("RoutingStrategy.FleetId", "`SIMPLE` routes to a fleet");
        }
        "TERMINAL" if strategy.message.is_none() => {
            violations.incomplete("RoutingStrategy.Message", "`TERMINAL` answers with a message");
        }
        _ => {}
    }
}

pub(crate) fn list_aliases(request: &ListAliasesRequest, violations: &mut Violations) {
    const ORDERS: [&str; 4] = ["CreationTime", "LastUpdatedTime", "Name", "AliasId"];
    if let Some(order) = request.order_by.as_deref()
        && !order.is_empty()
        && !ORDERS.contains(&order)
    {
        violations.value("OrderBy", order, &format!("Expected one of `{}`.", ORDERS.join("`, `")));
    }
    let allowed = [("resource:name", 1), ("tag:key", MANY), ("tag:key-value", MANY)];
    filters(request.filters.as_ref(), &allowed, violations);
}
