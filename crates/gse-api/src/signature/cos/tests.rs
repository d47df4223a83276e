//! Upload authorisations: the form of §2.1, and every way to be refused.

use super::{Authorization, Grant, Refusal, Signable, Upload, sign, sign_request};
use crate::signature::tc3::Key;

const KEY: Key<'_> = Key { secret_id: "AKID", secret_key: "secret" };
const GRANT: Grant<'_> = Grant {
    method: "PUT",
    object_key: "games/arena 房.zip",
    host: "gse-100.cos.ap-shanghai.myqcloud.com",
    from: 1000,
    to: 1360,
};
const UPLOAD: Upload<'_> = Upload {
    method: "PUT",
    path: "/games/arena%20%E6%88%BF.zip",
    hosts: &["127.0.0.1:8080", "gse-100.cos.ap-shanghai.myqcloud.com"],
    headers: &[],
    query: "",
};

fn verify(text: &str, upload: &Upload<'_>, secret_key: &str, now: i64) -> Result<(), Refusal> {
    Authorization::parse(text)?.verify(upload, secret_key, now)
}

#[test]
fn the_text_has_the_documented_form() {
    let text = sign(&GRANT, KEY);
    let start = "q-sign-algorithm=sha1&q-ak=AKID&q-sign-time=1000;1360&q-key-time=1000;1360&q-header-list=host\
                 &q-url-param-list=&q-signature=";
    let signature = text.strip_prefix(start).expect("the documented form");
    assert_eq!(signature.len(), 40);
}

/// Computed step by step with another implementation (Python's hmac and hashlib) of the published algorithm.
#[test]
fn the_signature_is_that_of_the_published_algorithm() {
    let grant = Grant { object_key: "a.zip", host: "127.0.0.1:8080", ..GRANT };
    assert!(
        sign(&grant, KEY).ends_with("&q-signature=f81ece32041d20013e9487ffcef1c5fe4b862d69"),
        "{}",
        sign(&grant, KEY)
    );
}

#[test]
fn a_good_upload_is_accepted_in_its_whole_time() {
    let text = sign(&GRANT, KEY);
    for now in [1000, 1200, 1360] {
        assert_eq!(verify(&text, &UPLOAD, "secret", now), Ok(()), "{now}");
    }
}

#[test]
fn it_expires() {
    let text = sign(&GRANT, KEY);
    for now in [999, 1361] {
        assert_eq!(
            verify(&text, &UPLOAD, "secret", now),
            Err(Refusal::Expired { from: 1000, to: 1360, now })
        );
    }
}

#[test]
fn it_is_bound_to_method_key_host_secret_and_time() {
    let text = sign(&GRANT, KEY);
    let other_method = Upload { method: "GET", ..UPLOAD };
    assert_eq!(verify(&text, &other_method, "secret", 1200), Err(Refusal::WrongMethod { granted: "put" }));
    let other_key = Upload { path: "/games/other.zip", ..UPLOAD };
    assert_eq!(verify(&text, &other_key, "secret", 1200), Err(Refusal::Mismatch));
    let other_host = Upload { hosts: &["127.0.0.1:8080"], ..UPLOAD };
    assert_eq!(verify(&text, &other_host, "secret", 1200), Err(Refusal::Mismatch));
    assert_eq!(verify(&text, &UPLOAD, "another", 1200), Err(Refusal::Mismatch));
    let longer = text.replace("1360", "9999");
    assert_eq!(verify(&longer, &UPLOAD, "secret", 1200), Err(Refusal::Mismatch));
}

/// As the vendor's SDKs sign: some headers and parameters, sorted, names in lower case. Computed with Python's hmac and
/// hashlib over the string that `cos-python-sdk-v5` builds.
#[test]
fn headers_and_parameters_may_be_signed() {
    let text = "q-sign-algorithm=sha1&q-ak=AKID&q-sign-time=1000;1360&q-key-time=1000;1360\
                &q-header-list=content-type;host;x-cos-security-token&q-url-param-list=partnumber;uploadid\
                &q-signature=ec900b6386a8954beca6bec243d91870be2da6de";
    let headers: &[(&str, &str)] = &[
        ("x-unsigned", "anything"),
        ("content-type", "application/octet-stream"),
        ("x-cos-security-token", "a/b+c="),
    ];
    let upload = Upload {
        hosts: &["gse-100.cos.ap-shanghai.myqcloud.com"],
        headers,
        query: "uploadId=0f%2F1&partNumber=2",
        ..UPLOAD
    };
    assert_eq!(verify(text, &upload, "secret", 1200), Ok(()));
    let signable = Signable {
        method: "PUT",
        path: UPLOAD.path,
        query: upload.query,
        headers: &[headers[2], ("host", upload.hosts[0]), headers[1]],
        from: 1000,
        to: 1360,
    };
    assert_eq!(sign_request(&signable, KEY), text);
    assert!(Authorization::parse(text).unwrap().signs_parameter("uploadId"));
    let other_part = Upload { query: "uploadId=0f%2F1&partNumber=3", ..upload };
    assert_eq!(verify(text, &other_part, "secret", 1200), Err(Refusal::Mismatch));
    let other_token: &[(&str, &str)] = &[headers[1], ("x-cos-security-token", "a/b+d=")];
    let other_token = Upload { headers: other_token, ..upload };
    assert_eq!(verify(text, &other_token, "secret", 1200), Err(Refusal::Mismatch));
    let absent = Upload { headers: &[], ..upload };
    assert_eq!(verify(text, &absent, "secret", 1200), Err(Refusal::Mismatch));
}

#[test]
fn other_forms_are_malformed() {
    let good = sign(&GRANT, KEY);
    let broken = [
        String::new(),
        "Bearer x".into(),
        good.replace("sha1", "md5"),
        good.replace("q-ak=AKID&", ""),
        good.replace("q-key-time=1000", "q-key-time=1001"),
        good.replace("1000;1360", "1000"),
        good.replace("q-header-list=host", "q-header-list="),
        good[..good.len() - 1].to_owned(),
        good.replace("q-signature=", "q-signature=Z"),
    ];
    for text in broken {
        assert!(matches!(verify(&text, &UPLOAD, "secret", 1200), Err(Refusal::Malformed(_))), "{text}");
    }
}
