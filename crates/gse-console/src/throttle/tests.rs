use super::*;

fn address(number: u32) -> Option<IpAddr> {
    Some(IpAddr::from(number.to_be_bytes()))
}

#[test]
fn a_wait_doubles_ends_and_is_forgotten() {
    for (wrong, after_s, wait) in [
        (0, 0, 0),
        (4, 0, 0),
        (5, 0, 2),
        (5, 1, 1),
        (5, 2, 0),
        (6, 0, 4),
        (8, 0, 16),
        (8, 15, 1),
        (12, 0, 256),
        (13, 0, 300),
        (u32::MAX, 0, 300),
        (u32::MAX, 299, 1),
        (u32::MAX, 300, 0),
        (u32::MAX, 900, 0),
        // The clock was set back.
        (5, -3600, 2),
    ] {
        let tries = Tries { wrong, last: 1000 };
        assert_eq!(tries.wait(5, 1000 + after_s), wait, "{wrong} wrong, {after_s} s ago");
    }
}

#[test]
fn what_others_did_keeps_nobody_out_who_did_nothing_wrong() {
    let at = |wrong| Tries { wrong, last: 1000 };
    for (of_address, of_secret_id, wait) in [
        (0, 0, 0),
        (0, 19, 0),
        (0, u32::MAX, 0),
        (1, 19, 0),
        (1, 20, 2),
        (1, 23, 16),
        (1, u32::MAX, 300),
        (5, 0, 2),
        (6, 20, 4),
        (5, 21, 4),
    ] {
        assert_eq!(judge(at(of_address), at(of_secret_id), 1000), wait, "{of_address} {of_secret_id}");
    }
    // What an address did long ago is as if it had done nothing.
    assert_eq!(judge(Tries { wrong: 9, last: 0 }, at(u32::MAX), 1000), 0);
}

#[test]
fn wrong_keys_are_refused_by_address_and_right_ones_do_not_count() {
    let throttle = Throttle::default();
    for _ in 0..100 {
        assert_eq!(throttle.begin(address(1), "mine", 0), Ok(()));
        throttle.was_right(address(1), "mine");
    }
    for _ in 0..FREE_OF_ADDRESS {
        assert_eq!(throttle.begin(address(2), "guessed", 0), Ok(()));
    }
    // However often it is tried meanwhile: the wait grows by wrong keys only.
    for _ in 0..100 {
        assert_eq!(throttle.begin(address(2), "another", 0), Err(2));
    }
    assert_eq!(throttle.begin(address(1), "guessed", 0), Ok(()), "from elsewhere");
    assert_eq!(throttle.begin(address(2), "guessed", 2), Ok(()));
    // A right key of his own forgives no wrong one.
    throttle.was_right(address(2), "guessed");
    assert_eq!(throttle.begin(address(2), "guessed", 2), Err(2));
    assert_eq!(throttle.begin(address(2), "guessed", FORGOTTEN_S + 2), Ok(()));
}

#[test]
fn a_secret_id_is_guarded_against_many_addresses_and_open_to_its_owner() {
    let throttle = Throttle::default();
    let mut tried = 0;
    for guesser in 0..200 {
        while throttle.begin(address(guesser), "victim", 0).is_ok() {
            tried += 1;
        }
    }
    assert_eq!(tried, 20 + (200 - 4), "each address has one try once there were twenty");
    assert_eq!(throttle.begin(address(1000), "victim", 0), Ok(()), "the owner, from elsewhere");
}

#[test]
fn one_party_has_half_of_an_address_of_six_and_may_write_one_of_four_as_such() {
    let of = |text: &str| place(Some(text.parse().unwrap()));
    assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
}

#[test]
fn few_are_remembered_and_the_worst_longest() {
    let throttle = Throttle::default();
    for _ in 0..FREE_OF_ADDRESS {
        throttle.begin(address(0), "first", 0).unwrap();
    }
    for number in 1..3 * u32::try_from(MOST).unwrap() {
        throttle.begin(address(number), &number.to_string(), 1).unwrap();
    }
    let wrong = throttle.wrong();
    assert_eq!((wrong.addresses.len(), wrong.secret_ids.len()), (MOST, MOST));
    drop(wrong);
    assert_eq!(throttle.begin(address(0), "first", 1), Err(1));
}
