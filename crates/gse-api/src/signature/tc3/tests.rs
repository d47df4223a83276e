//! The vectors of §1.6 and the cases W07 to W13 of §8.

use super::{Authorization, Call, Key, sign, utc_date};
use crate::{ErrorCode, admission::Received};

const SECRET_ID: &str = "AKIDEXAMPLEaaaaaaaaaaaaaaaaaaaaaaaaa";
const SECRET_KEY: &str = "EXAMPLEsecretKey0123456789abcdef";
const KEY: Key<'_> = Key { secret_id: SECRET_ID, secret_key: SECRET_KEY };
const NOW: i64 = 1_609_502_400;
const HOST: &str = "gse.tencentcloudapi.com";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=0123456789abcdef0123456789abcdef";
const V1_BODY: &str = r#"{"MaximumPlayerSessionCount": 10, "FleetId": "fleet-qp3g3caa-2m6pzf4g", "GameProperties": [{"Key": "mode", "Value": "ranked solo"}], "Name": "\u623f\u95f4-1"}"#;
const V1_SIGNATURE: &str = "41d510741ccafe28a030802f570b8d9c2bd97d55d4be8a27d06460b3f38a27bc";
const V2_QUERY: &str = "MaximumPlayerSessionCount=10&FleetId=fleet-qp3g3caa-2m6pzf4g&GameProperties.0.Key=mode&GameProperties.0.Value=ranked+solo&Name=%E6%88%BF%E9%97%B4-1";
const V7_BODY: &str = r#"{"MaximumPlayerSessionCount":10,"FleetId":"fleet-qp3g3caa-2m6pzf4g","GameProperties":[{"Key":"mode","Value":"ranked solo"}],"Name":"房间-1"}"#;
const V8_BODY: &str = "--0123456789abcdef0123456789abcdef\r\nContent-Disposition: form-data; name=\"GameServerSessionId\"\r\n\r\nx\r\n--0123456789abcdef0123456789abcdef\r\nContent-Disposition: form-data; name=\"PlayerId\"\r\n\r\np1\r\n--0123456789abcdef0123456789abcdef--\r\n";

/// A request as it was received, and how it was signed.
#[derive(Clone, Copy)]
struct Vector {
    method: &'static str,
    query: &'static str,
    /// The `Host` header that was sent.
    host: &'static str,
    content_type: &'static str,
    body: &'static str,
    unsigned_payload: bool,
    service: &'static str,
    signature: &'static str,
}

const V1: Vector = Vector {
    method: "POST",
    query: "",
    host: HOST,
    content_type: JSON,
    body: V1_BODY,
    unsigned_payload: false,
    service: "gse",
    signature: V1_SIGNATURE,
};

impl Vector {
    fn authorization(&self) -> String {
        format!(
            "TC3-HMAC-SHA256 Credential={SECRET_ID}/2021-01-01/{}/tc3_request, SignedHeaders=content-type;host, \
             Signature={}",
            self.service, self.signature
        )
    }

    fn verify_with(&self, authorization: &str, now: i64, hosts: &[String]) -> Result<(), ErrorCode> {
        let mut headers = vec![("Host", self.host), ("content-type", self.content_type)];
        if self.unsigned_payload {
            headers.push(("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD"));
        }
        let received = Received {
            method: self.method,
            path: "/",
            query: self.query,
            headers: &headers,
            body: self.body.as_bytes(),
        };
        Authorization::parse(authorization)
            .and_then(|parsed| parsed.verify(&received, SECRET_KEY, NOW, now, hosts))
            .map_err(|error| error.code)
    }

    fn verify(&self) -> Result<(), ErrorCode> {
        self.verify_with(&self.authorization(), NOW, &[])
    }
}

#[test]
fn vectors_v1_to_v8_are_accepted() {
    let vectors = [
        V1,
        Vector {
            method: "GET",
            query: V2_QUERY,
            content_type: FORM,
            body: "",
            signature: "785806416cdbd54fd7f8dd593bc8f563b14f81e204be4d12f9c79ee714ef10b5",
            ..V1
        },
        Vector {
            unsigned_payload: true,
            signature: "f9df455b0345774cfc1596ca4bf29a7dd16aed6429de23f056020c536099913d",
            ..V1
        },
        Vector {
            body: "{}",
            signature: "3998aace43c77cba1a0e6d1658dad97b8affc57d1a311675e9019a234dd300db",
            ..V1
        },
        Vector {
            host: "127.0.0.1:8080",
            signature: "f6826ba112623557c203357767464064827c8880efe3414dfd9078f51babe443",
            ..V1
        },
        Vector {
            host: "http://127.0.0.1:8080",
            signature: "7ce28a20f624f65e53fe2d70a5bceea81ca3d8baab9783455ff3ab61b302872e",
            ..V1
        },
        Vector {
            host: "127.0.0.1:8080",
            service: "127",
            body: V7_BODY,
            signature: "f7301b3b3fd41a3b2e53065ee132f0f9f86d26901613a62ab6978721a9961d40",
            ..V1
        },
        Vector {
            content_type: MULTIPART,
            body: V8_BODY,
            signature: "2fcdea51e73670ff5897527ce2945d47c33850f5672c1612bc7cc019eb0c4043",
            ..V1
        },
    ];
    for (at, vector) in vectors.iter().enumerate() {
        assert_eq!(vector.verify(), Ok(()), "V{}", at + 1);
        // What is signed is everything: another body never fits (GET and unsigned payloads sign no body).
        if vector.method == "POST" && !vector.unsigned_payload {
            let forged = Vector { body: "{\"a\":1}", ..*vector };
            assert_eq!(forged.verify(), Err(ErrorCode::AuthFailureSignatureFailure), "V{}", at + 1);
        }
    }
}

#[test]
fn signing_gives_the_vectors() {
    let call = Call { method: "POST", host: HOST, query: "", content_type: JSON, body: V1_BODY.as_bytes() };
    assert_eq!(sign(&call, KEY, "gse", NOW), V1.authorization());
    let call = Call { method: "GET", query: V2_QUERY, content_type: FORM, body: b"", ..call };
    let expected = "785806416cdbd54fd7f8dd593bc8f563b14f81e204be4d12f9c79ee714ef10b5";
    assert_eq!(sign(&call, KEY, "gse", NOW), Vector { signature: expected, ..V1 }.authorization());
}

#[test]
fn w07_one_changed_byte_is_noticed() {
    let body: &'static str = V1_BODY.replace("10", "11").leak();
    assert_eq!(Vector { body, ..V1 }.verify(), Err(ErrorCode::AuthFailureSignatureFailure));
}

#[test]
fn w08_upper_case_is_never_accepted() {
    let upper: &'static str = V1_SIGNATURE.to_uppercase().leak();
    assert_eq!(Vector { signature: upper, ..V1 }.verify(), Err(ErrorCode::AuthFailureInvalidAuthorization));
}

#[test]
fn w09_w10_the_clock_may_differ_by_300_seconds() {
    let expired = Err(ErrorCode::AuthFailureSignatureExpire);
    for (skew, expected) in [(300, Ok(())), (-300, Ok(())), (301, expired), (-301, expired)] {
        assert_eq!(V1.verify_with(&V1.authorization(), NOW + skew, &[]), expected, "{skew}");
    }
    assert_eq!(V1.verify_with(&V1.authorization(), i64::MIN, &[]), expired);
}

#[test]
fn w11_the_scope_has_the_date_of_the_timestamp() {
    let call = Call { method: "POST", host: HOST, query: "", content_type: JSON, body: V1_BODY.as_bytes() };
    let tomorrow = sign(&call, KEY, "gse", NOW + 86_400);
    assert!(tomorrow.contains("/2021-01-02/"));
    assert_eq!(V1.verify_with(&tomorrow, NOW, &[]), Err(ErrorCode::AuthFailureSignatureFailure));
}

#[test]
fn w13_other_forms_are_not_parsed() {
    let good = V1.authorization();
    let broken = [
        "Bearer x".to_owned(),
        "TC3-HMAC-SHA256".to_owned(),
        "SKIP".to_owned(),
        good.replace("Credential=", "Credentials="),
        good.replace("/tc3_request", ""),
        good.replace("2021-01-01", "2021-1-1"),
        good.replace("content-type;host", "host"),
        good.replace("content-type;host", "content-type"),
        good.replace(V1_SIGNATURE, "41d5"),
        good.replace("TC3-HMAC-SHA256 ", "TC3-HMAC-SHA256"),
    ];
    for text in broken {
        let error = Authorization::parse(&text).expect_err(&text);
        assert_eq!(error.code, ErrorCode::AuthFailureInvalidAuthorization, "{text}");
    }
}

#[test]
fn spaces_after_commas_do_not_matter() {
    for space in ["", "   "] {
        let text = V1.authorization().replace(", ", &format!(",{space}"));
        assert_eq!(V1.verify_with(&text, NOW, &[]), Ok(()));
    }
}

#[test]
fn hosts_are_tried_as_clients_sign_them() {
    let sent_and_signed = [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("127.0.0.1:8080/gse", "127.0.0.1:8080/gse"),
        ("http://localhost:8080/gse", "localhost:8080"),
        ("internal:9", "gse.example.org"),
    ];
    for (sent, signed) in sent_and_signed {
        let call =
            Call { method: "POST", host: signed, query: "", content_type: JSON, body: V1_BODY.as_bytes() };
        let text = sign(&call, KEY, "gse", NOW);
        let vector = Vector { host: sent, ..V1 };
        assert_eq!(vector.verify_with(&text, NOW, &["gse.example.org".into()]), Ok(()), "{sent} {signed}");
    }
    let call = Call { method: "POST", host: "evil", query: "", content_type: JSON, body: V1_BODY.as_bytes() };
    let text = sign(&call, KEY, "gse", NOW);
    assert_eq!(V1.verify_with(&text, NOW, &[]), Err(ErrorCode::AuthFailureSignatureFailure));
}

#[test]
fn a_path_in_the_endpoint_may_be_signed_or_not() {
    let headers = [("host", HOST), ("content-type", JSON)];
    let received =
        Received { method: "POST", path: "/capi", query: "", headers: &headers, body: V1_BODY.as_bytes() };
    let text = V1.authorization();
    let parsed = Authorization::parse(&text).expect("it is a vector");
    assert_eq!(parsed.verify(&received, SECRET_KEY, NOW, NOW, &[]), Ok(()));
}

#[test]
fn another_key_does_not_fit() {
    let headers = [("host", HOST), ("content-type", JSON)];
    let received =
        Received { method: "POST", path: "/", query: "", headers: &headers, body: V1_BODY.as_bytes() };
    let text = V1.authorization();
    let parsed = Authorization::parse(&text).expect("it is a vector");
    assert_eq!(parsed.secret_id, SECRET_ID);
    let refused = parsed.verify(&received, "another", NOW, NOW, &[]).expect_err("another key");
    assert_eq!(refused.code, ErrorCode::AuthFailureSignatureFailure);
}

#[test]
fn dates_are_utc() {
    let dates = [
        (0, "1970-01-01"),
        (951_782_399, "2000-02-28"),
        (951_782_400, "2000-02-29"),
        (951_868_800, "2000-03-01"),
        (1_609_459_199, "2020-12-31"),
        (1_609_459_200, "2021-01-01"),
        (4_107_542_399, "2100-02-28"),
        (4_107_542_400, "2100-03-01"),
    ];
    for (seconds, date) in dates {
        assert_eq!(utc_date(seconds), date);
    }
}
