//! The one test program: laws, stories and torture. One module per file of this folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs, unreachable_pub)]

mod client_cli;
mod client_story;
mod collide;
mod commands;
mod contract;
mod crash;
mod demo;
mod intake;
mod keeper;
mod keys;
mod kinds;
mod laws_decide;
mod laws_merge;
mod laws_policy;
mod living;
mod merge_any;
mod merge_called_off;
mod merge_file;
mod merge_long;
mod merge_screen;
mod mergetool;
mod moving;
mod pictures;
mod postgres;
mod property;
mod prose_cases;
#[allow(dead_code, reason = "a toolbox: each story takes what it needs")]
mod proxy;
#[allow(dead_code, reason = "a toolbox: each story takes what it needs")]
mod pty;
mod purse;
mod recording;
mod screens;
mod served;
mod settle;
mod sim;
mod stage;
mod states;
mod text;
mod tidy;
mod torture;
mod troubles;
mod two_devices;
mod typing;
mod unseen;
mod ways_out;
mod widths;
#[allow(dead_code, reason = "a toolbox: each story takes what it needs")]
mod world;
