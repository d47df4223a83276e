#!/bin/sh
# The launch path. The package brings everything but Python itself; `exec` keeps the process id that the agent knows.
PYTHONPATH=packages PYTHONDONTWRITEBYTECODE=1 exec python3 server.py "$@"
