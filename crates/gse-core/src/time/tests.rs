use super::*;

#[test]
fn printed_forms_of_known_moments() {
    let table = [
        (0, "1970-01-01T00:00:00Z"),
        (1_609_502_400, "2021-01-01T12:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (END_OF_TIME_S, "9999-12-31T23:59:59Z"),
    ];
    for (seconds, text) in table {
        let time = Timestamp::from_seconds(seconds);
        assert_eq!(time.to_iso(), text);
        assert_eq!(Timestamp::parse_iso(text), Some(time), "{text}");
    }
    assert_eq!(Timestamp::from_seconds(1_609_502_400).to_spaced(), "2021-01-01 12:00:00");
}

#[test]
fn offsets_and_fractions_are_read() {
    let noon = Timestamp::from_seconds(1_609_502_400);
    assert_eq!(Timestamp::parse_iso("2021-01-01T20:00:00+08:00"), Some(noon));
    assert_eq!(Timestamp::parse_iso("2021-01-01T07:30:00-04:30"), Some(noon));
    assert_eq!(
        Timestamp::parse_iso("2021-01-01T12:00:00.25Z"),
        Some(Timestamp::from_millis(noon.millis() + 250))
    );
    assert_eq!(
        Timestamp::parse_iso("2021-01-01T12:00:00.123456Z"),
        Some(Timestamp::from_millis(noon.millis() + 123))
    );
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "2021-01-01",
        "2021-13-01T00:00:00Z",
        "2021-02-29T00:00:00Z",
        "2021-01-01T24:00:00Z",
        "2021-01-01 00:00:00Z",
        "2021-01-01T00:00:00",
        "2021-01-01T00:00:00.Z",
        "2021-01-01T00:00:00+8:00",
        "2021-01-01T00:00:00+08:0é",
    ] {
        assert_eq!(Timestamp::parse_iso(text), None, "{text}");
    }
}

#[test]
fn arithmetic_stays_inside() {
    let last = Timestamp::from_millis(i64::MAX);
    assert_eq!(last.plus(Duration::from_secs(1)), last);
    assert_eq!(Timestamp::from_millis(5).since(Timestamp::from_millis(9)), Duration::ZERO);
}
