//! Stories over real processes and a private stack, one file each. Every story starts what it needs on free ports
//! and ends it, so they run side by side and in any order.

mod accounts;
mod calls;
mod conformance;
mod course;
mod declaration;
mod deploy;
mod doctor;
mod flow;
mod hosting;
mod launching;
mod lifetime;
mod load;
mod matchmaker;
mod monitoring;
mod overload;
mod packages;
mod placement;
mod players;
mod protection;
mod scaled_fleet;
mod scaling;
mod scenarios;
mod secrets;
mod show;
mod signatures;
mod timeline;
mod watching;
