"""Runs one story through clients of the vendor: `run.py walkthrough CLIENT`, `errors`, `command-line` or `actions`.

`cargo xtask interop` starts it; the environment names the service, the package and the folder of tccli.
"""

import os
import sys

import actions
import command_line
import errors
import walkthrough
from telling import Told, run
from vendor import CosSdk, PythonSdk, Service, Tccli

#: As many as W1 has for the default form; a command line that is a process for each call is spared some.
PROCESSES = {"python-sdk-json": 10}
FEW_PROCESSES = 3


def client(service, name):
    if name == "tccli":
        return Tccli(service, os.environ["INTEROP_TCCLI"], os.environ["INTEROP_HOME"])
    return PythonSdk(service, name)


def main():
    service = Service()
    story, *names = sys.argv[1:]
    if story == "walkthrough":
        [name] = names
        store, package = CosSdk(service), os.environ["INTEROP_PACKAGE"]
        told, processes = Told(client(service, name)), PROCESSES.get(name, FEW_PROCESSES)
        run(lambda: walkthrough.walk(told, store, package, service.region, processes))
    elif story == "errors":
        run(lambda: errors.provoke(service, lambda name, other=service: client(other, name)))
    elif story == "command-line":
        run(lambda: command_line.type_in(client(service, "tccli"), os.environ["INTEROP_HOME"]))
    elif story == "actions":
        run(lambda: actions.drive(Told(client(service, "python-sdk-json")), service, os.environ["INTEROP_PACKAGE"]))
    else:
        sys.exit(f"no story `{story}`")


if __name__ == "__main__":
    main()
