//! SearchGameServerSessions: the filter and sort expressions, and what they find (cloud-api.md 6.1).

use std::cmp::Ordering;
use std::sync::Arc;

use crate::error::Error;
use crate::game_server_session::{GameServerSession, GameServerSessionStatus, Target};
use crate::id::Scope;
use crate::page::{Position, TokenPage};
use crate::player_session::PlayerSessionCreationPolicy;
use crate::state::State;

mod parse;

pub use parse::{parse_filter, parse_sort};

/// What a comparison looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the operand of that name in the spec's table")]
pub enum Operand {
    GameServerSessionName,
    GameServerSessionId,
    Property(String),
    HasAvailablePlayerSessions,
    MaximumSessions,
    PlayerSessionCount,
    CreationTimeMillis,
}

/// How it compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the operator of that name")]
pub enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A filter expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Either side.
    Or(Box<Filter>, Box<Filter>),
    /// Both sides.
    And(Box<Filter>, Box<Filter>),
    /// The opposite.
    Not(Box<Filter>),
    /// A text is or is not a value.
    Text(Operand, bool, String),
    /// A number compares with a value in thousandths, so that `2.5` is exact without floats.
    Number(Operand, Operator, i128),
}

impl Filter {
    /// Whether a session passes.
    pub fn matches(&self, session: &GameServerSession) -> bool {
        match self {
            Self::Or(left, right) => left.matches(session) || right.matches(session),
            Self::And(left, right) => left.matches(session) && right.matches(session),
            Self::Not(inner) => !inner.matches(session),
            // A property that the session does not have: `=` is false, `<>` is true.
            Self::Text(operand, equal, value) => (text(session, operand) == Some(value.as_str())) == *equal,
            Self::Number(operand, operator, value) => {
                let order = (i128::from(number(session, operand)) * 1000).cmp(value);
                match operator {
                    Operator::Equal => order.is_eq(),
                    Operator::NotEqual => order.is_ne(),
                    Operator::Greater => order.is_gt(),
                    Operator::GreaterOrEqual => order.is_ge(),
                    Operator::Less => order.is_lt(),
                    Operator::LessOrEqual => order.is_le(),
                }
            }
        }
    }
}

fn text<'a>(session: &'a GameServerSession, operand: &Operand) -> Option<&'a str> {
    match operand {
        Operand::GameServerSessionName => Some(&session.name),
        Operand::GameServerSessionId => Some(session.id.as_str()),
        Operand::Property(key) => {
            session.properties.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
        }
        Operand::HasAvailablePlayerSessions => Some(if has_available(session) { "true" } else { "false" }),
        Operand::MaximumSessions | Operand::PlayerSessionCount | Operand::CreationTimeMillis => None,
    }
}

fn has_available(session: &GameServerSession) -> bool {
    session.free_seats() > 0 && session.policy == PlayerSessionCreationPolicy::AcceptAll && session.enabled
}

fn number(session: &GameServerSession, operand: &Operand) -> i64 {
    match operand {
        Operand::MaximumSessions => i64::from(session.max_players),
        Operand::PlayerSessionCount => i64::from(session.seats_taken),
        Operand::CreationTimeMillis => session.created.millis(),
        Operand::GameServerSessionName
        | Operand::GameServerSessionId
        | Operand::Property(_)
        | Operand::HasAvailablePlayerSessions => 0,
    }
}

/// The order of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// One of the five fields that can be sorted by.
    pub field: Operand,
    /// The direction; ties ascend by id in any case.
    pub ascending: bool,
}

impl Sort {
    /// Without a sort expression.
    pub const DEFAULT: Self = Self { field: Operand::CreationTimeMillis, ascending: true };

    fn compare(&self, a: &GameServerSession, b: &GameServerSession) -> Ordering {
        let order = match text(a, &self.field).zip(text(b, &self.field)) {
            Some((a, b)) => a.cmp(b),
            None => number(a, &self.field).cmp(&number(b, &self.field)),
        };
        let order = if self.ascending { order } else { order.reverse() };
        order.then_with(|| a.id.cmp(&b.id))
    }
}

/// What SearchGameServerSessions asks for.
#[derive(Clone, Debug)]
pub struct SearchQuery {
    /// Who asks.
    pub scope: Scope,
    /// FleetId or AliasId.
    pub target: Target,
    /// FilterExpression; `None` or blank: all.
    pub filter: Option<String>,
    /// SortExpression.
    pub sort: Option<String>,
    /// NextToken.
    pub next_token: Option<String>,
    /// Records at most, 1–100.
    pub limit: usize,
}

/// The ACTIVE sessions of one fleet that match (G-20).
pub fn search(state: &State, query: &SearchQuery) -> Result<TokenPage<Arc<GameServerSession>>, Error> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let (filter_text, sort_text) = (given(&query.filter), given(&query.sort));
    let filter = filter_text.as_deref().map(parse_filter).transpose()?;
    let sort = sort_text.as_deref().map(parse_sort).transpose()?.unwrap_or(Sort::DEFAULT);
    let fleet = query.target.resolve(state, &query.scope)?;
    let mut sessions: Vec<&GameServerSession> = state
        .sessions_of(&fleet.id)
        .filter(|session| session.status == GameServerSessionStatus::Active)
        .filter(|session| filter.as_ref().is_none_or(|filter| filter.matches(session)))
        .collect();
    sessions.sort_by(|a, b| sort.compare(a, b));
    let question = format!("search {:?} {:?} {filter_text:?} {sort_text:?}", query.scope, query.target);
    let after = crate::page::position(&question, query.next_token.as_deref())?;
    // Also those that have ended since.
    let ids = state.sessions_of(&fleet.id).map(|session| session.id.as_str());
    let after = after.map(|after| after.complete(ids));
    let page = page(state, sessions, &question, &sort, (after, query.limit));
    let shared = |session: &GameServerSession| state.game_server_sessions.get_shared(&session.id).cloned();
    Ok(TokenPage { items: page.items.into_iter().filter_map(shared).collect(), next_token: page.next_token })
}

/// Numbers page by their value. Texts page by where the last session of the page before would stand now.
fn page<'a>(
    state: &State,
    sessions: Vec<&'a GameServerSession>,
    question: &str,
    sort: &Sort,
    (after, limit): (Option<Position>, usize),
) -> TokenPage<&'a GameServerSession> {
    let by_number = matches!(
        sort.field,
        Operand::MaximumSessions | Operand::PlayerSessionCount | Operand::CreationTimeMillis
    );
    if by_number {
        return crate::page::cut_by_token(
            sessions,
            question,
            after.as_ref(),
            limit,
            sort.ascending,
            |session| (number(session, &sort.field), session.id.to_string()),
        );
    }
    let rank = |id: &str| match state.game_server_sessions.get(&crate::id::GameServerSessionId::new(id)) {
        Some(last) => sessions.partition_point(|session| sort.compare(session, last).is_lt()),
        None => 0,
    };
    let start = match after {
        None => 0,
        Some(Position { id, .. }) => {
            let at = rank(&id);
            at + usize::from(sessions.get(at).is_some_and(|session| session.id.as_str() == id))
        }
    };
    let items: Vec<_> = sessions.iter().skip(start).take(limit).copied().collect();
    let more = start + items.len() < sessions.len();
    let next_token =
        items.last().filter(|_| more).map(|last| crate::page::token_of(last.id.as_str(), question));
    TokenPage { items, next_token }
}

#[cfg(test)]
mod grammar;
#[cfg(test)]
mod tests;
