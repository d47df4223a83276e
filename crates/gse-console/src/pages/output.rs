//! What processes write: the last lines on the page of a session, and on that of an instance with its processes.

use gse_api::extension::{
    DescribeProcessOutputRequest, DescribeProcessOutputResponse, ProcessInfo, ProcessOutput,
};
use maud::{Markup, html};

use crate::cloud::Refusal;
use crate::html::{Row, id, named, output, status, table, time};
use crate::page::{Outcome, Page};
use crate::text::{self, live};
use crate::visit::{Visit, address, escaped};

/// The output of the process of a session. Who may not ask sees the rest of the page.
pub(super) async fn of_session(v: &Visit, session: &str) -> Markup {
    let request = DescribeProcessOutputRequest {
        game_server_session_id: Some(session.to_owned()),
        ..DescribeProcessOutputRequest::default()
    };
    let Ok(answer) = v.cloud.call_extension(&request).await else { return html! {} };
    let process = answer.output.as_ref().map(|output| output.process_id.clone()).unwrap_or_default();
    let pairs = [("id", &*answer.instance_id), ("process", &*process)];
    html! {
        h2 { (v.t(live::OUTPUT)) }
        p.small {
            (v.t(live::INSTANCE)) " " a href=(address("/console/instance", &pairs)) { code { (answer.instance_id) } }
        }
        (streams(v, answer.output.as_ref()))
    }
}

/// An instance: its processes, and the output of the one that was chosen.
pub(super) async fn instance(v: &Visit) -> Result<Outcome, Refusal> {
    let Some(instance) = v.asked("id") else { return Ok(Outcome::NotFound) };
    let chosen = v.asked("process");
    let request = DescribeProcessOutputRequest {
        instance_id: Some(instance.to_owned()),
        process_id: chosen.map(str::to_owned),
        ..DescribeProcessOutputRequest::default()
    };
    let answer = v.cloud.call_extension(&request).await?;
    let title = format!("{} {instance}", v.t(live::INSTANCE));
    let fleet = format!("/console/fleets/{}", escaped(&answer.fleet_id));
    let body = html! {
        h1 { (v.t(live::INSTANCE)) " " code { (instance) } }
        p { (v.t(text::FLEET)) " " (named(&format!("{fleet}/instances"), &answer.fleet_id, "")) }
        h2 { (v.t(text::PROCESSES)) }
        (processes(v, &answer))
        @if let Some(chosen) = chosen {
            h2 id="output" { (v.t(live::OUTPUT)) " " code { (chosen) } }
            (streams(v, answer.output.as_ref()))
        }
    };
    Ok(Outcome::Page(Page::live(title, body)))
}

fn processes(v: &Visit, answer: &DescribeProcessOutputResponse) -> Markup {
    let row = |process: &ProcessInfo| -> Row {
        let session = &process.game_server_session_id;
        let pairs = [("id", &*answer.instance_id), ("process", &*process.process_id)];
        vec![
            id(&process.process_id),
            html! { (process.pid) },
            status(v, &process.state),
            html! { @if process.port > 0 { (process.port) } @else { "–" } },
            html! {
                @if session.is_empty() { "–" } @else {
                    (named(&address("/console/session", &[("id", session)]), session, ""))
                }
            },
            time(&process.since),
            html! { a.button href={ (address("/console/instance", &pairs)) "#output" } { (v.t(live::SHOW_OUTPUT)) } },
        ]
    };
    let rows: Vec<Row> = answer.processes.iter().map(row).collect();
    let columns =
        [live::PROCESS, live::PID, text::STATUS, text::PORT, text::SESSION, text::FROM, text::OPERATIONS];
    table(v, &columns, &rows)
}

fn streams(v: &Visit, written: Option<&ProcessOutput>) -> Markup {
    let Some(written) = written else { return html! { p.empty { (v.t(live::NOTHING_KEPT)) } } };
    html! {
        p.small {
            @if written.is_running { (v.t(live::OUTPUT_NOTE)) } @else { (v.t(live::HAS_ENDED)) }
        }
        @for (name, lines) in [("stdout", &written.stdout), ("stderr", &written.stderr)] {
            @if !lines.is_empty() {
                h3 { code { (name) } }
                (output(lines))
            }
        }
        @if written.stdout.is_empty() && written.stderr.is_empty() { p.empty { (v.t(live::WROTE_NOTHING)) } }
    }
}
