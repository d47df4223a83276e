//! Quotas of the account in this region.

use gse_api::types as wire;
use maud::{Markup, html};

use crate::cloud::Refusal;
use crate::html::{plain, table};
use crate::page::Page;
use crate::text;
use crate::visit::Visit;

pub(super) async fn show(v: &Visit) -> Result<Page, Refusal> {
    let quotas = v.cloud.call(&wire::DescribeUserQuotasRequest {}).await?.quota_resource;
    let rows: Vec<_> = quotas.iter().map(|quota| row(v, quota)).collect();
    let columns = [text::TYPE, text::USED, text::REMAINING, text::ALLOWED, text::DESCRIPTION];
    let body = html! { h1 { (v.t(text::QUOTAS)) } (table(v, &columns, &rows)) };
    Ok(Page::live(v.t(text::QUOTAS), body))
}

fn row(v: &Visit, quota: &wire::QuotaResource) -> Vec<Markup> {
    let kind = match quota.resource_type {
        1 => v.t(text::ASSETS).to_owned(),
        2 => v.t(text::FLEETS).to_owned(),
        3 => v.t(text::ALIASES).to_owned(),
        4 => v.t(text::QUEUES).to_owned(),
        5 => v.t(text::INSTANCES).to_owned(),
        other => other.to_string(),
    };
    let used = quota.hard_limit.saturating_sub(quota.remaining);
    vec![
        html! { (kind) },
        html! { (used) " " meter min="0" max=(quota.hard_limit) value=(used) {} },
        html! { (quota.remaining) },
        html! { (quota.hard_limit) },
        described(v, &quota.extra_info),
    ]
}

/// What the answer says besides: of packages their bytes, as JSON text with the vendor's spelling (operations.md 11); of
/// anything else nothing. What is not understood is shown as it came.
fn described(v: &Visit, extra: &str) -> Markup {
    let members: Option<serde_json::Value> = serde_json::from_str(extra).ok();
    let member = |name: &str| members.as_ref()?.get(name)?.as_str();
    match (member("AssertCapacityQuota"), member("AssertCapacitySurplus")) {
        (Some(limit), Some(left)) => html! {
            (v.t(text::quotas::PACKED)) " " bdi.user { (in_units(left)) } " " (v.t(text::quotas::OF)) " "
            bdi.user { (in_units(limit)) }
        },
        _ => plain(extra),
    }
}

/// `100GB` as `100 GB`.
fn in_units(size: &str) -> String {
    match size.strip_suffix("GB") {
        Some(number) => format!("{number} GB"),
        None => size.to_owned(),
    }
}
