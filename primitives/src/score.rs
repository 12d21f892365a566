//! Score maths (to be written).
