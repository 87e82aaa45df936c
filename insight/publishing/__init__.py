"""What people see in the morning: views to query and a page to read."""
