//! Events by sequence, for the gaps of the stream (CONTRACT 1, `GET /events`).

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::wire::call::Call;
use protocol::rest::{self, EventsPage};

impl Gateway {
    /// The events after a seq, in order, and how many of the page could not be read.
    pub(crate) async fn events(&self, after: u64, limit: u64) -> Result<(EventsPage, usize), Failure> {
        self.page(Call::get("/events").query("after", after).query("limit", limit)).await
    }

    /// The same, answered when there is something or after so long (a long poll, F3).
    pub(crate) async fn poll(
        &self,
        after: u64,
        limit: u64,
        wait_ms: u64,
    ) -> Result<(EventsPage, usize), Failure> {
        let call = Call::get("/events").query("after", after).query("limit", limit);
        let timeout_ms = self.inner.settings.timeouts.read_ms + wait_ms;
        self.page(call.query("wait", wait_ms.div_ceil(1_000)).timeout_ms(timeout_ms)).await
    }

    async fn page(&self, call: Call) -> Result<(EventsPage, usize), Failure> {
        let answer = self.call(&call).await?;
        rest::read_events(&answer.body).map_err(Failure::bad_answer)
    }
}
