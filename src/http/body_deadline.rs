//! A time by which the body of a request must have arrived, for routes that read it before they do anything.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;

/// From the end of the head to the end of the body.
pub const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// Middleware: a body that is not there in time breaks off, which its reader refuses as unreadable.
pub async fn body_deadline(State(patience): State<Duration>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let deadline = Box::pin(tokio::time::sleep(patience));
    next.run(request.map(|body| Body::new(Timed { body, deadline }))).await
}

struct Timed {
    body: Body,
    deadline: Pin<Box<Sleep>>,
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Pending if self.deadline.as_mut().poll(context).is_ready() => {
                Poll::Ready(Some(Err(axum::Error::new("the body did not arrive in time"))))
            }
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use agentdb_problem::Json;
    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    /// Says a part and then nothing more.
    struct Stalled(Option<Bytes>);

    impl HttpBody for Stalled {
        type Data = Bytes;
        type Error = axum::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
            self.0.take().map_or(Poll::Pending, |part| Poll::Ready(Some(Ok(Frame::data(part)))))
        }
    }

    async fn status_of(body: Body) -> StatusCode {
        let app = Router::new()
            .route("/", post(async |Json(number): Json<u32>| number.to_string()))
            .layer(from_fn_with_state(Duration::from_millis(50), body_deadline));
        let request = Request::post("/").header("content-type", "application/json").body(body).unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(20), app.oneshot(request));
        answer.await.expect("an answer in time").unwrap().status()
    }

    #[tokio::test]
    async fn a_body_that_does_not_end_is_refused_and_a_whole_one_is_read() {
        assert_eq!(status_of(Body::new(Stalled(Some(Bytes::from_static(b"12"))))).await, StatusCode::BAD_REQUEST);
        assert_eq!(status_of(Body::new(Stalled(None))).await, StatusCode::BAD_REQUEST);
        assert_eq!(status_of(Body::from("12")).await, StatusCode::OK);
    }
}
