//! What one reader may see, and what changed when his rights did. Pure, but for loading it.

use crate::auth::caller::Caller;
use crate::db::{Conn, Result};
use crate::registry::workflows;
use protocol::frame::{Access, Topics};
use std::collections::BTreeSet;

/// The topics one reader may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vision {
    topics: BTreeSet<String>,
    own_topic: String,
}

impl Vision {
    pub(crate) async fn load(conn: &mut Conn, caller: &Caller) -> Result<Self> {
        let topics = workflows::visible_ids(conn, caller).await?;
        Ok(Self { topics, own_topic: format!("user:{}", caller.user_id) })
    }

    pub(crate) fn sees(&self, topic: &str) -> bool {
        topic == self.own_topic || self.topics.contains(topic)
    }

    /// No pipeline at all.
    pub(crate) fn is_blind(&self) -> bool {
        self.topics.is_empty()
    }

    /// The heads of the topics that are seen.
    pub(crate) fn filter(&self, topics: Topics) -> Topics {
        topics.into_iter().filter(|(topic, _)| self.sees(topic)).collect()
    }

    /// What was won and lost between `self` and `next`; `None` if nothing was.
    pub(crate) fn change(&self, next: &Vision) -> Option<Access> {
        let granted: Vec<String> = next.topics.difference(&self.topics).cloned().collect();
        let revoked: Vec<String> = self.topics.difference(&next.topics).cloned().collect();
        (!granted.is_empty() || !revoked.is_empty()).then_some(Access { granted, revoked })
    }
}
