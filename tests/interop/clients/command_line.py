"""What people type into tccli beside plain parameters: unfolded names, a file, a filter, a waiter, and what it refuses."""

import json
import os
import time

from telling import answer, expect, part, since, tell


def type_in(client, home):
    part("tccli: unfolded names, a file, a filter, a waiter")
    unfolded = ["--cli-unfold-argument", "--RoutingStrategy.Type", "TERMINAL", "--RoutingStrategy.Message", "维护中"]
    alias = run(client, "CreateAlias", [*unfolded, "--Name", "typed in"])["Alias"]
    expect(alias["RoutingStrategy"], Type="TERMINAL", Message="维护中")

    path = os.path.join(home, "request.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"AliasId": alias["AliasId"], "Name": "from a file"}, file)
    run(client, "UpdateAlias", ["--cli-input-json", f"file://{path}"])

    one = ["--AliasId", alias["AliasId"]]
    name = run(client, "DescribeAlias", [*one, "--filter", "Alias.Name"])
    expect({"name": name}, name="from a file")
    waiter = json.dumps({"expr": "Alias.RoutingStrategy.Type", "to": "TERMINAL", "timeout": 5, "interval": 1})
    expect(run(client, "DescribeAlias", [*one, "--waiter", waiter])["Alias"], AliasId=alias["AliasId"])
    run(client, "DeleteAlias", one)

    # It knows the parameters itself: what it does not know never reaches the service.
    said = mistaken(client, "DescribeAlias", ["--AliasID", "x"])
    if "AliasI" not in said:
        raise AssertionError(f"tccli says of a near miss: {said}")
    answer(said.splitlines()[-1].strip())


def run(client, action, arguments):
    started = time.monotonic()
    answered = client.run(action, arguments)
    tell(call=action, client=client.name, ms=since(started))
    tell(driven=action, client=client.name)
    return answered


def mistaken(client, action, arguments):
    try:
        answered = client.run(action, arguments)
    except AssertionError as own:
        return str(own)
    raise AssertionError(f"tccli sent what it should not know: {answered}")
