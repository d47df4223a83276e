//! What `gse doctor` would say of a fleet or of a session, with what to do, where somebody looks who needs it.

use gse_api::extension::{DiagnoseRequest, Finding};
use maud::{Markup, html};

use crate::html::{english, id, output, plain, still};
use crate::language::{Language, Text};
use crate::text::{self, findings, live};
use crate::visit::{Visit, address};

/// Findings that are shown; the worst come first.
const MOST: usize = 5;

/// What is wrong with a fleet and everything in it. Who may not ask sees the rest of the page.
pub(super) async fn of_fleet(v: &Visit, fleet: &str) -> Markup {
    found(v, &DiagnoseRequest { fleet_id: Some(fleet.to_owned()), ..DiagnoseRequest::default() }).await
}

/// What is wrong with a session and its process.
pub(super) async fn of_session(v: &Visit, session: &str) -> Markup {
    let session = Some(session.to_owned());
    found(v, &DiagnoseRequest { game_server_session_id: session, ..DiagnoseRequest::default() }).await
}

async fn found(v: &Visit, request: &DiagnoseRequest) -> Markup {
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
    let (class, severity) = match finding.severity.as_str() {
        "error" => ("notice bad finding", text::ERROR),
        _ => ("notice finding", text::WARNING),
    };
    let session = &finding.game_server_session_id;
    html! {
        section class=(class) {
            (sayings(v, finding, severity))
            @if is_fleet && !session.is_empty() {
                p.small { a href=(address("/console/session", &[("id", session)])) { code { (session) } } }
            }
            p.small {
                (v.t(live::RULE_AND_SECTION)) " " (id(&finding.rule)) ", " (english(&finding.section))
                @if finding.more > 0 { "; " (finding.more) " " (v.t(live::MORE_OF_KIND)) }
            }
            @if !finding.output.is_empty() {
                details {
                    summary { (v.t(live::LAST_LINES)) }
                    (output(&finding.output))
                }
            }
        }
    }
}

/// What is wrong, why, and what to do. In Chinese the rule says it, and the numbers are in the English below.
fn sayings(v: &Visit, finding: &Finding, severity: Text) -> Markup {
    let advice = findings::of(&finding.rule).filter(|_| v.language == Language::Chinese);
    let Some(advice) = advice else {
        return html! {
            p { strong { (v.t(severity)) } ": " span lang="en" { (still(&finding.what)) } }
            p lang="en" { (plain(&finding.why)) }
            p { strong { (v.t(live::NEXT_STEP)) } ": " (english(&finding.fix)) }
        };
    };
    html! {
        p { strong { (v.t(severity)) "：" } (advice.meaning) }
        p.small lang="en" { (still(&finding.what)) }
        p { strong { (v.t(live::NEXT_STEP)) "：" } (advice.fix) }
        details {
            summary { (v.t(live::ORIGINAL)) }
            p lang="en" { (plain(&finding.why)) }
            p lang="en" { (plain(&finding.fix)) }
        }
    }
}
