//! The vivarium binary: configuration, HTTP, world threads, routing, metrics.
