//! A browser without scripts: it keeps cookies, follows redirects, and fills forms that it finds on pages.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Redirects that are followed in a row.
const REDIRECTS_MAX: usize = 5;

/// A browser with the page it shows.
pub struct Forms {
    at: SocketAddr,
    cookies: BTreeMap<String, String>,
    language: &'static str,
    /// Where it is.
    pub path: String,
    /// The status of the page.
    pub status: u16,
    /// The page.
    pub page: String,
}

/// What is put into a field.
pub enum Put<'a> {
    /// A text.
    Text(&'a str),
    /// A file of this name with this content.
    File(&'a str, &'a [u8]),
}

/// A form as it stands on a page: its fields with what they hold.
struct Form {
    action: String,
    multipart: bool,
    fields: Vec<(String, String)>,
}

impl Forms {
    pub fn new(at: SocketAddr, language: &'static str) -> Self {
        let (path, page) = (String::new(), String::new());
        Self { at, cookies: BTreeMap::new(), language, path, status: 0, page }
    }

    /// Goes to an address.
    pub async fn go(&mut self, path: &str) {
        self.follow("GET", path, "", &[]).await;
    }

    /// Sends the form whose action ends in `action`, with these fields beside what it holds.
    pub async fn submit(&mut self, action: &str, puts: &[(&str, Put<'_>)]) {
        let Form { action, multipart, mut fields } = self.form(action);
        let texts = puts.iter().filter_map(|(name, put)| match put {
            Put::Text(text) => Some((*name, *text)),
            Put::File(..) => None,
        });
        for (name, text) in texts {
            fields.retain(|(known, _)| known != name);
            fields.push((name.to_owned(), text.to_owned()));
        }
        let (kind, body) = match multipart {
            true => ("multipart/form-data; boundary=edge", parts(&fields, puts)),
            false => ("application/x-www-form-urlencoded", encoded(&fields).into_bytes()),
        };
        self.follow("POST", &action, kind, &body).await;
    }

    /// Sends the same form twice at once, as an impatient finger does; shows the second answer.
    pub async fn submit_twice(&mut self, action: &str, puts: &[(&str, Put<'_>)]) {
        let page = (self.path.clone(), self.page.clone());
        self.submit(action, puts).await;
        (self.path, self.page) = page;
        self.submit(action, puts).await;
    }

    /// The values of the radio buttons of a name, in order.
    pub fn choices(&self, name: &str) -> Vec<String> {
        let inputs = tags(&self.page, "input").into_iter();
        let named = inputs.filter(|tag| attribute(tag, "name").as_deref() == Some(name));
        named.filter_map(|tag| attribute(&tag, "value")).collect()
    }

    fn form(&self, wanted: &str) -> Form {
        for part in self.page.split("<form ").skip(1) {
            let whole = part.split("</form>").next().unwrap_or_default();
            let head = whole.split('>').next().unwrap_or_default();
            let action = attribute(head, "action").unwrap_or_default();
            if action.ends_with(wanted) {
                let multipart = head.contains("multipart/form-data");
                return Form { action, multipart, fields: fields(whole) };
            }
        }
        panic!("no form to {wanted} on {}:\n{}", self.path, self.page)
    }

    async fn follow(&mut self, verb: &str, path: &str, kind: &str, body: &[u8]) {
        let (mut verb, mut path, mut body) = (verb, path.to_owned(), body);
        for _ in 0..REDIRECTS_MAX {
            let head = self.ask(verb, &path, kind, body).await;
            let location = header(&head, "location").next();
            self.path = path;
            match location {
                Some(to) => (verb, path, body) = ("GET", to, &[]),
                None => return,
            }
        }
        panic!("redirected without end to {path}")
    }

    /// One request; the answer's head. Cookies and page are kept.
    async fn ask(&mut self, verb: &str, path: &str, kind: &str, body: &[u8]) -> String {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let head = format!(
            "{verb} {path} HTTP/1.1\r\nhost: parasol\r\nconnection: close\r\naccept-language: {}\r\n\
             cookie: {}\r\ncontent-type: {kind}\r\nsec-fetch-site: same-origin\r\n\
             content-length: {}\r\n\r\n",
            self.language,
            cookies.join("; "),
            body.len(),
        );
        let mut stream = TcpStream::connect(self.at).await.expect("the port is open");
        stream.write_all(head.as_bytes()).await.expect("it takes the head");
        stream.write_all(body).await.expect("it takes the body");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers");
        let (head, page) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        self.status = status.expect("a status");
        for cookie in header(head, "set-cookie") {
            let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
            let (name, value) = pair.expect("a cookie has a name");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        page.clone_into(&mut self.page);
        head.to_owned()
    }
}

fn header<'a>(head: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, it)| it.to_owned())
}

/// The fields of a form with what they hold, as a browser would send them.
fn fields(form: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for tag in tags(form, "input") {
        let (name, kind) = (attribute(&tag, "name"), attribute(&tag, "type").unwrap_or_default());
        let picked = matches!(kind.as_str(), "radio" | "checkbox") && !tag.contains(" checked");
        if let Some(name) = name.filter(|_| !picked && kind != "file") {
            found.push((name, attribute(&tag, "value").unwrap_or_default()));
        }
    }
    for part in form.split("<select ").skip(1) {
        let list = part.split("</select>").next().unwrap_or_default();
        let options = tags(list, "option");
        let chosen = options.iter().find(|tag| tag.contains(" selected")).or(options.first());
        let value = chosen.and_then(|tag| attribute(tag, "value")).unwrap_or_default();
        found.extend(attribute(list, "name").map(|name| (name, value)));
    }
    for part in form.split("<textarea ").skip(1) {
        let (head, rest) = part.split_once('>').unwrap_or_default();
        let text = rest.split("</textarea>").next().unwrap_or_default();
        found.extend(attribute(head, "name").map(|name| (name, plain(text))));
    }
    found
}

/// The inside of every tag of a kind.
fn tags(html: &str, kind: &str) -> Vec<String> {
    let start = format!("<{kind} ");
    let parts = html.split(&start).skip(1);
    parts.map(|part| part.split('>').next().unwrap_or_default().to_owned()).collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = format!("{name}=\"");
    let before = |at: usize| at == 0 || tag[..at].ends_with(' ');
    let at = tag.match_indices(&start).map(|(at, _)| at).find(|at| before(*at))?;
    tag[at + start.len()..].split('"').next().map(plain)
}

fn plain(html: &str) -> String {
    let text = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&amp;", "&")
}

fn encoded(fields: &[(String, String)]) -> String {
    let code = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", code(name), code(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn parts(fields: &[(String, String)], puts: &[(&str, Put<'_>)]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut add = |name: &str, file: &str, content: &[u8]| {
        let head = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"{file}");
        body.extend([head.as_bytes(), b"\r\n\r\n", content, b"\r\n"].concat());
    };
    for (name, value) in fields {
        add(name, "", value.as_bytes());
    }
    for (name, put) in puts {
        if let Put::File(file, content) = put {
            add(name, &format!("; filename=\"{file}\""), content);
        }
    }
    body.extend_from_slice(b"--edge--\r\n");
    body
}
