use agentdb_clock::{Entropy as _, SeededEntropy};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn quota(per_second: u64, burst: u64) -> Quota {
    Quota::new(per_second, burst)
}

fn taken(allowance: &Allowance, now: Duration) -> u64 {
    (0..100_000).take_while(|_| allowance.take(1, now).is_ok()).count() as u64
}

#[test]
fn over_a_time_at_most_rate_times_time_plus_burst_come_through() {
    let mut now = SECOND * 1_000;
    let allowance = Allowance::new(quota(10, 20), now);
    let mut sum = taken(&allowance, now);
    assert_eq!(sum, 20, "the burst");
    for _ in 0..100 {
        now += Duration::from_millis(50);
        sum += taken(&allowance, now);
    }
    assert_eq!(sum, 70, "in 5 s at 10 a second after a burst of 20");
}

/// At five times the rate, for a minute, as `make bench` offers it to a service.
#[test]
fn at_five_times_the_rate_just_the_rate_comes_through() {
    for (per_second, burst) in [(10, 20), (500, 1_000), (7, 3)] {
        let allowance = Allowance::new(quota(per_second, burst), Duration::ZERO);
        let (offered, mut admitted) = (per_second * 5 * 60, 0);
        for n in 0..=offered {
            let now = Duration::from_nanos(n * 60_000_000_000 / offered);
            admitted += u64::from(allowance.take(1, now).is_ok());
        }
        assert_eq!(admitted, per_second * 60 + burst, "{per_second} a second");
    }
}

/// Any arrivals, sizes, debts and changes: never more comes through than the rates brought and the first burst had, and
/// nothing is refused that there is enough for.
#[test]
fn no_sequence_of_arrivals_and_changes_admits_more_or_less_than_it_should() {
    for seed in 0..300 {
        let chance = SeededEntropy::new(seed);
        let below = |most: u64| chance.next_u64() % most;
        let saturated = seed % 2 == 0;
        let mut now = Duration::from_nanos(below(1_000_000_000_000));
        let mut quota = Quota::new(1 + below(1_000), 1 + below(2_000));
        let allowance = Allowance::new(quota, now);
        // In parts: brought by the rates, taken, found no room, and what is left by this count.
        let (mut brought, mut used, mut lost) = (0_i128, 0_i128, 0_i128);
        let first = i128::from(quota.burst) * PARTS;
        let mut room = first;
        for _ in 0..2_000 {
            let step = if saturated { below(5_000_000) } else { below(3_000_000_000) };
            now += Duration::from_nanos(step);
            let (came, full) = (i128::from(step) * i128::from(quota.per_second), i128::from(quota.burst) * PARTS);
            brought += came;
            lost += (room + came - full).max(0);
            room = (room + came).min(full);
            match below(20) {
                0 => {
                    quota = Quota::new(1 + below(1_000), 1 + below(2_000));
                    allowance.set(quota, now);
                    lost += (room - i128::from(quota.burst) * PARTS).max(0);
                    room = room.min(i128::from(quota.burst) * PARTS);
                }
                1 => {
                    let debt = below(500);
                    allowance.charge(debt, now);
                    room -= i128::from(debt) * PARTS;
                    used += i128::from(debt) * PARTS;
                }
                _ => {
                    let wanted = 1 + if saturated { 0 } else { below(quota.burst) };
                    let wait = loop {
                        match allowance.take(wanted, now) {
                            Ok(()) => {
                                room -= i128::from(wanted) * PARTS;
                                used += i128::from(wanted) * PARTS;
                            }
                            Err(Short::Wait(wait)) => break wait,
                            Err(Short::TooLarge { .. }) => panic!("within the burst"),
                        }
                        assert!(room >= 0, "seed {seed}: more was admitted than there was");
                    };
                    assert!(room < i128::from(wanted) * PARTS, "seed {seed}: refused though there was enough");
                    assert_eq!(allowance.left(now).until(wanted), wait, "seed {seed}");
                    assert!(allowance.left(now + wait).until(wanted).is_zero(), "seed {seed}: the wait is long enough");
                }
            }
        }
        assert_eq!(used + room + lost - brought, first, "seed {seed}: what came through was brought, or the burst");
        assert_eq!(i128::from(allowance.left(now).units), (room / PARTS).max(0), "seed {seed}");
    }
}

#[test]
fn changing_a_quota_gives_no_fresh_burst_and_takes_none_away() {
    let mut now = SECOND;
    let allowance = Allowance::new(quota(10, 20), now);
    assert_eq!(taken(&allowance, now), 20);
    allowance.set(quota(500, 1_000), now);
    assert_eq!(taken(&allowance, now), 0, "nothing was left, so nothing is");
    now += SECOND;
    assert_eq!(taken(&allowance, now), 500);
    now += SECOND * 60;
    allowance.set(quota(10, 20), now);
    assert_eq!(taken(&allowance, now), 20, "a full allowance is cut to the new burst");
    now += SECOND;
    allowance.take(5, now).expect("ten are there");
    allowance.set(quota(10, 40), now);
    assert_eq!(taken(&allowance, now), 5, "what was left stays left");
    allowance.charge(30, now);
    allowance.set(quota(20, 40), now);
    now += SECOND;
    assert_eq!(taken(&allowance, now), 0, "debt stays debt");
    now += SECOND;
    assert_eq!(taken(&allowance, now), 10);
}

#[test]
fn what_work_cost_more_is_paid_before_the_next_comes() {
    let mut now = SECOND;
    let allowance = Allowance::new(quota(1_000, 2_000), now);
    allowance.take(1_000, now).expect("within the burst");
    allowance.charge(19_000, now);
    assert_eq!(allowance.take(1, now), Err(Short::Wait(Duration::from_millis(18_001))));
    assert_eq!(allowance.left(now).units, 0);
    now += SECOND * 18;
    assert_eq!(taken(&allowance, now), 0);
    now += SECOND;
    assert_eq!(taken(&allowance, now), 1_000);
    allowance.give_back(5_000, now);
    assert_eq!(taken(&allowance, now), 2_000, "never more than the burst");
}

#[test]
fn what_is_larger_than_the_burst_never_passes_and_is_told_so() {
    let allowance = Allowance::new(quota(10, 20), SECOND);
    assert_eq!(allowance.take(21, SECOND), Err(Short::TooLarge { burst: 20 }));
    assert_eq!(allowance.take(21, SECOND * 100), Err(Short::TooLarge { burst: 20 }));
    allowance.take(20, SECOND).expect("as large as the burst");
    assert_eq!(allowance.take(20, SECOND), Err(Short::Wait(SECOND * 2)));
}

#[test]
fn extremes_neither_overflow_nor_stop() {
    let allowance = Allowance::new(Quota::UNLIMITED, Duration::ZERO);
    allowance.take(1 << 60, Duration::MAX).expect("nothing binds");
    allowance.charge(u64::MAX, Duration::MAX);
    allowance.charge(u64::MAX, Duration::MAX);
    let _ = allowance.left(Duration::MAX).until(u64::MAX);
    let zero = Allowance::new(Quota::new(0, 0), Duration::ZERO);
    zero.take(1, Duration::ZERO).expect("one at least");
    // A clock that goes back brings nothing and takes nothing.
    zero.take(1, SECOND * 5).expect("a second has passed");
    assert!(zero.take(1, SECOND).is_err() && zero.take(1, SECOND * 5).is_err());
}
