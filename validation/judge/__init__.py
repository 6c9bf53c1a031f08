"""What is made of a simulation: its verdict, the continuous answer, its cost, one image closely."""
