//! Arguments and variables with placeholders: `{port}`, `{session.name}`, `{session.property.map|dm1}`.
//!
//! What is filled in is one argument or value as it stands; no shell ever sees it.

use gse_sdk::GameServerSession;

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Port,
    Session(Field, String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Id,
    Name,
    FleetId,
    MaxPlayers,
    IpAddress,
    Data,
    MatchmakerData,
    Traceparent,
    Property(String),
}

const KNOWN: &str = "port, session.id, session.name, session.fleet_id, session.max_players, session.ip_address, \
                     session.data, session.matchmaker_data, session.traceparent, session.property.KEY";

impl Template {
    /// Reads a text. `{{` and `}}` stand for `{` and `}`. A placeholder of a session may say after `|` what to put
    /// where the session has nothing.
    ///
    /// # Errors
    /// A placeholder that is not known or not closed, in words for the person who wrote it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if from.starts_with("{{") || from.starts_with("}}") {
                plain.push_str(&from[..1]);
                rest = &from[2..];
            } else if let Some(after) = from.strip_prefix('}') {
                plain.push('}');
                rest = after;
            } else {
                let end = from.find('}').ok_or_else(|| {
                    format!("`{text}` has `{{` without `}}`\n  hint: write `{{{{` for a brace that is meant")
                })?;
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(placeholder(&from[1..end])?);
                rest = &from[end + 1..];
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// Whether it can be filled in with a session only.
    pub(crate) fn needs_session(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Session(..)))
    }

    /// Whether it says where the port goes.
    pub(crate) fn has_port(&self) -> bool {
        self.0.contains(&Piece::Port)
    }

    /// The text. Without a session or a port its placeholders are empty.
    pub(crate) fn fill(&self, port: Option<u16>, session: Option<&GameServerSession>) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Port => text.push_str(&port.map(|port| port.to_string()).unwrap_or_default()),
                Piece::Session(field, default) => {
                    let value = session.map(|session| field.of(session)).filter(|value| !value.is_empty());
                    text.push_str(value.as_deref().unwrap_or(default));
                }
            }
        }
        // An argument cannot hold it, and whoever creates sessions must not be able to make the launch fail.
        text.retain(|character| character != '\0');
        text
    }
}

fn placeholder(inside: &str) -> Result<Piece, String> {
    let (name, default) = inside.split_once('|').unwrap_or((inside, ""));
    let field = match name {
        "port" if default.is_empty() => return Ok(Piece::Port),
        "session.id" => Field::Id,
        "session.name" => Field::Name,
        "session.fleet_id" => Field::FleetId,
        "session.max_players" => Field::MaxPlayers,
        "session.ip_address" => Field::IpAddress,
        "session.data" => Field::Data,
        "session.matchmaker_data" => Field::MatchmakerData,
        "session.traceparent" => Field::Traceparent,
        other => match other.strip_prefix("session.property.").filter(|key| !key.is_empty()) {
            Some(key) => Field::Property(key.to_owned()),
            None => {
                return Err(format!(
                    "`{{{inside}}}` is no placeholder\n  hint: known are {KNOWN}; write `{{{{` for a brace that is meant"
                ));
            }
        },
    };
    Ok(Piece::Session(field, default.to_owned()))
}

impl Field {
    fn of(&self, session: &GameServerSession) -> String {
        match self {
            Self::Id => session.game_server_session_id.clone(),
            Self::Name => session.name.clone(),
            Self::FleetId => session.fleet_id.clone(),
            Self::MaxPlayers => session.max_players.to_string(),
            Self::IpAddress => session.ip_address.clone(),
            Self::Data => session.game_server_session_data.clone(),
            Self::MatchmakerData => session.matchmaker_data.clone(),
            Self::Traceparent => session.traceparent.clone(),
            Self::Property(key) => {
                session.properties().get(key.as_str()).map(|value| (*value).to_owned()).unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests;
