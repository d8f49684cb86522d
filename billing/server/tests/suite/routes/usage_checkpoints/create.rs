use std::collections::BTreeMap;

use agentdb_clock::{Clock as _, Entropy as _, SeededEntropy, SystemClock};
use agentdb_control_plane_contract::{ClientError, Counter, Meter, MonthTotals, NodeCredential, usage::MAX_COUNTERS};
use axum::http::StatusCode;

use crate::support::{Whose, World};

const NOVEMBER: i64 = 498_192;
const DECEMBER: i64 = NOVEMBER + 30 * 24;

fn totals(who: Whose, query: u64, write: u64, embedding_tokens: u64) -> MonthTotals {
    MonthTotals {
        org_id: who.org,
        month_start_hour: NOVEMBER,
        month_end_hour: DECEMBER,
        query,
        write,
        embedding_tokens,
    }
}

#[tokio::test]
async fn a_report_answered_twice_or_late_counts_once() {
    let world = World::new().await;
    let (node, who, hour) = (world.node(), Whose::new(&world), world.hour());
    let first = vec![node.counter(who, Meter::Query, hour, 1_000), who.log_counter(Meter::Write, hour, 2_000)];
    let second = vec![node.counter(who, Meter::Query, hour, 3_000), who.log_counter(Meter::EmbeddingTokens, hour, 7)];
    assert_eq!(node.report(first.clone()).await.months, [totals(who, 1_000, 2_000, 0)]);
    assert_eq!(node.report(first.clone()).await.months, [totals(who, 1_000, 2_000, 0)], "a duplicate");
    assert_eq!(node.report(second.clone()).await.months, [totals(who, 3_000, 2_000, 7)]);
    assert_eq!(node.report(second).await.months, [totals(who, 3_000, 2_000, 7)]);
    assert!(world.alerts().await.is_empty());
    world.assert_sums_agree().await;
}

#[tokio::test]
async fn one_counter_twice_in_a_report_counts_with_its_largest_value() {
    let world = World::new().await;
    let (node, who, hour) = (world.node(), Whose::new(&world), world.hour());
    let counters = [5, 9, 7].map(|value| node.counter(who, Meter::Query, hour, value));
    assert_eq!(node.report(counters.to_vec()).await.months, [totals(who, 9, 0, 0)]);
    assert!(world.alerts().await.is_empty(), "within one report there is no before and after");
}

#[tokio::test]
async fn a_counter_that_goes_back_is_kept_and_recorded() {
    let world = World::new().await;
    let (node, who, hour) = (world.node(), Whose::new(&world), world.hour());
    node.report(vec![node.counter(who, Meter::Query, hour, 9_000)]).await;
    for _ in 0..2 {
        let reply = node.report(vec![node.counter(who, Meter::Query, hour, 4_000)]).await;
        assert_eq!(reply.months, [totals(who, 9_000, 0, 0)]);
    }
    assert_eq!(world.alerts().await, [("decrease".to_owned(), 9_000, 4_000, 2)]);
    node.report(vec![node.counter(who, Meter::Query, hour, 10_000)]).await;
    world.assert_sums_agree().await;
}

#[tokio::test]
async fn an_hour_of_a_past_month_is_taken_and_one_of_the_future_is_recorded() {
    let world = World::new().await;
    let (node, who, hour) = (world.node(), Whose::new(&world), world.hour());
    let reply = node
        .report(vec![
            node.counter(who, Meter::Query, NOVEMBER - 1, 50),
            node.counter(who, Meter::Query, NOVEMBER, 3),
            node.counter(who, Meter::Query, hour, 4),
            node.counter(who, Meter::Query, DECEMBER - 1, 5),
            node.counter(who, Meter::Query, DECEMBER, 600),
        ])
        .await;
    assert_eq!(reply.months, [totals(who, 12, 0, 0)], "the running month alone");
    let kinds: Vec<_> = world.alerts().await.into_iter().map(|(kind, kept, ..)| (kind, kept)).collect();
    assert_eq!(kinds, [("future_hour".to_owned(), 5), ("future_hour".to_owned(), 600)]);
    world.assert_sums_agree().await;
}

#[tokio::test]
async fn totals_are_told_of_organisations_named_only_by_interest_too() {
    let world = World::new().await;
    let (node, who, idle) = (world.node(), Whose::new(&world), Whose::new(&world));
    node.report(vec![node.counter(who, Meter::Query, world.hour(), 1_250)]).await;
    let mut checkpoint = node.checkpoint(Vec::new());
    checkpoint.interest = vec![who.org, idle.org, who.org];
    checkpoint.sequence = 42;
    let reply = node.send(&checkpoint).await.expect("taken");
    assert_eq!(reply.sequence, 42);
    let mut expected = vec![totals(who, 1_250, 0, 0), totals(idle, 0, 0, 0)];
    expected.sort_by_key(|month| month.org_id);
    assert_eq!(reply.months, expected);
}

#[tokio::test]
async fn two_nodes_reporting_at_once_out_of_order_and_twice_add_up_exactly() {
    let world = World::new().await;
    let (a, b, hour) = (world.node(), world.node(), world.hour());
    let everyone: Vec<Whose> = (0..6).map(|_| Whose::new(&world)).collect();
    let random = SeededEntropy::new(11);
    let mut expected: BTreeMap<_, u64> = BTreeMap::new();
    let mut reports = Vec::new();
    for step in 1..=40_u64 {
        for node in [&a, &b] {
            let counters: Vec<Counter> = everyone
                .iter()
                .flat_map(|who| {
                    let hour = hour - i64::try_from(random.next_u64() % 3).expect("small");
                    // Both nodes report the same logs: a namespace moves and its log's counters with it.
                    [
                        node.counter(*who, Meter::Query, hour, step * 1_000 + random.next_u64() % 1_000),
                        who.log_counter(Meter::Write, hour, step * 2_000),
                    ]
                })
                .collect();
            for counter in &counters {
                let key = (counter.source.to_string(), counter.org_id, counter.meter, counter.hour);
                let largest = expected.entry(key).or_default();
                *largest = counter.value.max(*largest);
            }
            reports.push((node, counters.clone()));
            reports.push((node, counters));
        }
    }
    // A shuffle that the seed fixes.
    for i in (1..reports.len()).rev() {
        reports.swap(i, usize::try_from(random.next_u64()).expect("64 bits") % (i + 1));
    }
    for wave in reports.chunks(16) {
        futures::future::join_all(wave.iter().map(|(node, counters)| node.report(counters.clone()))).await;
    }
    let mut checkpoint = a.checkpoint(Vec::new());
    checkpoint.interest = everyone.iter().map(|who| who.org).collect();
    for month in a.send(&checkpoint).await.expect("taken").months {
        let sum = |meter| {
            expected
                .iter()
                .filter(|((_, org, m, _), _)| *org == month.org_id && *m == meter)
                .map(|(_, v)| v)
                .sum::<u64>()
        };
        assert_eq!((month.query, month.write), (sum(Meter::Query), sum(Meter::Write)));
    }
    world.assert_sums_agree().await;
}

#[tokio::test]
async fn a_full_report_is_taken_in_seconds() {
    let world = World::new().await;
    let (node, clock) = (world.node(), SystemClock::new());
    let counters: Vec<Counter> = (0..MAX_COUNTERS)
        .map(|i| {
            let who = Whose { org: world.org(), namespace: world.namespace(), key: Some(world.key()) };
            node.counter(who, Meter::ALL[i % 5], world.hour() - 1, 1_000)
        })
        .collect();
    let started = clock.monotonic();
    let reply = node.report(counters.clone()).await;
    let first = clock.monotonic();
    assert_eq!(reply.months.len(), MAX_COUNTERS);
    node.report(counters).await;
    let (first, again) = (first - started, clock.monotonic() - first);
    println!("{MAX_COUNTERS} new counters in {first:?}, the same again in {again:?}");
    assert!(first.as_secs() < 9, "the client gives up after ten seconds: {first:?}");
    world.assert_sums_agree().await;
}

/// Values that are each believable once added up past 64 bits: a panic or a sum below zero.
#[tokio::test]
async fn sums_that_do_not_fit_are_refused_whole_whether_in_one_report_or_over_several() {
    const LARGEST: u64 = 10_000_000 << 30;
    let world = World::new().await;
    let (node, who, hour) = (world.node(), Whose::new(&world), world.hour());
    let counters = |count: usize| -> Vec<Counter> {
        let at = |namespace| node.counter(Whose { namespace, ..who }, Meter::Query, hour, LARGEST);
        (0..count).map(|_| at(world.namespace())).collect()
    };
    let refused = async |counters| match node.send(&node.checkpoint(counters)).await {
        Err(ClientError::Status(status)) => status,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(counters(859)).await, StatusCode::BAD_REQUEST);
    assert_eq!(node.report(counters(500)).await.months[0].query, 500 * LARGEST);
    assert_eq!(refused(counters(400)).await, StatusCode::BAD_REQUEST);
    assert_eq!(node.report(counters(300)).await.months[0].query, 800 * LARGEST);
    world.assert_sums_agree().await;
}

#[tokio::test]
async fn a_report_that_breaks_the_rules_is_refused_whole() {
    let world = World::new().await;
    let (node, other, who, hour) = (world.node(), world.node(), Whose::new(&world), world.hour());
    let good = node.counter(who, Meter::Query, hour, 1);
    let mut foreign_log = who.log_counter(Meter::Write, hour, 1);
    foreign_log.namespace_id = world.namespace();
    let too_large = node.counter(who, Meter::Query, hour, u64::MAX);
    let no_hour = node.counter(who, Meter::Query, i64::MAX, 1);
    for (bad, status) in [
        (node.checkpoint(vec![good.clone(), foreign_log]), StatusCode::BAD_REQUEST),
        (node.checkpoint(vec![good.clone(), too_large]), StatusCode::BAD_REQUEST),
        (node.checkpoint(vec![good.clone(), no_hour]), StatusCode::BAD_REQUEST),
        (node.checkpoint(vec![good.clone(); MAX_COUNTERS + 1]), StatusCode::PAYLOAD_TOO_LARGE),
        (other.checkpoint(vec![good]), StatusCode::FORBIDDEN),
    ] {
        let refused = node.send(&bad).await.expect_err("it breaks a rule");
        assert!(matches!(&refused, ClientError::Status(found) if *found == status), "{refused:?}, not {status}");
    }
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM billing.usage_counters")
        .fetch_one(&world.superuser)
        .await
        .expect("a count");
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn a_stranger_cannot_report() {
    let world = World::new().await;
    let node = world.node();
    let forged = NodeCredential::from_hex(node.id, &"00".repeat(32)).expect("a key");
    let refused = world.node_with(node.id, forged).send(&node.checkpoint(Vec::new())).await;
    assert!(matches!(&refused, Err(ClientError::Status(StatusCode::UNAUTHORIZED))), "{refused:?}");
}

#[tokio::test]
async fn without_a_database_the_node_is_told_to_try_again() {
    let world = World::new().await;
    let node = world.node();
    world.pools.jobs.close().await;
    let refused = node.send(&node.checkpoint(vec![node.counter(Whose::new(&world), Meter::Query, 1, 1)])).await;
    assert!(matches!(&refused, Err(ClientError::Status(StatusCode::SERVICE_UNAVAILABLE))), "{refused:?}");
}
