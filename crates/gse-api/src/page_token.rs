//! How long a page token is good (R62). The service keeps no state for one: what it stands for is in it, and so is when it
//! was given. A day later the rows that it stands between may be long gone.

use crate::{ApiError, ErrorCode};

/// Seconds for which a token carries on.
pub const VALIDITY_S: i64 = 24 * 3600;

/// Puts the time, UNIX seconds, to a token; none stays none.
pub fn seal(token: &str, now: i64) -> String {
    if token.is_empty() {
        return String::new();
    }
    format!("{token}-{now:x}-{:016x}", checksum(token, now))
}

/// The token without its time; none, and what is empty, is the first page.
///
/// # Errors
/// `InvalidParameterValue`: it was not given by [`seal`], or too long before `now`.
pub fn open(token: Option<String>, now: i64) -> Result<Option<String>, ApiError> {
    let Some(sealed) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
    let refuse = |why: &str| {
        let text = format!(
            "The value specified in the parameter `NextToken` is not valid. {why}; start again without a token."
        );
        ApiError::new(ErrorCode::InvalidParameterValue, text)
    };
    let Some((token, given)) = read(&sealed) else {
        return Err(refuse("It is damaged, or none of this service"));
    };
    // The service's clock does not go back, but another one may have given the token.
    if now.saturating_sub(given) > VALIDITY_S {
        let hours = VALIDITY_S / 3600;
        return Err(refuse(&format!("It has expired: a token carries on for {hours} hours")));
    }
    Ok(Some(token.to_owned()))
}

fn read(sealed: &str) -> Option<(&str, i64)> {
    let (rest, sum) = sealed.rsplit_once('-')?;
    let (token, given) = rest.rsplit_once('-')?;
    let given = i64::from_str_radix(given, 16).ok()?;
    (u64::from_str_radix(sum, 16).ok()? == checksum(token, given)).then_some((token, given))
}

/// FNV-1a: notices damage; whoever makes up a token sees no more than with one that was given.
fn checksum(token: &str, given: i64) -> u64 {
    let bytes = token.bytes().chain(given.to_be_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: i64 = 1_609_502_400;

    #[test]
    fn a_token_carries_on_for_a_day() {
        let sealed = seal("ntoken-1-2-3", GIVEN);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        assert!(sealed.bytes().all(is_plain), "{sealed}");
        for later in [0, 1, VALIDITY_S] {
            let opened = open(Some(sealed.clone()), GIVEN + later);
            assert_eq!(opened.unwrap().as_deref(), Some("ntoken-1-2-3"), "{later}");
        }
        let error = open(Some(sealed), GIVEN + VALIDITY_S + 1).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidParameterValue);
        assert!(error.message.contains("`NextToken`") && error.message.contains("expired"), "{error}");
    }

    #[test]
    fn no_token_is_the_first_page() {
        assert_eq!(open(None, GIVEN), Ok(None));
        assert_eq!(open(Some(String::new()), GIVEN), Ok(None));
        assert_eq!(seal("", GIVEN), "");
    }

    #[test]
    fn damage_is_noticed() {
        let sealed = seal("ntoken-1-2-3", GIVEN);
        let mut damaged: Vec<String> = ["x", "ntoken-1-2-3", "--", "é-0-0"].map(str::to_owned).to_vec();
        damaged.extend((0..sealed.len()).map(|at| {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            String::from_utf8(bytes).unwrap()
        }));
        damaged.extend((1..sealed.len()).map(|end| sealed[..end].to_owned()));
        for token in damaged {
            let error = open(Some(token.clone()), GIVEN).unwrap_err();
            assert!(error.message.contains("damaged"), "{token}: {error}");
        }
    }
}
