use axum::response::IntoResponse as _;
use futures::FutureExt as _;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn quotas(requests: (u64, u64), query: (u64, u64), write: (u64, u64)) -> Quotas {
    let quota = |(per_second, burst)| Quota::new(per_second, burst);
    Quotas { requests: quota(requests), query: quota(query), write: quota(write) }
}

fn organisation() -> Allowances {
    Allowances::new(quotas((10, 20), (20_000, 40_000), (10_000, 50_000)), SECOND)
}

fn told(rates: &Rates, now: Duration) -> (String, String) {
    let mut headers = HeaderMap::new();
    rates.describe(&mut headers, now);
    let text = |name: &HeaderName| headers[name].to_str().expect("text").to_owned();
    (text(&POLICY), text(&STATE))
}

fn json(problem: Problem) -> serde_json::Value {
    let body = axum::body::to_bytes(problem.into_response().into_body(), usize::MAX);
    serde_json::from_slice(&body.now_or_never().expect("there").expect("a body")).expect("JSON")
}

#[test]
fn the_fields_name_all_rates_and_the_state_of_the_nearest() {
    let organisation = organisation();
    let free = Rates::of(&organisation, None, None);
    free.admit(SECOND).expect("within the burst");
    assert_eq!(told(&free, SECOND), ("\"requests\";q=20;w=2".to_owned(), "\"requests\";r=19;t=0".to_owned()));
    let query = Rates::of(&organisation, None, Some(Meter::Query));
    query.admit(SECOND).expect("within the burst");
    query.settle(Meter::Query, 30_000, SECOND);
    let (policy, state) = told(&query, SECOND);
    assert_eq!(policy, "\"query_milli_units\";q=40000;w=2, \"requests\";q=20;w=2");
    assert_eq!(state, "\"query_milli_units\";r=10000;t=0", "ten more, and 18 requests");
    let tokens = Rates::of(&organisation, None, Some(Meter::EmbeddingTokens));
    tokens.admit(SECOND).expect("within the burst");
    tokens.settle(Meter::EmbeddingTokens, 1 << 40, SECOND);
    assert_eq!(told(&tokens, SECOND).1, "\"requests\";r=17;t=0");
}

#[test]
fn work_is_charged_what_it_cost_and_nothing_when_it_is_not_done() {
    let organisation = organisation();
    let left = || (organisation.query.left(SECOND).units, organisation.write.left(SECOND).units);
    let query = Rates::of(&organisation, None, Some(Meter::Query));
    query.admit(SECOND).expect("within the burst");
    assert_eq!(left(), (39_000, 50_000));
    query.settle(Meter::Write, 9_000, SECOND);
    query.settle(Meter::EgressBytes, 9_000, SECOND);
    assert_eq!(left(), (39_000, 50_000), "of other meters it takes no notice");
    query.settle(Meter::Query, 100, SECOND);
    assert_eq!(left(), (39_900, 50_000), "a fetch costs less than a query");
    query.forgo(SECOND);
    assert_eq!(left(), (39_900, 50_000), "it was done");
    let refused = Rates::of(&organisation, None, Some(Meter::Query));
    refused.admit(SECOND).expect("within the burst");
    refused.afford(20_000, SECOND).expect("enough");
    assert_eq!(left(), (19_900, 50_000));
    refused.forgo(SECOND);
    refused.forgo(SECOND);
    assert_eq!(left(), (39_900, 50_000));
    let dear = Rates::of(&organisation, None, Some(Meter::Query));
    dear.admit(SECOND).expect("within the burst");
    dear.settle(Meter::Query, 79_900, SECOND);
    let late = Rates::of(&organisation, None, Some(Meter::Query));
    let problem = json(late.admit(SECOND).expect_err("in debt"));
    assert_eq!((&problem["code"], &problem["limit"]), (&"rate_limited".into(), &"query_milli_units_per_second".into()));
    assert_eq!(told(&late, SECOND).1, "\"query_milli_units\";r=0;t=3", "40,000 of debt and 1,000, at 20,000 a second");
    late.admit(SECOND * 4).expect("paid");
}

#[test]
fn what_costs_more_than_may_come_at_once_is_refused_for_that_and_takes_nothing() {
    let organisation = organisation();
    let write = Rates::of(&organisation, None, Some(Meter::Write));
    write.admit(SECOND).expect("within the burst");
    let problem = json(write.afford(50_001, SECOND).expect_err("too large"));
    assert_eq!((&problem["code"], &problem["cost"]), (&"limit_exceeded".into(), &50_001.into()));
    assert_eq!((&problem["maximum"], &problem["limit_of"]), (&50_000.into(), &"organisation".into()));
    write.afford(50_000, SECOND).expect("as large as the burst");
    let next = Rates::of(&organisation, None, Some(Meter::Write));
    assert_eq!(json(next.admit(SECOND).expect_err("nothing left"))["code"], "rate_limited");
}

#[test]
fn a_key_is_bound_below_its_organisation_and_takes_nothing_from_it_when_it_is_refused() {
    let organisation = organisation();
    let key = Allowances::new(quotas((1, 2), (u64::MAX, u64::MAX), (2_000, 4_000)), SECOND);
    let ask = || Rates::of(&organisation, Some(&key), Some(Meter::Write));
    for _ in 0..2 {
        ask().admit(SECOND).expect("within both");
    }
    let third = ask();
    let problem = json(third.admit(SECOND).expect_err("the key's rate"));
    assert_eq!((&problem["limit"], &problem["limit_of"]), (&"requests_per_second".into(), &"api_key".into()));
    assert_eq!(told(&third, SECOND).1, "\"key_requests\";r=0;t=1");
    let policies = told(&third, SECOND).0;
    assert!(policies.contains("\"requests\";q=20;w=2") && policies.contains("\"key_requests\";q=2;w=2"), "{policies}");
    assert!(!policies.contains("query"), "{policies}");
    assert_eq!(organisation.requests.left(SECOND).units, 18, "the refused one took nothing");
    assert_eq!(organisation.write.left(SECOND).units, 46_000);
    // Another key of the organisation goes on.
    Rates::of(&organisation, None, Some(Meter::Write)).admit(SECOND).expect("within the organisation's");
    // And what the organisation refuses takes nothing from the key.
    (0..17).for_each(|_| Rates::of(&organisation, None, None).admit(SECOND).expect("within the burst"));
    let later = SECOND + Duration::from_millis(50);
    key.set(quotas((1_000, 2_000), (u64::MAX, u64::MAX), (2_000_000, 4_000_000)), SECOND);
    let before = key.requests.left(later).units;
    assert_eq!(json(ask().admit(later).expect_err("the organisation's rate"))["limit_of"], "organisation");
    assert_eq!(key.requests.left(later).units, before);
}

#[test]
fn the_limit_that_bit_is_told() {
    let organisation = organisation();
    let rates = Rates::of(&organisation, None, Some(Meter::Query));
    rates.admit(SECOND).expect("within the burst");
    let problem = json(rates.too_many(Whose::Organisation, 7));
    assert_eq!((&problem["limit"], &problem["maximum"]), (&"concurrent_requests".into(), &7.into()));
    let (policy, state) = told(&rates, SECOND);
    assert!(policy.ends_with("\"concurrent_requests\";q=7;w=1"), "{policy}");
    assert_eq!(state, "\"concurrent_requests\";r=0;t=1");
    rates.month_used(Meter::Query, 1_000, 2_592_000, 86_400);
    assert_eq!(told(&rates, SECOND).1, "\"query_milli_units_in_month\";r=0;t=86400");
}
