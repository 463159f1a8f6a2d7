//! The server as a process among others: what the contract's lines alone do not show. Over real HTTP.

mod drain;
mod kill;
mod program;
mod quiet;
mod set_back;
mod writers;
