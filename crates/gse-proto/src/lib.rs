//! The gRPC contracts of GSE, generated and committed.
