//! Between the wire and the core. All of the vendor's spellings, its nullable members and its strings for enumerations
//! end here; nothing here decides. Requests have passed `gse_api::decode`, so what it checks is not checked again.

pub(crate) mod alias;
pub(crate) mod asset;
pub(crate) mod bucket;
pub(crate) mod capacity;
pub(crate) mod ccn;
pub(crate) mod error;
pub(crate) mod explain;
pub(crate) mod fleet;
pub(crate) mod fleet_settings;
pub(crate) mod game_server_session;
pub(crate) mod instance;
pub(crate) mod log;
pub(crate) mod placement;
pub(crate) mod player_session;
pub(crate) mod queue;
pub(crate) mod quota;
pub(crate) mod statistics;
pub(crate) mod timer;

use gse_api::types as wire;
use gse_core::tag::{Filter, Tag};

/// Records of a page when the request does not say (cloud-api.md 6.2).
const DEFAULT_LIMIT: u64 = 20;

/// `Offset` and `Limit` of an offset page.
pub(crate) fn offset_and_limit(offset: Option<u64>, limit: Option<u64>) -> (usize, usize) {
    (size(offset.unwrap_or(0)), size(limit.unwrap_or(DEFAULT_LIMIT)))
}

/// `Limit` of a token page, where 0 counts as absent.
pub(crate) fn token_limit(limit: Option<u64>) -> usize {
    size(limit.filter(|&limit| limit > 0).unwrap_or(DEFAULT_LIMIT))
}

/// `NextToken`; empty counts as absent.
pub(crate) fn token(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A count that may be larger than this machine can index: nothing is there then.
pub(crate) fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A number whose limits are far below the bound.
pub(crate) fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

pub(crate) fn tags_in(tags: Option<Vec<wire::Tag>>) -> Vec<Tag> {
    tags.unwrap_or_default().into_iter().map(|tag| Tag { key: tag.key, value: tag.value }).collect()
}

pub(crate) fn tags_out(tags: &[Tag]) -> Vec<wire::Tag> {
    tags.iter().map(|tag| wire::Tag { key: tag.key.clone(), value: tag.value.clone() }).collect()
}

/// The keys were checked; one that is not known selects nothing more.
pub(crate) fn filters(filters: Option<Vec<wire::Filter>>) -> Vec<Filter> {
    let filters = filters.unwrap_or_default().into_iter();
    filters.filter_map(|filter| one_filter(&filter.key?, filter.values.unwrap_or_default())).collect()
}

fn one_filter(key: &str, values: Vec<String>) -> Option<Filter> {
    // 6.3: split at the first colon.
    let tag = |text: &String| {
        let (key, value) = text.split_once(':').unwrap_or((text, ""));
        Tag { key: key.to_owned(), value: value.to_owned() }
    };
    match key {
        "resource:name" => Some(Filter::Name(values)),
        "resource:resourceId" => Some(Filter::Id(values)),
        "tag:key" => Some(Filter::TagKey(values)),
        "tag:key-value" => Some(Filter::Tag(values.iter().map(tag).collect())),
        _ => None,
    }
}
