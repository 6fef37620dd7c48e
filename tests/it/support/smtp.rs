//! A mail server on a port of its own that keeps what it is given and misbehaves on demand.
//!
//! **Never** forgiving: commands must come in order and lines must end in CRLF, so that a
//! message that only a lenient server would take is not taken here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What a connection does. One script is taken per connection; the last one set stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    /// Takes everything.
    Accept,
    /// Closes the connection in the middle of the message.
    CutInData,
    /// Answers `RCPT TO` with this code.
    RejectRcpt(u16),
    /// Answers the end of the message with this code.
    RejectData(u16),
    /// Answers `MAIL FROM` with this code.
    TempFail(u16),
    /// Greets and then says nothing any more.
    Stall,
    /// Takes the message, says so and closes the connection at once.
    AcceptThenDrop,
    /// Says nothing at all for a minute.
    GreetSlow,
}

/// When a server speaks TLS.
#[derive(Clone, Default)]
pub(crate) enum Begins {
    /// Never.
    #[default]
    Never,
    /// From the first byte.
    AtOnce(TlsAcceptor),
    /// When it is asked to, which it offers.
    WhenAsked(TlsAcceptor),
    /// It offers it, and then cannot.
    Refuses,
}

/// How a server meets its clients.
#[derive(Clone, Default)]
pub(crate) struct Manner {
    /// When it speaks TLS.
    pub(crate) tls: Begins,
    /// The mechanism, the user and the password that it wants before it takes a message.
    pub(crate) login: Option<(&'static str, &'static str, &'static str)>,
}

/// A message that was taken (answered with 250).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The envelope's sender, without the angle brackets.
    pub(crate) from: String,
    /// The envelope's recipients.
    pub(crate) to: Vec<String>,
    /// The message, dots unstuffed, as it came over the wire.
    pub(crate) raw: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    taken: Vec<Taken>,
    commands: Vec<String>,
    /// Those that anybody between could read.
    in_clear: Vec<String>,
    scripts: VecDeque<Script>,
    connections: usize,
}

/// The server; it ends when dropped.
#[derive(Debug)]
pub(crate) struct SmtpSink {
    /// `smtp://127.0.0.1:port`, for `SUPPLYLINE_SMTP_URL`.
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SmtpSink {
    /// Starts one on a free port; it accepts everything until told otherwise.
    pub(crate) async fn spawn() -> Self {
        Self::spawn_as(Manner::default()).await
    }

    /// The same, meeting its clients so.
    pub(crate) async fn spawn_as(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let url = format!("smtp://{}", listener.local_addr().expect("address"));
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let (state, manner) = (Arc::clone(&shared), manner.clone());
                tokio::spawn(async move {
                    let script = next_script(&state);
                    // A connection that breaks is the client's business.
                    serve(stream, &manner, script, &state).await.ok();
                });
            }
        });
        Self { url, state, task }
    }

    /// What every later connection does.
    pub(crate) fn set_script(&self, script: Script) {
        self.set_scripts(&[script]);
    }

    /// What the next connections do, one each; the last one stays.
    pub(crate) fn set_scripts(&self, scripts: &[Script]) {
        self.state.lock().expect("state").scripts = scripts.iter().copied().collect();
    }

    /// Everything taken so far.
    pub(crate) fn messages(&self) -> Vec<Taken> {
        self.state.lock().expect("state").taken.clone()
    }

    /// Every command line so far, of all connections.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.state.lock().expect("state").commands.clone()
    }

    /// The command lines that came unencrypted.
    pub(crate) fn commands_in_clear(&self) -> Vec<String> {
        self.state.lock().expect("state").in_clear.clone()
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.url.rsplit(':').next().expect("a port").parse().expect("a number")
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> usize {
        self.state.lock().expect("state").connections
    }
}

fn next_script(state: &Mutex<State>) -> Script {
    let mut state = state.lock().expect("state");
    state.connections += 1;
    if state.scripts.len() > 1 {
        state.scripts.pop_front().unwrap_or(Script::Accept)
    } else {
        state.scripts.front().copied().unwrap_or(Script::Accept)
    }
}

/// What a conversation goes over.
trait Line: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

type Wire = BufReader<Box<dyn Line>>;

fn wire(line: impl Line + 'static) -> Wire {
    BufReader::new(Box::new(line))
}

async fn say(wire: &mut Wire, line: &str) -> std::io::Result<()> {
    wire.write_all(format!("{line}\r\n").as_bytes()).await?;
    wire.flush().await
}

/// One line without its CRLF; `None` at the end. A bare LF ends no line.
async fn line(wire: &mut Wire) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        if wire.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        if line.ends_with(b"\r\n") {
            line.truncate(line.len() - 2);
            return Ok(Some(line));
        }
    }
}

/// Who a message is from and for, while a conversation goes on.
#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

async fn serve(
    stream: TcpStream,
    manner: &Manner,
    script: Script,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    let mut is_secret = false;
    let mut wire = match &manner.tls {
        Begins::AtOnce(acceptor) => {
            is_secret = true;
            wire(acceptor.accept(stream).await?)
        }
        Begins::Never | Begins::WhenAsked(_) | Begins::Refuses => wire(stream),
    };
    if script == Script::GreetSlow {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    say(&mut wire, "220 sink.example ESMTP").await?;
    let (mut envelope, mut is_known) = (Envelope::default(), manner.login.is_none());
    while let Some(bytes) = line(&mut wire).await? {
        let command = String::from_utf8_lossy(&bytes).into_owned();
        note(state, &command, is_secret);
        if script == Script::Stall {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        if let (true, Begins::WhenAsked(acceptor)) = (command == "STARTTLS", &manner.tls) {
            say(&mut wire, "220 go ahead").await?;
            wire = self::wire(acceptor.accept(wire.into_inner()).await?);
            is_secret = true;
        } else if command == "DATA" && envelope.from.is_some() && !envelope.to.is_empty() {
            let envelope = std::mem::take(&mut envelope);
            if !data(&mut wire, script, state, envelope).await? {
                return Ok(());
            }
        } else if let (Some(asked), Some(login)) = (command.strip_prefix("AUTH "), manner.login) {
            is_known = knows(&mut wire, asked, login).await?;
            let reply = if is_known { "235 2.7.0 welcome" } else { "535 5.7.8 who are you?" };
            say(&mut wire, reply).await?;
        } else if command.starts_with("MAIL ") && !is_known {
            say(&mut wire, "530 5.7.0 sign in first").await?;
        } else if command.starts_with("EHLO ") {
            say(&mut wire, &offers(manner, is_secret)).await?;
        } else {
            say(&mut wire, &answer(script, &mut envelope, &command)).await?;
        }
        if command == "QUIT" {
            break;
        }
    }
    Ok(())
}

fn note(state: &Mutex<State>, command: &str, is_secret: bool) {
    let mut state = state.lock().expect("state");
    state.commands.push(command.to_owned());
    if !is_secret {
        state.in_clear.push(command.to_owned());
    }
}

/// What the server can do.
fn offers(manner: &Manner, is_secret: bool) -> String {
    let mut lines = vec!["sink.example".to_owned(), "8BITMIME".to_owned()];
    let begins = matches!(manner.tls, Begins::WhenAsked(_) | Begins::Refuses);
    if begins && !is_secret {
        lines.push("STARTTLS".to_owned());
    }
    lines.extend(manner.login.map(|(mechanism, _, _)| format!("AUTH {mechanism}")));
    lines.push("SIZE 10485760".to_owned());
    let last = lines.len() - 1;
    let sign = |at: usize| if at == last { ' ' } else { '-' };
    let lines: Vec<_> =
        lines.iter().enumerate().map(|(at, line)| format!("250{}{line}", sign(at))).collect();
    lines.join("\r\n")
}

/// True when the client names the user and the password (RFC 4616, and what LOGIN became).
async fn knows(
    wire: &mut Wire,
    asked: &str,
    (mechanism, user, password): (&str, &str, &str),
) -> std::io::Result<bool> {
    let (named, first) = asked.split_once(' ').unwrap_or((asked, ""));
    if named != mechanism {
        return Ok(false);
    }
    if mechanism == "PLAIN" {
        return Ok(plain(first) == format!("\0{user}\0{password}"));
    }
    say(wire, "334 VXNlcm5hbWU6").await?;
    let own = line(wire).await?.unwrap_or_default();
    say(wire, "334 UGFzc3dvcmQ6").await?;
    let key = line(wire).await?.unwrap_or_default();
    let told = [own, key].map(|bytes| plain(&String::from_utf8_lossy(&bytes)));
    Ok(told == [user, password])
}

fn plain(encoded: &str) -> String {
    String::from_utf8(STANDARD.decode(encoded).unwrap_or_default()).unwrap_or_default()
}

/// The reply to every command but a `DATA` that may go on.
fn answer(script: Script, envelope: &mut Envelope, command: &str) -> String {
    let verb = command.split([' ', ':']).next().unwrap_or_default();
    let reply = match (verb, script) {
        ("MAIL", Script::TempFail(code)) => return format!("{code} 4.3.0 come back later"),
        ("RCPT", Script::RejectRcpt(code)) => return format!("{code} no such mailbox here"),
        ("RCPT", _) if envelope.from.is_none() => "503 MAIL first",
        ("DATA", _) => "503 MAIL and RCPT first",
        ("STARTTLS", _) => "454 4.7.0 not now",
        ("QUIT", _) => "221 bye",
        ("HELO" | "NOOP" | "RSET" | "MAIL" | "RCPT", _) => "250 OK",
        (_, _) => "500 what?",
    };
    if reply == "250 OK" {
        match verb {
            "RSET" => *envelope = Envelope::default(),
            "MAIL" => *envelope = Envelope { from: Some(path(command)), to: Vec::new() },
            "RCPT" => envelope.to.push(path(command)),
            _ => {}
        }
    }
    reply.to_owned()
}

fn path(command: &str) -> String {
    let inside = command.split_once('<').and_then(|(_verb, rest)| rest.split_once('>'));
    inside.map_or_else(String::new, |(path, _parameters)| path.to_owned())
}

/// Reads the message; false when the connection is to be closed.
async fn data(
    wire: &mut Wire,
    script: Script,
    state: &Mutex<State>,
    envelope: Envelope,
) -> std::io::Result<bool> {
    say(wire, "354 go ahead").await?;
    let mut raw = Vec::new();
    loop {
        if script == Script::CutInData && raw.len() > 100 {
            return Ok(false);
        }
        let Some(line) = line(wire).await? else {
            return Ok(false);
        };
        if line == b"." {
            break;
        }
        raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        raw.extend_from_slice(b"\r\n");
    }
    if let Script::RejectData(code) = script {
        say(wire, &format!("{code} not this one")).await?;
        // 421 announces that the server closes the channel (RFC 5321, 3.8).
        return Ok(code != 421);
    }
    let from = envelope.from.unwrap_or_default();
    state.lock().expect("state").taken.push(Taken { from, to: envelope.to, raw });
    say(wire, "250 2.0.0 queued as 4711").await?;
    Ok(script != Script::AcceptThenDrop)
}
