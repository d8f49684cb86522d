//! What mails say.

mod account;
mod second_factor;

use agentdb_control_plane_contract::Role;
use agentdb_control_plane_store::{MailId, NewMail};
use chrono::{DateTime, Utc};
use url::Url;

pub(crate) use account::{
    account_deleted, address_in_use, email_change_asked, email_confirmation, password_changed, password_reset,
};
pub(crate) use second_factor::{
    recovery_code_used, recovery_codes_replaced, second_factor_disabled, second_factor_enabled,
};

/// The text of a mail.
pub(crate) struct Text {
    subject: &'static str,
    body: String,
    link: String,
}

impl Text {
    /// The text as a mail to somebody, of use until `expires_at`.
    pub fn mail<'a>(&'a self, id: MailId, to: &'a str, at: DateTime<Utc>, expires_at: DateTime<Utc>) -> NewMail<'a> {
        NewMail { id, to, subject: self.subject, body: &self.body, link: Some(&self.link), at, expires_at }
    }
}

/// To somebody who signed up.
pub(crate) fn verification(public_url: &Url, token: &str, hours: u32) -> Text {
    let link = page(public_url, "verify", Some(("token", token)));
    Text {
        subject: "Verify your e-mail address for AgentDB Cloud",
        body: format!(
            "Welcome to AgentDB Cloud.\n\nOpen this link to verify your address and sign in:\n\n{link}\n\nThe link is \
             good for {hours} hours and works once. In another browser than the one you signed up with it asks for \
             the password you chose. If you did not sign up, do nothing: without the link no account is made.\n"
        ),
        link,
    }
}

/// To somebody who has an account already when somebody signs up with their address.
pub(crate) fn already_registered(public_url: &Url) -> Text {
    let link = page(public_url, "login", None);
    Text {
        subject: "You already have an AgentDB Cloud account",
        body: format!(
            "Somebody, perhaps you, signed up for AgentDB Cloud with this address. You already have an account, and \
             nothing has changed.\n\nSign in here:\n\n{link}\n\nIf it was not you, do nothing.\n"
        ),
        link,
    }
}

/// Who invites somebody, and to what.
pub(crate) struct Inviter<'a> {
    /// The address of who invites.
    pub email: &'a str,
    /// The organisation's name.
    pub organization: &'a str,
    /// What the invited person will be.
    pub role: Role,
}

/// To somebody who was asked to join an organisation, whether they have an account or not.
pub(crate) fn invitation(public_url: &Url, token: &str, by: &Inviter<'_>, days: u32) -> Text {
    let link = page(public_url, "invitation", Some(("token", token)));
    let (email, organization, role) = (by.email, by.organization, by.role.as_str().replace('_', "-"));
    Text {
        subject: "You are invited to an organisation on AgentDB Cloud",
        body: format!(
            "{email} invites you to the organisation \"{organization}\" on AgentDB Cloud, with the role {role}.\n\n\
             Open this link to join:\n\n{link}\n\nThe link is good for {days} days and works once, for who is signed \
             in with this address. If you have no account, sign up with this address first and open the link again. If \
             you do not want to join, do nothing.\n"
        ),
        link,
    }
}

fn page(public_url: &Url, path: &str, parameter: Option<(&str, &str)>) -> String {
    let mut url = public_url.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(path);
    }
    url.set_query(None);
    url.set_fragment(None);
    if let Some((name, value)) = parameter {
        url.query_pairs_mut().append_pair(name, value);
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_public_address_whatever_its_path() {
        for (public, expected) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/verify?token=abc"),
            ("https://example.com/db/", "https://example.com/db/verify?token=abc"),
            ("https://example.com/db", "https://example.com/db/verify?token=abc"),
        ] {
            let text = verification(&public.parse().expect("a URL"), "abc", 24);
            assert_eq!(text.link, expected);
            assert!(text.body.contains(expected) && text.body.contains("24 hours"));
        }
        let by = Inviter { email: "ada@example.com", organization: "Org", role: Role::ReadOnly };
        let text = invitation(&"http://h/".parse().expect("a URL"), "abc", &by, 7);
        assert_eq!(text.link, "http://h/invitation?token=abc");
        for part in ["ada@example.com", "\"Org\"", "read-only", "7 days", &text.link] {
            assert!(text.body.contains(part), "{part}: {}", text.body);
        }
        assert_eq!(already_registered(&"http://h/".parse().expect("a URL")).link, "http://h/login");
    }
}
