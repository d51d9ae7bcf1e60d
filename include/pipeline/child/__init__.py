"""What travels into containers, packed as one file: it imports nothing but DVC and Python's own.

So its modules import each other by relative names. What they are told and answer is in orders.py.
"""
