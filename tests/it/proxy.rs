//! A breakable way between a client and a server: HTTP/1.1 over TCP, spoiled on purpose.
//!
//! Each request that comes takes the next fault from a queue; with none queued it passes. The proxy reads whole messages, so that it
//! can lose exactly the request or exactly the reply. A stream of events (no length, not chunked to an end) is passed on as it comes.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server never sees it; the connection closes.
    DropRequest,
    /// The server does it; nobody hears the answer.
    DropReply,
    /// Half the answer arrives, then the connection closes.
    HalfReply,
    /// It arrives late.
    Delay(Duration),
    /// It arrives when [`Proxy::let_go`] says so.
    Hold,
    /// The server sees it twice; the first answer is passed on.
    Duplicate,
}

#[derive(Default)]
struct State {
    faults: VecDeque<(&'static str, Fault)>,
    /// Nothing gets through at all.
    cut: bool,
    /// Where requests go from now on, where that is not where the proxy was started for.
    aim: Option<SocketAddr>,
    seen: Vec<String>,
}

/// A running proxy; it ends with the test's runtime.
#[derive(Clone)]
pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    cuts: tokio::sync::watch::Sender<bool>,
    held: tokio::sync::watch::Sender<bool>,
}

impl Proxy {
    /// A proxy to a server, on a free port.
    pub async fn start(to: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy =
            Proxy { address, state: Arc::default(), cuts: tokio::sync::watch::channel(false).0, held: tokio::sync::watch::channel(true).0 };
        let own = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (own, mut cut) = (own.clone(), own.cuts.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = own.carry(stream, to) => {}
                        _ = cut.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        proxy
    }

    /// The address as a client is told it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Spoils the next request whose first line begins with `method` (`""`: any).
    pub fn next(&self, method: &'static str, fault: Fault) {
        self.state.lock().unwrap().faults.push_back((method, fault));
    }

    /// Cuts every connection and refuses new ones, or lets them through again.
    pub fn cut(&self, cut: bool) {
        self.state.lock().unwrap().cut = cut;
        self.cuts.send_replace(cut);
    }

    /// Lets the requests through that were held.
    pub fn let_go(&self) {
        self.held.send_replace(false);
    }

    /// Sends every further request to another server; no connection of a client breaks.
    pub fn aim(&self, to: SocketAddr) {
        self.state.lock().unwrap().aim = Some(to);
    }

    /// The first line of every request that came, in order.
    pub fn seen(&self) -> Vec<String> {
        self.state.lock().unwrap().seen.clone()
    }

    fn fault(&self, line: &str) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        state.seen.push(line.to_owned());
        let at = state.faults.iter().position(|(method, _)| line.starts_with(method))?;
        state.faults.remove(at).map(|(_, fault)| fault)
    }

    async fn carry(&self, mut client: TcpStream, to: SocketAddr) -> Option<()> {
        if self.state.lock().unwrap().cut {
            return None;
        }
        let mut server = TcpStream::connect(to).await.ok()?;
        let (mut rest, mut at) = (Vec::new(), to);
        loop {
            let request = message(&mut client, &mut rest).await?;
            let aim = self.state.lock().unwrap().aim.unwrap_or(to);
            if aim != at {
                (server, at) = (TcpStream::connect(aim).await.ok()?, aim);
            }
            let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
            let fault = self.fault(&line);
            match fault {
                Some(Fault::DropRequest) => return None,
                Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
                Some(Fault::Hold) => drop(self.held.subscribe().wait_for(|held| !held).await),
                _ => {}
            }
            server.write_all(&request).await.ok()?;
            if line.contains("/events") {
                tokio::io::copy(&mut server, &mut client).await.ok()?;
                return None;
            }
            let mut more = Vec::new();
            let reply = message(&mut server, &mut more).await?;
            if fault == Some(Fault::Duplicate) {
                server.write_all(&request).await.ok()?;
                message(&mut server, &mut more).await?;
            }
            match fault {
                Some(Fault::DropReply) => return None,
                Some(Fault::HalfReply) => {
                    client.write_all(&reply[..reply.len() / 2]).await.ok()?;
                    return None;
                }
                _ => client.write_all(&reply).await.ok()?,
            }
        }
    }
}

/// Reads one whole message; `rest` holds what was read beyond it.
async fn message(from: &mut TcpStream, rest: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(end) = complete(rest) {
            let after = rest.split_off(end);
            return Some(std::mem::replace(rest, after));
        }
        if from.read_buf(rest).await.ok()? == 0 {
            return None;
        }
    }
}

/// Where the first message ends, if it is there whole.
fn complete(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    if text.contains("transfer-encoding: chunked") {
        return chunked(bytes, head);
    }
    let length = text.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse::<usize>().ok()).unwrap_or(0);
    (bytes.len() >= head + length).then_some(head + length)
}

fn chunked(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let line = bytes[at..].windows(2).position(|w| w == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..at + line]).ok()?.split(';').next()?.trim(), 16).ok()?;
        at += line + 2 + size + 2;
        if bytes.len() < at {
            return None;
        }
        if size == 0 {
            return Some(at);
        }
    }
}

#[test]
fn a_message_is_whole_when_its_length_is_there() {
    assert_eq!(complete(b"GET / HTTP/1.1\r\n\r\nrest"), Some(18));
    assert_eq!(complete(b"PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"), None);
    assert_eq!(complete(b"PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcd"), Some(40));
    let text = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    assert_eq!(complete(text), Some(text.len()));
    assert_eq!(complete(&text[..text.len() - 3]), None);
}
