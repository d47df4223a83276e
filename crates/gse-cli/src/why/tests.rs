use gse_api::extension::CapacityDecision;

use super::*;

#[test]
fn sentences_come_first_then_the_latest_decisions() {
    let decision = |text: &str| CapacityDecision { text: text.into(), ..CapacityDecision::default() };
    let long = "at 12:00:10 8 of 10 sessions were in use, 20 % free; below the target of 30 %: 2 instances would leave \
                60 % free: the fleet grew from 1 to 2 instances";
    let answer = ExplainFleetCapacityResponse {
        sentences: vec!["fleet f is ACTIVE and has 2 instances".into(), "1 scaling policy decides".into()],
        decisions: vec![decision(long), decision("at 12:00:00 no change"), decision("older")],
        ..ExplainFleetCapacityResponse::default()
    };
    let expected = "\
fleet f is ACTIVE and has 2 instances
1 scaling policy decides
the latest 2 of 3 decisions that are kept, newest first, times in UTC:
- at 12:00:10 8 of 10 sessions were in use, 20 % free; below the target of 30 %: 2 instances would
  leave 60 % free: the fleet grew from 1 to 2 instances
- at 12:00:00 no change
";
    assert_eq!(text(&answer, 2), expected);
    assert_eq!(text(&answer, 0).lines().count(), 2);
}
