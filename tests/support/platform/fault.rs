//! What a test makes go wrong, by name.

use super::Platform;
use super::approve;
use super::document::Taken;
use super::received::{Instead, Route};
use super::socket::{Close, Say};
use super::world::{ApproveFault, Container, now};
use domain::{PipelineId, RequestId};
use std::time::Duration;

impl Platform {
    /// Stops a pipeline's container: its routes answer 404, which means an empty list and no error.
    pub fn stop_pipeline(&self, pipeline: &PipelineId) {
        self.change(pipeline, |pipeline| pipeline.container = Container::Stopped);
    }

    /// Starts it again, with what it had in memory.
    pub fn start_pipeline(&self, pipeline: &PipelineId) {
        self.change(pipeline, |pipeline| pipeline.container = Container::Running);
    }

    /// Restarts a pipeline's container: every request in it is lost, what runs goes nowhere.
    pub fn lose_memory(&self, pipeline: &PipelineId) {
        self.change(pipeline, |pipeline| pipeline.requests.clear());
    }

    /// What happens to decisions from now on.
    pub fn fault_approvals(&self, fault: ApproveFault) {
        self.world.with(|state| state.approve_fault = fault);
    }

    /// An action that runs does not come back before [`Platform::release`].
    pub fn hold(&self, action: &str) {
        self.world.held.send_modify(|held| {
            held.insert(action.to_owned());
        });
    }

    /// Lets it come back.
    pub fn release(&self, action: &str) {
        self.world.held.send_modify(|held| {
            held.remove(action);
        });
    }

    /// Sends the frame that a refused reject sends: `rejected`, though nothing about the request has changed.
    pub fn lie(&self, request: &RequestId) {
        self.world.with(|state| {
            let document = state.request(request.as_str()).map(|request| request.document_id.clone());
            let taken = Taken { what: "Rejected: no".into(), at: now(), by: "someone@ledger.test".into() };
            match document {
                Some(document) => approve::show(state, &document, "rejected", taken),
                None => panic!("no request {request}"),
            }
        });
    }

    /// Sends any text to every socket, well formed or not.
    pub fn send_frame(&self, text: &str) {
        self.world.with(|state| state.say(&Say::Text(text.to_owned())));
    }

    /// No access token given out so far is good any longer; refresh tokens are. Open sockets stay open.
    pub fn expire_access_tokens(&self) {
        self.world.with(|state| state.access.clear());
    }

    /// No refresh token given out so far is good any longer.
    pub fn revoke_refresh_tokens(&self) {
        self.world.with(|state| state.refresh.clear());
    }

    /// Ends every open socket in this way.
    pub fn close_sockets(&self, how: Close) {
        self.world.with(|state| state.say(&Say::Close(how)));
    }

    /// Sockets opened from now on are inactive after so long without a text from the client; 300 s otherwise.
    pub fn idle_after(&self, limit: Duration) {
        self.world.with(|state| state.idle_after = limit);
    }

    /// A route answers this, as if something in between did; the platform does not see the request.
    pub fn answer_instead(&self, route: Route, instead: Instead) {
        self.world.with(|state| state.instead.insert(route, instead));
    }

    /// The route is the platform's own again.
    pub fn answer_itself(&self, route: Route) {
        self.world.with(|state| state.instead.remove(&route));
    }

    /// Goes away: the port refuses, every connection is reset, what runs goes on.
    pub async fn go_down(&self) {
        self.serving.go_down().await;
        self.world.with(|state| state.sockets.clear());
    }

    /// Comes back on the same port, with everything it knew.
    pub async fn come_back(&self) {
        self.serving.come_back().await;
    }
}
