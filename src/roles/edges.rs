//! The listeners of a process, as configured: refused where they would send in clear what others can read, unless that
//! was asked for by name.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use url::Url;

use crate::config::{self, Config, ConfigError};
use crate::http::{Edge, Limits, Listener, Tls};

/// Both, before anything is bound.
pub struct Edges {
    public: Edge,
    internal: Edge,
}

/// Both, bound.
pub struct Listeners {
    pub public: Listener,
    pub internal: Listener,
}

impl Edges {
    /// Reads the certificates and checks that nothing is open by mistake.
    pub fn of(config: &Config) -> Result<Self, ConfigError> {
        let internal = &config.internal;
        let public_tls = tls(&config.tls, "tls")?;
        if public_tls.is_none() && !config.plain_http && config.trusted_proxies == 0 {
            let otherwise = "set plain_http = true, or trusted_proxies when proxies in front of it speak TLS";
            only_for_this_machine(config.listen, "listen", otherwise)?;
        }
        let internal_tls = tls(&internal.tls, "internal.tls")?;
        if internal_tls.is_none() && !internal.plain_http {
            only_for_this_machine(internal.listen, "internal.listen", "set internal.plain_http = true")?;
        }
        // All people come from the addresses of the proxies.
        let of_address = NonZeroU32::new(config.max_connections_per_address).filter(|_| config.trusted_proxies == 0);
        Ok(Self {
            public: Edge {
                address: config.listen,
                setting: "listen",
                name: "public",
                tls: public_tls,
                limits: Limits::of(config.max_connections, of_address),
            },
            internal: Edge {
                address: internal.listen,
                setting: "internal.listen",
                name: "internal",
                tls: internal_tls,
                limits: Limits::of(config.max_connections, None),
            },
        })
    }

    /// What each speaks, for people.
    pub fn describe(&self) -> String {
        let speaks = |edge: &Edge| if edge.tls.is_some() { "TLS 1.3" } else { "plain HTTP" };
        format!(
            "{} on {}, {} on {}",
            speaks(&self.public),
            self.public.address,
            speaks(&self.internal),
            self.internal.address
        )
    }

    /// Binds both.
    pub async fn bind(self) -> anyhow::Result<Listeners> {
        let (public, internal) = (Listener::bind(self.public).await?, Listener::bind(self.internal).await?);
        Ok(Listeners { public, internal })
    }
}

/// Where a node in the same process reaches the control plane. A certificate is for a name, which only the configuration
/// knows.
pub fn own_control_plane(config: &Config, internal: &Listener) -> anyhow::Result<Url> {
    if let Some(configured) = &config.internal.control_plane_url {
        return Ok(configured.url().clone());
    }
    Ok(Url::parse(&format!("{}://{}", internal.scheme(), internal.address()))?)
}

fn tls(settings: &config::Tls, section: &'static str) -> Result<Option<Tls>, ConfigError> {
    let Some(files) = settings.files(section)? else { return Ok(None) };
    let refused =
        |error: crate::http::TlsError| ConfigError::Value { place: section.to_owned(), why: error.to_string() };
    Tls::load(files).map(Some).map_err(refused)
}

fn only_for_this_machine(address: SocketAddr, setting: &str, otherwise: &str) -> Result<(), ConfigError> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    let section = if setting == "listen" { "tls" } else { "internal.tls" };
    let why = format!(
        "{address} is reached from other machines, and keys and sessions would be sent in clear: give \
         {section}.certificate and {section}.key, or {otherwise}"
    );
    Err(ConfigError::Value { place: setting.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use crate::config::Flags;

    use super::*;

    fn refusal(settings: &[&str]) -> Option<String> {
        let set = settings.iter().map(|text| (*text).to_owned()).collect();
        let config = Config::load_from(&Flags { set, ..Flags::default() }, []).unwrap();
        Edges::of(&config).err().map(|error| error.to_string())
    }

    #[test]
    fn nothing_is_sent_in_clear_to_other_machines_unless_that_is_asked_for() {
        for settings in [
            &[][..],
            &["listen=127.0.0.2:80", "internal.listen=[::1]:81"],
            &["listen=0.0.0.0:80", "plain_http=true"],
            &["listen=0.0.0.0:80", "trusted_proxies=1"],
            &["internal.listen=10.0.0.1:81", "internal.plain_http=true"],
        ] {
            assert_eq!(refusal(settings), None, "{settings:?}");
        }
        for (settings, said) in [
            (&["listen=0.0.0.0:80"][..], "plain_http = true"),
            (&["listen=[::]:80"], "tls.certificate"),
            (&["listen=[::ffff:192.0.2.1]:80"], "tls.certificate"),
            (&["internal.listen=10.0.0.1:81"], "internal.plain_http = true"),
            (&["internal.listen=10.0.0.1:81", "plain_http=true", "trusted_proxies=1"], "internal.tls.certificate"),
        ] {
            let refused = refusal(settings).unwrap_or_default();
            assert!(refused.contains(said), "{settings:?}: {refused}");
        }
    }

    #[test]
    fn half_a_pair_and_files_that_are_not_there_are_refused_by_name() {
        for (settings, said) in [
            (&["tls.certificate=/nowhere/cert.pem"][..], "tls.key"),
            (&["internal.tls.key=/nowhere/key.pem"], "internal.tls.certificate"),
            (&["tls.certificate=/nowhere/cert.pem", "tls.key=/nowhere/key.pem"], "cannot read /nowhere/cert.pem"),
        ] {
            let refused = refusal(settings).unwrap_or_default();
            assert!(refused.contains(said), "{settings:?}: {refused}");
        }
    }
}
