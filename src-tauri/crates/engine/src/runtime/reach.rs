//! What an effect needs to talk to one gateway and to come back.

use super::{Mail, Ports};
use crate::command::{Code, Refused};
use crate::input::{Done, Input};
use domain::GatewayId;
use tokio::sync::mpsc;

/// Cheap to clone; one per task.
#[derive(Clone)]
pub(crate) struct Reach {
    pub(crate) id: GatewayId,
    pub(crate) client: client::Gateway,
    pub(crate) ports: Ports,
    pub(crate) mail: mpsc::Sender<Mail>,
}

impl Reach {
    /// Comes back to the loop. If the engine has ended meanwhile, nobody is waiting.
    pub(crate) async fn done(&self, done: Done) {
        let _ = self.mail.send(Mail::Input(Input::Done(done))).await;
    }
}

/// No gateway has that id here.
pub(crate) fn unknown_gateway(id: GatewayId) -> Refused {
    Refused::new(Code::NotFound, format!("No gateway {id} is known here: add it by its address first."))
}
