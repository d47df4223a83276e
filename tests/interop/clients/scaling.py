"""Scaling policies and timers, through the vendor's Python SDK: what is put is what is described, and goes again."""

from datetime import datetime, timedelta, timezone

from telling import answer, expect, part


def policies(client, fleet):
    part("scaling policies")
    target = {"PolicyType": "TargetBased", "TargetConfiguration": {"TargetValue": 30}}
    expect(client.call("PutScalingPolicy", FleetId=fleet, Name="buffer", **target), Name="buffer")
    rule = {
        "PolicyType": "RuleBased",
        "MetricName": "IdleInstances",
        "ComparisonOperator": ">",
        "Threshold": 1.5,
        "EvaluationPeriods": 5,
        "ScalingAdjustmentType": "ChangeInCapacity",
        "ScalingAdjustment": -1,
    }
    client.call("PutScalingPolicy", FleetId=fleet, Name="idle", **rule)
    found = client.call("DescribeScalingPolicies", FleetId=fleet, StatusFilter="ACTIVE", Offset=0, Limit=10)
    expect(found, TotalCount=2)
    by_name = {policy["Name"]: policy for policy in found["ScalingPolicies"]}
    expect(by_name["buffer"], PolicyType="TargetBased", TargetConfiguration={"TargetValue": 30})
    # Every value of an answer is a text, and absent where it means nothing.
    expect(by_name["idle"], Threshold="1.5", EvaluationPeriods="5", ScalingAdjustment="-1", TargetConfiguration=None)
    client.call("DeleteScalingPolicy", FleetId=fleet, Name="idle")
    client.refused("ResourceNotFound", "DeleteScalingPolicy", FleetId=fleet, Name="idle")
    client.call("DeleteScalingPolicy", FleetId=fleet)
    expect(client.call("DescribeScalingPolicies", FleetId=fleet), TotalCount=0)


def timers(client, fleet):
    part("timers")
    begin = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=1)
    moment = lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ")
    timer = {
        "TimerName": "evenings",
        "TimerConfiguration": {
            "TimerType": 4,
            "TimerValue": {"WeekDays": [1, 5]},
            "BeginTime": moment(begin),
            "EndTime": moment(begin + timedelta(days=30)),
        },
        "TimerFleetCapacity": {"FleetId": fleet, "MinSize": 0, "DesiredInstances": 1, "MaxSize": 1, "ScalingType": 1},
    }
    client.call("PutTimerScalingPolicy", TimerScalingPolicy=timer)
    found = client.call("DescribeTimerScalingPolicies", FleetId=fleet, TimerName="evenings")
    expect(found, TotalCount=1)
    put = found["TimerScalingPolicies"][0]
    expect(put, TimerName="evenings", TimerStatus=1)
    expect(put["TimerConfiguration"], TimerType=4)
    expect(put["TimerConfiguration"]["TimerValue"], WeekDays=[1, 5], Day=0)
    stopped = {**timer, "TimerId": put["TimerId"], "TimerStatus": 3}
    client.call("PutTimerScalingPolicy", TimerScalingPolicy=stopped)
    expect(client.call("DescribeTimerScalingPolicies", FleetId=fleet)["TimerScalingPolicies"][0], TimerStatus=3)
    client.call("DeleteTimerScalingPolicy", TimerId=put["TimerId"])
    expect(client.call("DescribeTimerScalingPolicies", FleetId=fleet), TotalCount=0)
    answer(f"{put['TimerId']} was put, stopped and deleted")
