//! Requests are handled on the service's own runtime, whichever thread they arrive on.
//!
//! Every thread of the HTTP server has a runtime of its own, which ends with the thread. A
//! connection to the database belongs to the runtime that was current when it was opened: opened
//! on a thread of the server, it would be dead for whoever gets it from the pool after that thread
//! has ended, as the loops do at a clean stop. So a handler, and the body that it answers with, run
//! with the runtime that the service was started on as the current one, and so do their ends.
//!
//! **Never** moves a request to another thread.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use bytes::Bytes;
use futures::future::LocalBoxFuture;
use tokio::runtime::Handle;

use super::site::Site;

/// Handles a request with the service's runtime as the current one.
pub(super) async fn at_home(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let home = request.app_data::<web::Data<Site>>().map(|site| site.home.clone());
    let handled: LocalBoxFuture<'static, _> = Box::pin(async move { next.call(request).await });
    let response = AtHome { home: home.clone(), inner: Some(handled) }.await?;
    Ok(response.map_body(|_, body| AtHome { home, inner: Some(BoxBody::new(body)) }))
}

/// What is polled and dropped with a runtime as the current one.
struct AtHome<T> {
    /// None: with whichever is.
    home: Option<Handle>,
    /// There until it is dropped.
    inner: Option<T>,
}

impl<F: Future + Unpin> Future for AtHome<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { home, inner } = self.get_mut();
        let _current = home.as_ref().map(Handle::enter);
        inner.as_mut().map_or(Poll::Pending, |inner| Pin::new(inner).poll(context))
    }
}

impl MessageBody for AtHome<BoxBody> {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.inner.as_ref().map_or(BodySize::None, MessageBody::size)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Self { home, inner } = self.get_mut();
        let _current = home.as_ref().map(Handle::enter);
        inner.as_mut().map_or(Poll::Ready(None), |inner| Pin::new(inner).poll_next(context))
    }

    fn try_into_bytes(mut self) -> Result<Bytes, Self> {
        let Some(inner) = self.inner.take() else { return Ok(Bytes::new()) };
        inner.try_into_bytes().map_err(|inner| Self { home: self.home.take(), inner: Some(inner) })
    }
}

impl<T> Drop for AtHome<T> {
    fn drop(&mut self) {
        let _current = self.home.as_ref().map(Handle::enter);
        drop(self.inner.take());
    }
}
