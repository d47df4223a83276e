//! Quotas of the account in this region.

use gse_api::types as wire;
use maud::{Markup, html};

use crate::cloud::Refusal;
use crate::html::{plain, table};
use crate::page::Page;
use crate::text::{self, live};
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
        extra(v, &quota.extra_info),
    ]
}

/// The bytes of packages, which the vendor's answer has as JSON with a misspelling of its own; other text as it is.
fn extra(v: &Visit, info: &str) -> Markup {
    let read: serde_json::Value = serde_json::from_str(info).unwrap_or_default();
    match (read["AssertCapacitySurplus"].as_str(), read["AssertCapacityQuota"].as_str()) {
        (Some(left), Some(most)) => html! { (v.t(live::STORAGE)) (v.t(live::COLON)) (left) " / " (most) },
        _ => plain(info),
    }
}
