//! The JSON around every answer (§1.8), both ways. The HTTP status is 200 and the content type exactly
//! [`CONTENT_TYPE`] for every outcome; old clients lose the error otherwise.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::ApiError;

/// The only content type of answers; a `charset` makes the Python SDK take errors for successes.
pub const CONTENT_TYPE: &str = "application/json";

/// `{"Response":{…members…,"RequestId":"…"}}`
pub fn success<T: Serialize>(response: &T, request_id: &str) -> Vec<u8> {
    let mut members = match serde_json::to_value(response) {
        Ok(Value::Object(members)) => members,
        // An action that answers nothing.
        Ok(Value::Null) => Map::new(),
        other => unreachable!("response types are structs of plain values, not {other:?}"),
    };
    members.insert("RequestId".into(), request_id.into());
    bytes(&json!({ "Response": members }))
}

/// `{"Response":{"Error":{"Code":"…","Message":"…"},"RequestId":"…"}}`
pub fn failure(error: &ApiError, request_id: &str) -> Vec<u8> {
    let body = json!({ "Code": error.code.as_str(), "Message": error.message });
    bytes(&json!({ "Response": { "Error": body, "RequestId": request_id } }))
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).expect("a JSON value always has a text")
}

/// What a client finds in an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The id to quote when asking about this call.
    pub request_id: String,
    /// The object under `Response`, with `RequestId`, and with `Error` on failure.
    pub response: Value,
}

/// The error inside an answer, as text: a server may know codes that this version does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: String,
    /// The text for people.
    pub message: String,
}

impl Answer {
    /// Reads the body of an answer.
    ///
    /// # Errors
    /// The body is not an envelope; the text says why.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let mut value: Value =
            serde_json::from_slice(body).map_err(|error| format!("it is not JSON: {error}"))?;
        let Some(response) =
            value.get_mut("Response").filter(|response| response.is_object()).map(Value::take)
        else {
            return Err("it has no object `Response`".into());
        };
        let request_id = response.get("RequestId").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self { request_id, response })
    }

    /// The error, if the answer is one.
    pub fn refusal(&self) -> Option<Refusal> {
        let error = self.response.get("Error")?;
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Refusal { code: text("Code"), message: text("Message") })
    }

    /// The members as a response type.
    ///
    /// # Errors
    /// A member has another type; the text says which.
    pub fn into_response<T: DeserializeOwned>(self) -> Result<T, String> {
        serde_json::from_value(self.response).map_err(|error| error.to_string())
    }
}
