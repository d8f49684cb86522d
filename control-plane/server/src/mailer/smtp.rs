use std::time::Duration;

use agentdb_control_plane_store::OutgoingMail;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::authentication::Credentials,
};

use crate::config::{Mail, Smtp, Tls};

/// The longest that one mail may take.
const TIMEOUT: Duration = Duration::from_secs(30);

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
}

impl SmtpError {
    /// Whether trying again is of no use.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Sender(_) => false,
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
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl SmtpCarrier {
    fn new(config: &Smtp) -> Result<Self, SmtpError> {
        let from = config.from.parse().map_err(|_| SmtpError::Sender(config.from.clone()))?;
        let builder = match config.tls {
            Tls::Starttls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&config.host)?,
            Tls::Implicit => AsyncSmtpTransport::<Tokio1Executor>::relay(&config.host)?,
            Tls::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host),
        };
        let mut builder = builder.port(config.port).timeout(Some(TIMEOUT));
        if let (Some(username), Some(password)) = (&config.username, &config.password) {
            builder = builder.credentials(Credentials::new(username.clone(), password.0.clone()));
        }
        Ok(Self { from, transport: builder.build() })
    }

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
        self.transport.send(message).await?;
        Ok(())
    }
}
