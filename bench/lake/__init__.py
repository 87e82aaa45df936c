"""Clean, sessionise and build features beside two rivals that write the same rows."""
