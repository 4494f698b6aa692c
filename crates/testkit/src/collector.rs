//! A collector of traces and metrics that is not ours: Rotel, which speaks OTLP as the OpenTelemetry Collector does. It is
//! brought by `cargo xtask test` from the Python package `rotel`, which holds the program and no step that builds it.
//!
//! Of the packages that bring the OpenTelemetry project's own Collector none has one that receives OTLP.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use crate::account::Account;
use crate::process::{Server, wait_until};

/// The version of the package.
pub const COLLECTOR_VERSION: &str = "0.0.1a15";

/// The folder that the package is installed into, below the repository's root.
pub fn collector_folder(root: &Path) -> PathBuf {
    root.join("target/tools").join(format!("rotel-{COLLECTOR_VERSION}"))
}

/// The program, below the repository's root.
pub fn collector_program(root: &Path) -> PathBuf {
    collector_folder(root).join("rotel/rotel-agent")
}

/// A collector that writes down what it receives. Dropping it stops it.
#[derive(Debug)]
pub struct Collector {
    server: Server,
    port: u16,
}

/// A span as the collector received it; absent is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The process that sent it (`service.instance.id`).
    pub instance: String,
    /// Its trace.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// The span it is part of.
    pub parent: String,
    /// What it is called.
    pub name: String,
    /// What else it says.
    pub attributes: Vec<(String, String)>,
    /// Traces and spans that it follows from.
    pub links: Vec<(String, String)>,
}

impl Collector {
    /// Starts it on free ports and returns when it takes connections.
    ///
    /// # Errors
    /// When it was not brought, or does not start within a minute.
    pub fn start(root: &Path) -> Result<Self> {
        let program = collector_program(root);
        ensure!(program.exists(), "no {}; run `cargo xtask test`", program.display());
        let mut server = Server::prepare("collector", Account::caller(), Signal::TERM)?;
        let pid = server.folder().join("pid");
        let command = |port: u16| {
            let mut command = Command::new(&program);
            command.args(["start", "--exporter", "blackhole", "--debug-log", "traces"]);
            command.args(["--debug-log-verbosity", "detailed", "--batch-timeout", "100ms"]);
            command.arg("--pid-file").arg(&pid);
            command.args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{port}")]);
            let other = free_port().unwrap_or_default();
            command.args(["--otlp-http-endpoint", &format!("127.0.0.1:{other}")]);
            command
        };
        let port = server.start_on_free_port(command, |port, _| {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
        })?;
        Ok(Self { server, port })
    }

    /// Where it is, as `otlp.endpoint` wants it.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Every span that it has received, as soon as these are enough, and after a minute in any case.
    ///
    /// # Errors
    /// When what it wrote cannot be read.
    pub fn spans_once(&self, enough: impl Fn(&[Span]) -> bool) -> Result<Vec<Span>> {
        let log = self.server.folder().join("log");
        let read = || fs::read_to_string(&log).map(|log| spans_of(&log));
        wait_until(|| read().is_ok_and(|spans| enough(&spans)));
        read().context("what the collector wrote")
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Which list the lines belong to that begin with an arrow or a number.
enum Part {
    Resource,
    Attributes,
    Links,
}

/// The spans of such a log, which lists them line by line.
fn spans_of(log: &str) -> Vec<Span> {
    let (mut spans, mut instance, mut part) = (Vec::<Span>::new(), String::new(), Part::Resource);
    for line in log.lines().map(str::trim) {
        if line.starts_with("ResourceSpans #") {
            (instance, part) = (String::new(), Part::Resource);
        } else if line.starts_with("Span #") {
            spans.push(Span { instance: instance.clone(), ..Span::default() });
            part = Part::Attributes;
        } else if line.starts_with("Links:") {
            part = Part::Links;
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        let (key, value) = (key.trim(), value.trim());
        match (&part, key, spans.last_mut()) {
            (Part::Resource, "-> service.instance.id", _) => instance = text(value),
            (Part::Attributes, "Trace ID", Some(span)) => span.trace = value.to_owned(),
            (Part::Attributes, "Parent ID", Some(span)) => span.parent = value.to_owned(),
            (Part::Attributes, "ID", Some(span)) => span.id = value.to_owned(),
            (Part::Attributes, "Name", Some(span)) => span.name = value.to_owned(),
            (Part::Links, "-> Trace ID", Some(span)) => {
                span.links.push((value.to_owned(), String::new()));
            }
            (Part::Links, "-> ID", Some(span)) => {
                if let Some((_, id)) = span.links.last_mut() {
                    value.clone_into(id);
                }
            }
            (Part::Attributes, key, Some(span)) => {
                if let Some(name) = key.strip_prefix("-> ") {
                    span.attributes.push((name.to_owned(), text(value)));
                }
            }
            _ => {}
        }
    }
    spans
}

/// What stands in parentheses behind the kind of a value.
fn text(value: &str) -> String {
    let inner = value.split_once('(').map(|(_, inner)| inner.trim_end_matches(')'));
    inner.unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
ResourceSpans #0
Resource SchemaURL: 
Resource attributes:
     -> service.instance.id: Str(h/1)
ScopeSpans #0
InstrumentationScope parasol 
Span #0
    Trace ID       : 5b8efff798038103d269b633813fc60c
    Parent ID      : eee19b7ec3c1b173
    ID             : eee19b7ec3c1b174
    Name           : triage
    Kind           : SPAN_KIND_CONSUMER
Start time: 1544712660000000000
Attributes:
     -> parasol.case: Str(case_1)
Links:
SpanLink #0
     -> Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
     -> ID: 00f067aa0ba902b7
     -> TraceState: 
Span #1
    Trace ID       : 6b8efff798038103d269b633813fc60c
    Parent ID      : 
    ID             : fee19b7ec3c1b174
    Name           : parasol.intake.v1.IntakeService/FileCase
";

    #[test]
    fn spans_are_read_from_what_the_collector_lists() {
        let spans = spans_of(LOG);
        assert_eq!(spans.len(), 2);
        let first = Span {
            instance: "h/1".to_owned(),
            trace: "5b8efff798038103d269b633813fc60c".to_owned(),
            id: "eee19b7ec3c1b174".to_owned(),
            parent: "eee19b7ec3c1b173".to_owned(),
            name: "triage".to_owned(),
            attributes: vec![("parasol.case".to_owned(), "case_1".to_owned())],
            links: vec![(
                "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
                "00f067aa0ba902b7".to_owned(),
            )],
        };
        assert_eq!(spans[0], first);
        assert_eq!(spans[1].name, "parasol.intake.v1.IntakeService/FileCase");
        assert_eq!((spans[1].parent.as_str(), spans[1].links.len()), ("", 0));
    }
}
