use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::{HeaderValue, header, request::Parts};

use super::ClientAddress;
use crate::state::AppState;

/// The most characters that are kept of what a browser says it is.
const USER_AGENT_MAX_LEN: usize = 200;

/// What signs in, as its person is shown it.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    /// What it says it is, cut to what a person needs to recognise it.
    pub user_agent: Option<String>,
    pub address: ClientAddress,
}

impl FromRequestParts<AppState> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        Ok(Self {
            user_agent: parts.headers.get(header::USER_AGENT).and_then(user_agent),
            address: ClientAddress::of(&parts.headers, &parts.extensions, app.config.trusted_proxies),
        })
    }
}

fn user_agent(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?.trim();
    (!text.is_empty()).then(|| text.chars().take(USER_AGENT_MAX_LEN).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_says_of_itself_is_bounded_text_or_nothing() {
        let of = |bytes: &[u8]| user_agent(&HeaderValue::from_bytes(bytes).expect("a header"));
        assert_eq!(of(b" Firefox/130 ").as_deref(), Some("Firefox/130"));
        assert_eq!(of(&[b'x'; 5_000]).map(|text| text.len()), Some(USER_AGENT_MAX_LEN));
        assert_eq!([of(b""), of(b"  "), of(b"caf\xe9")], [None, None, None]);
    }
}
