//! Filter and sort expressions of SearchGameServerSessions, and its page tokens: any text is answered, and an accepted
//! filter means what logic says.

#![no_main]

use fuzz::world;
use gse_core::game_server_session::search::{SearchQuery, parse_filter, parse_sort, search};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let world = world::shared();
    let sessions: Vec<_> = world.state().game_server_sessions.values().collect();

    // A line each: the filter, the order, the token of a page.
    let mut lines = text.splitn(3, '\n');
    let (filter, sort) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    let token = lines.next().map(str::to_owned);

    if let Ok(accepted) = parse_filter(filter) {
        // Longer or deeper texts may meet a limit that the filter alone does not meet.
        let opposite = parse_filter(&format!("NOT ({filter})"));
        let twice = parse_filter(&format!("({filter}) AND({filter})"));
        for session in &sessions {
            let passes = accepted.matches(session);
            if let Ok(opposite) = &opposite {
                assert_ne!(opposite.matches(session), passes, "NOT of {filter:?}");
            }
            if let Ok(twice) = &twice {
                assert_eq!(twice.matches(session), passes, "twice {filter:?}");
            }
        }
    }
    let _ = parse_sort(sort);

    let query = |next_token, limit| SearchQuery {
        scope: world::scope(),
        target: world::target(),
        filter: Some(filter.to_owned()),
        sort: Some(sort.to_owned()),
        next_token,
        limit,
    };
    let _ = search(world.state(), &query(token, 100));
    // Page by page is the same as all at once.
    let Ok(all) = search(world.state(), &query(None, 100)) else { return };
    let (mut paged, mut token) = (Vec::new(), None);
    loop {
        let page = search(world.state(), &query(token, 1)).expect("a token that was just issued");
        paged.extend(page.items.iter().map(|session| session.id.clone()));
        token = page.next_token;
        if token.is_none() {
            break;
        }
        assert!(paged.len() <= sessions.len(), "pages repeat a session");
    }
    assert!(paged.iter().eq(all.items.iter().map(|session| &session.id)));
});
