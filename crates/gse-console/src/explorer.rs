//! The API Explorer: each of the 74 actions with its form, its signed request, its answer, and itself as code.

mod code;

pub(crate) use code::plain_host;

use gse_api::Action;
use gse_api::envelope::Answer;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use crate::cloud::{Refusal, Sent};
use crate::form::fields::Fields;
use crate::form::values::Values;
use crate::html as parts;
use crate::language::Language;
use crate::page::{Outcome, Page};
use crate::text;
use crate::visit::{REGION_MEMBER, Visit, find};

/// All actions, by group.
pub(crate) fn index(v: &Visit) -> Page {
    let mut groups: Vec<(&str, Vec<Action>)> = Vec::new();
    for action in Action::ALL {
        let name = action.group().name();
        match groups.iter_mut().find(|(found, _)| *found == name) {
            Some((_, actions)) => actions.push(action),
            None => groups.push((name, vec![action])),
        }
    }
    groups.sort_by_key(|(name, _)| *name);
    let body = html! {
        h1 { (v.t(text::EXPLORER)) }
        p { (v.t(text::EXPLORER_NOTE)) }
        div.groups {
            @for (name, actions) in &groups {
                section {
                    h2 { (named(v, text::actions::GROUPS, name)) }
                    ul {
                        @for action in actions {
                            li {
                                a href={ "/console/explorer/" (action.name()) } { code { (action.name()) } } " "
                                span.small { (chinese(v, text::actions::ACTIONS, action.name())) }
                            }
                        }
                    }
                }
            }
        }
    };
    Page::new(v.t(text::EXPLORER), body)
}

/// What a name is called in Chinese; nothing in English, where the name says it.
fn chinese(v: &Visit, table: &'static [(&str, &str)], name: &str) -> &'static str {
    text::said(table, name).filter(|_| v.language == Language::Chinese).unwrap_or_default()
}

/// A name behind what it is called in Chinese.
fn named(v: &Visit, table: &'static [(&str, &str)], name: &str) -> Markup {
    let chinese = chinese(v, table, name);
    html! { @if !chinese.is_empty() { (chinese) " " } code { (name) } }
}

/// The form of an action.
pub(crate) fn show(v: &Visit, action: &str) -> Outcome {
    let Some(action) = Action::parse(action) else { return Outcome::NotFound };
    let mut values = Values::default();
    values.put(v.query.iter().filter(|(name, _)| name != REGION_MEMBER).cloned());
    Outcome::Page(Bench { v, action, values }.page(None, None))
}

/// What was filled in: another row, the request, or the request and its answer.
pub(crate) async fn call(v: &Visit, action: &str, pairs: &[(String, String)]) -> Result<Outcome, Refusal> {
    let Some(action) = Action::parse(action) else { return Ok(Outcome::NotFound) };
    let mut bench = Bench { v, action, values: Values::of(pairs) };
    if let Some(list) = find(pairs, "_more") {
        bench.values.add_row(list);
        return Ok(Outcome::Page(bench.page(None, None)));
    }
    let body = match bench.values.body(action) {
        Ok(body) => body,
        Err(refusal) => return Ok(Outcome::Page(bench.page(None, Some(Err(refusal))))),
    };
    let answer = match find(pairs, "_do") {
        Some("call") => Some(v.cloud.send(bench.sent(&body)).await),
        _ => None,
    };
    Ok(Outcome::Page(bench.page(Some(&body), answer)))
}

/// The workbench of one action.
struct Bench<'a> {
    v: &'a Visit,
    action: Action,
    values: Values,
}

impl Bench<'_> {
    fn page(&self, body: Option<&Value>, answer: Option<Result<Answer, Refusal>>) -> Page {
        let (v, action) = (self.v, self.action);
        let schema = action.request_schema();
        let fields = Fields {
            v,
            values: &self.values,
            fixed: &[],
            is_plain: false,
            conditions: &[],
            needs: &[],
            suggestions: None,
        };
        let is_refused = matches!(answer, Some(Err(_)));
        let markup = html! {
            div.head {
                h1 { (named(v, text::actions::ACTIONS, action.name())) }
                a.button.quiet href="/console/explorer" { (v.t(text::EXPLORER)) }
            }
            p.small {
                (named(v, text::actions::GROUPS, action.group().name())) " · " (v.t(text::RATE)) (v.t(text::live::COLON)) (action.rate_limit_per_second())
            }
            div.bench {
                form.action method="post" action={ "/console/explorer/" (action.name()) "#result" } {
                    (parts::own(v))
                    (self.values.row_counts())
                    // The one that Enter presses.
                    button.first tabindex="-1" aria-hidden="true" name="_do" value="show" { (v.t(text::SHOW_REQUEST)) }
                    @if schema.members.is_empty() { p.empty { (v.t(text::NO_MEMBERS)) } }
                    @for member in schema.members { (fields.member(member, "", true)) }
                    p.note { (v.t(text::CALL_NOTE)) }
                    p.buttons {
                        button.quiet name="_do" value="show" { (v.t(text::SHOW_REQUEST)) }
                        button name="_do" value="call" { (v.t(text::CALL_IT)) }
                    }
                }
                div #result {
                    @if let Some(body) = body {
                        (self.request(body))
                        (self.answer(answer))
                        (self.code(body))
                    } @else if let Some(Err(refusal)) = &answer {
                        (parts::refusal(v, refusal))
                    }
                    details {
                        summary { (v.t(text::ERROR_CODES)) }
                        ul { @for code in action.error_codes() { li { (error_code(v, code.as_str())) } } }
                    }
                }
            }
        };
        let status = if is_refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        Page { status, ..Page::new(action.name(), markup) }
    }

    /// As a client would send it from where the visitor is. What is called and what is shown are the same bytes, so
    /// that the signature holds for a reader who sends what is on the page.
    fn sent(&self, body: &Value) -> Sent {
        self.v.cloud.signed(self.action.name(), "/", code::spelled(&pretty(body)).into_bytes())
    }

    fn request(&self, body: &Value) -> Markup {
        let v = self.v;
        html! {
            h2 { (v.t(text::REQUEST)) }
            pre.user { code { (wire_text(&self.sent(body))) } }
            @if v.is_logged_in { p.small { (v.t(text::SECRETS_NOTE)) } }
        }
    }

    fn answer(&self, answer: Option<Result<Answer, Refusal>>) -> Markup {
        let v = self.v;
        html! {
            h2 { (v.t(text::ANSWER)) }
            @match answer {
                None => p.empty { (v.t(text::NOT_CALLED)) },
                Some(Ok(answer)) => pre.user.good { code { (pretty(&answer.response)) } },
                Some(Err(refusal)) => (parts::refusal(v, &refusal)),
            }
        }
    }

    fn code(&self, body: &Value) -> Markup {
        let v = self.v;
        let call = code::Call {
            action: self.action.name(),
            region: &v.cloud.region,
            scheme: v.scheme,
            host: &code::plain_host(&v.host),
            body: &code::spelled(&body.to_string()),
        };
        html! {
            h2 { (v.t(text::CODE_TO_COPY)) }
            @for (language, text) in code::all(&call) {
                details {
                    summary { (language) }
                    pre.user { code { (text) } }
                    button.quiet.copy type="button" data-copy hidden { (v.t(text::COPY_CODE)) }
                }
            }
        }
    }
}

/// A code, and for Chinese readers what it means.
fn error_code(v: &Visit, code: &str) -> Markup {
    html! {
        code { (code) }
        @if v.language == Language::Chinese { " " (text::refusals::of(code).unwrap_or_default()) }
    }
}

fn wire_text(sent: &Sent) -> String {
    let mut text = format!("POST {} HTTP/1.1\n", sent.path);
    for (name, value) in &sent.headers {
        text += &format!("{name}: {value}\n");
    }
    text + "\n" + &String::from_utf8_lossy(&sent.body)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a JSON value always has a text")
}
