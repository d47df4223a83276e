//! Which actions a mistyped name may have meant.

use gse_api::Action;

/// The nearest names, best first, at most three; none if nothing is near.
pub(super) fn names(typed: &str) -> Vec<&'static str> {
    let typed = typed.to_ascii_lowercase();
    let mut near: Vec<(usize, &str)> = Action::ALL
        .iter()
        .map(|action| (distance(&typed, &action.name().to_ascii_lowercase()), action.name()))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .collect();
    near.sort_unstable();
    // Far ones are noise beside a near one.
    let best = near.first().map_or(0, |(distance, _)| *distance);
    near.into_iter().filter(|(distance, _)| *distance <= best + 2).map(|(_, name)| name).take(3).collect()
}

/// The nearest of some names, if one is near.
pub(crate) fn among<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.map(|name| (distance(typed, name), name));
    let near = near.filter(|(distance, name)| *distance <= 2.max(name.len() / 3));
    near.min().map(|(_, name)| name)
}

/// How many letters must be added, dropped or replaced.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (at, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, names};

    #[test]
    fn distances() {
        for (from, to, expected) in
            [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn near_names_are_found() {
        assert_eq!(names("createfleet"), ["CreateFleet"]);
        assert_eq!(names("DescribeFleetEvent"), ["DescribeFleetEvents"]);
        assert_eq!(names("DescribeAssetz")[..2], ["DescribeAsset", "DescribeAssets"]);
        assert_eq!(names("JoinGameSession").first(), Some(&"JoinGameServerSession"));
        assert!(names("MakeCoffee").is_empty());
    }
}
