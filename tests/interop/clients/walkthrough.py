"""Walkthrough W1 of operations.md 13.1, getting started, with the steps' numbers: through any client, on real processes."""

import socket

from telling import answer, expect, part, tell, until

#: How the fleet's states follow each other; some pass too quickly to be seen.
STATES = ["NEW", "DOWNLOADING", "VALIDATING", "BUILDING", "ACTIVATING", "ACTIVE"]
EVENTS = [
    "FLEET_CREATED",
    "FLEET_STATE_DOWNLOADING",
    "FLEET_CREATION_EXTRACTING_BUILD",
    "FLEET_CREATION_VALIDATING_RUNTIME_CONFIG",
    "FLEET_STATE_VALIDATING",
    "FLEET_STATE_BUILDING",
    "FLEET_STATE_ACTIVATING",
    "FLEET_STATE_ACTIVE",
]


def walk(client, store, package, region, processes):
    """From package to a full fleet. `store` takes the upload; the caller's clean-up is `leave`."""
    asset = publish(client, store, package, region)
    fleet = create_fleet(client, asset, processes)
    play(client, fleet, processes)
    fill(client, fleet, processes)
    leave(client, fleet, asset)


def publish(client, store, package, region):
    part(f"{client.name}: package, upload by cos-python-sdk-v5, asset (W1 1 to 4)")
    key = f"{client.name}/server.zip"
    upload(client, store, package, region, key)
    made = client.call(
        "CreateAsset",
        BucketKey=key,
        AssetName="demo",
        AssetVersion="1.0",
        AssetRegion=region,
        OperateSystem="CentOS7.16",
    )
    asset = made["AssetId"]
    ready = until(lambda: client.call("DescribeAsset", AssetId=asset)["Asset"], lambda found: found["Stauts"] == 2, 60)
    expect(ready, AssetName="demo", BindFleetNum=0, ResourceType="ASSET", SharingStatus="UNKNOWN_SHARED")
    answer(f"{asset} is ready, {ready['Size']}")
    return asset


def upload(client, store, package, region, key):
    granted = client.call("GetUploadCredentials", AssetRegion=region, BucketKey=key)
    expect(granted, AssetRegion=region)
    with open(package, "rb") as content:
        put = store.put(granted["BucketName"], key, granted["BucketAuth"], content)
    expect({"status": put.status_code}, status=200)
    # What the store's client can use of the answer is the other half of the action.
    tell(driven="GetUploadCredentials", client=store.name)


def create_fleet(client, asset, processes):
    part(f"{client.name}: fleet (W1 5 to 9)")
    made = client.call(
        "CreateFleet",
        AssetId=asset,
        Name=f"f1 {client.name}",
        Description="第一个舰队",
        InstanceType="S5.LARGE8",
        RuntimeConfiguration={
            "ServerProcesses": [{"LaunchPath": "/local/game/start.sh", "ConcurrentExecutions": processes}]
        },
        InboundPermissions=[{"FromPort": 1025, "ToPort": 60000, "Protocol": "TCP", "IpRange": "0.0.0.0/0"}],
    )["FleetAttributes"]
    expect(made, Status="NEW", StoppedActions=[], Description="第一个舰队")
    fleet, seen = made["FleetId"], ["NEW"]

    def look():
        state = client.call("DescribeFleetAttributes", FleetIds=[fleet])["FleetAttributes"][0]["Status"]
        if state != seen[-1]:
            seen.append(state)
        return state

    until(look, lambda state: state in ("ACTIVE", "ERROR"), 120)
    if seen != [state for state in STATES if state in seen] or seen[-1] != "ACTIVE":
        raise AssertionError(f"the states came as {seen}")
    answer(f"{fleet}: {' → '.join(seen)}")

    events = client.call("DescribeFleetEvents", FleetId=fleet, Limit=100)["Events"]
    codes = [event["EventCode"] for event in reversed(events)]
    if [code for code in codes if code in EVENTS] != EVENTS:
        raise AssertionError(f"the events, oldest first, are {codes}")
    capacity = client.call("DescribeFleetCapacity", FleetIds=[fleet])["FleetCapacity"][0]
    expect(capacity["InstanceCounts"], MiniNum=0, MaxiNum=1, Desired=1, Active=1, Idle=1, Pending=0, Terminating=0)

    instance = until(
        lambda: client.call("DescribeInstancesExtend", FleetId=fleet, Offset=0, Limit=10)["Instances"],
        lambda found: len(found) == 1 and found[0]["HealthyProcessCnt"] == processes,
        60,
    )[0]
    counts = {"ActiveProcessCnt": processes, "GameSessionCnt": 0, "MaxGameSessionCnt": processes}
    expect(instance, **counts)
    expect(instance["Instance"], Status="RUNNING")
    return fleet


def play(client, fleet, processes):
    part(f"{client.name}: a session, two players, the end (W1 10 to 16)")
    made = client.call("CreateGameServerSession", FleetId=fleet, MaximumPlayerSessionCount=10, Name="房间 1")
    session = made["GameServerSession"]
    expect(
        session,
        Status="ACTIVATING",
        PlayerSessionCreationPolicy="ACCEPT_ALL",
        AvailabilityStatus="Enable",
        Weight=5,
        CurrentPlayerSessionCount=0,
        Name="房间 1",
    )
    active = until(lambda: describe(client, session), lambda found: found["Status"] == "ACTIVE", 60)
    alice = join(client, active, "alice")
    with Player(alice) as first:
        first.ask(f"JOIN {alice['PlayerSessionId']}", "WELCOME 1")
        seat = client.call("DescribePlayerSessions", PlayerSessionId=alice["PlayerSessionId"])["PlayerSessions"][0]
        expect(seat, Status="ACTIVE", PlayerId="alice")
        expect(describe(client, session), CurrentPlayerSessionCount=1)
        bob = join(client, active, "bob")
        with Player(bob) as second:
            second.ask(f"JOIN {bob['PlayerSessionId']}", "WELCOME 2")
            second.ask("SAY 你好", "HEARD 你好")
            first.hear("SAID 你好")
            second.ask("END", "ENDED")
    ended = until(lambda: describe(client, session), lambda found: found["Status"] == "TERMINATED", 60)
    if not ended["TerminationTime"]:
        raise AssertionError("the session has ended and has no TerminationTime")
    seats = client.call("DescribePlayerSessions", GameServerSessionId=session["GameServerSessionId"])["PlayerSessions"]
    states = sorted((seat["PlayerId"], seat["Status"]) for seat in seats)
    if states != [("alice", "COMPLETED"), ("bob", "COMPLETED")]:
        raise AssertionError(f"the players are {states}")
    instance = client.call("DescribeInstancesExtend", FleetId=fleet, Offset=0, Limit=10)["Instances"][0]
    expect(instance, ActiveProcessCnt=processes, GameSessionCnt=0)
    answer("ACTIVE → TERMINATED, both players COMPLETED, every process is still there")


def fill(client, fleet, processes):
    part(f"{client.name}: a session for each process, and one too many (W1 17 and 18)")
    for _ in range(processes):
        client.call("CreateGameServerSession", FleetId=fleet, MaximumPlayerSessionCount=10)
    client.refused("ResourceInsufficient", "CreateGameServerSession", FleetId=fleet, MaximumPlayerSessionCount=10)
    found = client.call("SearchGameServerSessions", FleetId=fleet, FilterExpression="maximumSessions=10", Limit=100)
    answer(f"{processes} sessions, {len(found['GameServerSessions'] or [])} of them ACTIVE already")


def leave(client, fleet, asset):
    client.call("UpdateFleetCapacity", FleetId=fleet, MinSize=0, DesiredInstances=0)
    until(lambda: instances(client, fleet), lambda count: count == 0, 60)
    client.call("DeleteFleet", FleetId=fleet)
    client.call("DeleteAsset", AssetId=asset)
    answer("the processes are gone, the fleet and the asset are deleted")


def instances(client, fleet):
    counts = client.call("DescribeFleetCapacity", FleetIds=[fleet])["FleetCapacity"][0]["InstanceCounts"]
    return counts["Active"] + counts["Pending"] + counts["Terminating"]


def describe(client, session):
    answered = client.call("DescribeGameServerSessions", GameServerSessionId=session["GameServerSessionId"])
    return answered["GameServerSessions"][0]


def join(client, session, player):
    made = client.call("JoinGameServerSession", GameServerSessionId=session["GameServerSessionId"], PlayerId=player)
    seat = made["PlayerSession"]
    expect(seat, Status="RESERVED", PlayerId=player, IpAddress=session["IpAddress"], Port=session["Port"])
    return seat


class Player:
    """One connection of a player to the interop game server: lines over TCP."""

    def __init__(self, seat):
        self.connection = socket.create_connection((seat["IpAddress"], seat["Port"]), timeout=60)
        self.lines = self.connection.makefile("rw", encoding="utf-8", newline="\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.connection.close()

    def ask(self, line, expected):
        self.lines.write(f"{line}\n")
        self.lines.flush()
        self.hear(expected)

    def hear(self, expected):
        heard = self.lines.readline().rstrip("\n")
        if heard != expected:
            raise AssertionError(f"the game server said `{heard}` and not `{expected}`")
