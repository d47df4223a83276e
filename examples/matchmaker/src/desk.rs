//! The desk: the one task that owns all tickets. Whoever wants something of it sends a message.
//!
//! It decides nothing about matches (`matching.rs`) and calls nobody: a complete match goes to a `Place`, and what became
//! of it comes back as a message like any other.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::matching::{Group, Rules, Seeker, groups};
use crate::placement::{Party, Place, Seats};
use crate::ticket::{Seat, Status, Wish};

/// How long somebody may search, and what else is bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// A search that found nobody ends after this time.
    pub search: Duration,
    /// A search that nobody watches ends after this time: the player has gone.
    pub unwatched: Duration,
    /// How long the outcome of a ticket can be read.
    pub kept: Duration,
    /// Most tickets at once. Each look compares everybody who waits with everybody; split a larger crowd, by mode say.
    pub tickets: usize,
    /// How often those who wait are looked at, because limits widen with time.
    pub period: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            search: Duration::from_secs(120),
            unwatched: Duration::from_secs(10),
            kept: Duration::from_secs(60),
            tickets: 1_000,
            period: Duration::from_millis(250),
        }
    }
}

/// Names a ticket. Nobody can guess it, so who has it may read it.
pub type TicketId = String;

/// Why a wish was not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// The wish itself is wrong.
    #[error("{0}")]
    Wish(String),
    /// One search for each player.
    #[error("`{0}` is searching already; hint: cancel that ticket first")]
    Twice(String),
    /// Too many.
    #[error("{0} tickets are open, which is as many as are taken; hint: try again in a few seconds")]
    Full(usize),
    /// The system gives no random numbers.
    #[error("no ticket could be made: {0}")]
    System(String),
}

enum Message {
    Submit { wish: Wish, answer: oneshot::Sender<Result<TicketId, Refusal>> },
    Watch { id: TicketId, answer: oneshot::Sender<Option<watch::Receiver<Status>>> },
    Cancel { id: TicketId, answer: oneshot::Sender<Option<bool>> },
    Placed { numbers: Vec<u64>, outcome: Result<Seats, String> },
}

/// The way to the desk.
#[derive(Clone)]
pub struct Desk {
    messages: mpsc::Sender<Message>,
}

/// The desk has been closed, which happens only when the program ends.
#[derive(Debug, thiserror::Error)]
#[error("the matchmaker is ending")]
pub struct Closed;

impl Desk {
    /// Opens a desk. It works as long as somebody holds a way to it.
    pub fn open(rules: Rules, limits: Limits, place: Arc<dyn Place>) -> Self {
        let (messages, inbox) = mpsc::channel(256);
        let placed = messages.downgrade();
        let owner =
            Owner { rules, limits, place, placed, tickets: BTreeMap::new(), ids: HashMap::new(), next: 0 };
        tokio::spawn(owner.run(inbox));
        Self { messages }
    }

    /// Takes a wish. Returns the ticket's id.
    ///
    /// # Errors
    /// [`Closed`]; inside, why the wish was not taken.
    pub async fn submit(&self, wish: Wish) -> Result<Result<TicketId, Refusal>, Closed> {
        self.ask(|answer| Message::Submit { wish, answer }).await
    }

    /// Where a ticket stands, now and from now on; `None` if there is no such ticket (any more).
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn watch(&self, id: TicketId) -> Result<Option<watch::Receiver<Status>>, Closed> {
        self.ask(|answer| Message::Watch { id, answer }).await
    }

    /// Gives a search up. `Some(false)` if it is too late for that, `None` if there is no such ticket.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn cancel(&self, id: TicketId) -> Result<Option<bool>, Closed> {
        self.ask(|answer| Message::Cancel { id, answer }).await
    }

    async fn ask<R>(&self, message: impl FnOnce(oneshot::Sender<R>) -> Message) -> Result<R, Closed> {
        let (answer, answered) = oneshot::channel();
        self.messages.send(message(answer)).await.map_err(|_| Closed)?;
        answered.await.map_err(|_| Closed)
    }
}

struct Ticket {
    id: TicketId,
    wish: Wish,
    since: Instant,
    status: watch::Sender<Status>,
    /// Since when nobody watches it.
    unwatched: Option<Instant>,
    /// When its outcome is forgotten.
    ended: Option<Instant>,
}

struct Owner {
    rules: Rules,
    limits: Limits,
    place: Arc<dyn Place>,
    /// Weak, so that a placement under way does not keep the desk open.
    placed: mpsc::WeakSender<Message>,
    /// By number, and so in the order in which they came.
    tickets: BTreeMap<u64, Ticket>,
    ids: HashMap<TicketId, u64>,
    next: u64,
}

impl Owner {
    async fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut period = interval(self.limits.period);
        period.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = inbox.recv() => match message {
                    Some(message) => self.take(message),
                    None => return,
                },
                _ = period.tick(), if !self.tickets.is_empty() => self.sweep(),
            }
            self.match_up();
            self.tell_waiting();
        }
    }

    /// Who asked and does not listen any more is told nothing.
    fn take(&mut self, message: Message) {
        match message {
            Message::Submit { wish, answer } => drop(answer.send(self.submit(wish))),
            Message::Watch { id, answer } => {
                let ticket = self.ids.get(&id).and_then(|number| self.tickets.get(number));
                drop(answer.send(ticket.map(|ticket| ticket.status.subscribe())));
            }
            Message::Cancel { id, answer } => drop(answer.send(self.cancel(&id))),
            Message::Placed { numbers, outcome } => self.placed(&numbers, outcome),
        }
    }

    fn submit(&mut self, wish: Wish) -> Result<TicketId, Refusal> {
        wish.check().map_err(Refusal::Wish)?;
        let open = || self.tickets.values().filter(|ticket| ticket.ended.is_none());
        if open().any(|ticket| ticket.wish.player_id == wish.player_id) {
            return Err(Refusal::Twice(wish.player_id));
        }
        if self.tickets.len() >= self.limits.tickets {
            return Err(Refusal::Full(self.limits.tickets));
        }
        let id = random_id().map_err(Refusal::System)?;
        let now = Instant::now();
        let status = watch::Sender::new(Status::Searching { waiting: 0 });
        let ticket = Ticket { id: id.clone(), wish, since: now, status, unwatched: Some(now), ended: None };
        self.next += 1;
        self.ids.insert(id.clone(), self.next);
        self.tickets.insert(self.next, ticket);
        Ok(id)
    }

    /// only from SEARCHING.
    fn cancel(&mut self, id: &str) -> Option<bool> {
        let ticket = self.tickets.get_mut(self.ids.get(id)?)?;
        let searches = is_searching(ticket);
        if searches {
            end(ticket, Status::Cancelled);
        }
        Some(searches)
    }

    fn match_up(&mut self) {
        let now = Instant::now();
        let waiting = self.tickets.iter().filter(|(_, ticket)| is_searching(ticket));
        let seekers: Vec<Seeker<u64>> = waiting
            .map(|(number, ticket)| Seeker {
                ticket: *number,
                skill: ticket.wish.skill,
                latencies: ticket.wish.latencies.clone(),
                waited: now.duration_since(ticket.since),
            })
            .collect();
        for Group { tickets, region } in groups(&self.rules, &seekers) {
            self.have_placed(tickets, region);
        }
    }

    fn have_placed(&mut self, numbers: Vec<u64>, region: Option<String>) {
        let wishes: Vec<Wish> =
            numbers.iter().filter_map(|number| self.tickets.get(number)).map(|t| t.wish.clone()).collect();
        let players: Vec<String> = wishes.iter().map(|wish| wish.player_id.clone()).collect();
        tracing::info!(players = players.join(" "), region, "a match");
        for number in &numbers {
            if let Some(ticket) = self.tickets.get(number) {
                ticket.status.send_replace(Status::Placing { players: players.clone() });
            }
        }
        let (place, placed) = (Arc::clone(&self.place), self.placed.clone());
        let party = Party { wishes, seats: self.rules.players };
        tokio::spawn(async move {
            let outcome = place.place(party).await;
            if let Some(placed) = placed.upgrade() {
                // The desk may have been closed meanwhile; then nobody waits for this.
                drop(placed.send(Message::Placed { numbers, outcome }).await);
            }
        });
    }

    ///
    fn placed(&mut self, numbers: &[u64], outcome: Result<Seats, String>) {
        for number in numbers {
            let Some(ticket) = self.tickets.get_mut(number) else { continue };
            let status = match &outcome {
                Ok(seats) => completed(seats, &ticket.wish.player_id),
                Err(reason) => Status::Failed { reason: reason.clone() },
            };
            tracing::info!(player = ticket.wish.player_id, ?status, "placed");
            end(ticket, status);
        }
    }

    fn sweep(&mut self) {
        let now = Instant::now();
        for ticket in self.tickets.values_mut().filter(|ticket| is_searching(ticket)) {
            let watched = ticket.status.receiver_count() > 0;
            let since = *ticket.unwatched.get_or_insert(now);
            if watched {
                ticket.unwatched = None;
            } else if now - since >= self.limits.unwatched {
                end(ticket, Status::Cancelled);
                continue;
            }
            if now - ticket.since >= self.limits.search {
                let seconds = self.limits.search.as_secs();
                let reason = format!("nobody fitting came within {seconds} s");
                end(ticket, Status::TimedOut { reason });
            }
        }
        let kept = self.limits.kept;
        let ids = &mut self.ids;
        self.tickets.retain(|_, ticket| {
            let keep = ticket.ended.is_none_or(|ended| now - ended < kept);
            if !keep {
                ids.remove(&ticket.id);
            }
            keep
        });
    }

    fn tell_waiting(&self) {
        let waiting = self.tickets.values().filter(|ticket| is_searching(ticket)).count();
        for ticket in self.tickets.values().filter(|ticket| is_searching(ticket)) {
            let news = Status::Searching { waiting };
            ticket.status.send_if_modified(|status| {
                let changed = *status != news;
                *status = news;
                changed
            });
        }
    }
}

fn is_searching(ticket: &Ticket) -> bool {
    matches!(*ticket.status.borrow(), Status::Searching { .. })
}

fn end(ticket: &mut Ticket, status: Status) {
    ticket.status.send_replace(status);
    ticket.ended = Some(Instant::now());
}

fn completed(seats: &Seats, player_id: &str) -> Status {
    match seats.player_sessions.get(player_id) {
        Some(player_session_id) => Status::Completed(Seat {
            ip_address: seats.ip_address,
            port: seats.port,
            player_session_id: player_session_id.clone(),
            game_server_session_id: seats.game_server_session_id.clone(),
            region: seats.region.clone(),
            players: seats.player_sessions.keys().cloned().collect(),
        }),
        None => Status::Failed { reason: "the session was placed without a seat for this player".to_owned() },
    }
}

/// 128 random bits.
pub(crate) fn random_id() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests;
