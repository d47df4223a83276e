//! What can be looked at of one instance: how to log in, and what its processes wrote (operations.md 8.4).

use gse_api::types as wire;
use maud::{Markup, html};

use super::events::is_address;
use crate::cloud::Refusal;
use crate::html::{fields, id, plain, refusal};
use crate::text;
use crate::visit::{Visit, address, escaped};

/// Logs on one page.
const LOGS: u64 = 50;

fn back(v: &Visit, fleet: &str) -> Markup {
    html! { p { a href={ "/console/fleets/" (escaped(fleet)) "/instances" } { "← " (v.t(text::INSTANCES)) } } }
}

/// Remote access. It is no page that follows: the secret is asked for once.
pub(super) async fn access(v: &Visit, fleet: &str) -> Result<Markup, Refusal> {
    let asked = v.asked("instance").unwrap_or_default();
    let request =
        wire::GetInstanceAccessRequest { fleet_id: fleet.to_owned(), instance_id: asked.to_owned() };
    let answer = v.cloud.call(&request).await;
    Ok(html! {
        (back(v, fleet))
        h2 { (v.t(text::REMOTE_ACCESS)) " " (id(asked)) }
        @match answer {
            Err(error) => {
                (refusal(v, &error))
                @if error.code.starts_with("UnsupportedOperation") { p { (v.t(text::NO_REMOTE_ACCESS)) } }
            },
            Ok(answer) => {
                @let access = answer.instance_access;
                (fields(v, &[
                    (text::IP, id(&access.ip_address)),
                    (text::USER, id(&access.credentials.user_name)),
                    (text::OS, plain(&access.operating_system)),
                ]))
                details {
                    summary { (v.t(text::SECRET)) }
                    pre.user { code { (access.credentials.secret) } }
                    button.quiet.copy type="button" data-copy hidden { (v.t(text::COPY_CODE)) }
                }
            },
        }
    })
}

/// The logs of an instance, as addresses that are good for a while.
pub(super) async fn logs(v: &Visit, fleet: &str) -> Result<Markup, Refusal> {
    let asked = v.asked("instance").unwrap_or_default();
    let request = wire::GetGameServerInstanceLogUrlRequest {
        fleet_id: fleet.to_owned(),
        instance_id: Some(asked.to_owned()),
        offset: Some(v.offset()),
        size: Some(LOGS),
        ..Default::default()
    };
    let answer = v.cloud.call(&request).await;
    Ok(html! {
        (back(v, fleet))
        h2 { (v.t(text::LOGS)) " " (id(asked)) }
        @match answer {
            Err(error) => (refusal(v, &error)),
            Ok(answer) => {
                @if answer.presigned_urls.is_empty() { p.empty { (v.t(text::NO_LOGS)) } }
                ol.logs start=(v.offset() + 1) {
                    @for url in answer.presigned_urls.iter().filter(|url| is_address(url)) {
                        li { a href=(url) { (name_of(url)) } }
                    }
                }
                (crate::html::pager(v, answer.presigned_urls.len(), LOGS, answer.total))
            },
        }
    })
}

/// The last part of the path of an address.
fn name_of(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    percent_encoding::percent_decode_str(path.rsplit('/').next().unwrap_or(path))
        .decode_utf8_lossy()
        .into_owned()
}

/// The page of an instance behind a fleet.
pub(super) fn place(fleet: &str, page: &str, instance: &str) -> String {
    address(&format!("/console/fleets/{}/{page}", escaped(fleet)), &[("instance", instance)])
}
