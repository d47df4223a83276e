//! Uploads in parts, as the vendor's clients make them of large files: begin, list, complete and abort. The parts
//! themselves are written by `upload.rs`.

use axum::body::Body;
use axum::response::Response;
use gse_store::{BlobError, BlobStore};
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use percent_encoding::percent_decode_str;

use super::{Refusal, upload};
use crate::http::Api;
use crate::ids::random_text;

/// The largest number of a part.
const PART_MOST: u32 = 10_000;
/// Bytes of a list of parts: more than the longest one has.
const LIST_BYTES: usize = 2 << 20;
/// How long that list may take to come.
const LIST_TIME: std::time::Duration = std::time::Duration::from_secs(30);
const ID_LENGTH: usize = 32;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// `PUT`: a whole object.
    Put,
    /// `PUT ?partNumber&uploadId`
    PutPart {
        /// uploadId.
        id: String,
        /// partNumber, 1–10,000.
        number: u32,
    },
    /// `POST ?uploads`
    Begin,
    /// `POST ?uploadId`
    Complete {
        /// uploadId.
        id: String,
    },
    /// `DELETE ?uploadId`
    Abort {
        /// uploadId.
        id: String,
    },
    /// `GET ?uploadId`
    ListParts {
        /// uploadId.
        id: String,
    },
    /// `GET ?uploads&prefix`
    ListUploads {
        /// Of the keys.
        prefix: String,
    },
}

impl Operation {
    /// What it is, and the parameters of the query that make it that: they must be signed.
    pub(super) fn of(head: &http::request::Parts) -> Result<(Self, &'static [&'static str]), Refusal> {
        let query = head.uri.query().unwrap_or_default();
        let id = parameter(query, "uploadid").filter(|id| !id.is_empty());
        let uploads = parameter(query, "uploads").is_some();
        let operation = match (&head.method, id) {
            (&Method::PUT, None) => (Self::Put, &[][..]),
            (&Method::PUT, Some(id)) => {
                let number = parameter(query, "partnumber").and_then(|number| number.parse().ok());
                let number = number.filter(|number| (1..=PART_MOST).contains(number)).ok_or_else(|| {
                    let text = format!("`partNumber` must be a number from 1 to {PART_MOST}");
                    Refusal::new(StatusCode::BAD_REQUEST, text)
                })?;
                (Self::PutPart { id, number }, &["partnumber", "uploadid"][..])
            }
            (&Method::POST, None) if uploads => (Self::Begin, &["uploads"][..]),
            (&Method::POST, Some(id)) => (Self::Complete { id }, &["uploadid"][..]),
            (&Method::DELETE, Some(id)) => (Self::Abort { id }, &["uploadid"][..]),
            (&Method::GET, Some(id)) => (Self::ListParts { id }, &["uploadid"][..]),
            (&Method::GET, None) if uploads => (
                Self::ListUploads { prefix: parameter(query, "prefix").unwrap_or_default() },
                &["uploads"][..],
            ),
            _ => {
                let text = "objects can only be uploaded here; use PUT";
                return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, text));
            }
        };
        Ok(operation)
    }
}

/// A parameter of the query by its name in lower case.
fn parameter(query: &str, name: &str) -> Option<String> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(found, _)| decode(found).eq_ignore_ascii_case(name)).map(|(_, value)| decode(value))
}

/// Everything but writing.
pub(super) async fn serve(
    api: &Api,
    (bucket, key): (String, String),
    operation: Operation,
    body: Body,
) -> Result<Response, Refusal> {
    let named = match operation {
        Operation::Complete { .. } => named_parts(body).await?,
        _ => Vec::new(),
    };
    let Some(_room) = api.gate.upload() else {
        let text = "the service works on as many objects as it can; try again later";
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text));
    };
    let (blobs, max_bytes) = (api.blobs.clone(), api.config.max_object_bytes);
    let work = move || carry_out(&blobs, &bucket, &key, operation, &named, max_bytes);
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|_| {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "an unexpected fault; the log says why")
    })?;
    done.map_err(|error| upload::refuse(&error)).map(answer)
}

/// `None`: there is nothing to tell.
fn carry_out(
    blobs: &BlobStore,
    bucket: &str,
    key: &str,
    operation: Operation,
    named: &[(u32, String)],
    max_bytes: u64,
) -> Result<Option<String>, BlobError> {
    let object = format!("<Bucket>{}</Bucket><Key>{}</Key>", escape(bucket), escape(key));
    let text = match operation {
        Operation::Begin => {
            let id = random_text(ID_LENGTH);
            blobs.begin_parts(bucket, key, &id)?;
            element("InitiateMultipartUploadResult", &format!("{object}<UploadId>{id}</UploadId>"))
        }
        Operation::Complete { id } => {
            let stored = blobs.complete_parts((bucket, key), &id, named, max_bytes)?;
            tracing::info!(bucket, key, size = stored.size_bytes, parts = named.len(), "object uploaded");
            let etag = format!("<ETag>&quot;{}-{}&quot;</ETag>", stored.etag, named.len());
            element("CompleteMultipartUploadResult", &format!("{object}{etag}"))
        }
        Operation::Abort { id } => {
            blobs.abort_parts(bucket, key, &id)?;
            return Ok(None);
        }
        Operation::ListParts { id } => {
            let mut parts = String::new();
            for part in blobs.parts(bucket, key, &id)? {
                let (number, stored) = (part.number, part.stored);
                parts += &format!(
                    "<Part><PartNumber>{number}</PartNumber><ETag>&quot;{}&quot;</ETag><Size>{}</Size></Part>",
                    stored.etag, stored.size_bytes
                );
            }
            let head =
                format!("{object}<UploadId>{}</UploadId><IsTruncated>false</IsTruncated>", escape(&id));
            element("ListPartsResult", &format!("{head}{parts}"))
        }
        Operation::ListUploads { prefix } => {
            let mut uploads = String::new();
            for open in blobs.open_uploads(bucket)?.into_iter().filter(|open| open.key.starts_with(&prefix)) {
                let (key, id) = (escape(&open.key), escape(&open.id));
                uploads += &format!("<Upload><Key>{key}</Key><UploadId>{id}</UploadId></Upload>");
            }
            let bucket = escape(bucket);
            let head = format!("<Bucket>{bucket}</Bucket><IsTruncated>false</IsTruncated>");
            element("ListMultipartUploadsResult", &format!("{head}{uploads}"))
        }
        Operation::Put | Operation::PutPart { .. } => return Ok(None),
    };
    Ok(Some(text))
}

fn answer(text: Option<String>) -> Response {
    let Some(text) = text else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return response;
    };
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

async fn named_parts(body: Body) -> Result<Vec<(u32, String)>, Refusal> {
    let bad = |text: &str| Refusal::new(StatusCode::BAD_REQUEST, text);
    let collected = tokio::time::timeout(LIST_TIME, Limited::new(body, LIST_BYTES).collect()).await;
    let bytes = collected
        .map_err(|_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "the list of parts came too slowly"))?;
    let bytes = bytes.map_err(|_| bad("the list of parts could not be read, or is too long"))?.to_bytes();
    let text = std::str::from_utf8(&bytes).ok();
    text.and_then(read_parts)
        .ok_or_else(|| bad("the body is no list of parts, each with `PartNumber` and `ETag`"))
}

/// The `Part`s of a `CompleteMultipartUpload`: a form so small that no reader of XML is needed. `None`: it is none.
fn read_parts(text: &str) -> Option<Vec<(u32, String)>> {
    let inner = between(text, "<CompleteMultipartUpload", "</CompleteMultipartUpload>")?;
    let parts = inner.split("<Part>").skip(1).map(|part| {
        let part = part.split_once("</Part>")?.0;
        let number = between(part, "<PartNumber>", "</PartNumber>")?.trim().parse().ok()?;
        let etag = between(part, "<ETag>", "</ETag>")?.trim().replace("&quot;", "\"").replace("&#34;", "\"");
        Some((number, etag.trim_matches('"').to_owned()))
    });
    parts.collect()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.rsplit_once(end)?.0)
}

pub(super) fn element(name: &str, inner: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name}>{inner}</{name}>\n")
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::read_parts;

    #[test]
    fn the_list_of_parts_is_read_as_clients_write_it() {
        let expected = vec![(1, "aa".to_owned()), (2, "bb".to_owned())];
        for text in [
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"aa\"</ETag></Part>\
             <Part><ETag>&quot;bb&quot;</ETag><PartNumber>2</PartNumber></Part></CompleteMultipartUpload>",
            "<?xml version='1.0' ?>\n<CompleteMultipartUpload xmlns=\"x\">\n <Part>\n <PartNumber> 1 </PartNumber>\n\
             <ETag>aa</ETag>\n </Part>\n<Part><PartNumber>2</PartNumber><ETag>&#34;bb&#34;</ETag></Part>\n\
             </CompleteMultipartUpload>\n",
        ] {
            assert_eq!(read_parts(text), Some(expected.clone()), "{text}");
        }
        for text in [
            "",
            "hello",
            "<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part>",
        ] {
            assert_eq!(read_parts(text), None, "{text}");
        }
    }
}
