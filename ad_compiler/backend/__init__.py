"""Program to text: which temporaries fold, what things are called, how they are spelled."""
