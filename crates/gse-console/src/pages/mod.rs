//! Which page an address names. Each page reads by the cloud API, and shows.

mod aliases;
mod assets;
mod client;
mod events;
mod fleet;
mod fleets;
mod instances;
mod placement;
mod queues;
mod quotas;
mod scaling;
mod session;
mod sessions;
pub(crate) mod start;

use crate::cloud::Refusal;
use crate::page::Outcome;
use crate::visit::Visit;
use crate::{explorer, form};

/// Rows on one page of a list.
const ROWS: u64 = 20;

/// The page at an address.
pub(crate) async fn show(v: &Visit) -> Result<Outcome, Refusal> {
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
        ["placement"] => return placement::show(v).await,
        ["aliases"] => aliases::list(v).await?,
        ["assets"] => assets::list(v).await?,
        ["assets", "upload"] => assets::upload(v),
        ["queues"] => queues::list(v).await?,
        ["quotas"] => quotas::show(v).await?,
        ["explorer"] => explorer::index(v),
        ["explorer", action] => return Ok(explorer::show(v, action)),
        ["do", action] => return form::show(v, action).await,
        _ => return Ok(Outcome::NotFound),
    };
    Ok(Outcome::Page(page))
}

/// A quota line above a list: used of allowed. What cannot be read is not shown.
async fn quota(v: &Visit, resource: u64) -> maud::Markup {
    use crate::text;
    let request = gse_api::types::DescribeUserQuotaRequest { resource_type: Some(resource) };
    let quota = v.cloud.call(&request).await.ok().and_then(|answer| answer.quota_resource);
    maud::html! {
        @if let Some(quota) = quota {
            p.small {
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
fn run_time(v: &Visit, from: &str, to: Option<&str>) -> maud::Markup {
    let end = to.filter(|to| !to.is_empty()).map_or(Some(v.cloud.now), seconds);
    match (seconds(from), end) {
        (Some(from), Some(to)) => maud::html! {
            // Not part of what makes a page a new one.
            span data-since=[to.eq(&v.cloud.now).then_some(from)] { (crate::html::duration(to - from)) }
        },
        _ => maud::html! { "–" },
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
