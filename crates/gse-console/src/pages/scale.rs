//! The scaling form of operations.md 8.4: one form for the mode, the range and the policy, which are five actions of the
//! cloud API.

use gse_api::types as wire;
use maud::{Markup, html};

use super::fleet;
use crate::cloud::Refusal;
use crate::html::refusal;
use crate::page::{Outcome, Page};
use crate::text;
use crate::visit::{Visit, escaped, find};

/// The target-based policy that the form puts.
const POLICY: &str = "console-buffer";
/// The only action of a fleet that stops and starts.
const AUTO_SCALING: &str = "AUTO_SCALING";

/// What the form holds; numbers as they were typed.
#[derive(Clone, Debug, Default)]
struct Filled {
    is_automatic: bool,
    min: String,
    max: String,
    desired: String,
    buffer: String,
    cool_down: String,
}

impl Filled {
    fn of(form: &[(String, String)]) -> Self {
        let text = |name| find(form, name).unwrap_or_default().trim().to_owned();
        Self {
            is_automatic: find(form, "mode") == Some("automatic"),
            min: text("min"),
            max: text("max"),
            desired: text("desired"),
            buffer: text("buffer"),
            cool_down: text("cool_down"),
        }
    }
}

/// As the fleet is; `refused` keeps what was typed, and says why it was not taken.
pub(super) async fn form(
    v: &Visit,
    fleet: &wire::FleetAttributes,
    refused: Option<(&Refusal, &[(String, String)])>,
) -> Result<Markup, Refusal> {
    let filled = match refused {
        Some((_, form)) => Filled::of(form),
        None => now(v, fleet).await?.0,
    };
    let action = format!("/console/fleets/{}/scale", escaped(&fleet.fleet_id));
    // F-2
    let is_young = ["NEW", "DOWNLOADING", "VALIDATING", "BUILDING", "ACTIVATING"].contains(&&*fleet.status);
    let number = |name: &str, label: crate::language::Text, value: &str, min: u32, max: Option<u32>| {
        html! {
            label for=(name) { (v.t(label)) }
            input id=(name) name=(name) type="number" min=(min) max=[max] value=(value);
        }
    };
    Ok(html! {
        h2 { (v.t(text::EDIT_CAPACITY)) }
        @if let Some((error, _)) = refused { (refusal(v, error)) }
        @if is_young { p.notice { (v.t(text::YOUNG_FLEET)) } }
        form.stacked #form-scale method="post" action=(action) {
            (crate::html::own(v))
            fieldset {
                legend { (v.t(text::MODE)) }
                label {
                    input type="radio" name="mode" value="manual" checked[!filled.is_automatic] data-decides;
                    " " (v.t(text::MANUAL))
                }
                br;
                label {
                    input type="radio" name="mode" value="automatic" checked[filled.is_automatic]
                        disabled[is_young] data-decides;
                    " " (v.t(text::AUTOMATIC))
                }
            }
            (number("min", text::LEAST_INSTANCES, &filled.min, 0, None))
            (number("max", text::MOST_INSTANCES, &filled.max, 1, None))
            (number("desired", text::DESIRED_INSTANCES, &filled.desired, 0, None))
            p.help data-when="mode=automatic" { (v.t(text::NOTE_DESIRED)) }
            div.stacked data-when="mode=automatic" {
                (number("buffer", text::BUFFER_PERCENT, &filled.buffer, 1, Some(99)))
                p.help { (v.t(text::NOTE_BUFFER)) (v.gap()) (v.t(text::NOTE_NO_BUFFER)) }
            }
            (number("cool_down", text::COOL_DOWN_MINUTES, &filled.cool_down, 3, Some(30)))
            p.buttons {
                button { (v.t(text::SUBMIT)) }
                a.button.quiet href={ "/console/fleets/" (escaped(&fleet.fleet_id)) "/scaling" } { (v.t(text::CANCEL)) }
            }
        }
    })
}

/// What is set, and the name of the target-based policy that there is.
async fn now(v: &Visit, fleet: &wire::FleetAttributes) -> Result<(Filled, Option<String>), Refusal> {
    let capacity =
        wire::DescribeFleetCapacityRequest { fleet_ids: vec![fleet.fleet_id.clone()], ..Default::default() };
    let policies = wire::DescribeScalingPoliciesRequest {
        fleet_id: Some(fleet.fleet_id.clone()),
        limit: Some(100),
        ..Default::default()
    };
    let (capacity, policies) = tokio::try_join!(v.cloud.call(&capacity), v.cloud.call(&policies))?;
    let capacity = capacity.fleet_capacity.into_iter().next().unwrap_or_default();
    let counts = capacity.instance_counts.unwrap_or_default();
    let policy = policies.scaling_policies.into_iter().find(|policy| policy.policy_type == "TargetBased");
    let target = policy.as_ref().and_then(|policy| policy.target_configuration.clone());
    let filled = Filled {
        // F-4: nothing stopped is automatic, also without a policy.
        is_automatic: fleet.stopped_actions.is_empty(),
        min: counts.mini_num.to_string(),
        max: counts.maxi_num.to_string(),
        desired: counts.desired.to_string(),
        buffer: target.map_or(String::new(), |target| target.target_value.to_string()),
        cool_down: capacity.scaling_interval.to_string(),
    };
    Ok((filled, policy.map(|policy| policy.name)))
}

/// Posted: the range first, because it bounds the rest and is what is refused; then the policy and the switch. What was refused is shown in the
/// form, and what was done before it stays, as with the actions one by one.
pub(super) async fn submit(v: &Visit, id: &str, form: &[(String, String)]) -> Result<Outcome, Refusal> {
    let Some(found) = fleet::find(v, id).await? else { return Ok(Outcome::NotFound) };
    match carry_out(v, &found, &Filled::of(form)).await {
        Ok(()) => Ok(Outcome::Elsewhere(format!("/console/fleets/{}/scaling", escaped(id)))),
        Err(refused) => {
            let body = self::form(v, &found, Some((&refused, form))).await?;
            let page = fleet::framed(v, &found, "scale", &body);
            Ok(Outcome::Page(Page { status: http::StatusCode::BAD_REQUEST, ..page }))
        }
    }
}

async fn carry_out(v: &Visit, fleet: &wire::FleetAttributes, filled: &Filled) -> Result<(), Refusal> {
    let (_, policy) = now(v, fleet).await?;
    let actions = Some(vec![AUTO_SCALING.to_owned()]);
    let fleet_id = fleet.fleet_id.clone();
    let number = |text: &str, name: &str| match text {
        "" => Ok(None),
        text => text.parse::<u64>().map(Some).map_err(|_| wrong(name, text)),
    };
    let capacity = wire::UpdateFleetCapacityRequest {
        fleet_id: fleet_id.clone(),
        min_size: number(&filled.min, "MinSize")?,
        max_size: number(&filled.max, "MaxSize")?,
        desired_instances: number(&filled.desired, "DesiredInstances")?,
        scaling_interval: number(&filled.cool_down, "ScalingInterval")?,
    };
    v.cloud.call(&capacity).await?;
    if filled.is_automatic {
        let target = number(&filled.buffer, "TargetValue")?;
        set_buffer(v, &fleet_id, target, policy).await?;
        if !fleet.stopped_actions.is_empty() {
            v.cloud.call(&wire::StartFleetActionsRequest { actions, fleet_id }).await?;
        }
    } else if fleet.stopped_actions.is_empty() && fleet.status == "ACTIVE" {
        v.cloud.call(&wire::StopFleetActionsRequest { actions, fleet_id }).await?;
        // A policy may have decided otherwise before it was stopped.
        if capacity.desired_instances.is_some() {
            v.cloud.call(&capacity).await?;
        }
    }
    Ok(())
}

/// Puts the target-based policy, or takes it away where the buffer was emptied.
async fn set_buffer(
    v: &Visit,
    fleet: &str,
    target: Option<u64>,
    policy: Option<String>,
) -> Result<(), Refusal> {
    match (target, policy) {
        (None, None) => {}
        (None, Some(policy)) => {
            let delete = wire::DeleteScalingPolicyRequest { fleet_id: fleet.to_owned(), name: Some(policy) };
            v.cloud.call(&delete).await?;
        }
        (Some(_), policy) => {
            let put = wire::PutScalingPolicyRequest {
                fleet_id: fleet.to_owned(),
                name: Some(policy.unwrap_or_else(|| POLICY.to_owned())),
                policy_type: Some("TargetBased".to_owned()),
                target_configuration: Some(wire::TargetConfigurationInput { target_value: target }),
                ..Default::default()
            };
            v.cloud.call(&put).await?;
        }
    }
    Ok(())
}

fn wrong(name: &str, text: &str) -> Refusal {
    Refusal {
        code: "InvalidParameter".into(),
        message: format!("`{name}` must be a whole number, not `{text}`."),
        request_id: String::new(),
    }
}
