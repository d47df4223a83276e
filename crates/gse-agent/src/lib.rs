//! Runs next to game processes: the gRPC port, callbacks, child processes, slots, logs.
