//! The search grammar against a second reading of it (cloud-api.md 6.1): random expressions are written out in random
//! spelling, and what the parser makes of the text must agree with what the expression means.

use proptest::prelude::*;

use super::{Operator, parse_filter};
use crate::fixture::{World, scope, session_request};
use crate::game_server_session::{CreateGameServerSession, GameServerSession};
use crate::player_session::PlayerSessionCreationPolicy;

/// An expression as it is meant.
#[derive(Clone, Debug)]
enum Meaning {
    Name(bool, String),
    Property(usize, bool, String),
    Available(bool, bool),
    /// Variable, operator, value in tenths.
    Number(Variable, Operator, i64),
    Not(Box<Meaning>),
    And(Box<Meaning>, Box<Meaning>),
    Or(Box<Meaning>, Box<Meaning>),
}

#[derive(Clone, Copy, Debug)]
enum Variable {
    Maximum,
    Players,
    Created,
}

const KEYS: [&str; 3] = ["mode", "Key-1", "absent"];

/// What an expression says of a session.
#[derive(Clone, Debug)]
struct Facts {
    name: String,
    mode: String,
    key: String,
    maximum: i64,
    players: i64,
    created_ms: i64,
    open: bool,
}

impl Meaning {
    fn holds(&self, of: &Facts) -> bool {
        match self {
            Self::Name(equal, text) => (of.name == *text) == *equal,
            Self::Property(0, equal, text) => (of.mode == *text) == *equal,
            Self::Property(1, equal, text) => (of.key == *text) == *equal,
            // An unknown key: `=` is false, `<>` is true.
            Self::Property(_, equal, _) => !*equal,
            Self::Available(equal, value) => ((of.open && of.players < of.maximum) == *value) == *equal,
            Self::Number(variable, operator, tenths) => {
                let number = 10
                    * match variable {
                        Variable::Maximum => of.maximum,
                        Variable::Players => of.players,
                        Variable::Created => of.created_ms,
                    };
                match operator {
                    Operator::Equal => number == *tenths,
                    Operator::NotEqual => number != *tenths,
                    Operator::Greater => number > *tenths,
                    Operator::GreaterOrEqual => number >= *tenths,
                    Operator::Less => number < *tenths,
                    Operator::LessOrEqual => number <= *tenths,
                }
            }
            Self::Not(inner) => !inner.holds(of),
            Self::And(left, right) => left.holds(of) && right.holds(of),
            Self::Or(left, right) => left.holds(of) || right.holds(of),
        }
    }

    /// How tightly it binds: a part that binds less than its place needs brackets.
    fn strength(&self) -> u8 {
        match self {
            Self::Or(..) => 0,
            Self::And(..) => 1,
            Self::Not(_) => 2,
            Self::Name(..) | Self::Property(..) | Self::Available(..) | Self::Number(..) => 3,
        }
    }

    /// One of the ways to write it.
    fn write(&self, place: u8, spelling: &mut Spelling<'_>) -> String {
        let text = match self {
            Self::Name(equal, text) => {
                comparison("gameServerSessionName", equality(*equal), &quote(text, spelling), spelling)
            }
            Self::Property(key, equal, text) => {
                let variable = format!("gameServerSessionProperties.{}", KEYS[*key % KEYS.len()]);
                comparison(&variable, equality(*equal), &quote(text, spelling), spelling)
            }
            Self::Available(equal, value) => {
                let value = if spelling.flip() { format!("'{value}'") } else { value.to_string() };
                comparison("hasAvailablePlayerSessions", equality(*equal), &value, spelling)
            }
            Self::Number(variable, operator, tenths) => {
                let variable = match variable {
                    Variable::Maximum => "maximumSessions",
                    Variable::Players => "playerSessionCount",
                    Variable::Created => "creationTimeMillis",
                };
                let operator = match operator {
                    Operator::Equal => "=",
                    Operator::NotEqual => "<>",
                    Operator::Greater => ">",
                    Operator::GreaterOrEqual => ">=",
                    Operator::Less => "<",
                    Operator::LessOrEqual => "<=",
                };
                let sign = if *tenths < 0 { "-" } else { "" };
                let (whole, tenth) = (tenths.abs() / 10, tenths.abs() % 10);
                let value = if tenth > 0 || spelling.flip() {
                    format!("{sign}{whole}.{tenth}")
                } else {
                    format!("{sign}{whole}")
                };
                comparison(variable, operator, &value, spelling)
            }
            Self::Not(inner) => format!("{} {}", spelling.word("not"), inner.write(2, spelling)),
            Self::And(left, right) => {
                format!("{} {} {}", left.write(1, spelling), spelling.word("and"), right.write(2, spelling))
            }
            Self::Or(left, right) => {
                format!("{} {} {}", left.write(0, spelling), spelling.word("or"), right.write(1, spelling))
            }
        };
        if self.strength() < place || spelling.rarely() {
            format!("({}{text})", spelling.blank())
        } else {
            text
        }
    }
}

fn equality(equal: bool) -> &'static str {
    if equal { "=" } else { "<>" }
}

fn comparison(variable: &str, operator: &str, value: &str, spelling: &mut Spelling<'_>) -> String {
    format!("{variable}{}{operator}{}{value}", spelling.blank(), spelling.blank())
}

fn quote(text: &str, spelling: &mut Spelling<'_>) -> String {
    let bare = text.chars().all(|c| c.is_ascii_alphanumeric()) && !text.is_empty();
    if bare && spelling.rarely() {
        return text.to_string();
    }
    let escaped = if spelling.flip() { "''" } else { "\\'" };
    format!("'{}'", text.replace('\'', escaped))
}

/// Choices of spelling, taken from random bytes.
struct Spelling<'a>(std::iter::Cycle<std::slice::Iter<'a, u8>>);

impl Spelling<'_> {
    fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn flip(&mut self) -> bool {
        self.next().is_multiple_of(2)
    }

    fn rarely(&mut self) -> bool {
        self.next().is_multiple_of(5)
    }

    fn blank(&mut self) -> &'static str {
        ["", " ", "  ", "\t"][usize::from(self.next() % 4)]
    }

    fn word(&mut self, keyword: &str) -> String {
        if self.flip() { keyword.to_uppercase() } else { keyword.to_string() }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just("x"), Just("y"), Just("it's"), Just("a b"), Just(""), Just("AND")].prop_map(String::from)
}

fn meaning() -> impl Strategy<Value = Meaning> {
    let variable = prop_oneof![Just(Variable::Maximum), Just(Variable::Players)];
    let operator = prop_oneof![
        Just(Operator::Equal),
        Just(Operator::NotEqual),
        Just(Operator::Greater),
        Just(Operator::GreaterOrEqual),
        Just(Operator::Less),
        Just(Operator::LessOrEqual)
    ];
    let created = (operator.clone(), 16_095_024_000_000_i64 - 2..16_095_024_000_000 + 3);
    let leaf = prop_oneof![
        (any::<bool>(), text()).prop_map(|(equal, text)| Meaning::Name(equal, text)),
        (0..3_usize, any::<bool>(), text())
            .prop_map(|(key, equal, text)| Meaning::Property(key, equal, text)),
        (any::<bool>(), any::<bool>()).prop_map(|(equal, value)| Meaning::Available(equal, value)),
        (variable, operator, -15..60_i64)
            .prop_map(|(variable, operator, tenths)| Meaning::Number(variable, operator, tenths)),
        created.prop_map(|(operator, tenths)| Meaning::Number(Variable::Created, operator, tenths)),
    ];
    leaf.prop_recursive(5, 40, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Meaning::Not(Box::new(inner))),
            (inner.clone(), inner.clone())
                .prop_map(|(left, right)| Meaning::And(Box::new(left), Box::new(right))),
            (inner.clone(), inner).prop_map(|(left, right)| Meaning::Or(Box::new(left), Box::new(right))),
        ]
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    (text(), text(), text(), 0..5_i64, 0..5_i64, 1_609_502_399_999..1_609_502_400_002_i64, any::<bool>())
        .prop_map(|(name, mode, key, maximum, players, created_ms, open)| Facts {
            name,
            mode,
            key,
            maximum,
            players,
            created_ms,
            open,
        })
}

/// A session of which these facts are true.
fn session(template: &GameServerSession, facts: &Facts) -> GameServerSession {
    let count = |number: i64| u32::try_from(number).unwrap();
    let policy = if facts.open {
        PlayerSessionCreationPolicy::AcceptAll
    } else {
        PlayerSessionCreationPolicy::DenyAll
    };
    GameServerSession {
        name: facts.name.clone(),
        properties: vec![("mode".into(), facts.mode.clone()), ("Key-1".into(), facts.key.clone())],
        max_players: count(facts.maximum),
        seats_taken: count(facts.players),
        created: crate::Timestamp::from_millis(facts.created_ms),
        policy,
        ..template.clone()
    }
}

fn template() -> GameServerSession {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let request = CreateGameServerSession { max_players: 4, ..session_request(&scope(), &fleet) };
    world.apply(request).unwrap()
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn a_text_means_what_it_says() {
    let template = template();
    proptest!(config(), |(meaning in meaning(), spelling in proptest::collection::vec(any::<u8>(), 1..64), facts in facts())| {
        let text = meaning.write(0, &mut Spelling(spelling.iter().cycle()));
        let filter = parse_filter(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert_eq!(filter.matches(&session(&template, &facts)), meaning.holds(&facts), "{}", text);
    });
}

/// Whatever comes in is understood or refused with a position inside it.
#[test]
fn nothing_that_is_sent_breaks_the_parser() {
    let pieces = prop_oneof![
        Just("("),
        Just(")"),
        Just("NOT "),
        Just(" AND "),
        Just(" OR "),
        Just("="),
        Just("<>"),
        Just("<="),
        Just("'"),
        Just("\\"),
        Just("\""),
        Just("playerSessionCount"),
        Just("-1.5"),
        Just("é"),
        Just("\u{0}"),
        Just("gameServerSessionProperties."),
        Just("'x'"),
        Just(" "),
    ];
    proptest!(config(), |(parts in proptest::collection::vec(pieces, 0..40))| {
        let text: String = parts.concat();
        if let Err(error) = parse_filter(&text) {
            let crate::Error::Invalid { expected, .. } = &error else {
                return Err(TestCaseError::fail(error.to_string()));
            };
            let position = expected.rsplit(' ').next().and_then(|word| word.parse::<usize>().ok());
            prop_assert!(position.is_some_and(|position| position <= text.len() + 1), "{expected}");
        }
    });
}
