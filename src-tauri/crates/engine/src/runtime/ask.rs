//! Which question goes where: to the state, to the disk, to a gateway.

use super::{Runtime, past, query, reach};
use crate::command::{Answer, Query, Refused};
use std::sync::Arc;
use tokio::sync::oneshot;

impl Runtime {
    /// Answers, at once or from a task of its own.
    pub(super) fn query(&mut self, query: Query, reply: oneshot::Sender<Result<Answer, Refused>>) {
        match query {
            Query::View => {
                let _ = reply.send(Ok(Answer::View(Box::new(self.look()))));
            }
            Query::Decision { decision } if self.state.decisions.contains_key(&decision) => {
                let view =
                    self.state.decisions.get(&decision).map(|decision| Box::new(decision.view.clone()));
                let _ = reply.send(Ok(Answer::Decision(view)));
            }
            Query::Decision { .. }
            | Query::History { .. }
            | Query::Shown { .. }
            | Query::Receipts
            | Query::Exported { .. } => {
                let store = Arc::clone(&self.ports.store);
                tokio::spawn(async move {
                    let _ = reply.send(past::answer(&store, query).await);
                });
            }
            Query::Pending { gateway }
            | Query::Pipelines { gateway }
            | Query::Actions { gateway, .. }
            | Query::Mappings { gateway, .. }
            | Query::SincePrinted { key: domain::RequestKey { gateway, .. }, .. }
            | Query::Show { key: domain::RequestKey { gateway, .. }, .. } => match self.reach(gateway) {
                Some(reach) => {
                    tokio::spawn(async move {
                        let _ = reply.send(query::answer(&reach, query).await);
                    });
                }
                None => {
                    let store = Arc::clone(&self.ports.store);
                    let why = self.read_only().unwrap_or_else(|| reach::unknown_gateway(gateway));
                    tokio::spawn(async move {
                        let _ = reply.send(past::cached(store.reader(), query, why).await);
                    });
                }
            },
        }
    }
}
