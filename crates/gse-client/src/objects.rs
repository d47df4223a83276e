//! The signed PUT of a package (cloud-api.md §2.1, GetUploadCredentials), path style.

use reqwest::{Url, header};

use crate::{PutError, Trust, http_client, start_of};

/// Puts `body` at `{objects_url}/{bucket}/{key}` with the authorisation that GetUploadCredentials gave.
///
/// # Errors
/// See [`PutError`]; a refusal carries the endpoint's text.
pub async fn put_object(
    objects_url: &str,
    bucket: &str,
    key: &str,
    authorization: &str,
    body: Vec<u8>,
) -> Result<(), PutError> {
    put_object_trusting(objects_url, bucket, key, authorization, body, &Trust::default()).await
}

/// The same, with a say in which certificates an `https://` address may have.
///
/// # Errors
/// See [`PutError`]; a refusal carries the endpoint's text.
pub async fn put_object_trusting(
    objects_url: &str,
    bucket: &str,
    key: &str,
    authorization: &str,
    body: Vec<u8>,
    trust: &Trust,
) -> Result<(), PutError> {
    let url = address(objects_url, bucket, key)?;
    let refuse = |reason| PutError::Address { url: url.to_string(), reason };
    let transport = |source| PutError::Transport { url: url.to_string(), source };
    let client = http_client(&url, trust).map_err(refuse)?.build().map_err(transport)?;
    let request = client.put(url.clone()).header(header::AUTHORIZATION, authorization);
    // A refusal is for a person.
    let request = request.header(header::ACCEPT, "text/plain");
    let request = request.header(header::CONTENT_TYPE, "application/zip").body(body);
    let response = request.send().await.map_err(transport)?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let text = response.bytes().await.map_err(transport)?;
    let text = start_of(&text).trim().to_owned();
    Err(PutError::Refused { url: url.to_string(), status: status.as_u16(), text })
}

/// Reads the text behind an address that the service signed, such as `PreSignedLogUrl` of an event.
///
/// # Errors
/// See [`PutError`]; a refusal carries the endpoint's text.
pub(crate) async fn get_text(url: &str, trust: &Trust) -> Result<String, PutError> {
    let refuse = |reason| PutError::Address { url: url.to_owned(), reason };
    let transport = |source| PutError::Transport { url: url.to_owned(), source };
    let address = Url::parse(url).map_err(|error| refuse(error.to_string()))?;
    let client = http_client(&address, trust).map_err(refuse)?.build().map_err(transport)?;
    let response = client.get(address).send().await.map_err(transport)?;
    let status = response.status();
    let body = response.bytes().await.map_err(transport)?;
    if status.is_success() {
        return Ok(String::from_utf8_lossy(&body).into_owned());
    }
    let text = start_of(&body).trim().to_owned();
    Err(PutError::Refused { url: url.to_owned(), status: status.as_u16(), text })
}

/// The address of an object; each part of the key is percent-encoded.
pub(crate) fn address(objects_url: &str, bucket: &str, key: &str) -> Result<Url, PutError> {
    let refuse = |reason: String| PutError::Address { url: format!("{objects_url}/{bucket}/{key}"), reason };
    let mut url = Url::parse(objects_url).map_err(|error| refuse(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("only `http://HOST:PORT` and `https://HOST:PORT` work".into()));
    }
    if bucket.is_empty() || key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(refuse("the bucket or a part of the key is empty, `.` or `..`".into()));
    }
    url.path_segments_mut()
        .map_err(|()| refuse("it has no path".into()))?
        .pop_if_empty()
        .push(bucket)
        .extend(key.split('/'));
    Ok(url)
}
