//! What a page and the server say to each other: JSON texts. Limits are those of `game_net::protocol`.

use game_net::protocol::{CHAT_TEXT_MAX, PLAYER_ID_MAX, Presence, ServerMessage};
use serde::{Deserialize, Serialize};

/// The name and version of this conversation.
pub(super) const PROTOCOL: &str = "opengse-lobby-web/1";
/// Longest text from a page in bytes: a player id in which every byte is escaped, and the rest of the Hello.
pub(super) const TEXT_MAX: usize = 6 * PLAYER_ID_MAX + 1024;

/// From the page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum FromPage {
    /// The answer to the challenge: who wants to join, and that they know their PlayerSessionId.
    Hello { player_id: String, nonce: String, proof: String },
    /// Says something to everybody in the session.
    Chat { text: String },
    /// Ends the session for everybody, where players may.
    End {},
    /// Leaves; the player session is lost.
    Leave {},
}

/// To the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub(super) enum ToPage {
    /// The first word: what the proof has to be over.
    Challenge { protocol: &'static str, nonce: String },
    /// The player is in. Nothing else may be believed before this proof was checked.
    Welcome { proof: String, may_end: bool },
    /// The player is not in; it carries no proof.
    Refused { reason: String },
    /// Who was there already, oneself included; may come in parts.
    Here { player_ids: Vec<String> },
    /// Somebody came in.
    Joined { player_id: String },
    /// Somebody left.
    Left { player_id: String },
    /// Somebody says something; not markup.
    Chat { from: String, text: String },
    /// The session ends.
    Closing { reason: String },
}

impl FromPage {
    /// The message in a text; `None` if it is none, or too long.
    pub(super) fn parse(text: &str) -> Option<FromPage> {
        let message: FromPage = serde_json::from_str(text).ok()?;
        let fits = |text: &str, most: usize| (1..=most).contains(&text.len());
        let is_good = match &message {
            FromPage::Hello { player_id, .. } => fits(player_id, PLAYER_ID_MAX),
            FromPage::Chat { text } => fits(text, CHAT_TEXT_MAX),
            FromPage::End {} | FromPage::Leave {} => true,
        };
        is_good.then_some(message)
    }
}

impl ToPage {
    /// What the lobby says to its guests, for a page. `None`: nothing that a page could use.
    pub(super) fn of(message: ServerMessage) -> Option<ToPage> {
        match message {
            ServerMessage::Presence(Presence::Here { player_ids }) => Some(ToPage::Here { player_ids }),
            ServerMessage::Presence(Presence::Joined { player_id }) => Some(ToPage::Joined { player_id }),
            ServerMessage::Presence(Presence::Left { player_id }) => Some(ToPage::Left { player_id }),
            ServerMessage::Chat { from, text } => Some(ToPage::Chat { from, text }),
            ServerMessage::Closing { reason } => Some(ToPage::Closing { reason }),
            // A page's own handshake says these; matches are not for pages.
            _ => None,
        }
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("texts and lists of texts always have a JSON form")
    }
}

/// Thirty-two bytes as hexadecimal digits.
pub(super) fn bytes(hexadecimal: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hexadecimal, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_the_protocol_is_no_message() {
        let good = FromPage::parse(r#"{"type":"chat","text":"hi"}"#);
        assert_eq!(good, Some(FromPage::Chat { text: "hi".to_owned() }));
        assert_eq!(FromPage::parse(r#"{"type":"end"}"#), Some(FromPage::End {}));
        let hello = r#"{"type":"hello","playerId":"a","nonce":"","proof":""}"#;
        assert!(matches!(FromPage::parse(hello), Some(FromPage::Hello { .. })));
        let long = format!(r#"{{"type":"chat","text":"{}"}}"#, "x".repeat(CHAT_TEXT_MAX + 1));
        for bad in [
            "",
            "[]",
            r#"{"type":"chat"}"#,
            r#"{"type":"chat","text":""}"#,
            r#"{"type":"chat","text":"x","more":1}"#,
            r#"{"type":"kick","playerId":"a"}"#,
            r#"{"type":"hello","playerId":"","nonce":"","proof":""}"#,
            &long,
        ] {
            assert_eq!(FromPage::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_longest_hello_fits() {
        let player_id = "\u{1}".repeat(PLAYER_ID_MAX);
        let hello = serde_json::json!({"type": "hello", "playerId": player_id, "nonce": "0".repeat(64), "proof": "0".repeat(64)});
        assert!(hello.to_string().len() <= TEXT_MAX);
        assert!(FromPage::parse(&hello.to_string()).is_some());
    }

    #[test]
    fn proofs_are_sixty_four_digits() {
        assert_eq!(bytes(&"0a".repeat(32)), Some([10; 32]));
        for bad in ["", "0a", &"zz".repeat(32), &"0a".repeat(33)] {
            assert_eq!(bytes(bad), None);
        }
    }
}
