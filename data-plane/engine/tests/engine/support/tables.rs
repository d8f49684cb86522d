//! All that a table's files hold, as Lance reads them: every version there is, deleted rows included.

use std::sync::Arc;

use agentdb_data_plane_engine::Store;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use futures::TryStreamExt;
use lance::dataset::ReadParams;
use lance::dataset::builder::DatasetBuilder;
use lance_io::object_store::ObjectStoreParams;
use lance_table::io::commit::ConditionalPutCommitHandler;
use object_store::path::Path;

/// The versions of a table, and the text in all their rows.
pub async fn read_all(store: &Store, table: &Path) -> (Vec<u64>, String) {
    let uri = format!("file-object-store:///{table}");
    #[expect(deprecated, reason = "this very store is to be read")]
    let store = ObjectStoreParams {
        object_store: Some((store.objects(), url::Url::parse(&uri).expect("a url"))),
        list_is_lexically_ordered: Some(true),
        ..ObjectStoreParams::default()
    };
    let open = |version: Option<u64>| {
        let params = ReadParams {
            store_options: Some(store.clone()),
            commit_handler: Some(Arc::new(ConditionalPutCommitHandler)),
            ..ReadParams::default()
        };
        let builder = DatasetBuilder::from_uri(uri.as_str()).with_read_params(params);
        match version {
            Some(version) => builder.with_version(version),
            None => builder,
        }
    };
    let newest = open(None).load().await.expect("opens");
    let versions: Vec<u64> = newest.versions().await.expect("versions").iter().map(|v| v.version).collect();
    let mut text = String::new();
    for version in &versions {
        let dataset = open(Some(*version)).load().await.expect("opens");
        let mut scanner = dataset.scan();
        // Without their row ids deleted rows are left out.
        scanner.include_deleted_rows().with_row_id();
        let batches: Vec<_> = scanner.try_into_stream().await.expect("scan").try_collect().await.expect("rows");
        for column in batches.iter().flat_map(arrow_array::RecordBatch::columns) {
            push_text(column, &mut text);
        }
    }
    (versions, text)
}

/// The text in a column, at any depth. What may hold some and is not known here fails, or it would hide it.
fn push_text(column: &dyn Array, text: &mut String) {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().iter().flatten().for_each(|value| {
            text.push_str(value);
            text.push('\n');
        }),
        DataType::List(_) => push_text(column.as_list::<i32>().values(), text),
        DataType::FixedSizeList(..) => push_text(column.as_fixed_size_list().values(), text),
        kind => assert!(kind.is_primitive() || *kind == DataType::Boolean, "what is in a column of {kind}?"),
    }
}
