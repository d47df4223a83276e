"""What the vendor's clients make of refusals: code, words and request id arrive through every form and signature method.

A wrong key, a near miss, a missing member, a value out of range, an unknown id, a page too large, a request too large,
a region that is not there; and pages, by offset, to the end.
"""

import copy
import functools

from telling import Told, answer, expect, part, refused
from vendor import PythonSdk

UNKNOWN_FLEET = "fleet-aaaaaaaa-bbbbbbbb"


def provoke(service, client):
    names = [*PythonSdk.FORMS, "tccli"]
    signatures(service, client, names)
    addresses(service, client)
    wrong_keys(service, client, names)
    members(client, names)
    near_misses(client)
    sizes(client)
    pages(client)


def signatures(service, client, names):
    part("every form and signature method of the clients, and a payload that is not signed")
    for name in names:
        expect(Told(client(name)).call("ListFleets", Limit=5), TotalCount=0, FleetIds=[])
    unsigned = PythonSdk(service, "python-sdk-json", unsigned_payload=True)
    expect(Told(unsigned).call("ListFleets"), TotalCount=0)
    answer(", ".join(names))


def addresses(service, client):
    part("an endpoint with its scheme, no region, English, no signature, a token that nobody gave")
    json_form = client("python-sdk-json")
    http = json_form.client.profile.httpProfile
    plain, http.endpoint = http.endpoint, service.endpoint
    # The whole of it goes into `Host`, and is signed.
    expect(Told(json_form).call("ListFleets"), TotalCount=0)
    http.endpoint = plain
    json_form.client.profile.language = "en-US"
    expect(Told(json_form).call("ListFleets"), TotalCount=0)
    for form in ("python-sdk-json", "python-sdk-form"):
        expect(Told(client(form, changed(service, region=""))).call("ListFleets"), TotalCount=0)
        told = client(form)
        told.client.credential.token = "nobody gave it"
        refusal = Told(told).refused("AuthFailure.TokenFailure", "ListFleets")
    answer(f"{refusal.code}: {refusal.message}")
    unsigned = functools.partial(json_form.raw, "ListFleets", {}, {"SkipSign": True})
    refusal = refused("AuthFailure.InvalidAuthorization", unsigned)
    answer(f"{refusal.code}: {refusal.message}")


def wrong_keys(service, client, names):
    part("a wrong key, a key that nobody knows, a region that is not there")
    for change, code in (
        ({"secret_key": "not the key"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "AKIDnobody"}, "AuthFailure.SecretIdNotFound"),
        ({"region": "xx-nowhere"}, "UnsupportedRegion"),
    ):
        for name in names:
            told = Told(client(name, changed(service, **change)))
            refusal = told.refused(code, "ListFleets")
        answer(f"{code}: {refusal.message}")


def changed(service, **members):
    other = copy.copy(service)
    for name, value in members.items():
        setattr(other, name, value)
    return other


def members(client, names):
    part("members that are missing, wrong, out of range, or name nothing")
    for name in names:
        told = Told(client(name))
        refusal = told.refused("ResourceNotFound", "DescribeFleetEvents", FleetId=UNKNOWN_FLEET)
        named(refusal, UNKNOWN_FLEET)
        named(told.refused("InvalidParameterValue", "ListAliases", Limit=101), "Limit")
        too_long = {"Name": "长" * 1025, "RoutingStrategy": {"Type": "TERMINAL", "Message": "m"}}
        named(told.refused("InvalidParameterValue", "CreateAlias", **too_long), "Name")
        nested = {"Name": "a", "RoutingStrategy": {"Type": "SIDEWAYS"}}
        named(told.refused("InvalidParameterValue", "CreateAlias", **nested), "RoutingStrategy.Type")
        if name != "tccli":
            # tccli knows which members are required and says so itself.
            named(told.refused("MissingParameter", "DescribeAlias"), "AliasId")
    answer(str(refusal))


def near_misses(client):
    part("a near miss is helped")
    for name in ("python-sdk-json", "python-sdk-get", "python-sdk-form"):
        call = functools.partial(client(name).raw, "DescribeFleetEvents", {"FleetID": UNKNOWN_FLEET})
        refusal = refused("UnknownParameter", call)
        named(refusal, "FleetID", "Did you mean `FleetId`?")
    answer(refusal.message)
    refusal = refused("InvalidAction", functools.partial(client("python-sdk-json").raw, "ListFleet", {}))
    named(refusal, "ListFleet")
    call = functools.partial(client("python-sdk-json").raw, "ListFleets", {"Limit": "ten"})
    named(refused("InvalidParameter", call), "Limit")
    answer(refusal.message)


def sizes(client):
    part("requests that are too large")
    text = "x" * (33 << 10)
    for name, times in (("python-sdk-get", 1), ("python-sdk-query", 1), ("python-sdk-form", 32)):
        told = Told(client(name))
        refusal = told.refused("RequestSizeLimitExceeded", "DescribeAlias", AliasId=text * times)
    answer(refusal.message)


def pages(client):
    part("pages by offset")
    told = Told(client("python-sdk-json"))
    strategy = {"Type": "TERMINAL", "Message": "closed"}
    made = [told.call("CreateAlias", Name=f"page {number}", RoutingStrategy=strategy)["Alias"]["AliasId"] for number in range(5)]
    for name in ("python-sdk-json", "python-sdk-get", "python-sdk-multipart", "python-sdk-form-sha256", "tccli"):
        told = Told(client(name))
        seen = []
        for offset in (0, 2, 4, 6):
            page = told.call("ListAliases", Limit=2, Offset=offset)
            expect(page, TotalCount=5)
            seen += [alias["AliasId"] for alias in page["Aliases"]]
        if sorted(seen) != sorted(made):
            raise AssertionError(f"{name}: the pages have {seen}, and there are {made}")
    filters = [{"Key": "resource:name", "Values": ["page 3"]}]
    expect(told.call("ListAliases", Filters=filters), TotalCount=1)
    told = Told(client("python-sdk-json"))
    for alias in made:
        told.call("DeleteAlias", AliasId=alias)
    answer("5 aliases in pages of 2")


def named(refusal, *words):
    """The message names these."""
    missing = [word for word in words if word not in refusal.message]
    if missing:
        raise AssertionError(f"{refusal.code} does not name {missing}: {refusal.message}")
