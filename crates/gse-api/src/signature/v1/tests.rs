//! The vectors of §1.7.

use super::{Algorithm, Call, Parameter, Signed, sign};
use crate::{ErrorCode, admission::Received};

const SECRET_KEY: &str = "EXAMPLEsecretKey0123456789abcdef";
const HOST: &str = "gse.tencentcloudapi.com";
const NOW: i64 = 1_609_502_400;

const SESSION: [(&str, &str); 5] = [
    ("MaximumPlayerSessionCount", "10"),
    ("FleetId", "fleet-qp3g3caa-2m6pzf4g"),
    ("GameProperties.0.Key", "mode"),
    ("GameProperties.0.Value", "ranked solo"),
    ("Name", "房间-1"),
];

/// Name, business parameters, method, `SignatureMethod`, signature.
type Vector =
    (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str, &'static str);

const VECTORS: [Vector; 5] = [
    ("CreateGameServerSession", &SESSION, "POST", "HmacSHA1", "iK8cZwcSFhiifJonzXGWCTeskvk="),
    (
        "CreateGameServerSession",
        &SESSION,
        "POST",
        "HmacSHA256",
        "G9QlynKlcNkM9aaMFG2rwCy8UX9BC/ziL+SK5tscJlM=",
    ),
    (
        "CreateGameServerSession",
        &SESSION,
        "GET",
        "HmacSHA256",
        "Bel/CzuwtQPs51FrA7PCkvfTvsH72URYx7Si6f36CaU=",
    ),
    (
        "UpdateBucketCORSOpt",
        &[
            ("AllowedOrigins.0", "*"),
            ("AllowedMethods.0", "GET"),
            ("AllowedMethods.1", "PUT"),
            ("MaxAgeSeconds", "60"),
        ],
        "POST",
        "HmacSHA256",
        "kLg0w3RMA9VjGeFpkoNfZbUVPsQcXk8jZktwrOUYgKw=",
    ),
    (
        "UpdateBucketAccelerateOpt",
        &[("Allowed", "True")],
        "POST",
        "HmacSHA256",
        "BPgdtP8/ai25XNbiTmOhk/j7MhUdUsfD+yx/ZwHZ+s0=",
    ),
];

fn parameters(vector: &Vector) -> Vec<Parameter> {
    let (action, own, _, algorithm, signature) = vector;
    let common = [
        ("Action", *action),
        ("RequestClient", "SDK_PYTHON_3.1.195"),
        ("Nonce", "123456789"),
        ("Timestamp", "1609502400"),
        ("Version", "2019-11-12"),
        ("Region", "ap-shanghai"),
        ("SecretId", "AKIDEXAMPLEaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("SignatureMethod", algorithm),
        ("Language", "en-US"),
        ("Signature", signature),
    ];
    own.iter().chain(&common).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn verify(
    (method, path, host): (&str, &str, &str),
    parameters: &[Parameter],
    algorithm: Algorithm,
    signature: &str,
    now: i64,
) -> Result<(), ErrorCode> {
    let headers = [("Host", host)];
    let received = Received { method, path, query: "", headers: &headers, body: b"" };
    let signed = Signed { algorithm, parameters, signature, timestamp: NOW };
    let public_hosts = ["gse.example.org".to_owned()];
    signed.verify(&received, SECRET_KEY, now, &public_hosts).map_err(|error| error.code)
}

#[test]
fn the_vectors_are_signed_and_accepted() {
    for vector in &VECTORS {
        let (action, _, method, algorithm, signature) = *vector;
        let (parameters, algorithm) = (parameters(vector), Algorithm::parse(algorithm).unwrap());
        let call = Call { method, host: HOST, path: "/", parameters: &parameters };
        assert_eq!(sign(&call, SECRET_KEY, algorithm), signature, "{action} {method}");
        assert_eq!(verify((method, "/", HOST), &parameters, algorithm, signature, NOW), Ok(()), "{action}");
    }
}

#[test]
fn what_was_changed_is_noticed() {
    let vector = &VECTORS[1];
    let (given, signature) = (parameters(vector), vector.4);
    let refused = Err(ErrorCode::AuthFailureSignatureFailure);
    let at = |parameters: &[Parameter]| {
        verify(("POST", "/", HOST), parameters, Algorithm::HmacSha256, signature, NOW)
    };
    for changed in 0..given.len() - 1 {
        let mut parameters = given.clone();
        parameters[changed].1.push('0');
        assert_eq!(at(&parameters), refused, "{}", given[changed].0);
        parameters.remove(changed);
        assert_eq!(at(&parameters), refused, "without {}", given[changed].0);
    }
    let with = |algorithm, signature: &str| verify(("POST", "/", HOST), &given, algorithm, signature, NOW);
    assert_eq!(with(Algorithm::HmacSha1, signature), refused);
    for signature in ["", "x", "!!!!", &signature[..signature.len() - 1], &signature.replace('=', "%3D")] {
        assert_eq!(with(Algorithm::HmacSha256, signature), refused, "{signature}");
    }
    assert_eq!(verify(("GET", "/", HOST), &given, Algorithm::HmacSha256, signature, NOW), refused);
    assert_eq!(verify(("POST", "/", "evil"), &given, Algorithm::HmacSha256, signature, NOW), refused);
}

/// The candidates of §1.6: what clients sign for the host and path that they send.
#[test]
fn hosts_and_paths_are_tried_as_clients_sign_them() {
    let parameters = parameters(&VECTORS[1]);
    let sent_and_signed = [
        (("127.0.0.1:8080", "/"), ("127.0.0.1:8080", "/")),
        (("127.0.0.1:8080", "/"), ("127.0.0.1", "/")),
        (("http://127.0.0.1:8080", "/"), ("http://127.0.0.1:8080", "/")),
        (("http://127.0.0.1:8080", "/"), ("127.0.0.1:8080", "/")),
        (("127.0.0.1:8080/gse", "/"), ("127.0.0.1:8080/gse", "/")),
        (("127.0.0.1:8080", "/gse"), ("127.0.0.1:8080", "/gse")),
        (("127.0.0.1:8080", "/gse"), ("127.0.0.1:8080", "/")),
        (("http://localhost:8080/gse", "/gse"), ("localhost:8080", "/")),
        (("internal:9", "/"), ("gse.example.org", "/")),
    ];
    for ((sent, sent_path), (host, path)) in sent_and_signed {
        for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
            let call = Call { method: "POST", host, path, parameters: &parameters };
            let signature = sign(&call, SECRET_KEY, algorithm);
            let verified = verify(("POST", sent_path, sent), &parameters, algorithm, &signature, NOW);
            assert_eq!(verified, Ok(()), "{sent}{sent_path} signed as {host}{path}");
        }
    }
}

/// The Python SDK signs `A_B` as `A.B`; the order is that of the names as they are signed.
#[test]
fn names_with_an_underscore_may_be_signed_with_a_dot() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let sent = [pair("A_B", "1"), pair("A0", "2"), pair("Action", "ListFleets")];
    let signed = [pair("A.B", "1"), pair("A0", "2"), pair("Action", "ListFleets")];
    for parameters in [&sent, &signed] {
        let call = Call { method: "POST", host: HOST, path: "/", parameters };
        let signature = sign(&call, SECRET_KEY, Algorithm::HmacSha256);
        assert_eq!(verify(("POST", "/", HOST), &sent, Algorithm::HmacSha256, &signature, NOW), Ok(()));
    }
}

#[test]
fn the_clock_may_differ_by_300_seconds() {
    let vector = &VECTORS[0];
    let parameters = parameters(vector);
    for (skew, expected) in [
        (300, Ok(())),
        (-300, Ok(())),
        (301, Err(ErrorCode::AuthFailureSignatureExpire)),
        (-301, Err(ErrorCode::AuthFailureSignatureExpire)),
    ] {
        let verified = verify(("POST", "/", HOST), &parameters, Algorithm::HmacSha1, vector.4, NOW + skew);
        assert_eq!(verified, expected, "{skew}");
    }
}

#[test]
fn algorithms_have_exact_names() {
    assert_eq!(Algorithm::parse("HmacSHA1"), Some(Algorithm::HmacSha1));
    assert_eq!(Algorithm::default(), Algorithm::HmacSha1);
    for name in ["HmacMD5", "hmacsha1", "HmacSHA512", "TC3-HMAC-SHA256"] {
        assert_eq!(Algorithm::parse(name), None, "{name}");
    }
}
