//! Addresses, tokens and request ids; the calls themselves are tested against the fake agent.

use std::collections::BTreeSet;

use super::*;

#[test]
fn addresses_are_host_and_port() {
    for good in ["127.0.0.1:5758", "localhost:1", "[::1]:5758", "agent.internal:65535"] {
        assert!(endpoint(good).is_ok(), "{good}");
    }
    for bad in
        ["", "127.0.0.1", ":5758", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "http://127.0.0.1:1"]
    {
        let error = endpoint(bad).unwrap_err();
        assert!(error.detail.contains(&format!("`{bad}`")) && error.detail.contains("hint: "), "{error}");
    }
    for bad in ["a b:1", "127.0.0.1:5758/path", "user@host:1", "host:1#x", "\n:1"] {
        assert!(endpoint(bad).is_err(), "{bad}");
    }
}

#[test]
fn request_ids_are_distinct_version_4_uuids() {
    let ids: BTreeSet<_> = (0..100).map(|_| request_id().unwrap()).collect();
    assert_eq!(ids.len(), 100);
    for id in ids {
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(&id[14..15], "4", "{id}");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
    }
}

#[test]
fn a_token_that_cannot_travel_is_named() {
    assert!(process_token("secret-1").unwrap().is_sensitive());
    let error = process_token("line\nbreak").unwrap_err();
    assert!(error.detail.contains("GSE_PROCESS_TOKEN") && !error.detail.contains("break"), "{error}");
}
