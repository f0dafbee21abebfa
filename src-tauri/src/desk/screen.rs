//! What the desk shows outside the page: the window coming and going, and notices.

use super::mail::{NoticeId, Seen, Subject};
use super::seat;
use super::{IDLE_MS, State};
use crate::desktop::notify::{self, Text};
use crate::{app, window};
use engine::notices::Notice;
use engine::window::{Asked, Closing, Realm};

impl State {
    pub(super) fn open_window(&mut self, seen: Option<Seen>) {
        if let Some(Seen { realm, key }) = seen {
            if realm == Realm::Own && self.rehearsal.is_some() {
                // A real incident goes before a rehearsed one.
                self.end_rehearsal();
            }
            let nth = self.asked.as_ref().map_or(1, |asked| asked.nth + 1);
            self.asked = Some(Asked { key, nth });
            self.publish();
        }
        app::bring_up(&self.app);
    }

    pub(super) fn close_window(&mut self) {
        let first = match self.closing {
            Closing::ToTray => {
                window::end(&self.app);
                seat::first_time(&self.setup.data_dir, "closed-to-tray")
            }
            Closing::Minimises => {
                window::minimise(&self.app);
                seat::first_time(&self.setup.data_dir, "closed-minimised")
            }
        };
        if first {
            let id = NoticeId { realm: Realm::Own, subject: Subject::Closing };
            self.notifications.show(id, Text::of_closing(self.closing));
        }
    }

    pub(super) fn notice(&mut self, realm: Realm) {
        let front = self.front;
        let seat = match realm {
            Realm::Own => self.own.as_mut(),
            Realm::Rehearsal => self.rehearsal.as_mut().map(|(_, seat)| seat),
        };
        let Some(seat) = seat else { return };
        let notices = seat.notices(front);
        self.show(realm, notices);
    }

    pub(super) fn show(&mut self, realm: Realm, notices: Vec<Notice>) {
        for notice in notices {
            match notify::wanted(realm, notice) {
                (id, Some(text)) => self.notifications.show(id, text),
                (id, None) => self.notifications.withdraw(&id),
            }
        }
    }

    pub(super) fn wait_ms(&self) -> u64 {
        let now = self.setup.clock.boot_ms();
        let seats = [self.own.as_ref(), self.rehearsal.as_ref().map(|(_, seat)| seat)];
        let due = seats.into_iter().flatten().filter_map(|seat| seat.told.due_ms()).min();
        due.map_or(IDLE_MS, |due| due.saturating_sub(now).max(1))
    }
}
