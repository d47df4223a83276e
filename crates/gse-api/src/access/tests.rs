//! The rules of operations.md 11 as tables, and S55 to S57.

use super::*;
use crate::{Action, schema::ValueType};

const UIN: &str = "100000000011";

fn statement(effect: Effect, actions: &[&str], resources: &[&str]) -> Statement {
    Statement {
        effect,
        actions: actions.iter().map(|text| ActionPattern::parse(text).unwrap()).collect(),
        resources: resources.iter().map(|text| ResourcePattern::parse(text, UIN).unwrap()).collect(),
    }
}

fn policy(name: &str, statements: Vec<Statement>) -> Policy {
    Policy { name: name.to_owned(), statements }
}

/// What the policies say of an action; on a resource where the request names one.
fn asked<'a>(policies: &'a [Policy], action: &str, body: &str) -> Decision<'a> {
    asked_in(policies, "ap-shanghai", action, body)
}

fn asked_in<'a>(policies: &'a [Policy], region: &str, action: &str, body: &str) -> Decision<'a> {
    let resource = named_by(action, body.as_bytes());
    decide(policies, &Question { action, uin: UIN, region, resource: resource.as_ref() })
}

fn is_allowed(policies: &[Policy], action: &str, body: &str) -> bool {
    matches!(asked(policies, action, body), Decision::Allowed { .. })
}

#[test]
fn s55_a_reader_reads_and_changes_nothing() {
    let policies = [Policy::preset(READ_ONLY_ACCESS).unwrap()];
    for action in Action::ALL {
        let name = action.name();
        let reads =
            ["Get", "Describe", "List", "Resolve", "Search"].iter().any(|start| name.starts_with(start));
        assert_eq!(is_allowed(&policies, name, "{}"), reads, "{name}");
    }
    assert_eq!(asked(&policies, "CreateAlias", "{}"), Decision::NotAllowed);
    let full = [Policy::preset(FULL_ACCESS).unwrap()];
    assert!(Action::ALL.iter().all(|action| is_allowed(&full, action.name(), "{}")));
    assert_eq!(Policy::preset("QcloudCDBReadOnlyAccess"), None);
}

#[test]
fn s56_one_fleet_only() {
    let policies = [policy(
        "one",
        vec![statement(
            Effect::Allow,
            &["gse:UpdateFleetCapacity"],
            &["qcs::gse::uin/100000000011:fleet/fleet-f"],
        )],
    )];
    let allowed = Decision::Allowed { by: "one" };
    assert_eq!(asked(&policies, "UpdateFleetCapacity", r#"{"FleetId":"fleet-f"}"#), allowed);
    assert_eq!(asked_in(&policies, "na-ashburn", "UpdateFleetCapacity", r#"{"FleetId":"fleet-f"}"#), allowed);
    for body in [
        r#"{"FleetId":"fleet-g"}"#,
        r#"{"FleetId":"fleet-f2"}"#,
        r#"{"FleetId":"fleet-f","FleetId":"fleet-g"}"#,
        r#"{"FleetId":["fleet-f"]}"#,
        r#"{"fleetid":"fleet-f"}"#,
        r#"{"FleetId":""}"#,
        r#"{"FleetId":"fleet-f""#,
        "",
    ] {
        assert_eq!(asked(&policies, "UpdateFleetCapacity", body), Decision::NotAllowed, "{body}");
    }
    assert_eq!(asked(&policies, "UpdateFleetName", r#"{"FleetId":"fleet-f"}"#), Decision::NotAllowed);
}

#[test]
fn s57_deny_wins_wherever_it_stands() {
    let allow = statement(Effect::Allow, &["gse:*"], &["*"]);
    let deny = statement(Effect::Deny, &["gse:DeleteFleet"], &["*"]);
    for policies in [
        vec![policy("both", vec![allow.clone(), deny.clone()])],
        vec![policy("both", vec![deny.clone(), allow.clone()])],
        vec![policy("a", vec![allow.clone()]), policy("both", vec![deny.clone()])],
        vec![policy("both", vec![deny]), policy("z", vec![allow])],
    ] {
        let denied = Decision::Denied { by: "both" };
        assert_eq!(asked(&policies, "DeleteFleet", r#"{"FleetId":"fleet-f"}"#), denied);
        assert!(is_allowed(&policies, "UpdateFleetName", r#"{"FleetId":"fleet-f"}"#));
    }
}

#[test]
fn k1_k5_without_a_policy_nothing_is_allowed() {
    for action in Action::ALL {
        assert_eq!(asked(&[], action.name(), r#"{"FleetId":"f","AliasId":"a"}"#), Decision::NotAllowed);
    }
}

#[test]
fn k3_a_star_stands_for_any_text() {
    for (pattern, action, wanted) in [
        ("gse:Create*", "CreateFleet", true),
        ("gse:Create*", "DescribeFleetEvents", false),
        ("gse:*Fleet", "CreateFleet", true),
        ("gse:*Fleet", "UpdateFleetName", false),
        ("gse:D*Fleet*s", "DescribeFleetEvents", true),
        ("gse:D*Fleet*s", "DeleteFleet", false),
        ("gse:DeleteFleet", "DeleteFleet", true),
        ("gse:DeleteFleet*", "DeleteFleet", true),
        ("gse:Describe*Fleet*Fleet*", "DescribeFleetEvents", false),
        ("gse:*", "Diagnose", true),
    ] {
        let parsed = ActionPattern::parse(pattern);
        let matched = parsed.as_ref().is_ok_and(|parsed| parsed.matches(action));
        assert_eq!(matched, wanted, "{pattern} {action}");
    }
}

/// K-4, K-10, C16: resource, region of the call, kind and id of the call.
#[test]
fn k4_resources_are_matched_part_by_part() {
    let alias = (ResourceKind::Alias, "alias-1");
    let queue = (ResourceKind::Queue, "eu");
    for (pattern, region, (kind, id), wanted) in [
        ("*", "ap-beijing", alias, true),
        ("qcs::gse:ap-beijing:uin/100000000011:alias/alias-1", "ap-beijing", alias, true),
        ("qcs::gse:ap-beijing:uin/100000000011:alias/alias-1", "ap-shanghai", alias, false),
        ("qcs::gse:bj:uin/100000000011:alias/alias-1", "ap-beijing", alias, true),
        ("qcs::gse:sh:uin/100000000011:alias/alias-1", "ap-beijing", alias, false),
        ("qcs::gse::uin/100000000011:alias/*", "eu-moscow", alias, true),
        ("qcs::gse::uin/:alias/*", "eu-moscow", alias, true),
        ("qcs::gse:::alias/alias-2", "eu-moscow", alias, false),
        ("qcs::gse:::fleet/*", "eu-moscow", alias, false),
        ("qcs::gse:::gameServerSessionQueue/eu", "eu-moscow", queue, true),
        ("qcs::gse:::queue/e*", "eu-moscow", queue, true),
    ] {
        let resource = Resource { kind, id: id.to_owned() };
        let question = Question { action: "X", uin: UIN, region, resource: Some(&resource) };
        let parsed = ResourcePattern::parse(pattern, UIN).unwrap();
        assert_eq!(parsed.matches(&question), wanted, "{pattern} {region} {id}");
        let nothing = Question { resource: None, ..question };
        assert_eq!(parsed.matches(&nothing), pattern == "*", "{pattern}");
    }
}

#[test]
fn k6_the_members_that_name_resources_exist() {
    let mut count = 0;
    for action in Action::ALL {
        let Some((_, member)) = resource::kind_of(action.name()) else { continue };
        let found = action.request_schema().member(member).unwrap_or_else(|| panic!("{action:?} {member}"));
        assert!(matches!(found.value, ValueType::Text(_)), "{action:?}");
        count += 1;
    }
    // The list of K-6 without the three that are not in the schema.
    assert_eq!(count, 3 + 4 + 3 + 20);
}

/// R97, K-9: what lies beside the cloud API is no way round a policy, and needs no policy of its own.
#[test]
fn r97_an_extension_is_judged_as_its_counterpart_too() {
    let queue = r#"{"GameServerSessionQueueName":"eu","PlacementId":"p"}"#;
    let alias = r#"{"AliasId":"alias-1"}"#;
    let fleet = r#"{"FleetId":"fleet-f"}"#;
    for (action, counterpart, resource, body) in [
        ("StartMatchPlacement", "StartGameServerSessionPlacement", "gameServerSessionQueue/eu", queue),
        ("SetAliasCanary", "UpdateAlias", "alias/alias-1", alias),
        ("DescribeAliasCanary", "DescribeAlias", "alias/alias-1", alias),
        ("ExplainFleetCapacity", "DescribeScalingPolicies", "fleet/fleet-f", fleet),
        ("Diagnose", "DescribeFleetEvents", "fleet/fleet-f", fleet),
    ] {
        let everything = policy("all", vec![statement(Effect::Allow, &["gse:*"], &["*"])]);
        let here = format!("qcs::gse::uin/{UIN}:{resource}");
        let elsewhere = here.replace("/eu", "/us").replace("-1", "-2").replace("-f", "-g");
        for name in [action, counterpart] {
            let name = format!("gse:{name}");
            let rule = |effect, on: &str| policy("rule", vec![statement(effect, &[&name], &[on])]);
            let denied = [everything.clone(), rule(Effect::Deny, &here)];
            assert_eq!(asked(&denied, action, body), Decision::Denied { by: "rule" }, "{action} {name}");
            assert!(is_allowed(&[everything.clone(), rule(Effect::Deny, &elsewhere)], action, body));
            assert!(is_allowed(&[rule(Effect::Allow, &here)], action, body), "{action} {name}");
            assert!(!is_allowed(&[rule(Effect::Allow, &elsewhere)], action, body), "{action} {name}");
        }
        // The other way round: the right to an extension is no right to the action.
        let extension = policy("own", vec![statement(Effect::Allow, &[&format!("gse:{action}")], &["*"])]);
        assert!(!is_allowed(&[extension], counterpart, body), "{action}");
    }
    let reader = [Policy::preset(READ_ONLY_ACCESS).unwrap()];
    for (action, reads) in [
        ("Diagnose", true),
        ("ExplainFleetCapacity", true),
        ("DescribeAliasCanary", true),
        ("SetAliasCanary", false),
        ("DescribeDemoResource", true),
        ("UpdateDemoResource", false),
        ("CreateAssetAuto", false),
        ("CreateFleetDemo", false),
        ("StartMatchPlacement", false),
        ("SetOpenStatus", false),
    ] {
        assert_eq!(is_allowed(&reader, action, "{}"), reads, "{action}");
    }
}

#[test]
fn patterns_that_match_nothing_say_what_to_write() {
    for (text, hint) in [
        ("*", "`gse:*`"),
        ("DescribeFleets", "begin with `gse:`"),
        ("gse:DescibeFleetEvents", "did you mean `gse:DescribeFleetEvents`?"),
        ("gse:describe*", "matches no action"),
        ("cvm:*", "begin with `gse:`"),
    ] {
        let error = ActionPattern::parse(text).unwrap_err().to_string();
        assert!(error.contains(hint) && error.contains(&format!("`{text}`")), "{text}: {error}");
    }
    for (text, hint) in [
        ("fleet/*", "six parts"),
        ("qcs:p:gse::uin/100000000011:fleet/*", "second part is empty"),
        ("qcs::cvm::uin/100000000011:fleet/*", "`gse`"),
        ("qcs::gse:ap-shanghia:uin/100000000011:fleet/*", "did you mean `ap-shanghai`?"),
        ("qcs::gse::uin/100000000012:fleet/*", "`uin/100000000011`"),
        ("qcs::gse::100000000011:fleet/*", "`uin/100000000011`"),
        ("qcs::gse::uin/100000000011:fleets/*", "did you mean `fleet/…`?"),
        ("qcs::gse::uin/100000000011:instance/*", "`asset`, `alias`, `fleet`"),
        ("qcs::gse::uin/100000000011:fleet", "`fleet/*`"),
        ("qcs::gse::uin/100000000011:*", "names no kind"),
    ] {
        let error = ResourcePattern::parse(text, UIN).unwrap_err().to_string();
        assert!(error.contains(hint) && error.contains("\nhint: "), "{text}: {error}");
    }
}

#[test]
fn a_refusal_names_the_user_the_action_the_resource_and_the_policy() {
    let resource = Resource { kind: ResourceKind::Queue, id: "eu".into() };
    let question = Question {
        action: "UpdateGameServerSessionQueue",
        uin: UIN,
        region: "ap-shanghai",
        resource: Some(&resource),
    };
    let call = SubUserCall { user: "ci", question };
    let error = authorize(&[], &call).unwrap_err();
    assert_eq!(error.code, ErrorCode::UnauthorizedOperation);
    assert_eq!(
        error.message,
        "The user `ci` may not perform `gse:UpdateGameServerSessionQueue` on \
         `qcs::gse:ap-shanghai:uin/100000000011:gameServerSessionQueue/eu`: no policy of the user allows it."
    );
    let deny = policy("none", vec![statement(Effect::Deny, &["gse:*"], &["*"])]);
    assert!(authorize([&deny], &call).unwrap_err().message.ends_with("the policy `none` denies it."));
    // K-7
    let open = SubUserCall { user: "ci", question: Question { action: CHECK_OPEN_STATUS, ..question } };
    assert_eq!(authorize([&deny], &open), Ok(()));
}
