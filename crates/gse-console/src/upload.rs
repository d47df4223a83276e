//! Uploading a package: what `gse asset upload` does, with the body passed on as it comes.
//!
//! What is refused is refused in words: a browser that is still sending would see no more than a lost connection, so the
//! rest of what it sends is read and thrown away, within bounds.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::stream;
use gse_api::types as wire;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tower::ServiceExt as _;

use crate::cloud::Refusal;
use crate::page::text_response;
use crate::visit::{Visit, escaped};

/// How much of a refusal of the object endpoint is shown.
const REFUSAL_BYTES: usize = 4096;
/// How long what nobody wants is read for the sake of the answer.
const DRAIN_TIME: Duration = Duration::from_secs(60);
/// How much of that is read.
const DRAIN_BYTES: usize = 2 << 30;
/// Pieces of a body on their way.
const PIECES: usize = 4;

/// `PUT /console/upload?name=&version=&os=&image=&tags=`: where to go next, or in words why not.
pub(crate) async fn put(v: &Visit, body: Body, length: Option<&HeaderValue>) -> Response {
    let (pieces, taken) = mpsc::channel(PIECES);
    let pass = pass_on(body, pieces);
    let (refused, ()) = tokio::join!(store(v, taken, length), pass);
    match refused {
        Ok(asset) => {
            let place = format!("/console/assets/{}", escaped(&asset));
            text_response("text/plain; charset=utf-8", v.kept(&place))
        }
        Err(refusal) => {
            let text = format!("{}: {}", refusal.code, refusal.message);
            let mut response = text_response("text/plain; charset=utf-8", text);
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
    }
}

/// Reads the rest of a body that is refused anyway, so that the refusal can be read.
pub(crate) async fn drain(body: Body) {
    let (pieces, _) = mpsc::channel(1);
    pass_on(body, pieces).await;
}

/// Gives a body on piece by piece. When nobody takes it any more, the rest is read for the sake of the answer.
async fn pass_on(mut body: Body, pieces: mpsc::Sender<Result<Bytes, axum::Error>>) {
    while let Some(frame) = body.frame().await {
        let piece = frame.map(|frame| frame.into_data().unwrap_or_default());
        let is_over = piece.is_err();
        if pieces.send(piece).await.is_err() {
            break;
        }
        if is_over {
            return;
        }
    }
    let rest = async {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > DRAIN_BYTES {
                return;
            }
        }
    };
    // Whoever sends for longer than that is not told.
    let _ = timeout(DRAIN_TIME, rest).await;
}

async fn store(
    v: &Visit,
    taken: mpsc::Receiver<Result<Bytes, axum::Error>>,
    length: Option<&HeaderValue>,
) -> Result<String, Refusal> {
    let given = |name| v.asked(name).unwrap_or_default().to_owned();
    // What can be known before anything is sent is.
    let tags = tags(&given("tags"))?;
    for (name, member) in [("name", "AssetName"), ("version", "AssetVersion"), ("os", "OperateSystem")] {
        if given(name).trim().is_empty() {
            return Err(refused("MissingParameter", format!("`{member}` is missing.")));
        }
    }
    let bucket_key = format!("console/{}.zip", crate::session::Sessions::new_cookie());
    let region = v.cloud.region.clone();
    let request =
        wire::GetUploadCredentialsRequest { asset_region: region.clone(), bucket_key: bucket_key.clone() };
    let credentials = v.cloud.call(&request).await?;
    let uri = format!(
        "/objects/{}/{}",
        escaped(&credentials.bucket_name),
        bucket_key.split('/').map(escaped).collect::<Vec<_>>().join("/")
    );
    let mut put = http::Request::put(uri)
        .header(header::HOST, v.host.as_str())
        .header(header::AUTHORIZATION, credentials.bucket_auth)
        .header(header::ACCEPT, "text/plain")
        .header(header::CONTENT_TYPE, "application/zip");
    if let Some(length) = length {
        put = put.header(header::CONTENT_LENGTH, length);
    }
    let pieces = stream::unfold(taken, |mut taken| async { taken.recv().await.map(|piece| (piece, taken)) });
    let put = put.body(Body::from_stream(pieces));
    let put = put.map_err(|error| refused("FailedOperation", error.to_string()))?;
    let response =
        v.cloud.router.clone().oneshot(put).await.unwrap_or_else(|never: Infallible| match never {});
    if !response.status().is_success() {
        let text = Limited::new(response.into_body(), REFUSAL_BYTES).collect().await;
        let text = text.map(|text| String::from_utf8_lossy(&text.to_bytes()).into_owned());
        return Err(refused("FailedOperation", in_words(&text.unwrap_or_default())));
    }
    let request = wire::CreateAssetRequest {
        asset_name: given("name"),
        asset_region: region,
        asset_version: given("version"),
        bucket_key,
        image_id: v.asked("image").map(str::to_owned),
        operate_system: given("os"),
        tags,
    };
    Ok(v.cloud.call(&request).await?.asset_id)
}

/// What the object endpoint says, which writes XML: its code and its message.
fn in_words(text: &str) -> String {
    let member = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned())
    };
    match (member("Code"), member("Message")) {
        (Some(code), Some(message)) => format!("{message} ({code})"),
        _ => text.trim().to_owned(),
    }
}

/// `key: value` in each line; a line without a colon is a key.
fn tags(text: &str) -> Result<Option<Vec<wire::Tag>>, Refusal> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let tag = |line: &str| {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        match key.trim() {
            "" => Err(refused("InvalidParameterValue", format!("The tag `{line}` has no key."))),
            key => Ok(wire::Tag { key: key.to_owned(), value: value.trim().to_owned() }),
        }
    };
    let tags: Vec<wire::Tag> = lines.map(tag).collect::<Result<_, _>>()?;
    Ok((!tags.is_empty()).then_some(tags))
}

fn refused(code: &str, message: String) -> Refusal {
    Refusal { code: code.into(), message, request_id: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_lines() {
        let read = tags("env: prod\n\n team:a:b \nplain").unwrap().unwrap();
        let read: Vec<_> = read.iter().map(|tag| (&*tag.key, &*tag.value)).collect();
        assert_eq!(read, [("env", "prod"), ("team", "a:b"), ("plain", "")]);
        assert_eq!(tags(" \n").unwrap(), None);
        assert!(tags(": x").unwrap_err().message.contains(": x"));
    }

    #[test]
    fn the_object_endpoint_is_read_out() {
        let xml =
            "<?xml version=\"1.0\"?><Error><Code>EntityTooLarge</Code><Message>Too large.</Message></Error>";
        assert_eq!(in_words(xml), "Too large. (EntityTooLarge)");
        assert_eq!(in_words(" gone \n"), "gone");
    }
}
