//! What went wrong in other programs of this kind: the same scenario here, nothing lost, the cause
//! named. What is in the vault is read from the remote itself, by git.

mod aigon;
mod aigon_background;
mod aigon_vault;
mod aven;
mod aven_store;
mod aven_travel;
mod beads;
mod beads_tasks;
mod desks;
mod taskchampion;
mod taskchampion_many;
mod taskchampion_tasks;
