//! Which ports come into question, and that a chosen one is kept.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::*;

#[test]
fn the_ports_that_the_system_hands_out_are_avoided_if_any_are_left() {
    for (handed_out, expected) in
        [(32_768..=60_999, 22_768), (10_000..=59_999, 1), (1_024..=65_535, 50_001), (61_000..=65_535, 50_001)]
    {
        let ports: Vec<u16> = candidates(&handed_out, 4_711).collect();
        let each: BTreeSet<u16> = ports.iter().copied().collect();
        assert_eq!((ports.len(), each.len()), (expected, expected), "{handed_out:?}");
        assert!(each.iter().all(|port| USABLE.contains(port)), "{handed_out:?}");
        let avoided = each.iter().all(|port| !handed_out.contains(port));
        assert_eq!(avoided, handed_out != (1_024..=65_535), "{handed_out:?}");
    }
}

#[test]
fn neighbours_begin_far_from_each_other() {
    let first = |seed| i32::from(candidates(&USUAL_RANGE, seed).next().unwrap());
    for seed in 100..200 {
        assert!((first(seed) - first(seed + 1)).abs() > 1_000, "{seed}");
    }
}

#[test]
fn the_range_is_two_numbers() {
    for (text, expected) in
        [("32768\t60999\n", Some(32_768..=60_999)), ("", None), ("1 x", None), ("70000 80000", None)]
    {
        assert_eq!(parse(text), expected, "{text}");
    }
}

#[test]
fn a_chosen_port_is_kept_from_others_until_the_program_may_have_it() {
    let mut port = Port::choose().unwrap();
    let bind = |port: &Port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port.number()));
    assert!(bind(&port).is_err());
    assert_ne!(Port::choose().unwrap().number(), port.number());
    port.release();
    // A child that another test is starting has a copy of every socket until it runs its program.
    let deadline = Instant::now() + Duration::from_secs(10);
    let program = loop {
        match bind(&port) {
            Ok(program) => break program,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        std::thread::yield_now();
    };
    drop(program);
    port.hold();
    assert!(bind(&port).is_err());
}
