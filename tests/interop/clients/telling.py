"""What a story tells `cargo xtask interop`, a JSON object on each line, and how it waits and compares."""

import functools
import json
import sys
import time

from vendor import Refused

PERIOD_SECONDS = 0.2


def tell(**what):
    # ASCII only, so that no locale can break it.
    print(json.dumps(what), flush=True)


def part(title):
    tell(part=title)


def answer(text):
    tell(answer=text)


class Told:
    """A client whose calls are told, and of which actions it read an answer: those it has driven."""

    def __init__(self, client):
        self.client, self.name = client, client.name

    def call(self, action, **members):
        started = time.monotonic()
        try:
            answered = self.client.call(action, **members)
        except Refused as refusal:
            tell(call=action, client=self.name, ms=since(started), refused=refusal.code)
            raise
        tell(call=action, client=self.name, ms=since(started))
        tell(driven=action, client=self.name)
        return answered

    def refused(self, code, action, **members):
        """A call that must be refused with `code`; gives the refusal."""
        return refused(code, functools.partial(self.call, action, **members))

    def never(self, code, action, **members):
        """A call whose right answer can only be a refusal in this service; it counts as driven."""
        refusal = self.refused(code, action, **members)
        tell(driven=action, client=self.name)
        return refusal


def refused(code, call):
    try:
        answered = call()
    except Refused as refusal:
        if refusal.code != code:
            raise AssertionError(f"`{code}` was expected and came `{refusal.code}`: {refusal.message}") from refusal
        if not refusal.message or not refusal.request_id:
            raise AssertionError(f"a refusal without words or id: {refusal!r}") from refusal
        return refusal
    raise AssertionError(f"`{code}` was expected and came {answered}")


def since(started):
    return round((time.monotonic() - started) * 1000)


def expect(found, **members):
    """The members have these values."""
    different = {name: found.get(name) for name, value in members.items() if found.get(name) != value}
    if different:
        expected = {name: members[name] for name in different}
        raise AssertionError(f"expected {expected}, found {different} in {found}")


def until(look, good, seconds):
    """Looks until it is good; never for longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if good(found):
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s, and it is still {found}")
        time.sleep(PERIOD_SECONDS)


def run(story):
    """Runs a story; how it failed is the last line."""
    try:
        story()
    except Exception as error:
        tell(failed=f"{type(error).__name__}: {error}")
        sys.exit(1)
    tell(done=True)
