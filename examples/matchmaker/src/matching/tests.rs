//! Tables of who waits, and who plays.

use super::*;

const RULES: Rules = Rules {
    players: 2,
    players_min: 2,
    patience: Duration::from_secs(20),
    skill: Widening { first: 100, per_second: 50 },
    latency: Widening { first: 80, per_second: 10 },
};

/// `name skill waited region=ms,region=ms`, one a line.
fn seekers(text: &str) -> Vec<Seeker<String>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let pairs = words.get(3).map_or("", |list| list).split(',').filter(|pair| !pair.is_empty());
            let pair = |pair: &str| {
                let (region, ms) = pair.split_once('=').unwrap();
                (region.to_owned(), ms.parse().unwrap())
            };
            Seeker {
                ticket: words[0].to_owned(),
                skill: words[1].parse().unwrap(),
                latencies: pairs.map(pair).collect(),
                waited: Duration::from_secs(words[2].parse().unwrap()),
            }
        })
        .collect()
}

/// `ann ben @sh; cid dan`
fn shown(groups: &[Group<String>]) -> String {
    let one = |group: &Group<String>| {
        let region = group.region.as_ref().map(|region| format!(" @{region}")).unwrap_or_default();
        format!("{}{region}", group.tickets.join(" "))
    };
    groups.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn who_plays_with_whom() {
    let table = [
        ("nobody waits", "", ""),
        ("one alone waits on", "ann 1000 0", ""),
        ("two of equal skill", "ann 1000 0\n ben 1000 0", "ann ben"),
        ("a hundred apart is near enough", "ann 1000 0\n ben 1100 0", "ann ben"),
        ("more is not", "ann 1000 0\n ben 1101 0", ""),
        ("with time it is", "ann 1000 1\n ben 1101 0", "ann ben"),
        ("who waited longest decides, not the newcomer", "ann 1000 10\n ben 1600 0", "ann ben"),
        ("the nearest in skill", "ann 1000 0\n ben 1090 0\n cid 1010 0", "ann cid"),
        ("of equals the first", "ann 1000 0\n ben 1010 0\n cid 990 0", "ann ben"),
        ("two matches at once", "ann 1000 0\n ben 2000 0\n cid 2010 0\n dan 1010 0", "ann dan; ben cid"),
        ("who finds nobody holds up nobody", "ann 5000 0\n ben 1000 0\n cid 1000 0", "ben cid"),
        ("a region that is near for both", "ann 1000 0 sh=100,sv=50\n ben 1000 0 sh=60,sv=80", "ann ben @sv"),
        ("none is", "ann 1000 0 sh=30\n ben 1000 0 sv=30", ""),
        ("none is near enough yet", "ann 1000 0 sh=120\n ben 1000 0 sh=110", ""),
        ("with time it is near enough", "ann 1000 4 sh=120\n ben 1000 0 sh=110", "ann ben @sh"),
        (
            "both are: the nearest to who waited longest",
            "ann 1000 0 sh=40,sv=30\n ben 1000 0 sh=10,sv=70",
            "ann ben @sv",
        ),
        ("not measured plays anywhere", "ann 1000 0\n ben 1000 0 sv=30", "ann ben @sv"),
        ("in either order", "ann 1000 0 sv=30\n ben 1000 0", "ann ben @sv"),
        (
            "who reaches nothing does not stop the others",
            "ann 1000 0 sh=500\n ben 1000 0 sh=9\n cid 1000 0 sh=9",
            "ben cid @sh",
        ),
    ];
    for (what, waiting, wanted) in table {
        assert_eq!(shown(&groups(&RULES, &seekers(waiting))), wanted, "{what}");
    }
}

#[test]
fn a_match_that_does_not_fill_begins_after_a_time() {
    let rules = Rules { players: 4, ..RULES };
    let table = [
        ("ann 1000 19\n ben 1000 0", ""),
        ("ann 1000 20\n ben 1000 0", "ann ben"),
        ("ann 1000 20", ""),
        ("ann 1000 0\n ben 1000 0\n cid 1000 0\n dan 1000 0\n eve 1000 0", "ann ben cid dan"),
        // Rather three in one region than two in the nearer one.
        ("ann 1000 20 a=10,b=20\n ben 1000 0 b=20\n cid 1000 0 b=20\n dan 1000 0 a=1", "ann ben cid @b"),
    ];
    for (waiting, wanted) in table {
        assert_eq!(shown(&groups(&rules, &seekers(waiting))), wanted, "{waiting}");
    }
}

#[test]
fn limits_do_not_overflow() {
    let widening = Widening { first: u32::MAX, per_second: u32::MAX };
    assert_eq!(widening.after(Duration::MAX), u32::MAX);
    assert_eq!(Widening { first: 3, per_second: 2 }.after(Duration::from_millis(1999)), 5);
}
