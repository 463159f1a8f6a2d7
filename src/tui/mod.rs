//! The screens. Knows the domain and the client's handle; not `wire`, not `server`.
