"""From Python source to a program: what is accepted, and what is refused at which place."""
