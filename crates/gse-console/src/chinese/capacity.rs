//! Why a fleet has as many instances as it has.

use gse_api::extension::{
    CapacityDecision, CapacityEvaluation, CapacityVerdict, DecidedBy, ExplainFleetCapacityResponse,
    PolicyOpinion,
};

use super::time;
use crate::text::{reasons, said};

/// How many instances there are, who decides, what was decided last, and what comes next.
pub(crate) fn sentences(why: &ExplainFleetCapacityResponse) -> Vec<String> {
    let mut sentences = vec![present(why)];
    sentences.extend(said(reasons::MODES, &why.mode).map(|mode| format!("{mode}。")));
    sentences.push(match why.decisions.iter().find(|decision| decision.from != decision.to) {
        Some(change) => format!("最近一次变化（{}）：{}", time(&change.last_time), decision(change)),
        None => "自舰队创建以来（或在保留的记录内），实例数没有变化。".to_owned(),
    });
    if let Some(newest) = why.decisions.first().filter(|newest| newest.from == newest.to) {
        let when = match newest.times {
            0 | 1 => time(&newest.last_time),
            times => format!("{} 至 {}，共 {times} 次", time(&newest.time), time(&newest.last_time)),
        };
        sentences.push(format!("最近的决策（{when}）：{}", decision(newest)));
    }
    if let Some(next) = &why.next_evaluation {
        let until = why.cool_down_until.as_deref().map_or_else(String::new, |until| {
            format!("；冷却时间为 {} 分钟，{} 之前不会调整", why.scaling_interval, time(until))
        });
        sentences.push(format!("下次评估：{}{until}。", time(next)));
    }
    sentences
}

fn present(why: &ExplainFleetCapacityResponse) -> String {
    let mut text = format!("舰队现有 {} 个实例", why.active + why.pending);
    for (count, state) in [(why.idle, "没有会话"), (why.pending, "尚未就绪"), (why.reserved, "已保留")]
    {
        if count > 0 {
            text += &format!("，其中 {count} 个{state}");
        }
    }
    if why.terminating > 0 {
        text += &format!("，另有 {} 个终止中", why.terminating);
    }
    format!("{text}；期望 {} 个，范围为 {}–{}。", why.desired, why.min, why.max)
}

/// One decision with its numbers; its times are elsewhere.
pub(crate) fn decision(decision: &CapacityDecision) -> String {
    let (from, to) = (decision.from, decision.to);
    let moved =
        if from == to { format!("实例数保持 {to}") } else { format!("实例数由 {from} 变为 {to}") };
    match (DecidedBy::parse(&decision.by), &decision.evaluation) {
        (Some(DecidedBy::Request), _) => format!("通过 UpdateFleetCapacity 手动设置，{moved}。"),
        (Some(DecidedBy::Timer), _) => format!("定时器“{}”生效，{moved}。", decision.timer_name),
        (Some(DecidedBy::Copy), _) => format!("沿用源舰队的配置，{moved}。"),
        (_, Some(evaluation)) => format!("{}{}。", load(evaluation), verdict(evaluation, from, to)),
        (_, None) => format!("{moved}。"),
    }
}

/// What the fleet did, and what the policies said of it.
fn load(seen: &CapacityEvaluation) -> String {
    let all = u64::from(seen.instances) * u64::from(seen.processes_per_instance);
    let mut text = match free_percent(seen) {
        Some(free) => format!("{all} 个会话容量中已使用 {} 个，空闲 {free}%", seen.game_server_sessions),
        None => "当时没有实例".to_owned(),
    };
    for (count, state) in [(seen.pending, "启动中"), (seen.reserved, "已保留"), (seen.terminating, "终止中")]
    {
        if count > 0 {
            text += &format!("，{count} 个实例{state}");
        }
    }
    for policy in &seen.policies {
        text += &format!("；{}", opinion(policy, seen));
    }
    text + "。"
}

/// The share of the places for sessions that was free; `None` where there was no place.
fn free_percent(seen: &CapacityEvaluation) -> Option<u64> {
    let all = u64::from(seen.instances) * u64::from(seen.processes_per_instance);
    (all.saturating_sub(u64::from(seen.game_server_sessions)) * 100).checked_div(all)
}

fn opinion(policy: &PolicyOpinion, seen: &CapacityEvaluation) -> String {
    if policy.policy_type == "TargetBased" {
        return target(policy, seen);
    }
    let value = if policy.metric_value.is_empty() { "无数据" } else { &policy.metric_value };
    let PolicyOpinion { name, metric_name, comparison_operator, threshold, met, needed, wanted, .. } = policy;
    let rule = format!("规则“{name}”（{metric_name} {comparison_operator} {threshold}）：当前值 {value}");
    if met >= needed {
        format!("{rule}，条件满足，应为 {wanted} 个实例")
    } else {
        format!("{rule}，连续满足 {met}/{needed} 次")
    }
}

/// Where more is free than is asked for, a reader wonders why the fleet does not shrink (S-12).
fn target(policy: &PolicyOpinion, seen: &CapacityEvaluation) -> String {
    let percent = policy.target_value;
    let has_more = free_percent(seen).is_some_and(|free| free > u64::from(percent));
    match seen.instances {
        few if few < policy.grow_below => format!("低于空闲 {percent}% 的目标"),
        many if many > policy.shrink_above => format!("高于空闲 {percent}% 的目标"),
        1 if has_more => format!("高于空闲 {percent}% 的目标，但至少保留 1 个实例"),
        many if has_more && many <= policy.grow_below => {
            format!("符合空闲 {percent}% 的目标，再减少 1 个实例就会低于目标")
        }
        _ => format!("符合空闲 {percent}% 的目标"),
    }
}

fn verdict(seen: &CapacityEvaluation, from: u32, to: u32) -> String {
    let wanted = seen.wanted;
    match CapacityVerdict::parse(&seen.verdict) {
        Some(CapacityVerdict::Grow) => format!("由 {from} 个扩容至 {to} 个实例"),
        Some(CapacityVerdict::Shrink) => format!("由 {from} 个缩容至 {to} 个实例"),
        Some(CapacityVerdict::Hold) => "实例数合适，无需调整".to_owned(),
        Some(CapacityVerdict::Range) => {
            format!("应为 {wanted} 个实例，但受范围 {}–{} 限制，不调整", seen.min, seen.max)
        }
        Some(CapacityVerdict::Busy) => format!("只移除没有会话的实例（目前 {} 个），不调整", seen.idle),
        Some(CapacityVerdict::CoolDown) => format!("应为 {wanted} 个实例，但仍在冷却时间内，不调整"),
        None if from == to => format!("实例数保持 {to}"),
        None => format!("实例数由 {from} 变为 {to}"),
    }
}
