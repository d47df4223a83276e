//! Small texts that people and programs write: launch parameters and paths, pids, times, durations, resource names.

#![no_main]

use fuzz::world;
use gse_core::clocks::Clocks;
use gse_core::package::entry_path;
use gse_core::supervisor::launch::{launch_target, split_words};
use gse_core::time::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(words) = split_words(text) {
        let quoted: Vec<_> = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
        assert_eq!(split_words(&quoted.join(" ")), Ok(words), "words survive being quoted");
    }
    if let Ok(target) = launch_target(text) {
        assert!(stays_inside(&target.in_package), "{target:?}");
        assert!(target.in_path.is_none_or(|name| !name.contains('/')));
        let again =
            launch_target(&format!("/local/game/{}", target.in_package)).map(|again| again.in_package);
        assert_eq!(again, Ok(target.in_package));
    }
    if let Ok(parts) = entry_path(text) {
        assert!(parts.is_empty() || stays_inside(&parts.join("/")), "{parts:?}");
    }
    if let Some(time) = Timestamp::parse_iso(text) {
        // Years before 0 have no printed form, and an offset can lead there.
        let printed = time.to_iso();
        if let Some(again) = Timestamp::parse_iso(&printed) {
            assert_eq!(again.seconds(), time.seconds(), "{printed}");
        }
        let _ = time.to_spaced();
    }
    if let Some(number) = text.parse().ok() {
        let time = Timestamp::from_millis(number);
        let _ = (time.to_iso(), time.to_spaced(), Timestamp::from_seconds(number).to_iso());
        let _ = (time.since(world::NOW), world::NOW.since(time));
    }
    let (key, value) = text.split_once('=').unwrap_or(("health.interval", text));
    let mut clocks = Clocks::default();
    if clocks.set(key, value).is_err() {
        assert_eq!(clocks, Clocks::default(), "a refused setting changes nothing");
    }
    let _ = world::scope().parse_destination(text);
});

fn stays_inside(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
