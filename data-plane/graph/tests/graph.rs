//! What the graph finds, against a look at every vector.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use agentdb_data_plane_graph::{Graph, Metric, Params, Search};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

const METRICS: [Metric; 3] = [Metric::Cosine, Metric::Dot, Metric::Euclidean];
const ALL: Search = Search { width: 96, enough: usize::MAX, visits: usize::MAX };

fn sample(vectors: &[Vec<f32>]) -> Vec<&[f32]> {
    vectors.iter().take(500).map(Vec::as_slice).collect()
}

fn filled(metric: Metric, vectors: &[Vec<f32>]) -> Graph {
    let dimension = vectors.first().map_or(1, Vec::len);
    let graph = Graph::new(dimension, metric, Params::default(), &sample(vectors));
    let rows: Vec<(u32, &[f32])> = (0..).zip(vectors.iter().map(Vec::as_slice)).collect();
    assert_eq!(graph.add(&rows, &|| false), vectors.len());
    graph
}

fn distance(metric: Metric, a: &[f32], b: &[f32]) -> f64 {
    let pairs = || a.iter().zip(b).map(|(x, y)| (f64::from(*x), f64::from(*y)));
    let dot = pairs().map(|(x, y)| x * y).sum::<f64>();
    let length = |v: &[f32]| v.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    match metric {
        Metric::Dot => -dot,
        Metric::Euclidean => pairs().map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt(),
        Metric::Cosine if length(a) * length(b) > 0.0 => 1.0 - dot / (length(a) * length(b)),
        Metric::Cosine => 1.0,
    }
}

/// The share of the `k` smallest distances that the candidates of a search reach, over all queries.
fn recall(
    metric: Metric,
    graph: &Graph,
    vectors: &[Vec<f32>],
    queries: &[Vec<f32>],
    k: usize,
    accept: fn(u32) -> bool,
) -> f64 {
    let (mut hits, mut wanted) = (0, 0);
    for query in queries {
        let rows = (0_u32..).zip(vectors).filter(|(label, _)| accept(*label));
        let mut exact: Vec<f64> = rows.map(|(_, v)| distance(metric, query, v)).collect();
        exact.sort_unstable_by(f64::total_cmp);
        exact.truncate(k);
        let found = graph.search(query, ALL, &mut |label| accept(label));
        assert!(found.complete);
        assert!(found.near.iter().all(|(label, _)| accept(*label)));
        let mut near: Vec<f64> =
            found.near.iter().map(|(label, _)| distance(metric, query, &vectors[*label as usize])).collect();
        near.sort_unstable_by(f64::total_cmp);
        let worst = exact.last().copied().unwrap_or(0.0) + 1e-6;
        hits += near.iter().take(k).filter(|d| **d <= worst).count();
        wanted += exact.len();
    }
    hits as f64 / wanted.max(1) as f64
}

fn clusters(chance: &mut ChaCha8Rng, rows: usize, dimension: usize, clusters: usize, spread: f32) -> Vec<Vec<f32>> {
    let centres: Vec<Vec<f32>> =
        (0..clusters).map(|_| (0..dimension).map(|_| chance.random_range(-1.0..1.0)).collect()).collect();
    let one = |_| {
        let centre = &centres[chance.random_range(0..clusters)];
        centre.iter().map(|x| x + spread * chance.random_range(-1.0..1.0)).collect()
    };
    (0..rows).map(one).collect()
}

#[test]
fn the_nearest_are_found_by_every_metric_whether_clusters_are_wide_or_tight() {
    for (spread, count, least) in [(1.0, 1, 0.95), (0.3, 50, 0.98), (0.05, 20, 0.98), (0.01, 200, 0.98)] {
        let mut chance = ChaCha8Rng::seed_from_u64(7);
        let mut vectors = clusters(&mut chance, 6_100, 24, count, spread);
        let queries = vectors.split_off(6_000);
        for metric in METRICS {
            let graph = filled(metric, &vectors);
            let found = recall(metric, &graph, &vectors, &queries, 10, |_| true);
            assert!(found >= least, "{metric:?}, {count} clusters {spread} wide: {found}");
        }
    }
}

/// Where every cluster is as far from the next as from all others, nothing leads from a wrong one to the right one.
#[test]
fn the_right_one_of_many_far_clusters_is_found_by_a_narrow_search() {
    let mut chance = ChaCha8Rng::seed_from_u64(11);
    let mut vectors = clusters(&mut chance, 20_200, 64, 400, 0.3);
    let queries = vectors.split_off(20_000);
    let graph = filled(Metric::Euclidean, &vectors);
    let search = Search { width: 10, ..ALL };
    let lost = queries.iter().filter(|query| {
        let distance = |label: u32| distance(Metric::Euclidean, query, &vectors[label as usize]);
        let nearest = (0..).zip(&vectors).map(|(label, _)| distance(label)).fold(f64::INFINITY, f64::min);
        // Clusters are more than three times as far apart as rows of one.
        graph.search(query, search, &mut |_| true).near.iter().all(|(label, _)| distance(*label) > 1.5 * nearest)
    });
    assert_eq!(lost.count(), 0);
}

#[test]
fn lengths_that_differ_a_thousandfold_do_not_hide_the_greatest_dot_products() {
    let mut chance = ChaCha8Rng::seed_from_u64(8);
    let mut vectors = clusters(&mut chance, 5_050, 24, 40, 0.4);
    for vector in &mut vectors {
        let size = 10.0_f32.powf(chance.random_range(-1.5..1.5));
        vector.iter_mut().for_each(|x| *x *= size);
    }
    let queries = vectors.split_off(5_000);
    let graph = filled(Metric::Dot, &vectors);
    let found = recall(Metric::Dot, &graph, &vectors, &queries, 10, |_| true);
    assert!(found >= 0.95, "{found}");
}

#[test]
fn copies_are_all_found_and_do_not_cut_others_off() {
    let mut chance = ChaCha8Rng::seed_from_u64(9);
    let few = clusters(&mut chance, 40, 16, 8, 0.5);
    // 5,000 copies of one, 50 of each other, and 1,000 that are alone.
    let mut vectors: Vec<Vec<f32>> = (0..7_000).map(|i| few[if i < 5_000 { 0 } else { i % 40 }].clone()).collect();
    vectors.extend(clusters(&mut chance, 1_000, 16, 30, 0.3));
    let queries: Vec<Vec<f32>> = vectors.iter().step_by(97).cloned().collect();
    for metric in METRICS {
        let graph = filled(metric, &vectors);
        let found = recall(metric, &graph, &vectors, &queries, 10, |_| true);
        assert!(found >= 0.95, "{metric:?}: {found}");
        let hits =
            graph.search(&few[0], Search { width: 2_000, enough: usize::MAX, visits: usize::MAX }, &mut |label| {
                label % 2 == 1
            });
        assert_eq!(hits.near.len(), 2_000);
        assert!(hits.near.iter().all(|(label, _)| label % 2 == 1));
    }
}

#[test]
fn a_filtered_search_ends_with_enough_but_is_as_wide_as_one_without_a_filter() {
    let mut chance = ChaCha8Rng::seed_from_u64(11);
    let mut vectors = clusters(&mut chance, 5_050, 24, 40, 0.3);
    let queries = vectors.split_off(5_000);
    let graph = filled(Metric::Cosine, &vectors);
    let enough = Search { enough: 20, ..ALL };
    let (mut fewer, mut more, mut hits) = (0, 0, 0);
    for query in &queries {
        let mut order: Vec<u32> = (0..5_000).collect();
        order.sort_by(|a, b| {
            let far = |label: u32| distance(Metric::Cosine, query, &vectors[label as usize]);
            far(*a).total_cmp(&far(*b))
        });
        // All that are near pass, and few others do.
        let around: std::collections::HashSet<u32> = order[..500].iter().copied().collect();
        let here = graph.search(query, enough, &mut |label| around.contains(&label));
        assert_eq!(here, graph.search(query, ALL, &mut |_| true));
        let tenth = |label: u32| label % 10 == 3;
        let (some, all) = (graph.search(query, enough, &mut |l| tenth(l)), graph.search(query, ALL, &mut |l| tenth(l)));
        (fewer, more) = (fewer + some.visits, more + all.visits);
        let nearest = order.iter().filter(|label| tenth(**label)).take(10);
        hits += nearest.filter(|label| some.near.iter().any(|(found, _)| found == *label)).count();
    }
    assert!(fewer * 2 < more, "{fewer} of {more}");
    assert!(hits * 100 >= queries.len() * 10 * 95, "{hits}");
}

#[test]
fn only_accepted_rows_are_found_and_visits_are_bounded() {
    let mut chance = ChaCha8Rng::seed_from_u64(10);
    let mut vectors = clusters(&mut chance, 5_050, 24, 40, 0.3);
    let queries = vectors.split_off(5_000);
    let graph = filled(Metric::Cosine, &vectors);
    let found = recall(Metric::Cosine, &graph, &vectors, &queries, 10, |label| label % 10 == 3);
    assert!(found >= 0.95, "{found}");
    let none = graph.search(&queries[0], Search { width: 10, enough: usize::MAX, visits: 700 }, &mut |_| false);
    assert!(none.near.is_empty() && !none.complete, "it gave up and says so");
    assert!(none.visits < 700 + 64, "{}", none.visits);
    let all = graph.search(&queries[0], Search { width: 10, enough: usize::MAX, visits: usize::MAX }, &mut |_| false);
    assert!(all.near.is_empty() && all.complete && all.visits <= vectors.len());
}

#[test]
fn the_same_rows_make_the_same_graph() {
    let mut chance = ChaCha8Rng::seed_from_u64(11);
    let vectors = clusters(&mut chance, 5_000, 12, 30, 0.3);
    let (one, other) = (filled(Metric::Euclidean, &vectors), filled(Metric::Euclidean, &vectors));
    for query in vectors.iter().step_by(250) {
        assert_eq!(one.search(query, ALL, &mut |_| true), other.search(query, ALL, &mut |_| true));
    }
}

#[test]
fn searches_go_on_while_rows_are_added_and_find_what_was_added_before() {
    let mut chance = ChaCha8Rng::seed_from_u64(12);
    let vectors = clusters(&mut chance, 12_000, 16, 60, 0.2);
    let graph = Graph::new(16, Metric::Euclidean, Params::default(), &sample(&vectors));
    let (done, misses, asked) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for seed in 0..2 {
            let (graph, vectors, done, misses, asked) = (&graph, &vectors, &done, &misses, &asked);
            scope.spawn(move || {
                let mut chance = ChaCha8Rng::seed_from_u64(seed);
                while !done.load(Ordering::Acquire) {
                    let there = graph.len();
                    if there == 0 {
                        continue;
                    }
                    let label = chance.random_range(0..there);
                    let found = graph.search(&vectors[label], ALL, &mut |_| true);
                    let hit = found.near.iter().any(|(l, _)| vectors[*l as usize] == vectors[label]);
                    misses.fetch_add(usize::from(!hit), Ordering::Relaxed);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let rows: Vec<(u32, &[f32])> = (0..).zip(vectors.iter().map(Vec::as_slice)).collect();
        for batch in rows.chunks(1_500) {
            assert_eq!(graph.add(batch, &|| false), batch.len());
        }
        done.store(true, Ordering::Release);
    });
    let (misses, asked) = (misses.into_inner(), asked.into_inner());
    assert_eq!(graph.len(), vectors.len());
    assert!(misses * 100 <= asked, "{misses} of {asked} were not found");
}

#[test]
fn adding_ends_when_it_is_told_to() {
    let vectors = clusters(&mut ChaCha8Rng::seed_from_u64(13), 3_000, 8, 10, 0.3);
    let graph = Graph::new(8, Metric::Cosine, Params::default(), &[]);
    let rows: Vec<(u32, &[f32])> = (0..).zip(vectors.iter().map(Vec::as_slice)).collect();
    let left = AtomicUsize::new(100);
    let added = graph.add(&rows, &|| left.fetch_sub(1, Ordering::Relaxed) == 0);
    assert_eq!((added, graph.len()), (100, 100));
    assert_eq!(
        graph
            .search(&vectors[3], Search { width: 500, enough: usize::MAX, visits: usize::MAX }, &mut |_| true)
            .near
            .len(),
        100
    );
}

#[test]
fn memory_is_about_the_dimension_and_the_links() {
    let vectors = clusters(&mut ChaCha8Rng::seed_from_u64(14), 4_096, 384, 10, 0.3);
    let graph = filled(Metric::Cosine, &vectors);
    let bytes = graph.memory_bytes();
    assert!((384 + 128..=384 + 128 + 40).contains(&(bytes / 4_096)), "{}", bytes / 4_096);
    let foreseen = graph.memory_for(4_096);
    assert!(foreseen >= bytes && foreseen < bytes + bytes / 50, "{foreseen} for {bytes}");
}

#[test]
fn odd_input_is_no_harm() {
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE, 0.0, -0.0, 1.0];
    for metric in METRICS {
        let empty = Graph::new(3, metric, Params::default(), &[]);
        assert!(empty.is_empty());
        assert_eq!(empty.search(&[1.0, 2.0, 3.0], ALL, &mut |_| true).near, []);
        assert_eq!(empty.add(&[], &|| false), 0);
        for dimension in [0, 1, 3] {
            let params = Params { links: 0, build_width: 0, seed: 1 };
            let graph = Graph::new(dimension, metric, params, &[&[f32::NAN], &[], &[f32::MAX; 9]]);
            let vectors: Vec<Vec<f32>> =
                (0..200).map(|i| (0..i % 5).map(|k| odd[(i + k * k) % odd.len()]).collect()).collect();
            let rows: Vec<(u32, &[f32])> = (0..).zip(vectors.iter().map(Vec::as_slice)).collect();
            assert_eq!(graph.add(&rows, &|| false), 200);
            for query in &vectors {
                let one =
                    graph.search(query, Search { width: 0, enough: usize::MAX, visits: usize::MAX }, &mut |_| true);
                assert_eq!(one.near.len(), 1);
                assert_eq!(
                    graph.search(query, Search { width: 0, enough: usize::MAX, visits: 0 }, &mut |_| true).near.len(),
                    1
                );
                let all =
                    graph.search(query, Search { width: 1_000, enough: usize::MAX, visits: usize::MAX }, &mut |_| true);
                assert_eq!(all.near.len(), 200, "{metric:?} {dimension}: more wanted than there are");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn small_sets_are_found_whole(
        vectors in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0.0_f32), -1.0_f32..1.0, -1e20_f32..1e20], 3), 1..120),
        query in prop::collection::vec(-1.0_f32..1.0, 3),
        metric in prop::sample::select(METRICS.to_vec()),
    ) {
        let graph = filled(metric, &vectors);
        let found = graph.search(&query, Search { width: 200, enough: usize::MAX, visits: usize::MAX }, &mut |_| true);
        let mut labels: Vec<u32> = found.near.iter().map(|(label, _)| *label).collect();
        labels.sort_unstable();
        prop_assert_eq!(labels, (0..vectors.len() as u32).collect::<Vec<_>>());
        prop_assert!(found.near.windows(2).all(|pair| pair[0].1 <= pair[1].1));
    }

    #[test]
    fn recall_holds_for_any_seed(seed in any::<u64>(), dimension in 2_usize..40, count in 1_usize..60, metric in prop::sample::select(METRICS.to_vec())) {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let mut vectors = clusters(&mut chance, 1_530, dimension, count, 0.3);
        let queries = vectors.split_off(1_500);
        let graph = filled(metric, &vectors);
        let found = recall(metric, &graph, &vectors, &queries, 10, |_| true);
        prop_assert!(found >= 0.93, "{}", found);
    }
}

/// A scan of codes leaves out none of the nearest, whatever the vectors are.
#[test]
fn a_scan_of_codes_misses_none_of_the_nearest() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for (metric, offset, spread) in METRICS.into_iter().flat_map(|m| [(m, 0.0, 1.0), (m, 0.7, 0.01), (m, 0.0, 1e-4)]) {
        let mut vector = || (0..48).map(|_| offset + spread * random.random_range(-1.0..1.0_f32)).collect::<Vec<f32>>();
        let mut vectors: Vec<Vec<f32>> = (0..3_000).map(|_| vector()).collect();
        let copies: Vec<Vec<f32>> = vectors.iter().take(40).cloned().collect();
        vectors.extend(copies);
        vectors.extend([vec![0.0; 48], vec![1e3; 48]]);
        let graph = filled(metric, &vectors);
        for (asked, limit) in [(0, 1), (1, 10), (2, 100), (3, 10), (3_041, 10)] {
            let query: Vec<f32> = if asked % 2 == 0 { vector() } else { vectors[asked].clone() };
            let passes = |label: u32| label % 3 != 1;
            let mut all: Vec<(f64, u32)> = (0..)
                .zip(&vectors)
                .filter(|(label, _)| passes(*label))
                .map(|(label, v)| (distance(metric, &query, v), label))
                .collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            let found = graph
                .scan(&query, limit, &mut (0..=9_999).filter(|label| passes(*label)), &|| false)
                .expect("not stopped");
            let found: std::collections::HashSet<u32> = found.into_iter().collect();
            for (distance, label) in &all[..limit] {
                assert!(found.contains(label), "{metric:?} {offset} {spread}: row {label} at {distance} is missing");
            }
            assert!(found.iter().all(|label| passes(*label)));
        }
    }
    let graph = filled(Metric::Cosine, &[vec![1.0, 0.0]]);
    assert_eq!(graph.scan(&[1.0, 0.0], 0, &mut (0..9), &|| false), Some(Vec::new()));
    assert_eq!(graph.scan(&[f32::NAN, 0.0], 5, &mut (0..9).rev(), &|| false), Some(vec![0]));
    assert_eq!(graph.scan(&[1.0, 0.0], 5, &mut (0..9), &|| true), None);
}

/// What is left to settle by the vectors is a small part.
#[test]
fn a_scan_of_codes_leaves_few_rows_open() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let mut vector = || (0..128).map(|_| random.random_range(-1.0..1.0_f32)).collect::<Vec<f32>>();
    let vectors: Vec<Vec<f32>> = (0..5_000).map(|_| vector()).collect();
    for metric in METRICS {
        let graph = filled(metric, &vectors);
        for _ in 0..10 {
            let open = graph.scan(&vector(), 10, &mut (0..5_000), &|| false).expect("not stopped").len();
            assert!((10..=500).contains(&open), "{metric:?}: {open} of 5,000 rows");
        }
    }
}

#[test]
fn a_row_that_is_left_out_is_not_found_and_does_not_lead_to_others() {
    let mut chance = ChaCha8Rng::seed_from_u64(11);
    let vectors = clusters(&mut chance, 4_000, 24, 20, 0.3);
    let graph = filled(Metric::Euclidean, &vectors);
    let (few, mut with, mut without) = (Search { width: 10, enough: usize::MAX, visits: usize::MAX }, 0, 0);
    for label in (0..4_000).step_by(40) {
        let query = &vectors[label as usize];
        let mut exact: Vec<(f64, u32)> =
            (0..).zip(&vectors).map(|(row, v)| (distance(Metric::Euclidean, query, v), row)).collect();
        exact.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let near: Vec<u32> = exact.iter().map(|(_, row)| *row).filter(|row| *row != label).take(9).collect();
        let hits = |found: &[(u32, f32)]| found.iter().filter(|(row, _)| near.contains(row)).count();
        let found = graph.search_without(label, query, few, &mut |_| true);
        assert!(found.near.iter().all(|(row, _)| *row != label));
        without += hits(&found.near);
        with += hits(&graph.search(query, few, &mut |_| true).near);
    }
    assert!(without < with, "the row itself leads to those near it: {without} beside {with} with it");
    assert!(without * 10 > with * 5, "{without} beside {with} with it");
}

#[test]
fn copies_of_a_row_that_is_left_out_are_found() {
    let mut vectors: Vec<Vec<f32>> = (0..50).map(|i| vec![i as f32, 1.0]).collect();
    vectors.extend(std::iter::repeat_n(vec![7.0, 1.0], 3));
    let graph = filled(Metric::Euclidean, &vectors);
    for label in [7, 50, 52] {
        let few = Search { width: 3, enough: usize::MAX, visits: usize::MAX };
        let mut found = graph.search_without(label, &[7.0, 1.0], few, &mut |_| true).near;
        found.sort_unstable_by_key(|(row, _)| *row);
        let labels: Vec<u32> = found.into_iter().map(|(row, _)| row).collect();
        assert_eq!(labels, [7, 50, 51, 52].into_iter().filter(|row| *row != label).collect::<Vec<u32>>());
    }
    // One that nobody has leaves nothing out.
    assert_eq!(graph.search_without(99, &[7.0, 1.0], ALL, &mut |_| true).near.len(), 53);
}
