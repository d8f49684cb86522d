//! Mail through a server, and what happens without one that answers.

use std::time::Duration;

use agentdb_control_plane_server::{
    Config, ControlPlane, StartError,
    config::{Mail, Smtp, Tls},
};
use http::Method;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

use crate::service::{PASSWORD, Service, config};

fn smtp(port: u16) -> Config {
    let smtp = Smtp {
        host: "127.0.0.1".to_owned(),
        port,
        username: None,
        password: None,
        tls: Tls::None,
        from: "AgentDB <no-reply@example.com>".to_owned(),
    };
    Config { mail: Mail::Smtp(smtp), ..config() }
}

/// A mail server that takes `count` mails, the first connection being turned away.
async fn receive(listener: TcpListener) -> String {
    let (mut refused, _) = listener.accept().await.expect("a connection");
    refused.write_all(b"421 not now\r\n").await.expect("written");
    drop(refused);
    let (stream, _) = listener.accept().await.expect("a connection");
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 test\r\n").await.expect("written");
    let mut data = None::<String>;
    while let Some(line) = lines.next_line().await.expect("read") {
        let reply: &[u8] = match &mut data {
            Some(text) if line == "." => {
                write.write_all(b"250 taken\r\n").await.expect("written");
                return std::mem::take(text);
            }
            Some(text) => {
                text.push_str(&line);
                text.push('\n');
                continue;
            }
            None if line == "DATA" => {
                data = Some(String::new());
                b"354 go on\r\n"
            }
            None => b"250 ok\r\n",
        };
        write.write_all(reply).await.expect("written");
    }
    panic!("the mail did not come to its end");
}

#[tokio::test]
async fn a_mail_that_the_server_turned_away_is_sent_again_and_then_forgotten() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let service = Service::with(smtp(listener.local_addr().expect("an address").port())).await;
    let received = tokio::spawn(receive(listener));
    let body = json!({"email": "a@example.com", "password": PASSWORD, "organization_name": "Org"});
    assert_eq!(service.call(Method::POST, "/v1/auth/signup", Some(body)).await.status, 202);
    let mail = tokio::time::timeout(Duration::from_secs(30), received).await.expect("in time").expect("received");
    assert!(mail.contains("To: a@example.com") && mail.contains("From: AgentDB <no-reply@example.com>"), "{mail}");
    assert!(mail.contains("/verify?token"), "{mail}");
    let captured = service.call(Method::GET, "/v1/auth/captured-mail?email=a@example.com", None).await;
    assert_eq!(captured.code(), (404, "not_found"), "where mail is sent nobody else reads it");
    let captured = service.call(Method::GET, "/v1/auth/captured-mail", None).await;
    assert_eq!(captured.code(), (404, "not_found"));

    let admin = service.server.pool("postgres", 1).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let left: i64 = agentdb_control_plane_store::sqlx::query_scalar("SELECT count(*) FROM control.mail_outbox")
            .fetch_one(&admin)
            .await
            .expect("a count");
        if left == 0 {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "a link stays in the outbox after it was sent");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

#[tokio::test]
async fn a_sender_that_is_no_address_and_half_a_credential_are_refused_at_start() {
    let service = Service::start().await;
    let Mail::Smtp(mut smtp) = smtp(25).mail else { panic!("it is SMTP") };
    smtp.from = "nobody".to_owned();
    let wrong_sender = Config { mail: Mail::Smtp(smtp.clone()), ..config() };
    smtp.from = "no-reply@example.com".to_owned();
    smtp.username = Some("me".to_owned());
    let no_password = Config { mail: Mail::Smtp(smtp), ..config() };
    let secret = agentdb_control_plane_contract::RootSecret::generate(&agentdb_clock::SystemEntropy);
    let clock = std::sync::Arc::new(agentdb_clock::SystemClock::new());
    let entropy = std::sync::Arc::new(agentdb_clock::SystemEntropy);
    let keys = agentdb_control_plane_server::EncryptionKeys::generate(&agentdb_clock::SystemEntropy);
    for (config, named) in [(wrong_sender, "nobody"), (no_password, "smtp_password")] {
        let (stores, secret, keys) = (service.stores.clone(), secret.clone(), keys.clone());
        let refused = ControlPlane::start(config, stores, secret, keys, clock.clone(), entropy.clone());
        assert!(matches!(refused, Err(StartError::Mail(why)) if why.contains(named)), "{named}");
    }
}
