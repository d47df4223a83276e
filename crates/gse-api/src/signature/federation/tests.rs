use super::{Grant, Token, issue};
use crate::signature::tc3::Key;

const PARENT: Key<'_> = Key { secret_id: "AKIDparent", secret_key: "secret" };
const GRANT: Grant<'_> = Grant { bucket: "gse-1-ap-shanghai", until: 1000, nonce: "one" };

#[test]
fn a_token_gives_back_the_credentials_it_was_made_with() {
    let made = issue(&GRANT, PARENT);
    let token = Token::parse(&made.token).expect("one of ours");
    assert_eq!(
        (&*token.parent_secret_id, &*token.bucket, token.until),
        ("AKIDparent", "gse-1-ap-shanghai", 1000)
    );
    assert_eq!(token.clone().verify("secret", 1000).as_ref(), Some(&made));
    assert_eq!(token.clone().verify("secret", 1001), None);
    assert_eq!(token.verify("another", 1000), None);
    let other = issue(&Grant { nonce: "two", ..GRANT }, PARENT);
    assert!(other.secret_id != made.secret_id && other.secret_key != made.secret_key);
    assert!(!format!("{made:?}").contains(&made.secret_key));
}

#[test]
fn a_changed_token_is_worth_nothing() {
    let made = issue(&GRANT, PARENT);
    let text = String::from_utf8(hex::decode(&made.token).unwrap()).unwrap();
    for (from, to) in [("shanghai", "beijing"), (";1000;", ";9999;"), ("one", "two")] {
        let token = Token::parse(&hex::encode(text.replace(from, to))).expect("the form is right");
        assert_eq!(token.verify("secret", 900), None, "{to}");
    }
    for text in ["", "zz", "00", &made.token[2..], &hex::encode("gse1;a;b")] {
        assert_eq!(Token::parse(text), None, "{text}");
    }
}
