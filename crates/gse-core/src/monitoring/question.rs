//! What is asked of the figures, checked, and the answer as columns over the same times.

use std::collections::BTreeMap;
use std::time::Duration;

use super::metric::{INSTANCE, Metric, NOT_MEASURED, PLACEMENT_IN};
use super::series::{Part, Summary, Window};
use super::{Monitor, Resource};
use crate::error::Error;
use crate::id::{FleetId, InstanceId, QueueName, Scope};
use crate::queue::QueueKey;
use crate::state::State;
use crate::statistics::read_time;
use crate::time::Timestamp;

/// The lengths of periods, seconds: each sample, five minutes, an hour, a day.
const PERIODS_S: [u32; 4] = [SAMPLE_S, 300, HOUR_S, 24 * HOUR_S];
const SAMPLE_S: u32 = 60;
const HOUR_S: u32 = 3600;
/// The range when nothing says where it begins.
const RANGE_DEFAULT: Duration = Duration::from_secs(3 * 3600);

/// A question.
#[derive(Clone, Debug)]
pub struct MonitoringQuery {
    /// Who asks.
    pub scope: Scope,
    /// FleetId.
    pub fleet: Option<String>,
    /// GameServerSessionQueueName.
    pub queue: Option<String>,
    /// InstanceId.
    pub instance: Option<String>,
    /// MetricNames; none: all.
    pub metrics: Vec<String>,
    /// Period, seconds; `None`: what fits the range.
    pub period_s: Option<u32>,
    /// BeginTime, as it came.
    pub begin: Option<String>,
    /// EndTime, as it came.
    pub end: Option<String>,
    /// How many seconds the clocks of times without a zone, and of days, are ahead of UTC.
    pub ahead_s: i64,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitoringAnswer {
    /// The length of a period, seconds; 60 is each sample, whatever `metrics.period` is.
    pub period_s: u32,
    /// From when.
    pub begin: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// When the periods with samples began, the oldest first.
    pub times: Vec<Timestamp>,
    /// What there is at those times.
    pub columns: Vec<Column>,
}

/// One metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its key.
    pub name: String,
    /// What it is.
    pub metric: Metric,
    /// One for each time.
    pub summaries: Vec<Summary>,
}

impl MonitoringQuery {
    /// The one resource that is named.
    fn resource(&self) -> Result<Resource, Error> {
        match (&self.fleet, &self.queue, &self.instance) {
            (Some(fleet), None, None) => Ok(Resource::Fleet(FleetId::new(fleet.as_str()))),
            (None, Some(queue), None) => {
                let (scope, name) = (self.scope.clone(), QueueName::new(queue.as_str()));
                Ok(Resource::Queue(QueueKey { scope, name }))
            }
            (None, None, Some(instance)) => Ok(Resource::Instance(InstanceId::new(instance.as_str()))),
            _ => {
                let named = [&self.fleet, &self.queue, &self.instance].into_iter().flatten();
                let value = named.map(String::as_str).collect::<Vec<_>>().join(", ");
                Err(Error::Invalid {
                    member: "FleetId",
                    value,
                    expected: "one of `FleetId`, `GameServerSessionQueueName` and `InstanceId`, not several"
                        .into(),
                })
            }
        }
    }

    /// Begin, end and period.
    fn range(&self, now: Timestamp) -> Result<(Timestamp, Timestamp, u32), Error> {
        let end = self.time("EndTime", self.end.as_deref())?.unwrap_or(now);
        let begin = self.time("BeginTime", self.begin.as_deref())?;
        let back = i64::try_from(RANGE_DEFAULT.as_millis()).unwrap_or(i64::MAX);
        let begin = begin.unwrap_or(Timestamp::from_millis(end.millis().saturating_sub(back)));
        if begin >= end {
            let value = self.begin.clone().unwrap_or_default();
            let expected = "a time before EndTime, which is now unless it is given".into();
            return Err(Error::Invalid { member: "BeginTime", value, expected });
        }
        let fits = || match end.since(begin).as_secs() / u64::from(HOUR_S) {
            0..=6 => SAMPLE_S,
            7..=24 => 300,
            _ => HOUR_S,
        };
        match self.period_s {
            None => Ok((begin, end, fits())),
            Some(period) if PERIODS_S.contains(&period) => Ok((begin, end, period)),
            Some(period) => Err(Error::Invalid {
                member: "Period",
                value: period.to_string(),
                expected: "60, 300, 3600 or 86400".into(),
            }),
        }
    }

    fn time(&self, member: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, Error> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
        let invalid = || Error::Invalid {
            member,
            value: text.into(),
            expected: "a time, as in 2021-01-31T12:00:00Z or 2021-01-31 20:00:00".into(),
        };
        read_time(text, self.ahead_s).map(Some).ok_or_else(invalid)
    }
}

impl Monitor {
    /// Answers.
    ///
    /// # Errors
    /// What is asked about is not there, or a member makes no sense.
    pub fn answer(
        &self,
        state: &State,
        query: &MonitoringQuery,
        now: Timestamp,
    ) -> Result<MonitoringAnswer, Error> {
        let resource = query.resource()?;
        let (begin, end, period_s) = query.range(now)?;
        self.check(state, &query.scope, &resource)?;
        let period_ms = (period_s != SAMPLE_S).then_some(i64::from(period_s) * 1000);
        let window = Window { begin, end, period_ms, ahead_ms: query.ahead_s.saturating_mul(1000) };
        let parts = self.read(&resource, window);
        let mut columns = own_columns(&resource, &parts);
        if let Resource::Queue(key) = &resource {
            for region in self.regions_of(key) {
                let name = format!("{}{region}", PLACEMENT_IN[0].name);
                let placed = self.read(&Resource::PlacementIn(key.clone(), region), window);
                columns.push(Column { name, metric: PLACEMENT_IN[0], summaries: aligned(&parts, &placed) });
            }
        }
        let is_region =
            |name: &String| matches!(resource, Resource::Queue(_)) && name.starts_with(PLACEMENT_IN[0].name);
        let is_known = |name: &String| columns.iter().any(|column| column.name == *name) || is_region(name);
        if let Some(unknown) = query.metrics.iter().find(|name| !is_known(name)) {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let expected = format!("one of {}", names.join(", "));
            return Err(Error::Invalid { member: "MetricNames", value: unknown.clone(), expected });
        }
        columns.retain(|column| query.metrics.is_empty() || query.metrics.contains(&column.name));
        let times = parts.iter().map(|part| part.begin).collect();
        Ok(MonitoringAnswer { period_s, begin, end, times, columns })
    }
}

fn own_columns(resource: &Resource, parts: &[Part]) -> Vec<Column> {
    let metrics = resource.metrics();
    let of = |(index, metric): (usize, &Metric)| {
        let summaries = parts.iter().map(|part| part.summaries[index]).collect();
        Column { name: metric.name.to_owned(), metric: *metric, summaries }
    };
    let mut columns: Vec<Column> = metrics.iter().enumerate().map(of).collect();
    if metrics == INSTANCE {
        // R91: asked for and told, as something that nobody knows.
        let unknown = |metric: &Metric| Column {
            name: metric.name.to_owned(),
            metric: *metric,
            summaries: vec![Summary::default(); parts.len()],
        };
        columns.extend(NOT_MEASURED.iter().map(unknown));
    }
    columns
}

/// Placements in a region at the times of its queue; before the first one there were none.
fn aligned(times: &[Part], placed: &[Part]) -> Vec<Summary> {
    let known: BTreeMap<Timestamp, Summary> =
        placed.iter().map(|part| (part.begin, part.summaries[0])).collect();
    let none = Summary { samples: 1, ..Summary::default() };
    times.iter().map(|part| known.get(&part.begin).copied().unwrap_or(none)).collect()
}
