//! Limits in all and by address, and that who comes in or goes does not count any more.

use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn one_address_is_limited_and_another_is_not() {
    let mut strangers = Strangers::new(LIMITS);
    let crowd: Vec<Stranger> = std::iter::from_fn(|| strangers.come(address("192.0.2.1"))).collect();
    assert_eq!(crowd.len(), LIMITS.per_address);
    assert!(strangers.ask_for_retry());
    let other = strangers.come(address("192.0.2.2"));
    assert!(other.is_some());
    drop(crowd);
    assert!(!strangers.ask_for_retry());
    assert!(strangers.come(address("192.0.2.1")).is_some());
    assert_eq!(strangers.by_address.len(), 2, "the one who is gone at once is forgotten later");
    drop(other);
    assert!(strangers.come(address("192.0.2.3")).is_some());
    assert_eq!(strangers.by_address.len(), 1);
}

#[test]
fn all_together_are_limited() {
    let mut strangers = Strangers::new(LIMITS);
    let crowd: Vec<Stranger> =
        (0..).map_while(|host: u32| strangers.come(IpAddr::V4(host.into()))).take(10_000).collect();
    assert_eq!(crowd.len(), LIMITS.all);
}

#[test]
fn a_few_addresses_do_not_shut_the_door() {
    let mut strangers = Strangers::new(LIMITS);
    let mut crowd = Vec::new();
    for (host, places) in [200, 156, 78, 39, 20, 10, 5, 2, 1].into_iter().enumerate() {
        let address = IpAddr::V4(u32::try_from(host).unwrap().into());
        let before = crowd.len();
        crowd.extend(std::iter::from_fn(|| strangers.come(address)));
        assert_eq!(crowd.len() - before, places, "address {host}");
        let alone = strangers.come(IpAddr::from([192, 0, 2, u8::try_from(host).unwrap()]));
        assert_eq!(alone.is_some(), crowd.len() < LIMITS.all, "after address {host}");
    }
}

#[test]
fn the_addresses_of_one_network_count_as_one() {
    let mut strangers = Strangers::new(LIMITS);
    let crowd: Vec<Stranger> = (0..)
        .map_while(|host: u128| strangers.come(IpAddr::V6((0x2001_0db8_0000_0001_u128 << 64 | host).into())))
        .take(10_000)
        .collect();
    assert_eq!(crowd.len(), LIMITS.per_address);
    assert!(strangers.come(address("2001:db8:0:ff::1")).is_none(), "one home has all of these");
    assert!(strangers.come(address("2001:db8:0:100::1")).is_some());
    assert!(strangers.come(address("::ffff:192.0.2.1")).is_some(), "a mapped one is its IPv4 address");
    assert_eq!(network(address("::ffff:192.0.2.1")), address("192.0.2.1"));
}
