//! Uploading a package: what `gse asset upload` does, with the body passed on as it comes.

use axum::body::Body;
use axum::response::Response;
use gse_api::types as wire;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use tower::ServiceExt as _;

use crate::cloud::Refusal;
use crate::page::text_response;
use crate::visit::{Visit, escaped};

/// How much of a refusal of the object endpoint is shown.
const REFUSAL_BYTES: usize = 4096;

/// `PUT /console/upload?name=&version=&os=`: where to go next, or in words why not.
pub(crate) async fn put(v: &Visit, body: Body, length: Option<&HeaderValue>) -> Response {
    match store(v, body, length).await {
        Ok(()) => text_response("text/plain; charset=utf-8", "/console/assets"),
        Err(refusal) => {
            let text = format!("{}: {}", refusal.code, refusal.message);
            let mut response = text_response("text/plain; charset=utf-8", text);
            *response.status_mut() = StatusCode::BAD_REQUEST;
            // The rest of the body is not read.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }
    }
}

async fn store(v: &Visit, body: Body, length: Option<&HeaderValue>) -> Result<(), Refusal> {
    let given = |name| v.asked(name).unwrap_or_default().to_owned();
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
        .header(header::HOST, "console.localhost")
        .header(header::AUTHORIZATION, credentials.bucket_auth)
        .header(header::ACCEPT, "text/plain")
        .header(header::CONTENT_TYPE, "application/zip");
    if let Some(length) = length {
        put = put.header(header::CONTENT_LENGTH, length);
    }
    let put = put.body(body).map_err(|error| refused(error.to_string()))?;
    let response = v.cloud.router.clone().oneshot(put).await.unwrap_or_else(|never| match never {});
    if !response.status().is_success() {
        let text = Limited::new(response.into_body(), REFUSAL_BYTES).collect().await;
        let text = text.map(|text| String::from_utf8_lossy(&text.to_bytes()).into_owned());
        return Err(refused(text.unwrap_or_default()));
    }
    let request = wire::CreateAssetRequest {
        asset_name: given("name"),
        asset_region: region,
        asset_version: given("version"),
        bucket_key,
        image_id: None,
        operate_system: given("os"),
        tags: None,
    };
    v.cloud.call(&request).await?;
    Ok(())
}

fn refused(message: String) -> Refusal {
    Refusal { code: "FailedOperation".into(), message, request_id: String::new() }
}
