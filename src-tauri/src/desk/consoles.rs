//! The desk's consoles and gateways: opened, lost, opened again; the built-in one and the rehearsal.

use super::mail::{Mail, Reply};
use super::{AGAIN, Builtin, State};
use crate::desk::seat::Seat;
use crate::desktop::link;
use crate::gateways::here::{self, Here};
use crate::gateways::rehearsing::{self, Rehearsing};
use domain::Connection;
use domain::connection::Staleness;
use engine::command::{Answer, Code, Refused};
use engine::window::{Realm, ShellCommand, Wish};
use engine::{Console, Introduction};

impl State {
    pub(super) fn open_console(&self) {
        let (setup, desk) = (self.setup.clone(), self.desk.clone());
        tauri::async_runtime::spawn(async move {
            let console = Console::open(&setup, &Introduction::default()).await;
            desk.tell(Mail::Opened(console.map(Box::new)));
        });
    }

    pub(super) fn opened(&mut self, console: Console) {
        let seat = Seat::new(console, self.setup.clock.clone());
        seat.connect_known();
        self.own = Some(seat);
        self.lost = None;
        if here::is_wanted(&self.setup.data_dir) && matches!(self.here, Builtin::Off) {
            self.start_here(Vec::new());
        } else if let Builtin::On(here) = &self.here {
            // Another process owned the engine that knew where it listens.
            here.introduce(self.own.as_ref().map(Seat::surface));
        }
        for mail in std::mem::take(&mut self.not_open) {
            self.take(mail);
        }
        self.viewed(Realm::Own);
    }

    /// Said to whoever waits, and tried again: another Holdpoint may just be ending.
    pub(super) fn not_opened(&mut self, refused: &Refused) {
        tracing::error!("{}", refused.message);
        for mail in std::mem::take(&mut self.not_open) {
            mail.refuse(refused);
        }
        let desk = self.desk.clone();
        tauri::async_runtime::spawn(async move {
            tokio::time::sleep(AGAIN).await;
            desk.tell(Mail::OpenAgain);
        });
    }

    /// The process that owned the engine has ended; this one tries to take its place.
    pub(super) fn console_ended(&mut self) {
        if let Some(mut seat) = self.own.take() {
            let notices = seat.told.withdraw_all();
            self.show(Realm::Own, notices);
            // Nobody tells anything from now on, so nothing is live any more (rule 9).
            let mut view = (*seat.view()).clone();
            let since = Some(self.setup.clock.now());
            for gateway in &mut view.gateways {
                gateway.connection = Connection::Stale { since, why: Staleness::Lost };
            }
            self.lost = Some(view);
            self.publish();
        }
        self.open_console();
    }

    pub(super) fn shell(&mut self, command: ShellCommand, reply: Reply<Answer>) {
        match (command, &mut self.here) {
            (ShellCommand::StartHere, Builtin::On(here)) => {
                let _ = reply.send(Ok(Answer::Gateway(here.gateway())));
            }
            (ShellCommand::StartHere, Builtin::Starting(waiting)) => waiting.push(reply),
            (ShellCommand::StartHere, Builtin::Off) if self.own.is_some() => self.start_here(vec![reply]),
            (ShellCommand::StartHere, Builtin::Off) => {
                self.not_open.push(Mail::Wish { wish: Wish::Shell(ShellCommand::StartHere), reply });
            }
            (ShellCommand::Rehearse, _) => match &self.rehearsal {
                Some((rehearsing, _)) => {
                    let _ = reply.send(Ok(Answer::Gateway(rehearsing.gateway())));
                }
                None => self.rehearse(reply),
            },
            (ShellCommand::EndRehearsal, _) => {
                self.end_rehearsal();
                let _ = reply.send(Ok(Answer::Done));
            }
            (ShellCommand::OpenLink { url }, _) => {
                let _ = reply.send(link::open(&url).map(|()| Answer::Done));
            }
            (ShellCommand::Quit, _) => {
                let _ = reply.send(Ok(Answer::Done));
                self.desk.tell(Mail::Quit);
            }
        }
    }

    fn start_here(&mut self, waiting: Vec<Reply<Answer>>) {
        self.here = Builtin::Starting(waiting);
        let (setup, desk) = (self.setup.clone(), self.desk.clone());
        let surface = self.own.as_ref().map(Seat::surface);
        tauri::async_runtime::spawn(async move {
            let result = match surface {
                Some(surface) => here::start(&setup, &surface).await,
                None => Err(Refused::new(Code::Ended, "The console is not open.")),
            };
            desk.tell(Mail::HereStarted(Box::new(result)));
        });
    }

    pub(super) fn here_started(&mut self, result: Result<Here, Refused>) {
        let answer = match &result {
            Ok(here) => Ok(Answer::Gateway(here.gateway())),
            Err(refused) => {
                tracing::error!("the built-in gateway did not start: {}", refused.message);
                Err(refused.clone())
            }
        };
        let next = result.map_or(Builtin::Off, Builtin::On);
        if let Builtin::Starting(waiting) = std::mem::replace(&mut self.here, next) {
            for reply in waiting {
                let _ = reply.send(answer.clone());
            }
        }
    }

    /// One at a time, and only when the one before has left the place.
    fn rehearse(&mut self, reply: Reply<Answer>) {
        if let Some(waiting) = &mut self.rehearsal_wanted {
            return waiting.push(reply);
        }
        self.rehearsal_wanted = Some(vec![reply]);
        let (setup, desk, steps) = (self.setup.clone(), self.desk.clone(), self.steps);
        let before = self.rehearsal_ending.take();
        tauri::async_runtime::spawn(async move {
            if let Some(before) = before {
                // How it ended is its own matter.
                let _ = before.await;
            }
            desk.tell(Mail::Rehearsed(Box::new(rehearsing::start(&setup, steps).await)));
        });
    }

    pub(super) fn rehearsed(&mut self, result: Result<(Rehearsing, Console), Refused>) {
        let answer = match result {
            Ok((rehearsing, console)) => {
                let answer = Answer::Gateway(rehearsing.gateway());
                let seat = Seat::new(console, self.setup.clock.clone());
                self.rehearsal = Some((rehearsing, seat));
                self.viewed(Realm::Rehearsal);
                Ok(answer)
            }
            Err(refused) => Err(refused),
        };
        for reply in self.rehearsal_wanted.take().unwrap_or_default() {
            let _ = reply.send(answer.clone());
        }
    }

    pub(super) fn end_rehearsal(&mut self) {
        if let Some((rehearsing, mut seat)) = self.rehearsal.take() {
            let notices = seat.told.withdraw_all();
            self.show(Realm::Rehearsal, notices);
            self.rehearsal_ending = Some(tauri::async_runtime::spawn(end_of(rehearsing, seat)));
            self.publish();
        }
    }

    pub(super) async fn close(self) {
        self.notifications.end().await;
        if let Some((rehearsing, seat)) = self.rehearsal {
            end_of(rehearsing, seat).await;
        }
        if let Some(seat) = self.own {
            seat.close().await;
        }
        if let Builtin::On(here) = self.here {
            here.end().await;
        }
        self.app.exit(0);
    }
}

/// The console first: it must not see its gateway vanish.
async fn end_of(rehearsing: Rehearsing, seat: Seat) {
    seat.close().await;
    rehearsing.end().await;
}
