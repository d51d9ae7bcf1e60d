"""How well the assistant finds, answers and refuses: questions, what is held out, and measures."""
