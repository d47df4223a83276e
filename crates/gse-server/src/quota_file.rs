//! A file that changes quotas by their names (operations.md 12.1: "all quotas are configuration"), as TOML.
//! What it does not name keeps the vendor's number.

use gse_api::near::nearest;
use gse_api::rate_limit::Factor;
use gse_core::quota::Quotas;
use toml::de::{DeTable, DeValue};

use crate::config::ConfigError;

/// The name beside those of the quotas: a factor for the vendor's rates.
const RATE: &str = "rate";
const RATE_HINT: &str =
    "write a factor above 0 for the vendor's rates, such as `rate = 1`, or `rate = \"off\"`";
const UNITS: [(&str, u32); 5] = [("TB", 40), ("GB", 30), ("MB", 20), ("KB", 10), ("B", 0)];

/// Reads the text of a file: the quotas, and the rates when it limits them.
///
/// # Errors
/// Everything that is wrong with it, each with its line.
pub fn parse(text: &str) -> Result<(Quotas, Option<Factor>), ConfigError> {
    let at = |place: usize| text.bytes().take(place).filter(|byte| *byte == b'\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| {
        let line = at(error.span().map_or(0, |span| span.start));
        ConfigError { problems: vec![format!("line {line}: {}", error.message())] }
    })?;
    let (mut quotas, mut rate, mut problems) = (Quotas::default(), None, Vec::new());
    for (name, value) in table.get_ref() {
        let result = match name.get_ref().as_ref() {
            RATE => factor(value.get_ref()).map(|factor| rate = factor),
            quota => set(&mut quotas, quota, value.get_ref()),
        };
        problems.extend(result.err().map(|problem| (at(name.span().start), problem)));
    }
    problems.sort();
    let problems: Vec<String> =
        problems.into_iter().map(|(line, problem)| format!("line {line}: {problem}")).collect();
    if problems.is_empty() { Ok((quotas, rate)) } else { Err(ConfigError { problems }) }
}

fn set(quotas: &mut Quotas, name: &str, value: &DeValue<'_>) -> Result<(), String> {
    if !Quotas::NAMES.contains(&name) {
        let known = || Quotas::NAMES.into_iter().chain([RATE]);
        let hint = match nearest(name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the quotas are {}", known().collect::<Vec<_>>().join(", ")),
        };
        return Err(format!("there is no quota `{name}`\nhint: {hint}"));
    }
    let number = match value {
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
        DeValue::String(text) if name.ends_with("_bytes") => bytes(text),
        _ => None,
    };
    let Some(number) = number else {
        let form =
            if name.ends_with("_bytes") { "bytes, or a text such as \"100GB\"" } else { "a whole number" };
        return Err(format!("the quota `{name}` has another form\nhint: write {form}"));
    };
    match quotas.set(name, number) {
        Some(Err(most)) => Err(format!("the quota `{name}` is too large\nhint: write at most {most}")),
        Some(Ok(())) | None => Ok(()),
    }
}

fn bytes(text: &str) -> Option<u64> {
    let (unit, shift) = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
    let number: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
    number.checked_mul(1 << shift)
}

fn factor(value: &DeValue<'_>) -> Result<Option<Factor>, String> {
    let factor = match value {
        DeValue::String(text) if text.as_ref() == "off" => return Ok(None),
        DeValue::Integer(number) => number.as_str().parse().ok().and_then(Factor::new),
        DeValue::Float(number) => number.as_str().parse().ok().and_then(Factor::new),
        _ => None,
    };
    factor.map(Some).ok_or_else(|| format!("`{RATE}` has another form\nhint: {RATE_HINT}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_changes_and_the_rest_stays() {
        let text = "fleets = 50\nasset_bytes = \"200 GB\"\ninstances = 0\n# more to come\nplayers_per_session = 1_000\n";
        let wanted = Quotas {
            fleets: 50,
            asset_bytes: 200 << 30,
            instances: 0,
            players_per_session: 1000,
            ..Quotas::default()
        };
        assert_eq!(parse(text).unwrap(), (wanted, None));
        assert_eq!(parse("").unwrap(), (Quotas::default(), None));
        assert_eq!(parse("rate = 2\nasset_bytes = 5").unwrap().1, Factor::new(2.0));
        assert_eq!(parse("rate = 0.25").unwrap().1, Factor::new(0.25));
        assert_eq!(parse("rate = \"off\"").unwrap().1, None);
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_line() {
        for (text, wanted) in [
            ("fleets = 1\nfleet = 50", "line 2: there is no quota `fleet`\nhint: did you mean `fleets`?"),
            ("Rate = 1", "line 1: there is no quota `Rate`\nhint: did you mean `rate`?"),
            ("cores = 1", "the quotas are aliases, fleets, queues"),
            ("fleets = \"50\"", "line 1: the quota `fleets` has another form\nhint: write a whole number"),
            ("fleets = -1", "a whole number"),
            ("asset_bytes = \"1 ZB\"", "\"100GB\""),
            ("instances = 1000000", "write at most 100000"),
            ("rate = 0", "write a factor above 0"),
            ("rate = \"on\"", "write a factor above 0"),
            ("\nfleets == 1", "line 2: "),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "`{wanted}` is missing in:\n{error}");
        }
        assert_eq!(parse("a = 1\nb = 2").unwrap_err().problems.len(), 2);
    }
}
