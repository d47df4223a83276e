//! What `gse doctor` would say of a fleet or of a session, with what to do, where somebody looks who needs it.

use gse_api::extension::{DiagnoseRequest, Finding};
use maud::{Markup, html};

use crate::html::{id, output, plain, still};
use crate::text::live;
use crate::visit::{Visit, address};

/// Findings that are shown; the worst come first.
const MOST: usize = 5;

/// What is wrong with a fleet and everything in it. Who may not ask sees the rest of the page.
pub(super) async fn of_fleet(v: &Visit, fleet: &str) -> Markup {
    findings(v, &DiagnoseRequest { fleet_id: Some(fleet.to_owned()), ..DiagnoseRequest::default() }).await
}

/// What is wrong with a session and its process.
pub(super) async fn of_session(v: &Visit, session: &str) -> Markup {
    let session = Some(session.to_owned());
    findings(v, &DiagnoseRequest { game_server_session_id: session, ..DiagnoseRequest::default() }).await
}

async fn findings(v: &Visit, request: &DiagnoseRequest) -> Markup {
    let is_fleet = request.fleet_id.is_some();
    // A session that has left memory is not diagnosed any more.
    let Ok(diagnosis) = v.cloud.call_extension(request).await else { return html! {} };
    let left_out = diagnosis.findings.len().saturating_sub(MOST) as u64;
    html! {
        @if !diagnosis.findings.is_empty() {
            h2 { (v.t(live::FINDINGS)) }
            @for finding in diagnosis.findings.iter().take(MOST) { (one(v, finding, is_fleet)) }
            @if left_out > 0 { p.small { (left_out) " " (v.t(live::MORE_OF_KIND)) } }
        } @else if is_fleet {
            p.small { (v.t(live::NO_FINDINGS)) }
        }
    }
}

fn one(v: &Visit, finding: &Finding, is_fleet: bool) -> Markup {
    let class = if finding.severity == "error" { "notice bad" } else { "notice" };
    let session = &finding.game_server_session_id;
    html! {
        section class={ (class) " finding" } lang="en" {
            p { strong { (finding.severity) } ": " (still(&finding.what)) }
            p { (plain(&finding.why)) }
            p { strong lang=(v.language.code()) { (v.t(live::NEXT_STEP)) } ": " (plain(&finding.fix)) }
            @if is_fleet && !session.is_empty() {
                p.small { a href=(address("/console/session", &[("id", session)])) { code { (session) } } }
            }
            p.small {
                span lang=(v.language.code()) { (v.t(live::RULE_AND_SECTION)) } " " (id(&finding.rule)) ", " (plain(&finding.section))
                @if finding.more > 0 { "; " (finding.more) " " span lang=(v.language.code()) { (v.t(live::MORE_OF_KIND)) } }
            }
            @if !finding.output.is_empty() {
                details {
                    summary lang=(v.language.code()) { (v.t(live::LAST_LINES)) }
                    (output(&finding.output))
                }
            }
        }
    }
}
