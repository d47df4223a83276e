//! A Chinese reader is told what every code means, and English is where it is marked as such.

use std::collections::BTreeSet;

use gse_api::extension::{
    CapacityMode, DecidedBy, FINDING_RULES, LINT_RULES, PassedOverCode, ProcessState, SearchOutcome,
    StandsCode,
};
use gse_api::{Action, EVENT_CODES, ErrorCode};

use super::pages::all_pages;
use super::{Browser, FLEET, SENTENCE, SESSION};
use crate::text::{self, findings, lint, reasons, refusals, said, states};
use crate::visit::address;

/// Elements that have no end.
const VOID: &[&str] = &["br", "input", "link", "meta"];

#[test]
fn every_code_has_a_chinese_text() {
    for code in EVENT_CODES {
        assert!(said(text::events::EVENTS, code).is_some(), "{code}");
    }
    for code in ErrorCode::ALL {
        assert!(refusals::of(code.as_str()).is_some(), "{code}");
    }
    assert_eq!(refusals::of("ResourceNotFound.Newer"), refusals::of("ResourceNotFound"));
    assert_eq!(refusals::of("Newer"), None);
    check(text::actions::ACTIONS, Action::ALL.iter().map(|action| action.name()));
    let groups: BTreeSet<&str> = Action::ALL.iter().map(|action| action.group().name()).collect();
    check(text::actions::GROUPS, groups.into_iter());
    let advice: Vec<&str> = findings::ADVICE.iter().map(|advice| advice.rule).collect();
    assert_eq!(advice, FINDING_RULES);
    for rule in LINT_RULES {
        assert!(lint::of(rule).is_some(), "{rule}");
    }
    check(reasons::PASSED_OVER, PassedOverCode::ALL.iter().map(|code| code.as_str()));
    check(reasons::OUTCOMES, SearchOutcome::ALL.iter().map(|code| code.as_str()));
    check(reasons::MODES, CapacityMode::ALL.iter().map(|code| code.as_str()));
    check(reasons::DECIDED_BY, DecidedBy::ALL.iter().map(|code| code.as_str()));
    check(reasons::STANDS, StandsCode::ALL.iter().map(|code| code.as_str()));
    for state in ProcessState::ALL {
        assert!(said(states::STATES, state.as_str()).is_some(), "{state:?}");
    }
}

/// Each code has a text, and there is no text for what is no code.
fn check(table: &[(&str, &'static str)], codes: impl Iterator<Item = &'static str>) {
    let mut codes: Vec<&str> = codes.collect();
    let mut known: Vec<&str> = table.iter().map(|(code, _)| *code).collect();
    codes.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, codes);
}

#[test]
fn chinese_is_punctuated_as_chinese() {
    let tables = [text::TABLE, text::pages::TABLE, text::demo::TABLE, text::live::TABLE];
    let mut texts: Vec<&str> = tables.into_iter().flatten().map(|(_, text)| text.chinese).collect();
    let pairs = [
        text::MEMBERS,
        text::actions::ACTIONS,
        text::actions::GROUPS,
        text::events::EVENTS,
        states::STATES,
        states::VALUES,
        reasons::PASSED_OVER,
        reasons::OUTCOMES,
        reasons::MODES,
        reasons::DECIDED_BY,
        reasons::STANDS,
        reasons::HOPS,
    ];
    texts.extend(pairs.into_iter().flatten().map(|(_, text)| *text));
    texts.extend(findings::ADVICE.iter().flat_map(|advice| [advice.meaning, advice.fix]));
    texts.extend(ErrorCode::ALL.iter().filter_map(|code| refusals::of(code.as_str())));
    texts.extend(LINT_RULES.iter().filter_map(|rule| lint::of(rule)).flat_map(|(wrong, fix)| [wrong, fix]));
    for text in texts {
        // A tag is typed with the colon of ASCII.
        let bare = text.replace("键:值", "").replace("键: 值", "");
        let is_wrong = |pair: &[char]| is_chinese(pair[0]) && ",;:!?()".contains(pair[1]);
        let letters: Vec<char> = bare.chars().collect();
        assert!(!letters.windows(2).any(is_wrong), "{text}");
        assert!(!bare.contains(" ("), "{text}");
    }
}

fn is_chinese(letter: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&letter)
}

#[tokio::test]
async fn english_on_chinese_pages_is_marked() {
    let mut browser = Browser::new();
    browser.language = "zh-CN";
    let mut told = 0;
    for page in all_pages() {
        let seen = browser.get(&page).await.text;
        for (text, is_english, is_data) in texts(&seen) {
            if text.contains(SENTENCE) {
                assert!(is_english, "{page}: {text}");
                told += 1;
            } else {
                assert!(is_english || is_data || words_in_a_row(&text) < 3, "{page}: {text}");
            }
        }
    }
    assert!(told >= 12, "the service spoke {told} times only");
}

#[tokio::test]
async fn the_chinese_of_a_code_comes_before_the_english() {
    let mut browser = Browser::new();
    browser.language = "zh-CN";
    let fleet = |tab: &str| format!("/console/fleets/{FLEET}/{tab}");
    let session = address("/console/session", &[("id", SESSION)]);
    for (page, chinese) in [
        (fleet("events"), "舰队已创建"),
        (fleet("diagnosis"), "会话未激活："),
        (fleet("scaling"), "由 1 个扩容至 2 个实例"),
        (fleet("scaling"), "舰队现有 2 个实例，其中 1 个没有会话；期望 2 个，范围为 0–3。"),
        (fleet("scaling"), "低于空闲 30% 的目标"),
        ("/console/placement?id=p".to_owned(), "没有空闲进程"),
        (
            "/console/placement?id=p".to_owned(),
            "第 0–9 毫秒，每名玩家的延迟不超过 50 毫秒：尝试 2 次，没有可用目标：",
        ),
        ("/console/assets/asset-1".to_owned(), "为运行它的系统和处理器重新编译。"),
        (session, "会话失败。"),
        ("/console/aliases/alias-gone".to_owned(), "资源不存在：可能已被删除，或位于其他地域。"),
    ] {
        let seen = browser.get(&page).await.text;
        let chinese_at = seen.find(chinese).unwrap_or_else(|| panic!("{page} has no `{chinese}`: {seen}"));
        assert!(seen[chinese_at..].contains(SENTENCE), "{page}");
    }
}

/// The texts of a page, with whether they are marked as English, and whether they are code or somebody's own.
fn texts(page: &str) -> Vec<(String, bool, bool)> {
    let (_, body) = page.split_once("<body>").unwrap();
    let (body, _) = body.split_once("</body>").unwrap();
    let mut open: Vec<(&str, bool, bool)> = Vec::new();
    let mut texts = Vec::new();
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        let (_, was_english, was_data) = *open.last().unwrap_or(&("", false, false));
        if tag.starts_with('/') {
            let (opened, ..) = open.pop().unwrap();
            assert_eq!(opened, name, "{part}");
        } else if !VOID.contains(&name) && !tag.ends_with('/') {
            let is_data = matches!(name, "code" | "pre" | "textarea" | "option") || tag.contains("\"user");
            let is_english = match tag.split_once("lang=\"") {
                Some((_, language)) => language.starts_with("en"),
                None => was_english,
            };
            open.push((name, is_english, was_data || is_data));
        }
        let (_, is_english, is_data) = *open.last().unwrap_or(&("", false, false));
        texts.push((text.to_owned(), is_english, is_data));
    }
    texts
}

/// The longest run of words of Latin letters.
fn words_in_a_row(text: &str) -> usize {
    let is_word = |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    text.split(' ')
        .fold((0, 0), |(most, now), word| {
            let now = if is_word(word.trim_end_matches([',', '.', ':', ';'])) { now + 1 } else { 0 };
            (usize::max(most, now), now)
        })
        .0
}
