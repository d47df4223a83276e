//! The reasons for a number of instances, in the words of `gse_api::extension`.

use gse_api::extension::{
    CapacityDecision, CapacityEvaluation, CapacityVerdict, DecidedBy, ExplainFleetCapacityResponse,
    PolicyOpinion,
};
use gse_core::capacity::decision::{
    Cause, Decision, Evaluation, Explanation, Opinion, Verdict, View, sentence,
};
use gse_core::time::Timestamp;

pub(crate) fn capacity(explanation: Explanation, now: Timestamp) -> ExplainFleetCapacityResponse {
    let Explanation { counts, reserved, mode, next_evaluation, cool_down_until, sentences, decisions } =
        explanation;
    ExplainFleetCapacityResponse {
        fleet_id: counts.fleet.to_string(),
        mode: mode.to_string(),
        desired: counts.capacity.desired,
        min: counts.capacity.min,
        max: counts.capacity.max,
        active: counts.active,
        idle: counts.idle,
        pending: counts.pending,
        terminating: counts.terminating,
        reserved,
        scaling_interval: counts.capacity.scaling_interval_minutes,
        next_evaluation: next_evaluation.map(Timestamp::to_iso),
        cool_down_until: cool_down_until.map(Timestamp::to_iso),
        sentences,
        decisions: decisions.into_iter().map(|one| decision(one, now)).collect(),
    }
}

fn decision(decision: Decision, now: Timestamp) -> CapacityDecision {
    let text = sentence(&decision, now);
    let (by, timer_name, evaluation) = match decision.cause {
        Cause::Request => (DecidedBy::Request, String::new(), None),
        Cause::Timer(name) => (DecidedBy::Timer, name, None),
        Cause::Copy => (DecidedBy::Copy, String::new(), None),
        Cause::Policies(seen) => (DecidedBy::Policies, String::new(), Some(evaluation(seen))),
    };
    CapacityDecision {
        time: decision.time.to_iso(),
        last_time: decision.last.to_iso(),
        times: decision.times,
        from: decision.from,
        to: decision.to,
        by: by.as_str().into(),
        timer_name,
        evaluation,
        text,
    }
}

fn evaluation(seen: Evaluation) -> CapacityEvaluation {
    let Evaluation { load, min, max, wanted, verdict, opinions } = seen;
    let verdict = match verdict {
        Verdict::Grow => CapacityVerdict::Grow,
        Verdict::Shrink => CapacityVerdict::Shrink,
        Verdict::Hold => CapacityVerdict::Hold,
        Verdict::Range => CapacityVerdict::Range,
        Verdict::Busy => CapacityVerdict::Busy,
        Verdict::CoolDown { .. } => CapacityVerdict::CoolDown,
    };
    CapacityEvaluation {
        verdict: verdict.as_str().into(),
        wanted,
        min,
        max,
        instances: load.instances,
        idle: load.idle,
        pending: load.pending,
        reserved: load.reserved,
        terminating: load.leaving,
        processes_per_instance: load.processes_per_instance,
        game_server_sessions: load.sessions,
        available_game_server_sessions: load.free_sessions(),
        current_player_sessions: load.players,
        policies: opinions.into_iter().map(opinion).collect(),
    }
}

fn opinion(Opinion { policy: name, view }: Opinion) -> PolicyOpinion {
    match view {
        View::Target { percent, grow, shrink } => PolicyOpinion {
            name,
            policy_type: "TargetBased".into(),
            target_value: percent,
            grow_below: grow,
            shrink_above: shrink,
            ..PolicyOpinion::default()
        },
        View::Rule { rule, value, met, needed, wanted } => PolicyOpinion {
            name,
            policy_type: "RuleBased".into(),
            metric_name: rule.metric.to_string(),
            metric_value: value.map(|value| value.to_string()).unwrap_or_default(),
            comparison_operator: rule.comparison.to_string(),
            threshold: rule.threshold.to_string(),
            met,
            needed,
            wanted,
            ..PolicyOpinion::default()
        },
    }
}
