//! `GET /ws` and `/ws/`: the upgrade. Who is refused is refused before 101.

use super::origin;
use crate::auth::caller::Caller;
use crate::core::App;
use crate::fault::Fault;
use crate::stream::socket;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;

/// Largest message and frame a client may send, in bytes (CONTRACT 2).
const MESSAGE_BYTES: usize = 1024 * 1024;
const FRAME_BYTES: usize = 256 * 1024;
/// Small buffers: most sockets are idle, and the defaults hold 134 KiB each.
const READ_BUFFER_BYTES: usize = 4096;

pub(super) async fn upgrade(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Fault> {
    // Cross-site hijacking (A15) is judged before anything else about the upgrade.
    origin::check_not_foreign(request.headers())?;
    let (mut parts, _) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &app)
        .await
        .map_err(|_| Fault::invalid("This route is a WebSocket.").status(426))?;
    Ok(upgrade
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(FRAME_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .on_upgrade(move |socket| {
            let tracked = app.sockets.clone();
            tracked.track_future(socket::serve(app, caller, socket))
        }))
}
