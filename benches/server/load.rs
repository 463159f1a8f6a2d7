//! Load over keep-alive connections: each saves a note of its own, on the version its last answer gave.
//!
//! HTTP is written and read by hand, so that the load costs little beside what it measures.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How a server is spoken to.
#[derive(Clone)]
pub enum Kind {
    /// This server, with a token; `stale` saves always name a base that has moved on.
    Diptych { token: String, stale: bool },
    /// `PUT /notes/N {"base_version", "body"}`, answered `{"version": …}`; a base of -1 asks which version there is.
    Plain,
    /// A transaction of etcd's JSON gateway.
    Etcd,
    /// `GET /`.
    Hello,
}

/// What a run gave.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
    pub saves: usize,
    pub bad: usize,
}

/// One connection.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer: its status, its head, its body.
pub struct Answer {
    pub status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|l| l.split_once(':')).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim())
    }
}

impl Wire {
    pub async fn to(port: u16) -> Wire {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server listens");
        stream.set_nodelay(true).unwrap();
        Wire { stream, buffer: Vec::with_capacity(32 * 1024) }
    }

    pub async fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> std::io::Result<Answer> {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let status = head.get(9..12).and_then(|s| s.parse().ok()).unwrap_or(0);
        let mut answer = Answer { status, head, body: Vec::new() };
        match answer.header("content-length").and_then(|v| v.parse::<usize>().ok()) {
            Some(length) => {
                while self.buffer.len() < end + length {
                    self.more().await?;
                }
            }
            None => {
                while !self.buffer.ends_with(b"0\r\n\r\n") {
                    self.more().await?;
                }
            }
        }
        answer.body.extend_from_slice(&self.buffer[end..]);
        Ok(answer)
    }

    async fn more(&mut self) -> std::io::Result<()> {
        let read = self.stream.read_buf(&mut self.buffer).await?;
        if read == 0 { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Reads what comes next, whatever it is.
    pub async fn read(&mut self, into: &mut Vec<u8>) -> std::io::Result<usize> {
        self.stream.read_buf(into).await
    }

    pub async fn send(&mut self, text: &str) -> std::io::Result<()> {
        self.stream.write_all(text.as_bytes()).await
    }
}

/// A text of so many bytes; another one for each turn.
pub fn text(bytes: usize, turn: u64) -> String {
    let mut out = format!("{turn:012} ");
    let mut state = 12_345_u64;
    while out.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        out.push(char::from(b'a' + u8::try_from((state >> 59) % 26).unwrap()));
        if out.len() % 7 == 0 {
            out.push(' ');
        }
    }
    out
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A whole number of a JSON text.
pub fn member(json: &str, name: &str) -> Option<i64> {
    let at = json.find(&format!("\"{name}\""))? + name.len() + 2;
    let rest = json[at..].trim_start_matches([':', ' ', '"']);
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}

/// Someone who saves one note again and again.
pub struct Saver {
    kind: Kind,
    wire: Wire,
    number: usize,
    id: String,
    version: i64,
    turn: u64,
    tail: String,
}

impl Saver {
    /// Connects, and makes the note where the server has none of that number.
    pub async fn new(kind: Kind, port: u16, number: usize) -> Saver {
        let wire = Wire::to(port).await;
        let tail = text(2000, 0)[12..].to_owned();
        let id = format!("0193a1c2-0000-7000-8000-{number:012x}");
        let mut out = Saver { kind: kind.clone(), wire, number, id, version: 1, turn: 0, tail };
        match kind {
            Kind::Diptych { token, stale } => {
                let headers = format!("Authorization: Bearer {token}\r\nX-Client: bench\r\n");
                let note = format!(r#"{{"id":"{}","title":"note {number}","body":"first"}}"#, out.id);
                out.wire.ask("POST", "/api/notes", &headers, &note).await.unwrap();
                let path = format!("/api/notes/{}", out.id);
                let present = out.wire.ask("GET", &path, &headers, "").await.unwrap();
                out.version = member(&present.text(), "version").unwrap();
                if stale {
                    out.save().await.unwrap();
                    out.version = 1;
                }
            }
            Kind::Plain => {
                let present = out.wire.ask("PUT", &format!("/notes/{number}"), "", r#"{"base_version":-1,"body":"x"}"#).await.unwrap();
                out.version = member(&present.text(), "version").unwrap();
            }
            Kind::Etcd => {
                let key = base64(out.id.as_bytes());
                out.wire.ask("POST", "/v3/kv/put", "", &format!(r#"{{"key":"{key}","value":"eA=="}}"#)).await.unwrap();
                let present = out.wire.ask("POST", "/v3/kv/range", "", &format!(r#"{{"key":"{key}"}}"#)).await.unwrap();
                out.version = member(&present.text(), "mod_revision").unwrap();
            }
            Kind::Hello => {}
        }
        out
    }

    /// Saves once; whether it went as it should.
    pub async fn save(&mut self) -> std::io::Result<bool> {
        self.turn += 1;
        let body = format!("{:012}{}", self.turn, self.tail);
        let version = self.version;
        match &self.kind {
            Kind::Diptych { token, stale } => {
                let key = uuid::Uuid::now_v7();
                let headers = format!("Authorization: Bearer {token}\r\nX-Client: bench\r\nIdempotency-Key: {key}\r\n");
                let save = format!(r#"{{"base_version":{version},"body":"{body}"}}"#);
                let answer = self.wire.ask("PUT", &format!("/api/notes/{}", self.id), &headers, &save).await?;
                if *stale {
                    return Ok(answer.status == if self.turn == 1 { 200 } else { 409 });
                }
                self.version = answer.header("etag").and_then(|t| t.trim_matches('"').parse().ok()).unwrap_or(version);
                Ok(answer.status == 200)
            }
            Kind::Plain => {
                let save = format!(r#"{{"base_version":{version},"body":"{body}"}}"#);
                let answer = self.wire.ask("PUT", &format!("/notes/{}", self.number), "", &save).await?;
                self.version = member(&answer.text(), "version").unwrap_or(version);
                Ok(answer.status == 200)
            }
            Kind::Etcd => {
                let (key, value) = (base64(self.id.as_bytes()), base64(body.as_bytes()));
                let transaction = format!(
                    r#"{{"compare":[{{"key":"{key}","target":"MOD","result":"EQUAL","mod_revision":"{version}"}}],"success":[{{"request_put":{{"key":"{key}","value":"{value}"}}}}]}}"#
                );
                let answer = self.wire.ask("POST", "/v3/kv/txn", "", &transaction).await?.text();
                self.version = member(&answer, "revision").unwrap_or(version);
                Ok(answer.contains("\"succeeded\":true"))
            }
            Kind::Hello => Ok(self.wire.ask("GET", "/", "", "").await?.status == 200),
        }
    }
}

/// Loads a server for a while with so many connections.
pub async fn run(kind: &Kind, port: u16, connections: usize, time: Duration) -> Figures {
    run_over(&[(kind.clone(), port)], connections, time).await
}

/// The same over several servers, each with its share of the connections.
pub async fn run_over(servers: &[(Kind, u16)], connections: usize, time: Duration) -> Figures {
    let mut savers = Vec::new();
    for (number, (kind, port)) in (1..=connections).zip(servers.iter().cycle()) {
        savers.push(Saver::new(kind.clone(), *port, number).await);
    }
    let begun = Instant::now();
    let tasks: Vec<_> = savers.into_iter().map(|saver| tokio::spawn(one(saver, begun + time))).collect();
    let (mut times, mut bad) = (Vec::new(), 0);
    for task in tasks {
        let (mut own, wrong) = task.await.unwrap();
        times.append(&mut own);
        bad += wrong;
    }
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    Figures { per_second: times.len() as f64 / seconds, p50: at(50), p99: at(99), saves: times.len(), bad }
}

async fn one(mut saver: Saver, until: Instant) -> (Vec<Duration>, usize) {
    let (mut times, mut bad) = (Vec::new(), 0);
    while Instant::now() < until {
        let begun = Instant::now();
        if saver.save().await.unwrap_or(false) {
            times.push(begun.elapsed());
        } else {
            bad += 1;
        }
    }
    (times, bad)
}
