//! Reads the sources, checks every name against the settings there are, and merges them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use figment::error::{Actual, Kind};
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use figment::{Figment, Profile};

use super::{Config, ConfigError, Flags};

/// Variables of tests, tools and the build that share our prefix but are no settings.
const NOT_SETTINGS: &[&str] = &["AGENTDB_CONFIG", "AGENTDB_CACHE", "AGENTDB_BIN", "AGENTDB_URL"];
const NOT_SETTINGS_PREFIX: &str = "AGENTDB_TEST_";

/// Every setting with its default.
type Known = BTreeMap<String, Value>;

/// A setting as one source gives it.
struct Given {
    setting: String,
    value: Value,
    place: String,
}

pub fn load(flags: &Flags, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Config, ConfigError> {
    let known = known_settings();
    let mut given = from_file(flags)?;
    given.extend(from_environment(environment, &known)?);
    given.extend(flags.settings()?.into_iter().map(|(setting, value, place)| Given {
        setting,
        value: Value::from(value),
        place,
    }));

    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    let mut places = BTreeMap::new();
    for Given { setting, value, place } in given {
        let Some(default) = known.get(&setting) else {
            return Err(ConfigError::Unknown { place, help: suggestion(&setting, &known) });
        };
        let value = coerce(value, default).map_err(|why| ConfigError::Value { place: place.clone(), why })?;
        figment = figment.merge(Serialized::from(nested(&setting, value), Profile::Default));
        places.insert(setting, place);
    }
    figment.extract().map_err(|error| explain(&error, &places))
}

/// The name of the environment variable for a setting: `object_store.url` is `AGENTDB_OBJECT_STORE_URL`.
pub fn variable(setting: &str) -> String {
    format!("AGENTDB_{}", setting.replace('.', "_").to_uppercase())
}

/// The dotted names of all settings, read off the defaults.
fn known_settings() -> Known {
    let defaults = Value::serialize(Config::default()).expect("the defaults can be serialized");
    let mut known = Known::new();
    flatten("", &defaults, &mut |name, default| {
        known.insert(name, default);
    });
    known
}

/// The environment and flags give text; where the default is a number or a truth value, so must the text be, and where it
/// is a list, commas stand between its members. All other
/// text stays what it is, also when it looks like a number: a password may.
fn coerce(value: Value, default: &Value) -> Result<Value, String> {
    let Value::String(_, text) = &value else { return Ok(value) };
    let text = text.trim();
    match default {
        Value::Num(..) => text.parse::<i64>().map(Value::from).map_err(|_| format!("`{text}` is not a whole number")),
        Value::Bool(..) => text.parse::<bool>().map(Value::from).map_err(|_| format!("`{text}` is not true or false")),
        Value::Array(..) => {
            Ok(text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(Value::from).collect::<Vec<_>>().into())
        }
        _ => Ok(value),
    }
}

fn flatten(prefix: &str, value: &Value, leaf: &mut impl FnMut(String, Value)) {
    match value {
        Value::Dict(_, dict) => {
            for (key, value) in dict {
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&name, value, leaf);
            }
        }
        other => leaf(prefix.to_owned(), other.clone()),
    }
}

fn nested(setting: &str, value: Value) -> Dict {
    let (key, value) = match setting.split_once('.') {
        None => (setting, value),
        Some((section, rest)) => (section, Value::from(nested(rest, value))),
    };
    Dict::from([(key.to_owned(), value)])
}

fn from_file(flags: &Flags) -> Result<Vec<Given>, ConfigError> {
    let Some(path) = &flags.config else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.clone(), source })?;
    let parsed: Dict = Figment::from(Toml::string(&text))
        .extract()
        .map_err(|error| ConfigError::Toml { path: path.clone(), why: toml_error(&error.to_string()) })?;
    let mut given = Vec::new();
    for (key, value) in parsed {
        flatten(&key, &value, &mut |setting, value| {
            let place = format!("{setting} in {}", path.display());
            given.push(Given { setting, value, place });
        });
    }
    Ok(given)
}

fn from_environment(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    known: &Known,
) -> Result<Vec<Given>, ConfigError> {
    let by_variable: BTreeMap<String, &String> = known.keys().map(|setting| (variable(setting), setting)).collect();
    let mut given = Vec::new();
    for (name, value) in environment {
        let Ok(name) = name.into_string() else { continue };
        if is_service_link(&name, &value) {
            continue;
        }
        let setting = match by_variable.get(&name) {
            Some(setting) => (*setting).clone(),
            // The name that hosting platforms give to the database; our own name is stronger.
            None if name == "DATABASE_URL" => "database.url".to_owned(),
            None if NOT_SETTINGS.contains(&name.as_str()) || name.starts_with(NOT_SETTINGS_PREFIX) => continue,
            None if name.starts_with("AGENTDB_") => {
                let help =
                    format!("Settings in the environment: {}", by_variable.into_keys().collect::<Vec<_>>().join(", "));
                return Err(ConfigError::Unknown { place: format!("the environment variable {name}"), help });
            }
            None => continue,
        };
        let value = value
            .into_string()
            .map_err(|_| ConfigError::Value { place: name.clone(), why: "it is not UTF-8".to_owned() })?;
        given.push(Given { setting, value: Value::from(value), place: name });
    }
    // DATABASE_URL sorts behind AGENTDB_..., and the later one would win.
    given.sort_by_key(|one| one.place.starts_with("AGENTDB_"));
    Ok(given)
}

fn suggestion(setting: &str, known: &Known) -> String {
    let section = setting.split_once('.').map(|(section, _)| format!("{section}."));
    let of_section: Vec<&str> = match &section {
        Some(section) => known.keys().map(String::as_str).filter(|name| name.starts_with(section.as_str())).collect(),
        None => Vec::new(),
    };
    let shown = if of_section.is_empty() { known.keys().map(String::as_str).collect() } else { of_section };
    format!("Settings: {}", shown.join(", "))
}

fn explain(error: &figment::Error, places: &BTreeMap<String, String>) -> ConfigError {
    let setting = error.path.join(".");
    let place = places.get(&setting).cloned().unwrap_or(setting);
    let why = match &error.kind {
        // With the value left out: it may be a secret.
        Kind::InvalidType(found, wanted) => format!("found {}, and it must be {wanted}", type_of(found)),
        other => other.to_string(),
    };
    ConfigError::Value { place, why }
}

/// Where the text is no TOML. The parser also shows the line, which may hold a secret.
fn toml_error(said: &str) -> String {
    let place = said.lines().find_map(|line| line.split_once("at line ")).map(|(_, place)| place.trim());
    match place {
        Some(place) => format!("see line {place} (it is not shown here, as it may hold a secret)"),
        None => "it cannot be read".to_owned(),
    }
}

const fn type_of(value: &Actual) -> &'static str {
    match value {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}

/// The variables that Kubernetes puts into every container for each service beside it, such as
/// `AGENTDB_PORT_8080_TCP_ADDR` for a service named `agentdb`.
fn is_service_link(name: &str, value: &OsStr) -> bool {
    const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];
    let is_address = || {
        let value = value.to_string_lossy();
        value.split_once("://").is_some_and(|(scheme, _)| PROTOCOLS.contains(&scheme.to_uppercase().as_str()))
    };
    if name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return true;
    }
    let of_a_port = name.rsplit_once("_PORT_").map_or_else(
        || name.ends_with("_PORT"),
        |(_, port)| {
            let mut parts = port.split('_');
            let number = parts.next().is_some_and(|number| number.parse::<u16>().is_ok());
            number && parts.next().is_some_and(|protocol| PROTOCOLS.contains(&protocol)) && parts.next().is_none()
        },
    );
    let detail = ["_ADDR", "_PORT", "_PROTO"].iter().find_map(|detail| name.strip_suffix(detail));
    let of_a_detail =
        detail.is_some_and(|port| PROTOCOLS.iter().any(|protocol| port.ends_with(&format!("_{protocol}"))));
    (of_a_port && is_address()) || of_a_detail
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    fn refused(flags: &Flags, pairs: &[(&str, &str)]) -> String {
        load(flags, env(pairs)).unwrap_err().to_string()
    }

    #[test]
    fn nothing_configured_gives_the_defaults() {
        let config = load(&Flags::default(), env(&[("HOME", "/home/somebody")])).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert!(config.database.url.is_none() && config.mail.smtp_host.is_none());
    }

    #[test]
    fn flags_beat_the_environment_which_beats_the_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "listen = \"127.0.0.1:1\"\n[mail]\nsmtp_port = 1\n[log]\nlevel = \"warn\"").unwrap();
        let flags = Flags {
            config: Some(file.path().to_path_buf()),
            listen: Some("127.0.0.1:3".to_owned()),
            ..Flags::default()
        };
        let config = load(&flags, env(&[("AGENTDB_LISTEN", "127.0.0.1:2"), ("AGENTDB_MAIL_SMTP_PORT", "2")])).unwrap();
        assert_eq!((config.listen.port(), config.mail.smtp_port, config.log.level.as_str()), (3, 2, "warn"));
    }

    #[test]
    fn every_setting_is_documented() {
        let documented = include_str!("../../docs/configuration.md");
        let missing: Vec<String> =
            known_settings().into_keys().filter(|name| !documented.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "not in docs/configuration.md: {missing:?}");
    }

    #[test]
    fn a_secret_of_digits_stays_text() {
        let config = load(&Flags::default(), env(&[("AGENTDB_OBJECT_STORE_SECRET_ACCESS_KEY", "0042")])).unwrap();
        assert_eq!(config.object_store.secret_access_key.unwrap().expose(), "0042");
    }

    #[test]
    fn a_list_has_commas_in_the_environment_and_is_a_list_in_a_file() {
        let origins = |config: &Config| config.cors.allowed().collect::<Vec<_>>();
        let two = ["https://a.example", "http://b.example:81"];
        let given = env(&[("AGENTDB_CORS_ORIGINS", "https://a.example, http://b.example:81")]);
        assert_eq!(origins(&load(&Flags::default(), given).unwrap()), two);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "[cors]\norigins = {two:?}").unwrap();
        let flags = Flags { config: Some(file.path().to_path_buf()), ..Flags::default() };
        assert_eq!(origins(&load(&flags, env(&[])).unwrap()), two);
        let said = refused(&Flags::default(), &[("AGENTDB_CORS_ORIGINS", "https://a.example/path")]);
        assert!(said.contains("is not an origin"), "{said}");
    }

    #[test]
    fn our_own_name_of_the_database_beats_the_platforms() {
        let both = env(&[("AGENTDB_DATABASE_URL", "postgres://ours"), ("DATABASE_URL", "postgres://platform")]);
        assert_eq!(load(&Flags::default(), both).unwrap().database.url.unwrap().expose(), "postgres://ours");
    }

    #[test]
    fn unknown_names_are_refused_with_their_place_and_the_settings_there_are() {
        let said = refused(&Flags::default(), &[("AGENTDB_LISTEM", "x")]);
        assert!(said.contains("AGENTDB_LISTEM") && said.contains("AGENTDB_LISTEN"), "{said}");

        let flags = Flags { set: vec!["mail.host=x".to_owned()], ..Flags::default() };
        let said = refused(&flags, &[]);
        assert!(said.contains("--set mail.host") && said.contains("mail.smtp_host"), "{said}");

        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "[node]\nspeed = 3").unwrap();
        let flags = Flags { config: Some(file.path().to_path_buf()), ..Flags::default() };
        let said = refused(&flags, &[]);
        assert!(said.contains("node.speed in ") && said.contains("node.metering.report_every_ms"), "{said}");
    }

    /// A service named `agentdb` once kept the program from starting.
    #[test]
    fn variables_that_kubernetes_sets_for_services_are_passed_over() {
        let config = load(
            &Flags::default(),
            env(&[
                ("AGENTDB_SERVICE_HOST", "10.0.0.1"),
                ("AGENTDB_SERVICE_PORT", "8080"),
                ("AGENTDB_SERVICE_PORT_HTTP", "8080"),
                ("AGENTDB_PORT", "tcp://10.0.0.1:8080"),
                ("AGENTDB_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
                ("AGENTDB_PORT_8080_TCP_ADDR", "10.0.0.1"),
                ("AGENTDB_PORT_8080_TCP_PORT", "8080"),
                ("AGENTDB_PORT_8080_TCP_PROTO", "tcp"),
                ("AGENTDB_MAIL_SMTP_PORT", "2525"),
            ]),
        );
        assert_eq!(config.unwrap().mail.smtp_port, 2525);
        for (name, value) in [("AGENTDB_PORT", "8080"), ("AGENTDB_PORT_HTTP", "tcp://10.0.0.1:80")] {
            assert!(refused(&Flags::default(), &[(name, value)]).contains("not a setting"), "{name}");
        }
    }

    #[test]
    fn a_flag_without_a_value_is_refused() {
        let flags = Flags { set: vec!["log.level=info".to_owned(), "hunter2".to_owned()], ..Flags::default() };
        let said = refused(&flags, &[]);
        assert!(said.contains("number 2") && said.contains("SETTING=VALUE") && !said.contains("hunter2"), "{said}");
    }

    #[test]
    fn a_secret_is_in_no_message() {
        for (text, expected) in [
            ("[database]\napp_password = \"1748291", "line 2"),
            ("[database]\napp_password = 1748291x", "line 2"),
            ("[database]\napp_password = 1748291", "found a number, and it must be"),
            ("[database]\napp_password = 1748.291", "found a number, and it must be"),
            ("[database]\napp_password = [\"1748291\"]", "found a list, and it must be"),
            ("[internal]\ncontrol_plane_url = \"1748291@host\"", "is not a URL"),
        ] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            write!(file, "{text}").unwrap();
            let flags = Flags { config: Some(file.path().to_path_buf()), ..Flags::default() };
            let said = refused(&flags, &[]);
            assert!(said.contains(expected), "{text}: {said}");
            let said = said.replace(&file.path().display().to_string(), "");
            assert!(!said.contains("1748"), "{text}: {said}");
        }
    }

    #[test]
    fn wrong_values_are_refused_with_their_place() {
        for (name, value) in [
            ("AGENTDB_LISTEN", "8080"),
            ("AGENTDB_PUBLIC_URL", "not a url"),
            ("AGENTDB_MAIL_SMTP_PORT", "many"),
            ("AGENTDB_MAIL_TLS", "maybe"),
            ("AGENTDB_LOG_FORMAT", "xml"),
            ("AGENTDB_METRICS_PUBLIC", "perhaps"),
        ] {
            let said = refused(&Flags::default(), &[(name, value)]);
            assert!(said.starts_with(name) && said.len() > name.len() + 5, "{said}");
        }
    }
}
