"""What `generate.py` is made of: records, their delivery, and the two scenarios."""
