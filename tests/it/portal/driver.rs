//! A real browser, told what to do over WebDriver (W3C): Chromium without a window, the size of a small
//! telephone. Waiting is the driver's: an element that is not there yet is looked for again and again.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long the driver looks for an element, in milliseconds.
const PATIENCE_MS: u64 = 20_000;
/// The key under which the driver names elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// What the driver says of an element that is not on the page any more.
const STALE: &str = "stale element reference";
/// How long a call may take.
const CALL_MAX: Duration = Duration::from_secs(90);
/// How often the driver is started until it stays up.
const STARTS_MAX: usize = 5;
/// The header with the length of an answer.
const LENGTH: &str = "content-length";
/// The width of a small telephone, in CSS pixels.
pub const WIDTH: u64 = 360;

/// What a browser is shown on, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Its width, in CSS pixels.
    pub width: u64,
    /// Its height, likewise.
    pub height: u64,
    /// Whether it is a telephone's: touched, and with two dots a pixel.
    pub phone: bool,
    /// The language of its owner.
    pub language: &'static str,
    /// Whether its owner likes it dark.
    pub dark: bool,
}

impl Screen {
    /// A small telephone in Chinese.
    pub const PHONE: Self =
        Self { width: WIDTH, height: 740, phone: true, language: "zh-CN", dark: false };
    /// A desk in English, in the dark.
    pub const DESK: Self =
        Self { width: 1280, height: 900, phone: false, language: "en-US", dark: true };
}

/// A browser with one tab.
pub struct Driver {
    child: Child,
    /// Kept open, so that the driver can go on printing.
    _out: BufReader<ChildStdout>,
    at: SocketAddr,
    session: String,
}

/// Starts the driver; `None` where it ends before it listens.
fn launch() -> Option<(Child, BufReader<ChildStdout>, u16)> {
    let program = parasol_testkit::program_path("chromedriver")
        .expect("chromium-driver is installed; `cargo xtask test` does it");
    let mut child = Command::new(program)
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("the driver starts");
    let mut out = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut line = String::new();
    while out.read_line(&mut line).expect("it prints") > 0 {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim().trim_end_matches('.').parse().expect("a port");
            return Some((child, out, port));
        }
        line.clear();
    }
    child.wait().expect("it has ended");
    None
}

impl Driver {
    /// Starts a browser on a small telephone, in Chinese, whose files lie in `folder`.
    pub async fn start(folder: &Path) -> Self {
        Self::start_on(folder, Screen::PHONE).await
    }

    /// Starts a browser on a screen.
    pub async fn start_on(folder: &Path, screen: Screen) -> Self {
        // The port that it takes for itself may be taken by somebody else before it listens.
        let (child, out, port) =
            (0..STARTS_MAX).find_map(|_| launch()).expect("the driver stays up");
        let at = SocketAddr::from(([127, 0, 0, 1], port));
        let mut driver = Self { child, _out: out, at, session: String::new() };
        let wanted = wanted(folder, screen);
        let made = driver.ask("POST", "/session", &wanted).await;
        let session = made["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}"));
        session.clone_into(&mut driver.session);
        if screen.dark {
            let dark = json!({ "name": "prefers-color-scheme", "value": "dark" });
            let media = json!({ "media": "", "features": [dark] });
            driver.command("Emulation.setEmulatedMedia", &media).await;
        }
        driver
    }

    /// A command of the browser's own protocol; its answer.
    pub async fn command(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.tell("POST", "/goog/cdp/execute", &body).await
    }

    /// The whole page as a picture, PNG.
    pub async fn picture(&self) -> Vec<u8> {
        let size = self.command("Page.getLayoutMetrics", &json!({})).await["cssContentSize"].take();
        let clip = json!({
            "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1,
        });
        let whole = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.command("Page.captureScreenshot", &whole).await;
        let data = taken["data"].as_str().expect("a picture");
        base64::engine::general_purpose::STANDARD.decode(data).expect("it is base64")
    }

    /// Makes the network as slow as a poor telephone's: 400 kbit/s, and 400 ms each way there and back.
    pub async fn slow_down(&self) {
        let conditions = json!({ "network_conditions": {
            "offline": false, "latency": 400,
            "download_throughput": 50_000, "upload_throughput": 50_000,
        } });
        self.tell("POST", "/chromium/network_conditions", &conditions).await;
    }

    /// Goes to an address.
    pub async fn go(&self, url: &str) {
        self.tell("POST", "/url", &json!({ "url": url })).await;
    }

    /// Waits for an element (XPath) and clicks it.
    pub async fn click(&self, path: &str) {
        self.reach(path, "click", &json!({})).await;
    }

    /// Waits for an element and types into it.
    pub async fn write(&self, path: &str, text: &str) {
        self.reach(path, "value", &json!({ "text": text })).await;
    }

    /// Does something to an element. One that was drawn anew since it was found is looked for again.
    async fn reach(&self, path: &str, what: &str, body: &Value) {
        loop {
            let element = self.find(path).await;
            let line = format!("/session/{}/element/{element}/{what}", self.session);
            let answer = self.ask("POST", &line, body).await;
            match answer["error"].as_str() {
                None => return,
                Some(STALE) => {}
                Some(_) => {
                    let line = format!("/element/{element}/{what}");
                    self.tell("POST", &line, body).await;
                    return;
                }
            }
        }
    }

    /// Waits for an element; its id.
    pub async fn find(&self, path: &str) -> String {
        let wanted = json!({ "using": "xpath", "value": path });
        let found = self.tell("POST", "/element", &wanted).await;
        found[ELEMENT].as_str().unwrap_or_else(|| panic!("no {path}: {found}")).to_owned()
    }

    /// What a script of ours finds out about the page.
    pub async fn run(&self, script: &str) -> Value {
        self.tell("POST", "/execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// The same with arguments for the script; a promise is waited for.
    pub async fn run_with(&self, script: &str, args: Value) -> Value {
        self.tell("POST", "/execute/sync", &json!({ "script": script, "args": args })).await
    }

    /// What a script of ours finds out in its own time; it hands it to its only argument.
    pub async fn run_async(&self, script: &str) -> Value {
        self.tell("POST", "/execute/async", &json!({ "script": script, "args": [] })).await
    }

    /// Cuts the network of the page, or gives it back.
    pub async fn set_offline(&self, offline: bool) {
        let throughput = if offline { 0 } else { -1 };
        let conditions = json!({ "network_conditions": {
            "offline": offline, "latency": 0,
            "download_throughput": throughput, "upload_throughput": throughput,
        } });
        self.tell("POST", "/chromium/network_conditions", &conditions).await;
    }

    /// Puts the device somewhere, and lets pages know where.
    pub async fn stand_at(&self, lat: f64, lon: f64) {
        let place = json!({ "latitude": lat, "longitude": lon, "accuracy": 10 });
        for (command, parameters) in [
            ("Browser.grantPermissions", json!({ "permissions": ["geolocation"] })),
            ("Emulation.setGeolocationOverride", place),
        ] {
            self.command(command, &parameters).await;
        }
    }

    async fn tell(&self, verb: &str, line: &str, body: &Value) -> Value {
        let answer = self.ask(verb, &format!("/session/{}{line}", self.session), body).await;
        if let Some(error) = answer.get("error") {
            let script = "return location.href + document.body.innerText";
            let script = json!({ "script": script, "args": [] });
            let line_of_script = format!("/session/{}/execute/sync", self.session);
            let page = self.ask("POST", &line_of_script, &script).await;
            panic!("{line} {body}: {error} {}\non {page}", answer["message"]);
        }
        answer
    }

    /// One call of the protocol; the value of its answer.
    async fn ask(&self, verb: &str, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let request = format!(
            "{verb} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.at,
            body.len(),
        );
        let stream = TcpStream::connect(self.at).await.expect("the driver listens");
        let mut stream = tokio::io::BufReader::new(stream);
        stream.write_all(request.as_bytes()).await.expect("it takes the call");
        let answered = tokio::time::timeout(CALL_MAX, body_of(&mut stream)).await;
        let body = answered.unwrap_or_else(|_| panic!("no answer to {path}"));
        let mut answer: Value = serde_json::from_str(&body).expect("an answer is JSON");
        answer["value"].take()
    }
}

/// What is asked of the driver for a browser on a screen.
fn wanted(folder: &Path, screen: Screen) -> Value {
    let profile = format!("--user-data-dir={}", folder.display());
    let (language, size) = (
        format!("--lang={}", screen.language),
        format!("--window-size={},{}", screen.width, screen.height),
    );
    let mut options = json!({
        "args": [
            // As root, and in containers with little shared memory, it does not start otherwise.
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
            // A picture of the whole page is laid out without a bar to scroll by; so is the page then.
            "--no-first-run", "--hide-scrollbars", language, profile, size,
        ],
        "prefs": { "intl.accept_languages": screen.language },
    });
    if screen.phone {
        options["mobileEmulation"] = json!({ "deviceMetrics": {
            "width": screen.width, "height": screen.height, "pixelRatio": 2.0,
        } });
    }
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "timeouts": { "implicit": PATIENCE_MS, "pageLoad": 60_000, "script": PATIENCE_MS },
    } } })
}

/// The body of an answer; the driver keeps the connection, so its length is what counts.
async fn body_of(stream: &mut tokio::io::BufReader<TcpStream>) -> String {
    let (mut length, mut line) = (0, String::new());
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).await.expect("an answer has a head");
        let header = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case(LENGTH));
        if let Some((_, value)) = header {
            length = value.trim().parse().expect("a length is a number");
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("an answer has its body");
    String::from_utf8(body).expect("an answer is text")
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The browser belongs to the driver's group and ends with it; both may have ended already.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
