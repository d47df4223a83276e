//! Adding up lives by hour and day (cloud-api.md 2.13). Whole seconds of the clock, cut at the ends of periods, so that
//! the parts of a life add up to it.

use std::time::Duration;

use super::InstanceLife;
use crate::error::Error;
use crate::fleet;
use crate::id::{FleetId, Scope};
use crate::page::OffsetPage;
use crate::state::State;
use crate::time::Timestamp;

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;
/// The longest range that is told by the hour.
const HOURLY_MOST: Duration = Duration::from_secs(48 * 3600);
/// The longest range.
const RANGE_MOST: Duration = Duration::from_secs(31 * 24 * 3600);
/// The range when nothing says where it begins.
const RANGE_DEFAULT: Duration = Duration::from_secs(24 * 3600);

/// TimeType.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granularity {
    /// HOUR.
    Hour,
    /// DAY, of the clocks that the times of requests are read by.
    Day,
}

impl Granularity {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "HOUR",
            Self::Day => "DAY",
        }
    }

    fn seconds(self) -> i64 {
        match self {
            Self::Hour => HOUR_S,
            Self::Day => DAY_S,
        }
    }
}

/// What the three actions ask for.
#[derive(Clone, Debug)]
pub struct StatisticsQuery {
    /// Who asks.
    pub scope: Scope,
    /// FleetId; `None`: all fleets of the region, those that are gone as well.
    pub fleet: Option<FleetId>,
    /// BeginTime, as it came.
    pub begin: Option<String>,
    /// EndTime, as it came.
    pub end: Option<String>,
    /// How many seconds the clocks of times without a zone are ahead of UTC.
    pub ahead_s: i64,
}

/// The time that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Its first moment.
    pub begin: Timestamp,
    /// The moment after it; never in the future.
    pub end: Timestamp,
    /// Its parts.
    pub granularity: Granularity,
    now: Timestamp,
    ahead_s: i64,
}

/// Usage in an hour or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When the hour or day began.
    pub begin: Timestamp,
    /// Sum over the instances, seconds.
    pub used_seconds: i64,
}

/// What one instance ran in an hour or a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail<'a> {
    /// Which.
    pub life: &'a InstanceLife,
    /// From then on.
    pub begin: Timestamp,
    /// Until then.
    pub end: Timestamp,
}

impl Detail<'_> {
    /// Seconds between the two.
    pub fn used_seconds(&self) -> i64 {
        self.end.seconds() - self.begin.seconds()
    }
}

/// `YYYY-MM-DD hh:mm:ss` of clocks that are so far ahead of UTC, or ISO 8601 with `Z` or an offset.
pub fn read_time(text: &str, ahead_s: i64) -> Option<Timestamp> {
    Timestamp::parse_spaced(text, ahead_s).or_else(|| Timestamp::parse_iso(text))
}

/// The range of a query, and whether its fleet is known.
pub fn range(state: &State, query: &StatisticsQuery, now: Timestamp) -> Result<Range, Error> {
    if let Some(id) = &query.fleet {
        fleet::find(state, &query.scope, id)?;
    }
    let end = time("EndTime", query.end.as_deref(), query.ahead_s)?.unwrap_or(now);
    let begin = time("BeginTime", query.begin.as_deref(), query.ahead_s)?;
    let begin =
        begin.unwrap_or(Timestamp::from_seconds(end.seconds() - RANGE_DEFAULT.as_secs().cast_signed()));
    let refuse = |expected: &str| {
        let value = query.begin.clone().unwrap_or_else(|| begin.to_iso());
        Err(Error::Invalid { member: "BeginTime", value, expected: expected.to_owned() })
    };
    if begin > end {
        return refuse("a time that is not after `EndTime`");
    }
    let length = end.since(begin);
    if length > RANGE_MOST {
        return refuse("a range of at most 31 days up to `EndTime`");
    }
    let granularity = if length > HOURLY_MOST { Granularity::Day } else { Granularity::Hour };
    Ok(Range { begin, end: end.min(now), granularity, now, ahead_s: query.ahead_s })
}

fn time(member: &'static str, text: Option<&str>, ahead_s: i64) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else { return Ok(None) };
    let read = read_time(text, ahead_s);
    read.map(Some).ok_or_else(|| {
        let expected = "a time such as `2021-01-14 14:04:29`".to_owned();
        Error::Invalid { member, value: text.to_owned(), expected }
    })
}

/// Seconds that instances ran (DescribeFleetStatisticSummary).
pub fn used_seconds(state: &State, query: &StatisticsQuery, range: Range) -> i64 {
    lives(state, query)
        .filter_map(|life| range.part_of(life))
        .map(|(begin, end)| end.seconds() - begin.seconds())
        .sum()
}

/// The hours or days of the range, the newest first (DescribeFleetStatisticFlows): the first page has the present.
pub fn flows(
    state: &State,
    query: &StatisticsQuery,
    range: Range,
    (offset, limit): (usize, usize),
) -> OffsetPage<Bucket> {
    let mut buckets: Vec<Bucket> = range.buckets().map(|begin| Bucket { begin, used_seconds: 0 }).collect();
    for detail in lives(state, query).flat_map(|life| range.parts_of(life)) {
        let begin = range.bucket_of(detail.begin);
        if let Ok(at) = buckets.binary_search_by_key(&begin, |bucket| bucket.begin) {
            buckets[at].used_seconds += detail.used_seconds();
        }
    }
    OffsetPage::cut(buckets.into_iter().rev(), offset, limit)
}

/// What each instance ran in each hour or day, the newest first, then by instance (DescribeFleetStatisticDetails).
pub fn details<'a>(
    state: &'a State,
    query: &'a StatisticsQuery,
    range: Range,
    (offset, limit): (usize, usize),
) -> OffsetPage<Detail<'a>> {
    let mut details: Vec<Detail<'a>> = lives(state, query).flat_map(|life| range.parts_of(life)).collect();
    details.sort_by(|a, b| b.begin.cmp(&a.begin).then_with(|| a.life.id.cmp(&b.life.id)));
    OffsetPage::cut(details.into_iter(), offset, limit)
}

fn lives<'a>(state: &'a State, query: &'a StatisticsQuery) -> impl Iterator<Item = &'a InstanceLife> {
    let asked = |life: &&InstanceLife| {
        life.scope == query.scope && query.fleet.as_ref().is_none_or(|fleet| life.fleet == *fleet)
    };
    state.instance_lives.values().filter(asked)
}

impl Range {
    /// What of a life lies in the range.
    fn part_of(self, life: &InstanceLife) -> Option<(Timestamp, Timestamp)> {
        let (begin, end) = (life.began.max(self.begin), life.end_at(self.now).min(self.end));
        (begin < end).then_some((begin, end))
    }

    /// The same, cut at the ends of hours or days.
    fn parts_of(self, life: &InstanceLife) -> impl Iterator<Item = Detail<'_>> {
        let mut rest = self.part_of(life);
        std::iter::from_fn(move || {
            let (begin, end) = rest?;
            let cut = self.next_bucket(self.bucket_of(begin)).min(end);
            rest = (cut < end).then_some((cut, end));
            Some(Detail { life, begin, end: cut })
        })
    }

    /// The hours or days that the range touches.
    fn buckets(self) -> impl Iterator<Item = Timestamp> {
        let first = self.bucket_of(self.begin);
        let all = std::iter::successors(Some(first), move |begin| Some(self.next_bucket(*begin)));
        all.take_while(move |begin| *begin < self.end)
    }

    fn bucket_of(self, time: Timestamp) -> Timestamp {
        let size = self.granularity.seconds();
        let ahead = time.seconds() + self.ahead_s;
        Timestamp::from_seconds(ahead.div_euclid(size) * size - self.ahead_s)
    }

    fn next_bucket(self, begin: Timestamp) -> Timestamp {
        Timestamp::from_seconds(begin.seconds() + self.granularity.seconds())
    }
}
