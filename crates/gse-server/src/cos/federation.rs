//! Temporary keys for uploads (GetUploadFederationToken): made here, and taken here.

use gse_api::signature::federation::{self, Credentials, Grant, Token};
use gse_core::id::{BucketName, Scope};
use gse_core::time::Timestamp;

use gse_api::signature::tc3::Key;

use crate::account::Signer;
use crate::http::Api;
use crate::ids::random_text;

/// Characters that tell one grant from another.
const NONCE_LENGTH: usize = 16;

/// Credentials for a bucket, and when they end.
pub(crate) fn issue(api: &Api, signer: &Signer, bucket: &BucketName) -> (Credentials, Timestamp) {
    let until = api.clock.now().plus(api.config.clocks.upload_token);
    let nonce = random_text(NONCE_LENGTH);
    let grant = Grant { bucket: bucket.as_str(), until: until.seconds(), nonce: &nonce };
    (federation::issue(&grant, key(signer)), until)
}

/// What a security token says, believed as little as whoever sends it.
///
/// # Errors
/// That it is none.
pub(super) fn read(token: &str) -> Result<Token, String> {
    Token::parse(token).ok_or_else(|| "the security token is none of this service".to_owned())
}

/// The secret key of the temporary credentials that this token belongs to, if they were made from this key and are good
/// for the bucket and for the SecretId.
pub(super) fn secret_key(
    api: &Api,
    parent: &Signer,
    scope: &Scope,
    secret_id: &str,
    token: Token,
) -> Result<String, String> {
    let (bucket, until, now) = (token.bucket.clone(), token.until, api.clock.now().seconds());
    let Some(credentials) = token.verify(&parent.secret_key, now) else {
        return Err(format!(
            "the security token is not good, or has ended: it says `{until}`, the clock `{now}`"
        ));
    };
    if credentials.secret_id != secret_id {
        return Err("the security token belongs to another SecretId".to_owned());
    }
    let wanted = BucketName::of(scope);
    if bucket != wanted.as_str() {
        return Err(format!("the security token is for the bucket `{bucket}`, not for `{wanted}`"));
    }
    Ok(credentials.secret_key)
}

fn key(signer: &Signer) -> Key<'_> {
    Key { secret_id: &signer.secret_id, secret_key: &signer.secret_key }
}
