//! The line that is being written in the lobby.

use bevy::prelude::Resource;
use game_net::protocol::CHAT_TEXT_MAX;

/// What was typed so far.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    text: String,
}

impl Draft {
    /// What was typed so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Adds what a key wrote, as far as a line of chat can be so long. Control characters are no text.
    pub(crate) fn write(&mut self, typed: &str) {
        for character in typed.chars().filter(|character| !character.is_control()) {
            if self.text.len() + character.len_utf8() > CHAT_TEXT_MAX {
                break;
            }
            self.text.push(character);
        }
    }

    /// Takes the last character back.
    pub(crate) fn erase(&mut self) {
        self.text.pop();
    }

    /// What is to be said, if it is more than blanks; the line is empty then.
    pub(crate) fn send(&mut self) -> Option<String> {
        let text = std::mem::take(&mut self.text);
        let said = text.trim();
        (!said.is_empty()).then(|| said.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use game_net::protocol::CHAT_TEXT_MAX;

    use super::Draft;

    #[test]
    fn a_line_is_written_and_said() {
        let mut draft = Draft::default();
        draft.write(" hi\r");
        draft.write("!?");
        draft.erase();
        assert_eq!(draft.text(), " hi!");
        assert_eq!(draft.send().as_deref(), Some("hi!"));
        assert_eq!(draft.send(), None, "it was said");
        draft.write("   ");
        assert_eq!(draft.send(), None, "blanks are nothing to say");
        draft.erase();
    }

    #[test]
    fn a_line_is_never_longer_than_the_server_takes() {
        let mut draft = Draft::default();
        draft.write(&"ü".repeat(CHAT_TEXT_MAX));
        assert_eq!(draft.text().len(), CHAT_TEXT_MAX);
        draft.write("a");
        assert_eq!(draft.send().unwrap().len(), CHAT_TEXT_MAX);
    }
}
