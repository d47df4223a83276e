#!/bin/sh
# The launch path. The package brings everything but Node.js itself; `exec` keeps the process id that the agent knows.
exec node server.js "$@"
