//! Writes the methods of gse-client: one for each action.

use super::{header, model::Api, types::snake};

/// `actions.rs` of gse-client.
pub(crate) fn file(api: &Api) -> String {
    let mut out = format!("//! A method for each action of the cloud API.\n{}", header());
    out += "use gse_api::types::*;\n\nuse crate::{CallError, Client};\n\n";
    out += "/// Each calls the action of its name as [`Client::call`] does.\nimpl Client {";
    for name in api.actions.keys() {
        let method = snake(name);
        out += &format!(
            "/// Calls `{name}`; for errors see [`Client::call`].\n\
             pub async fn {method}(&self, request: &{name}Request) -> Result<{name}Response, CallError> {{ \
             self.call(request).await }}\n\n"
        );
    }
    out += "}\n";
    out
}
