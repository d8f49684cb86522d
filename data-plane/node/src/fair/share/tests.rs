use agentdb_clock::ManualClock;
use agentdb_ids::Uuid;
use chrono::DateTime;
use futures::{FutureExt as _, future::BoxFuture};

use super::*;

const BOUNDS: Bounds = Bounds { places: 2, kept: 0, each: 0, background: 2, lent: 0, queue: 2_000 };

struct Bench {
    share: Arc<FairShare>,
    clock: ManualClock,
}

type Coming = BoxFuture<'static, Result<Place, Full>>;

fn org(n: u128) -> OrgId {
    OrgId::from_uuid(Uuid::from_u128(n))
}

impl Bench {
    fn new(bounds: Bounds) -> Self {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        Self { share: FairShare::new("test", bounds, Arc::new(clock.clone())), clock }
    }

    fn ask(&self, n: u128, weight: u32, class: Class) -> Coming {
        let share = Arc::clone(&self.share);
        let mut coming = async move { share.place(org(n), weight, class).await }.boxed();
        // It takes its place in the queue; what is ready is put back as it is.
        match (&mut coming).now_or_never() {
            Some(place) => async move { place }.boxed(),
            None => coming,
        }
    }

    /// A place of somebody who need not wait.
    fn take(&self, n: u128) -> Place {
        self.ask(n, 1, Class::Foreground).now_or_never().expect("there is room").expect("a place")
    }

    /// Uses each place for as long as its owner needs, `rounds` times, and says how many each owner had.
    fn serve(&self, waiting: &mut Vec<(u128, Coming)>, rounds: usize, takes: impl Fn(u128) -> Duration) -> Vec<usize> {
        let mut had = vec![0; 10];
        for _ in 0..rounds {
            let next = waiting
                .iter_mut()
                .enumerate()
                .find_map(|(at, (n, coming))| Some((at, *n, coming.now_or_never()?.expect("a place"))));
            let (at, n, place) = next.expect("somebody has a place");
            drop(waiting.swap_remove(at));
            had[n as usize] += 1;
            self.clock.advance(takes(n));
            drop(place);
        }
        had
    }
}

#[test]
fn nobody_waits_while_there_is_room() {
    let bench = Bench::new(BOUNDS);
    let (first, second) = (bench.take(1), bench.take(1));
    let mut third = bench.ask(1, 1, Class::Foreground);
    assert!((&mut third).now_or_never().is_none());
    assert_eq!((bench.share.held(), bench.share.waiting()), (2, 1));
    drop(first);
    let third = third.now_or_never().expect("its turn").expect("a place");
    drop((second, third));
    assert_eq!((bench.share.held(), bench.share.waiting()), (0, 0));
    assert!(bench.share.inner.lock().tenants.is_empty(), "who wants nothing is forgotten");
}

#[test]
fn one_request_is_next_however_many_of_another_wait() {
    let bench = Bench::new(BOUNDS);
    let (first, second) = (bench.take(1), bench.take(1));
    let mut storm: Vec<_> = (0..1_000).map(|_| bench.ask(1, 1, Class::Foreground)).collect();
    bench.clock.advance(Duration::from_secs(1));
    let quiet = bench.ask(2, 1, Class::Foreground);
    drop(first);
    let quiet = quiet.now_or_never().expect("it is next").expect("a place");
    assert!((&mut storm[0]).now_or_never().is_none());
    drop(second);
    let next = (&mut storm[0]).now_or_never();
    assert!(next.is_some(), "then in their order");
    assert!((&mut storm[1]).now_or_never().is_none());
    drop((quiet, next));
}

#[test]
fn places_are_given_by_weight() {
    let bench = Bench::new(Bounds { places: 1, ..BOUNDS });
    let held = bench.take(9);
    let mut waiting = Vec::new();
    for _ in 0..700 {
        for (n, weight) in [(1, 1), (2, 2), (4, 4)] {
            waiting.push((n, bench.ask(n, weight, Class::Foreground)));
        }
    }
    drop(held);
    let had = bench.serve(&mut waiting, 700, |_| Duration::from_millis(3));
    for (n, expected) in [(1, 100), (2, 200), (4, 400)] {
        assert!(had[n].abs_diff(expected) <= 2, "{had:?}");
    }
}

#[test]
fn shares_are_of_time_and_not_of_requests() {
    let bench = Bench::new(Bounds { places: 1, ..BOUNDS });
    let held = bench.take(9);
    let mut waiting = Vec::new();
    for _ in 0..1_000 {
        waiting.extend([1, 2].map(|n| (n, bench.ask(n, 1, Class::Foreground))));
    }
    drop(held);
    let had = bench.serve(&mut waiting, 500, |n| Duration::from_millis(if n == 1 { 9 } else { 1 }));
    assert!(had[1].abs_diff(50) <= 5 && had[2].abs_diff(450) <= 5, "{had:?}");
}

#[test]
fn what_is_held_counts_while_it_is_held() {
    let bench = Bench::new(BOUNDS);
    let long = bench.take(1);
    bench.clock.advance(Duration::from_secs(10));
    let short = bench.take(2);
    let (mut first, mut second) = (bench.ask(1, 1, Class::Foreground), bench.ask(2, 1, Class::Foreground));
    bench.clock.advance(Duration::from_millis(5));
    drop(short);
    assert!((&mut first).now_or_never().is_none(), "it has a place since long");
    assert!((&mut second).now_or_never().is_some());
    drop(long);
}

#[test]
fn who_was_away_has_saved_nothing() {
    let bench = Bench::new(Bounds { places: 1, ..BOUNDS });
    let held = bench.take(9);
    let mut waiting: Vec<_> = (0..200).map(|_| (1, bench.ask(1, 1, Class::Foreground))).collect();
    drop(held);
    bench.serve(&mut waiting, 100, |_| Duration::from_millis(10));
    waiting.extend((0..100).map(|_| (2, bench.ask(2, 1, Class::Foreground))));
    let had = bench.serve(&mut waiting, 100, |_| Duration::from_millis(10));
    assert!(had[1].abs_diff(50) <= 2 && had[2].abs_diff(50) <= 2, "{had:?}");
}

/// Who gets one of the places that are kept may have used more than those who wait for the others.
#[test]
fn who_comes_new_is_not_behind_those_who_used_less_than_somebody_else_did() {
    let bench = Bench::new(Bounds { places: 1, kept: 1, each: 1, ..BOUNDS });
    let greedy = bench.take(3);
    bench.clock.advance(Duration::from_secs(200));
    let busy = bench.take(1);
    drop(greedy);
    let mut waiting: Vec<_> = (0..10).map(|_| bench.ask(1, 1, Class::Foreground)).collect();
    let greedy = bench.take(3);
    let mut quiet = bench.ask(2, 1, Class::Foreground);
    bench.clock.advance(Duration::from_millis(50));
    drop(busy);
    let quiet = (&mut quiet).now_or_never();
    assert!(quiet.is_some());
    assert!((&mut waiting[0]).now_or_never().is_none());
    drop((greedy, quiet));
}

#[test]
fn who_waits_no_more_leaves_the_queue_and_a_place_that_nobody_took_goes_on() {
    let bench = Bench::new(Bounds { places: 1, queue: 2, ..BOUNDS });
    let held = bench.take(1);
    let (first, second) = (bench.ask(1, 1, Class::Foreground), bench.ask(1, 1, Class::Foreground));
    assert_eq!(bench.ask(1, 1, Class::Foreground).now_or_never().expect("at once").err(), Some(Full));
    let other = bench.ask(2, 1, Class::Foreground);
    assert_eq!(bench.share.waiting(), 3, "the queue of another is another");
    drop(first);
    assert_eq!(bench.share.waiting(), 2);
    let third = bench.ask(1, 1, Class::Foreground);
    bench.clock.advance(Duration::from_secs(1));
    drop(held);
    // The other one has it and does not know yet.
    drop(other);
    let second = second.now_or_never().expect("its turn").expect("a place");
    drop((second, third));
    assert_eq!((bench.share.held(), bench.share.waiting()), (0, 0));
}

#[test]
fn who_holds_nothing_need_not_wait_for_the_long_work_of_others() {
    let bench = Bench::new(Bounds { kept: 2, each: 1, ..BOUNDS });
    let _long = [bench.take(1), bench.take(1)];
    assert!(bench.ask(1, 1, Class::Foreground).now_or_never().is_none());
    let quiet = bench.take(2);
    assert!(bench.ask(2, 1, Class::Foreground).now_or_never().is_none(), "one is kept for each");
    let _third = bench.take(3);
    let mut fourth = bench.ask(4, 1, Class::Foreground);
    assert!((&mut fourth).now_or_never().is_none(), "those are taken, too");
    drop(quiet);
    assert!((&mut fourth).now_or_never().is_some());
}

#[test]
fn background_work_counts_for_its_organisation_and_comes_after_what_somebody_waits_for() {
    let bench = Bench::new(Bounds { places: 1, background: 1, ..BOUNDS });
    let held = bench.take(9);
    let back: Vec<_> = (0..10).map(|_| (1, bench.ask(1, 1, Class::Background))).collect();
    let front = (0..60).map(|_| (2, bench.ask(2, 1, Class::Foreground)));
    let mut waiting: Vec<_> = back.into_iter().chain(front).collect();
    drop(held);
    let had = bench.serve(&mut waiting, 40, |_| Duration::from_millis(1));
    assert_eq!((had[1], had[2]), (5, 35), "one in eight, so that it comes to its end");
    let used = bench.share.inner.lock().tenants[&org(1)].used;
    assert!(used >= 5 * 1_000_000 * PARTS, "{used}");

    let some = Bench::new(Bounds { places: 3, background: 1, ..BOUNDS });
    let _one = some.ask(1, 1, Class::Background).now_or_never().expect("room").expect("a place");
    assert!(some.ask(2, 1, Class::Background).now_or_never().is_none(), "the rest is for others");
    let _two = (some.take(2), some.take(2));
}

#[test]
fn a_place_does_not_count_while_its_holder_waits_for_something_else() {
    let bench = Bench::new(Bounds { places: 1, lent: 2, ..BOUNDS });
    let reading = bench.take(1);
    let (mut next, mut after) = (bench.ask(2, 1, Class::Foreground), bench.ask(2, 1, Class::Foreground));
    let lent: Vec<_> = (0..5).map(|_| bench.share.lend(org(1), 1)).collect();
    let second = (&mut next).now_or_never().expect("room").expect("a place");
    assert!((&mut after).now_or_never().is_none(), "one place was lent, though five calls are under way");
    drop(lent);
    drop(second);
    assert!((&mut after).now_or_never().is_none(), "the first one is back");
    drop(reading);
    assert!((&mut after).now_or_never().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_from_many_threads_the_bounds_hold_and_everybody_is_served() {
    let clock = Arc::new(agentdb_clock::SystemClock::new());
    let bounds = Bounds { places: 3, kept: 1, each: 1, background: 1, lent: 1, queue: 10_000 };
    let share = FairShare::new("test", bounds, clock);
    let tasks = (0..600_u128).map(|n| {
        let share = Arc::clone(&share);
        tokio::spawn(async move {
            let class = if n % 5 == 0 { Class::Background } else { Class::Foreground };
            let coming = share.place(org(n % 7), 1 + (n % 3) as u32, class);
            if n % 11 == 0 {
                // Some go before their turn.
                let _ = tokio::time::timeout(Duration::from_micros(200), coming).await;
                return;
            }
            let _place = coming.await.expect("a place");
            let _lent = (n % 4 == 0).then(|| share.lend(org(n % 7), 1));
            assert!(share.held() <= 3 + 1 + 7);
            tokio::task::yield_now().await;
        })
    });
    futures::future::try_join_all(tasks).await.expect("no panic");
    assert_eq!((share.held(), share.waiting()), (0, 0));
    assert!(share.inner.lock().tenants.is_empty());
}
