use std::collections::{BTreeMap, BTreeSet};

use super::*;

const KINDS: [IdKind; 9] = [
    IdKind::Asset,
    IdKind::Fleet,
    IdKind::Instance,
    IdKind::Process,
    IdKind::Alias,
    IdKind::Event,
    IdKind::GameServerSession,
    IdKind::PlayerSession,
    IdKind::Timer,
];

fn is_group(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[test]
fn suffixes_have_the_documented_forms() {
    for kind in KINDS {
        let suffix = RandomIds.suffix(kind);
        let groups: Vec<usize> = suffix.split('-').map(str::len).collect();
        let wanted: &[usize] = match kind {
            IdKind::Asset | IdKind::Instance | IdKind::Timer => &[8],
            IdKind::PlayerSession => &[26],
            _ => &[8, 8],
        };
        assert_eq!(groups, wanted, "{kind:?}: {suffix}");
        assert!(suffix.split('-').all(is_group), "{kind:?}: {suffix}");
    }
}

#[test]
fn ids_are_unique() {
    let ids: BTreeSet<String> = (0..10_000).map(|_| RandomIds.suffix(IdKind::PlayerSession)).collect();
    assert_eq!(ids.len(), 10_000);
}

/// 360,000 characters, 10,000 expected of each: six standard deviations are about 590.
#[test]
fn every_character_is_equally_likely() {
    let mut counts: BTreeMap<char, i32> = BTreeMap::new();
    for character in random_text(360_000).chars() {
        *counts.entry(character).or_default() += 1;
    }
    assert_eq!(counts.len(), 36);
    for (character, count) in counts {
        assert!((count - 10_000).abs() < 600, "`{character}` came {count} times");
    }
}

#[test]
fn request_ids_are_version_4_uuids() {
    let id = request_id();
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12]);
    assert_eq!(&id[14..15], "4");
    assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
    assert_ne!(id, request_id());
}
