use super::*;

const ME: &str = "100000000001";

fn limiter(factor: f64) -> RateLimiter {
    RateLimiter::new(Factor::new(factor).unwrap())
}

/// Calls in order: milliseconds, how many at once, how many of them are admitted.
fn check(limiter: &mut RateLimiter, action: Action, table: &[(i64, u32, u32)]) {
    for &(now_ms, calls, admitted) in table {
        let found = (0..calls).filter(|_| limiter.admit(ME, action, now_ms).is_ok()).count();
        assert_eq!(found, admitted as usize, "{calls} calls at {now_ms}");
    }
}

#[test]
fn the_limit_itself_is_allowed_and_one_more_is_refused() {
    check(&mut limiter(1.0), Action::CreateFleet, &[(0, 20, 20), (0, 1, 0), (999, 5, 0), (1000, 21, 20)]);
}

#[test]
fn the_window_slides() {
    let table = [(0, 5, 5), (500, 15, 15), (999, 1, 0), (1000, 9, 5), (1499, 1, 0), (1500, 30, 15)];
    check(&mut limiter(1.0), Action::DescribeFleetEvents, &table);
}

#[test]
fn a_refused_call_does_not_count() {
    check(&mut limiter(1.0), Action::CreateFleet, &[(0, 20, 20), (900, 1000, 0), (1000, 20, 20)]);
}

#[test]
fn the_busy_actions_have_the_limit_of_the_table() {
    for action in [
        Action::CreateGameServerSession,
        Action::JoinGameServerSession,
        Action::JoinGameServerSessionBatch,
        Action::SearchGameServerSessions,
        Action::DescribePlayerSessions,
    ] {
        check(&mut limiter(1.0), action, &[(0, 400, 400), (300, 700, 600), (999, 1, 0), (1000, 401, 400)]);
    }
}

#[test]
fn a_factor_scales_and_leaves_at_least_one() {
    check(&mut limiter(2.5), Action::CreateFleet, &[(0, 60, 50)]);
    check(&mut limiter(0.1), Action::CreateFleet, &[(0, 60, 2)]);
    check(&mut limiter(0.001), Action::CreateFleet, &[(0, 60, 1)]);
    check(&mut limiter(1e300), Action::CreateFleet, &[(0, 5000, 5000)]);
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(Factor::new(bad), None, "{bad}");
    }
}

#[test]
fn actions_and_accounts_are_counted_apart() {
    let mut limiter = limiter(0.05);
    assert!(limiter.admit(ME, Action::CreateFleet, 0).is_ok());
    assert!(limiter.admit(ME, Action::DeleteFleet, 0).is_ok());
    assert!(limiter.admit("200000000002", Action::CreateFleet, 0).is_ok());
    let error = limiter.admit(ME, Action::CreateFleet, 0).unwrap_err();
    assert_eq!(error.code, ErrorCode::RequestLimitExceeded);
    assert!(error.message.contains("`CreateFleet` may be called 1 times a second"), "{error}");
}

#[test]
fn a_clock_that_goes_back_neither_forgets_nor_admits_more() {
    check(
        &mut limiter(1.0),
        Action::CreateFleet,
        &[(5000, 15, 15), (4000, 10, 5), (5999, 1, 0), (6000, 1, 1)],
    );
}

#[test]
fn memory_is_bounded_whatever_the_limit() {
    let mut limiter = limiter(1e6);
    for now_ms in 0..20_000 {
        for _ in 0..3 {
            limiter.admit(ME, Action::CreateFleet, now_ms).unwrap();
        }
    }
    let window = limiter.windows.values().next().unwrap();
    assert_eq!((limiter.windows.len(), window.calls.len(), window.count), (1, 1000, 3000));
}
