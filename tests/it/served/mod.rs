//! The server as a process among others: what the contract's lines alone do not show. Over real HTTP.

mod admin;
mod browser;
mod drain;
mod keys;
mod kill;
mod program;
mod quiet;
mod readme;
mod rules;
mod set_back;
mod slow;
mod tls;
mod writers;
