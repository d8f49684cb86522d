//! What is in the store of the tables and belongs to no table's newest version: found with Lance itself, so that the
//! engine's own view of its files is not asked.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use futures::TryStreamExt;
use lance::dataset::builder::DatasetBuilder;
use lance::dataset::{Dataset, ReadParams};
use lance::index::DatasetIndexExt;
use lance_io::object_store::ObjectStoreParams;
use lance_table::io::deletion::relative_deletion_file_path;
use object_store::ObjectStore;
use object_store::path::Path;

use super::PREFIX;

/// The newest version of the table in `place`.
pub async fn open_table(objects: &Arc<dyn ObjectStore>, place: &Path) -> Dataset {
    let uri = format!("file-object-store:///{place}");
    #[expect(deprecated, reason = "the very store of the test is to be read")]
    let store = ObjectStoreParams {
        object_store: Some((Arc::clone(objects), url::Url::parse(&uri).expect("a URL"))),
        list_is_lexically_ordered: Some(false),
        ..ObjectStoreParams::default()
    };
    let params = ReadParams { store_options: Some(store), ..ReadParams::default() };
    // A directory lists its files in any order, and Lance takes the first for the newest.
    let newest = newest(objects, place).await;
    let table = DatasetBuilder::from_uri(uri).with_read_params(params).with_version(newest).load().await;
    table.expect("the table opens in Lance")
}

async fn newest(objects: &Arc<dyn ObjectStore>, place: &Path) -> u64 {
    let manifests = objects.list(Some(&place.clone().join("_versions")));
    let names: Vec<Path> = manifests.map_ok(|meta| meta.location).try_collect().await.expect("the store lists");
    let number = |path: &Path| path.filename()?.strip_suffix(".manifest")?.parse::<u64>().ok();
    u64::MAX - names.iter().filter_map(number).min().expect("a version")
}

/// The files of each table, by its place, named inside it.
pub async fn tables(objects: &Arc<dyn ObjectStore>) -> BTreeMap<Path, Vec<String>> {
    let all = Path::from(format!("{PREFIX}/tables"));
    let listed: Vec<Path> =
        objects.list(Some(&all)).map_ok(|meta| meta.location).try_collect().await.expect("the store lists");
    let mut found: BTreeMap<Path, Vec<String>> = BTreeMap::new();
    for file in listed {
        let parts: Vec<String> = file.prefix_match(&all).expect("below").map(|p| p.as_ref().to_owned()).collect();
        found.entry(all.clone().join(parts[0].as_str())).or_default().push(parts[1..].join("/"));
    }
    found
}

/// Manifests of each table.
pub async fn versions(objects: &Arc<dyn ObjectStore>) -> Vec<usize> {
    let is_manifest = |file: &&String| file.starts_with("_versions/");
    tables(objects).await.values().map(|files| files.iter().filter(is_manifest).count()).collect()
}

/// Files that no table's newest version needs.
pub async fn leftovers(objects: &Arc<dyn ObjectStore>) -> Vec<String> {
    let mut left = Vec::new();
    for (place, files) in tables(objects).await {
        let dataset = open_table(objects, &place).await;
        let needed = needed(&dataset).await;
        let is_left = |file: &String| match file.strip_prefix("_indices/") {
            Some(index) => !needed.contains(index.split('/').next().unwrap_or_default()),
            None => !needed.contains(file.as_str()),
        };
        left.extend(files.into_iter().filter(is_left).map(|file| format!("{place}/{file}")));
    }
    left
}

async fn needed(dataset: &Dataset) -> HashSet<String> {
    let manifest = dataset.manifest();
    let mut needed = HashSet::from([format!("_versions/{:020}.manifest", u64::MAX - manifest.version)]);
    for fragment in manifest.fragments.iter() {
        needed.extend(fragment.files.iter().map(|file| format!("data/{}", file.path)));
        needed.extend(fragment.deletion_file.iter().map(|file| relative_deletion_file_path(fragment.id, file)));
    }
    needed.extend(manifest.transaction_file.iter().map(|file| format!("_transactions/{file}")));
    let indexes = dataset.load_indices().await.expect("the indexes are listed");
    needed.extend(indexes.iter().map(|index| index.uuid.to_string()));
    needed
}
