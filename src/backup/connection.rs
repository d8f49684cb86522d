//! The database to back up or to restore into: one that somebody runs, or the private one, which is started if it is not
//! running.

use std::time::Duration;

use sqlx::{ConnectOptions, PgConnection};

use super::BackupError;
use crate::command::Failure;
use crate::config::{Config, Secret};
use crate::data_dir::DataDir;
use crate::database::{self, Access, role_passwords};
use crate::postgres::{PrivatePostgres, Superuser, running_socket_dir};
use crate::roles::Environment;

/// The private server's last checkpoint.
const PATIENCE: Duration = Duration::from_secs(20);
/// Enough for what happens here.
const CONNECTIONS: u32 = 1;

/// A database that can be reached for as long as this is held.
pub struct AtHand {
    pub access: Access,
    postgres: Option<PrivatePostgres>,
    /// Nobody else starts a service in it meanwhile.
    _data_dir: Option<DataDir>,
}

impl AtHand {
    /// Ends the server that was started for it.
    pub async fn close(self) {
        if let Some(postgres) = self.postgres {
            postgres.stop(PATIENCE).await;
        }
    }
}

/// The metadata store as it is, also while a service runs on it.
pub async fn for_backup(config: &Config, environment: &Environment) -> Result<AtHand, Failure> {
    if let Some(url) = &config.database.url {
        let access = Access::to_look_at(url).map_err(anyhow::Error::from)?;
        return Ok(AtHand { access, postgres: None, _data_dir: None });
    }
    let path = config.data_dir()?;
    let running = running_socket_dir(&path.join("postgres")).filter(|_| matches!(DataDir::holder(&path), Ok(Some(_))));
    let Some(socket_dir) = running else { return started(config, environment).await };
    let password = std::fs::read_to_string(path.join("secrets/postgres"))
        .map_err(|error| anyhow::anyhow!("the password of the private PostgreSQL cannot be read: {error}"))?;
    let access = Access::private_to_look_at(&socket_dir, &Secret::new(password.trim().to_owned()));
    Ok(AtHand { access, postgres: None, _data_dir: None })
}

/// A metadata store that no service of this data directory uses.
pub async fn for_restore(config: &Config, environment: &Environment) -> Result<AtHand, Failure> {
    let Some(url) = &config.database.url else { return started(config, environment).await };
    let (passwords, data_dir) = match config.database.role_passwords() {
        Ok(passwords) => (passwords, None),
        Err(_) => {
            let data_dir = DataDir::lock(&config.data_dir()?)?;
            (role_passwords(&config.database, &data_dir, &*environment.entropy)?, Some(data_dir))
        }
    };
    let access = Access::configured(url, passwords, CONNECTIONS).map_err(anyhow::Error::from)?;
    Ok(AtHand { access, postgres: None, _data_dir: data_dir })
}

/// The private server, started, with a database in it.
async fn started(config: &Config, environment: &Environment) -> Result<AtHand, Failure> {
    let data_dir = DataDir::lock(&config.data_dir()?)?;
    let passwords = role_passwords(&config.database, &data_dir, &*environment.entropy)?;
    let password = data_dir.secret("postgres", &*environment.entropy)?;
    let superuser = Superuser { name: database::SUPERUSER.to_owned(), password: password.expose().to_owned() };
    let base = data_dir.path().join("postgres");
    let postgres = PrivatePostgres::start(&base, &superuser, database::private_connections(CONNECTIONS))
        .await
        .map_err(anyhow::Error::from)?;
    let access = Access::private(postgres.socket_dir(), &password, passwords, CONNECTIONS);
    if let Err(error) = access.create_database().await {
        postgres.stop(PATIENCE).await;
        return Err(anyhow::Error::from(error).into());
    }
    Ok(AtHand { access, postgres: Some(postgres), _data_dir: Some(data_dir) })
}

/// One connection of a user whom row-level security hides nothing from.
pub(super) async fn open(access: &Access) -> Result<PgConnection, BackupError> {
    let mut database = access.admin().connect().await?;
    let (user, sees_all): (String, bool) =
        sqlx::query_as("SELECT rolname::text, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            .fetch_one(&mut database)
            .await?;
    if sees_all { Ok(database) } else { Err(BackupError::Bound(user)) }
}

/// For example 150008.
pub(super) async fn server_version(database: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("SELECT current_setting('server_version_num')::int").fetch_one(database).await
}
