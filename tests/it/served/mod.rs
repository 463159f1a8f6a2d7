//! The server as a process among others: what the contract's lines alone do not show. Over real HTTP.

mod set_back;
