//! A call as code that a reader can run: curl, tccli, Python, Node.js, Java, Go, Rust.
//!
//! The key comes from the environment. curl, Python and Node.js sign by themselves and need nothing but what they come
//! with. What was typed into the form is quoted as each language wants it; it never leaves its quotes.

/// What is called, and where.
pub(super) struct Call<'a> {
    pub(super) action: &'a str,
    pub(super) region: &'a str,
    pub(super) scheme: &'a str,
    /// Host and port, made plain by [`plain_host`].
    pub(super) host: &'a str,
    /// JSON on one line, made harmless by [`spelled`].
    pub(super) body: &'a str,
}

/// The host that a browser sent, if it is one; else where `gse local` listens.
pub(crate) fn plain_host(host: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '[' | ']');
    if !host.is_empty() && host.chars().all(is_plain) { host.to_owned() } else { "127.0.0.1:8080".to_owned() }
}

/// The languages with the code of each.
pub(super) fn all(call: &Call<'_>) -> [(&'static str, String); 7] {
    [
        ("curl", curl(call)),
        ("tccli", tccli(call)),
        ("Python", python(call)),
        ("Node.js", node(call)),
        ("Java", java(call)),
        ("Go", go(call)),
        ("Rust", rust(call)),
    ]
}

/// JSON in which nothing reorders or ends a line unseen. Rust refuses marks of direction in a literal, Go a byte order
/// mark, JavaScript before 2019 the line ends of Unicode; no reader should run code that is not what it looks like. All of
/// these are inside strings of the JSON, where the escape means the same.
pub(super) fn spelled(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        let is_unseen = matches!(c,
            '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if is_unseen {
            text += &format!("\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

/// In single quotes of a shell nothing is special but they themselves.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A string literal of JSON. With the escapes that serde_json writes it is one of Python, JavaScript, Java and Go too:
/// line ends are `\n` and `\r`, and those of Unicode were [`spelled`].
fn literal(text: &str) -> String {
    serde_json::to_string(text).expect("a text always has a JSON text")
}

/// A raw string literal of Rust, with one more `#` than the text has in a row.
fn raw(text: &str) -> String {
    let longest = text.split(|c| c != '#').map(str::len).max().unwrap_or(0);
    let hashes = "#".repeat(longest + 1);
    format!("r{hashes}\"{text}\"{hashes}")
}

fn fill(template: &str, call: &Call<'_>, body: &str) -> String {
    // The body last, so that nothing in it is taken for a place to fill.
    let text = template
        .replace("@ACTION@", call.action)
        .replace("@REGION@", call.region)
        .replace("@SCHEME@", call.scheme)
        .replace("@HOST@", call.host);
    text.replacen("@BODY@", body, 1)
}

fn curl(call: &Call<'_>) -> String {
    fill(CURL, call, &shell(call.body))
}

fn tccli(call: &Call<'_>) -> String {
    // One line that begins with a brace is not the end of it, and in a quoted here-document nothing is special.
    fill(TCCLI, call, call.body)
}

fn python(call: &Call<'_>) -> String {
    fill(PYTHON, call, &literal(call.body))
}

fn node(call: &Call<'_>) -> String {
    fill(NODE, call, &literal(call.body))
}

fn java(call: &Call<'_>) -> String {
    fill(JAVA, call, &literal(call.body))
}

fn go(call: &Call<'_>) -> String {
    fill(GO, call, &literal(call.body))
}

fn rust(call: &Call<'_>) -> String {
    fill(RUST, call, &raw(call.body))
}

const CURL: &str = r#"#!/bin/bash
# needs TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY
body=@BODY@
now=$(date +%s); day=$(date -u -d "@$now" +%F 2>/dev/null || date -u -r "$now" +%F)
sha() { printf %s "$1" | openssl dgst -sha256 -r | cut -d' ' -f1; }
mac() { printf %s "$2" | openssl dgst -sha256 -r -mac HMAC -macopt "$1" | cut -d' ' -f1; }
request=$(printf 'POST\n/\n\ncontent-type:application/json\nhost:@HOST@\n\ncontent-type;host\n%s' "$(sha "$body")")
text=$(printf 'TC3-HMAC-SHA256\n%s\n%s/gse/tc3_request\n%s' "$now" "$day" "$(sha "$request")")
key=$(mac "key:TC3$TENCENTCLOUD_SECRET_KEY" "$day")
key=$(mac "hexkey:$key" gse); key=$(mac "hexkey:$key" tc3_request)
curl -sS '@SCHEME@://@HOST@/' -H 'Content-Type: application/json' \
  -H 'X-TC-Action: @ACTION@' -H 'X-TC-Version: 2019-11-12' -H 'X-TC-Region: @REGION@' -H "X-TC-Timestamp: $now" \
  -H "Authorization: TC3-HMAC-SHA256 Credential=$TENCENTCLOUD_SECRET_ID/$day/gse/tc3_request, SignedHeaders=content-type;host, Signature=$(mac "hexkey:$key" "$text")" \
  --data-binary "$body"
"#;

/// It reads JSON from files only, and speaks plain HTTP only to an endpoint that says so.
const TCCLI: &str = r#"# needs TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, and a tccli that still knows gse, such as 3.0.1200.1
tccli gse @ACTION@ --region @REGION@ --endpoint @SCHEME@://@HOST@ \
  --cli-input-json file:///dev/stdin <<'END'
@BODY@
END
"#;

const PYTHON: &str = r#"# Python 3, nothing else; needs TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY
import hashlib, hmac, os, time, urllib.request

body = @BODY@.encode()
now = int(time.time())
day = time.strftime("%Y-%m-%d", time.gmtime(now))

def sha(data): return hashlib.sha256(data).hexdigest()
def mac(key, text): return hmac.new(key, text.encode(), hashlib.sha256)

request = "POST\n/\n\ncontent-type:application/json\nhost:@HOST@\n\ncontent-type;host\n" + sha(body)
text = f"TC3-HMAC-SHA256\n{now}\n{day}/gse/tc3_request\n" + sha(request.encode())
key = ("TC3" + os.environ["TENCENTCLOUD_SECRET_KEY"]).encode()
for part in (day, "gse", "tc3_request"):
    key = mac(key, part).digest()
scope = f"{os.environ['TENCENTCLOUD_SECRET_ID']}/{day}/gse/tc3_request"
call = urllib.request.Request("@SCHEME@://@HOST@/", data=body, headers={
    "Content-Type": "application/json",
    "X-TC-Action": "@ACTION@", "X-TC-Version": "2019-11-12", "X-TC-Region": "@REGION@", "X-TC-Timestamp": str(now),
    "Authorization": f"TC3-HMAC-SHA256 Credential={scope}, SignedHeaders=content-type;host, Signature={mac(key, text).hexdigest()}",
})
print(urllib.request.urlopen(call).read().decode())
"#;

const NODE: &str = r#"// Node.js 18 or newer, nothing else; needs TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY
const { createHash, createHmac } = require("node:crypto");

const body = @BODY@;
const now = Math.floor(Date.now() / 1000);
const day = new Date(now * 1000).toISOString().slice(0, 10);
const sha = (text) => createHash("sha256").update(text).digest("hex");
const mac = (key, text, form) => createHmac("sha256", key).update(text).digest(form);

const request = ["POST", "/", "", "content-type:application/json", "host:@HOST@", "", "content-type;host", sha(body)].join("\n");
const text = ["TC3-HMAC-SHA256", now, `${day}/gse/tc3_request`, sha(request)].join("\n");
let key = "TC3" + process.env.TENCENTCLOUD_SECRET_KEY;
for (const part of [day, "gse", "tc3_request"]) key = mac(key, part);
const scope = `${process.env.TENCENTCLOUD_SECRET_ID}/${day}/gse/tc3_request`;
fetch("@SCHEME@://@HOST@/", {
  method: "POST",
  body,
  headers: {
    "Content-Type": "application/json",
    "X-TC-Action": "@ACTION@", "X-TC-Version": "2019-11-12", "X-TC-Region": "@REGION@", "X-TC-Timestamp": String(now),
    Authorization: `TC3-HMAC-SHA256 Credential=${scope}, SignedHeaders=content-type;host, Signature=${mac(key, text, "hex")}`,
  },
}).then((answer) => answer.text()).then(console.log);
"#;

const JAVA: &str = r#"// com.tencentcloudapi:tencentcloud-sdk-java-common
import com.tencentcloudapi.common.CommonClient;
import com.tencentcloudapi.common.Credential;
import com.tencentcloudapi.common.profile.ClientProfile;
import com.tencentcloudapi.common.profile.HttpProfile;

public class Call {
    public static void main(String[] arguments) throws Exception {
        Credential key = new Credential(System.getenv("TENCENTCLOUD_SECRET_ID"), System.getenv("TENCENTCLOUD_SECRET_KEY"));
        HttpProfile http = new HttpProfile();
        http.setProtocol("@SCHEME@://");
        http.setEndpoint("@HOST@");
        ClientProfile profile = new ClientProfile();
        profile.setHttpProfile(http);
        CommonClient client = new CommonClient("gse", "2019-11-12", key, "@REGION@", profile);
        System.out.println(client.call("@ACTION@", @BODY@));
    }
}
"#;

const GO: &str = r#"// github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common
package main

import (
	"fmt"
	"os"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
)

func main() {
	key := common.NewCredential(os.Getenv("TENCENTCLOUD_SECRET_ID"), os.Getenv("TENCENTCLOUD_SECRET_KEY"))
	settings := profile.NewClientProfile()
	settings.HttpProfile.Scheme = "@SCHEME@"
	settings.HttpProfile.Endpoint = "@HOST@"
	client := common.NewCommonClient(key, "@REGION@", settings)
	request := tchttp.NewCommonRequest("gse", "2019-11-12", "@ACTION@")
	if err := request.SetActionParameters(@BODY@); err != nil {
		panic(err)
	}
	answer := tchttp.NewCommonResponse()
	if err := client.Send(request, answer); err != nil {
		panic(err)
	}
	fmt.Println(string(answer.GetBody()))
}
"#;

const RUST: &str = r#"// gse-client, serde_json, tokio; needs TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY
use gse_client::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (id, key) = (std::env::var("TENCENTCLOUD_SECRET_ID")?, std::env::var("TENCENTCLOUD_SECRET_KEY")?);
    let client = Client::new("@SCHEME@://@HOST@", id, key, "@REGION@")?;
    let answer = client.call_json("@ACTION@", @BODY@).await?;
    println!("{:#}", answer.response);
    Ok(())
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stays_in_its_quotes() {
        assert_eq!(shell("it's $(x)"), r"'it'\''s $(x)'");
        assert_eq!(literal("\"\n\\u2028"), r#""\"\n\\u2028""#);
        assert_eq!(raw("a\"##b"), "r###\"a\"##b\"###");
    }

    /// What rustc's `text_direction_codepoint_in_literal` and Go's scanner refuse, and the line ends of Unicode.
    #[test]
    fn what_is_unseen_is_spelled() {
        let refused = ('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}')
            .chain(['\u{feff}', '\u{2028}', '\u{2029}']);
        let typed: String = refused.clone().flat_map(|c| ['\\', c, '"', '维', '😀']).collect();
        let name = serde_json::json!({ "Name": typed });
        let body = spelled(&name.to_string());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap(), name, "{body}");
        assert!(body.contains("维") && body.contains("\\u202e") && body.contains("\\ufeff"), "{body}");
        for (language, text) in
            all(&Call { action: "A", region: "r", scheme: "http", host: "h:1", body: &body })
        {
            for c in refused.clone() {
                assert!(!text.contains(c), "{language} has {c:?}");
            }
        }
    }

    #[test]
    fn a_body_is_put_in_once_and_as_it_is() {
        let body = r#"{"Name":"@ACTION@ @BODY@ 'x'"}"#;
        let call = Call { action: "A", region: "r", scheme: "http", host: "h:1", body };
        for (language, text) in all(&call) {
            assert!(text.contains("@ACTION@ @BODY@"), "{language}: {text}");
            assert!(!text.contains("@HOST@") && !text.contains("@REGION@"), "{language}: {text}");
        }
        assert!(python(&call).contains(r#"body = "{\"Name\":"#));
    }

    /// With `--https` it looks for a proxy of the name that follows, and a body that is no file it refuses to read.
    #[test]
    fn tccli_is_told_the_scheme_and_given_a_file() {
        for scheme in ["http", "https"] {
            let body = r#"{"Name":"it's $(x)"}"#;
            let text = tccli(&Call { action: "A", region: "r", scheme, host: "h:1", body });
            let command = format!(
                "tccli gse A --region r --endpoint {scheme}://h:1 \\\n  --cli-input-json file:///dev/stdin <<'END'\n"
            );
            let (_, rest) = text.split_once(&command).expect("the command is there");
            assert_eq!(rest, format!("{body}\nEND\n"));
        }
    }

    #[test]
    fn a_host_that_is_none_is_not_shown() {
        assert_eq!(plain_host("localhost:8080"), "localhost:8080");
        assert_eq!(plain_host("x'$(id)"), "127.0.0.1:8080");
        assert_eq!(plain_host(""), "127.0.0.1:8080");
    }
}
