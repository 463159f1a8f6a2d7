//! The server as its own process, in folders of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use reqwest::{Client, RequestBuilder};
use rustix::process::{Pid, Signal, kill_process};

use crate::pty::Home;

/// A running `diptych serve`; killed when dropped.
pub struct Program {
    child: Child,
    pub url: String,
    pub token: String,
    pub http: Client,
}

impl Program {
    /// Makes a token where `token` is none, and serves.
    pub fn start(home: &Home, token: Option<&str>, args: &[&str]) -> Program {
        let token = token.map_or_else(|| new_token(home, "test"), str::to_owned);
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(args);
        let mut child = home.command(&all).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let url = said.trim().strip_prefix("diptych listens on ").unwrap_or_else(|| panic!("it said {said:?}")).to_owned();
        Program { child, url, token, http: Client::builder().no_proxy().build().unwrap() }
    }

    pub fn ask(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token).header("X-Client", "test")
    }

    /// Asks it to stop, as a system does.
    pub fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Kills it with -9.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Its exit status, once it has ended.
    pub async fn ended(&mut self) -> i32 {
        let patience = crate::world::Patience::new();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(patience.lasts(), "it does not end");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

/// Makes a token of that name.
pub fn new_token(home: &Home, name: &str) -> String {
    let made = home.command(&["token", "add", name]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}
