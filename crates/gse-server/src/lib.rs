//! The control plane process: engine, cloud API, object endpoint.
