//! About an account that is there.

use chrono::{DateTime, Utc};
use url::Url;

use super::{Text, page};

/// To somebody who has forgotten their password.
pub(crate) fn password_reset(public_url: &Url, token: &str) -> Text {
    let link = page(public_url, "reset-password", Some(("token", token)));
    Text {
        subject: "Set a new password for AgentDB Cloud",
        body: format!(
            "Somebody, perhaps you, has forgotten the password of your AgentDB Cloud account.\n\nOpen this link to set \
             a new one:\n\n{link}\n\nThe link is good for one hour, works once, and takes the place of those sent \
             before. If it was not you, do nothing: the password stays as it is.\n"
        ),
        link,
    }
}

/// To somebody whose password has been changed.
pub(crate) fn password_changed(public_url: &Url) -> Text {
    let link = page(public_url, "forgot-password", None);
    Text {
        subject: "Your AgentDB Cloud password was changed",
        body: format!(
            "The password of your AgentDB Cloud account has been changed, and you have been signed out \
             elsewhere.\n\nIf it was not you, set another one at once:\n\n{link}\n"
        ),
        link,
    }
}

/// To the address that somebody wants their account to have.
pub(crate) fn email_confirmation(public_url: &Url, token: &str, hours: u32) -> Text {
    let link = page(public_url, "confirm-email", Some(("token", token)));
    Text {
        subject: "Confirm your new e-mail address for AgentDB Cloud",
        body: format!(
            "Open this link to make this the address of your AgentDB Cloud account:\n\n{link}\n\nThe link is good for \
             {hours} hours and works once. If you have asked for no such change, do nothing.\n"
        ),
        link,
    }
}

/// To the address that the account has until then.
pub(crate) fn email_change_asked(public_url: &Url, new: &str) -> Text {
    let link = page(public_url, "forgot-password", None);
    Text {
        subject: "Your AgentDB Cloud account is to get another e-mail address",
        body: format!(
            "Somebody who knows your password wants your AgentDB Cloud account to have the address {new}. It will when \
             the link that was sent there is opened.\n\nIf it was not you, set another password, which also voids that \
             link:\n\n{link}\n"
        ),
        link,
    }
}

/// To somebody who has an account already when somebody wants their address for another.
pub(crate) fn address_in_use(public_url: &Url) -> Text {
    let link = page(public_url, "login", None);
    Text {
        subject: "You already have an AgentDB Cloud account",
        body: format!(
            "Somebody, perhaps you, wants another AgentDB Cloud account to have this address. It already has an \
             account, and nothing has changed.\n\nSign in here:\n\n{link}\n\nIf it was not you, do nothing.\n"
        ),
        link,
    }
}

/// To somebody who leaves.
pub(crate) fn account_deleted(public_url: &Url, removed_at: DateTime<Utc>) -> Text {
    let link = page(public_url, "login", None);
    let day = removed_at.format("%-d %B %Y");
    Text {
        subject: "Your AgentDB Cloud account was deleted",
        body: format!(
            "Your AgentDB Cloud account is out of use and will be removed on {day}.\n\nTo keep it, sign in before \
             then:\n\n{link}\n"
        ),
        link,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_where_the_mail_says_and_only_mails_to_their_address_have_a_token() {
        let url: Url = "https://example.com/db".parse().expect("a URL");
        let cases = [
            (password_reset(&url, "abc"), "https://example.com/db/reset-password?token=abc"),
            (password_changed(&url), "https://example.com/db/forgot-password"),
            (email_confirmation(&url, "abc", 24), "https://example.com/db/confirm-email?token=abc"),
            (email_change_asked(&url, "new@example.com"), "https://example.com/db/forgot-password"),
            (address_in_use(&url), "https://example.com/db/login"),
            (account_deleted(&url, DateTime::UNIX_EPOCH), "https://example.com/db/login"),
        ];
        for (text, link) in cases {
            assert_eq!(text.link, link);
            assert!(text.body.contains(link), "{}", text.body);
        }
        assert!(account_deleted(&url, DateTime::UNIX_EPOCH).body.contains("on 1 January 1970"));
    }
}
