//! What the file says, and what is said of a wrong one.

use gse_api::access::{Decision, Question, decide};

use super::*;

const GOOD: &str = r#"
[[account]]
uin = "100000000011"

  [[account.key]]
  secret_id = "AKIDmain"
  secret_key = "main-0123456789abcdef"

  [[account.key]]
  secret_id = "AKIDold"
  secret_key = "old-0123456789abcdef"
  disabled = true

  [[account.user]]
  name = "ci"
  policies = ["one-fleet", "QcloudGSEReadOnlyAccess"]

    [[account.user.key]]
    secret_id = "AKIDci"
    secret_key = "ci-0123456789abcdef"

  [[account.policy]]
  name = "one-fleet"
  version = "2.0"

    [[account.policy.statement]]
    effect = "allow"
    action = "gse:UpdateFleetCapacity"
    resource = ["qcs::gse::uin/100000000011:fleet/fleet-f"]

[[account]]
uin = "100000000012"
activated = false
"#;

fn local() -> super::super::Account {
    super::super::Account::random()
}

#[test]
fn keys_lead_to_accounts_and_users() {
    let file = AccessFile::parse(GOOD).unwrap();
    let accounts = super::super::Accounts::new(&local(), file).unwrap();
    let main = accounts.signer("AKIDmain").unwrap();
    assert_eq!((main.caller.uin.as_str(), main.caller.user.is_none()), ("100000000011", true));
    assert!(accounts.signer("AKIDold").is_none(), "it is disabled");
    assert!(accounts.is_closed(&Uin::new("100000000012")) && !accounts.is_closed(&main.caller.uin));
    let ci = accounts.signer("AKIDci").unwrap().caller.user.as_ref().unwrap();
    assert_eq!(ci.name, "ci");
    let asked = |action| {
        let question = Question { action, uin: "100000000011", region: "ap-shanghai", resource: None };
        decide(ci.policies.iter().map(|policy| &**policy), &question)
    };
    assert_eq!(asked("ListFleets"), Decision::Allowed { by: "QcloudGSEReadOnlyAccess" });
    assert_eq!(asked("UpdateFleetCapacity"), Decision::NotAllowed, "of no fleet");
    assert_eq!(accounts.of_call(None).caller.uin, local().uin);
}

#[test]
fn no_key_is_in_the_debug_text() {
    let file = AccessFile::parse(GOOD).unwrap();
    let text = format!("{file:?} {:?}", super::super::Accounts::new(&local(), file.clone()).unwrap());
    assert!(text.contains("AKIDmain") && !text.contains("0123456789abcdef"), "{text}");
}

#[test]
fn the_key_of_the_local_account_is_not_given_away() {
    let account = super::super::Account { secret_id: "AKIDci".into(), ..local() };
    let error = super::super::Accounts::new(&account, AccessFile::parse(GOOD).unwrap()).unwrap_err();
    assert!(error.to_string().contains("`AKIDci`"), "{error}");
}

/// A change of the good file, and what is said of it.
fn check(from: &str, to: &str, wanted: &[&str]) {
    assert!(GOOD.contains(from), "{from}");
    let error = AccessFile::parse(&GOOD.replacen(from, to, 1)).unwrap_err().to_string();
    for part in wanted {
        assert!(error.contains(part), "`{part}` is missing in:\n{error}");
    }
    assert!(!error.contains("0123456789abcdef"), "a key is shown:\n{error}");
}

#[test]
fn near_misses_are_told_with_their_line_and_the_fix() {
    check(
        "secret_id = \"AKIDmain\"",
        "secretid = \"AKIDmain\"",
        &["line 6: ", "`secretid`", "did you mean `secret_id`?"],
    );
    check("activated = false", "activate = false", &["line 33: ", "`activate`", "did you mean `activated`?"]);
    check("name = \"ci\"", "nam = \"ci\"", &["line 15: ", "did you mean `name`?"]);
    check("\"one-fleet\", ", "\"one-flet\", ", &["line 16: ", "`one-flet`", "did you mean `one-fleet`?"]);
    check("QcloudGSEReadOnlyAccess", "QcloudGSEReadonly", &["line 16: ", "`QcloudGSEReadOnlyAccess`"]);
    check(
        "gse:UpdateFleetCapacity",
        "gse:UpdateFletCapacity",
        &["line 28: ", "did you mean `gse:UpdateFleetCapacity`?"],
    );
    check(
        "uin/100000000011:fleet",
        "uin/100000000012:fleet",
        &["line 29: ", "another account", "`uin/100000000011`"],
    );
    check("effect = \"allow\"", "effect = \"Allow\"", &["line 27: ", "`Allow`", "write `allow`"]);
    check("version = \"2.0\"", "version = \"1.0\"", &["line 24: ", "`1.0`", "\"2.0\""]);
    check(
        "effect = \"allow\"",
        "effect = \"allow\"\n    condition = { ip = \"10.0.0.1\" }",
        &["line 28: ", "not supported"],
    );
    check("AKIDold", "AKIDmain", &["line 10: ", "`AKIDmain` is there twice"]);
    check("AKIDold", "AKID/old", &["line 10: ", "letters, digits"]);
    check("old-0123456789abcdef", "short", &["line 11: ", "at least 16"]);
    check("uin = \"100000000012\"", "uin = \"100000000011\"", &["line 32: ", "there twice"]);
    check("uin = \"100000000012\"", "uin = \"12-3\"", &["line 32: ", "`12-3` is no account"]);
}

#[test]
fn what_is_no_toml_and_values_of_the_wrong_type_show_no_key() {
    check("secret_key = \"main-0123456789abcdef\"", "secret_key = main-0123456789abcdef", &["line 7"]);
    check("activated = false", "key = \"main-0123456789abcdef\"", &["line 33", "(not shown)"]);
    check("disabled = true", "disabled = \"old-0123456789abcdef\"", &["line 12", "(not shown)"]);
    check("secret_key = \"ci-0123456789abcdef\"", "", &["missing field `secret_key`"]);
}

#[test]
fn all_problems_are_told_at_once() {
    let text =
        GOOD.replace("effect = \"allow\"", "effect = \"alow\"").replace("\"one-fleet\", ", "\"other\", ");
    let error = AccessFile::parse(&text).unwrap_err();
    assert_eq!(error.problems.len(), 2, "{error}");
    assert!(AccessFile::parse("").unwrap().signers.is_empty());
}
