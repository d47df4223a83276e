//! Each code that an action lists and that can be provoked, provoked over a socket (issue 5 "Errors").
//!
//! The rows are text, because `cargo xtask codegen` counts them for `docs/generated/api-coverage.md`: a row that does not
//! get its code fails here, so what the page counts was answered. `*` stands for every action.
//! What cannot be provoked is listed with its reason in `docs/not-covered.list`.

mod fixture;
pub(super) mod wire;

use axum::extract::Request;
use gse_api::Action;
use gse_api::admission::AuthMode;
use gse_api::rate_limit::Factor;
use serde_json::Value;

use super::super::routes::ROUTED;
use super::stack::{REGION, Stack, signed};
use fixture::Known;
use wire::Wire;

/// A text that no answer may show: it is the value of secret members.
const SECRET: &str = "sesame";

const MEMBERS: &str = include_str!("errors/members.rows");
const STATE: &str = include_str!("errors/state.rows");
const USED_UP: &str = include_str!("errors/used_up.rows");
const CROWDED: &str = include_str!("errors/crowded.rows");
const THROTTLED: &str = include_str!("errors/throttled.rows");
const BROKEN_STORE: &str = include_str!("errors/broken_store.rows");
const DENIED: &str = include_str!("errors/denied.rows");
const CLOSED: &str = include_str!("errors/closed.rows");
const GATEWAY: &str = include_str!("errors/gateway.rows");

/// Every table whose rows are asked of actions. The page counts whatever lies beside it, so none may be left out.
const TABLES: &[&str] = &[MEMBERS, STATE, USED_UP, CROWDED, THROTTLED, BROKEN_STORE, DENIED, CLOSED];

/// What is asked of an action, and what it must answer.
struct Row {
    action: Action,
    code: &'static str,
    named: &'static str,
    members: &'static str,
}

/// The rows of a table; `*` is a row for each action.
fn rows(table: &'static str) -> Vec<Row> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.flat_map(row).collect()
}

fn row(line: &'static str) -> Vec<Row> {
    let parts: Vec<&str> = line.splitn(4, " | ").collect();
    let [action, code, named, members] = parts[..] else { panic!("a row has four columns: {line}") };
    let row = |action| Row { action, code, named, members };
    if action == "*" {
        return Action::ALL.into_iter().map(row).collect();
    }
    vec![row(Action::parse(action).unwrap_or_else(|| panic!("no action `{action}`")))]
}

impl Row {
    /// What is wrong with the answer, if anything is.
    fn fault(&self, known: &Known, answer: &Result<Value, wire::Refusal>) -> Option<String> {
        let Self { action, code, members, .. } = self;
        let refusal = match answer {
            Ok(answer) => return Some(format!("{action:?} {members}: not {code} but success: {answer}")),
            Err(refusal) => refusal,
        };
        let named = known.in_text(self.named);
        let shows_secret = [SECRET, known.secret_key()].iter().any(|secret| refusal.text.contains(secret));
        let is_right = refusal.code == *code && refusal.message.contains(&named) && !shows_secret;
        let text = &refusal.text;
        (!is_right).then(|| format!("{action:?} {members}: wanted {code} naming `{named}`:\n{text}\n"))
    }
}

/// Asks every row with the local account's key.
async fn check(known: &Known, wire: &mut Wire, stack: &Stack, table: &'static str) {
    check_as(known, wire, table, |action, body| stack.signed(action, body)).await;
}

/// Asks every row, then every row again from the last to the first: a refusal changes nothing, so the order of rows does
/// not matter.
async fn check_as(
    known: &Known,
    wire: &mut Wire,
    table: &'static str,
    signed: impl Fn(&str, &str) -> Request,
) {
    let rows = rows(table);
    assert!(!rows.is_empty());
    let mut faults = Vec::new();
    for row in rows.iter().chain(rows.iter().rev()) {
        let body = known.in_members(row.members);
        let answer = wire.call(signed(row.action.name(), &body)).await;
        faults.extend(row.fault(known, &answer));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_by_itself() {
    let stack = Stack::start();
    let mut wire = Wire::open(&stack).await;
    check(&Known::nothing(&stack), &mut wire, &stack, MEMBERS).await;
}

#[tokio::test]
async fn what_the_state_does_not_allow() {
    let stack = Stack::start();
    let known = Known::everything(&stack).await;
    let mut wire = Wire::open(&stack).await;
    check(&known, &mut wire, &stack, STATE).await;
}

#[tokio::test]
async fn what_a_used_up_quota_does_not_allow() {
    let stack = Stack::start_with(AuthMode::Required, |config| {
        let quotas = &mut config.quotas;
        (quotas.aliases, quotas.queues, quotas.assets, quotas.fleets) = (1, 1, 1, 1);
    });
    let known = Known::one_of_each(&stack).await;
    let mut wire = Wire::open(&stack).await;
    check(&known, &mut wire, &stack, USED_UP).await;
    let stack = Stack::start_with(AuthMode::Required, |config| config.quotas.instances = 1);
    let known = Known::one_of_each(&stack).await;
    let mut wire = Wire::open(&stack).await;
    check(&known, &mut wire, &stack, CROWDED).await;
}

#[tokio::test]
async fn what_a_broken_object_store_does_not_allow() {
    let stack = Stack::start();
    let known = Known::one_of_each(&stack).await;
    let objects = stack.api.config.data_dir.join("objects");
    std::fs::remove_dir_all(&objects).unwrap();
    std::fs::write(&objects, "no directory").unwrap();
    let mut wire = Wire::open(&stack).await;
    check(&known, &mut wire, &stack, BROKEN_STORE).await;
}

#[tokio::test]
async fn who_may_not_call() {
    let stack = Stack::start_with(AuthMode::Required, |config| config.access = fixture::access());
    let mut wire = Wire::open(&stack).await;
    let known = Known::nothing(&stack);
    let at = stack.clock.now().seconds();
    let by = |key| move |action: &str, body: &str| signed(key, REGION, action, body, at);
    check_as(&known, &mut wire, DENIED, by(fixture::NOBODY)).await;
    check_as(&known, &mut wire, CLOSED, by(fixture::CLOSED)).await;
}

#[tokio::test]
async fn what_the_rate_does_not_allow() {
    // One call of each action in a second, and the clock stands.
    let stack =
        Stack::start_with(AuthMode::Required, |config| config.limits.rate = Factor::new(f64::MIN_POSITIVE));
    let mut wire = Wire::open(&stack).await;
    for action in Action::ALL {
        // Whatever it is answered.
        let _ = wire.call(stack.signed(action.name(), "{}")).await;
    }
    check(&Known::nothing(&stack), &mut wire, &stack, THROTTLED).await;
}

/// Codes that any action may answer before it is looked at (5.1).
const BEFORE: &[&str] = &[
    "UnknownParameter",
    "MissingParameter",
    "InvalidParameter",
    "InvalidParameterValue",
    "RequestLimitExceeded",
    "UnauthorizedOperation",
    "UnauthorizedOperation.ServiceNotOpened",
];
/// What the contract says in words and the list lacks: cloud-api.md 2, "common code, not on its list".
const IN_WORDS: &[(Action, &str)] = &[
    (Action::CreateAlias, "ResourceNotFound"),
    (Action::CreateAsset, "LimitExceeded"),
    (Action::CreateGameServerSessionQueue, "ResourceNotFound"),
];
/// R76: fleets that are made answer for their networks as AttachCcnInstances does.
const OF_NETWORKS: &[&str] = &[
    "LimitExceeded.CcnLimitExceeded",
    "ResourceNotFound.CcnResourceNotFound",
    "UnsupportedOperation.CcnAttached",
    "UnsupportedOperation.UinNotFound",
];
/// Whether an action may answer a code: its list is what its clients know.
fn may_answer(action: Action, code: &str) -> bool {
    let listed = action.error_codes().iter().any(|listed| listed.as_str() == code);
    let makes_fleets = matches!(action, Action::CreateFleet | Action::CopyFleet);
    let of_networks = makes_fleets && OF_NETWORKS.contains(&code);
    listed || of_networks || BEFORE.contains(&code) || IN_WORDS.contains(&(action, code))
}

#[test]
fn no_table_is_left_out() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/tests/errors");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = names.filter(|name| name.extension().is_some_and(|extension| extension == "rows"));
    for text in texts.map(|name| std::fs::read_to_string(name).unwrap()) {
        assert!(TABLES.contains(&&*text) || text == GATEWAY, "no test asks the rows of: {text}");
    }
}

#[test]
fn a_row_has_a_code_that_the_action_lists_or_any_action_may_answer() {
    for row in TABLES.iter().flat_map(|table| rows(table)) {
        assert!(may_answer(row.action, row.code), "{:?} does not list {}", row.action, row.code);
    }
}

/// Every id of the fixture in every place where a row has one: whatever comes of it, the code is one that the action may
/// answer. What removes something is followed by a fixture of its own.
#[tokio::test]
async fn whatever_is_named_the_code_is_one_that_the_action_lists() {
    const REMOVING: [&str; 3] = ["Delete", "Detach", "End"];
    let mut faults = Vec::new();
    let mut stack = Stack::start();
    let mut known = Known::everything(&stack).await;
    for action in ROUTED.iter().copied() {
        let rows: Vec<Row> =
            TABLES.iter().flat_map(|table| rows(table)).filter(|row| row.action == action).collect();
        for body in rows.iter().flat_map(|row| known.with_every_id(row.members)) {
            if let Err((code, message)) = stack.call(action.name(), &body).await
                && !may_answer(action, &code)
            {
                faults.push(format!("{action:?} {body}: {code}: {message}"));
            }
        }
        if REMOVING.iter().any(|word| action.name().starts_with(word)) {
            stack = Stack::start();
            known = Known::everything(&stack).await;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A row of `gateway.rows`: a good call of ListAliases with one thing changed.
#[tokio::test]
async fn what_any_action_may_answer() {
    let stack = Stack::start();
    let known = Known::nothing(&stack);
    let mut faults = Vec::new();
    let lines = GATEWAY.lines();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let parts: Vec<&str> = line.rsplitn(3, " | ").collect();
        let [named, code, change] = parts[..] else { panic!("a row has three columns: {line}") };
        let row = Row { action: Action::ListAliases, code, named, members: change };
        // A connection of its own: what was too large to be read ends it.
        let answer = Wire::open(&stack).await.call(fixture::changed(&stack, change)).await;
        faults.extend(row.fault(&known, &answer));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
