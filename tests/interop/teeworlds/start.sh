#!/bin/sh
# The launch path. `lib` holds what the machine that packed this had to bring; `exec` keeps the process id.
LD_LIBRARY_PATH="$PWD/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec ./gse-wrap "$@"
