//! The tables are open: LanceDB for Python reads them as they lie in the store.

use std::process::Command;

use agentdb_data_plane_engine::{Filter, Include, Mode, Query, Store, StoreConfig, WriteMeta};

use crate::support::{self, *};

/// Prints the rows, the nearest three to a vector, and the ids that a filter finds.
const SCRIPT: &str = "
import json, sys, lancedb
table = lancedb.connect(sys.argv[1]).open_table(sys.argv[2])
near = table.search(json.loads(sys.argv[3]), vector_column_name='vector').distance_type('cosine').limit(3).to_list()
some = table.search().where('page < 3 AND public').limit(1000).to_list()
print(json.dumps({
    'rows': table.count_rows(),
    'near': [row['id'] for row in near],
    'some': sorted(row['id'] for row in some),
    'text': table.search().where(\"id = 'r0005'\").to_list()[0]['text'],
}))
";

#[tokio::test(flavor = "multi_thread")]
async fn folded_tables_open_in_lancedb_for_python() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&StoreConfig::directory(directory.path())).await.expect("store");
    let ns = open(&store, 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..300).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.upsert(DOCS, (0..30).map(|i| record(i, 1)).collect(), WriteMeta::default()).await.expect("written");
    ns.delete(DOCS, (40..50).map(|i| record(i, 0).id).collect(), WriteMeta::default()).await.expect("deleted");
    ns.fold().await.expect("fold");

    let probe = [0.1, 0.5, -0.3, 0.2];
    let tables = directory.path().join(PREFIX).join("tables");
    let mut names = std::fs::read_dir(&tables).expect("tables");
    let name = names.next().expect("a table").expect("its name").file_name().into_string().expect("utf-8");
    let output = Command::new(support::s3::installed("python"))
        .args(["-c", SCRIPT, tables.to_str().expect("utf-8"), name.trim_end_matches(".lance"), &format!("{probe:?}")])
        .output()
        .expect("python is not installed: run `make setup`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: serde_json::Value = serde_json::from_slice(&output.stdout).expect("json");

    let near = ns.query(DOCS, Query::new(Mode::Vector { vector: probe.to_vec() }, 3)).await.expect("query").value;
    let near: Vec<&str> = near.iter().map(|hit| hit.record.id.as_str()).collect();
    let filter = Filter::parse("page < 3 AND public = true", &[], &schema());
    let some = ns.scan(DOCS, Some(filter.expect("a filter")), None, 1000, Include::ID).await.expect("scan").value;
    let some: Vec<&str> = some.records.iter().map(|record| record.id.as_str()).collect();
    assert!(some.len() > 2);
    let wanted = serde_json::json!({ "rows": 290, "near": near, "some": some, "text": record(5, 1).text });
    assert_eq!(read, wanted);
}
