use std::time::Duration;

use super::play::{Line, Played};
use super::report::Tally;

fn played(join_ms: u64, lost: Option<&str>) -> Played {
    Played {
        lost: lost.map(str::to_owned),
        join: Duration::from_millis(join_ms),
        first_snapshot: Some(Duration::from_millis(join_ms + 50)),
        round_trips: vec![Duration::from_millis(join_ms / 10)],
        time: Duration::from_secs(30),
        line: Line { bytes_down: 60_000, bytes_up: 90_000, sent: 200, lost: 3 },
        corrections: 4,
        ..Played::default()
    }
}

#[test]
fn what_players_measured_is_added_up() {
    let mut tally = Tally::default();
    for join_ms in 1..=100 {
        tally.played(played(join_ms * 10, None));
    }
    let report = tally.report(Duration::from_secs(31));
    assert!(report.is_good());
    assert_eq!((report.joined, report.failed, report.lost), (100, 0, 0));
    assert_eq!((report.join_ms_p50, report.join_ms_p99), (500.0, 990.0));
    assert_eq!((report.rtt_ms_p50, report.rtt_ms_p99), (50.0, 99.0));
    assert_eq!((report.bytes_down_per_player_s, report.bytes_up_per_player_s), (2000.0, 3000.0));
    assert_eq!((report.loss_percent, report.corrections_per_player_min), (1.5, 8.0));
}

#[test]
fn whoever_did_not_get_in_or_was_lost_makes_it_a_failure() {
    let mut one = Tally::default();
    one.played(played(10, None));
    let mut other = Tally::default();
    other.fail(4, "the placement is TIMED_OUT".to_owned());
    one.add(other);
    let report = one.report(Duration::from_secs(1));
    assert!(!report.is_good());
    assert_eq!(report.failures["the placement is TIMED_OUT"], 4);

    let mut lost = Tally::default();
    lost.played(played(10, Some("nothing came")));
    assert!(!lost.report(Duration::from_secs(1)).is_good());
    assert!(!Tally::default().report(Duration::from_secs(1)).is_good(), "nobody played");
}

#[test]
fn parties_have_everybody_and_nobody_is_alone() {
    for match_players in 2..=16 {
        for players in 2..=70 {
            let parties = super::parties_of(players, match_players);
            assert_eq!(parties.iter().sum::<usize>(), players, "{players} in matches of {match_players}");
            assert!(parties.iter().all(|size| (2..=match_players.max(3)).contains(size)), "{parties:?}");
        }
    }
}
