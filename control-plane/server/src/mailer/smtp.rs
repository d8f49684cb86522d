use std::time::Duration;

use agentdb_control_plane_store::OutgoingMail;
use lettre::{
    Message,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
    },
};

use crate::config::{Mail, Smtp, Tls};

/// The longest that one mail may take, from connecting to the server's word that it has it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The longest that leaving the server may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why a mail did not leave, or none can.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SmtpError {
    #[error("`{0}` is not a sender such as `Name <address>`")]
    Sender(String),
    #[error("`{0}` is not an address")]
    Recipient(String),
    #[error("the mail cannot be written: {0}")]
    Message(#[from] lettre::error::Error),
    #[error("the mail server: {0}")]
    Server(#[from] lettre::transport::smtp::Error),
    #[error("the mail server did not take the mail within {0:?}")]
    Silent(Duration),
    #[error("{given} is set and {missing} is not; set both or neither")]
    Lone { given: &'static str, missing: &'static str },
}

impl SmtpError {
    /// Whether trying again is of no use.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Sender(_) | Self::Silent(_) | Self::Lone { .. } => false,
            Self::Recipient(_) | Self::Message(_) => true,
            Self::Server(error) => error.is_permanent(),
        }
    }
}

/// The way mail takes.
pub(crate) enum Carrier {
    /// It stays here.
    Captured,
    /// Through a server.
    Smtp(SmtpCarrier),
}

impl Carrier {
    pub fn new(config: &Mail) -> Result<Self, SmtpError> {
        match config {
            Mail::Captured => Ok(Self::Captured),
            Mail::Smtp(smtp) => Ok(Self::Smtp(SmtpCarrier::new(smtp)?)),
        }
    }
}

pub(crate) struct SmtpCarrier {
    from: Mailbox,
    host: String,
    port: u16,
    tls: Protection,
    credentials: Option<Credentials>,
    timeout: Duration,
}

/// How the connection is protected, with what it takes.
enum Protection {
    Starttls(TlsParameters),
    Implicit(TlsParameters),
    None,
}

impl SmtpCarrier {
    fn new(config: &Smtp) -> Result<Self, SmtpError> {
        let from = config.from.parse().map_err(|_| SmtpError::Sender(config.from.clone()))?;
        let parameters = || TlsParameters::new(config.host.clone());
        let tls = match config.tls {
            Tls::Starttls => Protection::Starttls(parameters()?),
            Tls::Implicit => Protection::Implicit(parameters()?),
            Tls::None => Protection::None,
        };
        let credentials = match (&config.username, &config.password) {
            (Some(username), Some(password)) => Some(Credentials::new(username.clone(), password.0.clone())),
            (Some(_), None) => return Err(SmtpError::Lone { given: "smtp_username", missing: "smtp_password" }),
            (None, Some(_)) => return Err(SmtpError::Lone { given: "smtp_password", missing: "smtp_username" }),
            (None, None) => None,
        };
        Ok(Self { from, host: config.host.clone(), port: config.port, tls, credentials, timeout: TIMEOUT })
    }

    /// Sends one mail over a connection of its own, so that none is used again that a late answer may come from. A mail
    /// that was given up for its time may have been taken all the same.
    pub async fn send(&self, mail: &OutgoingMail) -> Result<(), SmtpError> {
        let to: Mailbox = mail.to.parse().map_err(|_| SmtpError::Recipient(mail.to.clone()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(&mail.subject)
            // The same however often it is tried, so that receivers can tell a repetition.
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.clone())?;
        let sent = async {
            let mut connection = self.connect().await?;
            connection.send(message.envelope(), &message.formatted()).await?;
            Ok::<_, SmtpError>(connection)
        };
        let mut connection =
            tokio::time::timeout(self.timeout, sent).await.map_err(|_| SmtpError::Silent(self.timeout))??;
        // The mail is taken; a farewell is for politeness.
        let _ = tokio::time::timeout(FAREWELL, connection.quit()).await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let me = ClientId::default();
        let implicit = match &self.tls {
            Protection::Implicit(parameters) => Some(parameters.clone()),
            Protection::Starttls(_) | Protection::None => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.timeout), &me, implicit, None).await?;
        if let Protection::Starttls(parameters) = &self.tls {
            connection.starttls(parameters.clone(), &me).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::config::SmtpPassword;

    fn smtp(port: u16) -> Smtp {
        Smtp {
            host: "127.0.0.1".to_owned(),
            port,
            username: None,
            password: None,
            tls: Tls::None,
            from: "no-reply@example.com".to_owned(),
        }
    }

    fn mail() -> OutgoingMail {
        let text = |text: &str| text.to_owned();
        let (to, subject, body) = (text("a@example.com"), text("s"), text("b"));
        OutgoingMail { id: uuid::Uuid::nil(), to, subject, body, attempts: 1 }
    }

    /// Speaks as a mail server until the line `silent_after`, and from then on says nothing.
    async fn serve(stream: &mut TcpStream, silent_after: Option<&str>) {
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 test\r\n").await.expect("written");
        let mut content = false;
        while let Ok(Some(line)) = lines.next_line().await {
            let reply: &[u8] = match line.as_str() {
                _ if silent_after == Some(line.as_str()) => return,
                "DATA" => b"354 go on\r\n",
                "." => b"250 taken\r\n",
                _ if content => continue,
                _ => b"250 ok\r\n",
            };
            content = line == "DATA" || (content && line != ".");
            write.write_all(reply).await.expect("written");
        }
    }

    #[tokio::test]
    async fn a_server_that_falls_silent_is_given_up_and_its_connection_is_not_used_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut carrier =
            SmtpCarrier::new(&smtp(listener.local_addr().expect("an address").port())).expect("a carrier");
        carrier.timeout = Duration::from_millis(300);
        let server = async {
            // All stay open: a server that is stuck does not hang up.
            let mut open = Vec::new();
            let (silent, _) = listener.accept().await.expect("a connection");
            open.push(silent);
            for silent_after in [Some("DATA"), None] {
                let (mut stream, _) = listener.accept().await.expect("a connection of its own");
                serve(&mut stream, silent_after).await;
                open.push(stream);
            }
            std::future::pending::<()>().await;
        };
        let mail = mail();
        let client = async {
            for place in ["before the greeting", "before the content"] {
                let error = carrier.send(&mail).await.expect_err(place);
                assert!(matches!(error, SmtpError::Silent(_)), "{place}: {error}");
                assert!(!error.is_final(), "worth another try");
            }
            carrier.timeout = TIMEOUT;
            carrier.send(&mail).await.expect("the server answers again");
        };
        let both = async {
            tokio::select! {
                () = server => {}
                () = client => {}
            }
        };
        tokio::time::timeout(Duration::from_secs(20), both).await.expect("no mail waits for ever");
    }

    #[test]
    fn a_name_without_a_password_and_the_reverse_are_refused_by_name() {
        let refused = |smtp: &Smtp| SmtpCarrier::new(smtp).map(|_| ()).expect_err("one is missing").to_string();
        let named = Smtp { username: Some("me".to_owned()), ..smtp(25) };
        assert!(refused(&named).starts_with("smtp_username is set and smtp_password is not"));
        let password = || Some(SmtpPassword("secret".to_owned()));
        let error = refused(&Smtp { password: password(), ..smtp(25) });
        assert!(error.starts_with("smtp_password is set and smtp_username is not") && !error.contains("secret"));
        assert!(SmtpCarrier::new(&Smtp { password: password(), ..named }).is_ok());
    }
}
