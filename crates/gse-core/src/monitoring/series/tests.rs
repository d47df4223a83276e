use super::*;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * MINUTE_MS)
}

fn window(begin: i64, end: i64, period_ms: Option<i64>) -> Window {
    Window { begin: at(begin), end: at(end), period_ms, ahead_ms: 0 }
}

/// A series of one metric, a value for each minute from 0.
fn series(values: &[Value]) -> Series {
    let mut series = Series::new(1);
    for (minute, value) in (0..).zip(values) {
        series.push(at(minute), &[*value]);
    }
    series
}

/// Minute, average, sum, least, most.
type Row = (i64, Value, Value, u64, u64);

fn rows(parts: &[Part]) -> Vec<Row> {
    let row = |part: &Part| {
        let summary = part.summaries[0];
        let value = |kind| summary.value(kind);
        let minute = part.begin.millis() / MINUTE_MS;
        (minute, value(MetricKind::Gauge), value(MetricKind::Counter), summary.minimum, summary.maximum)
    };
    parts.iter().map(row).collect()
}

#[test]
fn gauges_average_and_counters_add_up() {
    let five = Some(5 * MINUTE_MS);
    let some = |values: &[u64]| values.iter().map(|&value| Some(value)).collect::<Vec<_>>();
    let cases: [(&str, Vec<Value>, Window, Vec<Row>); 6] = [
        (
            "each by itself",
            some(&[1000, 3000]),
            window(0, 10, None),
            vec![(0, Some(1000), Some(1000), 1000, 1000), (1, Some(3000), Some(3000), 3000, 3000)],
        ),
        (
            "five minutes",
            some(&[1, 2, 3, 4, 5, 60, 20]),
            window(0, 10, five),
            vec![(0, Some(3), Some(15), 1, 5), (5, Some(40), Some(80), 20, 60)],
        ),
        (
            "what was not measured does not count as zero",
            vec![None, Some(10), None, Some(20), None, None],
            window(0, 10, five),
            vec![(0, Some(15), Some(30), 10, 20), (5, None, None, 0, 0)],
        ),
        (
            "a window that begins inside a period has all of it, and ends before its end",
            some(&[1, 1, 1, 1, 1, 7, 9]),
            window(3, 6, five),
            vec![(0, Some(1), Some(5), 1, 1), (5, Some(7), Some(7), 7, 7)],
        ),
        (
            "an hour, from hours",
            some(&[2; 90]),
            window(0, 1000, Some(HOUR_MS)),
            vec![(0, Some(2), Some(120), 2, 2), (60, Some(2), Some(60), 2, 2)],
        ),
        (
            "a day of clocks that are ahead",
            some(&[1; 70]),
            Window { ahead_ms: 23 * HOUR_MS, ..window(0, 1000, Some(DAY_MS)) },
            vec![(-23 * 60, Some(1), Some(60), 1, 1), (60, Some(1), Some(10), 1, 1)],
        ),
    ];
    for (name, values, window, wanted) in cases {
        assert_eq!(rows(&series(&values).parts(window)), wanted, "{name}");
    }
}

#[test]
fn a_gap_stays_a_gap() {
    let mut series = series(&[Some(1)]);
    series.push(at(7), &[Some(2)]);
    // Late, repeated, or of another kind.
    series.push(at(7), &[Some(9)]);
    series.push(at(3), &[Some(9)]);
    series.push(at(8), &[Some(9), Some(9)]);
    let minutes: Vec<i64> = rows(&series.parts(window(0, 100, None))).iter().map(|row| row.0).collect();
    assert_eq!(minutes, [0, 7]);
}

#[test]
fn a_day_of_minutes_and_a_week_of_hours_are_kept() {
    let minutes = 8 * 24 * 60;
    let series = series(&vec![Some(1); minutes]);
    let all = |period| series.parts(window(0, 1_000_000, period));
    let samples = all(None);
    assert_eq!((samples.len(), series.values.len()), (24 * 60, 24 * 60));
    assert_eq!(samples[0].begin, at(7 * 24 * 60));
    let hours = all(Some(HOUR_MS));
    assert_eq!((hours.len(), hours[0].begin), (7 * 24, at(24 * 60)));
    assert_eq!(rows(&all(Some(DAY_MS)))[0].2, Some(24 * 60));
    assert_eq!(series.last(), Some(at(8 * 24 * 60 - 1)));
}

#[test]
fn what_is_too_much_is_the_most_that_can_be_kept() {
    let series = series(&[Some(u64::MAX)]);
    assert_eq!(rows(&series.parts(window(0, 1, None)))[0].1, Some(u64::from(NONE - 1)));
    // Hours hold it.
    assert_eq!(rows(&series.parts(window(0, 1, Some(HOUR_MS))))[0].1, Some(u64::MAX));
}
