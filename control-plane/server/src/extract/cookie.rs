use agentdb_problem::Problem;
use http::{HeaderMap, HeaderValue, header};

use crate::config::Config;

/// A cookie of ours: sent to this service alone, read by no script, not sent with what other sites post.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cookie(&'static str);

impl Cookie {
    /// A signed-in browser.
    pub const SESSION: Self = Self("adb_session");

    /// A browser that signed up and waits for its mail.
    pub const SIGNUP: Self = Self("adb_signup");

    /// A browser whose log-in waits for the second factor.
    pub const CHALLENGE: Self = Self("adb_challenge");

    /// Its value in a request, if it has one.
    pub fn of(self, headers: &HeaderMap) -> Option<&str> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(self.0)?.strip_prefix('='))
            .filter(|value| !value.is_empty())
    }

    /// The header `set-cookie` that gives it to a browser for `max_age_s` seconds.
    pub fn set(self, config: &Config, value: &str, max_age_s: u32) -> Result<HeaderValue, Problem> {
        let secure = if config.public_url.scheme() == "https" { "; Secure" } else { "" };
        let name = self.0;
        HeaderValue::from_str(&format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}"))
            .map_err(Problem::internal)
    }

    /// The header `set-cookie` that takes it away.
    pub fn clear(self, config: &Config) -> Result<HeaderValue, Problem> {
        self.set(config, "", 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_by_its_whole_name() {
        let find = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(text));
            Cookie::SESSION.of(&headers).map(str::to_owned)
        };
        assert_eq!(find("a=1; adb_session=tok; b=2").as_deref(), Some("tok"));
        assert_eq!(find("adb_session2=tok"), None);
        assert_eq!(find("adb_session="), None);
    }

    #[test]
    fn cookies_are_secure_when_the_service_is_reached_by_https() {
        let of = |url: &str| {
            let config = Config::at(url.parse().expect("a URL"));
            Cookie::SESSION.set(&config, "tok", 60).expect("a header").to_str().expect("text").to_owned()
        };
        assert!(of("https://db.example.com").ends_with("; Secure"));
        assert!(!of("http://127.0.0.1:8080").contains("Secure"));
        assert!(of("http://127.0.0.1:8080").contains("; HttpOnly; SameSite=Lax"));
    }
}
