//! What went wrong in other programs of this kind, each as a scenario that holds here.
