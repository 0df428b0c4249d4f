"""Which elements of a result can depend on which elements of an input, whatever the values are."""
