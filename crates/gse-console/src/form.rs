//! Forms of actions: `/console/do/<Action>` shows one with what is known filled in, asks to confirm what matters, sends
//! it, and goes where its result is seen.

pub(crate) mod fields;
mod operation;
mod prefill;
mod suggestions;
pub(crate) mod values;
mod words;

use gse_api::{Action, types as wire};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use crate::cloud::Refusal;
use crate::form::operation::{Operation, Then};
use crate::form::suggestions::Suggestions;
use crate::form::values::Values;
use crate::html::Question;
use crate::page::{Outcome, Page};
use crate::visit::{REGION_MEMBER, Visit, address, escaped, find, within};
use crate::{html as parts, text};

/// Before the name of a member in the query of a form: its value is an offer. Without it, the value is what the form is
/// about, and is not edited.
pub(crate) const OFFERED: char = '~';

/// Members that have one value.
const CONSTANT: &[&str] = &["Actions"];

/// The form of an action, with what is there now; or the question whether it is meant, where nothing is left to fill in.
pub(crate) async fn show(v: &Visit, action: &str) -> Result<Outcome, Refusal> {
    let Some(operation) = operation::find(action) else { return Ok(Outcome::NotFound) };
    let given =
        v.query.iter().filter(|(name, value)| name != "back" && name != REGION_MEMBER && !value.is_empty());
    let (offered, named): (Vec<_>, Vec<_>) = given.cloned().partition(|(name, _)| name.starts_with(OFFERED));
    let mut values = prefill::load(v, operation.action, &named).await?;
    let fixed: Vec<String> = named.iter().map(|(name, _)| name.clone()).collect();
    values.remember(operation.changes());
    values.put(named);
    values.put(offered.into_iter().map(|(name, value)| (name[OFFERED.len_utf8()..].to_owned(), value)));
    let back = v.asked("back").and_then(within).unwrap_or("/console").to_owned();
    if operation.is_confirmed
        && operation.members().all(|name| fixed.iter().any(|given| given == name) || CONSTANT.contains(&name))
        && let Ok(body) = values.body(operation.action)
    {
        // There is nothing to fill in: one question is enough.
        let mut pairs: Vec<(String, String)> = values.pairs().collect();
        let own = [("_token", &v.token), ("_back", &back), ("_fixed", &fixed.join(" "))];
        pairs.extend(own.map(|(name, value)| (name.to_owned(), value.clone())));
        return Ok(Outcome::Page(question(v, operation, &pairs, &body, &back).await));
    }
    let form = Form { operation, values, fixed, back };
    Ok(Outcome::Page(form.page(v, None).await))
}

/// What was filled in: another row, a question whether it is meant, or the call.
pub(crate) async fn submit(v: &Visit, action: &str, pairs: &[(String, String)]) -> Result<Outcome, Refusal> {
    let Some(operation) = operation::find(action) else { return Ok(Outcome::NotFound) };
    let mut values = Values::of(pairs);
    values.complete_times();
    let back = find(pairs, "_back").and_then(within).unwrap_or("/console").to_owned();
    let fixed = find(pairs, "_fixed").unwrap_or_default().split(' ').map(str::to_owned).collect();
    if let Some(list) = find(pairs, "_more") {
        values.add_row(list);
        return Ok(Outcome::Page(Form { operation, values, fixed, back }.page(v, None).await));
    }
    if let Some(edit) = find(pairs, "_edit") {
        change_rows(&mut values, edit);
        return Ok(Outcome::Page(Form { operation, values, fixed, back }.page(v, None).await));
    }
    let body = match sent(operation, &values, pairs).body(operation.action) {
        Ok(body) => body,
        Err(refusal) => {
            return Ok(Outcome::Page(Form { operation, values, fixed, back }.page(v, Some(&refusal)).await));
        }
    };
    if operation.is_confirmed && find(pairs, "_confirmed").is_none() {
        return Ok(Outcome::Page(question(v, operation, pairs, &body, &back).await));
    }
    match v.cloud.call_any(operation.action, &body).await {
        Ok(answer) => Ok(Outcome::Elsewhere(destination(operation, &answer, &back))),
        Err(refusal) => {
            Ok(Outcome::Page(Form { operation, values, fixed, back }.page(v, Some(&refusal)).await))
        }
    }
}

/// `drop Tags.1`, `up Destinations.2`, `down Destinations.0`.
fn change_rows(values: &mut Values, edit: &str) {
    let Some((verb, path)) = edit.split_once(' ') else { return };
    let Some((list, row)) = path.rsplit_once('.') else { return };
    let Ok(row) = row.parse::<usize>() else { return };
    match (verb, row.checked_sub(1)) {
        ("drop", _) => values.drop_row(list, row),
        ("up", Some(above)) => values.swap_rows(list, above, row),
        ("down", _) => values.swap_rows(list, row, row.saturating_add(1)),
        _ => {}
    }
}

/// What is sent of a form: without the members that do not apply, and with those that were emptied.
fn sent(operation: &Operation, values: &Values, pairs: &[(String, String)]) -> Values {
    let mut sent = values.clone();
    for condition in operation.conditions {
        if !condition.is.contains(&values.get(condition.on)) {
            condition.members.iter().for_each(|member| sent.remove(member));
        }
    }
    let is_emptied = |name: &&&str| pairs.iter().any(|(found, text)| found == **name && text.is_empty());
    sent.put(operation.clearable.iter().filter(is_emptied).map(|name| ((*name).to_owned(), String::new())));
    sent
}

/// Where the result is seen.
fn destination(operation: &Operation, answer: &Value, back: &str) -> String {
    match operation.then {
        Then::Back => back.to_owned(),
        Then::List(path) => path.to_owned(),
        Then::Made { path, pointer } => match answer.pointer(pointer).and_then(Value::as_str) {
            Some(id) => format!("{path}{}", escaped(id)),
            None => back.to_owned(),
        },
    }
}

/// The longest address that a form is opened again with; browsers and proxies take as much.
const MOST_ADDRESS_BYTES: usize = 6000;

/// The address that shows a posted form again, with what was typed as long as that fits: for the other language, after a
/// login, or with a new token.
pub(crate) fn again(path: &str, pairs: &[(String, String)]) -> Option<String> {
    path.strip_prefix("/console/do/").and_then(operation::find)?;
    let fixed: Vec<&str> = find(pairs, "_fixed").unwrap_or_default().split(' ').collect();
    let given = pairs.iter().filter(|(name, text)| !name.starts_with('_') && !text.is_empty());
    let (named, typed): (Vec<_>, Vec<_>) = given.partition(|(name, _)| fixed.contains(&&**name));
    let mut query: Vec<(String, &str)> = named.iter().map(|(name, text)| (name.clone(), &**text)).collect();
    let own = [("back", "_back"), (REGION_MEMBER, REGION_MEMBER)];
    query.extend(own.into_iter().filter_map(|(name, from)| Some((name.to_owned(), find(pairs, from)?))));
    let short = query.len();
    query.extend(typed.iter().map(|(name, text)| (format!("{OFFERED}{name}"), &**text)));
    let with = |query: &[(String, &str)]| {
        address(path, &query.iter().map(|(name, text)| (&**name, *text)).collect::<Vec<_>>())
    };
    Some(with(&query))
        .filter(|whole| whole.len() <= MOST_ADDRESS_BYTES)
        .or_else(|| Some(with(&query[..short])))
}

struct Form<'a> {
    operation: &'a Operation,
    values: Values,
    /// Members that say what it is about; they are shown and not edited.
    fixed: Vec<String>,
    back: String,
}

impl Form<'_> {
    async fn page(&self, v: &Visit, refusal: Option<&Refusal>) -> Page {
        let operation = self.operation;
        let title = v.t(operation.title);
        let suggestions = Suggestions::load(v, operation.action).await;
        let body = html! {
            h1 { (title) }
            @if let Some(refusal) = refusal { (parts::refusal(v, refusal)) }
            @if let Some(note) = operation.note { p.note { (v.t(note)) } }
            form.action id={ "form-" (operation.action.name()) } method="post" action={ "/console/do/" (operation.action.name()) } {
                (parts::own(v))
                input type="hidden" name="_back" value=(self.back);
                input type="hidden" name="_fixed" value=(self.fixed.join(" "));
                (self.values.row_counts())
                // The one that Enter presses.
                button.first tabindex="-1" aria-hidden="true" { (v.t(text::SUBMIT)) }
                (self.groups(v, &suggestions))
                (suggestions.lists())
                p.buttons {
                    button { (v.t(text::SUBMIT)) }
                    a.button.quiet href=(self.back) { (v.t(text::CANCEL)) }
                }
            }
        };
        let status = if refusal.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        Page { status, ..Page::new(title, body) }
    }

    fn groups(&self, v: &Visit, suggestions: &Suggestions) -> Markup {
        let schema = self.operation.action.request_schema();
        let fields = fields::Fields {
            v,
            values: &self.values,
            fixed: &self.fixed,
            is_plain: true,
            conditions: self.operation.conditions,
            needs: self.operation.needs,
            suggestions: Some(suggestions),
        };
        html! {
            @for (title, members) in self.operation.groups {
                @let shown = members.iter().filter_map(|name| schema.member(name));
                @if *title == Some(text::MORE_SETTINGS) {
                    // Collapsed, as long as nothing in it is filled in.
                    details.group #more-settings open[members.iter().any(|name| self.values.is_given(name))] {
                        summary { (v.t(text::MORE_SETTINGS)) }
                        @for member in shown { (fields.member(member, "", true)) }
                    }
                } @else if let Some(title) = title {
                    fieldset.group {
                        legend { (v.t(*title)) }
                        @if let [name] = members { (fields.unframed(schema.member(name))) }
                        @else { @for member in shown { (fields.member(member, "", true)) } }
                    }
                } @else {
                    @for member in shown { (fields.member(member, "", true)) }
                }
            }
        }
    }
}

/// What the thing is called that an action is about, as it is called now.
async fn object_name(v: &Visit, action: Action, body: &Value) -> Option<String> {
    let id = |name: &str| Some(body.get(name)?.as_str()?.to_owned());
    // A policy or a timer lies in a fleet; in a change the name is the new one.
    let own = id("Name").or_else(|| id("TimerName")).filter(|_| action.name().starts_with("Delete"));
    if own.is_some() {
        return own;
    }
    if let Some(fleet) = id("FleetId") {
        let request =
            wire::DescribeFleetAttributesRequest { fleet_ids: Some(vec![fleet]), ..Default::default() };
        return Some(v.cloud.call(&request).await.ok()?.fleet_attributes.into_iter().next()?.name);
    }
    if let Some(alias_id) = id("AliasId") {
        return Some(v.cloud.call(&wire::DescribeAliasRequest { alias_id }).await.ok()?.alias?.name);
    }
    if let Some(asset_id) = id("AssetId") {
        return Some(v.cloud.call(&wire::DescribeAssetRequest { asset_id }).await.ok()?.asset.asset_name);
    }
    id("Name")
}

/// Is it meant?
async fn question(
    v: &Visit,
    operation: &Operation,
    pairs: &[(String, String)],
    body: &Value,
    back: &str,
) -> Page {
    let action = operation.action.name();
    let fixed = find(pairs, "_fixed").unwrap_or_default();
    let has_input = pairs.iter().any(|(name, text)| {
        !name.starts_with('_') && !text.is_empty() && !fixed.split(' ').any(|fixed| fixed == name)
    });
    let mut about = vec![(text::REGION, v.cloud.region.clone())];
    if let Some(name) = object_name(v, operation.action, body).await {
        about.insert(0, (text::NAME, name));
    }
    let question = Question {
        title: operation.title,
        note: operation.note,
        is_final: action.starts_with("Delete") || action.starts_with("End"),
        about,
        sent: body,
        action: &format!("/console/do/{action}"),
        fields: pairs,
        has_input,
        back,
    };
    Page::new(v.t(operation.title), question.markup(v))
}

/// Whether there is a form for an action outside the explorer.
#[cfg(test)]
pub(crate) fn all_operations() -> impl Iterator<Item = gse_api::Action> {
    operation::OPERATIONS.iter().map(|operation| operation.action)
}
