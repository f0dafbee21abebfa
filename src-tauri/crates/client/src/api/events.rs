//! Events by sequence, for the gaps of the stream (CONTRACT 1, `GET /events`).

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::wire::call::Call;
use protocol::rest::{self, EventsPage};

impl Gateway {
    /// The events after a seq, in order, and how many of the page could not be read.
    pub(crate) async fn events(&self, after: u64, limit: u64) -> Result<(EventsPage, usize), Failure> {
        let call = Call::get("/events").query("after", after).query("limit", limit);
        let answer = self.call(&call).await?;
        rest::read_events(&answer.body).map_err(Failure::bad_answer)
    }
}
