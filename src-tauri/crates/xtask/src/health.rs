//! Asking a service on loopback how it is, over plain HTTP/1.1, without any of the product's code.

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long connecting, sending and each read may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// No health answer is longer.
const LONGEST_ANSWER_BYTES: u64 = 64 * 1024;

/// What the service said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// 200, and the body says healthy.
    Healthy,
    /// Any other answer, in its own words.
    Failing(String),
}

/// `GET /health`. An error is a service that cannot be asked.
pub(crate) fn ask(address: SocketAddr) -> Result<Health> {
    let sentence = || format!("the service at {address} could not be asked for its health");
    exchange(address)
        .map_err(told)
        .with_context(sentence)
        .and_then(|answer| judge(&answer).with_context(sentence))
}

/// Whether anything accepts connections there.
pub(crate) fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

/// `host:port` out of an origin or a bare address. Only loopback is ever asked.
pub(crate) fn loopback(origin: &str) -> Result<SocketAddr> {
    let bare = origin.strip_prefix("http://").unwrap_or(origin).trim_end_matches('/');
    let address: SocketAddr = bare
        .parse()
        .with_context(|| format!("{origin:?} is not an address of the form http://127.0.0.1:PORT"))?;
    if !address.ip().is_loopback() {
        bail!("{address} is not on loopback: the rehearsal never leaves this machine");
    }
    Ok(address)
}

/// A time-out in words: the operating system calls it a resource that is temporarily unavailable.
fn told(error: io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            anyhow!("it did not answer within {} s", PATIENCE.as_secs())
        }
        _ => error.into(),
    }
}

fn exchange(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /health HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.take(LONGEST_ANSWER_BYTES).read_to_string(&mut answer)?;
    Ok(answer)
}

fn judge(answer: &str) -> Result<Health> {
    let (head, body) = answer.split_once("\r\n\r\n").context("it answered something that is not HTTP")?;
    let status_line = head.lines().next().unwrap_or_default();
    let code = status_line.split_whitespace().nth(1).unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    let word = body.get("status").and_then(Value::as_str);
    if code == "200" && word == Some("healthy") {
        return Ok(Health::Healthy);
    }
    let why = body.get("error").and_then(Value::as_str).or(word).unwrap_or("no reason given");
    Ok(Health::Failing(format!("{code}: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn healthy_takes_both_the_code_and_the_word() {
        let judge = |text| judge(text).expect("HTTP");
        assert_eq!(
            judge("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"status\":\"healthy\",\"free\":8}"),
            Health::Healthy
        );
        assert_eq!(
            judge(
                "HTTP/1.1 503 Service Unavailable\r\n\r\n{\"status\":\"failing\",\"error\":\"PoolExhausted\"}"
            ),
            Health::Failing("503: PoolExhausted".into())
        );
        assert_eq!(judge("HTTP/1.1 200 OK\r\n\r\nhello"), Health::Failing("200: no reason given".into()));
        assert_eq!(
            judge("HTTP/1.1 503 x\r\n\r\n{\"status\":\"healthy\"}"),
            Health::Failing("503: healthy".into())
        );
    }

    #[test]
    fn only_loopback_is_an_address_to_ask() {
        assert_eq!(loopback("http://127.0.0.1:8081/").expect("loopback").port(), 8081);
        assert!(loopback("127.0.0.1:9").is_ok());
        assert!(loopback("http://192.0.2.1:80").is_err());
        assert!(loopback("example.com").is_err());
    }

    #[test]
    fn a_service_that_says_nothing_is_told_in_words_and_not_in_an_error_number() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let error = ask(listener.local_addr().expect("bound")).expect_err("nobody answers");
        assert!(format!("{error:#}").ends_with("it did not answer within 2 s"), "{error:#}");
    }

    #[test]
    fn a_real_answer_over_a_real_socket_is_read_to_its_end() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut request = [0; 512];
            let read = stream.read(&mut request).expect("a request");
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"status\":\"healthy\"}").expect("an answer");
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        assert_eq!(ask(address).expect("asked"), Health::Healthy);
        assert!(server.join().expect("served").starts_with("GET /health HTTP/1.1\r\n"));
    }
}
