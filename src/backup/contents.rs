//! What is in the schemas at one moment, in a form that two moments can be compared by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, PgConnection};

use super::SCHEMAS;

/// Rows, and a sum over a hash of each: independent of their order, and of how many there are in memory at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    pub rows: i64,
    pub digest: String,
}

/// Everything that a restore has to bring back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// The migrations that were applied, by schema.
    pub migrations: BTreeMap<String, Vec<i64>>,
    /// By name with schema. People, keys, usage, ledger: all of them.
    pub tables: BTreeMap<String, Sum>,
    /// Owners, grants and policies.
    pub access: Sum,
}

impl Contents {
    /// Reads them. In a transaction of one snapshot they are those of one moment.
    pub async fn read(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        // The text of a row is the same whatever the server's settings; a table that hides rows is an error.
        for setting in [
            "row_security = off",
            "datestyle = 'ISO, YMD'",
            "intervalstyle = 'postgres'",
            "timezone = 'UTC'",
            "bytea_output = 'hex'",
            "extra_float_digits = 1",
        ] {
            sqlx::raw_sql(AssertSqlSafe(format!("SET {setting}"))).execute(&mut *connection).await?;
        }
        let mut contents = Self { access: access(connection).await?, ..Self::default() };
        for table in tables(connection).await? {
            let sum = format!(
                "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM {table} t"
            );
            let (rows, digest): (i64, String) = sqlx::query_as(AssertSqlSafe(sum)).fetch_one(&mut *connection).await?;
            contents.tables.insert(table, Sum { rows, digest });
        }
        for schema in SCHEMAS {
            if contents.tables.contains_key(&format!("{schema}._sqlx_migrations")) {
                let applied = format!("SELECT version FROM {schema}._sqlx_migrations WHERE success ORDER BY version");
                let versions: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(applied)).fetch_all(&mut *connection).await?;
                contents.migrations.insert(schema.to_owned(), versions);
            }
        }
        Ok(contents)
    }

    /// All rows of all tables.
    pub fn rows(&self) -> i64 {
        self.tables.values().map(|sum| sum.rows).sum()
    }

    /// The first thing that is not the same in both.
    pub fn difference(&self, other: &Self) -> Option<String> {
        for (table, sum) in &self.tables {
            match other.tables.get(table) {
                None => return Some(format!("{table} is missing")),
                Some(found) if found.rows != sum.rows => {
                    return Some(format!("{table} has {} rows, not {}", found.rows, sum.rows));
                }
                Some(found) if found != sum => return Some(format!("rows of {table} differ")),
                Some(_) => {}
            }
        }
        if let Some(more) = other.tables.keys().find(|table| !self.tables.contains_key(*table)) {
            return Some(format!("{more} was not backed up"));
        }
        if self.migrations != other.migrations {
            return Some("other migrations are applied".to_owned());
        }
        (self.access != other.access).then(|| "owners, grants or policies differ".to_owned())
    }
}

/// The tables of both schemas, quoted where need be.
pub async fn tables(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') ORDER BY 1",
    )
    .bind(SCHEMAS.map(str::to_owned).to_vec())
    .fetch_all(connection)
    .await
}

/// What an owner may do on its own things is no grant, and differs from one version of PostgreSQL to the next.
async fn access(connection: &mut PgConnection) -> Result<Sum, sqlx::Error> {
    let (rows, digest): (i64, String) = sqlx::query_as(
        "WITH spaces AS (SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname = ANY($1)),
         relations AS (
             SELECT c.*, format('%I.%I', s.nspname, c.relname) AS name
             FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')),
         functions AS (
             SELECT p.*, format('%I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name
             FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace),
         lines(line) AS (
             SELECT concat_ws(' ', 'owner', nspname, pg_get_userbyid(nspowner)) FROM spaces
             UNION ALL SELECT concat_ws(' ', 'owner', name, pg_get_userbyid(relowner), relrowsecurity,
                 relforcerowsecurity) FROM relations
             UNION ALL SELECT concat_ws(' ', 'owner', name, pg_get_userbyid(proowner), prosecdef) FROM functions
             UNION ALL SELECT concat_ws(' ', 'grant', s.nspname, a.grantee::regrole, a.privilege_type, a.is_grantable)
                 FROM spaces s, aclexplode(s.nspacl) a WHERE a.grantee <> s.nspowner
             UNION ALL SELECT concat_ws(' ', 'grant', r.name, a.grantee::regrole, a.privilege_type, a.is_grantable)
                 FROM relations r, aclexplode(r.relacl) a WHERE a.grantee <> r.relowner
             UNION ALL SELECT concat_ws(' ', 'grant', r.name, t.attname, a.grantee::regrole, a.privilege_type,
                 a.is_grantable)
                 FROM relations r JOIN pg_attribute t ON t.attrelid = r.oid, aclexplode(t.attacl) a
                 WHERE a.grantee <> r.relowner AND NOT t.attisdropped
             UNION ALL SELECT concat_ws(' ', 'grant', f.name, a.grantee::regrole, a.privilege_type, a.is_grantable)
                 FROM functions f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
                 WHERE a.grantee <> f.proowner
             UNION ALL SELECT concat_ws(' ', 'policy', r.name, p.polname, p.polcmd, p.polpermissive,
                 (SELECT string_agg(pg_get_userbyid(role), ',' ORDER BY pg_get_userbyid(role))
                  FROM unnest(p.polroles) role))
                 FROM relations r JOIN pg_policy p ON p.polrelid = r.oid)
         SELECT count(*), coalesce(sum(hashtextextended(line, 0)::numeric), 0)::text FROM lines",
    )
    .bind(SCHEMAS.map(str::to_owned).to_vec())
    .fetch_one(connection)
    .await?;
    Ok(Sum { rows, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(rows: i64, digest: &str) -> Contents {
        let sum = Sum { rows, digest: digest.to_owned() };
        Contents { tables: BTreeMap::from([("billing.ledger".to_owned(), sum)]), ..Contents::default() }
    }

    #[test]
    fn whatever_is_not_the_same_is_named() {
        let taken = contents(2, "7");
        assert_eq!(taken.difference(&taken.clone()), None);
        let said = |found: &Contents| taken.difference(found).unwrap();
        assert_eq!(said(&contents(1, "7")), "billing.ledger has 1 rows, not 2");
        assert_eq!(said(&contents(2, "8")), "rows of billing.ledger differ");
        assert_eq!(said(&Contents::default()), "billing.ledger is missing");
        let mut more = taken.clone();
        more.tables.insert("control.users".to_owned(), Sum::default());
        assert_eq!(said(&more), "control.users was not backed up");
        let migrated = Contents { migrations: BTreeMap::from([("control".to_owned(), vec![1])]), ..taken.clone() };
        assert_eq!(said(&migrated), "other migrations are applied");
        let granted = Contents { access: Sum { rows: 1, digest: "9".to_owned() }, ..taken.clone() };
        assert_eq!(said(&granted), "owners, grants or policies differ");
    }
}
