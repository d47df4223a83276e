use super::*;

/// operations.md 0.3: the clocks that have a key, and their documented values.
#[test]
fn documented_values() {
    let clocks = Clocks::default();
    let table = [
        (clocks.health_interval, 60),
        (clocks.health_timeout, 60),
        (clocks.player_reserve, 60),
        (clocks.protection_none, 300),
        (clocks.scaling_tick, 60),
        (clocks.placement_tick, 1),
        (clocks.process_ready, 300),
        (clocks.process_exit, 30),
        (clocks.upload_signature, 360),
        (clocks.metrics_period, 60),
        (clocks.retention, 30 * 86_400),
        (clocks.ccn_create, 1200),
        (clocks.ccn_later, 7 * 86_400),
    ];
    for (clock, seconds) in table {
        assert_eq!(clock, Duration::from_secs(seconds));
    }
    assert_eq!(clocks.health_failures, 3);
}

#[test]
fn every_key_can_be_set() {
    for key in Clocks::KEYS {
        let mut clocks = Clocks::default();
        let value = if *key == HEALTH_FAILURES { "7" } else { "1234ms" };
        clocks.set(key, value).unwrap();
        assert_ne!(clocks, Clocks::default(), "{key} changed nothing");
    }
}

#[test]
fn refusals_say_what_to_do() {
    let mut clocks = Clocks::default();
    let unknown = clocks.set("health.intervall", "2s").unwrap_err().to_string();
    assert!(
        unknown.contains("`health.intervall`") && unknown.contains("health.interval, health.timeout"),
        "{unknown}"
    );
    for bad in ["", "2", "s", "-1s", "0s", "1.5s", "2 s", "99999999999999999999d"] {
        assert!(matches!(clocks.set("health.interval", bad), Err(ClockError::NotADuration { .. })), "{bad}");
    }
    assert!(matches!(clocks.set("health.failures", "0"), Err(ClockError::NotACount { .. })));
    assert_eq!(clocks, Clocks::default());
}
