//! Temporary keys for uploads (GetUploadFederationToken): made here, and taken here.

use gse_api::signature::federation::{self, Credentials, Grant, Token};
use gse_core::id::{BucketName, Scope};
use gse_core::time::Timestamp;

use super::key;
use crate::http::Api;
use crate::ids::random_text;

/// Characters that tell one grant from another.
const NONCE_LENGTH: usize = 16;

/// Credentials for a bucket, and when they end.
pub(crate) fn issue(api: &Api, bucket: &BucketName) -> (Credentials, Timestamp) {
    let until = api.clock.now().plus(api.config.clocks.upload_token);
    let nonce = random_text(NONCE_LENGTH);
    let grant = Grant { bucket: bucket.as_str(), until: until.seconds(), nonce: &nonce };
    (federation::issue(&grant, key(api)), until)
}

/// The secret key of the temporary credentials that this token belongs to, if they are good for the bucket and for the
/// SecretId.
pub(super) fn secret_key(api: &Api, scope: &Scope, secret_id: &str, token: &str) -> Result<String, String> {
    let malformed = || "the security token is none of this service".to_owned();
    let token = Token::parse(token).ok_or_else(malformed)?;
    let parent = key(api);
    if token.parent_secret_id != parent.secret_id {
        return Err(malformed());
    }
    let (bucket, until, now) = (token.bucket.clone(), token.until, api.clock.now().seconds());
    let Some(credentials) = token.verify(parent.secret_key, now) else {
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
