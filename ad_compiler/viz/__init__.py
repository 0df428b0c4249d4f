"""Pictures and tables of programs: computation graphs, and what each statement computes."""
