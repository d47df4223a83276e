//! A visitor of the console: cookies, pages and forms over HTTP, as a browser without scripts has them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::stack::{PATIENCE, Stack, tail};

const PERIOD: Duration = Duration::from_millis(50);

/// A page, or where to go instead.
#[derive(Debug, Clone)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// The head of the answer.
    pub head: String,
    /// The page.
    pub text: String,
}

/// Somebody with a cookie.
#[derive(Debug)]
pub struct Visitor {
    host: String,
    cookie: String,
}

impl Visitor {
    /// Somebody who has logged in with the key of the service.
    ///
    /// # Panics
    /// If the key does not open the console.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let host = stack.said("api").strip_prefix("http://").expect("the console is plain HTTP");
        let mut visitor = Self { host: host.trim_end_matches('/').to_owned(), cookie: String::new() };
        let key = [("secret_id", stack.said("secret_id")), ("secret_key", stack.said("secret_key"))];
        assert_eq!(visitor.post("/console/start", "/console/login", &key).status, 303);
        visitor
    }

    /// A page.
    pub fn get(&mut self, path: &str) -> Page {
        self.send("GET", path, "")
    }

    /// Sends a form that is on a page, and gives what comes of it; who is sent elsewhere has not gone there yet.
    pub fn post(&mut self, page: &str, form: &str, fields: &[(&str, &str)]) -> Page {
        let shown = self.get(page);
        let token = shown.attribute("name=\"csrf\" content=\"");
        let mut body = format!("_token={token}");
        for (name, value) in fields {
            body += &format!("&{name}={}", escaped(value));
        }
        self.send("POST", form, &body)
    }

    /// Presses a button of the page, and follows it to where it leads.
    ///
    /// # Panics
    /// If it leads nowhere, with the page that says why.
    pub fn press(&mut self, page: &str, form: &str, fields: &[(&str, &str)]) -> Page {
        let pressed = self.post(page, form, fields);
        assert_eq!(pressed.status, 303, "{form} {fields:?}: {}", pressed.text);
        let location = pressed.location();
        self.get(&location)
    }

    /// Looks at a page until it pleases.
    ///
    /// # Panics
    /// If it does not within [`PATIENCE`].
    pub fn until(&mut self, stack: &Stack, path: &str, mut pleases: impl FnMut(&Page) -> bool) -> Page {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let page = self.get(path);
            if pleases(&page) {
                return page;
            }
            assert!(
                Instant::now() < deadline,
                "{path} still shows {}\n{}",
                page.text,
                tail(&stack.log(), 30)
            );
            std::thread::sleep(PERIOD);
        }
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Page {
        let mut stream = TcpStream::connect(&self.host).expect("the console listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a deadline for the answer");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.host,
            self.cookie,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("the request is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the answer is text");
        let (head, text) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        for line in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            self.cookie = line.split(';').next().unwrap_or_default().to_owned();
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.expect("an answer has a status");
        Page { status, head: head.to_owned(), text: text.to_owned() }
    }
}

impl Page {
    /// Whether there is an element with this id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.text.contains(&format!("id=\"{id}\""))
    }

    /// The text between this and the next quotation mark.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    pub fn attribute(&self, before: &str) -> String {
        let (_, rest) =
            self.text.split_once(before).unwrap_or_else(|| panic!("{before} is not in {}", self.text));
        rest.split('"').next().unwrap_or_default().replace("&amp;", "&")
    }

    /// Where to go instead.
    ///
    /// # Panics
    /// If the answer does not say so.
    #[must_use]
    pub fn location(&self) -> String {
        let location = self.head.lines().find_map(|line| line.strip_prefix("location: "));
        location.expect("the answer leads somewhere").to_owned()
    }
}

/// Text as a part of a form.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}
