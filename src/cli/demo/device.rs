//! A device of the demo: a few lines over HTTP, as anyone's script would be. It can tell each request and answer as it goes.

use serde_json::{Value, json};

use crate::cli::edge::Edge;
use crate::cli::{Failure, output};

/// Who tells what travels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// Nobody.
    Silent,
    /// Standard output.
    Print,
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; null where there is none.
    pub body: Value,
}

impl Answer {
    /// The version of the note in the answer.
    pub fn version(&self) -> i64 {
        self.body["data"]["version"].as_i64().unwrap_or(0)
    }
}

/// A device that speaks to the server by itself.
#[derive(Clone)]
pub struct Device {
    http: reqwest::Client,
    url: String,
    token: String,
    origin: &'static str,
    tell: Tell,
    edge: Edge,
}

impl Device {
    /// A device that is known to the server as `origin`.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub fn new(url: &str, token: &str, origin: &'static str, tell: Tell, edge: &Edge) -> Result<Self, Failure> {
        let http = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(20)).build();
        let http = http.map_err(|e| Failure::server("The demo's second device cannot start.", e, "Try again."))?;
        Ok(Self { http, url: url.to_owned(), token: token.to_owned(), origin, tell, edge: edge.clone() })
    }

    /// Asks, with a fresh `Idempotency-Key` for whatever writes.
    ///
    /// # Errors
    /// If the server cannot be reached or answers something that is not JSON.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Result<Answer, Failure> {
        let lost = |e: reqwest::Error| Failure::server("The demo's server cannot be reached.", e, "Start the demo again.");
        let verb = reqwest::Method::from_bytes(method.as_bytes()).map_err(|e| Failure::server("The demo is broken.", e, "Report it."))?;
        let mut request = self.http.request(verb, format!("{}{path}", self.url)).bearer_auth(&self.token).header("X-Client", self.origin);
        if method != "GET" {
            request = request.header("Idempotency-Key", (self.edge.ids)().to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        self.told_request(method, path, body.as_ref(), headers)?;
        let reply = request.send().await.map_err(lost)?;
        let status = reply.status();
        let bytes = reply.bytes().await.map_err(lost)?;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or(Value::Null) };
        if self.tell == Tell::Print {
            output::line(&format!("  < {} {}", status.as_u16(), status.canonical_reason().unwrap_or_default()))?;
            told_body("  < ", &body)?;
        }
        Ok(Answer { status: status.as_u16(), body })
    }

    fn told_request(&self, method: &str, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Result<(), Failure> {
        if self.tell == Tell::Silent {
            return Ok(());
        }
        output::line(&format!("  > {method} {path}    X-Client: {}", self.origin))?;
        for (name, value) in headers {
            output::line(&format!("  > {name}: {value}"))?;
        }
        body.map_or(Ok(()), |body| told_body("  > ", body))
    }

    /// Saves what is given, on a base.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn save(&self, id: &str, base: i64, mut change: Value) -> Result<Answer, Failure> {
        change["base_version"] = json!(base);
        self.call("PUT", &format!("/api/notes/{id}"), Some(change), &[]).await
    }

    /// Reads a note.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn read(&self, id: &str) -> Result<Answer, Failure> {
        self.call("GET", &format!("/api/notes/{id}"), None, &[]).await
    }
}

/// Prints a body as people read it: one member a line, a text of many lines as an indented block.
fn told_body(lead: &str, body: &Value) -> Result<(), Failure> {
    for line in lines(body, 0) {
        output::line(&format!("{lead}{line}"))?;
    }
    Ok(())
}

fn lines(value: &Value, depth: usize) -> Vec<String> {
    let pad = "  ".repeat(depth);
    let Value::Object(members) = value else { return if value.is_null() { Vec::new() } else { vec![format!("{pad}{value}")] } };
    let mut out = Vec::new();
    for (name, value) in members {
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push(format!("{pad}{name}:"));
                out.extend(lines(value, depth + 1));
            }
            Value::Array(rows) if rows.iter().any(Value::is_object) => {
                out.push(format!("{pad}{name}:"));
                for row in rows {
                    let inner = lines(row, depth + 1);
                    out.extend(inner.into_iter().enumerate().map(|(i, l)| if i == 0 { format!("{pad}- {}", l.trim_start()) } else { l }));
                }
            }
            Value::String(text) if text.contains('\n') => {
                out.push(format!("{pad}{name}: |"));
                out.extend(text.lines().map(|l| format!("{pad}  {l}")));
            }
            value => out.push(format!("{pad}{name}: {value}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_told_line_by_line() {
        let body = json!({"data": {"body": "a\nb", "tags": ["x"], "n": null}, "rows": [{"a": 1, "b": 2}]});
        assert_eq!(lines(&body, 0), ["data:", "  body: |", "    a", "    b", "  n: null", "  tags: [\"x\"]", "rows:", "- a: 1", "  b: 2"]);
    }
}
