//! The desk: one task that owns what the app has open (consoles, window, notices) and takes one mail after the other. It
//! awaits nothing but its mail and the consoles' views; whatever takes time runs beside it and comes back as mail.

mod consoles;
mod mail;
mod screen;
mod seat;

pub(crate) use mail::{Desk, Mail, Markup, NoticeId, Seen, Subject, open};

use crate::desktop::notify::{Before, Notifications, Shown};
use crate::gateways::{here, rehearsing};
use crate::tray::{self, Face};
use crate::{place, window};
use engine::command::{Answer, Code, Refused};
use engine::notices::Front;
use engine::window::{Asked, Closing, Notifying, Realm, WindowView, Wish};
use engine::{AppView, Setup};
use here::Here;
use mail::Reply;
use rehearsing::{Rehearsing, Steps};
use seat::Seat;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tauri::AppHandle;
use tauri::async_runtime::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Between two tries to open a console that could not be opened.
const AGAIN: Duration = Duration::from_secs(2);
/// Said to a window that wants another gateway in a rehearsal: what is decided there is thrown away with it.
const ONLY_REHEARSED: &str = "A rehearsal has its own gateway and no other. End it first.";
/// Nothing is due for this long if nothing is said.
const IDLE_MS: u64 = 3_600_000;

/// Runs until Quit.
pub(crate) async fn run(
    app: AppHandle,
    desk: Desk,
    inbox: mpsc::UnboundedReceiver<Mail>,
    data_dir: PathBuf,
    steps: Steps,
) {
    let setup = place::setup(&data_dir).await;
    let notifications = Notifications::new(desk.clone());
    let state = State {
        app,
        desk,
        setup,
        notifications,
        own: None,
        lost: None,
        not_open: Vec::new(),
        rehearsal: None,
        rehearsal_wanted: None,
        rehearsal_ending: None,
        steps,
        here: Builtin::Off,
        front: Front::Elsewhere,
        closing: Closing::Minimises,
        notifying: Notifying::Ready,
        asked: None,
        face: Face::default(),
    };
    state.run(inbox).await;
}

struct State {
    app: AppHandle,
    desk: Desk,
    setup: Setup,
    notifications: Notifications,
    /// `None` until it is open, and while another process that owned the engine has just ended.
    own: Option<Seat>,
    /// What was last known of a console whose owner has ended, as old as that; `None` while there is one.
    lost: Option<AppView>,
    /// Mail that needs the console before it is open.
    not_open: Vec<Mail>,
    rehearsal: Option<(Rehearsing, Seat)>,
    /// Those who wait for the rehearsal that is being set up; `None` if none is.
    rehearsal_wanted: Option<Vec<Reply<Answer>>>,
    /// The end of the one before: the next is set up in the same place.
    rehearsal_ending: Option<JoinHandle<()>>,
    steps: Steps,
    here: Builtin,
    front: Front,
    closing: Closing,
    notifying: Notifying,
    asked: Option<Asked>,
    face: Face,
}

/// The gateway that is built in.
enum Builtin {
    Off,
    /// Those who wait for it.
    Starting(Vec<oneshot::Sender<Result<Answer, Refused>>>),
    On(Here),
}

/// Whether the app goes on.
#[derive(PartialEq)]
enum Next {
    Go,
    Quit,
}

impl State {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Mail>) {
        self.open_console();
        loop {
            let wait = Duration::from_millis(self.wait_ms());
            tokio::select! {
                mail = inbox.recv() => match mail {
                    Some(mail) => {
                        if self.take(mail) == Next::Quit {
                            break;
                        }
                    }
                    None => break,
                },
                changed = seat::changed(self.own.as_mut()) => match changed {
                    Ok(()) => self.viewed(Realm::Own),
                    Err(_) => self.console_ended(),
                },
                changed = seat::changed(self.rehearsal.as_mut().map(|(_, seat)| seat)) => match changed {
                    Ok(()) => self.viewed(Realm::Rehearsal),
                    Err(_) => self.end_rehearsal(),
                },
                () = tokio::time::sleep(wait) => {
                    self.notice(Realm::Own);
                    self.notice(Realm::Rehearsal);
                }
            }
        }
        self.close().await;
    }

    fn take(&mut self, mail: Mail) -> Next {
        match mail {
            Mail::Wish { wish: Wish::Shell(command), reply } => self.shell(command, reply),
            Mail::Wish { wish: Wish::Engine(command), reply } if !self.realm().takes(&command) => {
                let _ = reply.send(Err(Refused::new(Code::Usage, ONLY_REHEARSED)));
            }
            Mail::Wish { wish: Wish::Engine(command), reply } => match self.shown().map(Seat::surface) {
                Some(surface) => {
                    tauri::async_runtime::spawn(async move { reply.send(surface.command(command).await) });
                }
                None => self.not_open.push(Mail::Wish { wish: Wish::Engine(command), reply }),
            },
            Mail::Query { query, reply } => match self.shown().map(Seat::surface) {
                Some(surface) => {
                    tauri::async_runtime::spawn(async move { reply.send(surface.query(query).await) });
                }
                None => self.not_open.push(Mail::Query { query, reply }),
            },
            Mail::View { reply } => match self.window_view() {
                Some(view) => {
                    let _ = reply.send(Ok(view));
                }
                None => self.not_open.push(Mail::View { reply }),
            },
            Mail::Opened(Ok(console)) => self.opened(*console),
            Mail::Opened(Err(refused)) => self.not_opened(&refused),
            Mail::OpenAgain => self.open_console(),
            Mail::HereStarted(result) => self.here_started(*result),
            Mail::Rehearsed(result) => self.rehearsed(*result),
            Mail::Open(seen) => self.open_window(seen),
            Mail::CloseAsked => self.close_window(),
            Mail::WindowGone => self.window_gone(),
            Mail::Front(front) => self.front = front,
            Mail::TrayHost(closing) => {
                self.closing = closing;
                self.publish();
            }
            Mail::NotificationDaemon { markup, before } => self.daemon_came(markup, before),
            Mail::Notified(notifying) => {
                if self.notifying != notifying {
                    self.notifying = notifying;
                    self.publish();
                }
            }
            Mail::Answered(NoticeId { realm, subject }) => {
                if realm == Realm::Own {
                    // A real incident goes before a rehearsed one.
                    self.end_rehearsal();
                }
                let key = subject.request().cloned();
                self.open_window(key.map(|key| Seen { realm, key }));
            }
            Mail::Quit => return Next::Quit,
        }
        Next::Go
    }

    fn window_gone(&mut self) {
        self.front = Front::Elsewhere;
        // The next page is not to open what this one was asked for.
        self.asked = None;
        // What the page prepared is void.
        for seat in self.seats() {
            seat.new_surface();
        }
    }

    fn daemon_came(&mut self, markup: Markup, before: Before) {
        if self.notifications.new_daemon(markup, before) == Shown::Still {
            return;
        }
        for seat in self.seats() {
            seat.told.forget_shown();
        }
        self.notice(Realm::Own);
        self.notice(Realm::Rehearsal);
    }

    fn seats(&mut self) -> impl Iterator<Item = &mut Seat> {
        [self.own.as_mut(), self.rehearsal.as_mut().map(|(_, seat)| seat)].into_iter().flatten()
    }

    /// The console that the window shows.
    fn shown(&self) -> Option<&Seat> {
        match &self.rehearsal {
            Some((_, seat)) => Some(seat),
            None => self.own.as_ref(),
        }
    }

    fn realm(&self) -> Realm {
        if self.rehearsal.is_some() { Realm::Rehearsal } else { Realm::Own }
    }

    fn window_view(&self) -> Option<WindowView> {
        let app = match self.shown() {
            Some(seat) => (*seat.view()).clone(),
            None => self.lost.clone()?,
        };
        Some(WindowView {
            app,
            realm: self.realm(),
            closing: self.closing,
            notifying: self.notifying.clone(),
            asked: self.asked.clone(),
        })
    }

    /// Tells window and tray.
    fn publish(&mut self) {
        let Some(view) = self.window_view() else { return };
        self.publish_face(&view);
        window::tell(&self.app, &view);
    }

    /// The tray shows the real console wherever there is one: a rehearsal must not hide it.
    fn publish_face(&mut self, shown: &WindowView) {
        let own = self.own.as_ref().map(Seat::view).filter(|view| !view.gateways.is_empty());
        let face = match own {
            Some(view) => Face::of(&view, Realm::Own),
            None => Face::of(&shown.app, shown.realm),
        };
        if face != self.face {
            tray::show(&self.app, &face);
            self.face = face;
        }
    }

    fn viewed(&mut self, realm: Realm) {
        self.notice(realm);
        if realm == self.realm() {
            self.publish();
        } else if let Some(view) = self.window_view() {
            self.publish_face(&view);
        }
    }
}

/// A console's clock, for those who only need that.
pub(crate) type Time = Arc<dyn domain::Clock>;
