//! Sessions and the transports that carry them.
