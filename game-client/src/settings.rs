//! What a player may set, and how it is written down: JSON, because it is there already and people can read it.
//!
//! Not here: files (`settings_file.rs`), and keys of the cloud API, which do not belong on a player's machine.

use std::collections::BTreeMap;

use bevy::prelude::Resource;
use game_net::protocol::PLAYER_ID_MAX;
use serde::{Deserialize, Serialize};

use crate::bindings::Bindings;

/// What the player has set.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// What others see.
    pub(crate) name: Option<String>,
    /// Who is asked for a match, `http://HOST:PORT`.
    pub(crate) matchmaker: Option<String>,
    /// Where to play; anywhere if it is not said.
    pub(crate) region: Option<String>,
    /// Which key does what.
    pub(crate) bindings: Bindings,
}

/// The file's members. Unknown ones are refused: to write them away again would lose them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    matchmaker: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
}

impl Settings {
    /// The text of the file.
    pub(crate) fn to_text(&self) -> String {
        let written = Written {
            name: self.name.clone(),
            matchmaker: self.matchmaker.clone(),
            region: self.region.clone(),
            keys: self.bindings.written(),
        };
        let mut text = serde_json::to_string_pretty(&written).expect("settings have string keys only");
        text.push('\n');
        text
    }

    /// What a file says.
    ///
    /// # Errors
    /// What is wrong with it and where, for people.
    pub(crate) fn from_text(text: &str) -> Result<Settings, String> {
        let Written { name, matchmaker, region, keys } =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut problems = Vec::new();
        if let Some(length) = name.as_ref().map(String::len)
            && !(1..=PLAYER_ID_MAX).contains(&length)
        {
            problems.push(format!("`name` must have 1 to {PLAYER_ID_MAX} bytes, it has {length}"));
        }
        if let Some(url) = matchmaker.as_ref().filter(|url| !is_address(url)) {
            problems.push(format!(
                "`matchmaker` must be `http://HOST:PORT` or `https://HOST:PORT`, it is `{url}`"
            ));
        }
        let bindings = Bindings::read(&keys).unwrap_or_else(|more| {
            problems.push(more);
            Bindings::default()
        });
        match problems.is_empty() {
            true => Ok(Settings { name, matchmaker, region, bindings }),
            false => Err(problems.join("\n")),
        }
    }
}

/// Whether this can be the address of a matchmaker.
pub(crate) fn is_address(url: &str) -> bool {
    url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).is_some_and(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests;
