use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_iso(text).unwrap()
}

fn schedule(recurrence: Recurrence, begin: &str, end: &str) -> Schedule {
    Schedule { recurrence, begin: at(begin), end: Some(at(end)).filter(|_| !end.is_empty()) }
}

fn weekly(days: &[u8]) -> Recurrence {
    Recurrence::Weekly(days.iter().copied().collect())
}

/// All runs of a schedule, as the service would take them.
fn runs(schedule: &Schedule) -> Vec<Timestamp> {
    let next = |run: &Timestamp| schedule.first_from(Timestamp::from_seconds(run.seconds() + 1));
    std::iter::successors(schedule.first_from(schedule.begin), next).collect()
}

#[track_caller]
fn check(recurrence: Recurrence, begin: &str, end: &str, wanted: &[&str]) {
    let schedule = schedule(recurrence, begin, end);
    let found: Vec<String> = runs(&schedule).into_iter().map(Timestamp::to_iso).collect();
    assert_eq!(found, wanted);
    for run in runs(&schedule) {
        assert_eq!(schedule.last_until(run), Some(run));
    }
}

#[test]
fn t2_once_is_one_run_at_the_beginning() {
    check(Recurrence::Once, "2021-01-14T14:04:29Z", "2021-01-14T14:04:30Z", &["2021-01-14T14:04:29Z"]);
}

#[test]
fn t2_by_day_counts_from_the_beginning_and_includes_the_end() {
    check(
        Recurrence::EveryDays(3),
        "2021-02-26T11:50:00Z",
        "2021-03-07T11:50:00Z",
        &["2021-02-26T11:50:00Z", "2021-03-01T11:50:00Z", "2021-03-04T11:50:00Z", "2021-03-07T11:50:00Z"],
    );
    check(
        Recurrence::EveryDays(2),
        "2021-02-26T11:50:00Z",
        "2021-02-28T11:49:59Z",
        &["2021-02-26T11:50:00Z"],
    );
}

/// The example of S43: a Tuesday, with Mondays and Wednesdays listed.
#[test]
fn s43_by_week_begins_on_the_first_listed_day() {
    check(
        weekly(&[1, 3]),
        "2021-06-01T10:00:00Z",
        "2021-06-09T10:00:00Z",
        &["2021-06-02T10:00:00Z", "2021-06-07T10:00:00Z", "2021-06-09T10:00:00Z"],
    );
}

#[test]
fn t2_by_month_runs_on_each_day_of_the_range() {
    check(
        Recurrence::Monthly { from: 1, to: 2 },
        "2020-12-02T23:59:59Z",
        "2021-02-01T23:59:59Z",
        &["2020-12-02T23:59:59Z", "2021-01-01T23:59:59Z", "2021-01-02T23:59:59Z", "2021-02-01T23:59:59Z"],
    );
}

#[test]
fn t3_a_month_without_the_day_has_no_run() {
    let wanted =
        ["2021-01-31T00:00:00Z", "2021-03-31T00:00:00Z", "2021-05-31T00:00:00Z", "2021-07-31T00:00:00Z"];
    let monthly = |from, to| Recurrence::Monthly { from, to };
    check(monthly(31, 31), "2021-01-31T00:00:00Z", "2021-08-30T00:00:00Z", &wanted);
    check(monthly(29, 31), "2021-02-01T00:00:00Z", "2021-03-28T00:00:00Z", &[]);
    check(monthly(29, 29), "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z", &["2024-02-29T00:00:00Z"]);
}

/// R71: two timers that begin in one second are due in one second.
#[test]
fn r71_a_fraction_of_a_second_does_not_count() {
    let begin = at("2021-01-14T14:04:29.496Z");
    let schedule = Schedule { recurrence: Recurrence::Once, begin, end: None };
    assert_eq!(schedule.first_from(at("2021-01-14T14:04:29.9Z")), Some(at("2021-01-14T14:04:29Z")));
    assert_eq!(schedule.first_from(at("2021-01-14T14:04:30Z")), None);
    assert_eq!(schedule.last_until(at("2021-01-14T14:04:29Z")), Some(at("2021-01-14T14:04:29Z")));
    assert_eq!(schedule.last_until(at("2021-01-14T14:04:28.999Z")), None);
}

/// Nothing overflows at the ends of what the wire can say.
#[test]
fn the_ends_of_time_are_harmless() {
    let recurrences = [
        Recurrence::EveryDays(u32::MAX),
        Recurrence::Monthly { from: 31, to: 31 },
        weekly(&[7]),
        Recurrence::Once,
    ];
    for recurrence in recurrences {
        for begin in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            let schedule = Schedule { recurrence: recurrence.clone(), begin: at(begin), end: None };
            for millis in [i64::MIN, -1, 0, 1_609_502_400_000, 253_402_300_799_999, i64::MAX] {
                schedule.first_from(Timestamp::from_millis(millis));
                schedule.last_until(Timestamp::from_millis(millis));
            }
        }
    }
}

/// A calendar as a person keeps it: it knows the length of the months and goes from one day to the next.
struct Calendar {
    year: i64,
    month: usize,
    day: u8,
    weekday: u8,
    run_s: i64,
}

impl Calendar {
    /// 2019-12-31 was a Tuesday.
    fn new(time_s: i64) -> Self {
        let run_s = at("2019-12-31T00:00:00Z").seconds() + time_s;
        Self { year: 2019, month: 12, day: 31, weekday: 2, run_s }
    }

    fn next(&mut self) {
        let leap = self.year % 400 == 0 || (self.year % 4 == 0 && self.year % 100 != 0);
        let february = if leap { 29 } else { 28 };
        let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        self.run_s += 24 * 3600;
        self.weekday = self.weekday % 7 + 1;
        self.day += 1;
        if self.day > lengths[self.month - 1] {
            self.day = 1;
            self.month += 1;
        }
        if self.month > 12 {
            (self.month, self.year) = (1, self.year + 1);
        }
    }
}

/// All runs, found by looking at every day.
fn naive_runs(schedule: &Schedule) -> Vec<i64> {
    let (begin, end) = (schedule.begin.seconds(), schedule.end.unwrap().seconds());
    let mut calendar = Calendar::new(begin.rem_euclid(24 * 3600));
    let (mut found, mut days_since_begin) = (vec![], None);
    while calendar.run_s <= end {
        if calendar.run_s >= begin {
            let since = days_since_begin.map_or(0, |days: u32| days + 1);
            days_since_begin = Some(since);
            let runs = match &schedule.recurrence {
                Recurrence::Once => since == 0,
                Recurrence::EveryDays(days) => since % days == 0,
                Recurrence::Monthly { from, to } => *from <= calendar.day && calendar.day <= *to,
                Recurrence::Weekly(days) => days.contains(&calendar.weekday),
            };
            found.extend(runs.then_some(calendar.run_s));
        }
        calendar.next();
    }
    found
}

fn recurrence() -> impl Strategy<Value = Recurrence> {
    prop_oneof![
        Just(Recurrence::Once),
        (1..40_u32).prop_map(Recurrence::EveryDays),
        (1..=31_u8, 0..5_u8).prop_map(|(from, more)| Recurrence::Monthly { from, to: (from + more).min(31) }),
        proptest::collection::btree_set(1..=7_u8, 1..4).prop_map(Recurrence::Weekly),
    ]
}

#[test]
fn runs_are_those_of_a_calendar_on_the_wall() {
    let config = ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() };
    let start = at("2020-01-01T00:00:00Z").seconds();
    // Over a leap day; the years that are none although four divides them are `time`'s business.
    let begins = start..start + 500 * 86_400;
    let lengths = 1..900 * 86_400_i64;
    proptest!(config, |(recurrence in recurrence(), begin in begins, length in lengths, asked in -100 * 86_400..1_500 * 86_400_i64)| {
        let (begin, end) = (Timestamp::from_seconds(begin), Timestamp::from_seconds(begin + length));
        let schedule = Schedule { recurrence, begin, end: Some(end) };
        let wanted = naive_runs(&schedule);
        let found: Vec<i64> = runs(&schedule).into_iter().map(Timestamp::seconds).collect();
        prop_assert_eq!(&found, &wanted);
        let asked = begin.seconds() + asked;
        let question = Timestamp::from_seconds(asked);
        let earlier = wanted.iter().copied().rfind(|&run| run <= asked);
        let later = wanted.iter().copied().find(|&run| run >= asked);
        prop_assert_eq!(schedule.last_until(question).map(Timestamp::seconds), earlier);
        prop_assert_eq!(schedule.first_from(question).map(Timestamp::seconds), later);
    });
}
