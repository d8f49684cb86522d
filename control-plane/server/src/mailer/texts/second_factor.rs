//! About the second factor of an account: to its person, who may not be who did it.

use url::Url;

use super::{Text, page};

/// When it was set up.
pub(crate) fn second_factor_enabled(public_url: &Url) -> Text {
    told(
        public_url,
        "Your AgentDB Cloud account has a second factor now",
        "From now on signing in to your AgentDB Cloud account needs a code of the app that was set up, or one of the \
         recovery codes that were shown.",
    )
}

/// When it was removed.
pub(crate) fn second_factor_disabled(public_url: &Url) -> Text {
    told(
        public_url,
        "Your AgentDB Cloud account has no second factor any more",
        "The second factor of your AgentDB Cloud account was removed. Signing in needs the password alone.",
    )
}

/// When a recovery code signed somebody in.
pub(crate) fn recovery_code_used(public_url: &Url) -> Text {
    told(
        public_url,
        "A recovery code of your AgentDB Cloud account was used",
        "Somebody has signed in to your AgentDB Cloud account with the password and a recovery code, which is used up \
         now. Your account's settings say how many are left, and give you new ones.",
    )
}

/// When there are new ones.
pub(crate) fn recovery_codes_replaced(public_url: &Url) -> Text {
    told(
        public_url,
        "Your AgentDB Cloud account has new recovery codes",
        "The recovery codes of your AgentDB Cloud account were replaced; the old ones are good no more.",
    )
}

fn told(public_url: &Url, subject: &'static str, what: &str) -> Text {
    let link = page(public_url, "forgot-password", None);
    let body = format!("{what}\n\nIf it was not you, set another password at once and tell us:\n\n{link}\n");
    Text { subject, body, link }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_what_to_do_if_it_was_somebody_else() {
        let url: Url = "https://example.com/db".parse().expect("a URL");
        let texts = [
            second_factor_enabled(&url),
            second_factor_disabled(&url),
            recovery_code_used(&url),
            recovery_codes_replaced(&url),
        ];
        for text in &texts {
            assert_eq!(text.link, "https://example.com/db/forgot-password");
            assert!(text.body.contains(&text.link) && text.body.contains("If it was not you"), "{}", text.body);
        }
        let mut subjects: Vec<_> = texts.iter().map(|text| text.subject).collect();
        subjects.sort_unstable();
        subjects.dedup();
        assert_eq!(subjects.len(), texts.len(), "each has its own subject");
    }
}
