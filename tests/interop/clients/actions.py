"""The actions that the walkthrough leaves out, through the methods and models of the vendor's Python SDK; `scaling.py` and
`storage.py` have those of their names.

Each answer is read by a model that refuses what it does not know, and what a later call shows is compared with what an
earlier one asked for.
"""

import scaling
import storage
from telling import answer, expect, part, tell, until
from vendor import CosSdk, Refused
from walkthrough import Player, instances, join, upload

ANYWHERE = "0.0.0.0/0"
ACTIVITY = ["AUTO_SCALING"]
PROCESSES = 3


def drive(client, service, package):
    """Drives them on one fleet, and puts everything away at the end."""
    asset = assets(client, service, package)
    fleet = fleets(client, asset)
    on_instances(client, fleet)
    names(client, fleet)
    sessions(client, fleet)
    queues(client, service, fleet)
    scaling.policies(client, fleet)
    scaling.timers(client, fleet)
    storage.bucket(client, service, CosSdk(service), package)
    storage.images(client, service)
    storage.statistics(client, fleet)
    account(client)
    clear(client, fleet, asset)


def assets(client, service, package):
    part("assets")
    key = "actions/server.zip"
    upload(client, CosSdk(service), package, service.region, key)
    systems = client.call("DescribeAssetSystems", OsType="CentOS", OsBit=64)["AssetSupportSys"]
    made = client.call(
        "CreateAsset",
        BucketKey=key,
        AssetName="actions",
        AssetVersion="1.0",
        AssetRegion=service.region,
        OperateSystem=systems[0]["OsVersion"],
        Tags=[{"Key": "env", "Value": "interop"}],
    )
    asset = made["AssetId"]
    until(lambda: client.call("DescribeAsset", AssetId=asset)["Asset"], lambda found: found["Stauts"] == 2, 60)
    client.call("UpdateAsset", AssetId=asset, AssetName="renamed", AssetVersion="1.1")
    filters = [{"Key": "tag:key-value", "Values": ["env:interop"]}]
    found = client.call("DescribeAssets", AssetRegion=service.region, Offset=0, Limit=10, Filters=filters)
    expect(found, TotalCount=1)
    expect(found["Assets"][0], AssetId=asset, AssetName="renamed", AssetVersion="1.1")
    return asset


def fleets(client, asset):
    part("a fleet, its settings, a copy")
    process = {"LaunchPath": "/local/game/start.sh", "ConcurrentExecutions": 2}
    rule = {"FromPort": 1025, "ToPort": 60000, "Protocol": "TCP", "IpRange": ANYWHERE}
    fleet = client.call(
        "CreateFleet",
        AssetId=asset,
        Name="actions",
        InstanceType="S5.LARGE8",
        RuntimeConfiguration={"ServerProcesses": [process]},
        InboundPermissions=[rule],
    )["FleetAttributes"]["FleetId"]
    active = lambda found: found["FleetAttributes"][0]["Status"] == "ACTIVE"
    until(lambda: client.call("DescribeFleetAttributes", FleetIds=[fleet]), active, 120)
    expect(client.call("ListFleets", AssetId=asset), FleetIds=[fleet], TotalCount=1)

    client.call("UpdateFleetAttributes", FleetId=fleet, Description="changed", NewGameSessionProtectionPolicy="NoProtection")
    client.call("UpdateFleetName", FleetId=fleet, Name="actions 2")
    attributes = client.call("DescribeFleetAttributes", FleetIds=[fleet])["FleetAttributes"][0]
    expect(attributes, Name="actions 2", Description="changed", NewGameServerSessionProtectionPolicy="NoProtection")

    udp = {"FromPort": 1025, "ToPort": 1030, "Protocol": "UDP", "IpRange": "10.0.0.0/8"}
    client.call("UpdateFleetPortSettings", FleetId=fleet, InboundPermissionAuthorizations=[udp])
    ports = client.call("DescribeFleetPortSettings", FleetId=fleet)["InboundPermissions"]
    if sorted(port["Protocol"] for port in ports) != ["TCP", "UDP"]:
        raise AssertionError(f"the rules are {ports}")

    changed = {"ServerProcesses": [{**process, "ConcurrentExecutions": PROCESSES}]}
    client.call("UpdateRuntimeConfiguration", FleetId=fleet, RuntimeConfiguration=changed)
    found = client.call("DescribeRuntimeConfiguration", FleetId=fleet)["RuntimeConfiguration"]
    expect(found["ServerProcesses"][0], ConcurrentExecutions=PROCESSES)

    expect(client.call("StopFleetActions", FleetId=fleet, Actions=ACTIVITY), FleetId=fleet)
    expect(client.call("DescribeFleetAttributes", FleetIds=[fleet])["FleetAttributes"][0], StoppedActions=ACTIVITY)
    expect(client.call("StartFleetActions", FleetId=fleet, Actions=ACTIVITY), FleetId=fleet)
    client.call("AttachCcnInstances", FleetId=fleet, AccountId="100000000001", CcnId="ccn-abcd1234")
    expect(client.call("DescribeCcnInstances", FleetId=fleet), TotalCount=1)
    client.call("DetachCcnInstances", FleetId=fleet)
    copies = client.call("CopyFleet", FleetId=fleet, CopyNumber=1, SelectedScalingType="SCALING_SELECTED")
    copied = copies["FleetAttributes"][0]["FleetId"]
    until(lambda: client.call("DescribeFleetAttributes", FleetIds=[copied]), active, 120)
    put_away(client, copied)
    answer(f"{fleet}, and {copied} was its copy")
    return fleet


def on_instances(client, fleet):
    part("instances, their access, reserve and weight")
    ready = lambda found: found["Instances"][0]["HealthyProcessCnt"] == PROCESSES
    until(lambda: client.call("DescribeInstancesExtend", FleetId=fleet, Offset=0, Limit=10), ready, 60)
    found = client.call("DescribeInstances", FleetId=fleet)
    expect(found, TotalCount=1)
    instance = found["Instances"][0]["InstanceId"]
    client.call("SetServerWeight", FleetId=fleet, InstanceId=instance, Weight=9)
    expect(client.call("DescribeInstances", InstanceId=instance)["Instances"][0], Weight=9, ReserveValue=0)
    client.call("SetServerReserved", FleetId=fleet, InstanceId=instance, ReserveValue=1)
    expect(client.call("DescribeInstances", InstanceId=instance)["Instances"][0], ReserveValue=1)
    client.call("SetServerReserved", FleetId=fleet, InstanceId=instance, ReserveValue=0)
    # A slot on a host is no machine of its own (R51).
    client.never("UnsupportedOperation", "GetInstanceAccess", FleetId=fleet, InstanceId=instance)
    expect(client.call("DescribeFleetUtilization", FleetIds=[fleet])["FleetUtilization"][0], FleetId=fleet)
    client.call("GetGameServerInstanceLogUrl", FleetId=fleet, InstanceId=instance, Offset=0, Size=10)


def names(client, fleet):
    part("aliases")
    routing = {"Type": "SIMPLE", "FleetId": fleet}
    alias = client.call("CreateAlias", Name="live", RoutingStrategy=routing)["Alias"]["AliasId"]
    expect(client.call("ResolveAlias", AliasId=alias), FleetId=fleet)
    client.call("UpdateAlias", AliasId=alias, Description="to the fleet")
    expect(client.call("DescribeAlias", AliasId=alias)["Alias"], Name="live", Description="to the fleet")
    listed = client.call("ListAliases", RoutingStrategyType="SIMPLE", OrderBy="CreationTime", OrderWay="desc")
    expect(listed, TotalCount=1)
    expect(client.call("DescribeFleetRelatedResources", FleetId=fleet)["Resources"][0], Type="ALIAS", ResourceId=alias)
    made = client.call("CreateGameServerSession", AliasId=alias, MaximumPlayerSessionCount=2, IdempotencyToken="once")
    again = client.call("CreateGameServerSession", AliasId=alias, MaximumPlayerSessionCount=2, IdempotencyToken="once")
    session = made["GameServerSession"]["GameServerSessionId"]
    expect(again["GameServerSession"], GameServerSessionId=session)
    becomes(client, session, "ACTIVE")
    client.call("EndGameServerSessionAndProcess", GameServerSessionId=session)
    becomes(client, session, "TERMINATED")
    client.call("DeleteAlias", AliasId=alias)
    answer("a session through an alias was made once, and ended with its process")


def sessions(client, fleet):
    part("sessions: search, tokens, changes, players, logs")
    made = []
    for number in range(2):
        properties = [{"Key": "mode", "Value": f"m{number}"}]
        answered = client.call(
            "CreateGameServerSession", FleetId=fleet, MaximumPlayerSessionCount=4, GameProperties=properties, Name=f"s{number}"
        )
        made.append(answered["GameServerSession"]["GameServerSessionId"])
        becomes(client, made[-1], "ACTIVE")
    search = {"FleetId": fleet, "FilterExpression": "gameServerSessionProperties.mode = 'm1'"}
    found = client.call("SearchGameServerSessions", **search)["GameServerSessions"]
    if [session["GameServerSessionId"] for session in found] != made[1:]:
        raise AssertionError(f"the search found {found}")
    tokens(client, fleet, set(made))

    changed = {"Name": "renamed", "PlayerSessionCreationPolicy": "ACCEPT_ALL", "ProtectionPolicy": "NoProtection"}
    session = client.call("UpdateGameServerSession", GameServerSessionId=made[0], MaximumPlayerSessionCount=5, **changed)
    expect(session["GameServerSession"], Name="renamed", MaximumPlayerSessionCount=5)
    details = client.call("DescribeGameServerSessionDetails", GameServerSessionId=made[0])["GameServerSessionDetails"][0]
    expect(details, ProtectionPolicy="NoProtection")
    expect(details["GameServerSession"], Name="renamed")
    batch = {"PlayerIds": ["bob", "eve"], "PlayerDataMap": {"Key": "bob", "Value": "red"}}
    seats = client.call("JoinGameServerSessionBatch", GameServerSessionId=made[0], **batch)["PlayerSessions"]
    expect(seats[0], PlayerId="bob", PlayerData="red", Status="RESERVED")
    seat = join(client, session["GameServerSession"], "alice")
    with Player(seat) as alice:
        alice.ask(f"JOIN {seat['PlayerSessionId']}", "WELCOME 1")
        alice.ask("END", "ENDED")
    becomes(client, made[0], "TERMINATED")
    url = lambda: client.call("GetGameServerSessionLogUrl", GameServerSessionId=made[0])["PreSignedUrl"]
    until(url, bool, 60)
    client.call("EndGameServerSessionAndProcess", GameServerSessionId=made[1])


def tokens(client, fleet, made):
    """Pages by token end with an empty one; a damaged token is refused."""
    seen, token = [], ""
    while True:
        selection = {"FleetId": fleet, "StatusFilter": "ACTIVE", "Limit": 1}
        page = client.call("DescribeGameServerSessions", NextToken=token, **selection)
        seen += [session["GameServerSessionId"] for session in page["GameServerSessions"]]
        token = page["NextToken"]
        if not token or len(seen) > len(made):
            break
        client.refused("InvalidParameterValue", "DescribeGameServerSessions", NextToken=f"{token}x", **selection)
    if len(seen) != len(made) or set(seen) != made:
        raise AssertionError(f"the pages have {seen}, and there are {made}")


def queues(client, service, fleet):
    part("a queue and its placements")
    attributes = client.call("DescribeFleetAttributes", FleetIds=[fleet])["FleetAttributes"][0]
    destinations = [{"DestinationArn": attributes["FleetArn"]}]
    client.call("CreateGameServerSessionQueue", Name="q1", TimeoutInSeconds=60)
    latency = [{"MaximumIndividualPlayerLatencyMilliseconds": 100, "PolicyDurationSeconds": 10}]
    client.call("UpdateGameServerSessionQueue", Name="q1", Destinations=destinations, PlayerLatencyPolicies=latency)
    queue = client.call("DescribeGameServerSessionQueues", Names=["q1"])["GameServerSessionQueues"][0]
    expect(queue, Name="q1", TimeoutInSeconds=60)
    expect(queue["Destinations"][0], DestinationArn=attributes["FleetArn"])

    client.call(
        "StartGameServerSessionPlacement",
        PlacementId="placement-1",
        GameServerSessionQueueName="q1",
        MaximumPlayerSessionCount=2,
        DesiredPlayerSessions=[{"PlayerId": "alice", "PlayerData": "blue"}],
        PlayerLatencies=[{"PlayerId": "alice", "RegionIdentifier": service.region, "LatencyInMilliseconds": 20}],
    )
    look = lambda: client.call("DescribeGameServerSessionPlacement", PlacementId="placement-1")["GameServerSessionPlacement"]
    done = until(look, lambda placement: placement["Status"] != "PENDING", 60)
    expect(done, Status="FULFILLED")
    expect(done["PlacedPlayerSessions"][0], PlayerId="alice")
    client.call("EndGameServerSessionAndProcess", GameServerSessionId=done["GameServerSessionId"])

    fill(client, fleet)
    waiting = {"PlacementId": "placement-2", "GameServerSessionQueueName": "q1", "MaximumPlayerSessionCount": 2}
    expect(client.call("StartGameServerSessionPlacement", **waiting)["GameServerSessionPlacement"], Status="PENDING")
    stopped = client.call("StopGameServerSessionPlacement", PlacementId="placement-2")["GameServerSessionPlacement"]
    expect(stopped, Status="CANCELLED")
    client.call("DeleteGameServerSessionQueue", Name="q1")
    answer("one placement FULFILLED, one that waited for a process CANCELLED")


def fill(client, fleet):
    """A session on each process, also on those that are being started again."""

    def full():
        try:
            client.call("CreateGameServerSession", FleetId=fleet, MaximumPlayerSessionCount=2)
        except Refused as refusal:
            if refusal.code != "ResourceInsufficient":
                raise
        counts = client.call("DescribeInstancesExtend", FleetId=fleet, Offset=0, Limit=10)["Instances"][0]
        return counts["GameSessionCnt"] == PROCESSES

    until(full, bool, 60)


def account(client):
    part("quotas and instance types")
    client.call("DescribeInstanceLimit")
    types = client.call("DescribeInstanceTypes")["InstanceTypeList"]
    quotas = client.call("DescribeUserQuotas")
    expect(quotas, Total=len(quotas["QuotaResource"]))
    one = quotas["QuotaResource"][0]
    expect(client.call("DescribeUserQuota", ResourceType=one["ResourceType"])["QuotaResource"], HardLimit=one["HardLimit"])
    answer(f"{len(types)} instance types, {quotas['Total']} quotas")


def clear(client, fleet, asset):
    part("putting away")
    put_away(client, fleet)
    client.call("DeleteAsset", AssetId=asset)
    client.refused("ResourceNotFound", "DescribeAsset", AssetId=asset)


def put_away(client, fleet):
    client.call("UpdateFleetCapacity", FleetId=fleet, MinSize=0, DesiredInstances=0)
    until(lambda: instances(client, fleet), lambda count: count == 0, 60)
    client.call("DeleteFleet", FleetId=fleet)


def becomes(client, session, status):
    def look():
        return client.call("DescribeGameServerSessions", GameServerSessionId=session)["GameServerSessions"][0]

    return until(look, lambda found: found["Status"] == status, 60)
