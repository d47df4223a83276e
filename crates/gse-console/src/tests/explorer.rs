//! The explorer shows requests and code that do what they say, whatever was typed.

use gse_api::signature::tc3;
use gse_api::{Action, PRODUCT};
use serde_json::Value;

use super::{Browser, HOST, HOSTILE, NOW};

/// A reader who sends what is on the page is let in.
#[tokio::test]
async fn the_request_that_is_shown_is_the_one_that_is_signed() {
    let mut browser = Browser::with_login(true);
    browser.get("/console").await;
    browser.post("/console/login", &[("secret_id", "right"), ("secret_key", "TOPSECRET")]).await;
    let fields = [("Name", HOSTILE), ("RoutingStrategy.Type", "TERMINAL"), ("_do", "show")];
    let seen = browser.post("/console/explorer/CreateAlias", &fields).await;
    let (_, shown) = seen.text.split_once("POST / HTTP/1.1\n").unwrap();
    let shown = shown.split_once("</code>").unwrap().0;
    let shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    let (headers, body) = shown.split_once("\n\n").unwrap();
    let authorization = headers.lines().find_map(|line| line.strip_prefix("Authorization: ")).unwrap();
    let call = tc3::Call {
        method: "POST",
        host: HOST,
        query: "",
        content_type: "application/json",
        body: body.as_bytes(),
    };
    let key = tc3::Key { secret_id: "right", secret_key: "TOPSECRET" };
    assert_eq!(authorization, tc3::sign(&call, key, PRODUCT, NOW), "{body}");
    let sent: Value = serde_json::from_str(body).unwrap();
    assert_eq!(sent["Name"], HOSTILE);
}

#[tokio::test]
async fn nothing_that_was_typed_reorders_the_request_or_the_code() {
    let mut browser = Browser::new();
    let name = format!("{HOSTILE}\u{feff}\u{2066}");
    let path = "/console/explorer/CreateAlias";
    let seen = browser.post(path, &[("Name", &name), ("_do", "show")]).await;
    let codes = seen.text.split("<code>").filter_map(|text| text.split_once("</code>"));
    let codes: Vec<&str> = codes.map(|(code, _)| code).filter(|code| code.contains("gnp.😀")).collect();
    assert_eq!(codes.len(), 8, "the request and seven languages");
    for code in codes {
        assert!(
            code.contains("u202egnp.😀\\") && !code.contains(['\u{202e}', '\u{feff}', '\u{2066}']),
            "{code}"
        );
    }
    browser.post(path, &[("Name", &name), ("_do", "call")]).await;
    assert_eq!(browser.bodies(Action::CreateAlias)[0]["Name"], *name);
}
