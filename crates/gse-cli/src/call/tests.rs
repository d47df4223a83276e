//! What is decided before anything is sent.

use super::{Connection, action, body};

#[test]
fn unknown_actions_are_refused_with_the_nearest() {
    let failure = action("createFleet").expect_err("the letter case counts");
    assert_eq!(failure.exit, 2);
    assert_eq!(
        failure.to_string(),
        "error: there is no action `createFleet`\nhint: did you mean `CreateFleet`?"
    );
    let failure = action("MakeCoffee").expect_err("there is none");
    assert!(failure.to_string().ends_with("hint: docs/spec/cloud-api.md lists the 74 actions"));
    assert_eq!(action("ListFleets").map(|action| action.name()).ok(), Some("ListFleets"));
}

#[test]
fn bodies_come_as_text_or_from_files() {
    assert_eq!(body(r#"{"Limit":1}"#).ok().as_deref(), Some(r#"{"Limit":1}"#));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("body.json");
    std::fs::write(&path, "{\"Name\":\"房\"}").expect("a file");
    assert_eq!(body(&format!("@{}", path.display())).ok().as_deref(), Some("{\"Name\":\"房\"}"));
    let failure = body("@/nowhere/body.json").expect_err("there is no such file");
    assert!(
        failure
            .to_string()
            .starts_with("error: cannot read the request from `/nowhere/body.json`\ncaused by: ")
    );
    let failure = body("{Limit:1}").expect_err("it is not JSON");
    assert_eq!(failure.exit, 2);
    assert!(failure.to_string().contains("line 1 column 2"), "{failure}");
}

#[test]
fn a_call_needs_a_key() {
    let connection = |secret_key: &str, endpoint: &str| Connection {
        endpoint: endpoint.into(),
        region: "ap-shanghai".into(),
        secret_id: "AKID".into(),
        secret_key: secret_key.into(),
        certificates: crate::call::Certificates::default(),
    };
    let failure = connection("", "http://127.0.0.1:1").client().expect_err("there is no key");
    assert_eq!(failure.exit, 2);
    assert!(failure.to_string().contains("GSE_SECRET_KEY"));
    assert_eq!(connection("k", "ftp://h").client().expect_err("it is not HTTP").exit, 2);
    assert!(connection("k", "http://127.0.0.1:1").client().is_ok());
}
