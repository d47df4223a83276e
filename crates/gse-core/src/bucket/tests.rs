use super::*;
use crate::fixture::{World, scope, scope_in};

fn rule(origins: &[&str], methods: &[&str], headers: &[&str]) -> CorsRule {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    CorsRule {
        origins: texts(origins),
        methods: texts(methods),
        headers: texts(headers),
        ..CorsRule::default()
    }
}

#[test]
fn an_origin_is_allowed_as_a_whole_or_by_a_star() {
    let check = |allowed: &[&str], origin: &'static str, expected: Option<&str>| {
        let answer = rule(allowed, &["PUT"], &[]).allowed_origin(origin, "PUT");
        assert_eq!(answer, expected, "{allowed:?} {origin}");
    };
    check(&["*"], "https://a.example", Some("*"));
    check(&["https://a.example"], "https://a.example", Some("https://a.example"));
    check(&["https://a.example"], "https://a.example:8080", None);
    check(&["https://a.example"], "http://a.example", None);
    check(&["https://*.example"], "https://a.example", Some("https://a.example"));
    check(&["https://*.example"], "https://example", None);
    check(&["ab*ba"], "aba", None);
    check(&["https://a.example", "*"], "null", Some("*"));
    assert_eq!(rule(&["*"], &["PUT"], &[]).allowed_origin("https://a.example", "GET"), None);
}

#[test]
fn headers_are_allowed_one_by_one() {
    let check = |allowed: &[&str], asked: &[&str], expected: bool| {
        let answer = rule(&["*"], &["PUT"], allowed).allows_headers(asked.iter().copied());
        assert_eq!(answer, expected, "{allowed:?} {asked:?}");
    };
    check(&[], &[], true);
    check(&[], &["authorization"], false);
    check(&["*"], &["authorization", "x-any"], true);
    check(&["Authorization"], &["authorization"], true);
    check(&["x-cos-*"], &["X-Cos-Security-Token"], true);
    check(&["Authorization"], &["authorization", "x-any"], false);
}

#[test]
fn a_bucket_is_made_once_and_keeps_its_options() {
    let mut world = World::new();
    assert_eq!(
        find(world.control_plane.state(), &scope()),
        Err(Error::BucketNotFound(BucketName::of(&scope())))
    );
    world.apply(OpenBucket { scope: scope() }).unwrap();
    let first = find(world.control_plane.state(), &scope()).unwrap().clone();
    world.pass_seconds(60);
    world.apply(UpdateBucketAccelerateOpt { scope: scope(), allowed: true }).unwrap();
    let (one, other) = (rule(&["*"], &["PUT"], &["*"]), rule(&["https://a.example"], &["GET"], &[]));
    world.apply(UpdateBucketCorsOpt { scope: scope(), rule: one }).unwrap();
    world.apply(UpdateBucketCorsOpt { scope: scope(), rule: other.clone() }).unwrap();
    world.apply(OpenBucket { scope: scope() }).unwrap();
    world.restart();
    let expected = Bucket { accelerated: true, cors: Some(other), ..first };
    assert_eq!(find(world.control_plane.state(), &scope()), Ok(&expected));
    assert!(find(world.control_plane.state(), &scope_in("ap-beijing")).is_err());
    // Options can be set before anything was uploaded.
    world.apply(UpdateBucketAccelerateOpt { scope: scope_in("ap-beijing"), allowed: false }).unwrap();
    assert!(find(world.control_plane.state(), &scope_in("ap-beijing")).is_ok());
}
