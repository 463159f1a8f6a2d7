//! A headless Chromium, spoken to over its debugging pipe: pages opened, typed into, clicked, looked at. No network, no port.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

/// The browser's program, if there is one.
fn program() -> Option<PathBuf> {
    let dirs: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    ["chromium", "chromium-headless-shell", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| dirs.iter().map(move |d| d.join(name)))
        .find(|p| p.exists())
}

/// A browser with one page open; it ends with this value.
pub struct Browser {
    child: Child,
    to: File,
    said: Receiver<Vec<u8>>,
    next: u64,
    session: String,
    _folder: tempfile::TempDir,
}

impl Browser {
    /// Starts one whose pages may run no scripts; `None` where none is installed, which is said.
    pub fn start() -> Option<Browser> {
        let Some(program) = program() else {
            println!("skipped: no Chromium is installed (apt-get install chromium)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let (commands, answers) = (folder.path().join("commands"), folder.path().join("answers"));
        for pipe in [&commands, &answers] {
            assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
        }
        // The browser reads commands from its file 3 and writes answers to its file 4.
        let script = format!(
            "exec '{}' --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --remote-debugging-pipe \
             --user-data-dir='{}' about:blank 3<'{}' 4>'{}'",
            program.display(),
            folder.path().join("profile").display(),
            commands.display(),
            answers.display()
        );
        let home = folder.path().join("home");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).env("HOME", &home).env("XDG_CONFIG_HOME", &home).env("XDG_CACHE_HOME", &home);
        let child = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let to = File::options().write(true).open(&commands).unwrap();
        let mut from = BufReader::new(File::open(&answers).unwrap()).split(0);
        let (tell, said) = channel();
        std::thread::spawn(move || while from.next().and_then(Result::ok).is_some_and(|text| tell.send(text).is_ok()) {});
        let mut out = Browser { child, to, said, next: 0, session: String::new(), _folder: folder };
        let page = out.ask("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let attached = out.ask("Target.attachToTarget", json!({"targetId": page, "flatten": true}));
        out.session = attached["sessionId"].as_str().unwrap().to_owned();
        out.ask("Page.enable", json!({}));
        out.ask("Emulation.setScriptExecutionDisabled", json!({"value": true}));
        Some(out)
    }

    fn read(&mut self) -> Value {
        let text =
            self.said.recv_timeout(crate::world::PATIENCE).expect("the browser has ended, or waits for something that does not come");
        serde_json::from_slice(&text).unwrap()
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut command = json!({"id": self.next, "method": method, "params": params});
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        self.to.write_all(format!("{command}\0").as_bytes()).unwrap();
        loop {
            let said = self.read();
            if said["id"] == self.next {
                assert!(said.get("error").is_none(), "{method}: {said}");
                return said["result"].clone();
            }
        }
    }

    /// Waits until a page has loaded that `go` leads to.
    fn loaded(&mut self, go: impl FnOnce(&mut Self)) {
        self.ask("Page.setLifecycleEventsEnabled", json!({"enabled": false}));
        go(self);
        while self.read()["method"] != "Page.loadEventFired" {}
    }

    /// Opens an address.
    pub fn open(&mut self, url: &str) {
        self.next += 1;
        let command = json!({"id": self.next, "sessionId": self.session, "method": "Page.navigate", "params": {"url": url}});
        self.to.write_all(format!("{command}\0").as_bytes()).unwrap();
        while self.read()["method"] != "Page.loadEventFired" {}
    }

    /// The value of an expression in the page.
    pub fn eval(&mut self, expression: &str) -> Value {
        let done = self.ask("Runtime.evaluate", json!({"expression": expression, "returnByValue": true}));
        assert!(done.get("exceptionDetails").is_none(), "{expression}: {done}");
        done["result"]["value"].clone()
    }

    /// The text a person reads.
    pub fn text(&mut self) -> String {
        self.eval("document.body.innerText").as_str().unwrap().to_owned()
    }

    /// Types into the page's field, and presses Enter, which leads to another page.
    pub fn enter(&mut self, text: &str) {
        // A page that has loaded may not have given its field the focus yet.
        self.eval("document.querySelector('input:not([type=hidden])').focus()");
        self.ask("Input.insertText", json!({"text": text}));
        self.loaded(|b| {
            for kind in ["keyDown", "keyUp"] {
                let key = json!({"type": kind, "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13});
                b.send("Input.dispatchKeyEvent", &key);
            }
        });
    }

    /// Clicks what a selector finds, which leads to another page.
    pub fn click(&mut self, selector: &str) {
        let at = self.eval(&format!(
            "(() => {{ const e = document.querySelector({}); e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect(); \
             return [r.x + Math.min(r.width / 2, 20), r.y + r.height / 2] }})()",
            json!(selector)
        ));
        self.loaded(|b| {
            for kind in ["mousePressed", "mouseReleased"] {
                b.send("Input.dispatchMouseEvent", &json!({"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}));
            }
        });
    }

    /// Sends a command without reading its answer.
    fn send(&mut self, method: &str, params: &Value) {
        self.next += 1;
        let command = json!({"id": self.next, "sessionId": self.session, "method": method, "params": params});
        self.to.write_all(format!("{command}\0").as_bytes()).unwrap();
    }

    /// How wide the window is, and whether its owner likes it dark.
    pub fn look(&mut self, width: u32, dark: bool) {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
        self.ask("Emulation.setDeviceMetricsOverride", metrics);
        let scheme = if dark { "dark" } else { "light" };
        self.ask("Emulation.setEmulatedMedia", json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}));
    }

    /// A picture of the whole page, as PNG.
    pub fn picture(&mut self, file: &Path) {
        use base64::Engine as _;
        let shot = self.ask("Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": true}));
        let bytes = base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}
