//! A second, slow way to the same number, for tests: schoolbook arithmetic on decimal digits, without any
//! machine integer wider than a digit's carry, rounding decided by looking at the remainder's digits.

/// Digits, least significant first, without leading zeros.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Digits(Vec<u8>);

impl Digits {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.bytes().rev().map(|b| b - b'0').collect()).trimmed()
    }

    fn trimmed(mut self) -> Self {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    pub(crate) fn text(&self) -> String {
        if self.0.is_empty() {
            return "0".to_owned();
        }
        self.0.iter().rev().map(|d| char::from(b'0' + d)).collect()
    }

    fn less(&self, other: &Self) -> bool {
        self.0.len() < other.0.len() || (self.0.len() == other.0.len() && self.0.iter().rev().lt(other.0.iter().rev()))
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        let mut out = vec![0_u8; self.0.len() + other.0.len() + 1];
        for (i, a) in self.0.iter().enumerate() {
            let mut carry = 0;
            for j in 0..=other.0.len() {
                let sum = out[i + j] + a * other.0.get(j).copied().unwrap_or(0) + carry;
                out[i + j] = sum % 10;
                carry = sum / 10;
            }
        }
        Self(out).trimmed()
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        assert!(!self.less(other), "naive numbers are not negative");
        let mut borrow = 0_i8;
        let digits = self.0.iter().enumerate().map(|(i, a)| {
            let difference = *a as i8 - other.0.get(i).copied().unwrap_or(0) as i8 - borrow;
            borrow = i8::from(difference < 0);
            (difference + 10 * borrow) as u8
        });
        Self(digits.collect()).trimmed()
    }

    pub(crate) fn plus_one(&self) -> Self {
        let mut digits = self.0.clone();
        for digit in &mut digits {
            if *digit < 9 {
                *digit += 1;
                return Self(digits);
            }
            *digit = 0;
        }
        digits.push(1);
        Self(digits)
    }

    fn divide(&self, by: &Self) -> (Self, Self) {
        let (mut quotient, mut rest) = (Vec::new(), Self(Vec::new()));
        for digit in self.0.iter().rev() {
            rest.0.insert(0, *digit);
            rest = rest.trimmed();
            let mut times = 0;
            while !rest.less(by) {
                rest = rest.minus(by);
                times += 1;
            }
            quotient.insert(0, times);
        }
        (Self(quotient).trimmed(), rest)
    }

    /// Half to even.
    pub(crate) fn divide_rounded(&self, by: &Self) -> Self {
        let (quotient, rest) = self.divide(by);
        let twice = rest.times(&Self::new("2"));
        let odd = quotient.0.first().is_some_and(|d| d % 2 == 1);
        if by.less(&twice) || (twice == *by && odd) { quotient.plus_one() } else { quotient }
    }
}

#[test]
fn schoolbook_arithmetic_is_right_on_known_numbers() {
    let n = Digits::new;
    assert_eq!(n("987654321987654321").times(&n("1000000007")).text(), "987654328901234574913580247");
    assert_eq!(n("1000").minus(&n("1")).text(), "999");
    assert_eq!(n("999").plus_one().text(), "1000");
    for (a, b, expected) in [("25", "10", "2"), ("35", "10", "4"), ("26", "10", "3"), ("0", "7", "0")] {
        assert_eq!(n(a).divide_rounded(&n(b)).text(), expected, "{a}/{b}");
    }
}
