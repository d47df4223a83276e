//! Multipart bodies (§1.4, R5): a part for each parameter. Lists and objects are JSON parts (Python) or have dotted names
//! (Java); files there are none, because no parameter is binary.

use super::form::{Node, Tree, malformed};
use crate::{ApiError, ErrorCode, error::shown};

/// RFC 2046 allows no longer boundary.
const MAX_BOUNDARY_BYTES: usize = 70;

/// The boundary that a content type names.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let mut parameters =
        content_type.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))?;
    let value = unquoted(value.trim());
    (1..=MAX_BOUNDARY_BYTES).contains(&value.len()).then(|| value.to_owned())
}

/// The parameters of a body; one without any bytes has none, as Python sends it.
///
/// # Errors
/// `InvalidRequest` when it is no multipart body, `InvalidParameter` when a part is no parameter.
pub(super) fn tree(boundary: Option<&str>, body: &[u8]) -> Result<Tree, ApiError> {
    let mut tree = Tree::default();
    if body.is_empty() {
        return Ok(tree);
    }
    let boundary = boundary.ok_or_else(|| no_multipart("its content type names no `boundary`"))?;
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    // The first has no line before it.
    let mut rest = body
        .strip_prefix(&delimiter[2..])
        .ok_or_else(|| no_multipart("it does not begin with its boundary"))?;
    loop {
        // What follows the last boundary means nothing.
        if rest.starts_with(b"--") {
            return Ok(tree);
        }
        let part =
            rest.strip_prefix(b"\r\n").ok_or_else(|| no_multipart("a boundary does not end its line"))?;
        let end = find(part, &delimiter).ok_or_else(|| no_multipart("its closing boundary is missing"))?;
        let (name, node) = parameter(&part[..end])?;
        tree.insert(&name, node)?;
        rest = &part[end + delimiter.len()..];
    }
}

fn no_multipart(what: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, format!("The request body is not a multipart body: {what}."))
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn parameter(part: &[u8]) -> Result<(String, Node), ApiError> {
    let end =
        find(part, b"\r\n\r\n").ok_or_else(|| no_multipart("a part has no empty line after its headers"))?;
    let (head, value) = (&part[..end], &part[end + 4..]);
    let head = std::str::from_utf8(head).map_err(|_| no_multipart("the headers of a part are not UTF-8"))?;
    let header = |name: &str| {
        let mut headers = head.split("\r\n").filter_map(|line| line.split_once(':'));
        headers.find(|(found, _)| found.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let disposition = header("content-disposition").unwrap_or_default();
    let attribute = |wanted: &str| {
        let mut attributes = disposition.split(';').filter_map(|attribute| attribute.trim().split_once('='));
        attributes
            .find(|(found, _)| found.trim().eq_ignore_ascii_case(wanted))
            .map(|(_, value)| unquoted(value.trim()))
    };
    let name = attribute("name").ok_or_else(|| no_multipart("a part has no name"))?;
    if attribute("filename").is_some() {
        let name = shown(name);
        return Err(malformed(format!("The parameter `{name}` is sent as a file; no parameter is one.")));
    }
    let kind = header("content-type").unwrap_or("text/plain").split(';').next().unwrap_or_default().trim();
    let node = if kind.eq_ignore_ascii_case("application/json") {
        let value = serde_json::from_slice(value).map_err(|error| {
            malformed(format!("The parameter `{}` is not valid JSON: {error}.", shown(name)))
        })?;
        Node::Json(value)
    } else {
        let text = std::str::from_utf8(value)
            .map_err(|_| malformed(format!("The value of the parameter `{}` is not UTF-8.", shown(name))))?;
        Node::Text(text.to_owned())
    };
    Ok((name.to_owned(), node))
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}
