//! What the search of a placement found.

use gse_api::extension::{ExplainPlacementResponse, PassedOver, SearchOutcome, SearchStep};

use super::Sentence;
use crate::text::{reasons, said};

/// Steps before those that are left out.
const FIRST_STEPS: usize = 4;

/// The whole story, in the order in which it happened.
pub(crate) fn sentences(explained: &ExplainPlacementResponse) -> Vec<Sentence> {
    let mut told = Vec::new();
    if explained.steps.is_empty() && explained.attempts > 0 {
        told.push(Sentence::new("首次尝试即选定了首个目标。".to_owned()));
    }
    for (number, step) in explained.steps.iter().enumerate() {
        if number == FIRST_STEPS && explained.left_out > 0 {
            told.push(Sentence::new(format!("此处省略 {} 步。", explained.left_out)));
        }
        tell(step, &mut told);
    }
    let ending = match explained.status.as_str() {
        "PENDING" => "放置请求仍在等待。",
        "FULFILLED" => "放置成功。",
        "CANCELLED" => "放置请求已取消。",
        "TIMED_OUT" => "放置请求已超时。",
        "FAILED" => "放置失败。",
        _ => return told,
    };
    told.push(Sentence::new(ending.to_owned()));
    told
}

fn tell(step: &SearchStep, told: &mut Vec<Sentence>) {
    let when = match step.first_ms == step.last_ms {
        true => format!("第 {} 毫秒", step.first_ms),
        false => format!("第 {}–{} 毫秒", step.first_ms, step.last_ms),
    };
    let limit =
        step.maximum_latency_ms.map_or_else(String::new, |ms| format!("，每名玩家的延迟不超过 {ms} 毫秒"));
    let fleet = step.fleet_id.as_deref().unwrap_or("–");
    let has_list = !step.passed_over.is_empty();
    let text = match SearchOutcome::parse(&step.outcome) {
        Some(SearchOutcome::Waits) => format!("{when}{limit}：尝试 {} 次，没有可用目标", step.times),
        Some(SearchOutcome::Chosen) if has_list => format!("{when}{limit}：选定舰队 {fleet}，此前略过的目标"),
        Some(SearchOutcome::Chosen) => format!("{when}{limit}：选定舰队 {fleet}（排在首位）"),
        Some(SearchOutcome::Lost) => format!("{when}：舰队 {fleet} 中的会话未能激活，继续查找"),
        Some(SearchOutcome::Hopeless) => format!("{when}{limit}：没有任何目标能够满足"),
        None => format!("{when}{limit}：{}", step.outcome),
    };
    let english = step.reason.clone().unwrap_or_default();
    let text = format!("{text}{}", if has_list { "：" } else { "。" });
    told.push(Sentence { text, is_inner: false, english });
    told.extend(step.passed_over.iter().map(passed_over));
    if step.more > 0 {
        told.push(Sentence { is_inner: true, ..Sentence::new(format!("另有 {} 个目标。", step.more)) });
    }
}

fn passed_over(passed: &PassedOver) -> Sentence {
    let what = match (&passed.alias_id, &passed.fleet_id) {
        (Some(alias), Some(fleet)) => format!("别名 {alias}，舰队 {fleet}"),
        (Some(alias), None) => format!("别名 {alias}"),
        (None, Some(fleet)) => format!("舰队 {fleet}"),
        (None, None) => "目标".to_owned(),
    };
    let why = said(reasons::PASSED_OVER, &passed.code).unwrap_or(&passed.code);
    let text = format!("{what}（{}）：{why}。", passed.region);
    Sentence { text, is_inner: true, english: passed.reason.clone() }
}
