//! Who else may call: accounts and users of a file, and HTTPS with a certificate that the service made.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tests::stack::Stack;

/// Secret ids of the file.
const OWNER: &str = "AKIDowner";
const OTHER: &str = "AKIDother";
const READER: &str = "AKIDreader";
const RETIRED: &str = "AKIDretired";

const ACCOUNTS: &str = r#"
[[account]]
uin = "100000000011"

  [[account.key]]
  secret_id = "AKIDowner"
  secret_key = "owner-secret-key"

  [[account.key]]
  secret_id = "AKIDretired"
  secret_key = "retired-secret-key"
  disabled = true

  [[account.user]]
  name = "reader"
  policies = ["QcloudGSEReadOnlyAccess"]

    [[account.user.key]]
    secret_id = "AKIDreader"
    secret_key = "reader-secret-key"

[[account]]
uin = "100000000012"

  [[account.key]]
  secret_id = "AKIDother"
  secret_key = "other-secret-key"
"#;

/// What one of them is answered; `Err` is the error code and the message.
fn call(stack: &Stack, secret_id: &str, action: &str, request: &Value) -> Result<Value, (String, String)> {
    let secret_key = format!("{}-secret-key", secret_id.trim_start_matches("AKID"));
    let output = stack
        .gse_command(&["call", action, "--json", &request.to_string()])
        .env("GSE_SECRET_ID", secret_id)
        .env("GSE_SECRET_KEY", secret_key)
        .output()
        .expect("`gse` starts");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("an answer of the service");
    let Some(error) = answer.get("Error") else { return Ok(answer) };
    assert_eq!(output.status.code(), Some(1), "a refused call ends with 1: {answer}");
    let text = |member: &str| error[member].as_str().unwrap_or_default().to_owned();
    Err((text("Code"), text("Message")))
}

/// `gse local --access FILE`.
fn with_access(directory: &Path, file: &str) -> Stack {
    let path = directory.join("access.toml");
    fs::write(&path, file).expect("a file can be written");
    Stack::with_settings(&[&format!("--access={}", path.display())])
}

#[test]
fn two_accounts_a_reader_and_a_disabled_key() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut stack = with_access(directory.path(), ACCOUNTS);
    let alias = json!({"Name": "lobby", "RoutingStrategy": {"Type": "TERMINAL", "Message": "closed"}});
    let made = call(&stack, OWNER, "CreateAlias", &alias).expect("an owner may do everything");
    let of_alias = json!({ "AliasId": made["Alias"]["AliasId"] });
    let aliases = |stack: &Stack, id: &str| {
        let answer = call(stack, id, "ListAliases", &json!({"Limit": 10}));
        answer.expect("everybody may list").get("TotalCount").and_then(Value::as_u64)
    };
    let code = |stack: &Stack, id: &str, action: &str| {
        let (code, message) = call(stack, id, action, &of_alias).expect_err("it is refused");
        assert!(!message.contains("secret-key"), "{message}");
        (code, message)
    };

    assert_eq!([OWNER, READER, OTHER].map(|id| aliases(&stack, id)), [Some(1), Some(1), Some(0)]);
    assert_eq!(code(&stack, OTHER, "DescribeAlias").0, "ResourceNotFound");
    // The local account of the data directory is a third one, and stays.
    assert_eq!(stack.refused("DescribeAlias", &of_alias), "ResourceNotFound");

    call(&stack, READER, "DescribeAlias", &of_alias).expect("a reader may read");
    let (refused, message) = code(&stack, READER, "DeleteAlias");
    assert_eq!(refused, "UnauthorizedOperation");
    assert!(message.contains("`reader`") && message.contains("gse:DeleteAlias"), "{message}");

    assert_eq!(code(&stack, RETIRED, "DescribeAlias").0, "AuthFailure.SecretIdNotFound");
    assert_eq!(aliases(&stack, OWNER), Some(1), "nothing was deleted");

    // The file is read at each start; what belongs to whom lies in the data directory.
    fs::write(directory.path().join("access.toml"), ACCOUNTS.replace("disabled = true", ""))
        .expect("a file can be written");
    stack.kill_and_restart();
    assert_eq!([RETIRED, OTHER].map(|id| aliases(&stack, id)), [Some(1), Some(0)]);
}

/// Runs `gse call DescribeUserQuotas` at `https://`, with these arguments behind it.
fn quotas(stack: &Stack, arguments: &[&str]) -> (Output, String) {
    let output = stack.gse(&[&["call", "DescribeUserQuotas", "--compact"], arguments].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, said)
}

#[test]
fn https_with_a_certificate_that_the_service_made() {
    let mut stack = Stack::with_settings(&["--tls=self-signed"]);
    assert!(stack.said("api").starts_with("https://"), "{}", stack.ready);
    assert!(stack.said("objects").starts_with("https://"), "{}", stack.ready);
    let ca = stack.said("ca").to_owned();

    let (trusting, said) = quotas(&stack, &["--ca", &ca]);
    assert!(trusting.status.success(), "{said}");
    assert!(String::from_utf8_lossy(&trusting.stdout).contains("QuotaResource"));

    let (distrusting, said) = quotas(&stack, &[]);
    assert_eq!(distrusting.status.code(), Some(3), "not reached: {said}");
    assert!(said.contains("certificate") && said.contains("hint: ") && said.contains("--ca"), "{said}");

    let nothing = stack.directory().join("nothing.pem").display().to_string();
    let (wrong, said) = quotas(&stack, &["--ca", &nothing]);
    assert_eq!(wrong.status.code(), Some(2), "used wrongly: {said}");
    assert!(said.contains("nothing.pem"), "{said}");

    // Who trusts it once trusts it after a restart.
    let before = fs::read(&ca).expect("the certificate is a file");
    stack.kill_and_restart();
    assert_eq!(fs::read(stack.said("ca")).expect("the certificate is a file"), before);
    let (again, said) = quotas(&stack, &["--ca", &ca]);
    assert!(again.status.success(), "{said}");
}
