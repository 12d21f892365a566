mod clock;
mod genesis;
mod getters;
mod try_state;
