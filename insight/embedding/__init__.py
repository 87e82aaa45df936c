"""What items say in words and pictures, as vectors."""
