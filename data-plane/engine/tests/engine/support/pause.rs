//! A process that stands still: it is not scheduled, and nothing that it waits for reaches it.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

/// Whether a process runs. What it does must go through [`Pause::running`] or [`Frozen`].
#[derive(Debug, Default)]
pub struct Pause(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    paused: bool,
    /// Steps of the process until it stands still; 0 for never.
    steps: u64,
    waiting: Vec<Waker>,
}

impl Pause {
    /// Stops the process at the `steps`th step of its calls from now.
    pub fn pause_in(&self, steps: u64) {
        self.0.lock().steps = steps;
    }

    /// Lets it go on, and takes back a pause that has not come yet.
    pub fn resume(&self) {
        self.change(false);
        self.0.lock().steps = 0;
    }

    pub fn is_paused(&self) -> bool {
        self.0.lock().paused
    }

    /// Returns while the process runs.
    pub async fn running(&self) {
        std::future::poll_fn(|cx| self.poll(cx, false)).await;
    }

    /// Returns when it stands still.
    pub async fn paused(&self) {
        std::future::poll_fn(|cx| self.poll(cx, true)).await;
    }

    fn poll(&self, cx: &mut Context<'_>, wanted: bool) -> Poll<()> {
        let mut state = self.0.lock();
        if state.paused == wanted {
            return Poll::Ready(());
        }
        state.waiting.push(cx.waker().clone());
        Poll::Pending
    }

    fn step(&self) {
        let mut state = self.0.lock();
        let now = state.steps == 1;
        state.steps = state.steps.saturating_sub(1);
        drop(state);
        if now {
            self.change(true);
        }
    }

    fn change(&self, paused: bool) {
        let waiting = {
            let mut state = self.0.lock();
            state.paused = paused;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// A call on a process, which makes no step while the process stands still.
pub struct Frozen<'a, F> {
    pause: &'a Pause,
    work: Pin<Box<F>>,
}

impl<'a, F> Frozen<'a, F> {
    pub fn new(pause: &'a Pause, work: F) -> Self {
        Self { pause, work: Box::pin(work) }
    }
}

impl<F: Future> Future for Frozen<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.pause.step();
        match self.pause.poll(cx, false) {
            Poll::Ready(()) => self.work.as_mut().poll(cx),
            Poll::Pending => Poll::Pending,
        }
    }
}
