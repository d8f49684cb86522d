//! Scripts of other origins.

use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;

/// Which origins' scripts a browser lets at the data paths. None unless configured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cors {
    /// Each exactly as a browser writes it, `https://app.example.com`; or `*` alone, for all.
    pub origins: Vec<Origin>,
}

impl Cors {
    /// The origins, as browsers write them.
    pub fn allowed(&self) -> impl Iterator<Item = String> {
        self.origins.iter().map(|origin| origin.0.clone())
    }
}

/// A scheme, a host and, unless it is the scheme's own, a port; or `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Origin(String);

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_exact = || {
            let url = Url::parse(&text).ok()?;
            let is_web = matches!(url.scheme(), "http" | "https") && !text.contains('*');
            (is_web && url.origin().ascii_serialization() == text).then_some(())
        };
        if text == "*" || is_exact().is_some() {
            return Ok(Self(text));
        }
        Err(de::Error::custom(format!("`{text}` is not an origin such as https://app.example.com, without a path")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        for (text, right) in [
            ("https://app.example.com", true),
            ("http://localhost:5173", true),
            ("*", true),
            ("https://app.example.com/", false),
            ("https://app.example.com/path", false),
            ("https://app.example.com:443", false),
            ("https://App.example.com", false),
            ("https://*.example.com", false),
            ("app.example.com", false),
            ("null", false),
            ("ftp://app.example.com", false),
        ] {
            let parsed = serde_json::from_value::<Origin>(text.into());
            assert_eq!(parsed.is_ok(), right, "{text}");
        }
    }
}
