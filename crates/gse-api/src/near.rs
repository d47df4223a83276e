//! Which name was meant by one that does not exist.

/// No member of the API is longer, so nothing longer is close to one; it bounds the work as well.
const MAX_CHARACTERS: usize = 64;

/// The known name that differs the least, if it differs by little: in letter case only, or by one letter in three, at
/// most three. Of equally near ones the first.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> =
        name.chars().take(MAX_CHARACTERS + 1).map(|letter| letter.to_ascii_lowercase()).collect();
    if wanted.len() > MAX_CHARACTERS {
        return None;
    }
    let most = (wanted.len() / 3).min(3);
    let distances = known.map(|known| (distance(&wanted, known), known));
    distances
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Letters to add, leave out or change (Levenshtein), without regard to letter case.
fn distance(wanted: &[char], known: &str) -> usize {
    let mut previous: Vec<usize> = (0..=wanted.len()).collect();
    for (row, letter) in known.chars().map(|letter| letter.to_ascii_lowercase()).enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in wanted.iter().enumerate() {
            let changed = previous[column] + usize::from(*other != letter);
            let least = changed.min(previous[column + 1] + 1).min(current[column] + 1);
            current.push(least);
        }
        previous = current;
    }
    previous[wanted.len()]
}
