//! The cloud API as a user of the command line has it: every call is a `gse call`.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value;

use super::record::Refusal;
use super::service::Ready;

/// How often a wait asks.
pub(crate) const POLL_PERIOD: Duration = Duration::from_millis(200);

/// Where to call, and as whom.
#[derive(Debug, Clone)]
pub(crate) struct Cloud {
    gse: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Cloud {
    pub(crate) fn new(gse: PathBuf, ready: &Ready) -> Self {
        Self { gse, environment: environment(ready) }
    }

    /// Calls an action. `Err` holds a [`Refusal`] when the service answered with an error.
    pub(crate) fn call(&self, action: &str, request: &Value) -> Result<Value> {
        let output = Command::new(&self.gse)
            .args(["call", action, "--json", &request.to_string()])
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .context("cannot start `gse call`")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let answer: Value = serde_json::from_str(text.trim()).map_err(|_| {
            anyhow!(
                "`gse call {action}` ended with {} and no answer\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            )
        })?;
        if let Some(error) = answer.get("Error") {
            return Err(Refusal {
                action: action.to_owned(),
                code: text_of(error, "/Code"),
                message: text_of(error, "/Message"),
                request_id: text_of(&answer, "/RequestId"),
            }
            .into());
        }
        if !output.status.success() {
            bail!("`gse call {action}` ended with {} but answered no error", output.status);
        }
        Ok(answer)
    }
}

/// The variables that point `gse call` at a service.
pub(crate) fn environment(ready: &Ready) -> Vec<(&'static str, String)> {
    vec![
        ("GSE_ENDPOINT", ready.api.clone()),
        ("GSE_SECRET_ID", ready.secret_id.clone()),
        ("GSE_SECRET_KEY", ready.secret_key.clone()),
        ("GSE_REGION", ready.region.clone()),
    ]
}

/// The text at a JSON pointer, or nothing.
pub(crate) fn text_of(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// The text at a JSON pointer; an answer without it is not what the action promises.
pub(crate) fn need(value: &Value, pointer: &str) -> Result<String> {
    let text = text_of(value, pointer);
    if text.is_empty() {
        bail!("the answer has no `{pointer}`: {value}");
    }
    Ok(text)
}

/// The list at a JSON pointer; `null` and absent are empty.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
