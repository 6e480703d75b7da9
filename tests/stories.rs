//! Stories that visitors of a world would tell. One file per behaviour, one harness.

mod harness;

mod avatars;
mod building;
mod companions;
mod costs;
mod crashes;
mod creation;
mod databases;
mod disks;
mod door;
mod drafts;
mod early;
mod editing;
mod exchange;
mod faults;
mod floods;
mod hostile;
mod minds;
mod networks;
mod pausing;
mod physics;
mod pointing;
mod portals;
mod recording;
mod remote;
mod replication;
mod roads;
mod roles;
mod routes;
mod serving;
mod talking;
mod uploads;
mod versions;
mod workers;
