//! Which page an address names. Each page reads by the cloud API, and shows.

mod aliases;
mod assets;
mod charts;
mod client;
mod diagnosis;
mod events;
mod faults;
mod fleet;
mod fleets;
mod instance;
mod instances;
mod monitoring;
mod network;
mod output;
mod placement;
mod queues;
mod quotas;
mod scale;
mod scaling;
mod session;
mod sessions;
pub(crate) mod start;
mod statistics;
mod timeline;

use gse_api::types::{DescribeFleetAttributesRequest, Filter, FleetAttributes};
use maud::{Markup, html};

use crate::cloud::{Cloud, Refusal};
use crate::page::{Outcome, Page};
use crate::visit::{Visit, escaped};
use crate::{explorer, form, text};

/// Rows on one page of a list.
const ROWS: u64 = 20;
/// The most that the cloud API answers at a time, and how often it is asked for all that there is.
const AT_ONCE: u64 = 100;
const CALLS: u64 = 100;

/// The page at an address.
pub(crate) async fn show(v: &Visit) -> Result<Outcome, Refusal> {
    with_banner(v, at(v)).await
}

/// With what nobody is to forget about this region above it.
pub(crate) async fn with_banner(
    v: &Visit,
    outcome: impl Future<Output = Result<Outcome, Refusal>>,
) -> Result<Outcome, Refusal> {
    let (outcome, banner) = tokio::join!(outcome, faults::banner(v));
    Ok(match (outcome?, banner) {
        (Outcome::Page(page), Some(banner)) => {
            let body = html! { (banner) (page.body) };
            Outcome::Page(Page { body, ..page })
        }
        (outcome, _) => outcome,
    })
}

/// The page itself.
async fn at(v: &Visit) -> Result<Outcome, Refusal> {
    let path = v.path.strip_prefix("/console").unwrap_or_default().trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let page = match parts.as_slice() {
        [""] | ["login"] => return Ok(Outcome::Elsewhere("/console/start".into())),
        ["start"] => start::show(v, None).await?,
        // Where a button was pressed that was refused.
        ["start", _] => return Ok(Outcome::Elsewhere("/console/start".into())),
        ["client"] => return client::show(v).await,
        ["fleets"] => fleets::list(v).await?,
        ["fleets", id] => return fleet::show(v, id, "basics").await,
        ["fleets", id, tab] => return fleet::show(v, id, tab).await,
        ["session"] => return session::show(v).await,
        ["instance"] => return output::instance(v).await,
        ["placement"] => return placement::show(v).await,
        ["aliases"] => aliases::list(v).await?,
        ["aliases", id] => return aliases::show(v, id, None).await,
        ["aliases", id, "canary"] => {
            return Ok(Outcome::Elsewhere(format!("/console/aliases/{}", escaped(id))));
        }
        ["assets"] => assets::list(v).await?,
        ["assets", "upload"] => assets::upload(v).await,
        ["assets", "command"] => assets::command(v),
        ["assets", "image"] => assets::image(v),
        ["assets", id] => return assets::show(v, id).await,
        ["queues"] => queues::list(v).await?,
        ["queue"] => return queues::show(v).await,
        ["faults"] => faults::list(v, None).await?,
        ["faults", "region"] => return Ok(faults::region(v)),
        ["faults", "fleet"] => faults::fleet(v).await,
        ["monitoring"] => return monitoring::show(v).await,
        ["charts"] => return charts::show(v).await,
        ["statistics"] => return Ok(Outcome::Elsewhere("/console/statistics/usage".into())),
        ["statistics", tab] => return statistics::show(v, tab).await,
        ["quotas"] => quotas::show(v).await?,
        ["explorer"] => explorer::index(v),
        ["explorer", action] => return Ok(explorer::show(v, action)),
        ["do", action] => return form::show(v, action).await,
        _ => return Ok(Outcome::NotFound),
    };
    Ok(Outcome::Page(page))
}

/// What was posted to a page of its own; forms of single actions are in `form/`.
pub(crate) async fn submit(v: &Visit, form: &[(String, String)]) -> Result<Outcome, Refusal> {
    let path = v.path.strip_prefix("/console/").unwrap_or_default();
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["faults", "region" | "fleet"] => faults::submit(v, form).await,
        ["fleets", fleet, "scale"] => scale::submit(v, fleet, form).await,
        ["aliases", alias, "canary"] => aliases::set_canary(v, alias, form).await,
        _ => Ok(Outcome::NotFound),
    }
}

/// Name and tag above a list, with whatever else it is filtered by.
fn list_filters(v: &Visit, more: &Markup) -> Markup {
    html! {
        form.filter method="get" {
            label for="name" { (v.t(text::NAME)) }
            input id="name" name="name" value=(v.asked("name").unwrap_or_default());
            label for="tag" { (v.t(text::TAG)) }
            input id="tag" name="tag" placeholder=(v.t(text::TAG_EXAMPLE)) value=(v.asked("tag").unwrap_or_default());
            (more)
            button.quiet.keep { (v.t(text::FILTER)) }
            @if ["name", "tag", "type"].iter().any(|name| v.asked(name).is_some()) {
                a href=(v.path) { (v.t(text::CLEAR)) }
            }
        }
    }
}

/// The filter of a tag: `key`, or `key:value` (cloud-api.md 6.3).
fn tag_filter(v: &Visit) -> Option<Vec<Filter>> {
    let tag = v.asked("tag")?;
    let key = if tag.contains(':') { "tag:key-value" } else { "tag:key" };
    Some(vec![Filter { key: Some(key.to_owned()), values: Some(vec![tag.to_owned()]) }])
}

/// Both filters of a list that knows names exactly.
fn name_and_tag_filters(v: &Visit) -> Option<Vec<Filter>> {
    let name = v
        .asked("name")
        .map(|name| Filter { key: Some("resource:name".to_owned()), values: Some(vec![name.to_owned()]) });
    let filters: Vec<Filter> = name.into_iter().chain(tag_filter(v).into_iter().flatten()).collect();
    (!filters.is_empty()).then_some(filters)
}

/// What a filter found, or why it was refused: that is shown below the filter, which keeps what was filled in.
fn found_or_refused(v: &Visit, found: Result<Markup, Refusal>) -> Result<(Markup, bool), Refusal> {
    match found {
        Err(refusal) if refusal.code.starts_with("InvalidParameter") => {
            Ok((crate::html::refusal(v, &refusal), true))
        }
        found => Ok((found?, false)),
    }
}

/// The fleets of a region to choose from, of as many answers as it takes.
async fn all_fleets(cloud: &Cloud) -> Result<Vec<FleetAttributes>, Refusal> {
    let mut fleets = Vec::new();
    for _ in 0..CALLS {
        let offset = Some(fleets.len() as u64);
        let request = DescribeFleetAttributesRequest { limit: Some(AT_ONCE), offset, ..Default::default() };
        let answer = cloud.call(&request).await?;
        let is_last = answer.fleet_attributes.is_empty();
        fleets.extend(answer.fleet_attributes);
        if is_last || fleets.len() as u64 >= answer.total_count {
            break;
        }
    }
    Ok(fleets)
}

/// A fleet by its id.
fn fleet_link(fleet: &str) -> Markup {
    crate::html::named(&format!("/console/fleets/{}", escaped(fleet)), fleet, "")
}

/// The same for one that may be in another region.
fn fleet_link_in(v: &Visit, region: &str, fleet: &str) -> Markup {
    let place = v.in_region(&format!("/console/fleets/{}", escaped(fleet)), region);
    crate::html::named(&place, fleet, "")
}

/// A quota line above a list: used of allowed. What cannot be read is not shown.
async fn quota(v: &Visit, resource: u64) -> Markup {
    let request = gse_api::types::DescribeUserQuotaRequest { resource_type: Some(resource) };
    let quota = v.cloud.call(&request).await.ok().and_then(|answer| answer.quota_resource);
    html! {
        @if let Some(quota) = quota {
            p.small.quota {
                (v.t(text::USED)) " " (quota.hard_limit.saturating_sub(quota.remaining)) " / "
                (v.t(text::ALLOWED)) " " (quota.hard_limit)
            }
        }
    }
}

/// Seconds since the epoch of `yyyy-mm-ddThh:mm:ss…`; `None` for other text.
fn seconds(iso: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| iso.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    // Days from civil, with years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719_469;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

/// How long something has run, or ran.
fn run_time(v: &Visit, from: &str, to: Option<&str>) -> Markup {
    let end = to.filter(|to| !to.is_empty()).map_or(Some(v.cloud.now), seconds);
    match (seconds(from), end) {
        (Some(from), Some(to)) => html! {
            // Not part of what makes a page a new one.
            span data-since=[to.eq(&v.cloud.now).then_some(from)] { (crate::html::duration(to - from)) }
        },
        _ => html! { "–" },
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_read() {
        assert_eq!(super::seconds("2021-01-01T12:00:00Z"), Some(1_609_502_400));
        assert_eq!(super::seconds("2024-02-29T23:59:59.5Z"), Some(1_709_251_199));
        assert_eq!(super::seconds("1970-01-01T00:00:00Z"), Some(0));
        for bad in ["", "soon", "2021-01-01"] {
            assert_eq!(super::seconds(bad), None, "{bad}");
        }
    }
}
