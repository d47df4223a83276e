//! Pieces of text that several narrators share.

use std::time::Duration;

use serde_json::Value;

/// Requests up to this length are shown in one line.
const ONE_LINE: usize = 88;

/// A duration as a reader says it: `0.4 s`, `12.3 s`, `3 min 05 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        let tenths = (duration.as_millis() + 50) / 100;
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// A request as a quoted shell word: in one line if it is short or has one member, else one member per line.
pub(crate) fn shell_json(request: &Value) -> String {
    let short = request.to_string();
    let text = match request {
        Value::Object(members) if short.len() > ONE_LINE && members.len() > 1 => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("  {}: {value}", Value::from(name.as_str())))
                .collect();
            format!("{{\n{}\n}}", members.join(",\n"))
        }
        _ => short,
    };
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn durations_are_said_as_a_reader_says_them() {
        assert_eq!(duration(Duration::from_millis(449)), "0.4 s");
        assert_eq!(duration(Duration::from_millis(12_350)), "12.4 s");
        assert_eq!(duration(Duration::from_secs(185)), "3 min 05 s");
    }

    #[test]
    fn a_quote_inside_a_request_survives_the_shell() {
        assert_eq!(shell_json(&json!({"Name": "Ada's"})), r#"'{"Name":"Ada'\''s"}'"#);
    }

    #[test]
    fn a_long_request_has_one_member_per_line() {
        let long = "x".repeat(80);
        assert_eq!(
            shell_json(&json!({"A": long, "B": [1]})),
            format!("'{{\n  \"A\": \"{long}\",\n  \"B\": [1]\n}}'")
        );
    }
}
