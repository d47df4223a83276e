use gse_core::id::{Region, Uin};

use super::*;

fn place(uri: &str, host: &str) -> Option<Place> {
    Place::of(&Request::put(uri).header("Host", host).body(Body::empty()).unwrap())
}

fn object(bucket: &str, path: &str) -> Option<Place> {
    Some(Place::Object { bucket: bucket.into(), path: path.into() })
}

#[test]
fn an_object_is_named_by_path_or_by_host() {
    let cases = [
        ("/objects/b/k.zip", "127.0.0.1:8080", object("b", "/k.zip")),
        ("/objects/b/a/%20/k.zip?x=1", "h", object("b", "/a/%20/k.zip")),
        ("/objects/b", "h", object("b", "/")),
        ("/objects/", "h", object("", "/")),
        ("/k.zip", "b.cos.ap-shanghai.myqcloud.com", object("b", "/k.zip")),
        ("/objects/b/k.zip", "c.cos.ap-shanghai.myqcloud.com:8080", object("c", "/objects/b/k.zip")),
        ("/objects/_session-logs/ab/x.zip", "h", Some(Place::SessionLog { key: "ab/x.zip".into() })),
        ("/objects/_logs/event-1", "h", Some(Place::Log { event: "event-1".into() })),
    ];
    for (uri, host, wanted) in cases {
        assert_eq!(place(uri, host), wanted, "{uri} at {host}");
    }
}

#[test]
fn everything_else_is_for_the_cloud_api() {
    for (uri, host) in [
        ("/", "127.0.0.1:8080"),
        ("/objects", "h"),
        ("/objectsome/b/k", "h"),
        ("/k.zip", ".cos.ap-shanghai.myqcloud.com"),
        ("/k.zip", "b.cos..myqcloud.com"),
        ("/k.zip", "cos.ap-shanghai.myqcloud.com"),
        ("/k.zip", "b.cos.ap-shanghai.myqcloud.com.example.org"),
    ] {
        assert_eq!(place(uri, host), None, "{uri} at {host}");
    }
}

#[test]
fn a_bucket_name_says_whose_and_where() {
    let scope = Scope { uin: Uin::new("100000000001"), region: Region::new("ap-shanghai") };
    assert_eq!(BucketName::of(&scope).as_str(), "gse-100000000001-ap-shanghai");
    assert_eq!(bucket_host(&scope), "gse-100000000001-ap-shanghai.cos.ap-shanghai.myqcloud.com");
}
